"""What is written reads back as the same document."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.publiccode import Document, modernised, read, write
from catalog.publiccode.schema import ByLanguage, Flag, Items, Section, Text, keys_of
from tests.catalog.publiccode.files import data, description


def again(document):
    return read(write(document).encode()).document


def test_a_file_as_it_is_written():
    document = read(
        data(
            organisation="organisation: {uri: https://amt.example, name: 'Amt: Mitte'}",
            maintenance="maintenance: {type: internal, contacts: [{name: A, phone: '030'}]}",
            description=description(
                longDescription="longDescription: |\n      Eins\n\n      Zwei\n"
            ),
        )
    ).document
    assert write(document) == (
        'publiccodeYmlVersion: "0"\n'
        "name: Terminheft\n"
        "url: https://git.example.org/berlin/terminheft.git\n"
        "organisation:\n"
        '  name: "Amt: Mitte"\n'
        "  uri: https://amt.example\n"
        "platforms:\n"
        "  - web\n"
        "developmentStatus: stable\n"
        "softwareType: standalone/web\n"
        "description:\n"
        "  de:\n"
        "    shortDescription: Termine buchen\n"
        "    longDescription: |\n"
        "      Eins\n"
        "\n"
        "      Zwei\n"
        "    features:\n"
        "      - Termine buchen\n"
        "legal:\n"
        "  license: EUPL-1.2\n"
        "maintenance:\n"
        "  type: internal\n"
        "  contacts:\n"
        "    - name: A\n"
        '      phone: "030"\n'
        "localisation:\n"
        "  localisationReady: true\n"
        "  availableLanguages:\n"
        "    - de\n"
        "    - en\n"
    )


def test_a_valid_file_stays_valid():
    assert read(write(read(data()).document).encode()).as_json() == []


@pytest.mark.parametrize(
    "value",
    [
        "yes", "No", "null", "~", "1.10", "0x1F", "2024-01-15", "12:30", "1e3", "=", "<<", "-", "- a",
        "? a", "a: b", "a #b", "#a", "&a", "*a", "!a", "%a", "@a", "`a`", "[a]", "{a}", "a, b", "|", ">",
        '"', "'", '"a"', "\\", "a\\nb", " a", "a ", "\ta", "a\tb", "a\nb", "a\n", "\na", "a\n\n", "\n",
        "a\n b", " a\nb", "a \nb", "a\n\n\nb\n\n", "a\r\nb", "a\x85b", "a\u2028b", "\ufeffa", "\x7f",
        "ä", "ẞ", "👩‍👩‍👧", "\u202ea", "…", "---", "...", "--- a\nb", "a\n---\nb", "a\n...\nb", "\ufffe",
    ],
)  # fmt: skip
def test_any_text_keeps_its_value(value):
    document = replace(read(data()).document, name=value, used_by=(value,))
    result = read(write(document).encode())
    assert (result.document.name, result.document.used_by) == (value, (value,))


def test_yaml_1_1_readers_see_text_too():
    document = replace(read(data()).document, used_by=("yes", "1:30", "0o7", "on", "2026-01-01"))
    assert '  - "yes"\n  - "1:30"\n  - "0o7"\n  - "on"\n  - "2026-01-01"\n' in write(document)


def test_surrogates_cannot_be_written_and_are_replaced():
    assert again(replace(read(data()).document, name="a\ud800b")).name == "a?b"


def test_an_empty_document_can_be_written():
    assert again(Document()) == replace(Document(), publiccode_yml_version="0")


# --- any document -------------------------------------------------------------------------

WORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=30
) | st.sampled_from(["a\nb", "x: y", "true", "null", "1.0", " ", "- a", "a\n\n"])


def values_of(shape):
    match shape:
        case Text():
            return WORDS
        case Flag():
            return st.booleans()
        case Section():
            return sections_of(shape.of)
        case Items():
            return st.lists(values_of(shape.of), max_size=3).map(tuple)
        case ByLanguage():
            return st.dictionaries(st.sampled_from(["de", "en-US"]), sections_of(shape.of))


def sections_of(cls):
    """Instances with each key of the class set or left at its default."""
    keys = [key for key in keys_of(cls) if key.attribute not in FIXED]
    values = {key.attribute: values_of(key.shape) for key in keys}
    return st.fixed_dictionaries({}, optional=values).map(lambda chosen: cls(**chosen))


FIXED = {"publiccode_yml_version", "it_lowercase"}
DOCUMENTS = sections_of(Document)


def usable(document):
    """The document as the reader sees it when it is written: without what breaks a rule."""
    return read(write(document).encode()).document


@given(DOCUMENTS)
@settings(max_examples=60, deadline=None)
def test_writing_what_was_read_keeps_the_meaning(document):
    first = usable(document)
    assert first is not None
    assert again(first) == first


@given(WORDS, WORDS)
@settings(deadline=None)
def test_texts_without_a_rule_keep_their_value(name, feature):
    document = read(data()).document
    texts = replace(document.description["de"], features=(feature, name))
    changed = replace(document, name=name, description={"de": texts})
    assert again(changed) == replace(changed, publiccode_yml_version="0")


# --- modern ------------------------------------------------------------------------------


def test_modernised_says_the_same_without_deprecated_keys():
    old = read(
        data(
            publiccodeYmlVersion='publiccodeYmlVersion: "0.2"',
            monochromeLogo="monochromeLogo: l.svg",
            inputTypes="inputTypes: [text/plain]",
            outputTypes="outputTypes: [text/plain]",
            legal="legal: {license: MIT, repoOwner: Comune, authorsFile: AUTHORS}",
            intendedAudience="intendedAudience: {countries: [it], unsupportedCountries: [de]}",
            description=description(genericName="genericName: Kalender"),
            it="it: {conforme: {gdpr: true}, riuso: {codiceIPA: c_x}}",
        )
    )
    assert old.is_valid
    assert len(old.warnings) == 12
    new = modernised(old.document)
    assert read(write(new).encode()).as_json() == []
    assert new.organisation.uri == "urn:x-italian-pa:c_x"
    assert new.organisation.name == "Comune"
    assert new.logo == "l.svg"
    assert new.intended_audience.countries == ("IT",)


def test_modernised_leaves_a_modern_document_alone():
    document = read(data(organisation="organisation: {uri: https://amt.example}")).document
    assert modernised(document) == document


def test_the_result_as_json_has_exactly_the_five_members():
    findings = json.loads(json.dumps(read(data(name=None)).as_json()))
    assert findings == [
        {
            "type": "error",
            "key": "name",
            "description": "name is a required field",
            "line": 1,
            "column": 1,
        }
    ]
