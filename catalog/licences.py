"""Licences in plain words: the family decides what a reader must know before passing software on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext_lazy as _
from license_expression import ExpressionError, get_license_index, get_spdx_licensing

from catalog.enums import LicenceFamily

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# How the index of license-expression sorts licences (ScanCode LicenseDB) → our families.
_FAMILIES = {
    "Copyleft": LicenceFamily.COPYLEFT,
    "Copyleft Limited": LicenceFamily.WEAK_COPYLEFT,
    "Permissive": LicenceFamily.PERMISSIVE,
    "Public Domain": LicenceFamily.PERMISSIVE,
}
# The EUPL asks for the same licence of every copy and every work derived from it (EUPL-1.2, article 5).
_COPYLEFT_PREFIXES = ("eupl-", "agpl-", "gpl-", "osl-")
# From the one that asks least to the one that asks most.
_ORDER = (
    LicenceFamily.PERMISSIVE,
    LicenceFamily.WEAK_COPYLEFT,
    LicenceFamily.COPYLEFT,
    LicenceFamily.OTHER,
)
_LONGEST = 500


@dataclass(frozen=True)
class PlainLicence:
    """What the detail page says of a licence."""

    summary: _StrPromise
    duties: tuple[_StrPromise, ...]
    eupl: _StrPromise
    is_free: bool = True
    """Whether it surely gives the freedoms to use, adapt and pass on."""


_PLAIN = {
    LicenceFamily.COPYLEFT: PlainLicence(
        _(
            "The licence protects the freedom of the software: whoever passes it on passes on the"
            " source code too, under the same licence."
        ),
        (
            _("include the source code"),
            _("use the same licence"),
            _("keep the copyright notices"),
        ),
        _(
            "It is not in the list of compatible licences that belongs to EUPL-1.2."
            " Ask us before you publish a joint work."
        ),
    ),
    LicenceFamily.WEAK_COPYLEFT: PlainLicence(
        _(
            "The licence protects the files of the software itself: changes to them stay open."
            " You may combine it with software under other licences."
        ),
        (
            _("publish your changes to the software itself"),
            _("keep the licence of its files"),
            _("keep the copyright notices"),
        ),
        _(
            "Yes. Your own parts may be under EUPL-1.2, the files of the software keep their licence."
        ),
    ),
    LicenceFamily.PERMISSIVE: PlainLicence(
        _("The licence lets you do almost everything, also in software under another licence."),
        (_("keep the copyright notices and the text of the licence"),),
        _("Yes. You may publish a joint work under EUPL-1.2."),
    ),
    LicenceFamily.OTHER: PlainLicence(
        _(
            "We have not sorted this licence yet. Please read its text before you pass the software on."
        ),
        (_("what the text of the licence says"),),
        _("Not clarified."),
        is_free=False,
    ),
}


_IS_EUPL = _("Yes. It is the EUPL itself.")
_IS_LISTED = _(
    "Yes. It is in the list of compatible licences that belongs to EUPL-1.2: you may publish a joint work under it."
)
_IS_COMPOUND = _(
    "That depends on how its licences are combined. Ask us before you publish a joint work."
)
# EUPL-1.2, appendix "Compatible Licences", those of the family copyleft; without their suffix -only or -or-later.
_EUPL: Final = ("eupl-1.1", "eupl-1.2")
_LISTED: Final = (
    "gpl-2.0", "gpl-3.0", "agpl-3.0", "osl-2.1", "osl-3.0", "cecill-2.0", "cecill-2.1", "liliq-rplus-1.1",
)  # fmt: skip


@lru_cache(maxsize=1)
def _known() -> dict[str, LicenceFamily]:
    families: dict[str, LicenceFamily] = {}
    entries: list[dict[str, Any]] = get_license_index()
    for entry in entries:
        if entry.get("is_exception"):
            continue
        family = _FAMILIES.get(entry.get("category", ""), LicenceFamily.OTHER)
        for key in (entry.get("spdx_license_key"), *(entry.get("other_spdx_license_keys") or ())):
            if key:
                lower = key.lower()
                families.setdefault(
                    lower,
                    LicenceFamily.COPYLEFT if lower.startswith(_COPYLEFT_PREFIXES) else family,
                )
    return families


@lru_cache(maxsize=1_024)
def family(expression: str) -> LicenceFamily | None:
    """The family of an SPDX expression: of ``A OR B`` the freer one, of ``A AND B`` the stricter one."""
    if not expression or len(expression) > _LONGEST:
        return None
    try:
        tree = _licensing().parse(expression)
    except (ExpressionError, AttributeError, TypeError, RecursionError):
        return LicenceFamily.OTHER  # an incomplete entry may hold anything
    return None if tree is None else _of(tree)


@lru_cache(maxsize=1)
def _licensing() -> Any:
    """Made once: its table of all licences takes a tenth of a second."""
    return get_spdx_licensing()


def _of(node: Any) -> LicenceFamily:
    parts = getattr(node, "args", ())
    if parts:
        choose = min if node.operator.strip() == "OR" else max
        return choose((_of(part) for part in parts), key=_ORDER.index)
    # "X WITH exception": the exception only loosens it.
    key = str(getattr(node, "license_symbol", node)).split(" WITH ")[0].lower()
    return _known().get(key) or _known().get(key.removesuffix("+"), LicenceFamily.OTHER)


def plain(licence_family: str, expression: str = "") -> PlainLicence | None:
    """``expression``: which of the family it is; only of a single licence more is said."""
    found = _PLAIN.get(LicenceFamily(licence_family)) if licence_family else None
    if found is None or licence_family != LicenceFamily.COPYLEFT:
        return found
    if " " in expression.strip():
        return replace(found, eupl=_IS_COMPOUND)
    key = expression.strip().lower().removesuffix("+")
    key = key.removesuffix("-only").removesuffix("-or-later")
    if key in _EUPL:
        return replace(found, eupl=_IS_EUPL)
    return replace(found, eupl=_IS_LISTED) if key in _LISTED else found
