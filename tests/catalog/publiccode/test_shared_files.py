"""The reader against the reference parser's results, on files that are not part of the project."""

import json
import os
from pathlib import Path

import pytest

from catalog.publiccode import Hooks, read

PROJECT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("OSK_SHARED") or PROJECT.parent / "shared")
DATA = SHARED / "data" / "publiccode"

# The register of Italian administrations is not part of the library: it is Italy's, and changes daily. A code is
# checked for its form; whoever has the register hands it in (`Hooks`), and then the verdict is the parser's.
IPA_ERRORS = ("codiceIPA must be a valid Italian", "uri must be a valid Italian")


def cases():
    for part in ("reference", "real"):
        results = DATA / f"{part}-results.json"
        if results.is_file():
            for name, findings in json.loads(results.read_text()).items():
                yield pytest.param(DATA / part / name, findings, id=f"{part}/{name}")


CASES = list(cases()) or [
    pytest.param(None, None, marks=pytest.mark.skip(f"no {DATA} (set OSK_SHARED)"), id="absent")
]


def first(findings):
    return next(
        ((f["key"], f["line"], f["column"]) for f in findings if f["type"] == "error"), None
    )


def is_only_ipa(findings):
    errors = [f for f in findings if f["type"] == "error"]
    return bool(errors) and all(f["description"].startswith(IPA_ERRORS) for f in errors)


@pytest.mark.parametrize(("path", "expected"), CASES)
def test_verdict_and_first_error_are_the_reference_parsers(path, expected):
    if is_only_ipa(expected):
        assert read(path.read_bytes()).is_valid
        result = read(path.read_bytes(), Hooks(is_known_ipa_code=lambda code: False))
    else:
        result = read(path.read_bytes())
    assert result.is_valid == (first(expected) is None), result.as_json()
    assert first(result.as_json()) == first(expected)


# Where the reference parser stops at a wrong type it loses the warnings of that key too.
WITHOUT_ERRORS = [case for case in CASES if case.id == "absent" or first(case.values[1]) is None]


@pytest.mark.parametrize(("path", "expected"), WITHOUT_ERRORS)
def test_warnings_are_the_reference_parsers(path, expected):
    ours = [(f["key"], f["line"], f["column"]) for f in read(path.read_bytes()).as_json()]
    theirs = [(f["key"], f["line"], f["column"]) for f in expected]
    assert ours == theirs
