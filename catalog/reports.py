"""The statements of an entry that somebody can call wrong: the fields of the file, and what the OSK adds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from catalog.enums import StatementTopic
from catalog.fields import FIELDS

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

OTHER: Final = "other"
_BEYOND: Final[Mapping[str, _StrPromise]] = {
    "publisher": _("Publisher"),
    "maintenance": _("Maintenance"),
    "audiences": _("Made for"),
    "repository": _("Source code"),
    "dependencies": _("Dependencies"),
    "alternatives": _("Alternatives"),
    "reuse": _("Reuse"),
    "support": _("Support"),
    "maintainer": _("Entry maintained by"),
    "standards": _("Standards"),
    "pictures": _("Pictures"),
    "assessment": _("Assessment of the OSK"),
    "badges": _("Badges of openCode"),
}


def choices() -> list[tuple[str, str]]:
    """Name and words, as a person chooses them; "something else" last."""
    found = {field.name: str(field.label) for field in FIELDS}
    found |= {name: str(label) for name, label in _BEYOND.items() if name not in found}
    found |= {statement(topic): str(StatementTopic(topic).label) for topic in StatementTopic.values}
    return [*found.items(), (OTHER, str(_("Something else")))]


def statement(topic: str) -> str:
    """The name of a statement for administrations; a cell of the table asks for it too (_statements.html)."""
    return f"statement_{topic}"


def label_of(name: str) -> str:
    """The words; of a field that is gone its name."""
    return dict(choices()).get(name, name)


def labels_of(names: Iterable[str]) -> list[str]:
    known = dict(choices())
    return [known.get(name, name) for name in names]
