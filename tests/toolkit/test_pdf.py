"""Whatever people write becomes a valid, tagged document; nothing of it is read as code."""

from __future__ import annotations

import io
import shutil
import threading
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from osk_portal.toolkit import pdf

MADE_AT = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)


def document(text: str, title: str = "Akte", **data: Any) -> bytes:
    base = {
        "blocks": pdf.paragraphs(text),
        "publisher": "OSK",
        "header": "Kopf",
        "footer": "Fuß",
        "lossy_note": "Einige Zeichen fehlen.",
    }
    return pdf.render("plain.typ", {**base, **data}, title=title, language="de", made_at=MADE_AT)


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def squeezed(content: bytes) -> str:
    return "".join(text_of(content).split())


def test_is_tagged_and_says_language_and_standards() -> None:
    content = document("Erste Zeile\nzweite Zeile\n\nÄußerst größer – „Grüße“ € §")
    reader = PdfReader(io.BytesIO(content))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "de"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    metadata = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert reader.metadata is not None
    assert reader.metadata.title == "Akte"
    assert "Äußerstgrößer–„Grüße“€§" in squeezed(content)
    assert "Einige Zeichen fehlen." not in text_of(content)


def test_same_data_gives_same_bytes() -> None:
    assert document("Text") == document("Text")


@pytest.mark.parametrize(
    "text",
    [
        '#read("/etc/passwd")',
        '#import "@preview/cetz:0.3.1": *',
        '"); #panic("aus")',
        "$ sum_(i=0) $ *fett* _kursiv_ `code` @marke <marke> // Kommentar",
        "#set page(width: 1pt)",
        "\\#sys.inputs",
    ],
)
def test_typst_code_is_only_text(text: str) -> None:
    content = document(text, title=text)
    assert "".join(text.split()) in squeezed(content)


@pytest.mark.parametrize(
    "text",
    [
        "👩🏽‍💻 Łódź",
        "שלום עולם",
        "مرحبا",
        "漢字",
        "a\x00b\x07c\x1bd",
        "\ue000 \uffff \ufeffx",
        "\ud800",
    ],
)
def test_what_the_fonts_lack_becomes_a_visible_sign_and_is_said(text: str) -> None:
    content = document(f"vorher {text} nachher", title=text)
    assert "vorher" in text_of(content)
    assert "nachher" in text_of(content)
    if pdf.MISSING in str(pdf.printable(text)):
        assert "Einige Zeichen fehlen." in text_of(content)


def test_signs_without_ink_go_silently() -> None:
    assert pdf.printable("Bun\u00addes\u200bamt\ufeff") == "Bundesamt"
    assert pdf.printable("a\r\nb\rc\u2028d\te") == "a\nb\nc\nd e"


def test_accents_are_composed() -> None:
    assert pdf.printable("e\u0301") == "é"


@pytest.mark.parametrize("title", ["", "   ", "\u200b", "\n"])
def test_empty_title(title: str) -> None:
    reader = PdfReader(io.BytesIO(document("Text", title=title)))
    assert reader.metadata is not None
    assert reader.metadata.title == "–"


def test_every_character_the_filter_lets_through_has_a_glyph() -> None:
    kept = [
        chr(n)
        for n in range(32, 0x10000)
        if not 0xD800 <= n < 0xE000 and pdf.printable(chr(n)) == chr(n)
    ]
    assert len(kept) > 2000
    letters = " ".join(c for c in kept if not unicodedata.combining(c))
    accents = " ".join(f"{base}{c}" for c in kept if unicodedata.combining(c) for base in "qЖ")
    assert document(f"{letters}\n\n{accents}").startswith(b"%PDF-1.7")


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=200))
def test_any_text_makes_a_document(text: str) -> None:
    assert document(text, title=text).startswith(b"%PDF")


def test_a_million_characters_are_set() -> None:
    content = document("Der Text ist lang und hört nicht auf. " * 27_000)
    assert len(PdfReader(io.BytesIO(content)).pages) > 100


def test_a_word_without_end_is_set() -> None:
    assert document("x" * 100_000).startswith(b"%PDF")


def test_a_broken_template_says_which(tmp_path: Path) -> None:
    with pytest.raises(pdf.PdfError, match=r"absent\.typ"):
        pdf.render("absent.typ", {}, title="x", language="de", made_at=MADE_AT)


def test_markdown_loses_its_signs_and_keeps_its_words() -> None:
    text = (
        "# Antwort\n\nNehmen Sie **Nextcloud**,\nsiehe [Seite](https://example.org/a).\n\n"
        "* eins\n* zwei `x`\n\n3. drei\n\n```\ncode *bleibt*\n```\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n<b>roh</b>"
    )
    assert pdf.markdown_blocks(text) == [
        {"kind": "heading", "text": "Antwort"},
        {"kind": "text", "text": "Nehmen Sie Nextcloud,\nsiehe Seite (https://example.org/a)."},
        {"kind": "item", "text": "eins"},
        {"kind": "item", "text": "zwei x"},
        {"kind": "text", "text": "3. drei"},
        {"kind": "code", "text": "code *bleibt*"},
        {"kind": "text", "text": "A | B"},
        {"kind": "text", "text": "1 | 2"},
        {"kind": "text", "text": "<b>roh</b>"},
    ]
    assert document("", blocks=pdf.markdown_blocks(text)).startswith(b"%PDF")


def test_fonts_are_made_once_by_however_many(settings: Any, tmp_path: Path) -> None:
    settings.OSK_VAR = tmp_path
    found: list[Path] = []
    make = pdf.font_folder.__wrapped__
    threads = [threading.Thread(target=lambda: found.append(make())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 3
    assert len(list(found[0].glob("*.ttf"))) == len(pdf.FONTS)
    assert [p.name for p in (tmp_path / "fonts").iterdir()] == [found[0].name]
    shutil.rmtree(tmp_path / "fonts")


def test_a_missing_font_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "FONTS", ("kern/fonts/none.woff2",))
    with pytest.raises(pdf.PdfError, match=r"none\.woff2"):
        pdf.font_folder.__wrapped__()
