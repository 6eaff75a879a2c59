"""Describing a solution in the form: begin, save, hand in. What is handed in goes the way of an uploaded file."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from catalog import documents
from catalog.documents import Json
from catalog.enums import RevisionOrigin
from catalog.models import EntryDraft, Intake
from catalog.permissions import can_take_in, edited_organisations
from catalog.services.intake import request_file
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

MOST_DRAFTS: Final = 20


@transaction.atomic
def begin_draft(*, author: User) -> EntryDraft:
    """Raises TransitionNotAllowed for who may not take in, and for too many that were never handed in."""
    User.objects.select_for_update(of=("self",)).get(pk=author.pk)
    if not can_take_in(author):
        raise TransitionNotAllowed("begin", "")
    if EntryDraft.objects.filter(author=author, intake=None).count() >= MOST_DRAFTS:
        raise TransitionNotAllowed(
            "begin", "", _("You have begun very many descriptions. Please delete one first.")
        )
    edited = edited_organisations(author)
    only = edited[0] if len(edited) == 1 else None  # of several it is asked in the form
    return EntryDraft.objects.create(author=author, organisation=only)


@transaction.atomic
def save_draft(
    draft_id: int,
    *,
    author: User,
    values: Json,
    seen_version: int,
    organisation: Organisation | None = None,
) -> EntryDraft:
    """Keep what was typed, and for which ``organisation`` where one was chosen.

    Raises TransitionNotAllowed when it is handed in, or saved elsewhere since.
    """
    draft = _locked(draft_id, author, seen_version)
    draft.values = values
    draft.version += 1
    draft.updated_at = clock.now()
    draft.organisation = organisation or draft.organisation
    draft.save(update_fields=["values", "version", "updated_at", "organisation"])
    return draft


@transaction.atomic
def hand_in_draft(
    draft_id: int,
    *,
    author: User,
    values: Json,
    document: Json,
    seen_version: int,
    wording: str,
    organisation: Organisation | None = None,
) -> Intake:
    """Take it in as the file that it makes; handed in once. Raises as ``save_draft`` and ``request_file``.

    ``wording``: of the grant of the texts that the author has read. ``organisation``: as of ``request_file``.
    """
    draft = save_draft(
        draft_id,
        author=author,
        values=values,
        seen_version=seen_version,
        organisation=organisation,
    )
    draft.intake = request_file(
        requester=author,
        name="publiccode.yml",
        data=documents.as_file(document).encode(),
        wording=wording,
        origin=RevisionOrigin.FORM,
        organisation=organisation,
    )
    draft.save(update_fields=["intake"])
    return draft.intake


@transaction.atomic
def delete_draft(draft_id: int, *, author: User) -> None:
    EntryDraft.objects.filter(pk=draft_id, author=author, intake=None).delete()


def forget_drafts() -> None:
    """Every day: delete what nobody has touched for ``OSK_DRAFT_DAYS``; the page has said so.

    What was handed in goes too: the entry and its wish stay.
    """
    limit = clock.now() - timedelta(days=settings.OSK_DRAFT_DAYS)
    EntryDraft.objects.filter(updated_at__lt=limit).delete()


def _locked(draft_id: int, author: User, seen_version: int) -> EntryDraft:
    draft = EntryDraft.objects.select_for_update(of=("self",)).get(pk=draft_id, author=author)
    if not can_take_in(author) or draft.intake_id is not None:
        raise TransitionNotAllowed("save", "")
    if draft.version != seen_version:
        raise TransitionNotAllowed(
            "save",
            "",
            _(
                "You have saved this description in another window. Your text stands below; save again to keep it."
            ),
        )
    return draft
