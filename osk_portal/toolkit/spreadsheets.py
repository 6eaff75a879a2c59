"""Cells that spreadsheet programs show and never run."""

from __future__ import annotations

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def plain_cell(text: str) -> str:
    """``text`` with an apostrophe in front where a program would take it for a formula (OWASP, CSV injection).

    Spaces before the sign count as nothing: some programs trim them.
    """
    return f"'{text}" if text.lstrip(" \xa0").startswith(_FORMULA_STARTS) else text
