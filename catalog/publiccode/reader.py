"""bytes → Result: the verdict of the reference parser, and the document as far as usable.

Neither files nor the network are touched; what only they can tell comes through `Hooks`.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from catalog.publiccode import vocabulary
from catalog.publiccode.checks import Breach, Hooks, Values, check_across, check_keys
from catalog.publiccode.decoding import BROKEN, Broken, Decoder, Misfit, Value
from catalog.publiccode.deviations import deviation
from catalog.publiccode.document import Document
from catalog.publiccode.findings import Finding, Result
from catalog.publiccode.invisible import INVISIBLE
from catalog.publiccode.messages import describe
from catalog.publiccode.nodes import (
    NOWHERE,
    Mapping,
    Mark,
    Node,
    Path,
    Scalar,
    Unreadable,
    compose,
    lines_of,
)
from catalog.publiccode.places import keys_by_line, place_of
from catalog.publiccode.rules import quoted
from catalog.publiccode.schema import (
    ByLanguage,
    Flag,
    Items,
    Section,
    Shape,
    Text,
    default_of,
    keys_of,
)

# More of one type help nobody; the rest is not listed.
MAX_FINDINGS = 500

_VERSION_KEY = "publiccodeYmlVersion"
_ONLY_LETTERS = re.compile(r"[A-Za-z]+")

Severity = Literal["error", "warning", "note"]
MAX_NOTES = 50


def read(data: bytes, hooks: Hooks | None = None) -> Result:
    """Check and take apart a publiccode.yml. Raises nothing, whatever the bytes are."""
    try:
        root = compose(data)
    except Unreadable as error:
        return Result((_file_finding(error),), None)
    version = _version_node(root)
    if not isinstance(root, Mapping) or version is None:
        finding = _finding("error", "version-missing", _VERSION_KEY, NOWHERE, Mark(1, 1), {})
        return Result((finding,), _lenient(root))
    if (fatal := _version_error(version, root)) is not None:
        return Result((fatal,), _lenient(root))
    reading = _Reading(root, hooks or Hooks())
    reading.note_version()
    document = reading.decode()
    notes = (*reading.notes(document), *_invisible(data))
    return Result(tuple(reading.findings), document, notes[:MAX_NOTES])


def _file_finding(error: Unreadable) -> Finding:
    return _finding("error", error.code, "", error.mark, error.place, error.parameters)


def _finding(
    severity: Severity,
    code: str,
    key: str,
    mark: Mark,
    place: Mark,
    parameters: dict[str, str],
    path: str = "",
) -> Finding:
    """`path` is where the value really is, when `key` cannot tell."""
    path = path or key
    english, german = describe(code, path, parameters)
    hint, hint_de = deviation(code, path)
    return Finding(
        severity, code, key, english, german, *mark, place, parameters, path, hint, hint_de
    )


def _invisible(data: bytes) -> Iterator[Finding]:
    """The first invisible character of each line."""
    for number, line in enumerate(lines_of(data.decode("utf-8").removeprefix("\ufeff")), 1):
        if found := INVISIBLE.search(line):
            place = Mark(number, found.start() + 1)
            parameters = {"value": f"U+{ord(found[0]):04X}"}
            yield _finding("note", "note-invisible", "", place, place, parameters)


# --- the version --------------------------------------------------------------------------


def _version_node(root: Node | None) -> Node | None:
    if not isinstance(root, Mapping):
        return None
    return next((e.value for e in root.entries if e.key.value == _VERSION_KEY), None)


def _version_error(version: Node, root: Node) -> Finding | None:
    place = place_of(root, (_VERSION_KEY,))
    if not isinstance(version, Scalar) or version.kind != "text" or not version.is_simple:
        return _finding("error", "version-not-text", _VERSION_KEY, place, place, {})
    if version.value not in vocabulary.SUPPORTED_VERSIONS:
        parameters = {
            "value": quoted(version.value),
            "values": ", ".join(vocabulary.SUPPORTED_VERSIONS),
        }
        return _finding("error", "version-unsupported", _VERSION_KEY, NOWHERE, place, parameters)
    return None


def _lenient(root: Node | None) -> Document | None:
    """What a file of no supported version still tells."""
    return _Reading(root, Hooks()).decode() if isinstance(root, Mapping) else None


# --- the rest -----------------------------------------------------------------------------


class _Reading:
    def __init__(self, root: Mapping, hooks: Hooks) -> None:
        self.root = root
        self.hooks = hooks
        self.findings: list[Finding] = []
        self.counts: Counter[str] = Counter()

    def note_version(self) -> None:
        version = _version_node(self.root)
        if isinstance(version, Scalar) and not vocabulary.is_current_version(version.value):
            mark = place_of(self.root, (_VERSION_KEY,))
            parameters = {"value": version.value, "latest": vocabulary.LATEST_VERSION}
            self._add(_finding("warning", "version-old", _VERSION_KEY, mark, mark, parameters))

    def decode(self) -> Document:
        decoder = Decoder()
        values = decoder.section(self.root, Document)
        if isinstance(values, Broken):
            values = {}
        self._report_misfits(decoder.misfits)
        breaches = list(check_keys(values))
        for breach in breaches:
            self._report_breach(breach, dotted(breach.path, brackets=True))
        across = list(check_across(values, self.hooks))
        for breach in across:
            self._report_breach(breach, dotted(breach.path))
        unusable = {breach.path for breach in breaches + across if not breach.is_usable}
        document: Document = _build_section(Document, values, (), unusable)
        # The old lowercase spelling is read as the section it means; IT wins over it.
        return replace(document, it=document.it or document.it_lowercase, it_lowercase=None)

    def notes(self, document: Document) -> Iterator[Finding]:
        """What the text of the standard asks for beyond the reference parser."""
        for index, funder in enumerate(document.funded_by):
            if not funder.name:
                yield self._note("note-funder-name", ("fundedBy", index))
        if document.it is not None:
            yield self._note("note-country-section", ("IT",))

    def _note(self, code: str, path: Path) -> Finding:
        place = place_of(self.root, path)
        return _finding("note", code, dotted(path), place, place, {})

    def _report_misfits(self, misfits: list[Misfit]) -> None:
        keys = keys_by_line(self.root) if misfits else {}
        for misfit in misfits:
            # The reference parser knows a misfit by its line only, and an unreadable address
            # not even by that.
            line = 0 if misfit.code == "not-an-address" else misfit.place.line
            self._add(
                _finding(
                    "error",
                    misfit.code,
                    keys.get(line, ""),
                    Mark(line, 1) if line else NOWHERE,
                    misfit.place,
                    misfit.parameters,
                    path=dotted(misfit.path),
                )
            )

    def _report_breach(self, breach: Breach, key: str) -> None:
        severity: Severity = "warning" if breach.is_warning else "error"
        if self.counts[severity] >= MAX_FINDINGS:
            return
        mark = place_of(self.root, breach.path)
        place = place_of(self.root, breach.actual_path or breach.path)
        path = dotted(breach.actual_path or breach.path)
        self._add(_finding(severity, breach.code, key, mark, place, breach.parameters, path))

    def _add(self, finding: Finding) -> None:
        self.counts[finding.type] += 1
        if self.counts[finding.type] <= MAX_FINDINGS:
            self.findings.append(finding)


def dotted(path: Path, *, brackets: bool = False) -> str:
    """A path as the reference parser writes it: `a.b[0].c`.

    With `brackets` as in its first pass, where a language with a hyphen is not a step of its
    own: `description[en-US].features`.
    """
    text = ""
    for position, step in enumerate(path):
        is_language = brackets and position == 1 and path[0] == "description"
        if isinstance(step, int) or (is_language and not _ONLY_LETTERS.fullmatch(step)):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


# --- values to dataclasses ----------------------------------------------------------------


def _build_section(cls: type[Any], values: Values, path: Path, unusable: set[Path]) -> Any:
    arguments: dict[str, Any] = {}
    for key in keys_of(cls):
        key_path = (*path, key.name)
        value = values.get(key.name)
        if _is_nothing(value) or key_path in unusable:
            arguments[key.attribute] = default_of(cls, key.attribute)
        else:
            arguments[key.attribute] = _build(key.shape, value, key_path, unusable)
    return cls(**arguments)


def _build(shape: Shape, value: Value, path: Path, unusable: set[Path]) -> Any:
    match shape:
        case Text() | Flag():
            return value
        case Section():
            return _build_section(shape.of, value, path, unusable)
        case Items():
            return tuple(
                _build(shape.of, item, (*path, index), unusable)
                for index, item in enumerate(value)
                if not _is_nothing(item) and (*path, index) not in unusable
            )
        case ByLanguage():
            return {
                tag: _build_section(shape.of, section, (*path, tag), unusable)
                for tag, section in value.items()
                if isinstance(section, dict)
            }


def _is_nothing(value: Value) -> bool:
    return value is None or value is BROKEN or value == ""
