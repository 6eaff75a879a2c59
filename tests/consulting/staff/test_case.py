"""The page of a case, with the public message and the internal note."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consulting import queues, services
from consulting.enums import CaseEventKind, CaseState, MessageKind, Topic, Visibility
from consulting.models import CaseMessage, ConsultingRequest
from network.enums import MembershipState
from network.models import Membership
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock
from tests.consulting.factories import DraftFactory

S = CaseState
SECRET = "Nur für uns: Der Entwurf nennt ein Produkt."


def url(case: ConsultingRequest, name: str = "") -> str:
    return queues.step_url(case, name) if name else queues.case_url(case)


def text_of(response) -> str:
    return response.content.decode().split("<main", 1)[1]


@pytest.mark.parametrize("name", ["", "message", "note"])
def test_ladder(world, sign_in, send, name):
    case = world.case(S.IN_PROGRESS)

    def call(role: str):
        browser = sign_in(role)
        return send(browser, case, name, text="Hallo") if name else browser.get(url(case))

    for role in ("visitor", "requester", "stranger", "manager"):
        assert call(role).status_code in (302, 403, 404)
    assert call("operator").status_code == 403
    assert not case.messages.exists()
    assert call("other_advisor").status_code == (302 if name else 200)
    assert sign_in("advisor").delete(url(case, name)).status_code == 405


@pytest.mark.parametrize("name", ["message", "note"])
def test_writing_needs_post(world, sign_in, name):
    assert sign_in("advisor").get(url(world.case(S.IN_PROGRESS), name)).status_code == 405


def test_unknown_cases_and_drafts_are_404(world, sign_in):
    advisor = sign_in("advisor")
    unknown = reverse("admin:consulting_consultingrequest_case", args=[uuid4()])
    assert advisor.get(unknown).status_code == 404
    assert advisor.get(url(DraftFactory())).status_code == 404
    assert advisor.get(url(DraftFactory(author=world.advisor))).status_code == 404


@pytest.mark.parametrize("state", [s for s in S if s != S.DRAFT])
def test_every_state_has_a_page(world, sign_in, state):
    case = world.case(state)
    for role in ("advisor", "other_advisor", "lead"):
        response = sign_in(role).get(url(case))
        assert response.status_code == 200
        assert case.reference in text_of(response)
        takes_messages = url(case, "message") in text_of(response)
        assert takes_messages == case.takes_messages


def test_public_and_internal_never_share_a_form(world, sign_in):
    case = world.case(S.IN_PROGRESS)
    page = text_of(sign_in("advisor").get(url(case)))
    forms = [part.split("</form>", 1)[0] for part in page.split("<form")[1:]]
    writing = [form for form in forms if "<textarea" in form]
    assert len(writing) == 2
    assert all(form.count("<textarea") == 1 for form in writing)
    assert "disabled" not in page


def test_a_message_reaches_the_authority(world, sign_in, send):
    case = world.case(S.IN_PROGRESS)
    response = send(sign_in("advisor"), case, "message", text="Guten Tag")
    assert response.status_code == 302
    message = case.messages.get()
    assert (message.body, message.is_internal, message.by_osk) == ("Guten Tag", False, True)
    addresses = set(OutgoingMail.objects.values_list("address", flat=True))
    assert world.requester.email in addresses
    assert world.advisor.email not in addresses


def test_a_note_stays_inside(world, sign_in, send):
    case = world.case(S.IN_PROGRESS, visibility=Visibility.ORGANISATION)
    assert send(sign_in("advisor"), case, "note", text=SECRET).status_code == 302
    note = case.messages.get()
    assert (note.kind, note.is_internal) == (MessageKind.NOTE, True)
    staff_page = text_of(sign_in("other_advisor").get(url(case)))
    assert SECRET in staff_page
    assert "osk-msg--intern" in staff_page
    for role in ("requester", "writer", "reader", "deputy", "colleague"):
        page = sign_in(role).get(reverse("consulting:request_detail", args=[case.public_id]))
        assert page.status_code == 200
        assert SECRET not in page.content.decode()
    assert not OutgoingMail.objects.exists()
    assert not Notification.objects.exists()


def test_no_mail_carries_a_note_of_an_earlier_day(world, sign_in, send):
    case = world.case(S.IN_PROGRESS)
    advisor = sign_in("advisor")
    send(advisor, case, "note", text=SECRET)
    send(advisor, case, "message", text="Guten Tag")
    send(advisor, case, "answer", text="Nehmen Sie Nextcloud.")
    assert OutgoingMail.objects.count() >= 2
    for mail in OutgoingMail.objects.all():
        assert SECRET not in mail.subject + mail.body


@pytest.mark.parametrize("name", ["message", "note"])
def test_sent_twice_is_said_once(world, sign_in, name):
    case = world.case(S.IN_PROGRESS)
    typed = {"version": case.version, "message_id": str(uuid4()), "text": "Einmal"}
    advisor = sign_in("advisor")
    assert advisor.post(url(case, name), typed).status_code == 302
    assert advisor.post(url(case, name), typed).status_code == 302
    assert case.messages.count() == 1
    assert case.events.count() == 1


def test_a_message_to_a_changed_case_is_kept_and_the_change_is_said(world, sign_in):
    case = world.case(S.IN_PROGRESS)
    typed = {"version": case.version, "message_id": str(uuid4()), "text": "Mein langer Text"}
    services.add_message(case_id=case.pk, actor=world.requester, text="Noch etwas")
    advisor = sign_in("advisor")
    response = advisor.post(url(case, "message"), typed)
    assert response.status_code == 409
    page = text_of(response)
    assert "Mein langer Text" in page
    assert [e.kind for e in response.context["clash"].changes] == [CaseEventKind.MESSAGE_ADDED]
    assert str(world.requester) in page
    assert not case.messages.filter(author=world.advisor).exists()
    # What came back can be sent as it is.
    case.refresh_from_db()
    assert f'name="version" value="{case.version}"' in page
    again = advisor.post(url(case, "message"), {**typed, "version": case.version})
    assert again.status_code == 302
    assert case.messages.filter(author=world.advisor).count() == 1


def test_a_message_to_an_ended_case_keeps_the_text(world, sign_in):
    case = world.case(S.IN_PROGRESS)
    typed = {"version": case.version, "message_id": str(uuid4()), "text": "Mein langer Text"}
    services.withdraw(case_id=case.pk, actor=world.requester)
    response = sign_in("advisor").post(url(case, "message"), typed)
    assert response.status_code == 409
    assert "Mein langer Text" in text_of(response)
    assert not case.messages.exists()


def test_a_note_contradicts_nothing(world, sign_in):
    case = world.case(S.IN_PROGRESS)
    typed = {"version": case.version, "message_id": str(uuid4()), "text": SECRET}
    services.add_message(case_id=case.pk, actor=world.requester, text="Noch etwas")
    assert sign_in("advisor").post(url(case, "note"), typed).status_code == 302
    assert case.messages.filter(kind=MessageKind.NOTE).count() == 1


@pytest.mark.parametrize("name", ["message", "note"])
@pytest.mark.parametrize("typed", ["", "   \n ", "x" * 20_001, "eins\x00zwei", "\x1b[31m"])
def test_what_cannot_be_kept_is_said_at_the_field(world, sign_in, send, name, typed):
    case = world.case(S.IN_PROGRESS)
    response = send(sign_in("advisor"), case, name, text=typed)
    assert response.status_code == 200
    form = response.context[f"{name}_form"]
    assert form.errors["text"]
    assert str(form.errors["text"][0]) in text_of(response)
    assert not case.messages.exists()


def test_ten_megabytes_are_said_at_the_field_and_kept(world, sign_in, send):
    case = world.case(S.IN_PROGRESS)
    typed = "x" * 10_000_000
    response = send(sign_in("advisor"), case, "message", text=typed)
    assert response.status_code == 200
    assert response.context["message_form"].errors["text"]
    assert typed in text_of(response)
    assert not case.messages.exists()


@pytest.mark.parametrize("typed", ["Łukasiewicz-Şahin ẞ", "مرحبا", "👩🏽‍💻", "<b>fett</b>"])
def test_every_script_is_kept_and_escaped(world, sign_in, send, typed):
    case = world.case(S.IN_PROGRESS)
    assert send(sign_in("advisor"), case, "message", text=typed).status_code == 302
    assert case.messages.get().body == typed
    assert "<b>fett</b>" not in text_of(sign_in("advisor").get(url(case)))


@pytest.mark.parametrize("hidden", [{"version": "x"}, {"version": ""}, {"message_id": "nein"}])
def test_a_broken_form_is_answered(world, sign_in, send, hidden):
    case = world.case(S.IN_PROGRESS)
    response = send(sign_in("advisor"), case, "message", text="Guten Tag", **hidden)
    assert response.status_code == 200
    assert "Guten Tag" in text_of(response)
    assert not case.messages.exists()


def test_a_procurement_case_shows_the_lock(world, sign_in):
    advisor = sign_in("advisor")
    open_case = world.case(S.IN_PROGRESS)
    assert "osk-lock" not in text_of(advisor.get(url(open_case)))
    confidential = world.case(S.IN_PROGRESS, topics=[Topic.PROCUREMENT])
    assert "osk-lock" in text_of(advisor.get(url(confidential)))
    assert "osk-lock" in text_of(advisor.get(url(confidential, "answer")))


def test_an_unconfirmed_membership_is_said(world, sign_in):
    case = world.case(S.SUBMITTED)
    advisor = sign_in("advisor")
    assert advisor.get(url(case)).context["membership_open"] is False
    Membership.objects.filter(user=world.requester).update(
        state=MembershipState.PENDING, confirmed_at=None
    )
    assert advisor.get(url(case)).context["membership_open"] is True


@pytest.mark.parametrize(
    ("visibility", "words"),
    [(Visibility.ONLY_ME, "Alex Muster"), (Visibility.ORGANISATION, "Alex Muster")],
)
def test_the_form_says_who_reads_along(world, sign_in, visibility, words):
    case = world.case(S.IN_PROGRESS, visibility=visibility)
    readers = sign_in("advisor").get(url(case)).context["readers"]
    assert words in readers
    if visibility == Visibility.ONLY_ME:
        assert "3" in readers  # writer, reader and deputy


def test_the_queue_one_came_from_stands_at_the_side(world, sign_in):
    case, other = world.case(S.IN_PROGRESS), world.case(S.IN_PROGRESS)
    mine = queues.BY_NAME["mine"]
    advisor = sign_in("advisor")
    page = advisor.get(queues.case_url(case, mine)).content.decode()
    assert queues.case_url(other, mine) in page
    assert f'{queues.case_url(case, mine)}" aria-current="page"' in page
    without = advisor.get(queues.case_url(case)).content.decode()
    assert mine.url in without
    assert advisor.get(f"{queues.case_url(case)}?queue=nirgends").status_code == 200


def test_the_way_back_keeps_the_queue(world, sign_in):
    case = world.case(S.IN_PROGRESS)
    target = queues.step_url(case, "note", queues.BY_NAME["mine"])
    typed = {"version": case.version, "message_id": str(uuid4()), "text": SECRET}
    response = sign_in("advisor").post(target, typed)
    assert response.headers["Location"] == queues.case_url(case, queues.BY_NAME["mine"])


def test_three_of_everything_cost_as_much_as_one(world, sign_in, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    case = world.case(S.IN_PROGRESS)
    mine = queues.BY_NAME["mine"]

    def grow() -> None:
        world.case(S.WAITING_THIRD)
        services.add_note(case_id=case.pk, actor=world.advisor, text="Notiz")
        services.add_message(case_id=case.pk, actor=world.advisor, text="Nachricht")
        services.add_message(case_id=case.pk, actor=world.requester, text="Antwort")

    advisor = sign_in("advisor")
    grow()
    advisor.get(queues.case_url(case, mine))
    with CaptureQueriesContext(connection) as before:
        advisor.get(queues.case_url(case, mine))
    grow()
    grow()
    with django_assert_num_queries(len(before)):
        advisor.get(queues.case_url(case, mine))


def test_reopened_without_a_contact_person_one_is_named_first(world, sign_in, clock):
    case = world.case(S.CLOSED)
    ConsultingRequest.objects.filter(pk=case.pk).update(assignee=None)
    services.reopen(case_id=case.pk, actor=world.requester, reason="Doch noch etwas")
    browser = sign_in("advisor")
    for url in (queues.case_url(case), queues.BY_NAME["unassigned"].url):
        page = browser.get(url).content.decode()
        assert "Ansprechperson benennen" in page
        assert "Antwort erarbeiten" not in page
    services.assign(case_id=case.pk, actor=world.advisor, assignee=world.advisor)
    assert "Antwort erarbeiten" in browser.get(queues.case_url(case)).content.decode()


def test_a_further_question_is_the_next_step(world, sign_in):
    case = world.case(S.ANSWERED)
    services.add_message(case_id=case.pk, actor=world.requester, text="Und wie weiter?")
    case.refresh_from_db()
    assert case.follow_up_at is not None
    context = sign_in("advisor").get(url(case)).context
    assert context["standing"].staff_must_act == "OSK"
    assert context["next_step"]


def test_the_deadline_is_said_in_words(world, sign_in):
    soon = clock.today() + timedelta(days=40)
    case = world.case(S.IN_PROGRESS, answer_due_on=soon)
    assert str(soon.year) in text_of(sign_in("advisor").get(url(case)))


def test_the_plain_list_only_shows(world, sign_in):
    case = world.case(S.IN_PROGRESS, title="Nur zum Nachsehen")
    DraftFactory(title="Ein Entwurf")
    plain = reverse("admin:consulting_consultingrequest_changelist")
    advisor = sign_in("advisor")
    page = advisor.get(plain, {"q": "Nachsehen"})
    assert url(case) in page.content.decode()
    assert "Ein Entwurf" not in advisor.get(plain).content.decode()
    assert sign_in("operator").get(plain).status_code == 403
    assert advisor.get(f"{plain}add/").status_code == 403
    assert advisor.get(f"{plain}{case.pk}/delete/").status_code == 403
    change = reverse("admin:consulting_consultingrequest_change", args=[case.pk])
    assert advisor.get(change).headers["Location"] == url(case)
    advisor.post(change, {"state": S.CLOSED})
    case.refresh_from_db()
    assert case.state == S.IN_PROGRESS
    assert advisor.get(f"{plain}999999/change/").status_code == 404
    assert sign_in("operator").get(change).status_code in (403, 404)
    assert CaseMessage.objects.count() == 0


@pytest.mark.parametrize("state", [S.SUBMITTED, S.IN_PROGRESS, S.WAITING_THIRD, S.ANSWERED])
def test_the_number_of_queries_does_not_grow(world, sign_in, state):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    case = world.case(state)
    advisor = sign_in("advisor")

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            advisor.get(url(case))
        return len(captured)

    def fill() -> None:
        services.add_message(case_id=case.pk, actor=world.advisor, text="Hinweis")
        services.add_message(case_id=case.pk, actor=world.writer, text="Frage")
        services.add_note(case_id=case.pk, actor=world.advisor, text="Notiz")

    fill()
    cost()
    one = cost()
    fill()
    fill()
    assert cost() == one
    assert one <= 12


def test_a_mail_that_came_back_warns_until_one_arrives(world, sign_in):
    case = world.case(S.IN_PROGRESS)
    browser = sign_in("advisor")
    warning = f"Mails an {world.requester} ({world.requester.email}) kommen zurück."

    def sent(person, minutes, **fields):
        OutgoingMail.objects.create(
            address=person.email.upper(), user=person, kind="x", subject="x", state="sent",
            sent_at=clock.now() + timedelta(minutes=minutes), next_attempt_at=clock.now(), **fields
        )  # fmt: skip

    def look():
        with CaptureQueriesContext(connection) as queries:
            text = browser.get(url(case)).text
        return warning in text, len(queries)

    sent(world.deputy, 1, bounced_at=clock.now())
    sent(world.requester, 1)
    look()  # writes the session
    before = look()
    sent(world.requester, 2, bounced_at=clock.now())
    assert (before[0], look()) == (False, (True, before[1]))
    sent(world.requester, 3)
    assert look() == before
