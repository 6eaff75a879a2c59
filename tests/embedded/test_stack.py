from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from osk_portal.embedded.mailcatcher import list_messages
from osk_portal.embedded.processes import EmbeddedError
from osk_portal.embedded.service import free_port
from osk_portal.embedded.stack import Stack, bare_environment

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    var = tmp_path_factory.mktemp("stack") / "var"
    with Stack(var, free_port(), demo=False, durable=False, environment=bare_environment()) as made:
        yield made


def test_a_child_can_be_killed_and_started_again_at_the_same_address(stack: Stack) -> None:
    before = stack.environment()
    for name in ("database", "broker", "mail", "web", "worker"):
        stack.kill(name)
        assert stack.ended() == [name]
        stack.start_child(name)
        assert stack.ended() == []
    assert stack.environment() == before


def test_a_child_that_was_stopped_on_purpose_has_not_ended(stack: Stack) -> None:
    stack.stop_child("mail")
    assert stack.ended() == []
    assert not stack.child("mail").is_running

    stack.start_child("mail")
    assert stack.child("mail").is_running


def test_restart_gives_a_new_process(stack: Stack) -> None:
    earlier = stack.child("broker").identity

    stack.restart("broker")

    assert not earlier.is_alive
    assert stack.child("broker").is_running


def test_a_command_runs_against_the_stack_and_its_mail_is_caught(stack: Stack) -> None:
    answer = stack.manage("sendtestemail", "behoerde@demo.osk.example")

    assert answer.returncode == 0, answer.stderr
    assert any(
        mail.recipients == ("behoerde@demo.osk.example",)
        for mail in list_messages(stack.mail_folder)
    )


def test_what_the_environment_names_is_not_started(tmp_path: Path) -> None:
    named = {
        "DATABASE_URL": "postgresql://osk@db/osk",
        "CELERY_BROKER_URL": "redis://broker/0",
        "EMAIL_URL": "smtp://mail:25",
    }
    stack = Stack(tmp_path, 8000, environment=named)

    assert list(stack.children) == ["web", "worker", "beat"]
    assert not stack.is_embedded
    assert {name: stack.environment()[name] for name in named} == named


def test_a_failed_start_leaves_nothing_and_shows_the_log(tmp_path: Path) -> None:
    environment = {**bare_environment(), "OSK_FIRST_RESPONSE_DAYS": "two"}
    stack = Stack(tmp_path, free_port(), demo=False, durable=False, environment=environment)

    with pytest.raises(EmbeddedError, match="OSK_FIRST_RESPONSE_DAYS"):
        stack.start()

    assert not any(child.is_running for child in stack.children.values())
    assert not (tmp_path / "run.env").exists()


def test_the_settings_of_the_tests_do_not_reach_a_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSK_ENV", "test")
    monkeypatch.setenv("CELERY_BROKER_URL", "memory://")
    monkeypatch.setenv("LANG", "C.UTF-8")

    bare = bare_environment()

    assert "OSK_ENV" not in bare
    assert "CELERY_BROKER_URL" not in bare
    assert bare["LANG"] == "C.UTF-8"
