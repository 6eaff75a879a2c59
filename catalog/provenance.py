"""The single statements of a document: what each says in words, where it comes from and since when."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from catalog import vocabulary_labels
from catalog.all_fields import ALL, GROUPS
from catalog.differences import Piece, words
from catalog.documents import Json
from catalog.enums import RevisionOrigin
from catalog.fields import Field
from network.models import Organisation

SECTIONS: Final = frozenset(
    {"legal", "maintenance", "localisation", "intendedAudience", "organisation", "dependsOn"}
)
"""Keys whose parts are statements of their own; of ``description`` those of each language are."""
MOST_COMPARED: Final = 60_000
"""Characters of both sides; what is beyond is shown whole, as comparing words costs computing time."""
MOST_SHOWN: Final = 20_000
_BY_KEY: Final[Mapping[str, Field]] = {field.key: field for field in ALL}
_GROUPS: Final = {group.key: group.label for group in GROUPS.values()}
_PLACES: Final = {key: place for place, key in enumerate((*_BY_KEY, *_GROUPS))}


def leaves(document: Mapping[str, Any]) -> Json:
    """The statements by their key, as findings name it: ``legal.license``, ``description.de.features``."""
    return dict(_leaves(document))


def _leaves(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if key == "description" and isinstance(value, Mapping):
            for tag, section in value.items():
                yield from _inner(f"{key}.{tag}", section)
        elif key in SECTIONS:
            yield from _inner(key, value)
        else:
            yield key, value


def _inner(key: str, section: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(section, Mapping):
        for name, value in section.items():
            yield f"{key}.{name}", value
    else:
        yield key, section


# --- where they come from -----------------------------------------------------------------


def updated(
    origins: Mapping[str, Any],
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    origin: RevisionOrigin,
    organisation: Organisation | None,
    at: datetime,
) -> Json:
    """The origins after a change: what is the same keeps its own, what is new or different gets this one."""
    old, new = leaves(before), leaves(after)
    stamp: Json = {"origin": str(origin), "at": at.isoformat()}
    if organisation is not None:
        stamp["organisation"] = organisation.pk
    return {
        key: origins[key] if key in origins and key in old and old[key] == value else stamp
        for key, value in new.items()
    }


@dataclass(frozen=True)
class Origin:
    """Where a statement comes from, in words, and since when it stands."""

    words: str
    at: datetime | None


def public_name(organisation: Organisation | None) -> str:
    """As ``in_words`` takes it; one that does not stand in the network is not named."""
    if organisation is None:
        return ""
    return organisation.name if organisation.is_published else _("an organisation")


def maintained_by(organisation: Organisation | None) -> str:
    """As ``public_name``, standing alone; empty: the OSK looks after the entry."""
    if organisation is None or organisation.is_published:
        return public_name(organisation)
    return pgettext("who maintains the entry", "an organisation")


def in_words(origin: str, organisation: str = "") -> str:
    """``organisation``: the name of the one that has proposed it."""
    match origin:
        case RevisionOrigin.PROPOSAL:
            if organisation:
                return _("Proposal of %(organisation)s") % {"organisation": organisation}
            return _("Change of the file in the repository")
        case RevisionOrigin.FILE:
            return _("publiccode.yml in the repository")
        case RevisionOrigin.IMPORT:
            return _("publiccode.yml taken in")
        case RevisionOrigin.FORM:
            return _("Form of the catalog")
        case RevisionOrigin.RESTORED:
            return _("Restored by the OSK")
        case _:
            return "OSK"


@dataclass(frozen=True)
class Group:
    """Statements with the same origin and day."""

    origin: Origin
    labels: list[str]


def groups(origins: Mapping[str, Any], known: Iterable[Organisation | None] = ()) -> list[Group]:
    """For the entry's page: the newest first. One query, only where an organisation is not ``known``."""
    found: dict[tuple[str, int | None, str], list[str]] = {}
    names = _names(origins, known)
    for key, kept in sorted(origins.items(), key=lambda item: _place(item[0])):
        at = parse_datetime(kept["at"])
        day = at.date().isoformat() if at else ""
        found.setdefault((kept["origin"], kept.get("organisation"), day), []).append(key)
    made = []
    for (origin, organisation, _day), keys in found.items():
        said = in_words(origin, names.get(organisation, "") if organisation else "")
        at = parse_datetime(origins[keys[0]]["at"])
        made.append(Group(Origin(said, at), list(dict.fromkeys(label(key) for key in keys))))
    return sorted(made, key=lambda group: str(group.origin.at), reverse=True)


