"""Former addresses of repositories: no address leads to two entries."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from catalog import repositories
from catalog.models import RepositoryAlias, Solution, SolutionEvent
from catalog.permissions import can_keep_aliases
from osk_portal.accounts.models import User


class AliasRefused(Exception):
    """The address cannot be one of the entry; ``str(error)`` is a message for people."""


def problem(solution_id: int, address: str) -> str:
    """Why the address cannot be one of the entry, in words; empty when it can."""
    identity = repositories.normalise(address)
    if not identity or "/" not in identity.removeprefix("https://"):
        return _("This is no address of a repository.")
    taken = Solution.objects.filter(repository_url=identity).first()
    if taken is not None and taken.pk == solution_id:
        return _("This is the present address of the entry.")
    if taken is not None:
        return _("The entry %(name)s has this address.") % {"name": taken.name}
    other = RepositoryAlias.objects.filter(repository_url=identity).exclude(solution=solution_id)
    if alias := other.select_related("solution").first():
        return _("This address leads to the entry %(name)s already.") % {
            "name": alias.solution.name
        }
    return ""


@transaction.atomic
def add_alias(solution_id: int, *, address: str, actor: User) -> RepositoryAlias:
    """``address`` leads to the entry from now on. The same one a second time is the one that is there.

    Raises PermissionDenied and AliasRefused.
    """
    if not can_keep_aliases(actor):
        raise PermissionDenied("keep aliases")
    Solution.objects.select_for_update(of=("self",)).get(pk=solution_id)
    if refusal := problem(solution_id, address):
        raise AliasRefused(refusal)
    # Waits for who adds the same address at this moment.
    alias, is_new = RepositoryAlias.objects.get_or_create(
        repository_url=repositories.normalise(address), defaults={"solution_id": solution_id}
    )
    if alias.solution_id != solution_id:
        raise AliasRefused(problem(solution_id, address))
    if is_new:
        _note(alias, "alias_added", actor)
    return alias


@transaction.atomic
def remove_alias(alias_id: int, *, actor: User) -> bool:
    """False when it is gone already."""
    if not can_keep_aliases(actor):
        raise PermissionDenied("keep aliases")
    rows = RepositoryAlias.objects.select_for_update(of=("self",))
    alias = rows.filter(pk=alias_id).first()
    if alias is None:
        return False
    _note(alias, "alias_removed", actor)
    alias.delete()
    return True


def _note(alias: RepositoryAlias, kind: str, actor: User) -> None:
    SolutionEvent.objects.create(
        solution_id=alias.solution_id, kind=kind, actor=actor, data={"alias": alias.pk}
    )
