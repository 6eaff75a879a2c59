"""The fields of an entry that people change most: where each stands in publiccode.yml. All: ``all_fields``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog import documents, vocabulary_labels
from catalog.enums import DevelopmentStatus, SoftwareType

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.utils.functional import _StrPromise


class Kind(StrEnum):
    TEXT = "text"
    LONG = "long"
    LINES = "lines"
    URL = "url"
    DATE = "date"
    CHOICE = "choice"
    CHOICES = "choices"


@dataclass(frozen=True)
class Field:
    """``name`` names it in forms and in ``Proposal.changes``; ``path`` in the document."""

    name: str
    path: tuple[str, ...]
    kind: Kind
    label: _StrPromise
    hint: _StrPromise | str = ""
    is_required: bool = False
    say: Callable[[str], str] = str

    @property
    def key(self) -> str:
        """As findings name it."""
        return ".".join(self.path)

    def holds(self, key: str) -> bool:
        """Whether a finding of ``key`` is about this field: ``categories[2]``, ``legal.license``."""
        return key == self.key or key.startswith((f"{self.key}[", f"{self.key}."))

    def of(self, document: Mapping[str, Any]) -> Any:
        """The value in the document; None when it is missing."""
        return documents.get(document, self.path)

    def put(self, document: documents.Json, value: Any) -> None:
        """Set the value in place, as ``documents.put``."""
        documents.put(document, self.path, value)

    def as_text(self, value: Any) -> str:
        """The value for people; lists one value a line."""
        if value is None:
            return ""
        if isinstance(value, list):
            return "\n".join(self.item_text(item) for item in value)
        return self.say(str(value))

    def item_text(self, item: Any) -> str:
        """One value of a list, for people."""
        return self.say(str(item))


def _status(value: str) -> str:
    return str(dict(DevelopmentStatus.choices).get(value, value))


def _type(value: str) -> str:
    return str(dict(SoftwareType.choices).get(value, value))


_GERMAN = ("description", "de")

FIELDS: tuple[Field, ...] = (
    Field("name", ("name",), Kind.TEXT, _("Name"), is_required=True),
    Field(
        "short_description",
        (*_GERMAN, "shortDescription"),
        Kind.TEXT,
        _("Short description"),
        _("One sentence in German, at most 150 characters."),
        is_required=True,
    ),
    Field(
        "long_description",
        (*_GERMAN, "longDescription"),
        Kind.LONG,
        _("Description"),
        _("In German, 150 to 10,000 characters. Markdown is possible."),
        is_required=True,
    ),
    Field(
        "features",
        (*_GERMAN, "features"),
        Kind.LINES,
        _("Features"),
        _("One a line, in German."),
        is_required=True,
    ),
    Field("documentation", (*_GERMAN, "documentation"), Kind.URL, _("Documentation")),
    Field("landing_url", ("landingURL",), Kind.URL, _("Website of the solution")),
    Field("roadmap", ("roadmap",), Kind.URL, _("Roadmap")),
    Field(
        "software_version", ("softwareVersion",), Kind.TEXT, pgettext_lazy("software", "Version")
    ),
    Field("release_date", ("releaseDate",), Kind.DATE, _("Date of the version")),
    Field(
        "development_status",
        ("developmentStatus",),
        Kind.CHOICE,
        _("Development status"),
        is_required=True,
        say=_status,
    ),
    Field(
        "software_type",
        ("softwareType",),
        Kind.CHOICE,
        _("Kind of software"),
        is_required=True,
        say=_type,
    ),
    Field(
        "licence",
        ("legal", "license"),
        Kind.TEXT,
        _("Licence"),
        _("As SPDX writes it, for example EUPL-1.2 or AGPL-3.0-or-later."),
        is_required=True,
    ),
    Field(
        "categories",
        ("categories",),
        Kind.CHOICES,
        _("Areas of use"),
        say=vocabulary_labels.category,
    ),
    Field(
        "platforms",
        ("platforms",),
        Kind.LINES,
        _("Platforms"),
        _("One a line, for example web, linux, windows, android."),
        is_required=True,
        say=vocabulary_labels.platform,
    ),
    Field(
        "languages",
        ("localisation", "availableLanguages"),
        Kind.LINES,
        _("Languages of the user interface"),
        _("One code a line, for example de, en, de-CH."),
        is_required=True,
        say=vocabulary_labels.language,
    ),
    Field(
        "used_by",
        ("usedBy",),
        Kind.LINES,
        _("Who uses it, according to the publisher"),
        _("One organisation a line."),
    ),
)
BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}
