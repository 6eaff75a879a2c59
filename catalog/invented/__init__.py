"""A large catalog of invented entries: for trying out, for measuring, for the search at size."""

from catalog.invented.writing import BATCH, REPOSITORIES, clear, write

__all__ = ["BATCH", "REPOSITORIES", "clear", "write"]
