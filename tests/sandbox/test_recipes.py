"""The start of our images: settings once, passwords every time. Its programs are stood in for by little ones."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

RECIPES = Path(__file__).parents[2] / "deploy" / "blueprints"
PHP = """#!/bin/sh
printf 'hash$of/%s' "$(cat "$3")"
"""
BUNDLE = """#!/bin/sh
echo "$* first=${OSK_FIRST:-}" >> "$TOLD"
"""


def _program(folder: Path, name: str, text: str = "#!/bin/sh\n") -> None:
    (folder / name).write_text(text, encoding="utf-8")
    (folder / name).chmod(0o755)


def _starter(tmp_path: Path, recipe: str, **programs: str):
    """Runs the recipe's start below ``tmp_path`` instead of ``/``."""
    (tmp_path / "bin").mkdir()
    for name, text in programs.items():
        _program(tmp_path / "bin", name, text or "#!/bin/sh\n")
    script = (RECIPES / recipe / "start.sh").read_text(encoding="utf-8")
    for root in (
        "/etc/dokuwiki",
        "/var/lib/dokuwiki",
        "/etc/redmine",
        "/run/osk",
        "/opt/osk",
        " /data",
        "/usr/share/redmine",
    ):
        script = script.replace(root, root.replace("/", f"{tmp_path}/", 1))
    (tmp_path / "start.sh").write_text(script, encoding="utf-8")

    def start(**env: str) -> None:
        path = f"{tmp_path}/bin:{os.environ['PATH']}"
        told = {"PATH": path, "TOLD": str(tmp_path / "told"), **env}
        subprocess.run(["/bin/sh", tmp_path / "start.sh"], env=told, check=True, timeout=20)

    return start


@pytest.fixture
def wiki(tmp_path: Path):
    for folder in ("etc/dokuwiki", "run/osk", "opt/osk/conf"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copytree(RECIPES / "dokuwiki" / "beispiel", tmp_path / "opt/osk/beispiel")
    for name in ("verwaltung", "redaktion"):
        (tmp_path / "run/osk" / name).write_text(f"{name}-1", encoding="utf-8")
    return _starter(tmp_path, "dokuwiki", php=PHP, apache2="")


def test_the_wiki_keeps_what_people_have_set(wiki, tmp_path: Path) -> None:
    conf = tmp_path / "etc/dokuwiki"
    wiki(OSK_ORIGIN="https://a.example.org")
    users = (conf / "users.auth.php").read_text(encoding="utf-8")
    assert "verwaltung:hash$of/verwaltung-1:Verwaltung:verwaltung@example.org:user,admin\n" in users
    assert "redaktion:hash$of/redaktion-1:Redaktion:" in users
    assert "a.example.org" not in (conf / "local.php").read_text(encoding="utf-8")

    with (conf / "local.php").open("a", encoding="utf-8") as file:
        file.write("$conf['title'] = 'Handbuch';\n")
    (conf / "acl.auth.php").write_text("*\t@ALL\t1\n", encoding="utf-8")
    mine = (
        users.replace(":Verwaltung:", r":Amt\: Leitung:") + "erika:hash:Erika:e@example.org:user\n"
    )
    (conf / "users.auth.php").write_text(mine, encoding="utf-8")
    (tmp_path / "run/osk/verwaltung").write_text("verwaltung-2", encoding="utf-8")
    wiki(OSK_ORIGIN="https://b.example.org")

    users = (conf / "users.auth.php").read_text(encoding="utf-8")
    assert users == mine.replace("verwaltung-1", "verwaltung-2")
    assert "Handbuch" in (conf / "local.php").read_text(encoding="utf-8")
    assert (conf / "acl.auth.php").read_text(encoding="utf-8") == "*\t@ALL\t1\n"
    protected = (conf / "local.protected.php").read_text(encoding="utf-8")
    assert "'https://b.example.org'" in protected
    assert "a.example.org" not in protected


def test_the_wiki_has_demo_data_once_and_where_they_are_wanted(wiki, tmp_path: Path) -> None:
    pages = tmp_path / "var/lib/dokuwiki/data/pages/beispiel"
    wiki(OSK_DEMO="1")
    assert "erfunden" in (pages / "start.txt").read_text(encoding="utf-8")
    (pages / "start.txt").unlink()
    wiki(OSK_DEMO="1")
    assert not (pages / "start.txt").exists(), "what a tester deleted stays deleted"


def test_redmine_is_set_up_once(tmp_path: Path) -> None:
    for folder in ("etc/redmine/default", "run/osk", "data", "usr/share/redmine"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "run/osk/verwaltung").write_text("geheim", encoding="utf-8")
    start = _starter(tmp_path, "redmine", bundle=BUNDLE, puma="")

    for _time in range(2):
        start()

    told = (tmp_path / "told").read_text(encoding="utf-8")
    assert told.count("load_default_data") == 1
    assert [line for line in told.split() if line.startswith("first=") and line != "first="] == [
        "first=1",
        "first=0",
    ]
    script = (RECIPES / "redmine/start.sh").read_text(encoding="utf-8")
    once = script.partition("\n    if is_first\n")[2].partition("    end")[0]
    for setting in ("login_required", "self_registration", "mail_from"):
        assert f"Setting.{setting}" in once
        assert script.count(f"Setting.{setting}") == 1
