"""No input makes the reader raise, and bombs are refused before they cost anything."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.publiccode import read
from catalog.publiccode.nodes import MAX_BYTES, MAX_DEPTH
from catalog.publiccode.reader import MAX_FINDINGS
from tests.catalog.publiccode.files import BLOCKS, data, text

VERSION = b'publiccodeYmlVersion: "0"\n'


def code_of(source):
    started = time.perf_counter()
    result = read(source)
    assert time.perf_counter() - started < 10
    assert not result.is_valid
    return result.errors[0].code


@pytest.mark.parametrize(
    ("source", "code", "line"),
    [
        (b"", "version-missing", 0),
        (b"# nothing\n", "version-missing", 0),
        (b"---\n", "version-missing", 0),
        (b"just text", "version-missing", 0),
        (b"- a\n- b\n", "version-missing", 0),
        (b"\xef\xbb\xbfname: x\n", "version-missing", 0),
        (b"name: \xff\n", "not-utf8", 0),
        (VERSION + b"name: [a\n", "yaml-open-bracket", 3),
        (VERSION + b"  name: a\n", "yaml-indentation", 2),
        (VERSION + b"name: a\x00b\n", "control-character", 0),
        (VERSION + b'name: "\\U99999999"\n', "yaml-unreadable", 0),
        (VERSION + b"? [a, b]\n: c\n", "key-not-text", 2),
        (VERSION + b"? {a: b}\n: c\n", "key-not-text", 2),
        (VERSION + b"name: *nowhere\n", "alias-unknown", 2),
        (VERSION + b"name: &a [*a]\n", "alias-recursive", 2),
        (VERSION + b"name: a\nname: b\n", "duplicate-key", 3),
        (VERSION + b"---\nname: b\n", "several-documents", 0),
    ],
)
def test_files_that_are_no_document(source, code, line):
    finding = read(source).errors[0]
    assert (finding.code, finding.line) == (code, line)
    assert len(read(source).findings) == 1


def test_a_byte_order_mark_and_windows_line_ends_are_taken():
    assert read(b"\xef\xbb\xbf" + data().replace(b"\n", b"\r\n")).findings == ()


def test_one_document_between_markers_is_taken():
    assert read(b"---\n" + data() + b"...\n").findings == ()


def test_what_cannot_be_stored_is_replaced():
    document = read(data(name='name: "a\\0b\\ud800c"')).document
    assert document.name == "a\ufffdb\ufffdc"


def test_too_large():
    assert code_of(b"#" * (MAX_BYTES + 1)) == "too-large"
    assert code_of(data() + b"# " + b"x" * MAX_BYTES) == "too-large"


@pytest.mark.parametrize("bracket", [b"[", b"{a: ", b"- ", b"? "])
def test_too_deep(bracket):
    assert code_of(VERSION + b"name: \n  " + bracket * 100_000) == "too-deep"


def test_the_deepest_that_is_taken():
    levels = MAX_DEPTH - 1
    result = read(data(name="name: " + "[" * levels + "]" * levels))
    assert [f.code for f in result.errors] == ["wrong-type-text"]


def test_alias_bomb():
    lines = [b"a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for before, name in zip(b"abcdefghi", b"bcdefghij", strict=True):
        aliases = b", ".join([b"*" + bytes([before])] * 10)
        lines.append(bytes([name]) + b": &" + bytes([name]) + b" [" + aliases + b"]")
    assert code_of(VERSION + b"\n".join(lines)) == "too-many-values"


def test_a_tower_of_aliases_is_too_deep():
    lines = [b"a0: &a0 [x]"]
    lines += [b"a%d: &a%d [*a%d]" % (n, n, n - 1) for n in range(1, 1000)]
    assert code_of(VERSION + b"\n".join(lines)) == "too-deep"


def test_too_many_values():
    assert code_of(VERSION + b"platforms: [" + b"x, " * 40_000 + b"]") == "too-many-values"


def test_findings_are_capped_by_type_and_no_error_is_hidden_by_warnings():
    countries = "intendedAudience:\n  countries: [" + "de, " * 2000 + "]"
    result = read(data(intendedAudience=countries, logo="logo: /x.png"))
    assert len(result.warnings) == MAX_FINDINGS
    assert [f.code for f in result.errors] == ["absolute-path"]
    wrong = read(data(categories="categories: [" + "x, " * 2000 + "]"))
    assert len(wrong.errors) == MAX_FINDINGS
    assert wrong.document.categories == ()


@pytest.mark.parametrize(
    "block",
    [
        "legal:\n  license: " + "(" * 900,
        "legal:\n  license: " + "MIT OR " * 5000,
        "url: https://" + "a" * 200_000,
        "url: https://[" + ":" * 100_000,
        "maintenance:\n  type: internal\n  contacts:\n    - name: x\n      email: "
        + "a" * 100_000 + "@" + "b." * 50_000,
        "localisation:\n  localisationReady: true\n  availableLanguages: ["
        + "de" + "-aaaaaaaa" * 10_000 + "]",
        "name: " + "👩‍👩‍👧" * 20_000,
    ],
    ids=["brackets", "licenses", "host", "ipv6", "email", "language", "graphemes"],
)  # fmt: skip
def test_long_values_are_checked_quickly(block):
    started = time.perf_counter()
    read(data(**{block.partition(":")[0]: block}))
    assert time.perf_counter() - started < 10


# --- anything at all ----------------------------------------------------------------------

TRICKS = st.sampled_from(
    ['"', "'", "\\U99999999", "%YAML 1.1\n", "%TAG ! x\n", "---\n", "...\n", "&a ", "*a ", "!!int ",
     "!<", "!%zz ", "{", "}", "[", "]", "|", ">9", "|-+", "? ", ": ", "- ", "#", "\t", "\x85", "<<: ",
     "\ufeff", "\r", "`", "@", ",", "\n", "  ", "~", "0x", "\u2028"]
)  # fmt: skip


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(source):
    read(source).as_json()


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text(source):
    read(VERSION + source.encode("utf-8", "surrogatepass")).as_json()


@settings(deadline=None)
@given(st.lists(TRICKS | st.text(max_size=5), max_size=60))
def test_any_pieces_of_yaml(pieces):
    read(VERSION + "".join(pieces).encode()).as_json()


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_file_cut_and_spoiled_anywhere(draw):
    source = text()
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(source)))
        length = draw.draw(st.integers(0, 20))
        source = source[:at] + draw.draw(TRICKS) + source[at + length :]
    read(source.encode()).as_json()


SCALARS = st.sampled_from(["", "a", "true", "1", "~", "https://a.de", "'x'", "1999-01-01", "de"])


def flow(children):
    lists = st.lists(children, max_size=4).map(lambda items: "[" + ", ".join(items) + "]")
    names = st.sampled_from(["name", "uri", "id", "de", "en", "type", "license", "open", "a"])
    mappings = st.dictionaries(names, children, max_size=4).map(
        lambda d: "{" + ", ".join(f"{k}: {v}" for k, v in d.items()) + "}"
    )
    return lists | mappings


NESTED = st.recursive(SCALARS.filter(bool), flow, max_leaves=12)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*BLOCKS, "isBasedOn", "dependsOn", "IT", "it", "supports", "fundedBy",
                         "organisation", "intendedAudience", "logo", "inputTypes"]),
        NESTED,
        min_size=1,
        max_size=6,
    )
)  # fmt: skip
def test_any_structure_below_any_key(values):
    blocks = {key: f"{key}: {value}" for key, value in values.items()}
    result = read(data(**blocks))
    assert all(finding.description for finding in result.findings)
