"""What the YAML scanner complains about, as a finding that says what to write instead."""

from dataclasses import dataclass
from typing import Final

from ruamel.yaml.error import MarkedYAMLError

# Part of the scanner's text → code of MESSAGES; the first that fits.
_CODES: Final = (
    ("mapping values are not allowed", "yaml-colon"),
    ("sequence entries are not allowed", "yaml-dash"),
    ("found character '\\t'", "yaml-tab"),
    ("that cannot start any token", "yaml-character"),
    ("could not find expected ':'", "yaml-no-colon"),
    ("quoted scalar, found unexpected end of stream", "yaml-open-quote"),
    ("found unknown escape character", "yaml-escape"),
    ("hexdecimal numbers", "yaml-escape"),
    ("expected ',' or ']'", "yaml-open-bracket"),
    ("expected ',' or '}'", "yaml-open-bracket"),
    ("expected <block end>", "yaml-indentation"),
)


# Those that the author finds where it began, not where the scanner noticed.
_AT_CONTEXT: Final = frozenset({"yaml-no-colon", "yaml-open-quote", "yaml-open-bracket"})


@dataclass(frozen=True, slots=True)
class YamlProblem:
    code: str
    words: str
    is_at_context: bool


def problem_of(error: MarkedYAMLError) -> YamlProblem:
    """The code of `error`, "yaml-syntax" for what has no text of its own, and the scanner's words."""
    words = ", ".join(str(part) for part in (error.context, error.problem) if part) or "unknown"
    code = next((code for part, code in _CODES if part in words), "yaml-syntax")
    return YamlProblem(code, words, code in _AT_CONTEXT and error.context_mark is not None)
