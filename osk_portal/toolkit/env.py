"""Settings from the environment: every variable is read and described in one place.

The operator's list of variables (``manage.py settings_reference``, ``.env.example``) is made from
``VARIABLES``, so a variable that is read is a variable that is documented.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")


@dataclass(frozen=True)
class Variable:
    """One documented variable: name, what it does, default as text, and whether it is a secret."""

    name: str
    help: str
    default: str
    secret: bool = False


VARIABLES: dict[str, Variable] = {}


def load_file(path: Path) -> None:
    """Read ``NAME=value`` lines of ``path`` into the environment where a name is not set yet.

    A missing file is no error: it exists only while the embedded parts run.
    """
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.partition("=")
        if separator and not name.lstrip().startswith("#"):
            os.environ.setdefault(name.strip(), value.strip())


def _raw(name: str) -> str | None:
    """The value of NAME, or the content of the file that NAME_FILE names (container secrets)."""
    value = os.environ.get(name)
    if value is not None:
        return value
    file_name = os.environ.get(f"{name}_FILE")
    if not file_name:
        return None
    try:
        return Path(file_name).read_text(encoding="utf-8").strip()
    except OSError as error:
        message = f"{name}_FILE names {file_name}, which cannot be read: {error.strerror}."
        raise ImproperlyConfigured(message) from error


def _read(
    name: str, default: T, help: str, convert: Callable[[str], T], *, secret: bool = False
) -> T:
    shown = "" if secret or default is None else str(default)
    if isinstance(default, list):
        shown = ",".join(default)
    VARIABLES[name] = Variable(name, help, shown, secret)
    raw = _raw(name)
    if raw is None or raw == "":
        return default
    try:
        return convert(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}") from error


def text(name: str, default: str = "", *, help: str) -> str:
    return _read(name, default, help, str)


def secret(name: str, default: str = "", *, help: str) -> str:
    return _read(name, default, help, str, secret=True)


def choice(name: str, default: str, choices: tuple[str, ...], *, help: str) -> str:
    def convert(raw: str) -> str:
        if raw not in choices:
            raise ValueError(f"is {raw!r}, but must be one of {', '.join(choices)}.")
        return raw

    return _read(name, default, help, convert)


def flag(name: str, default: bool, *, help: str) -> bool:
    def convert(raw: str) -> bool:
        if raw.lower() in {"1", "true", "yes", "on"}:
            return True
        if raw.lower() in {"0", "false", "no", "off"}:
            return False
        raise ValueError(f"is {raw!r}, but must be 1 or 0.")

    return _read(name, default, help, convert)


def number(name: str, default: int, *, help: str, least: int = 0) -> int:
    def convert(raw: str) -> int:
        try:
            value = int(raw)
        except ValueError:
            raise ValueError(f"is {raw!r}, but must be a whole number.") from None
        if value < least:
            raise ValueError(f"is {value}, but must be at least {least}.")
        return value

    return _read(name, default, help, convert)


def address(name: str, parse: Callable[[str], object], *, help: str) -> str:
    """The text as it was given, once ``parse`` took it; empty where nothing is given."""

    def convert(raw: str) -> str:
        parse(raw)
        return raw

    return _read(name, "", help, convert)


def words(
    name: str,
    default: list[str] | None = None,
    parse: Callable[[str], object] = str,
    *,
    help: str,
) -> list[str]:
    """A list, separated by commas; ``parse`` has taken each of its words."""

    def convert(raw: str) -> list[str]:
        found = [w.strip() for w in raw.split(",") if w.strip()]
        for word in found:
            parse(word)
        return found

    return _read(name, default or [], help, convert)


def secrets(name: str, *, help: str) -> list[str]:
    """A list of secrets, separated by commas, the newest first."""
    return _read(
        name, [], help, lambda raw: [w.strip() for w in raw.split(",") if w.strip()], secret=True
    )


def withdrawn(name: str, *, instead: str) -> None:
    """What is read no more must not be believed to hold. ``instead``: what to do, as a sentence."""
    if _raw(name):
        raise ImproperlyConfigured(f"{name} is withdrawn. {instead}")


def path(name: str, default: Path, *, help: str) -> Path:
    return _read(name, default, help, lambda raw: Path(raw).expanduser().resolve())
