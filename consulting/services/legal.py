"""Legal statements: written once, checked every year, replaced instead of rewritten (product.md 1.5)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import legal
from consulting.models import Counter, LegalStatement
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

WORDS = frozenset({"title", "text", "source", "source_url", "binds"})
"""What an answer shows when it cites a statement."""


@transaction.atomic
def save_legal_statement(*, statement: LegalStatement, actor: User) -> LegalStatement:
    """Keep a new statement, which gets its reference, or a changed one.

    Raises PermissionDenied, and TransitionNotAllowed when the words of a cited one are others now.
    """
    if not actor.is_lead:
        raise PermissionDenied("save a legal statement")
    if statement._state.adding:  # noqa: SLF001 # Django documents it
        year = clock.today().year
        statement.checked_by = actor
        statement.reference = f"RA-{year}-{Counter.next('legal', year):03d}"
    else:
        before = LegalStatement.objects.select_for_update().get(pk=statement.pk)
        changed = any(getattr(before, name) != getattr(statement, name) for name in WORDS)
        if changed and legal.is_cited(before):
            raise TransitionNotAllowed(
                "save_legal_statement",
                statement.reference,
                _("Answers cite these words. Write a new statement that replaces this one."),
            )
        if before.checked_on != statement.checked_on:
            statement.checked_by = actor
    statement.save()
    return statement


@transaction.atomic
def confirm_legal_statement(*, statement_id: int, actor: User) -> LegalStatement:
    """It was compared with its source today and is right as it stands."""
    if not actor.is_lead:
        raise PermissionDenied("confirm a legal statement")
    statement = LegalStatement.objects.select_for_update().get(pk=statement_id)
    if not statement.counts:
        raise TransitionNotAllowed(
            "confirm_legal_statement",
            statement.reference,
            _("%(reference)s is not cited any more.") % {"reference": statement.reference},
        )
    statement.checked_on = clock.today()
    statement.checked_by = actor
    statement.save(update_fields=["checked_on", "checked_by"])
    return statement
