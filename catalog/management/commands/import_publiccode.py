"""Takes publiccode.yml files into the catalog: files, folders, repositories, and lists of repositories."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalog import forges, importing, repositories
from catalog.importing import Status
from catalog.models import RepositoryAlias
from catalog.services import fetching
from catalog.services.fetching import Found
from osk_portal.toolkit.outbound import OutboundError


class Refused(Exception):
    """Nothing can be taken in; ``str(error)`` says why."""


class Command(BaseCommand):
    help = (
        "Imports publiccode.yml files, folders of them and repositories (by their https address), leniently: what is"
        " usable is taken, errors are kept on the entry. Valid entries are published, incomplete ones wait as drafts."
        " What was decided in the catalog stays. A second run changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "wanted", nargs="*", metavar="WHAT", help="A file, a folder, or an https address."
        )
        parser.add_argument(
            "--list",
            type=Path,
            metavar="FILE",
            help="A text file with one of them a line; lines that begin with # are left out.",
        )
        parser.add_argument("--draft", action="store_true", help="Publish nothing.")
        parser.add_argument(
            "--publish-incomplete", action="store_true", help="Publish entries with errors too."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["draft"] and options["publish_incomplete"]:
            raise CommandError("--draft and --publish-incomplete exclude each other.")
        sources: list[Path | str] = []
        for wanted in [*options["wanted"], *_lines(options["list"])]:
            if wanted.startswith("https://"):
                sources.append(wanted)
                continue
            path = Path(wanted)
            if not path.exists():
                raise CommandError(f"{path} does not exist.")
            sources += importing.files_in(path)
        if not sources:
            raise CommandError("No .yml or .yaml file and no https address found.")
        counts: Counter[str] = Counter()
        for source in sources:
            counts.update(self._import(source, options))
        self.stdout.write(
            f"{len(sources)} files: {counts[Status.CREATED]} created, {counts[Status.CHANGED]} changed, "
            f"{counts[Status.UNCHANGED]} unchanged, {counts[Status.REFUSED]} refused; "
            f"{counts['incomplete']} incomplete, {counts['draft']} waiting as drafts"
        )

    def _import(self, source: Path | str, options: dict[str, Any]) -> list[str]:
        try:
            data = _fetched(source) if isinstance(source, str) else importing.read_file(source)
        except (OSError, Refused) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            self.stdout.write(f"{Status.REFUSED} {source}: {why}")
            return [Status.REFUSED]
        outcome = importing.import_publiccode(
            data,
            publish=not options["draft"],
            publish_incomplete=options["publish_incomplete"],
        )
        line = f"{outcome.status} {source}"
        if outcome.solution is not None:
            line += f" -> {outcome.solution.slug}"
        if outcome.errors:
            first = next(f for f in outcome.findings if f.type == "error")
            line += f" ({outcome.errors} errors; first: {first.key or 'file'}: {first.description})"
        self.stdout.write(line)
        if outcome.solution is None:
            return [outcome.status]
        marks = [outcome.status.value]
        if outcome.solution.is_incomplete:
            marks.append("incomplete")
        if not outcome.solution.is_published:
            marks.append("draft")
        return marks


def _lines(path: Path | None) -> Iterator[str]:
    if path is None:
        return
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read as text.") from error
    for line in text.splitlines():
        if (wanted := line.strip()) and not wanted.startswith("#"):
            yield wanted


def _fetched(address: str) -> bytes:
    """The file of a repository, as it is fetched every night. Raises Refused; a technical fork is none of ours."""
    try:
        place = forges.find(address)
        fetched = fetching.fetch(place.repository)
    except forges.NotARepository as error:
        raise Refused("no address of a repository") from error
    except OutboundError as error:
        raise Refused(f"no answer that can be used ({error.trouble.value})") from error
    if fetched.found is not Found.FILE:
        hosts = ", ".join(settings.OSK_FETCH_HOSTS)
        raise Refused(
            f"no publiccode.yml there, or the host is not asked (OSK_FETCH_HOSTS: {hosts})"
        )
    document = importing.read_document(fetched.body, repository=place.repository).document
    named = repositories.normalise(document.get("url") or "")
    is_former = RepositoryAlias.objects.filter(repository_url=place.identity).exists()
    if named not in (None, place.identity) and not is_former:
        raise Refused(f"a fork: its file names {document['url']}")
    return fetched.body
