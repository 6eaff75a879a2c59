"""Foreign pictures drawn anew: what is taken, what is refused, and that nothing leaks through a drawing."""

from __future__ import annotations

import gzip
import io

import pytest
from PIL import Image

from catalog.enums import PictureProblem
from catalog.pictures import files
from catalog.pictures.files import Drawn
from tests.catalog.images import SVG, bomb, jpeg, png, svg


def opened(drawn, number=0):
    return Image.open(io.BytesIO(drawn.files[number]))


@pytest.mark.parametrize(
    ("kind", "data", "size"),
    [
        ("logo", png(400, 200), (192, 96)),
        ("logo", png(40, 20), (40, 20)),
        ("logo", svg(), (192, 96)),
        ("logo", gzip.compress(svg()), (192, 96)),
        ("screenshot", jpeg(2000, 1000), (1280, 640)),
    ],
    ids=["png", "small", "svg", "svgz", "jpeg"],
)
def test_a_picture_comes_out_in_our_sizes(kind, data, size):
    drawn = files.draw(kind, data)

    assert isinstance(drawn, Drawn)
    assert (drawn.width, drawn.height) == size
    assert opened(drawn).format == "WEBP"
    assert opened(drawn).size == size
    assert len(drawn.files) == (1 if kind == "logo" else 2)


def test_what_came_with_a_picture_stays_behind_and_it_stands_upright():
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "SECRET PLACE", 6  # a description, and turned by 90 degrees
    drawn = files.draw("screenshot", jpeg(60, 30, exif=exif, comment=b"SECRET"))

    assert (drawn.width, drawn.height) == (30, 60)
    assert not any(b"SECRET" in file or b"EXIF" in file for file in drawn.files)
    assert not opened(drawn).getexif()


def test_grey_of_16_bits_keeps_its_shades():
    grey = Image.new("I;16", (30, 10))
    grey.putdata([0, 64 << 8, 200 << 8] * 100)
    out = io.BytesIO()
    grey.save(out, "PNG")
    shades = opened(files.draw("logo", out.getvalue())).convert("L")
    assert [shades.getpixel((x, 0)) for x in range(3)] == [0, 64, 200]


def test_a_light_logo_on_nothing_asks_for_a_dark_ground():
    white = svg('<circle cx="5" cy="5" r="4" fill="#fff"/>')
    assert files.draw("logo", white).is_light
    assert not files.draw("logo", svg()).is_light
    assert not files.draw("logo", png(colour=(255, 255, 255))).is_light  # brings its own ground


def test_a_drawing_reaches_no_file(tmp_path):
    """Neither as a picture nor through a style."""
    path = tmp_path / "own.png"
    path.write_bytes(png(20, 10, (255, 0, 0)))
    for href in (str(path), f"file://{path}", "https://example.org/x.png"):
        drawn = files.draw(
            "logo",
            svg(
                f'<rect width="20" height="10" fill="#0f0"/><image href="{href}" xlink:href="{href}"'
                f' width="20" height="10"/><style>@import "{href}"; rect{{fill:url({href}) #0f0}}</style>'
            ),
        )
        assert opened(drawn).convert("RGB").getpixel((96, 48))[0] == 0


LAUGHS = '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {b} "' + f"&{a};" * 10 + '">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
USES = "<defs><g id='u0'><rect width='1' height='1'/></g>" + "".join(
    f"<g id='u{n + 1}'>" + f"<use href='#u{n}'/>" * 10 + "</g>" for n in range(12)
)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "unreadable"),
        (b"GIF89a" + b"\0" * 50, "unreadable"),
        (b"<html><body><svg></svg></body></html>", "unreadable"),
        (png()[:60], "unreadable"),
        (jpeg()[:200], "unreadable"),
        (b"RIFF\xff\xff\xff\xffWEBPVP8 ", "unreadable"),
        (bomb(), "too_large"),
        (png(600, 20), "stretched"),
        (png(colour=(0, 0, 0, 0)), "unreadable"),
        (gzip.compress(b"\0" * 50_000_000), "too_large"),
        (b"\x1f\x8b broken", "unreadable"),
        (f"{LAUGHS}]><svg {SVG} viewBox='0 0 9 9'>&i;</svg>".encode(), "unreadable"),
        (f'<!DOCTYPE svg [<!ENTITY x SYSTEM "/etc/passwd">]><svg {SVG}>&x;</svg>'.encode(), "unreadable"),
        (svg("<g>" * 100 + "</g>" * 100), "too_large"),
        (svg("<g/>" * 30_000), "too_large"),
        (svg("<text>Wort</text>"), "text"),
        (svg(head='width="1e9" height="1"'), "unreadable"),
        (svg(head='viewBox="0 0 1 100000"'), "stretched"),
        (svg(head='viewBox="0 0 nan inf"'), "unreadable"),
        (svg(head=""), "unreadable"),
        (svg("<script>alert(1)</script><foreignObject/>"), "unreadable"),  # nothing is left to see
    ],
    ids=range(21),
)  # fmt: skip
def test_what_is_no_picture_is_refused_in_words(data, problem):
    assert files.draw("logo", data) is PictureProblem(problem)


@pytest.mark.parametrize(
    "data",
    [
        svg(f"{USES}</defs><use href='#u12'/>"),
        svg('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>'),
        svg(
            '<filter id="f" x="-9999" y="-9999" width="99999" height="99999"><feGaussianBlur stdDeviation="9999"/>'
            '</filter><rect filter="url(#f)" width="20" height="10"/>'
        ),
        svg('<rect width="1e30" height="1e30" x="-1e30" stroke-dasharray="1e-9" stroke="red"/>'),
        svg(
            '<pattern id="p" width="1e-6" height="1e-6" patternUnits="userSpaceOnUse"><rect width="1" height="1"/>'
            '</pattern><rect fill="url(#p)" width="20" height="10"/>'
        ),
    ],
    ids=["uses", "circle", "blur", "endless", "pattern"],
)
def test_a_hostile_drawing_costs_little(data, monkeypatch):
    """Drawn or refused: it comes to an end, and takes nobody with it."""
    monkeypatch.setattr(files, "MOST_SECONDS", 12)
    assert isinstance(files.draw("logo", data), Drawn | PictureProblem)


def test_a_child_that_does_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(files, "MOST_SECONDS", 0.01)
    assert files.draw("logo", png()) is PictureProblem.TOO_LARGE
