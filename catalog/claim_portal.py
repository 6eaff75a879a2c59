"""What claims and maintained entries offer to the shared pages; catalog.portal registers it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.claim_mails import CLAIM, MAINTAINERSHIP
from catalog.enums import Proof
from catalog.models import Claim, Maintainership
from catalog.models.maintainerships import spoken_for
from catalog.services import claim_letters, claims
from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.toolkit.prepared import TODAY


def tasks(user: User) -> Iterable[portal.Task]:
    """A contest to answer, a code to put into the repository, an entry that is offered."""
    mine = spoken_for(user)
    waiting = Claim.objects.open().filter(
        Q(against__organisation__in=mine, answered_at=None)
        | Q(organisation__in=mine, proof=Proof.CODE, promised_on=None)
    )
    for claim in waiting.select_related("solution", "organisation").order_by("answer_by", "pk"):
        if claim.is_answerable:
            yield portal.Task(
                _("%(organisation)s claims the entry %(name)s")
                % {"organisation": claim.organisation, "name": claim.solution.name},
                _("Your organisation maintains it. Please say what you think of it."),
                claim.get_absolute_url(),
                due_on=claim.answer_by,
                badge="warning",
                action=_("Reply"),
            )
        else:
            yield portal.Task(
                _("Put the code for %(name)s into the repository") % {"name": claim.solution.name},
                _("Then we can check that you look after the solution."),
                claim.get_absolute_url(),
                due_on=claim.lapses_on,
            )
    for offer in Maintainership.objects.offered_to(user).select_related("solution", "organisation"):
        yield portal.Task(
            _("%(organisation)s hands the entry %(name)s over to you")
            % {"organisation": offer.organisation, "name": offer.solution.name},
            _("Please accept or decline."),
            offer.get_absolute_url(),
            badge="warning",
        )


def work(user: User) -> Iterable[portal.WorkEntry]:
    if not user.is_advisor:
        return
    yield portal.WorkEntry(
        gettext_lazy("Claims"),
        reverse("admin:catalog_claim_changelist") + "?state__exact=open&bereit=ja",
        Claim.objects.ready,
        _late,
    )


def _late() -> QuerySet[Claim]:
    return Claim.objects.ready().filter(promised_on__lt=TODAY)


def may_still_read(user_id: int, kind: str, subject_key: str) -> bool | None:
    """None: not about claims or maintained entries."""
    if not kind.startswith((CLAIM, MAINTAINERSHIP)):
        return None
    user = User.objects.filter(pk=user_id).first()
    if user is not None and kind == f"{MAINTAINERSHIP}offer_withdrawn":
        return True  # names what the person could read until this moment
    reader = user or AnonymousUser()
    if kind.startswith(CLAIM):
        return Claim.objects.visible_to(reader).filter(public_id=subject_key).exists()
    return Maintainership.objects.visible_to(reader).filter(public_id=subject_key).exists()


def every_day() -> None:
    claims.lapse_claims()
    claim_letters.forget_letters()


def rows(person: User, organisation: Model, viewer: User) -> Iterable[portal.HandoverRow]:
    """By the entry's name, which everybody may read."""
    found = Claim.objects.of_author(person, organisation).select_related("solution")
    for claim in found.order_by("pk"):
        yield portal.HandoverRow(claim.public_id, claim.solution.name)


def hand_over(*, public_id: UUID, person: User, successor: User, actor: User) -> bool:
    claim_id = Claim.objects.values_list("pk", flat=True).get(public_id=public_id)
    return claims.hand_over_claim(claim_id, person=person, successor=successor, actor=actor)


HANDOVER = portal.Handover(
    "catalog_claims",
    40,
    gettext_lazy("Claim to an entry"),
    Claim.objects.of_author,
    rows,
    hand_over,
)
