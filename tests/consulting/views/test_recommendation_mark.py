"""What the authority makes of a recommendation: one click, and one to take it back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from consulting import services
from consulting.enums import CaseEventKind, CaseState, Uptake
from consulting.models import ConsultingRequest, Recommendation
from osk_portal.accounts.models import User
from osk_portal.notifications.models import Notification
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.factories import SolutionFactory
from tests.consulting.conftest import World

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
S = CaseState
K = CaseEventKind


def answered(
    world: World, state: CaseState = S.ANSWERED
) -> tuple[ConsultingRequest, Recommendation]:
    case = world.case(state)
    assert case.result
    item = Recommendation.objects.create(
        result=case.result, solution=SolutionFactory(name="Formularix"), reason="Passt gut"
    )
    return case, item


def url(case: ConsultingRequest) -> str:
    return f"/beratung/anfrage/{case.public_id}/empfehlung/"


def mark(item: Recommendation | int | str, **typed: str) -> dict[str, str]:
    return {"recommendation": str(getattr(item, "pk", item)), **typed}


def test_ladder(world: World, signed_in: Browser) -> None:
    case, item = answered(world)
    taken = mark(item, uptake="taken_up")
    assert "/konto/" in Client().post(url(case), taken).url
    for role in ("colleague", "manager", "stranger", "operator"):
        assert signed_in(world.person(role)).post(url(case), taken).status_code == 404, role
    for role in ("reader", "advisor", "lead"):
        assert signed_in(world.person(role)).post(url(case), taken).status_code == 403, role
    assert signed_in(world.requester).get(url(case)).status_code == 405
    item.refresh_from_db()
    assert item.uptake == Uptake.OPEN
    assert not case.events.filter(kind=K.RECOMMENDATION_MARKED).exists()
    for role in ("requester", "writer", "deputy"):
        assert signed_in(world.person(role)).post(url(case), taken).status_code == 302, role


def test_taken_up_refused_and_taken_back(world: World, signed_in: Browser) -> None:
    case, item = answered(world)
    browser, told = signed_in(world.requester), Notification.objects.count()
    page = browser.get(case.get_absolute_url()).content.decode()
    assert "Greifen wir auf" in page
    assert "Lösung ansehen" in page

    browser.post(url(case), mark(item, uptake="taken_up", reason="gehört nicht hierher"))
    item.refresh_from_db()
    assert (item.uptake, item.uptake_reason) == (Uptake.TAKEN_UP, "")
    assert item.uptake_at
    browser.post(url(case), mark(item, uptake="open"))
    item.refresh_from_db()
    assert (item.uptake, item.uptake_at) == (Uptake.OPEN, None)
    browser.post(url(case), mark(item, uptake="not_for_us", reason="Zu <b>groß</b>"))
    page = browser.get(case.get_absolute_url()).content.decode()
    assert "Nichts für uns" in page
    assert "Zu &lt;b&gt;groß&lt;/b&gt;" in page
    assert "Zurücknehmen" in page
    staff = (
        signed_in(world.advisor)
        .get(f"/admin/consulting/consultingrequest/{case.public_id}/")
        .content.decode()
    )
    assert "Zu &lt;b&gt;groß&lt;/b&gt;" in staff
    marks = case.events.filter(kind=K.RECOMMENDATION_MARKED)
    assert [e.data["uptake"] for e in marks] == ["taken_up", "open", "not_for_us"]
    assert Notification.objects.count() == told
    before = case.version
    case.refresh_from_db()
    assert case.version == before


def test_sent_twice_is_one_event(world: World) -> None:
    case, item = answered(world)
    said = {
        "case_id": case.pk,
        "actor": world.requester,
        "recommendation_id": item.pk,
        "uptake": Uptake.NOT_FOR_US,
        "reason": "Zu groß",
    }
    assert services.mark_recommendation(**said)
    assert services.mark_recommendation(**said) is None
    assert case.events.filter(kind=K.RECOMMENDATION_MARKED).count() == 1


def test_recommendation_of_another_case_is_not_there(world: World, signed_in: Browser) -> None:
    case, _item = answered(world)
    _other, foreign = answered(world)
    browser = signed_in(world.requester)
    for wrong in (foreign.pk, 10**6, 10**30, 10**17, "", "x", "²"):
        assert browser.post(url(case), mark(wrong, uptake="open")).status_code == 404
    foreign.refresh_from_db()
    assert foreign.uptake == Uptake.OPEN


def test_bad_input_keeps_the_text(world: World, signed_in: Browser) -> None:
    case, item = answered(world)
    browser = signed_in(world.requester)
    response = browser.post(url(case), mark(item, uptake="not_for_us", reason="Grund " * 200))
    assert response.status_code == 422
    assert "Grund Grund" in response.content.decode()
    assert browser.post(url(case), mark(item, uptake="etwas")).status_code == 422
    assert browser.post(url(case), mark(item)).status_code == 422
    item.refresh_from_db()
    assert item.uptake == Uptake.OPEN


def test_after_the_end_and_after_a_newer_answer(world: World, signed_in: Browser) -> None:
    case, item = answered(world)
    services.withdraw(case_id=case.pk, actor=world.requester)
    response = signed_in(world.requester).post(url(case), mark(item, uptake="taken_up"))
    assert response.url == case.get_absolute_url()
    closed, old = answered(world, S.CLOSED)
    services.reopen(case_id=closed.pk, actor=world.requester, reason="Noch etwas")
    services.answer(case_id=closed.pk, actor=world.lead, text="Neue Antwort", recommendations=[])
    with pytest.raises(TransitionNotAllowed):
        services.mark_recommendation(
            case_id=closed.pk,
            actor=world.requester,
            recommendation_id=old.pk,
            uptake=Uptake.TAKEN_UP,
        )


def test_record_says_it(world: World, signed_in: Browser) -> None:
    from tests.consulting.views.test_record import pdf_text

    case, item = answered(world)
    services.mark_recommendation(
        case_id=case.pk,
        actor=world.requester,
        recommendation_id=item.pk,
        uptake=Uptake.NOT_FOR_US,
        reason="Zu groß",
    )
    content = signed_in(world.requester).get(f"/beratung/anfrage/{case.public_id}/akte/").content
    assert "Nichtsfüruns(Zugroß)" in pdf_text(content)
