"""Small pictures for tests, and hostile ones."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def png(width=40, height=20, colour=(200, 0, 0), **save):
    out = io.BytesIO()
    mode = "RGBA" if len(colour) == 4 else "RGB"
    Image.new(mode, (width, height), colour).save(out, "PNG", **save)
    return out.getvalue()


def jpeg(width=40, height=20, **save):
    out = io.BytesIO()
    Image.new("RGB", (width, height), (0, 90, 0)).save(out, "JPEG", **save)
    return out.getvalue()


def svg(inside='<rect width="20" height="10" fill="#003366"/>', head='viewBox="0 0 20 10"'):
    return f"<svg {SVG} {head}>{inside}</svg>".encode()


def bomb(width=60_000, height=60_000):
    """A PNG of a few bytes that says it is huge."""

    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
