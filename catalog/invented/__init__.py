"""A large catalog of invented entries: for trying out, for measuring, for the search at size."""

from catalog.invented.writing import clear, write

__all__ = ["clear", "write"]
