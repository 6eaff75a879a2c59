"""Runbooks: Markdown of a specification, cut into the steps that a person ticks off."""

from __future__ import annotations

from dataclasses import dataclass

_HEADING = "## "


@dataclass(frozen=True)
class Step:
    title: str
    text: str
    """Markdown."""


def introduction(runbook: str) -> str:
    """What stands before the first step; Markdown."""
    return _sections(runbook)[0].text


def steps_of(runbook: str) -> list[Step]:
    """A step for each heading of the second level. A hash inside of a block of code is none."""
    return _sections(runbook)[1:]


def _sections(runbook: str) -> list[Step]:
    sections: list[tuple[str, list[str]]] = [("", [])]
    fence = ""
    for line in runbook.splitlines():
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~") and fence in ("", mark):
            fence = "" if fence else mark
        if not fence and line.startswith(_HEADING):
            sections.append((line.removeprefix(_HEADING).strip(), []))
        else:
            sections[-1][1].append(line)
    return [Step(title, "\n".join(lines).strip()) for title, lines in sections]
