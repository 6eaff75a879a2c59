"""The steps of the OSK: each by the table of who and when, each told, each once."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from consulting import permissions, queues, releases, services
from consulting.admin.step import BY_NAME, STEPS, buttons
from consulting.enums import (
    CaseAction,
    CaseEventKind,
    CaseState,
    ConsentState,
    MessageKind,
    ProcedureState,
    Topic,
    Urgency,
)
from consulting.models import ConsultingRequest, PartnerConsent, PartnerQuestion
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from osk_portal.toolkit.working_days import add_working_days
from tests.factories import OrganisationFactory, staff

S = CaseState
NAMES = [step.name for step in STEPS]
STAFF = ("advisor", "other_advisor", "lead")
# Actions of the requester's side and of the system have no button here.
OURS = set(CaseAction) - {
    CaseAction.SUBMIT, CaseAction.REPLY, CaseAction.CLOSE, CaseAction.CLOSE_SILENT,
    CaseAction.WITHDRAW, CaseAction.DELETE_DRAFT,
}  # fmt: skip
START = {
    "take-up": S.SUBMITTED, "start": S.ASSIGNED, "partner-done": S.WAITING_THIRD,
    "answer": S.IN_PROGRESS, "assign-me": S.TRIAGE, "assign": S.TRIAGE,
    "answer-at-once": S.SUBMITTED, "ask-back": S.IN_PROGRESS, "involve-partner": S.IN_PROGRESS,
    "reopen": S.ANSWERED, "return": S.IN_PROGRESS, "merge": S.SUBMITTED, "decline": S.IN_PROGRESS,
    "undo": S.DECLINED, "snooze": S.IN_PROGRESS, "wake": S.IN_PROGRESS,
    "confirm-urgency": S.TRIAGE, "answer-urgency": S.TRIAGE,
    "withdraw-companies": S.WAITING_THIRD, "ask-partners": S.IN_PROGRESS,
    "ask-consent": S.IN_PROGRESS, "market-inquiry": S.IN_PROGRESS, "procedure": S.ANSWERED,
    "complete-procurement": S.IN_PROGRESS,
}  # fmt: skip
END = {
    "take-up": S.TRIAGE, "start": S.IN_PROGRESS, "partner-done": S.IN_PROGRESS,
    "answer": S.ANSWERED, "assign-me": S.ASSIGNED, "assign": S.ASSIGNED,
    "answer-at-once": S.ANSWERED, "ask-back": S.WAITING_REQUESTER,
    "involve-partner": S.WAITING_THIRD, "reopen": S.IN_PROGRESS, "return": S.TRIAGE,
    "merge": S.DUPLICATE, "decline": S.DECLINED, "undo": S.TRIAGE,
    "snooze": S.IN_PROGRESS, "wake": S.IN_PROGRESS,
    "confirm-urgency": S.TRIAGE, "answer-urgency": S.TRIAGE,
    "withdraw-companies": S.IN_PROGRESS, "ask-partners": S.WAITING_THIRD,
    "ask-consent": S.IN_PROGRESS, "market-inquiry": S.IN_PROGRESS, "procedure": S.ANSWERED,
    "complete-procurement": S.IN_PROGRESS,
}  # fmt: skip
WHO = dict.fromkeys(("assign", "decline", "undo", "confirm-urgency", "answer-urgency"), "lead")
# Who may see the case, but not do this with it.
NOT = dict.fromkeys(WHO, "advisor") | dict.fromkeys(
    (
        "start",
        "partner-done",
        "answer",
        "ask-back",
        "involve-partner",
        "return",
        "snooze",
        "wake",
        "withdraw-companies",
        "ask-partners",
        "ask-consent",
        "market-inquiry",
        "procedure",
        "complete-procurement",
    ),
    "other_advisor",
)
PAGES = [step.name for step in STEPS if step.has_page]
ACTS = [step.name for step in STEPS if not step.has_page]


def typed_for(world, name: str) -> dict[str, object]:
    soon = (clock.today() + timedelta(days=7)).isoformat()
    today = clock.today().isoformat()
    match name:
        case "answer" | "answer-at-once":
            return {"text": "Nehmen Sie Nextcloud."}
        case "ask-back":
            return {"question": "Wie viele Nutzende?", "reply_by": soon}
        case "assign":
            return {"assignee": world.other_advisor.public_id}
        case "involve-partner":
            partner = OrganisationFactory(name="Hochschule E", kind="science")
            return {
                "organisation": partner.public_id,
                "question": "Wie betreiben Sie es?",
                "due_on": soon,
                "consented_on": today,
                "consent_source": "Mail der Behörde vom Montag",
            }
        case "decline":
            return {"reason": "Kein Open Source.", "referral": "ITDZ Vertrieb"}
        case "merge":
            target = world.case(S.IN_PROGRESS)
            return {"target": target.reference}
        case "snooze":
            return {"until": soon, "note": "Dann liegt der Haushalt vor"}
        case "confirm-urgency":
            return {"answer_by": add_working_days(clock.today(), 3).isoformat()}
        case "answer-urgency":
            return {"text": "Das Vergabeamt ist noch nicht so weit."}
        case "return" | "undo" | "reopen":
            return {"reason": "Krankheit im Team"}
        case "ask-consent":
            return {
                "partner_1": OrganisationFactory(name="Hochschule E", kind="science").public_id,
                "question": "Wie betreiben Sie es?",
                "answer_by": soon,
            }
        case "ask-partners":
            given = PartnerConsent.objects.last()
            return {"consent": str(given.public_id if given else uuid4()), "due_on": soon}
        case "market-inquiry":
            return {
                "reason": "Der Markt ist unbekannt",
                "scope": "Drei Anbieter",
                "decided_on": today,
                "knows_prejudice": "on",
            }
        case "procedure":
            return {"procedure_state": ProcedureState.RUNNING.value}
        case "complete-procurement":
            return {"deadline": soon, "contract_type": "unknown"}
    return {}


def starting(world, name: str) -> ConsultingRequest:
    """A case with which the step can be done."""
    if name == "wake":
        soon = clock.today() + timedelta(days=7)
        return world.case(START[name], snoozed_until=soon, snooze_note="Anrufen")
    if name.endswith("-urgency"):
        return world.case(START[name], urgency=Urgency.WISHED, urgency_reason="Vertragsende")
    if name in ("market-inquiry", "procedure", "complete-procurement"):
        return world.case(
            START[name], topics=[Topic.PROCUREMENT], procedure_state=ProcedureState.PLANNED
        )
    case = world.case(START[name])
    if name == "ask-partners":
        shown = releases.release(
            case,
            partners=[OrganisationFactory(name="Hochschule E", kind="science")],
            question="Wie betreiben Sie es?",
            files=[],
            names_authority=False,
        )
        case.consents.create(
            released=shown.as_json,
            sha256=shown.sha256,
            answer_by=clock.today(),
            asked_by=world.advisor,
            state=ConsentState.GIVEN,
            decided_by=world.requester,
            decided_at=clock.now(),
        )
    if name == "withdraw-companies":
        ConsultingRequest.objects.filter(pk=case.pk).update(
            topics=[Topic.PROCUREMENT],
            procedure_state=ProcedureState.RUNNING,
            is_confidential=True,
        )
        case.partner_questions.create(
            organisation=OrganisationFactory(company=True),
            question="Was bieten Sie an?",
            due_on=clock.today(),
            consented_on=clock.today(),
            asked_by=world.advisor,
        )
    return reload(case)


def who(name: str) -> str:
    return WHO.get(name, "advisor")


def reload(case: ConsultingRequest) -> ConsultingRequest:
    return ConsultingRequest.objects.get(pk=case.pk)


def test_every_action_of_the_osk_has_a_step():
    # Deciding about the urgency moves no state: steps without an action of the table.
    assert {step.action for step in STEPS} == OURS | {None}
    assert set(START) == set(END) == set(BY_NAME)


# Buttons


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize("state", [s for s in S if s != S.DRAFT])
def test_buttons_are_what_the_table_allows(world, sign_in, state, role):
    case, user = world.case(state), world.person(role)
    page = sign_in(role).get(queues.case_url(case)).content.decode()
    allowed = permissions.allowed_actions(user, case)
    for step in STEPS:
        expected = step.action in allowed
        if step.name == "assign":
            expected = expected and role == "lead"
        if step.name == "assign-me":
            expected = expected and case.assignee_id != user.pk
        if step.name == "ask-consent":
            expected = case.is_open and case.assignee_id == user.pk
        if step.name == "ask-partners":
            expected = False  # nothing was permitted
        link = f'"{queues.step_url(case, step.name)}"'
        assert (link in page) == expected, step.name
    shown = buttons(user, case, None)
    assert sum(button.tone == "primary" for button in shown) <= 1
    assert " disabled" not in page.split("<main", 1)[1]


# The ladder


@pytest.mark.parametrize("name", NAMES)
def test_members_and_operators_do_not_get_in(world, sign_in, send, name):
    case = starting(world, name)
    typed = typed_for(world, name)
    for role in ("visitor", "requester", "stranger", "operator"):
        browser = sign_in(role)
        expected = (403,) if role == "operator" else (302, 403, 404)
        assert browser.get(queues.step_url(case, name)).status_code in expected
        assert send(browser, case, name, **typed).status_code in expected
    assert reload(case).state == START[name]
    assert not case.events.exists()


@pytest.mark.parametrize("name", sorted(NOT))
def test_the_wrong_role_gets_403(world, sign_in, send, name):
    case = starting(world, name)
    browser = sign_in(NOT[name])
    assert browser.get(queues.step_url(case, name)).status_code == 403
    assert send(browser, case, name, **typed_for(world, name)).status_code == 403
    assert reload(case).state == START[name]


@pytest.mark.parametrize("name", NAMES)
def test_unknown_cases_are_404(world, sign_in, name):
    address = reverse("admin:consulting_consultingrequest_step", args=[uuid4(), name])
    assert sign_in(who(name)).post(address, {"version": 1}).status_code == 404


def test_unknown_steps_are_404(world, sign_in):
    case = world.case(S.SUBMITTED)
    for name in ("submit", "close", "withdraw", "irgendwas"):
        assert sign_in("lead").post(queues.step_url(case, name)).status_code == 404


@pytest.mark.parametrize("name", ACTS)
def test_a_step_without_a_page_needs_post(world, sign_in, name):
    case = starting(world, name)
    assert sign_in(who(name)).get(queues.step_url(case, name)).status_code == 405
    assert reload(case).state == START[name]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_first(world, sign_in, name):
    case = starting(world, name)
    response = sign_in(who(name)).get(queues.step_url(case, name))
    assert response.status_code == 200
    assert f'name="version" value="{case.version}"' in response.content.decode()
    assert reload(case).state == START[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_step_moves_the_case_and_says_so(world, sign_in, send, name):
    case = starting(world, name)
    browser = sign_in(who(name))
    response = send(browser, case, name, **typed_for(world, name))
    assert response.status_code == 302, response.content.decode()[-3000:]
    assert response.headers["Location"] == queues.case_url(case)
    assert reload(case).state == END[name]
    assert case.events.last().kind == BY_NAME[name].event
    assert case.events.last().actor == world.person(who(name))
    shown = browser.get(queues.case_url(case)).content.decode()
    assert str(BY_NAME[name].done) in shown


@pytest.mark.parametrize("name", NAMES)
def test_a_step_tells_the_authority(world, sign_in, send, name):
    case = starting(world, name)
    send(sign_in(who(name)), case, name, **typed_for(world, name))
    told = OutgoingMail.objects.filter(address=world.requester.email).exists()
    assert told == (name not in ("snooze", "wake"))


def test_back_in_the_queue_is_news_where_the_page_reads_otherwise(world):
    for state, is_news in (
        (S.ASSIGNED, False), (S.IN_PROGRESS, True), (S.WAITING_REQUESTER, True), (S.WAITING_THIRD, True),
    ):  # fmt: skip
        case = world.case(state)
        services.return_to_queue(case_id=case.pk, actor=world.advisor, reason="Intern: Urlaub")
        told = OutgoingMail.objects.filter(
            user=world.requester, subject_key=str(case.public_id), kind="consulting.case_moved"
        )
        assert [mail.subject for mail in told] == [f"{case.reference}: In Prüfung"] * is_news
        assert "Urlaub" not in "".join(mail.body for mail in told)


@pytest.mark.parametrize("name", NAMES)
def test_from_every_other_state_nothing_happens_and_it_is_said(world, sign_in, send, name):
    step, role = BY_NAME[name], who(name)
    typed = typed_for(world, name)
    for state in set(S) - {S.DRAFT}:
        case = world.case(state)
        user = world.person(role)
        if step.is_open(user, case) or not step.is_permitted(user, case):
            continue
        before = case.events.count()
        response = send(sign_in(role), case, name, **typed)
        assert response.status_code in (200, 302)
        assert (reload(case).state, case.events.count()) == (state, before)
        if response.status_code == 302:
            page = sign_in(role)
            assert page.get(response.headers["Location"]).status_code == 200
        else:
            assert response.context["form"].errors
        opened = sign_in(role).get(queues.step_url(case, name))
        assert opened.status_code == (302 if step.has_page else 405)


# Sent twice


@pytest.mark.parametrize("name", NAMES)
def test_sent_twice_makes_one_event(world, sign_in, name):
    case = starting(world, name)
    browser = sign_in(who(name))
    typed = {"version": case.version, **typed_for(world, name)}
    assert browser.post(queues.step_url(case, name), typed).status_code == 302
    events, mails = case.events.count(), OutgoingMail.objects.count()
    again = browser.post(queues.step_url(case, name), typed)
    assert again.status_code == 302
    assert again.headers["Location"] == queues.case_url(case)
    assert (case.events.count(), OutgoingMail.objects.count()) == (events, mails)


def test_another_text_from_a_second_window_is_not_taken_for_the_first(world, sign_in):
    case = world.case(S.IN_PROGRESS)
    browser = sign_in("advisor")
    typed = {"version": case.version, **typed_for(world, "ask-back")}
    browser.post(queues.step_url(case, "ask-back"), typed)
    response = browser.post(
        queues.step_url(case, "ask-back"), {**typed, "question": "Eine andere Frage"}
    )
    assert response.status_code == 409
    assert "Eine andere Frage" in response.content.decode()
    assert case.messages.filter(kind=MessageKind.QUESTION).count() == 1


# Changed in the meantime


@pytest.mark.parametrize("name", PAGES)
def test_a_changed_case_keeps_what_was_typed(world, sign_in, name):
    case = starting(world, name)
    typed = {"version": case.version, **typed_for(world, name)}
    if START[name] == S.DECLINED:
        services.undo(case_id=case.pk, actor=world.lead, reason="Doch möglich")
    else:
        services.add_message(case_id=case.pk, actor=world.requester, text="Noch etwas")
    events = case.events.count()
    response = sign_in(who(name)).post(queues.step_url(case, name), typed)
    assert response.status_code == 409
    page = response.content.decode()
    for value in typed.values():
        if isinstance(value, str):
            assert value in page
    assert response.context["clash"].changes
    assert case.events.count() == events
    if response.context["clash"].can_send:
        version = reload(case).version
        again = sign_in(who(name)).post(queues.step_url(case, name), {**typed, "version": version})
        assert again.status_code == 302
        assert reload(case).state == END[name]


def test_a_case_taken_from_the_assignee_keeps_the_answer(world, sign_in):
    """The permission is gone together with the version: the text must not go with a 403."""
    case = world.case(S.IN_PROGRESS)
    typed = {"version": case.version, "text": "Eine lange Antwort"}
    services.assign(case_id=case.pk, actor=world.lead, assignee=world.other_advisor)
    response = sign_in("advisor").post(queues.step_url(case, "answer"), typed)
    assert response.status_code == 409
    page = response.content.decode()
    assert "Eine lange Antwort" in page
    assert response.context["clash"].can_send is False
    assert [e.kind for e in response.context["clash"].changes] == [CaseEventKind.ASSIGNED]
    assert not case.results.exists()


@pytest.mark.parametrize("name", ACTS)
def test_a_button_of_an_old_page_does_nothing(world, sign_in, name):
    case = starting(world, name)
    version = case.version
    services.add_message(case_id=case.pk, actor=world.requester, text="Noch etwas")
    response = sign_in(who(name)).post(queues.step_url(case, name), {"version": version})
    assert response.status_code == 302
    assert reload(case).state == START[name]


@pytest.mark.parametrize("version", ["", "x", "-1", "99999999999999999999"])
@pytest.mark.parametrize("name", ["take-up", "answer-at-once"])
def test_a_broken_version_writes_nothing(world, sign_in, name, version):
    case = world.case(S.SUBMITTED)
    typed = {**typed_for(world, name), "version": version}
    response = sign_in("advisor").post(queues.step_url(case, name), typed)
    assert response.status_code in (200, 302, 409)
    assert reload(case).state == S.SUBMITTED


# What each form asks for


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("answer", "text"), ("ask-back", "question"), ("ask-back", "reply_by"),
        ("assign", "assignee"), ("involve-partner", "organisation"),
        ("involve-partner", "question"), ("involve-partner", "due_on"),
        ("involve-partner", "consented_on"), ("involve-partner", "consent_source"),
        ("decline", "reason"), ("decline", "referral"),
        ("merge", "target"), ("return", "reason"), ("undo", "reason"), ("reopen", "reason"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["", "  ", "\x00", "a\x00b", "x" * 30_000, "\u202e\x07"])
def test_nothing_useful_is_said_at_the_field(world, sign_in, send, name, field, value):
    case = starting(world, name)
    typed = {**typed_for(world, name), field: value}
    response = send(sign_in(who(name)), case, name, **typed)
    assert response.status_code == 200
    assert response.context["form"].errors[field]
    assert reload(case).state == START[name]
    for other, kept in typed.items():
        if other != field and isinstance(kept, str):
            assert kept in response.content.decode()


@pytest.mark.parametrize(
    ("name", "field", "days"),
    [
        ("ask-back", "reply_by", 0), ("ask-back", "reply_by", -1), ("ask-back", "reply_by", 400),
        ("involve-partner", "due_on", 0), ("involve-partner", "consented_on", 1),
    ],
)  # fmt: skip
def test_dates_out_of_reach_are_refused(world, sign_in, send, name, field, days):
    case = starting(world, name)
    day = (clock.today() + timedelta(days=days)).isoformat()
    response = send(sign_in("advisor"), case, name, **{**typed_for(world, name), field: day})
    assert response.context["form"].errors[field]


def test_only_advisors_can_be_assigned(world, sign_in, send):
    case = world.case(S.TRIAGE)
    left = staff("advisor", name="Nicht mehr da", is_active=False)
    for person in (world.requester, world.operator, left):
        response = send(sign_in("lead"), case, "assign", assignee=person.public_id)
        assert response.context["form"].errors["assignee"]
    page = sign_in("lead").get(queues.step_url(case, "assign"))
    offered = set(page.context["form"].fields["assignee"].queryset)
    assert offered == {world.advisor, world.other_advisor, world.lead}


def test_a_lead_hands_a_running_case_over(world, sign_in, send):
    case = world.case(S.IN_PROGRESS)
    send(sign_in("lead"), case, "assign", assignee=world.other_advisor.public_id)
    assert reload(case).assignee == world.other_advisor
    assert reload(case).state == S.IN_PROGRESS


def test_merging_reveals_no_foreign_request(world, sign_in, send):
    from tests.consulting.factories import CaseFactory, DraftFactory

    case = world.case(S.SUBMITTED)
    foreign = CaseFactory()
    refused = send(sign_in("advisor"), case, "merge", target=foreign.reference)
    assert refused.status_code == 200
    assert refused.context["form"].non_field_errors()
    for odd in ("OSK-2026-99999", case.reference, str(DraftFactory().public_id)[:20]):
        response = send(sign_in("advisor"), case, "merge", target=odd)
        assert response.context["form"].errors["target"]
    assert reload(case).state == S.SUBMITTED


def test_companies_are_hidden_in_procurement_and_counted(world, sign_in, send):
    company = OrganisationFactory(company=True, name="Firma Muster")
    case = world.case(S.IN_PROGRESS, topics=[Topic.PROCUREMENT])
    advisor = sign_in("advisor")
    page = advisor.get(queues.step_url(case, "involve-partner"))
    assert "Firma Muster" not in page.content.decode()
    assert page.context["form"].hidden_partners == 1
    typed = {**typed_for(world, "involve-partner"), "organisation": company.public_id}
    response = send(advisor, case, "involve-partner", **typed)
    assert response.context["form"].errors["organisation"]
    assert not PartnerQuestion.objects.exists()
    other = world.case(S.IN_PROGRESS)
    assert "Firma Muster" in advisor.get(queues.step_url(other, "involve-partner")).content.decode()


def test_an_internal_reason_is_not_read_outside(world, sign_in, send):
    case = world.case(S.IN_PROGRESS)
    send(sign_in("advisor"), case, "return", reason="Intern: Urlaub")
    page = sign_in("requester").get(reverse("consulting:request_detail", args=[case.public_id]))
    assert "Intern: Urlaub" not in page.content.decode()


def test_without_a_token_nothing_is_taken(world):
    from django.test import Client

    from tests.consulting.staff.conftest import BACKEND

    case = world.case(S.SUBMITTED)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.get(pk=world.advisor.pk), backend=BACKEND)
    response = browser.post(queues.step_url(case, "take-up"), {"version": case.version})
    assert response.status_code == 403
    assert reload(case).state == S.SUBMITTED


def test_the_whole_way_in_the_staff_area(world, sign_in, send):
    case = world.case(S.SUBMITTED)
    advisor = sign_in("advisor")
    for name in ("take-up", "assign-me", "start"):
        assert send(advisor, case, name).status_code == 302
    send(advisor, case, "note", text="Erst prüfen")
    send(advisor, case, "ask-back", **typed_for(world, "ask-back"))
    services.reply(case_id=case.pk, actor=world.requester, text="Es sind 200.")
    send(advisor, case, "answer", text="Nehmen Sie Nextcloud.")
    assert reload(case).state == S.ANSWERED
    kinds = list(case.events.values_list("kind", flat=True))
    assert kinds == [
        CaseEventKind.TAKEN_UP, CaseEventKind.ASSIGNED, CaseEventKind.STARTED,
        CaseEventKind.NOTE_ADDED, CaseEventKind.ASKED_BACK, CaseEventKind.REPLIED,
        CaseEventKind.ANSWERED,
    ]  # fmt: skip
