"""Wrong types, unknown keys and what YAML makes of a scalar."""

import pytest

from catalog.publiccode import read
from catalog.publiccode.nodes import resolve_plain
from tests.catalog.publiccode.files import data, description, line_of, text


@pytest.mark.parametrize(
    ("blocks", "code", "key", "marked"),
    [
        ({"name": "name: [a]"}, "wrong-type-text", "name", "name: [a]"),
        ({"name": "name:\n  - a"}, "wrong-type-text", "name[0]", "  - a"),
        ({"name": "name:\n  de: a"}, "wrong-type-text", "name.de", "de: a"),
        ({"platforms": "platforms: web"}, "wrong-type-list", "platforms", "platforms: web"),
        ({"platforms": "platforms:\n  web"}, "wrong-type-list", "", "  web"),
        ({"legal": "legal: MIT"}, "wrong-type-mapping", "legal", "legal: MIT"),
        ({"legal": "legal:\n  - MIT"}, "wrong-type-mapping", "legal[0]", "- MIT"),
        ({"description": "description: [x]"}, "wrong-type-mapping", "description", "[x]"),
        ({"isBasedOn": "isBasedOn: {a: b}"}, "wrong-type-text-or-list", "isBasedOn", "{a: b}"),
        ({"isBasedOn": "isBasedOn: [[a]]"}, "wrong-type-text", "isBasedOn", "[[a]]"),
        (
            {"dependsOn": "dependsOn:\n  open:\n    - name: X\n      optional: 'true'"},
            "wrong-type-flag",
            "dependsOn.open[0].optional",
            "'true'",
        ),
        (
            {"dependsOn": "dependsOn:\n  open:\n    - name: X\n      optional: 1"},
            "wrong-type-flag",
            "dependsOn.open[0].optional",
            "optional: 1",
        ),
        ({"landingUrl": "landingUrl: x"}, "unknown-key-meant", "landingUrl", "landingUrl"),
        ({"x": "x-berlin: 1"}, "unknown-key", "x-berlin", "x-berlin"),
        ({"de": "de:\n  leika: []"}, "unknown-key", "de", "de:\n".strip() + ""),
        ({"legal": "legal:\n  licence: MIT"}, "unknown-key-meant", "legal.licence", "licence"),
    ],
)
def test_what_the_schema_cannot_take(blocks, code, key, marked):
    source = text(**blocks)
    finding = read(source.encode()).errors[0]
    line = len(source.split("\n")) - 2 if key == "de" else line_of(source, marked)
    assert (finding.code, finding.key, finding.line, finding.column) == (code, key, line, 1)


@pytest.mark.parametrize("value", ["yes", "no", "on", "off", "Y", '"true"', "1", "[]", "tRue"])
def test_only_true_and_false_are_booleans(value):
    source = data(
        localisation=f"localisation:\n  localisationReady: {value}\n  availableLanguages: [de]"
    )
    result = read(source)
    assert [(f.code, f.key) for f in result.errors] == [
        ("wrong-type-flag", "localisation.localisationReady")
    ]
    # The rest of the section is not lost.
    assert result.document.localisation.available_languages == ("de",)


def test_an_address_that_cannot_be_taken_apart_has_no_line_but_a_place():
    source = text(url='url: " https://example.org"')
    finding = read(source.encode()).errors[0]
    # The reference parser reports it without key and line.
    assert (finding.code, finding.key, finding.line) == ("not-an-address", "", 0)
    assert finding.place.line == line_of(source, "url:")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("", "null"),
        ("~", "null"),
        ("Null", "null"),
        ("nULL", "text"),
        ("true", "flag"),
        ("FALSE", "flag"),
        ("yes", "text"),
        ("0", "number"),
        ("-12", "number"),
        ("+1", "number"),
        ("0.4", "number"),
        ("1.", "number"),
        (".5", "number"),
        ("1.5e3", "number"),
        ("1e3", "text"),
        ("0x1F", "number"),
        ("0o17", "number"),
        ("0b101", "number"),
        ("017", "number"),
        ("08", "text"),
        ("1_000", "number"),
        ("0.2.1", "text"),
        ("2024-01-15", "text"),
        ("12:30", "text"),
        (".inf", "number"),
        ("-.INF", "number"),
        (".nan", "number"),
        (".", "text"),
        ("-", "text"),
        ("0x", "text"),
        ("9" * 100, "text"),
    ],
)
def test_scalars_by_the_core_schema(value, kind):
    assert resolve_plain(value) == kind


def test_numbers_and_booleans_are_read_as_the_text_they_are_written_as():
    document = read(data(name="name: 007", softwareVersion="softwareVersion: 1.10")).document
    assert (document.name, document.software_version) == ("007", "1.10")


def test_values_that_break_their_rule_are_left_out_of_the_document():
    document = read(
        data(
            categories="categories: [backup, termine]",
            landingURL="landingURL: example.org",
            platforms="platforms: [web, {a: b}, '', ~]",
            logo='logo: "javascript:alert(1)"',
            description=description(shortDescription="shortDescription: " + "x" * 200),
        )
    ).document
    assert document.categories == ("backup",)
    assert document.landing_url is None
    assert document.platforms == ("web",)
    assert document.logo is None
    assert document.description["de"].short_description == "x" * 200


def test_anchors_aliases_and_merge_keys_are_followed():
    contact = "    - &a\n      name: Amt\n      email: amt@example.org\n"
    source = data(
        maintenance=f"maintenance:\n  type: internal\n  contacts:\n{contact}    - *a\n"
        "    - <<: *a\n      phone: '1'"
    )
    result = read(source)
    assert result.is_valid
    assert [c.email for c in result.document.maintenance.contacts] == ["amt@example.org"] * 3
    assert result.document.maintenance.contacts[2].phone == "1"


def test_a_merged_key_may_not_be_repeated():
    source = data(
        fundedBy="fundedBy:\n  - &a\n    uri: https://a.example\n  - <<: *a\n    uri: https://b"
    )
    assert [f.code for f in read(source).errors] == ["duplicate-key"]
    assert [f.code for f in read(data(x="name: twice")).errors] == ["duplicate-key"]


def test_several_merges_in_a_list():
    source = data(
        legal="legal: &l\n  license: MIT",
        organisation="organisation: &o\n  uri: https://a.example",
        fundedBy="fundedBy:\n  - <<: [*o, {name: A}, nothing]",
    )
    result = read(source)
    assert result.is_valid
    assert result.document.funded_by[0].name == "A"


def test_the_italian_section_is_read_in_both_spellings():
    lower = read(data(it="it:\n  riuso:\n    codiceIPA: pcm")).document
    both = read(
        data(it="it:\n  riuso:\n    codiceIPA: a", IT="IT:\n  riuso:\n    codiceIPA: b")
    ).document
    assert lower.it.riuso.codice_ipa == "pcm"
    assert both.it.riuso.codice_ipa == "b"
    assert lower.it_lowercase is both.it_lowercase is None
