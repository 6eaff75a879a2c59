from tests.sandbox.conftest import run

__all__ = ["run"]
