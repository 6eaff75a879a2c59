"""What the reader says of a file."""

from dataclasses import dataclass, field
from typing import Literal, TypedDict

from catalog.publiccode.document import Document
from catalog.publiccode.nodes import NOWHERE, Mark


class FindingJson(TypedDict):
    type: str
    key: str
    description: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Finding:
    """`key`, `line` and `column` are the reference parser's; `path` and `place` say where it really is.

    The reference parser sometimes has no line (0) or a neighbour's, `place` has one wherever
    the file has something to point to. `code` is stable and one of `messages.MESSAGES`.
    `hint` and `hint_de` say where standard and parser differ; both are "" where they agree.
    """

    type: Literal["error", "warning", "note"]
    code: str
    key: str
    description: str
    description_de: str
    line: int = 0
    column: int = 0
    place: Mark = NOWHERE
    parameters: dict[str, str] = field(default_factory=dict)
    path: str = ""
    hint: str = ""
    hint_de: str = ""

    def as_json(self) -> FindingJson:
        return {
            "type": self.type,
            "key": self.key,
            "description": self.description,
            "line": self.line,
            "column": self.column,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """`document` is None only when the file is no YAML mapping at all.

    `findings` are those of the reference parser; `notes` are ours beside them and never make a file
    invalid.
    """

    findings: tuple[Finding, ...]
    document: Document | None
    notes: tuple[Finding, ...] = ()

    @property
    def is_valid(self) -> bool:
        return not self.errors

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.type == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.type == "warning")

    def as_json(self) -> list[FindingJson]:
        return [finding.as_json() for finding in self.findings]
