"""What people take along, and what an environment begins with: the same of every engine that can."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tarfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.backends import process_reading
from sandbox.backends.base import Exporting, Permanent, Retryable
from sandbox.backends.collecting import Collector, EnoughError, Reason, take_tar
from sandbox.backends.process import ProcessBackend
from sandbox.spec import EnvSpec, ExportPath, FileSpec
from tests.conformance.conftest import Engine, make_spec, reference


def with_data(spec: EnvSpec) -> EnvSpec:
    """The same product, with something in it to take along and something that stays."""
    web = spec.components[0]
    base = "/data/" if web.image else ""
    seed = (
        FileSpec(f"{base}notes/a.txt", "port ${port.web}"),
        FileSpec(f"{base}notes/deep/b.txt", "zwei"),
        FileSpec(f"{base}other.txt", "bleibt hier"),
    )
    export = (ExportPath(web.name, f"{base}notes", "Notizen"),)
    return replace(spec, components=(replace(web, seed=seed), *spec.components[1:]), export=export)


@contextlib.contextmanager
def collected(
    *, most_bytes: int = 10_000, most_files: int = 100, seconds: float = 30
) -> Iterator[tuple[Collector, io.BytesIO]]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        yield (
            Collector(archive, most_bytes, most_files, time.monotonic() + seconds),
            buffer,
        )


def taken(engine: Engine, spec: EnvSpec, **limits: int) -> tuple[dict[str, bytes], Collector]:
    with collected(**limits) as (into, buffer):
        engine.backend.export(engine.ref, spec, into)
    with zipfile.ZipFile(buffer) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}, into


@pytest.fixture
def exporting(engine: Engine) -> Engine:
    if not isinstance(engine.backend, Exporting):
        pytest.skip("nothing can be taken along from this engine")
    return engine


def test_what_is_named_is_taken_and_nothing_else_and_twice_is_the_same(exporting: Engine) -> None:
    spec = with_data(exporting.spec)
    before = exporting.ensure(spec=spec)

    files, into = taken(exporting, spec)

    assert sorted(Path(name).name for name in files) == ["a.txt", "b.txt"]
    assert all(name.startswith("web/") for name in files)
    assert into.left_out == []
    assert taken(exporting, spec)[0] == files
    found = exporting.backend.observe(exporting.ref)
    assert (found.state, found.items) == (before.state, before.items)


def test_over_the_limit_it_is_left_out_and_told(exporting: Engine) -> None:
    spec = with_data(exporting.spec)
    exporting.ensure(spec=spec)

    files, into = taken(exporting, spec, most_files=1)
    assert (len(files), into.files) == (1, 1)
    assert [reason for _name, reason in into.left_out] == [Reason.TOO_MANY]

    files, into = taken(exporting, spec, most_bytes=5)
    assert [Path(name).name for name in files] in ([], ["b.txt"])
    assert into.size <= 5
    assert into.left_out_count >= 1


def test_of_what_is_not_there_and_of_others_nothing_is_taken(exporting: Engine) -> None:
    spec = with_data(exporting.spec)
    with pytest.raises(Permanent):
        taken(exporting, spec)
    foreign = replace(exporting.ref, instance="elsewhere")
    exporting.ensure(foreign, spec=spec)
    with pytest.raises(Permanent):
        taken(exporting, spec)


def test_who_does_not_reach_the_engine_is_told_to_come_again(exporting: Engine) -> None:
    if exporting.away is None:
        pytest.skip("this engine cannot be away")
    away = replace(exporting, backend=exporting.away())
    with pytest.raises(Retryable):
        taken(away, with_data(exporting.spec))


# Archives


def archive_of(**files: int) -> list[bytes]:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, size in files.items():
            entry = tarfile.TarInfo(f"data/{name}")
            entry.size = size
            tar.addfile(entry, io.BytesIO(bytes(size)))
    whole = made.getvalue()
    return [whole[at : at + 65536] for at in range(0, len(whole), 65536)]


def test_a_file_that_a_limit_cuts_off_is_no_entry_and_named() -> None:
    most = 900_000
    chunks = archive_of(first=1000, passed_over=3_200_000, cut=800_000)
    with collected(most_bytes=most) as (into, buffer), pytest.raises(EnoughError):
        take_tar(chunks, into, component="web", folder="/data", wanted=["/data/first", "/data/cut"])
    with zipfile.ZipFile(buffer) as archive:
        assert archive.namelist() == ["web/data/first"]
    assert (into.files, into.size) == (1, 1000)
    assert into.left_out == [("web/data/cut", Reason.REST)]


def test_where_the_time_ends_in_a_file_it_is_tried_again() -> None:
    def slow(into: Collector) -> Iterator[bytes]:
        for number, chunk in enumerate(archive_of(large=600_000)):
            if number == 5:
                into.until = 0
            yield chunk

    with collected(most_bytes=900_000) as (into, buffer), pytest.raises(Retryable):
        take_tar(slow(into), into, component="web", folder="/data", wanted=["/data"])
    with zipfile.ZipFile(buffer) as archive:
        assert archive.namelist() == []


def test_a_file_that_shrank_is_left_out() -> None:
    with collected() as (into, buffer):
        into.add("web", "short", 10, [b"x" * 9])
        into.add("web", "whole", 10, [b"x" * 10])
    with zipfile.ZipFile(buffer) as archive:
        assert archive.namelist() == ["web/whole"]
    assert into.left_out == [("web/short", Reason.UNREADABLE)]


def test_a_file_may_be_as_large_as_the_limit_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """From 2 GiB on an entry needs another form."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    with collected() as (into, buffer):
        into.add("web", "large", 5000, [os.urandom(5000)])
    with zipfile.ZipFile(buffer) as archive:
        assert archive.testzip() is None
        assert archive.getinfo("web/large").file_size == 5000


