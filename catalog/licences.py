"""Licences in plain words: the family decides what a reader must know before passing software on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext_lazy as _
from license_expression import ExpressionError, get_license_index, get_spdx_licensing

from catalog.enums import LicenceFamily

if TYPE_CHECKING:
    from collections.abc import Sequence

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
# Where the index and the text of a licence say different things, the text decides.
_BY_THEIR_TEXT = {
    **dict.fromkeys(("cecill-1.0", "cecill-1.1", "cecill-2.0", "cecill-2.1"), LicenceFamily.COPYLEFT),
    **dict.fromkeys(("rpl-1.1", "rpl-1.5"), LicenceFamily.COPYLEFT),
    "cecill-c": LicenceFamily.WEAK_COPYLEFT,
    "liliq-p-1.1": LicenceFamily.PERMISSIVE,
    **dict.fromkeys(("aladdin", "ppl"), LicenceFamily.OTHER),  # not for commercial use
}  # fmt: skip
# From the one that asks least to the one that asks most.
_ORDER = (
    LicenceFamily.PERMISSIVE,
    LicenceFamily.WEAK_COPYLEFT,
    LicenceFamily.COPYLEFT,
    LicenceFamily.OTHER,
)
_LONGEST = 500


_NOT_LISTED = _(
    "It is not in the list of compatible licences that belongs to EUPL-1.2."
    " Ask us before you publish a joint work."
)


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
        _NOT_LISTED,
    ),
    LicenceFamily.WEAK_COPYLEFT: PlainLicence(
        _(
            "The licence asks for the same licence of changed versions, with limits of its own."
            " Its text says how far that reaches."
        ),
        (
            _("publish your changes to the software itself"),
            _("keep the licence of its files"),
            _("keep the copyright notices"),
        ),
        _NOT_LISTED,
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
_PROTECTS_FILES = _(
    "The licence protects the files of the software itself: changes to them stay open."
    " You may combine it with software under other licences."
)
_IS_OF_FILES = _(
    "Yes. Your own parts may be under EUPL-1.2, the files of the software keep their licence."
)
_IS_LISTED_FOR_WORKS = _(
    "It is in the list of compatible licences that belongs to EUPL-1.2 only for works other than software."
    " Ask us before you publish a joint work."
)
# EUPL-1.2, appendix "Compatible Licences", that of software; without their suffix -only or -or-later.
_EUPL: Final = ("eupl-1.1", "eupl-1.2")
_LISTED: Final = (
    "gpl-2.0", "gpl-3.0", "agpl-3.0", "osl-2.1", "osl-3.0", "epl-1.0", "cecill-2.0", "cecill-2.1", "mpl-2.0",
    "lgpl-2.1", "lgpl-3.0", "liliq-r-1.1", "liliq-rplus-1.1",
)  # fmt: skip
_LISTED_FOR_WORKS: Final = ("cc-by-sa-3.0",)
# Copyleft that ends at the files, the modules or the library: what stands beside them may have any licence.
_OF_FILES: Final = (
    "lgpl-2.0", "lgpl-2.1", "lgpl-3.0", "mpl-1.0", "mpl-1.1", "mpl-2.0", "epl-1.0", "epl-2.0", "cddl-1.0",
    "cddl-1.1", "cecill-c",
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
    return families | _BY_THEIR_TEXT


@lru_cache(maxsize=1_024)
def family(expression: str) -> LicenceFamily | None:
    """The family of an SPDX expression: of ``A OR B`` the freer one, of ``A AND B`` the stricter one."""
    try:
        tree = _read(expression)
    except _UNREADABLE:
        return LicenceFamily.OTHER  # an incomplete entry may hold anything
    return None if tree is None else _of(tree)


_UNREADABLE: Final = (ExpressionError, AttributeError, TypeError, RecursionError)


def _read(expression: str) -> Any:
    """The parsed expression; None for an empty one."""
    if not expression or len(expression) > _LONGEST:
        return None
    return _licensing().parse(expression)


@lru_cache(maxsize=1)
def _licensing() -> Any:
    """Made once: its table of all licences takes a tenth of a second."""
    return get_spdx_licensing()


def _of(node: Any) -> LicenceFamily:
    parts = getattr(node, "args", ())
    if parts:
        choose = min if node.operator.strip() == "OR" else max
        return choose((_of(part) for part in parts), key=_ORDER.index)
    key = _key(node)
    return _known().get(key) or _known().get(key.removesuffix("+"), LicenceFamily.OTHER)


def _key(node: Any) -> str:
    """The id of a single licence, in small letters. "X WITH exception" is X: an exception only loosens it."""
    return str(getattr(node, "license_symbol", node)).split(" WITH ")[0].lower()


def plain(licence_family: str, expression: str = "") -> PlainLicence | None:
    """``expression``: which of the family it is. What it says goes before a family that was kept earlier."""
    kept = LicenceFamily(licence_family) if licence_family else None
    is_of = (family(expression) or kept) if kept else None
    if is_of is None:
        return None
    found = _PLAIN[is_of]
    names = _names(expression)
    if is_of not in (LicenceFamily.WEAK_COPYLEFT, LicenceFamily.COPYLEFT):
        return found
    if not names:  # nobody knows which one it is
        return replace(found, eupl=_PLAIN[LicenceFamily.OTHER].eupl)
    if is_of == LicenceFamily.WEAK_COPYLEFT:
        return _weak(found, names)
    if len(names) > 1:
        return replace(found, eupl=_IS_COMPOUND)
    if _may_be_one_of(_EUPL, names[0]):
        return replace(found, eupl=_IS_EUPL)
    return replace(found, eupl=_IS_LISTED) if _may_be_one_of(_LISTED, names[0]) else found


def _weak(found: PlainLicence, names: Sequence[str]) -> PlainLicence:
    others = [name for name in names if _known().get(_version(name)) != LicenceFamily.PERMISSIVE]
    if others and all(_version(name) in _OF_FILES for name in others):
        return replace(found, summary=_PROTECTS_FILES, eupl=_IS_OF_FILES)
    if len(names) > 1:
        return replace(found, eupl=_IS_COMPOUND)
    if others and _may_be_one_of(_LISTED, others[0]):
        return replace(found, eupl=_IS_LISTED)
    return (
        replace(found, eupl=_IS_LISTED_FOR_WORKS) if others[:1] == [*_LISTED_FOR_WORKS] else found
    )


def _names(expression: str) -> list[str]:
    """The single licences of an expression, in small letters."""
    try:
        tree = _read(expression)
    except _UNREADABLE:
        return []
    if tree is None:
        return []
    return [_key(symbol) for symbol in _licensing().license_symbols(tree, decompose=False)]


def _may_be_one_of(listed: Sequence[str], name: str) -> bool:
    """Whether ``name`` is one of them; "or later" may be taken as a later one of the same licence."""
    version = _version(name)
    if version in listed or not name.endswith(("+", "-or-later")):
        return version in listed
    licence, number = _parted(version)
    return any(
        _parted(other) > (licence, number) for other in listed if _parted(other)[0] == licence
    )


def _parted(version: str) -> tuple[str, tuple[int, ...]]:
    """The licence and the number of its version: empty where it has none."""
    licence, _dash, number = version.rpartition("-")
    parts = number.split(".")
    return (licence, tuple(map(int, parts))) if all(p.isdecimal() for p in parts) else (version, ())


def _version(key: str) -> str:
    """Without what tells one version from the later ones."""
    return key.removesuffix("+").removesuffix("-only").removesuffix("-or-later")
