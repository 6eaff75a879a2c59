"""Publishing own code: the list of points, its checked publiccode.yml, and the draft in the catalog at its end.

All raise ``PermissionDenied`` when the actor may not, and ``TransitionNotAllowed`` when the list has moved on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from catalog import code_release, publiccode
from catalog.code_release import FILE_STEP, STEPS
from catalog.enums import CodeReleaseAction, IntakeState
from catalog.models import CodeRelease, CodeReleaseEvent, CodeReleaseStep, Intake
from catalog.permissions import (
    can_change_code_release,
    can_take_in,
    is_editor_for,
    publishing_organisations,
)
from catalog.services import intake as intakes
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

MOST_OF_AN_ORGANISATION: Final = 200


@transaction.atomic
def begin_code_release(
    *, public_id: UUID, author: User, organisation: Organisation, name: str
) -> CodeRelease:
    """``public_id`` came with the form: sent twice, it is one list."""
    locked = Organisation.objects.select_for_update(of=("self",)).get(pk=organisation.pk)
    if all(found.pk != locked.pk for found in publishing_organisations(author)):
        raise PermissionDenied("publish code of another organisation")
    present = CodeRelease.objects.filter(public_id=public_id).first()
    if present is not None:
        if present.organisation_id != locked.pk:
            raise PermissionDenied("begin over another list")
        return present
    if locked.code_releases.count() >= MOST_OF_AN_ORGANISATION:
        raise TransitionNotAllowed(
            CodeReleaseAction.BEGIN,
            "",
            _("Your organisation has very many lists. Please delete one that you no longer need."),
        )
    release = CodeRelease.objects.create(
        public_id=public_id, organisation=locked, author=author, name=name
    )
    _note(release, CodeReleaseAction.BEGIN, author)
    return release


@transaction.atomic
def answer_step(
    release_id: int,
    *,
    actor: User,
    step: str,
    expected_version: int,
    answers: Mapping[str, Mapping[str, str]],
) -> CodeReleaseStep:
    """The same answers a second time change nothing. A version of 0: nobody has answered the step yet."""
    release = _locked(release_id, actor)
    row = release.steps.filter(slug=step).first() or CodeReleaseStep(
        release=release, slug=step, version=0
    )
    said = {key: dict(answer) for key, answer in answers.items()}
    if row.pk and row.answers == said:
        return row
    if row.version != expected_version:
        raise TransitionNotAllowed(
            CodeReleaseAction.ANSWER,
            "",
            _("This step was changed elsewhere in the meantime. Nothing was overwritten."),
        )
    row.answers = said
    row.version += 1
    row.save()
    _touch(release)
    _note(release, CodeReleaseAction.ANSWER, actor, step=step, version=row.version)
    return row


@transaction.atomic
def keep_file(release_id: int, *, actor: User, text: str, expected_version: int) -> CodeRelease:
    """Check the publiccode.yml and keep it, with errors too: it is mended step by step. The same file a
    second time changes nothing."""
    release = _locked(release_id, actor)
    if release.file_version and release.file == text:
        return release
    if release.file_version != expected_version:
        raise TransitionNotAllowed(
            CodeReleaseAction.CHECK_FILE,
            "",
            _("This step was changed elsewhere in the meantime. Nothing was overwritten."),
        )
    result = publiccode.read(text.encode())
    release.file = text
    release.file_version += 1
    release.file_errors = len(result.errors)
    release.file_checked_at = clock.now()
    release.save(update_fields=["file", "file_version", "file_errors", "file_checked_at"])
    _touch(release)
    _note(release, CodeReleaseAction.CHECK_FILE, actor, errors=release.file_errors)
    return release


@transaction.atomic
def make_draft(release_id: int, *, actor: User, wording: str) -> Intake:
    """A draft in the catalog, made from the checked file. A second time: the one that there is.
    ``wording``: of the grant of the texts that the actor has read.

    Raises TransitionNotAllowed while a point is open; the Redaktion, or an advisor, suggests entries.
    """
    release = _locked(release_id, actor)
    if not can_take_in(actor):
        raise PermissionDenied("suggest an entry")
    if release.intake is not None and release.intake.state != IntakeState.REFUSED:
        return release.intake
    if open_steps(release):
        raise TransitionNotAllowed(
            CodeReleaseAction.MAKE_DRAFT, "", _("Some points are still open. Settle them first.")
        )
    is_editor = is_editor_for(actor, release.organisation_id)
    intake = intakes.request_file(
        requester=actor,
        name="publiccode.yml",
        data=release.file.encode(),
        wording=wording,
        organisation=release.organisation if is_editor else None,
    )
    release.intake = intake
    release.save(update_fields=["intake"])
    _touch(release)
    _note(release, CodeReleaseAction.MAKE_DRAFT, actor)
    return intake


@transaction.atomic
def delete_code_release(release_id: int, *, actor: User) -> None:
    """With its answers and its file. What became an entry stays."""
    _locked(release_id, actor).delete()


def open_steps(release: CodeRelease) -> list[str]:
    """Slugs of the steps that still have an open point."""
    answers = {row.slug: row.answers for row in release.steps.all()}
    return [
        step.slug
        for step in STEPS
        if not code_release.is_answered(step, answers.get(step.slug, {}))
        or (step.slug == FILE_STEP and not release.is_file_valid)
    ]


def _locked(release_id: int, actor: User) -> CodeRelease:
    locked = CodeRelease.objects.select_for_update(of=("self",))
    release = locked.filter(pk=release_id).first()
    if release is None:
        raise TransitionNotAllowed(
            CodeReleaseAction.ANSWER, "", _("Somebody has deleted this list in the meantime.")
        )
    if not can_change_code_release(actor, release):
        raise PermissionDenied("change a list of another organisation")
    return release


def _touch(release: CodeRelease) -> None:
    release.updated_at = clock.now()
    release.save(update_fields=["updated_at"])


def _note(
    release: CodeRelease, kind: CodeReleaseAction, actor: User, **data: object
) -> CodeReleaseEvent:
    return CodeReleaseEvent.objects.create(release=release, kind=kind, actor=actor, data=data)
