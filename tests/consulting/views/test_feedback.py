"""What became of it, and the survey: asked once, answered once, by a link that needs no sign-in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import signing
from django.test import Client

from consulting import services, signed_links
from consulting.deadlines import half_year_after
from consulting.enums import CaseEventKind, CaseState, Outcome, ProcedureState, Procured, Topic
from consulting.models import (
    ConsultingRequest,
    ProcurementOutcome,
    SurveyAnswer,
    SurveyInvitation,
)
from consulting.services import daily
from consulting.services.feedback import SHORTEST_HALF_YEAR
from osk_portal.accounts.models import User
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
S = CaseState
NOW = datetime(2026, 3, 9, 9, 0, tzinfo=portal_clock.BERLIN)


def closed(world: World, **fields: Any) -> ConsultingRequest:
    fields.setdefault("topics", [Topic.PROCUREMENT])
    return world.case(S.CLOSED, title="Geheimer Titel", **fields)


def link(kind: str) -> str:
    found = Notification.objects.filter(kind=f"consulting.{kind}").order_by("-pk").first()
    assert found
    return str(found.url)


def test_asked_at_closing_and_after_six_months_and_reminded_once(world: World, clock: Any) -> None:
    clock.move_to(NOW)
    case = closed(world)
    other = world.case(S.CLOSED)
    open_case = world.case(S.IN_PROGRESS, topics=[Topic.PROCUREMENT])
    none = closed(world, procedure_state=ProcedureState.NONE)

    def run(days: int) -> list[str]:
        clock.move_to(NOW + timedelta(days=days))
        before = set(Notification.objects.values_list("pk", flat=True))
        daily.run()
        daily.run()
        new = Notification.objects.exclude(pk__in=before).filter(kind="consulting.outcome")
        return sorted({n.user.name for n in new})

    side = ["Alex Muster", "Robin Vertretung", "Toni Probe"]
    assert run(1) == side
    assert run(2) == []
    assert run(15) == side  # the reminder
    assert run(30) == []
    assert run(183) == []  # 8 September
    assert run(184) == side  # six calendar months after 9 March
    assert run(198) == side
    assert run(300) == []
    assert [o.occasion for o in case.procured.all()] == ["at_closing", "half_year"]
    for not_asked in (other, open_case, none):
        assert not not_asked.procured.exists()
    # Title, value, deadline of a confidential case never stand in a mail.
    assert not OutgoingMail.objects.filter(
        kind="consulting.outcome", body__contains="Geheimer Titel"
    ).exists()


def test_outcome_is_told_without_signing_in_and_once(world: World, signed_in: Browser) -> None:
    case = closed(world)
    daily.run()
    url = link("outcome")
    visitor = Client()
    page = visitor.get(url)
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    assert "Geheimer Titel" not in page.content.decode()
    assert str(case.reference) in page.content.decode()
    for what in Procured.values:  # one click each
        assert f'name="what" value="{what}"' in page.text
    for wrong in ({"reason": "Weil es passt"}, {"what": "anderes"}, {"what": "\x00"}):
        assert visitor.post(url, wrong).status_code == 422
    assert case.procured.get().told_at is None

    for _twice in range(2):
        thanks = visitor.post(url, {"what": "open_source"}, follow=True)
        assert thanks.redirect_chain == [(url, 302)]
        assert "Danke" in thanks.text
        assert "Möchten Sie uns mehr dazu sagen?" in thanks.text
        assert 'name="what"' not in thanks.text
    assert visitor.post(url, {"what": "proprietary"}).status_code == 409
    more = {"reason": "Weil es passt", "contract_type": "care"}
    bad = visitor.post(url, {**more, "contract_ends_on": "bald"})
    assert bad.status_code == 422
    assert "Weil es passt" in bad.text
    for _twice in range(2):
        assert visitor.post(url, more).status_code == 302
    other = visitor.post(url, {"reason": "Anderer Grund"})
    assert (other.status_code, "Anderer Grund" in other.text) == (409, True)
    assert visitor.post(url, {"what": "open_source"}).status_code == 302  # the first click again
    assert "Möchten Sie" not in visitor.get(url).text
    told = case.procured.get()
    assert (told.what, told.reason, told.contract_type) == ("open_source", "Weil es passt", "care")
    assert case.events.filter(kind=CaseEventKind.OUTCOME_TOLD).count() == 2  # each step once
    assert "Danke" in visitor.get(url).content.decode()
    staff = (
        signed_in(world.advisor)
        .get(f"/admin/consulting/consultingrequest/{case.public_id}/")
        .content.decode()
    )
    assert "Weil es passt" in staff


def test_no_reminder_after_the_answer_or_while_open_again(world: World, clock: Any) -> None:
    clock.move_to(NOW)
    told_case, open_again = closed(world), closed(world)
    daily.run()
    services.tell_outcome(outcome_id=told_case.procured.get().pk, what=Procured.MIXED)
    services.reopen(case_id=open_again.pk, actor=world.requester, reason="Noch etwas")
    clock.move_to(NOW + timedelta(days=20))
    daily.run()
    assert not ProcurementOutcome.objects.filter(reminded_at__isnull=False).exists()


@pytest.mark.parametrize("kind", ["was-wurde-daraus", "umfrage"])
def test_bad_links(world: World, clock: Any, kind: str) -> None:
    clock.move_to(NOW)
    closed(world)
    daily.run()
    purpose = "outcome" if kind == "was-wurde-daraus" else "survey"
    other = "survey" if purpose == "outcome" else "outcome"
    row: Any = ProcurementOutcome if purpose == "outcome" else SurveyInvitation
    foreign = signed_links.make(other, row.objects.get().public_id)
    for token in ("x", "x:y:z", foreign, signed_links.make(purpose, uuid4()), "ü" * 2000):
        assert Client().get(f"/beratung/{kind}/{token}/").status_code == 404
        assert Client().post(f"/beratung/{kind}/{token}/", {}).status_code == 404
    assert Client().put(link(purpose)).status_code == 405


def test_link_ends_after_90_days(monkeypatch: pytest.MonkeyPatch) -> None:
    token = signed_links.make("survey", uuid4())
    assert signed_links.read("survey", token)
    later = signing.time.time() + signed_links.VALID_FOR.total_seconds() + 5
    monkeypatch.setattr(signing.time, "time", lambda: later)
    assert signed_links.read("survey", token) is None


def test_survey_once_and_without_person_or_case(world: World) -> None:
    case = closed(world, topics=[Topic.REUSE])
    silent = closed(world, topics=[Topic.REUSE], outcome=Outcome.NO_REPLY)
    ConsultingRequest.objects.filter(pk=silent.pk).update(outcome=Outcome.NO_REPLY)
    daily.run()
    daily.run()
    assert SurveyInvitation.objects.get().case == case
    url, visitor = link("survey"), Client()
    assert "ohne Ihren Namen" in visitor.get(url).content.decode().replace("\xa0", " ")
    bad = visitor.post(url, {"helped": "7", "comment": "Bitte schneller"})
    assert bad.status_code == 422
    assert "Bitte schneller" in bad.content.decode()
    events = case.events.count()

    said = {"helped": "4", "clear": "2", "comment": "Bitte schneller"}
    assert visitor.post(url, said).status_code == 200
    late = visitor.post(url, said | {"comment": "Noch <etwas>."})
    assert (late.status_code, "Noch &lt;etwas&gt;." in late.text) == (409, True)
    answer = SurveyAnswer.objects.get()
    assert (answer.helped, answer.clear, answer.comment) == (4, 2, "Bitte schneller")
    assert answer.topics == [Topic.REUSE]
    assert answer.month.day == 1
    assert {f.name for f in SurveyAnswer._meta.get_fields()} == {
        "id", "month", "topics", "helped", "clear", "comment",
    }  # fmt: skip
    assert not any(f.is_relation for f in SurveyAnswer._meta.get_fields())
    assert case.events.count() == events


def test_survey_service_says_used_up(world: World) -> None:
    closed(world)
    daily.run()
    invitation = SurveyInvitation.objects.get()
    services.answer_survey(invitation_id=invitation.pk, helped=1, clear=1)
    with pytest.raises(TransitionNotAllowed):
        services.answer_survey(invitation_id=invitation.pk, helped=4, clear=4)
    assert SurveyAnswer.objects.count() == 1


def test_nobody_is_asked_about_long_ago(world: World, clock: Any) -> None:
    clock.move_to(NOW)
    closed(world, topics=[Topic.REUSE])
    clock.move_to(NOW + timedelta(days=40))
    daily.run()
    assert not SurveyInvitation.objects.exists()


def test_nothing_was_bought_asks_for_no_contract(world: World) -> None:
    closed(world)
    daily.run()
    url = link("outcome")
    page = Client().post(url, {"what": "nothing"}, follow=True).text
    assert 'name="reason"' in page
    assert 'name="contract_type"' not in page
    assert Client().post(url, {"reason": "Kein Geld", "contract_type": "care"}).status_code == 302
    told = ProcurementOutcome.objects.get()
    assert (told.reason, told.contract_type) == ("Kein Geld", "")
    with pytest.raises(TransitionNotAllowed):
        services.add_to_outcome(outcome_id=told.pk, reason="Etwas anderes")


def test_six_months_are_calendar_months() -> None:
    for day, later in (
        (date(2026, 3, 9), date(2026, 9, 9)),
        (date(2026, 8, 31), date(2027, 2, 28)),
        (date(2027, 8, 31), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2027, 6, 30)),
        (date(2026, 6, 30), date(2026, 12, 30)),
    ):
        assert half_year_after(day) == later
        assert later - day >= SHORTEST_HALF_YEAR
