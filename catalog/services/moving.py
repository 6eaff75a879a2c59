"""An entry gets another repository: its former address leads to it still, and the file is fetched there."""

from __future__ import annotations

from catalog.enums import ClaimState, Proof
from catalog.models import Claim, RepositoryAlias, Solution, Source
from osk_portal.toolkit import clock


def is_led_elsewhere(solution: Solution, identity: str) -> bool:
    """Whether another entry has or had this normalised address."""
    others = Solution.objects.exclude(pk=solution.pk).filter(repository_url=identity)
    former = RepositoryAlias.objects.filter(repository_url=identity).exclude(solution=solution.pk)
    return others.exists() or former.exists()


def follow_move(solution: Solution, *, before: str | None) -> None:
    """``solution`` is locked and written; ``before``: its normalised repository until now.

    The watch over the old repository ends, and so does the trust in its file; the nightly run begins a new one
    (``refresh.ensure_sources``). Codes of open claims are looked for anew. A draft's address may have been a mistake
    that nobody has seen: it is not kept.
    """
    if solution.repository_url == before:
        return
    # What was found in the old repository proves nothing of the new one.
    open_claims = Claim.objects.filter(solution=solution, state=ClaimState.OPEN, proof=Proof.CODE)
    open_claims.update(found_at=None, found_in="", next_attempt_at=clock.now())
    solution.aliases.filter(repository_url=solution.repository_url).delete()
    if before is None:
        return
    if solution.is_published:
        RepositoryAlias.objects.get_or_create(
            repository_url=before, defaults={"solution": solution}
        )
    Source.objects.filter(solution=solution).delete()
