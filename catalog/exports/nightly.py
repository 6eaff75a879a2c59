"""The catalog's work of each night: the files of the whole, and forgetting who asked the API."""

from __future__ import annotations

from catalog.exports import dump
from catalog.services import forget_api_uses


def run() -> None:
    dump.write_files()
    forget_api_uses()
