"""Files at rest: what was written is read again, and nothing else."""

from __future__ import annotations

import io

import pytest

from osk_portal.toolkit import sealed_files
from osk_portal.toolkit.encryption import CannotDecrypt
from osk_portal.toolkit.sealed_files import CHUNK, Sealing, new_key, opened

_WHOLE = CHUNK + 16


def sealed(content: bytes, key: str) -> bytes:
    target = io.BytesIO()
    with io.BufferedWriter(Sealing(target, key)) as writer:
        writer.write(content)
    return target.getvalue()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_was_written_is_read_again(size: int) -> None:
    content, key = b"x" * size, new_key()
    kept = sealed(content, key)

    assert content[:100] not in kept or not size
    with opened(io.BytesIO(kept), key) as clear:
        assert clear.read() == content


def test_another_key_or_a_changed_file_opens_nothing() -> None:
    key = new_key()
    kept = sealed(b"a" * CHUNK + b"b" * CHUNK + b"c", key)
    first, second, last = kept[:_WHOLE], kept[_WHOLE : 2 * _WHOLE], kept[2 * _WHOLE :]
    with pytest.raises(CannotDecrypt):
        opened(io.BytesIO(kept), new_key())
    for changed in (second + first + last, first + last, first + second, first, b"", kept[:-1]):
        with pytest.raises(CannotDecrypt), opened(io.BytesIO(changed), key) as clear:
            clear.read()
    assert sealed_files.opened(io.BytesIO(kept), key).read(1) == b"a"
