"""The engine in memory, as in the tests of the sandbox."""

from tests.sandbox.conftest import engine

__all__ = ["engine"]