# Programs


def home_of(backend: ProcessBackend) -> Path:
    label = backend._root / reference().name / "label.json"
    return Path(json.loads(label.read_text())["home"])


@pytest.fixture
def programs(process_backend: ProcessBackend) -> Engine:
    return Engine(process_backend, reference(), with_data(make_spec()))


def test_a_seed_is_written_once_and_what_people_change_of_it_stays(programs: Engine) -> None:
    programs.ensure()
    home = home_of(programs.backend)
    first = (home / "notes/a.txt").read_text()
    assert first.startswith("port ")
    assert first[5:].isdigit(), "placeholders are filled"

    (home / "notes/a.txt").write_text("geändert")
    (home / "other.txt").unlink()
    programs.backend.halt(programs.ref)
    programs.ensure()

    assert (home / "notes/a.txt").read_text() == "geändert"
    assert not (home / "other.txt").exists()
    programs.backend.destroy(programs.ref)
    programs.ensure()
    assert (home / "other.txt").exists(), "a new environment begins anew"


def test_hostile_files_of_a_program_lead_nowhere(programs: Engine, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("GEHEIM")
    programs.ensure()
    notes = home_of(programs.backend) / "notes"
    (notes / "link.txt").symlink_to(secret)
    (notes / "folder").symlink_to(tmp_path)
    os.mkfifo(notes / "fifo")
    with (notes / "huge").open("wb") as file:
        file.truncate(10**12)
    (notes / "a\\..\\b.txt").write_text("x")
    (notes / "CON:x").write_text("x")
    os.close(os.open(os.fsencode(notes) + b"/\xff", os.O_CREAT | os.O_WRONLY))
    deep = notes
    for _level in range(70):
        deep = deep / "d"
        deep.mkdir()

    files, into = taken(programs, programs.spec)

    assert sorted(Path(name).name for name in files) == ["a.txt", "b.txt"]
    assert b"GEHEIM" not in b"".join(files.values())
    reasons = [reason for _name, reason in into.left_out]
    assert sorted(reasons) == sorted(
        [*[Reason.LINK] * 2, *[Reason.SPECIAL] * 2, Reason.TOO_LARGE, *[Reason.NAME] * 3]
    )
    assert all(name.isprintable() for name, _reason in into.left_out)


def test_a_folder_that_became_a_link_is_missing(programs: Engine, tmp_path: Path) -> None:
    (tmp_path / "away").mkdir()
    (tmp_path / "away/x.txt").write_text("GEHEIM")
    programs.ensure()
    notes = home_of(programs.backend) / "notes"
    notes.rename(notes.parent / "gone")
    notes.symlink_to(tmp_path / "away")

    files, into = taken(programs, programs.spec)

    assert files == {}
    assert into.left_out == [("web/notes", Reason.LINK)]


def test_a_link_on_the_way_to_what_is_named_is_missing_too(programs: Engine) -> None:
    programs.ensure()
    notes = home_of(programs.backend) / "notes"
    notes.rename(notes.parent / "gone")
    notes.symlink_to("gone")
    below = replace(programs.spec, export=(ExportPath("web", "notes/deep", "Notizen"),))

    files, into = taken(programs, below)

    assert files == {}
    assert into.left_out == [("web/notes/deep", Reason.MISSING)]


def test_a_reader_that_says_what_no_number_holds_is_not_believed(
    programs: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    liar = tmp_path / "reader.py"
    told = '{"path": "a", "kind": "file", "size": Infinity, "changed": 0}'
    liar.write_text(f"import sys\nsys.stdin.read()\nprint({told!r}, flush=True)\n")
    programs.ensure()
    monkeypatch.setattr(process_reading.reader, "__file__", str(liar))

    with pytest.raises(Retryable), collected() as (into, _buffer):
        programs.backend.export(programs.ref, programs.spec, into)


def test_a_reader_that_is_stopped_does_not_hold_the_portal(
    programs: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs of the same user can do that to it."""
    sleeper = tmp_path / "reader.py"
    sleeper.write_text("import sys, time\nsys.stdin.read()\ntime.sleep(600)\n")
    programs.ensure()
    monkeypatch.setattr(process_reading.reader, "__file__", str(sleeper))

    with pytest.raises(Retryable), collected(seconds=1) as (into, _buffer):
        programs.backend.export(programs.ref, programs.spec, into)
