"""Characters that show nothing, or let a text read otherwise than it is written.

Unicode's TR 36 (2.5 bidirectional text, 2.7 invisible characters) and UAX 9. Joiners (U+200C, U+200D) are left: Persian
and emojis need them.
"""

from __future__ import annotations

import re

__all__ = ["DECEIVING", "HIDDEN", "INVISIBLE", "without_hidden"]

_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_DIRECTIONS = "\u061c\u202a-\u202e\u2066-\u2069"
# Letters without a shape (Hangul's fillers, the empty Braille pattern) and tags.
_SHAPELESS = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U000e0000-\U000e007f"
_WIDTHLESS = "\u00ad\u180e\u200b\u200e\u200f\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"
_SEPARATORS = "\u2028\u2029"

INVISIBLE = re.compile(f"[{_DIRECTIONS}{_SHAPELESS}{_WIDTHLESS}{_SEPARATORS}]")
HIDDEN = re.compile(f"[{_CONTROLS}{_DIRECTIONS}{_SHAPELESS}{_WIDTHLESS}{_SEPARATORS}]")
"""With the control characters that a YAML file may not hold anyway."""
DECEIVING = re.compile(
    f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_DIRECTIONS}{_SHAPELESS}{_SEPARATORS}]"
)
"""What no honest text has, whose lines may end as a form sends them; the others get into texts by copying."""
_SEPARATOR = re.compile(f"[{_SEPARATORS}]")


def without_hidden(text: str) -> str:
    return HIDDEN.sub("", _SEPARATOR.sub(" ", text))
