"""Secrets at rest: MultiFernet with keys outside the database, the newest first."""

from __future__ import annotations

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotDecrypt(Exception):
    """No key of OSK_ENCRYPTION_KEYS opens the value."""


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(plain: str) -> str:
    return _fernet(tuple(settings.OSK_ENCRYPTION_KEYS)).encrypt(plain.encode()).decode()


def decrypt(token: str) -> str:
    """Raises CannotDecrypt where the key was lost or the value was changed."""
    try:
        return _fernet(tuple(settings.OSK_ENCRYPTION_KEYS)).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise CannotDecrypt from error


def looks_sealed(text: str) -> bool:
    """Has the form of an encrypted value: Fernet's first byte is its version."""
    return text.startswith("gAAAA")


def is_current(token: str) -> bool:
    """Under the newest key already."""
    try:
        _fernet(tuple(settings.OSK_ENCRYPTION_KEYS[:1])).decrypt(token.encode())
    except InvalidToken:
        return False
    return True


def rotate(token: str) -> str:
    """The same secret under the newest key. Raises CannotDecrypt."""
    try:
        return _fernet(tuple(settings.OSK_ENCRYPTION_KEYS)).rotate(token.encode()).decode()
    except InvalidToken as error:
        raise CannotDecrypt from error
