import pytest
from django.core.exceptions import ImproperlyConfigured

from osk_portal.toolkit import env


def test_a_variable_that_is_read_is_documented() -> None:
    assert env.number("OSK_TEST_NUMBER", 3, help="A number.") == 3
    assert env.VARIABLES["OSK_TEST_NUMBER"] == env.Variable("OSK_TEST_NUMBER", "A number.", "3")


@pytest.mark.parametrize(
    ("read", "raw", "value"),
    [
        (lambda: env.flag("OSK_TEST", False, help=""), "on", True),
        (lambda: env.flag("OSK_TEST", True, help=""), "0", False),
        (lambda: env.words("OSK_TEST", help=""), " a, b ,", ["a", "b"]),
        (lambda: env.choice("OSK_TEST", "a", ("a", "b"), help=""), "b", "b"),
        (lambda: env.number("OSK_TEST", 1, help=""), "", 1),
    ],
)
def test_values_are_converted(monkeypatch, read, raw, value) -> None:
    monkeypatch.setenv("OSK_TEST", raw)

    assert read() == value


@pytest.mark.parametrize(
    ("read", "raw"),
    [
        (lambda: env.flag("OSK_TEST", False, help=""), "perhaps"),
        (lambda: env.number("OSK_TEST", 1, help=""), "many"),
        (lambda: env.number("OSK_TEST", 1, help="", least=1), "0"),
        (lambda: env.choice("OSK_TEST", "a", ("a", "b"), help=""), "c"),
    ],
)
def test_a_bad_value_stops_the_start_and_names_the_variable(monkeypatch, read, raw) -> None:
    monkeypatch.setenv("OSK_TEST", raw)

    with pytest.raises(ImproperlyConfigured, match="OSK_TEST"):
        read()


def test_a_secret_may_come_from_a_file_and_is_never_shown(monkeypatch, tmp_path) -> None:
    (tmp_path / "key").write_text("geheim\n")
    monkeypatch.setenv("OSK_TEST_FILE", str(tmp_path / "key"))

    assert env.secret("OSK_TEST", help="A key.") == "geheim"
    assert env.VARIABLES["OSK_TEST"].default == ""


def test_a_missing_secret_file_is_named(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("OSK_TEST_FILE", str(tmp_path / "nothing"))

    with pytest.raises(ImproperlyConfigured, match="OSK_TEST_FILE"):
        env.secret("OSK_TEST", help="A key.")


def test_a_file_fills_only_what_is_not_set(monkeypatch, tmp_path) -> None:
    (tmp_path / "run.env").write_text("# comment\nOSK_TEST_A=file\nOSK_TEST_B=file\n")
    monkeypatch.setenv("OSK_TEST_A", "set")
    monkeypatch.setenv("OSK_TEST_B", "")
    monkeypatch.delenv("OSK_TEST_B")

    env.load_file(tmp_path / "run.env")

    assert env.text("OSK_TEST_A", help="") == "set"
    assert env.text("OSK_TEST_B", help="") == "file"
    monkeypatch.delenv("OSK_TEST_B")


def test_what_is_withdrawn_stops_the_start_and_says_what_to_do(monkeypatch):
    env.withdrawn("OSK_TEST", instead="Do that.")
    monkeypatch.setenv("OSK_TEST", "")
    env.withdrawn("OSK_TEST", instead="Do that.")
    monkeypatch.setenv("OSK_TEST", "x")
    with pytest.raises(ImproperlyConfigured, match=r"OSK_TEST is withdrawn\. Do that\."):
        env.withdrawn("OSK_TEST", instead="Do that.")
