"""What the findings say beyond the verdict: YAML that cannot be read, hints, notes."""

import pytest

from catalog.publiccode import read
from tests.catalog.publiccode.files import data, description, text

VERSION = 'publiccodeYmlVersion: "0"\n'


@pytest.mark.parametrize(
    ("source", "code", "place", "words"),
    [
        ("name: a: b", "yaml-colon", (2, 8), "Anführungszeichen"),
        ("name: - a", "yaml-dash", (2, 7), "eigenen Zeile"),
        ("\tname: a", "yaml-tab", (2, 1), "Leerzeichen"),
        ("name: @a", "yaml-character", (2, 7), "Anführungszeichen"),
        ("name: a\nfoo\n", "yaml-no-colon", (3, 1), "„schlüssel: Wert“"),
        ('name: "a\n\n', "yaml-open-quote", (2, 7), "Ergänzen Sie das zweite"),
        ('name: "\\q"', "yaml-escape", (2, 9), "\\\\"),
        ("name: [a\n", "yaml-open-bracket", (2, 7), "Schließen Sie die Klammer"),
        ("name: {a: b\nc: d", "yaml-open-bracket", (2, 7), "Kommas"),
        ("name: a\n   url: b\n  c: d", "yaml-colon", (3, 7), "derselben Spalte"),
        ("a:\n    b: c\n  d: e", "yaml-indentation", (4, 3), "derselben Spalte"),
        ("name: a\0", "control-character", (2, 8), "U+0000"),
        ("name: !" + "a" * 400_000, "yaml-unreadable", (2, 7), "ein ! enthalten"),
    ],
)
def test_yaml_that_cannot_be_read_is_put_into_words(source, code, place, words):
    finding = read((VERSION + source).encode()).errors[0]
    assert (finding.code, finding.place) == (code, place)
    assert words in finding.description_de
    assert "found" not in finding.description_de


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (text().encode("utf-16"), "utf-16"),
        (text().encode("utf-16-be"), "utf-16"),
        (text().encode("utf-16-le"), "utf-16"),
        (b"\x7fELF\0\0\xff", "not-a-text"),
        (data(name="name: \xfc").replace("ü".encode(), b"\xfc"), "not-utf8"),
    ],
)
def test_other_encodings_are_named(source, code):
    finding = read(source).errors[0]
    # The reference parser gives no line; the author needs one.
    assert (finding.code, finding.line, finding.place.line > 0) == (code, 0, True)


def test_no_tag_is_taken_for_a_text_with_an_exclamation_mark():
    long = "longDescription: Hallo!" + "a" * 3000
    assert read(data(description=description(longDescription=long))).is_valid


SHORT = description() + "\n  en:\n    shortDescription: Book"


@pytest.mark.parametrize(
    ("blocks", "path"),
    [
        ({"description": SHORT}, "description.en.longDescription"),
        ({"description": SHORT}, "description.en.features"),
        ({"platforms": "platforms: web"}, "platforms"),
        ({"de": "de:\n  leika: []"}, "de"),
        ({"publiccodeYmlVersion": 'publiccodeYmlVersion: "0.6"'}, "publiccodeYmlVersion"),
        ({"fundedBy": "fundedBy:\n  - name: Amt"}, "fundedBy[0].uri"),
    ],
)
def test_where_the_parser_is_stricter_than_the_standard_a_hint_says_so(blocks, path):
    finding = next(f for f in read(data(**blocks)).errors if f.path == path)
    assert "eferen" in finding.hint
    assert "Referenzprüfung" in finding.hint_de


def test_where_both_agree_there_is_no_hint():
    finding = read(data(name=None)).errors[0]
    assert (finding.hint, finding.hint_de) == ("", "")


@pytest.mark.parametrize(
    ("blocks", "code", "path"),
    [
        (
            {"fundedBy": "fundedBy:\n  - uri: https://amt.example"},
            "note-funder-name",
            "fundedBy[0]",
        ),
        ({"IT": "IT:\n  countryExtensionVersion: '1.0'"}, "note-country-section", "IT"),
        ({"name": "name: a\u202eb"}, "note-invisible", ""),
        ({"name": "# \u200b\nname: a"}, "note-invisible", ""),
    ],
)
def test_what_only_the_standard_asks_for_is_a_note_and_no_finding(blocks, code, path):
    result = read(data(**blocks))
    assert (result.is_valid, result.as_json()) == (True, [])
    assert [(n.type, n.code, n.path) for n in result.notes] == [("note", code, path)]
    assert result.notes[0].place.line > 0


def test_notes_are_capped():
    assert len(read(data(name="name: a\n" + "#\u200b\n" * 500)).notes) == 50


def test_joiners_of_emoji_and_scripts_are_no_hidden_characters():
    assert read(data(name="name: 👩‍👩‍👧 می‌خواهم")).notes == ()
