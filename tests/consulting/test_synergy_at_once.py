"""Introductions and needs, by several people at the same moment."""

from __future__ import annotations

import pytest

from consulting import services
from consulting.enums import CaseState, IntroductionState
from consulting.models import CaseEvent, Introduction
from osk_portal.notifications.models import Notification
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.factories import case_in
from tests.consulting.test_services import at_once
from tests.factories import MembershipFactory, staff

pytestmark = pytest.mark.django_db(transaction=True)


def test_both_agree_or_one_refuses_at_the_same_moment() -> None:
    advisor = staff("advisor")
    cases = [case_in(CaseState.IN_PROGRESS, assignee=advisor) for _ in range(2)]

    def propose(first: int, second: int) -> Introduction:
        return services.propose_introduction(
            case_id=cases[first].pk, other_id=cases[second].pk, actor=advisor, text="Gleiches"
        )

    def agree(number: int) -> object:
        side = cases[number].introductions.latest("pk")
        return services.agree_to_introduction(
            side_id=side.pk, actor=cases[number].author, released="Unseres"
        )

    proposed = at_once(lambda: propose(0, 1), lambda: propose(1, 0))
    assert proposed[0] == proposed[1]
    at_once(lambda: agree(0), lambda: agree(1))
    assert Introduction.objects.get().state == IntroductionState.INTRODUCED
    assert CaseEvent.objects.filter(kind="introduced").count() == 2

    propose(0, 1)
    refused = cases[0].introductions.latest("pk").pk
    results = at_once(
        lambda: agree(1),
        lambda: services.refuse_introduction(side_id=refused, actor=cases[0].author),
    )
    assert Introduction.objects.latest("pk").state == IntroductionState.REFUSED
    assert not any(isinstance(result, TransitionNotAllowed) for result in results[1:])
    assert cases[1].introductions.latest("pk").released == ""


def test_the_advisors_are_told_once_whoever_comes_third() -> None:
    staff("advisor")
    case = case_in(CaseState.SUBMITTED)
    need = services.publish_need(case_id=case.pk, actor=case.author, title="T", text="X")
    people = [MembershipFactory() for _ in range(4)]

    at_once(
        *(
            lambda m=member: services.join_need(
                need_id=need.pk, actor=m.user, organisation=m.organisation
            )
            for member in [*people, *people]
        )
    )

    assert need.supports.count() == 4
    assert need.events.filter(kind="join").count() == 4
    assert Notification.objects.filter(kind="consulting.need_wanted").count() == 1
