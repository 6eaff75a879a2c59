"""*Vollständige Akte*: the record, the original texts and files, the events and checksums, as one ZIP."""

from __future__ import annotations

import csv
import hashlib
import io
import logging
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from consulting import legal
from consulting import record as records
from consulting.models.files import FileState
from osk_portal.toolkit import clock
from osk_portal.toolkit.spreadsheets import plain_cell

if TYPE_CHECKING:
    from consulting.models import CaseFile
    from consulting.record import Record
    from sandbox.models import ReportFile

logger = logging.getLogger(__name__)

CHUNK: Final = 1024 * 1024
_IN_MEMORY: Final = 8 * CHUNK
# What no file system takes, and what would leave the folder into which it is unpacked.
_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,10}$")
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069<>:"/\\|?*]')


def build(
    record: Record, content: bytes, tested: Sequence[tuple[str, ReportFile]] = ()
) -> IO[bytes]:
    """An open file with the ZIP; ``content`` is the record as PDF.

    ``tested``: the files of test reports that the reader may have, each with the words for its booking; unlike
    the record they are not the same for everybody. A file whose content is gone, or no longer that of its
    SHA-256 sum, is left out, and a text in the ZIP names it: nobody shall take the rest for the whole.
    """
    with ExitStack() as stack:
        target = stack.enter_context(tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))
        _write(target, record, content, tested)
        target.seek(0)
        stack.pop_all()  # the response closes it
    return target


def _write(
    target: IO[bytes], record: Record, content: bytes, tested: Sequence[tuple[str, ReportFile]]
) -> None:
    folder = pgettext("folder", "files")
    of_tests = pgettext("folder", "test-reports")
    kept: list[tuple[str, str, CaseFile | ReportFile]] = [
        (folder, file.state_label, file) for file in record.files
    ]
    kept += [(of_tests, file.get_state_display(), file) for _words, file in tested]
    sums: list[tuple[str, str]] = []
    missing: list[str] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        put = _writer(archive, record, sums)
        put(_("record.pdf"), iter([content]))
        put(_("texts.txt"), iter([_texts(record).encode()]))
        put(_("events.csv"), iter([_events(record)]))
        # One count for all: no two files of the ZIP have the same name.
        for number, (place, state, file) in enumerate(kept, start=1):
            if file.state != FileState.CLEAN:
                missing.append(f"{file.name}: {state}")
            elif not _is_whole(file):
                logger.error("content of a file differs from its sum", extra={"file": file.pk})
                missing.append(_("%(name)s: the stored content is damaged") % {"name": file.name})
            else:
                put(
                    f"{place}/{number:02d}-{safe_name(file.name)}",
                    _chunks(file),
                )
        if tested:
            name = _("contents.txt")
            put(f"{of_tests}/{name}", iter([_of_tests(tested, len(record.files))]))
        if missing:
            lines = [_("These files are not contained:"), *missing]
            put(_("not-contained.txt"), iter(["\n".join(lines).encode()]))
        lines = [f"{digest}  {name}" for name, digest in sums]
        put(_("checksums.sha256"), iter(["\n".join([*lines, ""]).encode()]))


def safe_name(name: str) -> str:
    """``name`` as a file name on every system: no path, no control, no dot at the ends, not too long."""
    plain = _UNSAFE.sub("_", name)
    found = _ENDING.search(plain)
    ending = found[0] if found else ""
    return (plain.removesuffix(ending)[:80] + ending).strip(". ") or "_"


def _writer(
    archive: zipfile.ZipFile, record: Record, sums: list[tuple[str, str]]
) -> Callable[[str, Iterator[bytes]], None]:
    made = record.made_at.astimezone(clock.BERLIN)

    def put(name: str, chunks: Iterator[bytes]) -> None:
        entry = zipfile.ZipInfo(name, made.timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        digest = hashlib.sha256()
        with archive.open(entry, "w") as target:
            for chunk in chunks:
                digest.update(chunk)
                target.write(chunk)
        sums.append((name, digest.hexdigest()))

    return put


def _of_tests(tested: Sequence[tuple[str, ReportFile]], before: int) -> bytes:
    """Which file belongs to which test environment."""
    lines = [
        f"{number:02d} {file.name}: {words}"
        for number, (words, file) in enumerate(tested, start=before + 1)
    ]
    return "\n".join([*lines, ""]).encode()


def _is_whole(file: CaseFile | ReportFile) -> bool:
    digest = hashlib.sha256()
    try:
        for chunk in _chunks(file):
            digest.update(chunk)
    except FileNotFoundError:
        return False
    return digest.hexdigest() == file.sha256


def _chunks(file: CaseFile | ReportFile) -> Iterator[bytes]:
    with file.content.storage.open(file.content.name or "") as source:
        while chunk := source.read(CHUNK):
            yield chunk


def _texts(record: Record) -> str:
    """Everything that was said, as it was typed."""
    case = record.case
    parts = [record.title, "\n".join(f"{label}: {value}" for label, value in record.facts)]
    for entry in record.said:
        stamp = entry.at.astimezone(clock.BERLIN).isoformat(timespec="seconds")
        quoted = f"\n\n{_('Quoted text')}:\n{entry.quoted}" if entry.quoted else ""
        parts.append(f"---- {stamp} · {records.speaker(entry, case)}\n\n{entry.body}{quoted}")
        parts += [
            "\n".join(
                filter(
                    None,
                    (
                        records.recommendation_in_words(item),
                        item.reason,
                        records.uptake_in_words(item),
                    ),
                )
            )
            for item in entry.recommendations
        ]
        if entry.offers is not None:
            heading = _("All support offers for these solutions")
            lines = [heading, entry.offers.as_of, *records.offers_in_words(entry.offers)]
            parts.append("\n".join(lines))
        parts += [
            "\n".join(
                [str(s), s.text, *(f"{label}: {value}" for label, value in legal.in_words(s))]
            )
            for s in entry.citations
        ]
    for contact in record.contacts:
        stamp = contact.at.astimezone(clock.BERLIN).isoformat(timespec="seconds")
        parts.append("\n".join([f"{stamp} {contact.company}: {contact.what}", *contact.learnt]))
    return "\n\n".join(parts) + "\n"


def _events(record: Record) -> bytes:
    """With a byte order mark and semicolons: Excel and LibreOffice open it without questions."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";")
    writer.writerow([_("Date"), _("Event")])
    for moment, label in record.history:
        writer.writerow([plain_cell(moment), plain_cell(label)])
    return target.getvalue().encode("utf-8-sig")
