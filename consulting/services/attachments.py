"""Files that come with a text: kept with the form until it is sent, then part of what was said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseEventKind
from consulting.models import (
    CaseFile,
    CaseMessage,
    CaseResult,
    ConsultingRequest,
    StagedFile,
)
from consulting.services import scanning
from consulting.services.common import is_said, locked, record
from consulting.services.files import check_limits, drop_content, write_content
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock, uploads
from osk_portal.toolkit.transitions import TransitionNotAllowed

KEPT: Final = timedelta(days=1)
# An older form of the same person in the same case is taken for given up when room is needed.
_GIVEN_UP: Final = timedelta(hours=1)


def stage_file(
    *,
    case_id: int,
    actor: User,
    form_id: UUID,
    name: str,
    data: bytes,
    is_internal: bool = False,
) -> StagedFile | None:
    """Keep a file with a form that is not sent yet; the same one twice is kept once.

    None when the form was sent already. Raises PermissionDenied, TransitionNotAllowed, and uploads.Refused,
    whose text is for people. Nothing of a refused file is left.
    """
    checked = uploads.check(name, data, most_bytes=settings.OSK_FILE_MOST_MB * 1024 * 1024)
    path = ""
    try:
        with transaction.atomic():
            case = locked(case_id)
            by_osk = _side(actor, case, is_internal)
            if is_said(case, actor, form_id):
                return None
            mine = case.staged_files.filter(owner=actor)
            twin = mine.filter(form_id=form_id, name=checked.name, sha256=checked.sha256).first()
            if twin:
                return twin
            _make_room(case, by_osk, mine, form_id, checked.size)
            path = write_content(data)
            return StagedFile.objects.create(
                case=case,
                owner=actor,
                form_id=form_id,
                is_internal=is_internal,
                name=checked.name,
                content=path,
                kind=checked.kind,
                size=checked.size,
                sha256=checked.sha256,
                created_at=clock.now(),
            )
    except BaseException:
        if path:
            drop_content(path)
        raise


@transaction.atomic
def unstage_file(*, case_id: int, actor: User, form_id: UUID, public_id: UUID) -> None:
    """Take a file out of one's own form. One that is gone already is no error."""
    case = locked(case_id)
    _forget(case.staged_files.filter(owner=actor, form_id=form_id, public_id=public_id))


def attach_staged(
    case: ConsultingRequest,
    actor: User,
    form_id: UUID | None,
    *,
    message: CaseMessage | None = None,
    result: CaseResult | None = None,
) -> None:
    """What came with the form belongs to ``message`` or ``result`` now, which ``actor`` has just written.

    Within the caller's transaction, under the lock of the case. Raises uploads.Refused when others have used up
    the room meanwhile.
    """
    if form_id is None:
        return
    is_internal = message is not None and message.is_internal
    # A public text never takes along what was put into an internal form, nor the other way round.
    staged = list(case.staged_files.filter(owner=actor, form_id=form_id, is_internal=is_internal))
    by_osk = message.by_osk if message else True
    if staged:
        check_limits(case, by_osk, [file.size for file in staged])
    for file in staged:
        kept = CaseFile.objects.create(
            case=case,
            message=message,
            result=result,
            uploaded_by=actor,
            by_osk=by_osk,
            is_internal=is_internal,
            name=file.name,
            content=file.content.name,
            kind=file.kind,
            size=file.size,
            sha256=file.sha256,
            state=scanning.first_state(),
        )
        file.delete()  # the row; its content is the kept file's now
        record(
            case,
            CaseEventKind.FILE_ADDED,
            actor,
            file=str(kept.public_id),
            internal=kept.is_internal,
        )
        scanning.ring_for(kept)


@transaction.atomic
def forget_staged() -> int:
    """Files of forms that nobody has sent for a day. How many."""
    return _forget(StagedFile.objects.filter(created_at__lt=clock.now() - KEPT))


@transaction.atomic
def forget_staged_of(person: User) -> int:
    """Files of forms that ``person`` has not sent, who leaves the portal. How many."""
    return _forget(StagedFile.objects.filter(owner=person))


def _side(actor: User, case: ConsultingRequest, is_internal: bool) -> bool:
    """Is it a form of the OSK? Raises unless ``actor`` may write here now."""
    if is_internal:
        if not permissions.can_note(actor, case):
            raise PermissionDenied("add an internal file")
        return True
    if case.is_draft or not permissions.can_message(actor, case):
        raise PermissionDenied("add a file")
    if not case.takes_messages:
        raise TransitionNotAllowed("add_file", case.state, _("This request takes no more files."))
    return not permissions.is_requester_side(actor, case)


def _make_room(
    case: ConsultingRequest,
    by_osk: bool,
    mine: models.QuerySet[StagedFile],
    form_id: UUID,
    size: int,
) -> None:
    """May a file of ``size`` come to ``mine``? Raises uploads.Refused.

    Only where there is no room otherwise, other forms that are taken for given up lose their files: somebody
    may have left one open over lunch.
    """
    try:
        check_limits(case, by_osk, [*mine.values_list("size", flat=True), size])
    except uploads.Refused:
        given_up = mine.exclude(form_id=form_id).filter(created_at__lt=clock.now() - _GIVEN_UP)
        if not _forget(given_up):
            raise
        check_limits(case, by_osk, [*mine.values_list("size", flat=True), size])


def _forget(files: Iterable[StagedFile]) -> int:
    count = 0
    for file in files:
        path = file.content.name or ""
        file.delete()
        transaction.on_commit(lambda path=path: drop_content(path))  # type: ignore[misc] # a bound default
        count += 1
    return count
