"""Saving a comparison under an address of its own: for oneself, or shared with one's organisation."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from catalog.comparison.wanted import Wanted
from catalog.models import SavedComparison
from catalog.permissions import can_change_comparison, can_delete_comparison
from network.models import Organisation
from network.permissions import active_memberships
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

MOST_SAVED: Final = 100


@transaction.atomic
def save_comparison(
    *,
    public_id: UUID,
    author: User,
    title: str,
    wanted: Wanted,
    organisation: Organisation | None = None,
) -> SavedComparison:
    """A new one. ``public_id`` came with the form: sent twice, it is one comparison.

    Raises PermissionDenied for an organisation that is not the author's, and TransitionNotAllowed when the
    author has too many.
    """
    User.objects.select_for_update(of=("self",)).get(pk=author.pk)
    present = SavedComparison.objects.filter(public_id=public_id).first()
    if present is not None:
        if present.author_id != author.pk:
            raise PermissionDenied("save over another comparison")
        return present
    _shares_with(author, organisation)
    if author.comparisons.count() >= MOST_SAVED:
        raise TransitionNotAllowed(
            "save",
            "",
            _("You have saved %(n)s comparisons. Please delete one that you no longer need.")
            % {"n": MOST_SAVED},
        )
    return SavedComparison.objects.create(
        public_id=public_id,
        author=author,
        organisation=organisation,
        title=title,
        slugs=list(wanted.slugs),
        rows=wanted.rows_as_json(),
    )


@transaction.atomic
def change_comparison(
    comparison_id: int,
    *,
    actor: User,
    expected_version: int,
    title: str,
    wanted: Wanted,
    organisation: Organisation | None = None,
) -> SavedComparison:
    """The same words a second time change nothing. Only the author says with whom it is shared.

    Raises TransitionNotAllowed when somebody has changed it since, or it is no longer there.
    """
    comparison = _locked(comparison_id)
    if not can_change_comparison(actor, comparison):
        raise PermissionDenied("change a comparison")
    if comparison.author_id != actor.pk:
        organisation = comparison.organisation
    _shares_with(actor, organisation)
    before = (comparison.title, comparison.organisation, comparison.wanted)
    if before == (title, organisation, wanted.showing(only_differences=False)):
        return comparison
    if comparison.version != expected_version:
        raise TransitionNotAllowed(
            "change",
            "",
            _("This comparison was changed elsewhere in the meantime. Nothing was overwritten."),
        )
    comparison.title, comparison.organisation = title, organisation
    comparison.slugs, comparison.rows = list(wanted.slugs), wanted.rows_as_json()
    comparison.version += 1
    comparison.updated_at = clock.now()
    comparison.save()
    return comparison


@transaction.atomic
def delete_comparison(comparison_id: int, *, actor: User) -> None:
    """Raises TransitionNotAllowed when it is gone already."""
    comparison = _locked(comparison_id)
    if not can_delete_comparison(actor, comparison):
        raise PermissionDenied("delete a comparison")
    comparison.delete()


def _locked(comparison_id: int) -> SavedComparison:
    locked = SavedComparison.objects.select_for_update(of=("self",))
    comparison = locked.filter(pk=comparison_id).first()
    if comparison is None:
        raise TransitionNotAllowed(
            "change", "", _("Somebody has deleted this comparison in the meantime.")
        )
    return comparison


def _shares_with(user: User, organisation: Organisation | None) -> None:
    if organisation is not None and all(
        m.organisation_id != organisation.pk for m in active_memberships(user)
    ):
        raise PermissionDenied("share with another organisation")
