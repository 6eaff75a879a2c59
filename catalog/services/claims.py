"""Claims: made by a Redaktion with a proof, answered by who maintains the entry, decided by an advisor.

Raise ``PermissionDenied`` when the actor may not, ``TransitionNotAllowed`` when the claim or the entry has moved on.
"""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Final

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from catalog import claim_mails, named, permissions
from catalog.enums import ClaimAction, LetterState, MaintainershipEnd, Proof
from catalog.models import Claim, ClaimEvent, Solution
from catalog.notifications import editors_of
from catalog.services import claim_letters, maintainers
from catalog.services.fetching import FETCH_CLAIM
from catalog.services.maintainers import end_claim, lock_claim, lock_proposals, running
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.notifications.doorbell import ring
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from osk_portal.toolkit.working_days import add_working_days

MOST_OPEN: Final = 50
"""Of one organisation at once."""
BETWEEN_LOOKS: Final = timedelta(minutes=1)
CODE_FILE: Final = "osk-portal.txt"
_MARK: Final = "osk-portal="


def submit_claim(
    *,
    solution_id: int,
    organisation: Organisation,
    author: User,
    proof: Proof,
    statement: str,
    letter: tuple[str, bytes] | None = None,
) -> Claim:
    """The same claim a second time is the one that is there. ``letter``: name and content, for the proof LETTER.

    Raises PermissionDenied for who is not of the organisation's Redaktion, TransitionNotAllowed, and
    uploads.Refused for the letter.
    """
    path = ""
    checked = claim_letters.check(*letter) if letter is not None else None
    try:
        with transaction.atomic():
            rows = Solution.objects.published().select_for_update(of=("self",))
            solution = rows.filter(pk=solution_id).first()
            if solution is None:
                raise TransitionNotAllowed("claim", "")
            actor = User.objects.get(pk=author.pk)
            if not permissions.is_editor_for(actor, organisation.pk):
                raise PermissionDenied("claim an entry")
            opened = Claim.objects.open().filter(organisation=organisation)
            present = opened.filter(solution=solution).first()
            if present is not None:
                if (present.author_id, present.statement) == (actor.pk, statement):
                    return present
                raise TransitionNotAllowed(
                    "claim",
                    present.state,
                    _("Your organisation has claimed this entry already."),
                )
            _may_be_claimed(solution, organisation)
            if opened.count() >= MOST_OPEN:
                raise TransitionNotAllowed(
                    "claim", "", _("Your organisation has many open claims. Please wait for them.")
                )
            claim = Claim(
                solution=solution,
                organisation=organisation,
                author=actor,
                proof=proof,
                statement=statement,
                lapses_on=clock.today() + timedelta(days=settings.OSK_CLAIM_DAYS),
            )
            if proof == Proof.CODE:
                claim.code = _MARK + secrets.token_urlsafe(24)
                # Nobody has had time to put it there: looked up when somebody asks, and every night.
                claim.next_attempt_at = clock.now() + timedelta(days=1)
            if letter is not None and checked is not None and proof == Proof.LETTER:
                path = claim_letters.keep(letter[1])
                claim.letter, claim.letter_name = path, checked.name
                claim.letter_state = claim_letters.first_state()
                claim.next_attempt_at = clock.now()
            claim.save()
            claim.submitted()
            if claim.letter_state == LetterState.QUARANTINED:
                ring(FETCH_CLAIM, claim_id=claim.pk)
            if claim.has_letter or (proof == Proof.NAMED and is_named(claim)):
                become_ready(claim)
            return claim
    except BaseException:
        # Also when the process is told to stop: the row is rolled back, so the content must go.
        if path:
            claim_letters.drop(path)
        raise


def is_named(claim: Claim) -> bool:
    return bool(named.places(claim.solution.document, claim.organisation))


