"""A state that has moved on: what was typed stays, and what was not done is not reported as done."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from consulting import services
from consulting.enums import CaseState, ContactKind, ProcedureState, Topic
from consulting.models import (
    CaseRetention,
    Introduction,
    Need,
    PartnerContact,
    PartnerQuestion,
    RetentionHold,
)
from consulting.views import links
from network.enums import OrganisationKind
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock as portal_clock
from tests.consulting.conftest import World
from tests.consulting.test_published import fresh, in_objection
from tests.consulting.test_recording import record
from tests.consulting.views.conftest import signed_in
from tests.consulting.views.test_recommendation_mark import answered, mark
from tests.factories import MembershipFactory, OrganisationFactory

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
S = CaseState
MINE = "Was ich getippt habe"
__all__ = ["signed_in"]


def kept(page: Any, status: int = 409) -> str:
    assert page.status_code == status
    text: str = page.content.decode()
    assert text.count(MINE) >= 1
    return text


def hidden(text: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]*)"', text)


def test_a_reason_against_a_publication_that_was_taken_back(
    world: World,
    signed_in: Browser,  # a fixture
) -> None:
    row = in_objection(world)
    url = reverse("consulting:answer_objection", args=[row.case.public_id])
    typed = {"version": row.version, "text": MINE}
    mine = signed_in(world.requester)
    services.withdraw_answer(answer_id=row.pk, actor=world.advisor, expected_version=row.version)
    assert "nichts zu entscheiden" in kept(mine.post(url, typed))
    assert mine.post(url, {**typed, "text": "\x00"}).status_code < 500
    # Who only agrees has typed nothing.
    assert mine.post(url, {"version": row.version, "agree": "1"}).status_code == 302
    assert fresh(row).state == "withdrawn"


def test_a_reason_for_an_advice_that_a_newer_answer_replaced(
    world: World,
    signed_in: Browser,  # a fixture
) -> None:
    case, item = answered(world)
    services.reopen(case_id=case.pk, actor=world.requester, reason="Noch etwas")
    services.answer(case_id=case.pk, actor=world.lead, text="Neue Antwort")
    url = reverse("consulting:recommendation_mark", args=[case.public_id])
    mine = signed_in(world.requester)

    text = kept(mine.post(url, mark(item, uptake="not_for_us", reason=MINE)))

    assert "Neue Antwort" in text
    assert mine.post(url, mark(item, uptake="taken_up")).status_code == 302


def test_a_need_that_a_colleague_or_the_osk_was_faster_with(
    world: World,
    signed_in: Browser,  # a fixture
) -> None:
    case = world.case(S.IN_PROGRESS, topics=[Topic.REUSE])
    new = reverse("consulting:need_new", args=[case.public_id])
    typed = {"title": "Formulare", "text": MINE, "topics": ["reuse"], "shows_organisation": "kind"}
    mine = signed_in(world.requester)
    need = services.publish_need(
        case_id=case.pk, actor=world.writer, title="Anders", text="Von der Kollegin"
    )

    text = kept(mine.post(new, typed))

    assert "Von der Kollegin" in text
    assert Need.objects.get().text == "Von der Kollegin"

    edit = reverse("consulting:need_edit", args=[need.public_id])
    old = {**typed, "version": need.version}
    services.edit_need(
        need_id=need.pk,
        actor=world.writer,
        expected_version=need.version,
        title="Anders",
        text="Noch einmal anders",
    )
    text = kept(mine.post(edit, old))
    assert "Noch einmal anders" in text
    again = {**typed, "version": hidden(text, "version")[0]}
    assert mine.post(edit, again).status_code == 302
    assert Need.objects.get().text == MINE

    services.take_down_need(need_id=need.pk, actor=world.advisor, reason="Nennt ein Produkt")
    kept(mine.post(edit, {**again, "version": Need.objects.get().version}))
    services.withdraw(case_id=case.pk, actor=world.writer)
    Need.objects.update(state="ended")
    kept(mine.post(new, typed))


def test_a_second_proposal_is_not_said_to_be_asked(
    world: World,
    signed_in: Browser,  # a fixture
) -> None:
    case = world.case(S.IN_PROGRESS, topics=[Topic.REUSE])
    organisation = world.stranger.memberships.get().organisation
    other = world.case(S.IN_PROGRESS, author=world.stranger, organisation=organisation, deputy=None)
    services.propose_introduction(
        case_id=case.pk,
        other_id=other.pk,
        actor=world.other_advisor,
        text="Zuerst",
        is_checked=True,
    )
    url = reverse(
        "admin:consulting_consultingrequest_introduce", args=[case.public_id, other.public_id]
    )

    text = kept(signed_in(world.advisor).post(url, {"text": MINE}))

    assert "Ihr Text wurde nicht gesendet" in text
    assert Introduction.objects.get().text == "Zuerst"


def test_a_hold_that_is_there_already_is_not_asked_for(
    world: World,
    signed_in: Browser,  # a fixture
) -> None:
    case = world.case(S.CLOSED)
    urls = (
        (world.requester, reverse("consulting:request_hold", args=[case.public_id])),
        (
            world.advisor,
            reverse("admin:consulting_consultingrequest_hold_ask", args=[case.public_id]),
        ),
    )
    services.ask_for_hold(case_id=case.pk, actor=world.writer, reason="Prüfung")
    for person, url in urls:
        text = kept(signed_in(person).post(url, {"reason": MINE}))
        assert "schon jemand um einen Sperrvermerk gebeten" in text
        assert "Leitung entscheidet. Wir" not in text
    services.set_hold(case_id=case.pk, actor=world.lead, reason="Prüfung")
    for person, url in urls:
        text = kept(signed_in(person).post(url, {"reason": MINE}))
        assert "Ein Sperrvermerk ist schon gesetzt" in text
    assert RetentionHold.objects.get().reason == "Prüfung"


def test_an_old_page_of_the_lead_overwrites_no_hold_and_no_end(
    world: World,
    signed_in: Browser,  # a fixture
) -> None:
    case = world.case(S.CLOSED, topics=[Topic.PROCUREMENT], procedure_state=ProcedureState.PLANNED)
    names = ("keeping", "hold_set", "hold_lift", "contract_end")
    page, set_url, lift, end = (
        reverse(f"admin:consulting_consultingrequest_{name}", args=[case.public_id])
        for name in names
    )
    lead = signed_in(world.lead)
    end_seen, hold_seen = hidden(lead.get(page).text, "was_seen")
    services.set_hold(case_id=case.pk, actor=world.lead, reason="Erster")
    first = RetentionHold.objects.get()

    text = kept(lead.post(set_url, {"reason": MINE, "was_seen": hold_seen}))
    assert lead.post(lift, {"was_seen": hold_seen}).status_code == 409
    first.refresh_from_db()
    assert (first.reason, first.ended_at) == ("Erster", None)
    # Sent again from the page that shows the first, it counts.
    again = {"reason": MINE, "was_seen": hidden(text, "was_seen")[1]}
    for _twice in range(2):
        assert lead.post(set_url, again).status_code == 302
    assert RetentionHold.objects.get().reason == MINE

    typed = {"ends_on": "01.02.2030", "was_seen": end_seen}
    services.enter_contract_end(case_id=case.pk, actor=world.lead, ends_on=date(2031, 1, 1))
    refused = signed_in(world.advisor).post(end, typed)
    assert refused.status_code == 409
    assert "01.02.2030" in refused.text
    assert CaseRetention.objects.get().contract_ends_on == date(2031, 1, 1)
    typed["was_seen"] = hidden(refused.text, "was_seen")[0]
    for _twice in range(2):
        assert signed_in(world.advisor).post(end, typed).status_code == 302
    assert CaseRetention.objects.get().contract_ends_on == date(2030, 2, 1)


def test_an_old_reply_answers_no_later_query_of_a_partner(
    world: World,
    signed_in: Browser,  # a fixture
) -> None:
    partner = OrganisationFactory(kind=OrganisationKind.SCIENCE)
    editor = MembershipFactory(organisation=partner, editor=True).user
    case = world.case(S.IN_PROGRESS)
    day = portal_clock.today() + timedelta(days=7)
    services.involve_partner(
        case_id=case.pk,
        actor=world.advisor,
        organisation=partner,
        question="Was kostet das?",
        due_on=day,
        consented_on=portal_clock.today(),
        consent_source="Mail",
    )
    question = PartnerQuestion.objects.get()
    services.ask_back_question(question_id=question.pk, actor=editor, text="Wie viele?")
    url = reverse(
        "admin:consulting_consultingrequest_partner_reply",
        args=[case.public_id, question.public_id],
    )
    staff = signed_in(world.advisor)
    typed = {"text": MINE, "due_on": day.isoformat(), "is_released": "on"}
    typed["query"] = hidden(staff.get(url).text, "query")[0]
    services.ask_back_question(question_id=question.pk, actor=editor, text="Und bis wann?")

    text = kept(staff.post(url, typed))

    assert "Und bis wann?" in text
    assert not PartnerContact.objects.filter(kind=ContactKind.REPLIED).exists()
    typed["query"] = hidden(text, "query")[0]
    assert staff.post(url, typed).status_code == 302
    assert PartnerContact.objects.get(kind=ContactKind.REPLIED).text == MINE


def test_a_dead_link_shows_what_was_typed(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = record(world)
    link = case.links.get()
    url = link.get_absolute_url()
    monkeypatch.setattr(links, "within_limit", lambda *_args, **_options: False)
    kept(client.post(url, {"text": MINE}), 429)
    monkeypatch.undo()
    services.withdraw(case_id=case.pk, actor=case.author)
    kept(client.post(url, {"text": MINE}))
    type(link).objects.update(made_at=portal_clock.now() - timedelta(days=15))

    text = kept(client.post(url, {"text": f"{MINE} <script>alert(1)</script>"}), 404)

    assert "<script>alert" not in text
    assert "als Antwort auf die letzte Mail" in text
    assert MINE not in client.get(url).text
    assert client.post(url, {"text": " "}).status_code == 404
