"""A variable that a template of ours names and nobody gives is a mistake: the test fails."""

from __future__ import annotations

import inspect
from pathlib import Path

from django.template import Node

OURS = Path(__file__).resolve().parent.parent / "templates"


class UndefinedVariable(AssertionError):
    pass


class FailOnUndefined(str):
    """For ``string_if_invalid``. Django asks for "%s" and then formats with the variable's name."""

    def __contains__(self, part: object) -> bool:
        return part == "%s"

    def __mod__(self, variable: object) -> str:
        origin = _template()
        if origin and Path(origin).is_relative_to(OURS):
            raise UndefinedVariable(f"{variable} in {Path(origin).relative_to(OURS)}")
        return ""  # the templates of Django's admin and of packages are not ours to mend


def _template() -> str:
    """The file of the innermost node that is being rendered."""
    frame = inspect.currentframe()
    while frame is not None:
        node = frame.f_locals.get("self")
        if isinstance(node, Node) and getattr(node, "origin", None):
            return str(node.origin.name)
        frame = frame.f_back
    return ""
