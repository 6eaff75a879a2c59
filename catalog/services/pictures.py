"""Logos and screenshots that the entries' files name: which ones, fetched again every night, described, blocked."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import forges
from catalog.documents import Json
from catalog.enums import PictureKind, PictureProblem
from catalog.grants import WORDINGS
from catalog.models import Picture, Solution, SolutionEvent
from catalog.permissions import can_block_pictures, can_describe_pictures
from catalog.pictures import files
from catalog.pictures.files import Drawn
from catalog.services import fetching
from catalog.services.fetching import Fetched, Found
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.outbound import OutboundError, Trouble
from osk_portal.toolkit.transitions import TransitionNotAllowed

logger = logging.getLogger(__name__)

MOST_SCREENSHOTS: Final = 8
LONGEST_SOURCE: Final = 500
FIRST_PAUSE: Final = timedelta(hours=1)
LONGEST_PAUSE: Final = timedelta(days=7)
PATIENCE: Final = timedelta(days=3)
"""So long a picture that is gone is still shown: a server may be down for a weekend."""
CHANGED: Final = gettext_lazy(
    "The picture has changed meanwhile. Look at it, check your text and save it once more."
)


class PictureChanged(TransitionNotAllowed):
    """A text is for a picture that is not there any more."""


def named(document: Json) -> list[tuple[PictureKind, str]]:
    """The pictures that a document names, each once: the logo, then screenshots, the German ones first."""
    logo = document.get("logo") or document.get("monochromeLogo")
    found = [(PictureKind.LOGO, logo)] if _is_usable(logo) else []
    described: dict[str, Json] = document.get("description") or {}
    tags = sorted(described, key=lambda tag: (not tag.lower().startswith("de"), tag != "en", tag))
    shots = [shot for tag in tags for shot in described[tag].get("screenshots") or ()]
    usable = dict.fromkeys(shot for shot in shots if _is_usable(shot))
    return found + [(PictureKind.SCREENSHOT, shot) for shot in list(usable)[:MOST_SCREENSHOTS]]


def _is_usable(source: object) -> bool:
    return isinstance(source, str) and 0 < len(source) <= LONGEST_SOURCE and "\0" not in source


def match_pictures(solution: Solution) -> None:
    """Give every picture that the document names a row that is due, and take away the others.

    A blocked one stays, so that it is still blocked when it is named again. The caller has locked the entry.
    """
    wanted = {key: place for place, key in enumerate(named(solution.document))}
    present = {(p.kind, p.source): p for p in solution.pictures.all()}
    gone = [p.pk for key, p in present.items() if key not in wanted and not p.is_blocked]
    if gone:
        Picture.objects.filter(pk__in=gone).delete()
    for key, place in wanted.items():
        if key not in present:
            kind, source = key
            former = {p.position: p for p in present.values() if p.pk in gone and p.kind == kind}
            Picture.objects.create(
                solution=solution,
                kind=kind,
                source=source,
                position=place,
                # Of a file that has only moved the text is still right.
                alt=former[place].alt if place in former else "",
                described_digest=former[place].described_digest if place in former else "",
            )
        elif present[key].position != place:
            Picture.objects.filter(pk=present[key].pk).update(position=place)
    if present:
        _repeat(solution)


def _repeat(solution: Solution) -> None:
    """What pages and formats show stands with the entry: no list asks for pictures."""
    wanted = named(solution.document)
    shown = [
        _as_shown(picture)
        for picture in solution.pictures.all().order_by("position", "pk")
        if picture.is_shown and (picture.kind, picture.source) in wanted
    ]
    if shown != solution.shown_pictures:
        solution.shown_pictures = shown
        solution.updated_at = clock.now()
        Solution.objects.filter(pk=solution.pk).update(
            shown_pictures=shown, updated_at=solution.updated_at
        )


def _as_shown(picture: Picture) -> dict[str, Any]:
    return {
        "kind": picture.kind,
        "digest": picture.digest,
        "width": picture.width,
        "height": picture.height,
        "is_light": picture.is_light,
        "alt": picture.alt,
    }


def run(picture_id: int) -> bool:
    """Fetch and draw a picture, if it is due and nobody else is at it. Whether there is an outcome."""
    picture = fetching.claim(Picture.objects.fetched(), picture_id)
    if picture is None:
        return False
    urls = forges.picture(picture.solution.document.get("url") or "", picture.source)
    try:
        fetched = fetching.fetch_first(
            urls,
            file_url=picture.file_url,
            etag=picture.etag,
            last_modified=picture.last_modified,
            most_bytes=files.MOST_BYTES,
        )
    except OutboundError as error:
        is_large = error.trouble is Trouble.TOO_LARGE
        logger.info("picture failed", extra={"host": error.host, "why": error.trouble.value})
        return _conclude(
            picture, PictureProblem.TOO_LARGE if is_large else PictureProblem.NOT_FOUND
        )
    if fetched.found is Found.NOTHING:
        return _conclude(picture, PictureProblem.NOT_FOUND)
    if fetched.found is Found.UNCHANGED:
        return _conclude(picture, fetched)
    drawn = files.draw(picture.kind, fetched.body)
    if isinstance(drawn, PictureProblem):
        return _conclude(picture, drawn)
    files.keep(drawn)
    return _conclude(picture, fetched, drawn)


@transaction.atomic
def _conclude(
    claimed: Picture, outcome: Fetched | PictureProblem, drawn: Drawn | None = None
) -> bool:
    """Locks the entry, then the picture, as ``write_document`` does."""
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=claimed.solution_id)
    picture = fetching.mine(Picture.objects.filter(is_blocked=False), claimed)
    if picture is None:
        return False
    picture.lease_token = None
    picture.leased_until = None
    if isinstance(outcome, PictureProblem):
        _fail(picture, outcome)
    else:
        _succeed(picture, outcome, drawn)
    picture.save()
    _repeat(solution)
    return True


def _succeed(picture: Picture, fetched: Fetched, drawn: Drawn | None) -> None:
    now = clock.now()
    picture.attempts = 0
    picture.fetched_at = now
    picture.problem = ""
    picture.failing_since = None
    picture.next_attempt_at = fetching.next_night(picture.pk)
    if drawn is not None:
        picture.digest = drawn.digest
        picture.width, picture.height = drawn.width, drawn.height
        picture.is_light = drawn.is_light
        picture.file_url = fetched.url
        picture.etag = fetched.etag
        picture.last_modified = fetched.last_modified


def _fail(picture: Picture, problem: PictureProblem) -> None:
    """Later and later. What is there and no picture any more goes at once, what is gone after some days."""
    now = clock.now()
    picture.problem = problem
    picture.failing_since = picture.failing_since or now
    pause = FIRST_PAUSE * 2 ** min(picture.attempts - 1, 10)
    picture.next_attempt_at = now + min(pause, LONGEST_PAUSE)
    if problem is not PictureProblem.NOT_FOUND or now - picture.failing_since >= PATIENCE:
        _empty(picture)


def _empty(picture: Picture) -> None:
    picture.digest = picture.file_url = picture.etag = picture.last_modified = ""
    picture.width = picture.height = 0


@transaction.atomic
def describe_pictures(
    solution_id: int,
    *,
    texts: dict[str, str],
    seen: Mapping[str, str],
    actor: User,
    wording: str = "",
) -> bool:
    """Write the alternative texts of screenshots, by the pictures' public ids.

    ``seen``: the digests of the pictures that the author saw; ``wording``: the version of the words by which the
    author has put the texts under CC0, it stands in the event. Returns whether anything changed. Raises
    TransitionNotAllowed for somebody who may not, and without the grant that texts of others than the OSK need;
    PictureChanged where a text was written for another picture than the one that is there now.
    """
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)
    if not can_describe_pictures(actor, solution):
        raise TransitionNotAllowed("describe", solution.state)
    changed = []
    is_written = False
    screenshots = solution.pictures.filter(kind=PictureKind.SCREENSHOT, is_blocked=False)
    for picture in screenshots.select_for_update(of=("self",)):
        text = texts.get(str(picture.public_id))
        if text and seen.get(str(picture.public_id)) != picture.digest:
            raise PictureChanged("describe", solution.state, str(CHANGED))
        if text is None or not picture.digest:
            continue
        written = (text, picture.digest if text else "")
        if written != (picture.alt, picture.described_digest):
            picture.alt, picture.described_digest = written
            picture.save(update_fields=["alt", "described_digest"])
            changed.append(str(picture.public_id))
            is_written |= bool(text)
    if is_written and not actor.is_advisor and wording not in WORDINGS:
        raise TransitionNotAllowed(
            "describe", solution.state, _("Release your texts under CC0 1.0.")
        )
    if changed:
        granted = {"wording": wording} if is_written and wording else {}
        _note(solution, "pictures_described", actor, pictures=changed, **granted)
        _repeat(solution)
    return bool(changed)


@transaction.atomic
def block_picture(picture_id: int, *, is_blocked: bool, actor: User) -> SolutionEvent:
    """Take a picture out of the portal, for example because somebody else has the rights; or allow it again.

    A blocked one is not fetched any more and keeps no file. Raises TransitionNotAllowed for who may not, and
    where it is so already.
    """
    solution_id = Picture.objects.values_list("solution_id", flat=True).get(pk=picture_id)
    solution = Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)
    picture = Picture.objects.select_for_update(of=("self",)).filter(pk=picture_id).first()
    if picture is None or not can_block_pictures(actor) or picture.is_blocked == is_blocked:
        raise TransitionNotAllowed("block", "")
    picture.is_blocked = is_blocked
    picture.next_attempt_at = clock.now()
    picture.lease_token = picture.leased_until = None
    picture.problem = ""
    _empty(picture)
    picture.save()
    kind = "picture_blocked" if is_blocked else "picture_allowed"
    event = _note(solution, kind, actor, pictures=[str(picture.public_id)])
    _repeat(solution)
    return event


def _note(
    solution: Solution, kind: str, actor: User, *, pictures: list[str], **more: str
) -> SolutionEvent:
    data = {"pictures": pictures, **more}
    return SolutionEvent.objects.create(solution=solution, kind=kind, actor=actor, data=data)


def ensure_pictures() -> int:
    """Entries that were there before their pictures were looked after get rows. How many entries."""
    without = Solution.objects.published().filter(pictures=None).order_by("pk")
    made = 0
    for pk, document in without.values_list("pk", "document").iterator():
        if not named(document):
            continue
        with transaction.atomic():
            match_pictures(Solution.objects.select_for_update(of=("self",)).get(pk=pk))
        made += 1
    return made


def forget_files() -> int:
    """Delete files that no picture has any more. How many."""
    used = set(Picture.objects.exclude(digest="").values_list("digest", flat=True))
    return files.forget(used)
