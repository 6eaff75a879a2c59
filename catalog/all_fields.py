"""Every key of publiccode.yml 0.7 that is not deprecated, in the sections of the form that describes a solution.

Left out, as the standard has deprecated them: monochromeLogo, inputTypes, outputTypes, genericName, repoOwner,
authorsFile, and the Italian section as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog import documents, vocabulary_labels
from catalog.enums import MaintenanceType
from catalog.fields import BY_NAME, Field, Kind

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

FLAG: Final = "flag"


@dataclass(frozen=True)
class Column:
    """One key of a repeated group."""

    name: str
    label: _StrPromise
    kind: Kind | str = Kind.TEXT
    is_required: bool = False


@dataclass(frozen=True)
class Group:
    """A list of sections: contacts, contractors, what a solution depends on."""

    name: str
    path: tuple[str, ...]
    label: _StrPromise
    columns: tuple[Column, ...]
    hint: _StrPromise | str = ""

    @property
    def key(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True)
class Part:
    """A section of the form, with its own address on the page."""

    anchor: str
    title: _StrPromise
    items: tuple[Field | Group, ...]


def _maintenance(value: str) -> str:
    return str(dict(MaintenanceType.choices).get(value, value))


def _flag(value: str) -> str:
    return str(_("Yes") if value.lower() == "true" else _("No"))


def _texts(tag: str) -> tuple[Field, ...]:
    """The keys of one language beyond those that proposals know in German."""
    path = ("description", tag)
    more = (
        Field(
            f"localised_name_{tag}", (*path, "localisedName"), Kind.TEXT, _("Name in this language")
        ),
        Field(
            f"api_documentation_{tag}",
            (*path, "apiDocumentation"),
            Kind.URL,
            _("Documentation of the interface"),
        ),
        Field(
            f"screenshots_{tag}",
            (*path, "screenshots"),
            Kind.LINES,
            _("Screenshots"),
            _("One address or path in the repository a line."),
        ),
        Field(
            f"videos_{tag}", (*path, "videos"), Kind.LINES, _("Videos"), _("One address a line.")
        ),
        Field(f"awards_{tag}", (*path, "awards"), Kind.LINES, _("Awards"), _("One a line.")),
    )
    if tag == "de":
        known = ("short_description", "long_description", "features", "documentation")
        return (*(BY_NAME[name] for name in known), *more)
    return (
        Field(
            f"short_description_{tag}",
            (*path, "shortDescription"),
            Kind.TEXT,
            _("Short description"),
            _("One sentence, at most 150 characters."),
        ),
        Field(
            f"long_description_{tag}",
            (*path, "longDescription"),
            Kind.LONG,
            _("Description"),
            _("150 to 10,000 characters. Markdown is possible."),
        ),
        Field(f"features_{tag}", (*path, "features"), Kind.LINES, _("Features"), _("One a line.")),
        Field(f"documentation_{tag}", (*path, "documentation"), Kind.URL, _("Documentation")),
        *more,
    )


_DEPENDENCY = (
    Column("name", _("Name")),
    Column("versionMin", _("At least version")),
    Column("versionMax", _("At most version")),
    Column("version", _("Exactly version")),
    Column("optional", _("Works without it"), FLAG),
)

PARTS: Final[tuple[Part, ...]] = (
    Part(
        "basics",
        _("Name and source code"),
        (
            BY_NAME["name"],
            Field("url", ("url",), Kind.URL, _("Address of the repository"), is_required=True),
            BY_NAME["landing_url"],
            Field(
                "application_suite",
                ("applicationSuite",),
                Kind.TEXT,
                _("Part of the product family"),
            ),
            Field(
                "is_based_on",
                ("isBasedOn",),
                Kind.LINES,
                _("Derived from"),
                _("One address of a repository a line."),
            ),
            BY_NAME["software_version"],
            BY_NAME["release_date"],
            Field(
                "logo",
                ("logo",),
                Kind.TEXT,
                _("Logo"),
                _("Address, or path in the repository, of an SVG or PNG."),
            ),
            Field("organisation_name", ("organisation", "name"), Kind.TEXT, _("Publisher")),
            Field(
                "organisation_uri",
                ("organisation", "uri"),
                Kind.TEXT,
                _("Address of the publisher"),
                _("Website or URN. Required when a publisher is named."),
            ),
        ),
    ),
    Part("german", _("Description in German"), _texts("de")),
    Part("english", _("Description in English"), _texts("en")),
    Part(
        "use",
        _("What it is for"),
        (
            BY_NAME["development_status"],
            BY_NAME["software_type"],
            BY_NAME["platforms"],
            BY_NAME["categories"],
            Field(
                "scope",
                ("intendedAudience", "scope"),
                Kind.CHOICES,
                _("Made for"),
                say=vocabulary_labels.scope,
            ),
            Field(
                "countries",
                ("intendedAudience", "countries"),
                Kind.LINES,
                _("Made for the countries"),
                _("One code of two letters a line, for example DE."),
            ),
            Field(
                "unsupported_countries",
                ("intendedAudience", "unsupportedCountries"),
                Kind.LINES,
                _("Not suited for the countries"),
                _("One code of two letters a line, for example DE."),
            ),
            BY_NAME["used_by"],
            BY_NAME["roadmap"],
            Group(
                "funded_by",
                ("fundedBy",),
                _("Funded by"),
                (Column("name", _("Name")), Column("uri", _("Address"), is_required=True)),
            ),
            Group(
                "supports",
                ("supports",),
                _("Standards and rules that it supports"),
                (Column("id", _("Address, URN or alias"), is_required=True),),
                _("For example alias:gdpr or urn:ietf:rfc:9110."),
            ),
        ),
    ),
    Part(
        "licence",
        _("Licence"),
        (
            BY_NAME["licence"],
            Field(
                "copyright_owner",
                ("legal", "mainCopyrightOwner"),
                Kind.TEXT,
                _("Holder of the rights"),
            ),
        ),
    ),
    Part(
        "maintenance",
        _("Maintenance"),
        (
            Field(
                "maintenance_type",
                ("maintenance", "type"),
                Kind.CHOICE,
                _("Maintenance"),
                is_required=True,
                say=_maintenance,
            ),
            Group(
                "contacts",
                ("maintenance", "contacts"),
                pgettext_lazy("solution", "Contacts"),
                (
                    Column("name", _("Name"), is_required=True),
                    Column("email", _("E-mail")),
                    Column("phone", _("Phone")),
                    Column("affiliation", _("Organisation")),
                ),
                _("Required for maintenance by own staff or by a community. Contacts are public."),
            ),
            Group(
                "contractors",
                ("maintenance", "contractors"),
                _("Contractors"),
                (
                    Column("name", _("Name"), is_required=True),
                    Column("until", _("End of the contract"), Kind.DATE, is_required=True),
                    Column("email", _("E-mail")),
                    Column("website", _("Website"), Kind.URL),
                ),
                _("Only for maintenance by a contractor, and required there."),
            ),
        ),
    ),
    Part(
        "languages",
        _("Languages"),
        (
            Field(
                "localisation_ready",
                ("localisation", "localisationReady"),
                Kind.CHOICE,
                _("Prepared for further languages"),
                is_required=True,
                say=_flag,
            ),
            BY_NAME["languages"],
        ),
    ),
    Part(
        "depends",
        _("What it depends on"),
        (
            Group("depends_open", ("dependsOn", "open"), _("Open source software"), _DEPENDENCY),
            Group(
                "depends_proprietary",
                ("dependsOn", "proprietary"),
                pgettext_lazy("dependency", "Proprietary software"),
                _DEPENDENCY,
            ),
            Group("depends_hardware", ("dependsOn", "hardware"), _("Hardware"), _DEPENDENCY),
        ),
    ),
)


def _single() -> Iterator[Field]:
    for part in PARTS:
        yield from (item for item in part.items if isinstance(item, Field))


ALL: Final[tuple[Field, ...]] = tuple(_single())
GROUPS: Final[Mapping[str, Group]] = {
    item.name: item for part in PARTS for item in part.items if isinstance(item, Group)
}


@dataclass(frozen=True)
class GroupField(Field):
    """A repeated group as one field: its value is the list of its sections."""

    columns: tuple[Column, ...] = ()

    def item_text(self, item: Any) -> str:
        """ "Name: PostgreSQL, At least version: 14"."""
        if not isinstance(item, Mapping):  # a file that the standard does not know so
            return str(item)
        return ", ".join(
            f"{column.label}: {_flag(str(item[column.name])) if column.kind == FLAG else item[column.name]}"
            for column in self.columns
            if column.name in item
        )


def _as_field(group: Group) -> GroupField:
    return GroupField(
        group.name, group.path, Kind.LINES, group.label, group.hint, columns=group.columns
    )


@dataclass(frozen=True)
class FurtherLanguages(Field):
    """The descriptions in all languages that have no fields of their own: a file may bring them, no form asks."""

    def holds(self, key: str) -> bool:
        found = re.fullmatch(r"description[.\[]([^.\]]+).*", key)
        return found is not None and found[1] not in _OWN_FIELDS

    def of(self, document: Mapping[str, Any]) -> Any:
        sections = documents.get(document, self.path) or {}
        return {tag: section for tag, section in sections.items() if tag not in _OWN_FIELDS} or None

    def put(self, document: documents.Json, value: Any) -> None:
        sections = documents.get(document, self.path) or {}
        kept = {tag: section for tag, section in sections.items() if tag in _OWN_FIELDS}
        documents.put(document, self.path, {**kept, **(value or {})} or None)

    def as_text(self, value: Any) -> str:
        """ "Features (French): Réserver": one key a paragraph."""
        return "\n".join(
            f"{_LABELS.get(key, key)} ({vocabulary_labels.language(tag)}): {_plain(inner)}"
            for tag, section in (value or {}).items()
            for key, inner in section.items()
        )


def _plain(value: Any) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)


_OWN_FIELDS: Final = frozenset({"de", "en"})
_LABELS: Final = {field.path[-1]: field.label for field in _texts("de")}
FURTHER_LANGUAGES: Final = FurtherLanguages(
    "further_languages", ("description",), Kind.LONG, _("Descriptions in further languages")
)

EVERY: Final[Mapping[str, Field]] = {
    **BY_NAME,
    **{field.name: field for field in ALL if field.name not in BY_NAME},
    **{group.name: _as_field(group) for group in GROUPS.values()},
    FURTHER_LANGUAGES.name: FURTHER_LANGUAGES,
}
"""All that can be proposed, set and compared, by name; what people change most comes first."""


def apply(
    document: Mapping[str, Any], changes: Mapping[str, Any], names: Iterable[str] | None = None
) -> documents.Json:
    """A copy of ``document`` with the changes (all, or those of ``names``) put in."""
    changed = deepcopy(dict(document))
    for name in changes if names is None else names:
        EVERY[name].put(changed, changes[name])
    return changed