def become_ready(claim: Claim) -> None:
    """There is something to decide on: the promise starts, and who maintains the entry is told.

    Everything is locked. A second time changes nothing.
    """
    if claim.is_ready:
        return
    claim.promised_on = add_working_days(clock.today(), settings.OSK_PROPOSAL_DAYS)
    claim.save(update_fields=["promised_on"])
    event = claim.note("ready", actor=None)
    present = running(claim.solution)
    if present is not None:
        maintainers.direct(claim, present)
    claim_mails.tell_ready(event)


@transaction.atomic
def withdraw_claim(claim_id: int, *, actor: User) -> ClaimEvent | None:
    """None when it was withdrawn already."""
    claim, actor = _for(claim_id, actor)
    if not permissions.can_act_for_claim(actor, claim):
        raise PermissionDenied("withdraw a claim")
    if claim.state == "withdrawn":
        return None
    event: ClaimEvent = end_claim(claim, actor=actor)
    return event


@transaction.atomic
def look_again(claim_id: int, *, actor: User) -> None:
    """Look for the code now. By the Redaktion that claims, or an advisor; at most once a minute."""
    claim, actor = _for(claim_id, actor)
    if not (permissions.can_decide(actor) or permissions.can_act_for_claim(actor, claim)):
        raise PermissionDenied("look for a code")
    if not claim.is_open or claim.proof != Proof.CODE or claim.found_at is not None:
        raise TransitionNotAllowed("look", claim.state)
    if claim.is_being_checked:
        return
    if claim.checked_at is not None and claim.checked_at > clock.now() - BETWEEN_LOOKS:
        raise TransitionNotAllowed(
            "look", claim.state, _("We have looked just now. Please try again in a minute.")
        )
    claim.attempts, claim.next_attempt_at = 0, clock.now()
    claim.save(update_fields=["attempts", "next_attempt_at"])
    ring(FETCH_CLAIM, claim_id=claim.pk)


@transaction.atomic
def answer_claim(claim_id: int, *, actor: User, text: str) -> ClaimEvent | None:
    """What the present maintainer says to a claim against it, once. None: the same answer is there already."""
    claim, actor = _for(claim_id, actor)
    if not permissions.can_answer_claim(actor, claim):
        raise PermissionDenied("answer a claim")
    if claim.answered_by_id == actor.pk and claim.answer == text:
        return None
    if not claim.is_answerable or claim.promised_on is None:
        raise TransitionNotAllowed(ClaimAction.ANSWER, claim.state)
    sooner = add_working_days(clock.today(), settings.OSK_PROPOSAL_DAYS)
    event = claim.answer_with(text, actor=actor, promised_on=min(claim.promised_on, sooner))
    claim_mails.tell_answered(event)
    return event


@transaction.atomic
def note_letter(claim_id: int, *, actor: User, received_on: date) -> ClaimEvent:
    """An advisor has the letter on paper; also for a claim that began with another proof."""
    claim, actor = _for(claim_id, actor)
    if not permissions.can_decide(actor):
        raise PermissionDenied("note a letter")
    if not claim.is_open or claim.letter_received_on is not None:
        raise TransitionNotAllowed("letter", claim.state)
    claim.letter_received_on = received_on
    claim.save(update_fields=["letter_received_on"])
    event = claim.note("letter_received", actor=actor)
    become_ready(claim)
    return event


def missing(claim: Claim) -> str:
    """Why a claim cannot be accepted yet; empty when it can. In words for the advisor."""
    if claim.waits_for_answer:
        return _("The present maintainer may still answer.")
    if claim.found_at is None and not claim.has_letter and not is_named(claim):
        return _("There is no proof yet: no code was found, no name in the file, no letter.")
    return ""


