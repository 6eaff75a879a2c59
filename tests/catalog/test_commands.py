from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Solution
from tests.catalog.fetching import HOST, REPOSITORY
from tests.catalog.files import publiccode_file


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "gut.yml").write_bytes(publiccode_file())
    (tmp_path / "tief").mkdir()
    (tmp_path / "tief" / "schlecht.yaml").write_bytes(
        publiccode_file(name="Anders", url="https://example.org/x", platforms=None)
    )
    (tmp_path / "keins.txt").write_text("kein YAML")
    return tmp_path


def run(command, *args):
    out = StringIO()
    code = 0
    try:
        call_command(command, *map(str, args), stdout=out)
    except SystemExit as end:
        code = end.code
    return code, out.getvalue()


def test_validate_prints_findings_as_json_and_fails_on_an_invalid_file(folder):
    good, bad = folder / "gut.yml", folder / "tief" / "schlecht.yaml"

    code, out = run("validate_publiccode", good, bad, "--format", "json")

    found = json.loads(out)
    assert code == 1
    assert found[str(good)] == []
    assert [f["key"] for f in found[str(bad)]] == ["platforms"]
    assert set(found[str(bad)][0]) == {"type", "key", "description", "line", "column"}


def test_validate_succeeds_with_warnings_only(folder):
    (folder / "alt.yml").write_bytes(publiccode_file(publiccodeYmlVersion="0.4"))

    code, out = run("validate_publiccode", folder / "alt.yml")

    assert code == 0
    assert "valid" in out
    assert "warning" in out


def test_validate_names_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="nirgends"):
        call_command("validate_publiccode", str(tmp_path / "nirgends.yml"))


@pytest.mark.django_db
def test_import_takes_folders_and_prints_a_summary(folder):
    _code, out = run("import_publiccode", folder)

    assert "2 files: 2 created, 0 changed, 0 unchanged, 0 refused; 1 incomplete, 1 waiting" in out
    assert Solution.objects.get(name="Terminplaner").is_published
    assert not Solution.objects.get(name="Anders").is_published

    _code, out = run("import_publiccode", folder)

    assert "0 created, 0 changed, 2 unchanged" in out


@pytest.mark.django_db
def test_import_names_the_entry_that_a_broken_file_would_break(folder):
    run("import_publiccode", folder)
    (folder / "gut.yml").write_bytes(publiccode_file(developmentStatus=None))

    _code, out = run("import_publiccode", folder / "gut.yml")

    assert "gut.yml -> terminplaner (1 errors; first: developmentStatus" in out
    assert "0 changed, 0 unchanged, 1 refused; 0 incomplete" in out


@pytest.mark.django_db
def test_import_publishes_all_or_nothing_on_request(folder):
    run("import_publiccode", folder, "--draft")
    assert not Solution.objects.published().exists()

    run("import_publiccode", folder, "--publish-incomplete")
    assert Solution.objects.published().count() == 2

    with pytest.raises(CommandError):
        call_command("import_publiccode", str(folder), "--draft", "--publish-incomplete")


@pytest.mark.django_db
def test_import_goes_on_after_a_broken_file(folder):
    (folder / "a.yml").write_bytes(b"\xff")

    _code, out = run("import_publiccode", folder)

    assert "refused" in out.splitlines()[0]
    assert "2 created" in out


@pytest.mark.django_db
def test_import_needs_something_to_import(tmp_path):
    with pytest.raises(CommandError):
        call_command("import_publiccode", str(tmp_path))
    with pytest.raises(CommandError):
        call_command("import_publiccode", str(tmp_path / "nirgends"))


@pytest.mark.django_db
def test_import_takes_a_list_of_repositories_files_and_folders(folder, forge, settings):
    settings.OSK_FETCH_HOSTS = [HOST]
    forge.body = publiccode_file(url=REPOSITORY, name="Termine")
    wanted = folder / "liste.txt"
    wanted.write_text(
        f"# unsere\n{folder / 'gut.yml'}\n\n{REPOSITORY}/-/tree/main\nhttps://{HOST}/\n"
        "https://git.example.org/a/b\n"
    )

    _code, out = run("import_publiccode", "--list", wanted)

    assert "4 files: 2 created, 0 changed, 0 unchanged, 2 refused" in out
    assert set(Solution.objects.values_list("name", "state")) == {
        ("Termine", "published"),
        ("Terminplaner", "published"),
    }
    forge.body = publiccode_file(url="https://github.com/a/original", name="Termine")
    _code, out = run("import_publiccode", REPOSITORY)
    assert "a fork: its file names https://github.com/a/original" in out
    forge.status = 503
    assert "no answer that can be used" in run("import_publiccode", REPOSITORY)[1]


def test_a_list_that_is_no_text_is_named(tmp_path):
    (tmp_path / "liste").write_bytes(b"\xff\xfe")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_publiccode", "--list", str(tmp_path / "liste"))
