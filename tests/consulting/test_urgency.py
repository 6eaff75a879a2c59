"""Urgency: wished by the author, confirmed or answered by the Leitung, reminded of once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from consulting import queues, services
from consulting.enums import CaseEventKind, CaseState, Topic, Urgency
from consulting.models import ConsultingRequest
from consulting.services import daily, deadline_mails, urgency
from consulting.tasks import tell_deadlines
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
SOON = date(2026, 12, 2)  # the promise of that Monday is 7 December
REASON = "Der Vertrag endet am Monatsende."
Sign = Callable[[str], Client]
Send = Callable[..., HttpResponse]


@pytest.fixture
def sign_in(world: World) -> Sign:
    def browser(role: str) -> Client:
        client = Client()
        client.force_login(
            User.objects.get(pk=getattr(world, role).pk),
            backend="django.contrib.auth.backends.ModelBackend",
        )
        return client

    return browser


def marked(
    world: World, state: CaseState = CaseState.SUBMITTED, **fields: Any
) -> ConsultingRequest:
    fields = {"wished_on": SOON, "urgency": Urgency.WISHED, "urgency_reason": REASON, **fields}
    return world.case(state, **fields)


def check(case: ConsultingRequest) -> str:
    return reverse("consulting:request_check", args=[case.public_id])


def leads_mails(world: World) -> int:
    return OutgoingMail.objects.filter(kind="consulting.staff_urgent").count()


def test_author_marks_with_a_reason_and_the_leitung_hears(
    world: World, sign_in: Sign, clock: Any
) -> None:
    clock.move_to(MONDAY)
    case = world.case(CaseState.DRAFT, wished_on=SOON)
    browser = sign_in("requester")

    page = browser.post(check(case), {"version": case.version, "urgent": "on"}).content.decode()
    assert page.count("Schreiben Sie, warum es dringend ist.") == 2
    typed = {"version": case.version, "urgent": "on", "urgency_reason": REASON}
    for _ in range(2):
        browser.post(check(case), typed)

    case.refresh_from_db()
    assert (case.state, case.urgency, case.urgency_reason) == ("submitted", "wished", REASON)
    assert leads_mails(world) == 1
    mail = OutgoingMail.objects.get(kind="consulting.staff_urgent")
    assert REASON not in f"{mail.subject} {mail.body}"
    assert REASON in browser.get(case.get_absolute_url()).content.decode()


def test_wished_date_after_the_promise_is_not_urgent(
    world: World, sign_in: Sign, clock: Any
) -> None:
    clock.move_to(MONDAY)
    case = world.case(
        CaseState.DRAFT, wished_on=date(2027, 1, 4), urgency="wished", urgency_reason=REASON
    )
    browser = sign_in("requester")

    assert "Als dringend kennzeichnen" not in browser.get(check(case)).content.decode()
    browser.post(check(case), {"version": case.version, "urgent": "on", "urgency_reason": REASON})

    case.refresh_from_db()
    assert (case.state, case.urgency, case.urgency_reason) == ("submitted", "normal", "")
    assert leads_mails(world) == 0


def test_early_wish_is_said_at_once(world: World, sign_in: Sign, clock: Any) -> None:
    clock.move_to(MONDAY)
    case = world.case(CaseState.DRAFT)
    page = sign_in("requester").post(
        reverse("consulting:request_subject", args=[case.public_id]),
        {
            "title": "T", "description": "D", "topics": ["reuse"], "phase": "planning",
            "wished_on": "2026-12-02",
        },
        follow=True,
    )  # fmt: skip

    assert "Ihr Wunschtermin liegt vor unserer Zusage" in page.content.decode()


@pytest.mark.parametrize("urgency", [Urgency.CONFIRMED, Urgency.ANSWERED])
def test_author_cannot_confirm(world: World, urgency: Urgency) -> None:
    case = world.case(CaseState.DRAFT)

    with pytest.raises(PermissionDenied):
        services.save_draft(case_id=case.pk, actor=world.requester, values={"urgency": urgency})
    with pytest.raises(PermissionDenied):
        services.create_draft(actor=world.requester, values={"urgency": urgency})


def test_leitung_confirms_with_a_day(world: World, sign_in: Sign, clock: Any) -> None:
    clock.move_to(MONDAY)
    case = marked(world, CaseState.IN_PROGRESS)
    browser = sign_in("lead")
    assert "Als dringend gekennzeichnet" in browser.get(queues.case_url(case)).content.decode()
    address = queues.step_url(case, "confirm-urgency")
    assert 'value="2026-12-02"' in browser.get(address).content.decode()

    for _ in range(2):
        response = browser.post(address, {"version": case.version, "answer_by": "2026-12-01"})
        assert response.status_code == 302

    case.refresh_from_db()
    assert (case.urgency, case.answer_due_on) == ("confirmed", date(2026, 12, 1))
    assert case.events.filter(kind=CaseEventKind.URGENCY_CONFIRMED).count() == 1
    told = OutgoingMail.objects.filter(kind="consulting.case_urgent", user=world.requester)
    assert told.count() == 1


@pytest.mark.parametrize("day", ["2026-11-20", "2026-11-28", "2030-01-01", "bald", ""])
def test_day_must_be_a_working_day_to_come(
    world: World, sign_in: Sign, clock: Any, day: str
) -> None:
    clock.move_to(MONDAY)
    case = marked(world)

    page = sign_in("lead").post(
        queues.step_url(case, "confirm-urgency"), {"version": case.version, "answer_by": day}
    )

    assert page.status_code == 200
    case.refresh_from_db()
    assert case.urgency == "wished"


def test_rested_days_stay_counted_and_move_the_new_day_only_from_now_on(
    world: World, clock: Any
) -> None:
    clock.move_to(MONDAY)
    case = marked(world, CaseState.WAITING_REQUESTER, paused_working_days=1)
    clock.move_to(datetime(2026, 11, 25, 9, tzinfo=UTC))

    services.confirm_urgency(case_id=case.pk, actor=world.lead, answer_by=date(2026, 12, 1))
    clock.move_to(datetime(2026, 11, 26, 9, tzinfo=UTC))
    services.reply(case_id=case.pk, actor=world.requester, text="Hier die Antwort.")

    case.refresh_from_db()
    assert case.paused_working_days == 4
    assert case.answer_due_on == date(2026, 12, 2)


def test_leitung_answers_and_the_promise_stays(world: World, sign_in: Sign) -> None:
    case = marked(world)
    promised = case.answer_due_on

    response = sign_in("lead").post(
        queues.step_url(case, "answer-urgency"),
        {"version": case.version, "text": "Wir schaffen es nicht früher."},
    )

    assert response.status_code == 302
    case.refresh_from_db()
    assert (case.urgency, case.answer_due_on) == ("answered", promised)
    assert "nicht früher" in sign_in("requester").get(case.get_absolute_url()).content.decode()
    assert case.events.filter(kind=CaseEventKind.URGENCY_ANSWERED).count() == 1


@pytest.mark.parametrize("step", ["confirm-urgency", "answer-urgency"])
@pytest.mark.parametrize(
    ("role", "status"), [("advisor", 403), ("other_advisor", 403), ("operator", 403)]
)
def test_only_the_leitung_decides(
    world: World, sign_in: Sign, step: str, role: str, status: int
) -> None:
    case = marked(world)
    typed = {"version": case.version, "text": "Nein.", "answer_by": "2030-01-01"}

    assert sign_in(role).post(queues.step_url(case, step), typed).status_code == status
    case.refresh_from_db()
    assert case.urgency == "wished"


@pytest.mark.parametrize("state", [CaseState.ANSWERED, CaseState.CLOSED, CaseState.WITHDRAWN])
def test_nothing_to_decide_on_an_ended_case(world: World, state: CaseState) -> None:
    case = marked(world, state)

    with pytest.raises(TransitionNotAllowed):
        services.answer_urgency(case_id=case.pk, actor=world.lead, text="Zu spät.")


def test_queue_and_sign(world: World, sign_in: Sign) -> None:
    case = marked(world)
    other = world.case(CaseState.SUBMITTED)

    page = sign_in("lead").get(queues.BY_NAME["urgent"].url).content.decode()

    assert case.reference in page
    assert other.reference not in page
    assert "Als dringend gekennzeichnet" in page


@pytest.mark.parametrize("is_confidential", [False, True])
def test_the_decision_is_a_first_response_and_its_mail_says_what_it_is(
    world: World, clock: Any, is_confidential: bool
) -> None:
    clock.move_to(MONDAY)
    topics = [Topic.PROCUREMENT if is_confidential else Topic.REUSE]
    confirmed, answered = (marked(world, title="Fachverfahren Kita", topics=topics) for _ in "12")
    late = marked(world)

    services.confirm_urgency(case_id=confirmed.pk, actor=world.lead, answer_by=SOON)
    services.answer_urgency(case_id=answered.pk, actor=world.lead, text="Es geht nicht früher.")

    mails = [
        OutgoingMail.objects.get(user=world.requester, subject_key=str(case.public_id))
        for case in (confirmed, answered)
    ]
    assert [mail.subject for mail in mails] == [
        f"{confirmed.reference}: Wir behandeln Ihre Anfrage als dringend",
        f"{answered.reference}: Unsere Antwort zur Dringlichkeit",
    ]
    assert "2. Dezember 2026" in mails[0].body.replace("\xa0", " ")
    for mail in mails:
        assert ("Fachverfahren Kita" in mail.body) is not is_confidential
        assert not {"nicht früher", REASON} & set(mail.body.split("\n"))
        assert "nicht früher" not in mail.body
    versions = [case.version for case in (confirmed, answered)]
    for case in (confirmed, answered):
        case.refresh_from_db()
        assert case.first_responded_at is not None
    assert [c.version - v for c, v in zip((confirmed, answered), versions, strict=True)] == [1, 1]

    OutgoingMail.objects.all().delete()
    clock.move_to(datetime(2026, 11, 26, 9, tzinfo=UTC))
    deadline_mails.send()
    overdue = OutgoingMail.objects.filter(kind="consulting.staff_overdue")
    assert set(overdue.values_list("subject_key", flat=True)) == {str(late.public_id)}


def test_the_day_of_the_decision_is_shown_and_sorts_the_queue(
    world: World, sign_in: Sign, clock: Any
) -> None:
    clock.move_to(MONDAY)
    later = marked(world, answer_due_on=SOON)  # the earlier promise, the later decision
    sooner = marked(world, submitted_at=datetime(2026, 11, 19, 9, tzinfo=UTC))
    browser = sign_in("lead")

    page = browser.get(queues.BY_NAME["urgent"].url).content.decode()
    assert page.index(sooner.reference) < page.index(later.reference)
    assert "2 Anfragen, nach Tag der Entscheidung sortiert" in page
    assert "entscheiden bis 24.11.2026" in page
    assert "entscheiden bis 20.11.2026" in page
    shown = browser.get(queues.case_url(later)).content.decode().replace("\xa0", " ")
    assert "Über die Dringlichkeit zu entscheiden bis" in shown
    assert "Dienstag, 24. November 2026" in shown

    told = sign_in("requester").get(later.get_absolute_url()).content.decode()
    assert "Darüber entscheiden wir bis Dienstag, 24. November 2026." in told.replace("\xa0", " ")

    services.confirm_urgency(case_id=later.pk, actor=world.lead, answer_by=SOON)
    assert "zu entscheiden bis" not in browser.get(queues.case_url(later)).content.decode()
    assert "entscheiden bis" not in browser.get(
        queues.BY_NAME["open"].url
    ).content.decode().replace("entscheiden bis 20.11.2026", "")


def test_reminder_comes_once_on_the_day_in_office_hours(world: World, clock: Any) -> None:
    clock.move_to(datetime(2026, 11, 26, 9, tzinfo=UTC))  # a Thursday
    marked(world)
    world.case(CaseState.SUBMITTED)
    assert urgency.remind_of_urgency() == 0
    clock.move_to(datetime(2026, 11, 27, 3, tzinfo=UTC))
    daily.run()
    tell_deadlines()
    assert leads_mails(world) == 0
    clock.move_to(datetime(2026, 11, 27, 9, tzinfo=UTC))
    for _ in range(2):
        tell_deadlines()
    assert leads_mails(world) == 1

    marked(world)  # on the Friday, for Monday
    for saturday_or_sunday in (28, 29):
        clock.move_to(datetime(2026, 11, saturday_or_sunday, 9, tzinfo=UTC))
        assert urgency.remind_of_urgency() == 0
    clock.move_to(datetime(2026, 11, 30, 9, tzinfo=UTC))
    assert urgency.remind_of_urgency() == 1