def origins_of(origins: Mapping[str, Any]) -> dict[str, Origin]:
    """Each statement's origin, by its key. At most one query."""
    names = _names(origins, ())
    return {
        key: Origin(
            in_words(kept["origin"], names.get(kept.get("organisation"), "")),
            parse_datetime(kept["at"]),
        )
        for key, kept in origins.items()
    }


def _names(
    origins: Mapping[str, Any], known: Iterable[Organisation | None]
) -> dict[int | None, str]:
    names: dict[int | None, str] = {o.pk: public_name(o) for o in known if o is not None}
    wanted = {kept["organisation"] for kept in origins.values() if "organisation" in kept}
    missing = wanted - names.keys()
    if missing:
        rows = Organisation.objects.filter(pk__in=missing).only("name", "is_published")
        names.update((organisation.pk, public_name(organisation)) for organisation in rows)
    return names


# --- what they say ------------------------------------------------------------------------


@dataclass(frozen=True)
class Statement:
    """One statement for people. ``language`` is that of its text, "" where it has none of its own."""

    key: str
    label: str
    text: str
    language: str = ""


@dataclass(frozen=True)
class Change:
    """One statement that differs between two documents."""

    key: str
    label: str
    old: list[Piece]
    new: list[Piece]


def statements(document: Mapping[str, Any]) -> list[Statement]:
    """All of a document, in the order of the fields; what no field knows comes last, by its key."""
    found = leaves(document)
    return [
        Statement(key, label(key), as_text(key, found[key])[:MOST_SHOWN], _language(key))
        for key in sorted(found, key=_place)
    ]


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """What differs, by words; from MOST_COMPARED characters on whole texts beside each other."""
    left, right = leaves(old), leaves(new)
    differing = [key for key in {**left, **right} if left.get(key) != right.get(key)]
    made, budget = [], MOST_COMPARED
    for key in sorted(differing, key=_place):
        before = as_text(key, left.get(key))
        after = as_text(key, right.get(key))
        budget -= len(before) + len(after)
        pieces = words(before, after) if budget > 0 else (_whole(before), _whole(after))
        made.append(Change(key, label(key), *pieces))
    return made


def _whole(text: str) -> list[Piece]:
    return [Piece(text[:MOST_SHOWN], is_changed=True)] if text else []


def label(key: str) -> str:
    """The field's; of another language the German field's with the language; else the key itself."""
    if key in _BY_KEY:
        own = str(_BY_KEY[key].label)
        return f"{own} ({vocabulary_labels.language('en')})" if ".en." in key else own
    if key in _GROUPS:
        return str(_GROUPS[key])
    top, _dot, rest = key.partition(".")
    tag, _dot, inner = rest.partition(".")
    german = _BY_KEY.get(f"description.de.{inner}")
    if top == "description" and german is not None:
        return f"{german.label} ({vocabulary_labels.language(tag)})"
    return key


def as_text(key: str, value: Any) -> str:
    field = _BY_KEY.get(key)
    if field is not None and not isinstance(value, Mapping):
        plain = not isinstance(value, list) or all(isinstance(item, str) for item in value)
        if plain:
            return field.as_text(value)
    return plain_text(value)


def plain_text(value: Any) -> str:
    """Of what no field knows: lists one a line, sections by their keys."""
    match value:
        case None:
            return ""
        case bool():
            return _("Yes") if value else _("No")
        case str():
            return value
        case list():
            return "\n".join(plain_text(item) for item in value)
        case Mapping():
            return ", ".join(f"{name}: {plain_text(inner)}" for name, inner in value.items())
        case _:
            return json.dumps(value)


def _language(key: str) -> str:
    parts = key.split(".")
    return parts[1] if parts[0] == "description" and len(parts) == 3 else ""


def _place(key: str) -> tuple[int, str]:
    return _PLACES.get(key, len(_PLACES)), key
