"""YAML 1.2 text as a tree of nodes that know their place, within limits.

The scanner is ruamel.yaml's pure Python one, and only its events are used: nothing is ever
constructed from a tag. Plain scalars are resolved here, by the rules of the reference parser
(YAML 1.2 core schema, plus 0b and leading-zero integers), because `yes`, `0.4` and
`2024-01-15` decide about valid and invalid.
"""

import codecs
import re
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from catalog.publiccode.yaml_problems import problem_of

MAX_BYTES = 512 * 1024
MAX_DEPTH = 32
MAX_NODES = 30_000

ScalarKind = Literal["text", "flag", "number", "null"]


class Mark(NamedTuple):
    """A place in the file, both counted from 1; (0, 0) is "nowhere in particular"."""

    line: int
    column: int


NOWHERE = Mark(0, 0)


@dataclass(slots=True)
class Scalar:
    mark: Mark
    value: str
    kind: ScalarKind
    # Written without a tag, an anchor or a block indicator: what the reference parser demands
    # of the version.
    is_simple: bool = True


@dataclass(slots=True)
class Sequence:
    mark: Mark
    is_flow: bool
    items: list["Node"] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    key: Scalar
    value: "Node"


@dataclass(slots=True)
class Mapping:
    mark: Mark
    is_flow: bool
    entries: list[Entry] = field(default_factory=list)

    def merged(self) -> list[Entry]:
        """The entries with those of `<<` keys put in their place."""
        found: list[Entry] = []
        for entry in self.entries:
            if entry.key.value != "<<":
                found.append(entry)
                continue
            sources = entry.value.items if isinstance(entry.value, Sequence) else [entry.value]
            for source in sources:
                if isinstance(source, Mapping):
                    found.extend(source.merged())
        return found


Node = Scalar | Sequence | Mapping
# Keys and list indices from the root of the file.
Path = tuple[str | int, ...]


class Unreadable(Exception):
    """The text is no YAML document that this reader takes; `code` is a key of MESSAGES.

    `mark` is the reference parser's, `place` where it really is.
    """

    def __init__(
        self, code: str, mark: Mark = NOWHERE, *, place: Mark | None = None, **parameters: str
    ) -> None:
        super().__init__(code)
        self.code = code
        self.mark = mark
        self.place = place or mark
        self.parameters = parameters


