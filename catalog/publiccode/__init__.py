"""The publiccode.yml standard 0.7 as a library of its own; it imports no Django.

`read(bytes)` gives a Result: findings in English and German with key, line and column, and the
document as far as usable. `write(document)` gives the text of a file. `modernised(document)`
drops what the standard has deprecated. Where the standard and its reference parser differ, the
parser decides and a hint says so. Nothing here touches files or the network.
"""

from catalog.publiccode.checks import Hooks
from catalog.publiccode.document import Document, modernised
from catalog.publiccode.findings import Finding, Result
from catalog.publiccode.reader import read
from catalog.publiccode.writer import write


def validate(data: bytes) -> Result:
    """Read without hooks: what the file says by itself."""
    return read(data)


__all__ = ["Document", "Finding", "Hooks", "Result", "modernised", "read", "validate", "write"]