@transaction.atomic
def accept_claim(claim_id: int, *, actor: User, reason: str) -> ClaimEvent:
    """The organisation maintains the entry from now on; who did before loses it.

    Raises TransitionNotAllowed as long as something is ``missing``, and where somebody else maintains the
    entry whom the claim is not directed against.
    """
    found = Claim.objects.select_related("against").get(pk=claim_id)
    proposals = []
    if found.against is not None:
        proposals = lock_proposals(found.solution_id, found.against.organisation_id)
    claim, actor = _for(claim_id, actor)
    _decidable(claim, actor, ClaimAction.ACCEPT, reason)
    present = running(claim.solution)
    if present is not None and claim.against_id != present.pk:
        raise TransitionNotAllowed(ClaimAction.ACCEPT, claim.state)
    if problem := missing(claim):
        raise TransitionNotAllowed(ClaimAction.ACCEPT, claim.state, problem)
    event = claim.accept(actor=actor, reason=reason)
    if present is not None:
        why = MaintainershipEnd.CONTEST
        maintainers.lose(present, why, actor=actor, proposals=proposals, reason=reason)
    maintainers.begin(claim.solution, claim.organisation, actor=actor, claim=claim.pk)
    claim_mails.tell_claimant(event)
    return event


@transaction.atomic
def refuse_claim(claim_id: int, *, actor: User, reason: str) -> ClaimEvent:
    """The entry stays with whom it is; both organisations are told."""
    claim, actor = _for(claim_id, actor)
    _decidable(claim, actor, ClaimAction.REFUSE, reason)
    event = claim.refuse(actor=actor, reason=reason)
    if claim.against is not None and claim.against.is_running:
        maintainers.settle(claim.against, actor=actor)
        claim_mails.tell_kept(event, claim.against)
    claim_mails.tell_claimant(event)
    return event


@transaction.atomic
def hand_over_claim(claim_id: int, *, person: User, successor: User, actor: User) -> bool:
    """``successor`` looks after the claim for the organisation. False: it is not (any more) ``person``'s, or over.

    Who may ask for it is decided where the membership ends (``network.leaving``).
    """
    claim = Claim.objects.select_for_update(of=("self",)).get(pk=claim_id)
    if claim.author_id != person.pk or not claim.is_open:
        return False
    claim.author = successor
    claim.save(update_fields=["author"])
    claim.note("handed_over", actor=actor, person=person.pk, successor=successor.pk)
    return True


@transaction.atomic
def leave_claim(claim_id: int, *, person: User) -> None:
    """The author's account ends: a colleague of the Redaktion goes on, and without one it is withdrawn."""
    claim = lock_claim(claim_id)
    if claim.author_id != person.pk or not claim.is_open:
        return
    others = [user for user in editors_of(claim.organisation_id) if user.pk != person.pk]
    if not others:
        end_claim(claim, actor=person)
        return
    claim.author = others[0]
    claim.save(update_fields=["author"])
    claim.note("handed_over", actor=person, person=person.pk, successor=others[0].pk)


def lapse_claims() -> int:
    """Claims whose proof has not come in time end by themselves. How many."""
    over = Claim.objects.open().filter(promised_on=None, lapses_on__lt=clock.today())
    ended = 0
    for pk in list(over.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            claim = lock_claim(pk)
            if claim.is_open and not claim.is_ready and claim.lapses_on < clock.today():
                claim_mails.tell_claimant(end_claim(claim, actor=None, kind="lapsed"))
                ended += 1
    return ended


def _for(claim_id: int, actor: User) -> tuple[Claim, User]:
    """The claim, locked with what belongs to it, and ``actor`` with the rights of this moment."""
    claim = lock_claim(claim_id)
    return claim, User.objects.get(pk=actor.pk)


def _decidable(claim: Claim, actor: User, action: ClaimAction, reason: str) -> None:
    if not permissions.can_decide(actor) or claim.author_id == actor.pk:
        raise PermissionDenied("decide a claim")
    if not claim.can(action):
        raise TransitionNotAllowed(action, claim.state)
    if not reason.strip():
        raise TransitionNotAllowed(action, claim.state, _("Say why."))


def _may_be_claimed(solution: Solution, organisation: Organisation) -> None:
    if solution.maintainer_id == organisation.pk:
        raise TransitionNotAllowed(
            "claim", "", _("Your organisation maintains this entry already.")
        )
