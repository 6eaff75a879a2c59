from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from osk_portal.embedded import postgres_home
from osk_portal.embedded.postgres import EmbeddedPostgres, throwaway_postgres
from osk_portal.embedded.processes import EmbeddedError, ProcessId
from osk_portal.embedded.service import PROJECT
from sandbox.backends.other_user import OtherUser

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root chooses whom the server runs as")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody can reach, with a name that needs care."""
    base = Path(tempfile.mkdtemp(prefix="osk test, "))
    base.chmod(0o755)
    yield base
    shutil.rmtree(base, ignore_errors=True)


def query(server: EmbeddedPostgres, text: str, database: str = "osk") -> str:
    with psycopg.connect(server.url(database), autocommit=True) as connection:
        row = connection.execute(text.encode()).fetchone()
        return str(row[0]) if row else ""


def do(server: EmbeddedPostgres, text: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(text.encode())


def owner_of(pid: int) -> int:
    return os.stat(f"/proc/{pid}").st_uid


def test_data_is_still_there_at_the_second_start(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "data") as server:
        do(server, "CREATE TABLE note (text text)")
        do(server, "INSERT INTO note VALUES ('Grüße')")
    assert not server.is_running

    with EmbeddedPostgres(open_folder / "data") as server:
        assert query(server, "SELECT text FROM note") == "Grüße"


def test_the_portal_is_no_superuser_but_can_do_what_it_needs(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "data", durable=False) as server:
        assert query(server, "SELECT current_user") == "osk"
        assert query(server, "SELECT usesuper FROM pg_user WHERE usename = 'osk'") == "False"
        for extension in ("pg_trgm", "unaccent", "btree_gist"):
            do(server, f"CREATE EXTENSION {extension}")
        do(server, "CREATE DATABASE test_osk")
        assert query(server, "SELECT 1", "test_osk") == "1"


def test_umlauts_are_letters(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "data", durable=False) as server:
        do(server, "CREATE EXTENSION pg_trgm")
        assert query(server, "SELECT lower('ÄÖÜ')") == "äöü"
        assert query(server, "SELECT cardinality(show_trgm('ü'))") == "2"


@pytest.mark.parametrize(("durable", "fsync"), [(True, "on"), (False, "off")])
def test_only_tests_are_careless(tmp_path: Path, durable: bool, fsync: str) -> None:
    with EmbeddedPostgres(tmp_path / "data", durable=durable) as server:
        assert query(server, "SHOW fsync") == fsync


def test_only_this_machine_and_user_reach_it(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "data", durable=False) as server:
        assert query(server, "SHOW listen_addresses") == ""
        sockets = Path(parse_qs(urlsplit(server.url()).query)["host"][0])
        assert sockets.stat().st_mode & 0o777 == 0o700
    assert not sockets.exists()


@as_root
def test_the_user_of_products_does_not_reach_it(open_folder: Path, settings: Any) -> None:
    """The server trusts who reaches its socket: a product that did would be its superuser."""
    products = OtherUser.find(settings.OSK_SANDBOX_USER)
    assert products is not None
    with EmbeddedPostgres(open_folder / "data", durable=False) as server:
        address = parse_qs(urlsplit(server.url()).query)["host"][0] + "/.s.PGSQL.5432"
        assert owner_of(server.pid) != products.uid
        assert not reaches(products, address)


def reaches(user: OtherUser, address: str) -> bool:
    """Whether a process of that user can open the socket."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(user.gid)
            os.setuid(user.uid)
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(address)
            code = 0
        except OSError:
            code = 1
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


def test_starting_and_stopping_twice_changes_nothing(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "data", durable=False)
    server.start()
    pid = server.pid
    server.start()
    assert server.pid == pid
    server.stop()
    server.stop()
    assert ProcessId.of(pid) is None


def test_the_address_is_the_same_after_a_restart(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "data", durable=False)
    with server:
        address = server.url()
    with server:
        assert server.url() == address
        server.kill()
        assert not server.is_running
        server.start()
        assert server.url() == address
        assert query(server, "SELECT 1") == "1"


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "data", durable=False) as server:
        with pytest.raises(EmbeddedError, match="already runs"):
            EmbeddedPostgres(tmp_path / "data").start()
        with pytest.raises(EmbeddedError, match="already runs"):
            EmbeddedPostgres(tmp_path / "data").discard()
        assert query(server, "SELECT 1") == "1"


def killed_run(folder: Path) -> ProcessId:
    """The server of a run that was killed with -9 and could not clean up."""
    code = (
        "import sys, pathlib, time; from osk_portal.embedded.postgres import EmbeddedPostgres;"
        "server = EmbeddedPostgres(pathlib.Path(sys.argv[1])); server.start();"
        "print(server.pid, flush=True); time.sleep(300)"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    with run:
        assert run.stdout is not None
        left = ProcessId.of(int(run.stdout.readline()))
        run.kill()
    assert left is not None
    assert left.is_alive
    return left


def test_the_server_of_a_killed_run_is_ended_by_the_next(tmp_path: Path) -> None:
    left = killed_run(tmp_path / "data")

    with EmbeddedPostgres(tmp_path / "data") as server:
        assert not left.is_alive
        assert query(server, "SELECT 1") == "1"


def test_throwaway_clusters_of_killed_runs_are_removed(tmp_path: Path) -> None:
    left = killed_run(tmp_path / "pg-killed")

    with throwaway_postgres(tmp_path) as server:
        assert not left.is_alive
        assert query(server, "SHOW fsync") == "off"
        assert [path.name for path in tmp_path.iterdir()] == [server.folder.name]
    assert list(tmp_path.iterdir()) == []


def test_a_stale_state_harms_nobody(tmp_path: Path) -> None:
    """After a reboot the pid in the state may belong to any process, and so may postmaster.pid."""
    folder = tmp_path / "data"
    with EmbeddedPostgres(folder, durable=False):
        state = json.loads((folder / "state.json").read_text())
        postmaster = (folder / "cluster" / "postmaster.pid").read_text()
    with subprocess.Popen(["sleep", "300"], start_new_session=True) as innocent:
        state["process"] = {"pid": innocent.pid, "started": "another boot/1"}
        (folder / "state.json").write_text(json.dumps(state))
        lines = [str(innocent.pid), *postmaster.splitlines()[1:]]
        (folder / "cluster" / "postmaster.pid").write_text("\n".join(lines) + "\n")

        with EmbeddedPostgres(folder, durable=False) as server:
            assert query(server, "SELECT 1") == "1"

        assert innocent.poll() is None
        innocent.kill()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"process": 7}'])
def test_a_damaged_state_file_does_not_stop_the_start(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.json").write_text(content)

    with EmbeddedPostgres(tmp_path, durable=False) as server:
        assert query(server, "SELECT 1") == "1"


def test_a_cut_short_initdb_is_begun_anew(tmp_path: Path) -> None:
    half = tmp_path / "cluster.new" / "base"
    half.mkdir(parents=True)

    with EmbeddedPostgres(tmp_path, durable=False) as server:
        assert query(server, "SELECT 1") == "1"


def test_data_of_another_major_version_is_refused_and_kept(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path, durable=False):
        pass
    version = tmp_path / "cluster" / "PG_VERSION"
    version.write_text("9\n")

    with pytest.raises(EmbeddedError, match="belongs to PostgreSQL 9") as raised:
        EmbeddedPostgres(tmp_path).start()

    assert "OSK_VAR" in str(raised.value)
    assert version.exists()


def test_a_server_that_does_not_come_up_shows_its_log(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path, durable=False):
        pass
    with (tmp_path / "cluster" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")

    server = EmbeddedPostgres(tmp_path)
    with pytest.raises(EmbeddedError, match="no_such_setting"):
        server.start()

    assert not server.is_running


@as_root
def test_root_runs_it_as_nobody_where_nobody_reaches_the_folder(open_folder: Path) -> None:
    nobody = postgres_home.nobody()
    binaries = postgres_home.Binaries.find()
    if nobody is None or not nobody.can_use(binaries, open_folder):
        pytest.skip("nobody cannot reach the binaries of this environment")

    with EmbeddedPostgres(open_folder / "data", durable=False) as server:
        assert owner_of(server.pid) == pwd.getpwnam("nobody").pw_uid


@as_root
def test_root_calls_itself_nobody_in_a_private_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    renamed = postgres_home.renamed_root()
    if renamed is None or not renamed.can_use(postgres_home.Binaries.find(), tmp_path):
        pytest.skip("no user namespaces on this machine")

    with EmbeddedPostgres(tmp_path / "data", durable=False) as server:
        assert owner_of(server.pid) == 0
        assert query(server, "SELECT 1") == "1"


@as_root
def test_without_user_namespaces_root_takes_a_copy_that_nobody_reaches(
    tmp_path: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr(postgres_home, "ROOT_HOME", open_folder)
    monkeypatch.setenv("PATH", "/bin/nothing")  # no unshare

    server = EmbeddedPostgres(tmp_path / "data", durable=False)
    with server:
        assert owner_of(server.pid) == pwd.getpwnam("nobody").pw_uid
        assert query(server, "SELECT 1") == "1"
    home = postgres_home.outside_home(server.folder)
    assert home.is_dir()

    server.discard()
    assert not home.exists()


@as_root
def test_a_cluster_changes_hands_when_root_can_no_longer_be_nobody(
    tmp_path: Path, open_folder: Path
) -> None:
    """The folder is made private between two runs."""
    with EmbeddedPostgres(open_folder / "data", durable=False) as server:
        do(server, "CREATE TABLE note (text text)")
    open_folder.chmod(0o700)

    with EmbeddedPostgres(open_folder / "data", durable=False) as server:
        assert query(server, "SELECT count(*) FROM note") == "0"