_NULLS = frozenset({"", "null", "Null", "NULL", "~"})
_FLAGS = frozenset({"true", "True", "TRUE", "false", "False", "FALSE"})
_NUMBER = re.compile(
    r"""
    [-+]?
    (?: 0x[0-9a-fA-F_]*[0-9a-fA-F]_*
      | 0o[0-7_]*[0-7]_*
      | 0b[01_]*[01]_*
      | 0[0-7_]*
      | [1-9][0-9_]*
      | (?=[._]*[0-9]) [0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?
      | \.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?
    )
    | [-+]?\.(?:inf|Inf|INF)
    | \.(?:nan|NaN|NAN)
    """,
    re.VERBOSE,
)
# A surrogate or NUL can only come from an escape such as "\ud800"; neither can be stored.
_LINE_END = re.compile("\r\n|[\n\r]")
_ENDLESS_TAG = re.compile(r"(?:(?<=[\s\[{,])|^)!\S{2000}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def resolve_plain(value: str) -> ScalarKind:
    """What a scalar without quotes means."""
    if value in _NULLS:
        return "null"
    if value in _FLAGS:
        return "flag"
    if len(value) < 64 and _NUMBER.fullmatch(value):
        return "number"
    return "text"


def compose(data: bytes) -> Node | None:
    """The root node of the only document in `data`; None when there is no content.

    Raises Unreadable for anything that is too large, too deep, not UTF-8 or not YAML.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable("too-large", limit=f"{MAX_BYTES // 1024}")
    if _is_utf_16(data):
        raise Unreadable("utf-16", place=Mark(1, 1))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        code = "not-a-text" if b"\0" in data else "not-utf8"
        raise Unreadable(code, place=Mark(line, 1), line=str(line)) from error
    # The scanner walks through a tag once for each of its characters.
    if found := _ENDLESS_TAG.search(text):
        raise Unreadable("yaml-unreadable", place=_place_in(text, found.start()))
    return _Composer().compose(text.removeprefix("\ufeff"))


def _is_utf_16(data: bytes) -> bool:
    """By its byte order mark, or by two Latin characters at its beginning."""
    zeros = [byte == 0 for byte in data[:4]]
    return data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or zeros in (
        [True, False, True, False],
        [False, True, False, True],
    )


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)


@dataclass(slots=True)
class _Open:
    """A collection that is still being filled."""

    node: Sequence | Mapping
    anchor: str | None
    size_before: int
    height: int = 1
    key: Scalar | None = None
    key_end: Mark = NOWHERE
    seen: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Anchored:
    node: Node
    size: int
    height: int


class _Composer:
    def __init__(self) -> None:
        self.root: Node | None = None
        self.documents = 0
        self.size = 0
        self.open: list[_Open] = []
        self.anchors: dict[str, _Anchored | None] = {}
        self.last_scalar: Scalar | None = None

    def compose(self, text: str) -> Node | None:
        try:
            for event in YAML(typ="safe", pure=True).parse(text):
                self._take(event)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark is not None else 0
            problem = problem_of(error)
            # The end of the file tells nobody where a quote was opened.
            start = error.context_mark if problem.is_at_context else mark
            place = _mark(start) if start is not None else NOWHERE
            raise Unreadable(
                problem.code, Mark(line, 1), place=place, problem=problem.words
            ) from error
        except ReaderError as error:
            place = _place_in(text, error.position)
            character = f"U+{ord(text[error.position]):04X}"
            raise Unreadable("control-character", place=place, value=character) from error
        # The scanner of ruamel.yaml lets these escape for some malformed escapes and directives.
        except (YAMLError, ValueError, OverflowError, IndexError, AttributeError) as error:
            raise Unreadable("yaml-unreadable") from error
        if self.documents > 1:
            raise Unreadable("several-documents")
        if isinstance(self.root, Scalar) and self.root.kind == "null":
            return None
        if self.last_scalar is not None and _is_implicit_null(self.last_scalar):
            # The reference parser counts one column more for a value missing at the very end.
            self.last_scalar.mark = Mark(
                self.last_scalar.mark.line, self.last_scalar.mark.column + 1
            )
        return self.root

    def _take(self, event: Any) -> None:
        match event:
            case DocumentStartEvent():
                self.documents += 1
                self.anchors.clear()
            case ScalarEvent():
                self._take_scalar(event)
            case AliasEvent():
                self._take_alias(event)
            case SequenceStartEvent():
                self._start(Sequence(_mark(event.start_mark), bool(event.flow_style)), event)
            case MappingStartEvent():
                self._start(Mapping(_mark(event.start_mark), bool(event.flow_style)), event)
            case SequenceEndEvent() | MappingEndEvent():
                self._end()

    def _take_scalar(self, event: Any) -> None:
        mark = _mark(event.start_mark)
        kind: ScalarKind = "text"
        is_plain = not event.style
        if event.tag is None and is_plain:
            kind = resolve_plain(event.value)
        elif event.tag is not None:
            kind = _resolve_tagged(str(event.tag), event.value)
        if is_plain and event.value == "" and self.open:
            mark = self._place_of_missing_value(mark)
        scalar = Scalar(
            mark,
            _UNSTORABLE.sub("\ufffd", event.value),
            kind,
            is_simple=event.tag is None and event.anchor is None and event.style not in ("|", ">"),
        )
        self.last_scalar = scalar
        self._grow(1, mark)
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(scalar, 1, 1)
        self._put(scalar, _mark(event.end_mark))

    def _place_of_missing_value(self, mark: Mark) -> Mark:
        """Right behind the colon; the scanner only knows where the next token starts."""
        parent = self.open[-1]
        if parent.key is None:
            return mark
        return Mark(parent.key_end.line, parent.key_end.column + 1)

    def _take_alias(self, event: Any) -> None:
        mark = _mark(event.start_mark)
        anchored = self.anchors.get(event.anchor)
        if anchored is None:
            code = "alias-recursive" if event.anchor in self.anchors else "alias-unknown"
            raise Unreadable(code, Mark(mark.line, 1), name=str(event.anchor))
        self._grow(anchored.size, mark)
        if len(self.open) + anchored.height > MAX_DEPTH:
            raise Unreadable("too-deep", Mark(mark.line, 1), limit=str(MAX_DEPTH))
        if self.open:
            self.open[-1].height = max(self.open[-1].height, anchored.height + 1)
        self.last_scalar = None
        self._put(anchored.node, mark)

    def _start(self, node: Sequence | Mapping, event: Any) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise Unreadable("too-deep", Mark(node.mark.line, 1), limit=str(MAX_DEPTH))
        self._grow(1, node.mark)
        if event.anchor:
            # Known but not complete: an alias to it from inside would be endless.
            self.anchors[event.anchor] = None
        self.open.append(_Open(node, event.anchor, self.size))

    def _end(self) -> None:
        closed = self.open.pop()
        if closed.anchor:
            size = self.size - closed.size_before + 1
            self.anchors[closed.anchor] = _Anchored(closed.node, size, closed.height)
        if self.open:
            self.open[-1].height = max(self.open[-1].height, closed.height + 1)
        self._put(closed.node, NOWHERE)

    def _put(self, node: Node, end: Mark) -> None:
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if isinstance(parent.node, Sequence):
            parent.node.items.append(node)
        elif parent.key is None:
            if not isinstance(node, Scalar):
                raise Unreadable("key-not-text", Mark(node.mark.line, 1))
            _check_duplicate(parent.seen, node)
            parent.key, parent.key_end = node, end
        else:
            parent.node.entries.append(Entry(parent.key, node))
            parent.key = None

    def _grow(self, by: int, mark: Mark) -> None:
        self.size += by
        if self.size > MAX_NODES:
            raise Unreadable("too-many-values", Mark(mark.line, 1), limit=str(MAX_NODES))


def _check_duplicate(seen: set[str], key: Scalar) -> None:
    if key.value in seen and key.value != "<<":
        raise Unreadable("duplicate-key", Mark(key.mark.line, 1), name=key.value)
    seen.add(key.value)


def _resolve_tagged(tag: str, value: str) -> ScalarKind:
    kind = tag.rpartition(":")[2]
    if kind == "null":
        return "null"
    if kind == "bool":
        return "flag" if value in _FLAGS else "text"
    if kind in ("int", "float"):
        return "number"
    return "text"


def _is_implicit_null(scalar: Scalar) -> bool:
    return scalar.kind == "null" and scalar.value == ""


def _place_in(text: str, position: int) -> Mark:
    lines = lines_of(text[:position])
    return Mark(len(lines), len(lines[-1]) + 1)


def lines_of(text: str) -> list[str]:
    """The text in lines as the scanner counts them; at least one, the last without a line end."""
    return _LINE_END.split(text)
