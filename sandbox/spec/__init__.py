"""EnvSpec: how an environment is set up, the same for every engine. Validated before it is published.

A specification is JSON in ``BlueprintVersion.spec``; ``parse`` makes frozen dataclasses of it (``shape``)
and finds every problem at once (``reader``). It holds no secret: it names roles, and the portal makes
their passwords. Schema 1 knows programs only; schema 2 also container images. Both stay readable, since a
published version never changes.
"""

from __future__ import annotations

from sandbox.spec.reader import Reader
from sandbox.spec.shape import (
    Account,
    Check,
    Component,
    Egress,
    Endpoint,
    EnvSpec,
    ExportPath,
    FileSpec,
    FirstLogin,
    HttpCheck,
    Limits,
    MailVariables,
    Port,
    SecretUse,
    SpecError,
    TcpCheck,
    Volume,
    fill,
)

__all__ = [
    "Account",
    "Check",
    "Component",
    "Egress",
    "Endpoint",
    "EnvSpec",
    "ExportPath",
    "FileSpec",
    "FirstLogin",
    "HttpCheck",
    "Limits",
    "MailVariables",
    "Port",
    "SecretUse",
    "SpecError",
    "TcpCheck",
    "Volume",
    "check",
    "fill",
    "parse",
]


def parse(data: object) -> EnvSpec:
    """The specification in ``data`` (parsed JSON). Raises SpecError with every problem found."""
    reader = Reader()
    found = reader.spec(data)
    if reader.problems:
        raise SpecError(reader.problems)
    return found


def check(data: object) -> EnvSpec:
    """As ``parse``, for what is written now: also the limits that came after versions were published."""
    reader = Reader()
    found = reader.spec(data)
    reader.keeps_to_limits(found)
    if reader.problems:
        raise SpecError(reader.problems)
    return found
