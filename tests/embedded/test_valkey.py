from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import redis

from osk_portal.embedded.processes import EmbeddedError, ProcessId
from osk_portal.embedded.valkey import EmbeddedValkey


def test_a_message_survives_a_restart_and_a_kill(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / 'my "broker"')
    with server:
        address = server.url()
        with redis.from_url(address) as client:
            client.rpush("queue", "bell")
    with server, redis.from_url(address) as client:
        assert client.lrange("queue", 0, -1) == [b"bell"]
        client.config_set("appendfsync", "always")
        client.rpush("queue", "second")
        server.kill()
        assert server.exit_code == -9
        server.start()
        assert client.lrange("queue", 0, -1) == [b"bell", b"second"]


def test_others_on_the_machine_need_the_password(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path) as server:
        with (
            redis.Redis(port=server.port) as client,
            pytest.raises(redis.AuthenticationError),
        ):
            client.ping()
        command = subprocess.run(
            ["ps", "-o", "args=", "-p", str(server.pid)], capture_output=True, text=True, check=True
        )
        password = server.url().split(":")[2].split("@")[0]
        assert password not in command.stdout


def test_it_never_drops_a_message_for_want_of_memory(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path) as server, redis.from_url(server.url()) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    with (
        EmbeddedValkey(tmp_path),
        pytest.raises(EmbeddedError, match="already runs"),
    ):
        EmbeddedValkey(tmp_path).start()


def test_nothing_is_left_after_a_stop(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path) as server:
        pid = server.pid
    assert ProcessId.of(pid) is None
    assert not (tmp_path / "state.json").exists()
    with pytest.raises(EmbeddedError):
        _ = server.pid
