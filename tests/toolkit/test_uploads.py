"""The zoo of hostile files: each refused with a reason; good ones taken."""

from __future__ import annotations

import io
import random
import zipfile

import pytest

from osk_portal.toolkit import uploads

MB = 1024 * 1024
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n"
PNG = (
    b"\x89PNG\r\n\x1a\n"
    + b"\x00\x00\x00\x0dIHDR"
    + bytes(17)
    + b"\x00\x00\x00\x00IEND\xaeB\x60\x82"
)
TYPES = "<Types>application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml</Types>"


def packed(*members: tuple[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def docx(*more: tuple[str, str | bytes], types: str = TYPES) -> bytes:
    return packed(("[Content_Types].xml", types), ("word/document.xml", "<w/>"), *more)


ODT_TYPE = ("mimetype", "application/vnd.oasis.opendocument.text")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("Plan.pdf", PDF),
        ("Bild.PNG", PNG),
        ("Foto.jpeg", b"\xff\xd8\xff\xe0 picture \xff\xd9"),
        ("Größe.docx", docx()),
        ("Brief.odt", packed(ODT_TYPE, ("content.xml", "<c/>"))),
        ("a.txt", "Grüße\r\n".encode()),
        ("a.csv", "Größe;1\n".encode("cp1252")),
        ("a.md", "# Ä".encode("utf-16")),
        ("a.json", b'{"a": 1}'),
        ("a.yaml", b"a: 1\n"),
    ],
)
def test_good_files_are_taken(name: str, data: bytes) -> None:
    checked = uploads.check(name, data, most_bytes=20 * MB)
    assert checked.size == len(data)
    assert checked.kind == name.rpartition(".")[2].lower()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("Plan.pdf", b"MZ\x90\x00" + bytes(200)),
        ("Plan.exe", b"MZ"),
        ("Plan.pdf", b"<html></html>" + PDF),
        ("Plan.pdf", b"%PDF-1.7\n<script>alert(1)</script>\n%%EOF"),
        ("Plan.pdf", PDF + packed(("a", "b"))),
        ("a.svg", b"<svg/>"),
        ("a.png", b"<svg/>"),
        ("a.png", PNG + b"<script>"),
        ("a.docm", docx()),
        ("a.docx", docx(("word/vbaProject.bin", "x"))),
        ("a.docx", docx(types=TYPES + "application/vnd.ms-word.document.macroEnabled.main+xml")),
        ("a.docx", docx(("word/media/a.bin", packed(("a", "b"))))),
        ("a.docx", docx(("word/embeddings/o.bin", b"\xd0\xcf\x11\xe0"))),
        ("a.docx", docx(("word/a.xml", bytes(5 * MB)))),
        ("a.docx", docx(*((f"word/{i}.xml", "x") for i in range(1000)))),
        ("a.docx", docx(("../../etc/passwd", "x"))),
        ("a.docx", b"\xd0\xcf\x11\xe0" + bytes(100)),
        ("a.xlsx", docx()),
        ("a.docx", docx()[:-10]),
        ("a.odt", packed(ODT_TYPE, ("Basic/Standard/M.xml", "x"))),
        ("a.odt", packed(ODT_TYPE, ("content.xml", "vnd.sun.star.script:x"))),
        ("a.odt", packed(ODT_TYPE, ("META-INF/manifest.xml", "<m:encryption-data/>"))),
        ("a.txt", b""),
        ("a.txt", b"a\x00b"),
        ("a.txt", b"\x1b[2J"),
        ("a.json", b"<html>"),
        ("../a.txt", b"a"),
        ("a\u202etxt.pdf", PDF),
        ("a\n.txt", b"a"),
        (".txt", b"a"),
        ("txt", b"a"),
        ("a" * 147 + ".txt", b"a"),
        ("a.txt", b"a" * (20 * MB + 1)),
    ],
)
def test_hostile_files_are_refused_with_a_reason(name: str, data: bytes) -> None:
    with pytest.raises(uploads.Refused) as refused:
        uploads.check(name, data, most_bytes=20 * MB)
    assert str(refused.value)


def test_no_bytes_make_the_check_raise_anything_else() -> None:
    dice = random.Random(20231108)
    seeds = (PDF, PNG, docx(), packed(ODT_TYPE), b"{}", "ü".encode("utf-16"), b"\xff\xd8\xff\xd9")
    for _ in range(3000):
        data = bytearray(dice.choice(seeds))
        for _ in range(dice.randrange(1, 12)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        if dice.random() < 0.3:
            del data[dice.randrange(len(data)) :]
        try:
            uploads.check(f"a.{dice.choice(uploads.EXTENSIONS)}", bytes(data), most_bytes=20 * MB)
        except uploads.Refused:
            continue
