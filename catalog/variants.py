"""Solutions that build on others: what a file says in ``isBasedOn``, and the entries that it means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalog import presentation, repositories
from catalog.models import Solution
from catalog.presentation import Link
from catalog.querysets import SolutionQuerySet


@dataclass(frozen=True)
class Base:
    """``solution`` where it is in the catalog, else the address; ``link`` None: no web address."""

    text: str
    link: Link | None
    solution: Solution | None


def bases(
    addresses: Iterable[str], *, among: SolutionQuerySet, dead: Sequence[str] = ()
) -> list[Base]:
    """What a variant is based on, in the file's order; one query, none without addresses.

    ``dead``: addresses that lead nowhere.
    """
    wanted = {address: repositories.normalise(address) for address in addresses}
    known = {identity for identity in wanted.values() if identity}
    entries = among.filter(repository_url__in=known) if known else []
    found = {entry.repository_url: entry for entry in entries}
    return [
        Base(address, presentation.link(address, dead), found.get(identity))
        for address, identity in wanted.items()
    ]
