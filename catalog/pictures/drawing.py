"""The child that draws one foreign picture anew: bytes in, our sizes out.

``python -m catalog.pictures.drawing logo < picture > answer``. Whatever a decoder does with hostile bytes it
does here, with little memory and time, and unable to open a file or a connection. Knows no Django.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import warnings
from typing import Final

import resvg_py
from PIL import (
    Image,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,  # noqa: F401 # needed by the JPEG plugin, when no file can be opened any more
    PngImagePlugin,
    TiffImagePlugin,  # noqa: F401 # reads EXIF, as above
    WebPImagePlugin,
)

from catalog.pictures import shapes
from catalog.pictures.shapes import NotDrawable

FORMATS: Final = tuple(
    plugin.format
    for plugin in (
        PngImagePlugin.PngImageFile,
        JpegImagePlugin.JpegImageFile,
        WebPImagePlugin.WebPImageFile,
    )
)
MOST_PIXELS: Final = 25_000_000
MOST_MEMORY: Final = 1024**3
MOST_CPU_SECONDS: Final = 8
SIZES: Final = {"logo": ((192, 192),), "screenshot": ((1280, 1600), (640, 800))}
"""The boxes into which a picture is fitted, the largest first; none is made larger than it is."""
PROBLEMS: Final = frozenset({"unreadable", "too_large", "text", "stretched"})
_LIGHT: Final = 200


def main() -> None:
    kind = sys.argv[1]
    data = sys.stdin.buffer.read()
    _confine()
    try:
        answer, files = _draw(kind, data)
    except NotDrawable as error:
        answer, files = {"problem": str(error)}, []
    out = sys.stdout.buffer
    out.write(json.dumps({**answer, "sizes": [len(file) for file in files]}).encode() + b"\n")
    out.writelines(files)
    out.flush()


def _confine() -> None:
    """From here on no file, no socket and no child can be opened, and memory and time are limited."""
    Image.preinit()  # reads its plugins now or never
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_SECONDS, MOST_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def _draw(kind: str, data: bytes) -> tuple[dict[str, object], list[bytes]]:
    picture = _decoded(data)
    extremes = picture.getchannel("A").getextrema() if picture.mode == "RGBA" else (255, 255)
    if extremes[1] == 0:  # nothing to see
        raise NotDrawable("unreadable")
    files = []
    largest: Image.Image | None = None
    for box in SIZES[kind]:
        fitted = ImageOps.contain(picture, box) if _exceeds(picture, box) else picture
        largest = largest or fitted
        out = io.BytesIO()
        fitted.save(out, "WEBP", lossless=kind == "logo", quality=82, method=4)
        files.append(out.getvalue())
    assert largest is not None  # noqa: S101 # every kind has a size
    answer: dict[str, object] = {
        "width": largest.width,
        "height": largest.height,
        "is_light": _is_light(picture),
    }
    return answer, files


def _exceeds(picture: Image.Image, box: tuple[int, int]) -> bool:
    return picture.width > box[0] or picture.height > box[1]


def _decoded(data: bytes) -> Image.Image:
    """The picture as plain RGB or RGBA, with nothing that came with it. Raises NotDrawable."""
    if not data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"RIFF")) and shapes.looks_like_svg(data):
        try:
            svg = shapes.harmless(shapes.unpacked(data))
            data = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)
        except ValueError as error:
            raise error if isinstance(error, NotDrawable) else NotDrawable("unreadable") from error
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            found = Image.open(io.BytesIO(data), formats=[name for name in FORMATS if name])
            if found.width * found.height > MOST_PIXELS:
                raise NotDrawable("too_large")
            turned = _eight_bits(ImageOps.exif_transpose(found))
            has_alpha = turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info
            plain = turned.convert("RGBA" if has_alpha else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise NotDrawable("too_large") from error
    except NotDrawable:
        raise
    # What Pillow raises for bytes that somebody made up.
    except (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        EOFError,
        OverflowError,
    ) as error:
        raise NotDrawable("unreadable") from error
    if max(plain.size) > shapes.MOST_STRETCH * min(plain.size):
        raise NotDrawable("stretched")
    plain.info = {}
    return plain


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Grey of 16 bits as that of 8: Pillow takes all beyond 255 for white."""
    if not picture.mode.startswith("I"):
        return picture
    plain = picture.point(lambda value: value / 256).convert("L")
    plain.info.pop("transparency", None)  # of 16 bits too, and of no use
    return plain


def _is_light(picture: Image.Image) -> bool:
    """A light drawing on nothing can only be seen on a dark ground."""
    if picture.mode != "RGBA" or picture.getchannel("A").getextrema()[0] == 255:
        return False
    small = picture.resize((32, 32), Image.Resampling.BOX)
    grey, alpha = small.convert("L").tobytes(), small.getchannel("A").tobytes()
    weight = sum(alpha)
    return weight > 0 and sum(g * a for g, a in zip(grey, alpha, strict=True)) / weight > _LIGHT


if __name__ == "__main__":
    main()
