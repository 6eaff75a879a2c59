"""An SVG made harmless before it is drawn: no text, no foreign addresses, no size but ours.

Runs in the child of ``drawing`` and knows no Django.
"""

from __future__ import annotations

import gzip
import io
import re
from typing import Final
from xml.etree import ElementTree
from xml.parsers import expat

MOST_UNPACKED: Final = 4 * 1024 * 1024
MOST_ELEMENTS: Final = 20_000
MOST_DEPTH: Final = 60
BOX: Final = 512
"""Pixels of the longer side of the drawing, before it is made smaller."""
MOST_STRETCH: Final = 12
"""A longer side of more than this many shorter ones is no logo."""
_SVG: Final = "http://www.w3.org/2000/svg"
_SHAPES: Final = frozenset(
    {"svg", "g", "defs", "symbol", "use", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
     "linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern", "marker", "style", "switch",
     "a", "image", "filter", "feBlend", "feColorMatrix", "feComponentTransfer", "feComposite", "feFlood",
     "feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur", "feMerge", "feMergeNode", "feOffset",
     "feDropShadow"}
)  # fmt: skip
_TEXTS: Final = frozenset({"text", "flowRoot"})
_EMBEDDED: Final = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]+")
_LENGTH: Final = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})\s*(?:px|pt|mm|cm|in|pc|em)?\s*")


class NotDrawable(ValueError):
    """What is wrong, as drawing.PROBLEMS calls it."""


def unpacked(data: bytes) -> bytes:
    """The text of an svgz, else ``data``; no more than MOST_UNPACKED of it."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            text = packed.read(MOST_UNPACKED + 1)
    except (OSError, EOFError) as error:
        raise NotDrawable("unreadable") from error
    if len(text) > MOST_UNPACKED:
        raise NotDrawable("too_large")
    return text


def looks_like_svg(data: bytes) -> bool:
    return data.startswith((b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")) or b"<svg" in data[:8192]


def harmless(data: bytes) -> str:
    """The drawing with only shapes in it, BOX pixels long. Raises NotDrawable."""
    try:
        _count(data)
        root = ElementTree.fromstring(data)  # noqa: S314 # counted, and without entities
    except (expat.ExpatError, ElementTree.ParseError, ValueError, LookupError) as error:
        if isinstance(error, NotDrawable):
            raise
        raise NotDrawable("unreadable") from error
    if root.tag != f"{{{_SVG}}}svg":
        raise NotDrawable("unreadable")
    _clean(root)
    _fit(root)
    return ElementTree.tostring(root, encoding="unicode")


def _count(data: bytes) -> None:
    """Refuses entities, whatever they expand to, and what is too large to be walked through."""
    parser = expat.ParserCreate()
    depth = elements = 0

    def start(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth += 1
        elements += 1
        if elements > MOST_ELEMENTS or depth > MOST_DEPTH:
            raise NotDrawable("too_large")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def entity(*_declared: object) -> None:
        raise NotDrawable("unreadable")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.EntityDeclHandler = entity
    parser.Parse(data, True)


def _clean(element: ElementTree.Element) -> None:
    for child in list(element):
        name = child.tag.removeprefix(f"{{{_SVG}}}") if isinstance(child.tag, str) else ""
        if name in _TEXTS:  # without the right font it would look otherwise than its maker wants
            raise NotDrawable("text")
        if name in _SHAPES:
            _clean(child)
        else:
            element.remove(child)
    for attribute, value in list(element.attrib.items()):
        if attribute.rpartition("}")[2] != "href" or value.strip().startswith("#"):
            continue
        if not (element.tag == f"{{{_SVG}}}image" and _EMBEDDED.fullmatch(value)):
            del element.attrib[attribute]


def _fit(root: ElementTree.Element) -> None:
    box = [
        float(n) for n in re.findall(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", root.get("viewBox", ""))
    ]
    if len(box) == 4:
        width, height = box[2], box[3]
    else:
        width, height = _length(root.get("width")), _length(root.get("height"))
        root.set("viewBox", f"0 0 {width:g} {height:g}")
    if not (0 < width < 1e9 and 0 < height < 1e9):
        raise NotDrawable("unreadable")
    if max(width, height) > MOST_STRETCH * min(width, height):
        raise NotDrawable("stretched")
    scale = BOX / max(width, height)
    root.set("width", f"{max(width * scale, 1):.0f}")
    root.set("height", f"{max(height * scale, 1):.0f}")
    root.attrib.pop("preserveAspectRatio", None)


def _length(text: str | None) -> float:
    found = _LENGTH.fullmatch(text or "")
    if found is None:
        raise NotDrawable("unreadable")
    return float(found[1])
