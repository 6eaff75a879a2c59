"""Files of a case: taken, taken away, and swept up (product.md 1.1 (4))."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseEventKind
from consulting.models import CaseFile, CaseMessage, ConsultingRequest, FileState, StagedFile
from consulting.models.conversation import EDITABLE_FOR
from consulting.models.files import private_storage, random_name
from consulting.services import scanning
from consulting.services.common import locked, record
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock, uploads
from osk_portal.toolkit.transitions import TransitionNotAllowed

logger = logging.getLogger(__name__)

FOLDER = "consulting"
# A file is written before its row is there to be seen; younger ones are left alone.
SWEEP_AFTER = timedelta(days=1)
_MB = 1024 * 1024


def add_file(
    *,
    case_id: int,
    actor: User | None,
    name: str,
    data: bytes,
    message: CaseMessage | None = None,
    is_internal: bool = False,
    is_for_draft: bool = False,
) -> CaseFile:
    """Keep a file with the case, or with one of its messages. The same file twice is kept once.

    ``is_for_draft``: whoever brings it sees a draft; a request that was sent in the same moment is refused, so
    that nothing slips unseen into what the OSK reads. With a scanner the file is in quarantine first.
    Nobody as ``actor``: with a message of a Funktionspostfach only.

    Raises PermissionDenied, TransitionNotAllowed, and uploads.Refused, whose text is for people: the
    kind, the limits, or no room on the disk. Nothing of a refused file is left, no row and no content.
    """
    checked = uploads.check(name, data, most_bytes=settings.OSK_FILE_MOST_MB * _MB)
    path = ""
    try:
        with transaction.atomic():
            case = locked(case_id)
            if is_for_draft:
                _check_draft(case)
            by_osk = _side(actor, case, message, is_internal)
            twin = case.files.filter(
                message=message, is_internal=is_internal, name=checked.name, sha256=checked.sha256
            ).first()
            if twin:
                return twin
            check_limits(case, by_osk, [checked.size])
            path = write_content(data)
            kept = CaseFile.objects.create(
                case=case,
                message=message,
                uploaded_by=actor,
                by_osk=by_osk,
                is_internal=is_internal,
                name=checked.name,
                content=path,
                kind=checked.kind,
                size=checked.size,
                sha256=checked.sha256,
                state=scanning.first_state(),
                created_at=clock.now(),
            )
            _changed(case, CaseEventKind.FILE_ADDED, actor, kept)
            scanning.ring_for(kept)
            return kept
    except BaseException:
        # Also when the process is told to stop: the row is rolled back, so the content must go.
        if path:
            drop_content(path)
        raise


@transaction.atomic
def remove_file(*, case_id: int, actor: User, file_id: int, is_for_draft: bool = False) -> None:
    """By the author of a draft; later by whoever added it, as long as a text can be changed (5 minutes).

    What was sent stays: the other side relies on it. One that is gone already is no error. Raises
    PermissionDenied and TransitionNotAllowed.
    """
    case = locked(case_id)
    if is_for_draft:
        _check_draft(case)
    kept = case.files.filter(pk=file_id).first()
    if case.is_draft:
        if not permissions.is_author(actor, case):
            raise PermissionDenied("remove a file")
    elif kept is not None and kept.is_internal:
        if not permissions.can_note(actor, case):
            raise PermissionDenied("remove an internal file")
    elif not _may_speak(actor, case):
        raise PermissionDenied("remove a file")
    if kept is None:
        return
    if kept.proves.exists():
        raise TransitionNotAllowed(
            "remove_file", case.state, _("This file holds a consent. It stays with the request.")
        )
    if not case.is_draft:
        _check_removable(case, kept, actor)
    _changed(case, CaseEventKind.FILE_REMOVED, actor, kept)
    _forget(kept)


@transaction.atomic
def note_read(*, file: CaseFile, actor: User) -> None:
    """Who read a file of a confidential request is written down (product.md 1.5)."""
    if file.case.is_confidential and not file.case.is_draft:
        record(file.case, CaseEventKind.FILE_READ, actor, file=str(file.public_id))


def forget_files(case: ConsultingRequest) -> None:
    """Before a draft is deleted, within its transaction."""
    for kept in case.files.all():
        _forget(kept)


def sweep_files() -> int:
    """Remove contents without a row, left by a crash between disk and database. How many."""
    storage = private_storage()
    if not storage.exists(FOLDER):
        return 0
    limit = clock.now() - SWEEP_AFTER
    old = [
        path
        for path in (f"{FOLDER}/{name}" for name in storage.listdir(FOLDER)[1])
        if storage.get_modified_time(path) < limit
    ]
    known = {
        *CaseFile.objects.filter(content__in=old).values_list("content", flat=True),
        *StagedFile.objects.filter(content__in=old).values_list("content", flat=True),
    }
    orphans = [path for path in old if path not in known]
    for path in orphans:
        storage.delete(path)
    if orphans:
        logger.warning("consulting: contents without a row removed", extra={"files": len(orphans)})
    return len(orphans)


def _side(
    actor: User | None, case: ConsultingRequest, message: CaseMessage | None, is_internal: bool
) -> bool:
    """Is it a file of the OSK? Raises unless ``actor`` may add it now."""
    if actor is None:
        if is_internal or message is None or message.mailbox_of_id is None:
            raise PermissionDenied("add a file without a person")
        if message.case_id != case.pk:
            raise PermissionDenied("attach to this message")
        return False
    if message is not None and (
        message.case_id != case.pk
        or message.author_id != actor.pk
        or message.is_internal != is_internal
    ):
        raise PermissionDenied("attach to this message")
    if is_internal:
        if not permissions.can_note(actor, case):
            raise PermissionDenied("add an internal file")
        return True
    if case.is_draft:
        if not permissions.is_author(actor, case):
            raise PermissionDenied("add a file")
        return False
    if not _may_speak(actor, case):
        raise PermissionDenied("add a file")
    if message is None and not case.takes_messages:
        raise TransitionNotAllowed("add_file", case.state, _("This request takes no more files."))
    return message.by_osk if message else not permissions.is_requester_side(actor, case)


def _check_draft(case: ConsultingRequest) -> None:
    if not case.is_draft:
        raise TransitionNotAllowed(
            "add_file",
            case.state,
            _("This request was sent already. Please write a message instead."),
        )


def _check_removable(case: ConsultingRequest, kept: CaseFile, actor: User) -> None:
    if kept.uploaded_by_id != actor.pk:
        raise PermissionDenied("remove a file of somebody else")
    is_over = not case.takes_messages and not kept.is_internal
    if is_over or kept.state == FileState.INFECTED or kept.created_at + EDITABLE_FOR < clock.now():
        raise TransitionNotAllowed(
            "remove_file", case.state, _("This file was sent and cannot be taken away any more.")
        )


def _may_speak(actor: User, case: ConsultingRequest) -> bool:
    return permissions.can_message(actor, case)


def check_limits(case: ConsultingRequest, by_osk: bool, added: Iterable[int]) -> None:
    """May files of the sizes ``added`` come to those of the same side? Raises uploads.Refused.

    Each side has room of its own: what the OSK adds takes nothing from the authority. Under the lock of the
    case: two uploads at once never pass the limits together.
    """
    sizes = list(added)
    files = case.files.filter(by_osk=by_osk).exclude(content="")
    if files.count() + len(sizes) > settings.OSK_FILES_MOST:
        raise uploads.Refused(
            _("Your side of a request holds %(limit)s files at most. Remove one first.")
            % {"limit": settings.OSK_FILES_MOST}
        )
    total = files.aggregate(total=Sum("size"))["total"] or 0
    if total + sum(sizes) > settings.OSK_FILES_MOST_MB * _MB:
        raise uploads.Refused(
            _("All files of your side together are %(limit)s MB at most. Remove one first.")
            % {"limit": settings.OSK_FILES_MOST_MB}
        )


def write_content(data: bytes) -> str:
    """The path under which ``data`` is kept now. Raises uploads.Refused when the disk is full."""
    storage = private_storage()
    path = random_name(None, "")
    try:
        return storage.save(path, ContentFile(data))
    except OSError as error:
        # The answer is for the person; the disk is for the operator.
        logger.error("consulting: a file cannot be kept", exc_info=error)
        storage.delete(path)  # what was written before the disk was full
        raise uploads.Refused(
            _("We cannot keep files at the moment. Please try again later.")
        ) from error


def drop_content(path: str) -> None:
    private_storage().delete(path)


def _changed(
    case: ConsultingRequest, kind: CaseEventKind, actor: User | None, kept: CaseFile
) -> None:
    """A sent case gets an event; a draft that is worked on lives longer."""
    if case.is_draft:
        case.updated_at = clock.now()
        case.expiry_announced_at = None
        case.save(update_fields=["updated_at", "expiry_announced_at"])
    else:
        record(case, kind, actor, file=str(kept.public_id), internal=kept.is_internal)


def _forget(kept: CaseFile) -> None:
    """The row now, the content when that is certain."""
    path = kept.content.name
    kept.delete()
    if path:
        transaction.on_commit(lambda: drop_content(path))
