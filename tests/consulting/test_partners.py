"""A partner is asked, answers or refuses: who sees what, and where the case goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from consulting import conversation, permissions, services
from consulting.admin import listed
from consulting.admin.rows import Row
from consulting.enums import CaseEventKind, CaseState, PartnerQuestionState, ProcedureState, Topic
from consulting.models import ConsultingRequest, PartnerQuestion
from network.models import Membership, Organisation
from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World
from tests.consulting.views.conftest import HOSTILE, queries, signed_in  # noqa: F401 # a fixture
from tests.factories import MembershipFactory, OrganisationFactory

pytestmark = pytest.mark.django_db

S, Q, K = CaseState, PartnerQuestionState, CaseEventKind
Browser = Callable[[User], Client]
SECRET = "Geheimtitel Formularserver"


class Partner:
    def __init__(self, name: str, kind: str = "science") -> None:
        self.organisation: Organisation = OrganisationFactory(name=name, kind=kind)
        self.editor: User = MembershipFactory(organisation=self.organisation, editor=True).user
        self.manager: User = MembershipFactory(organisation=self.organisation, manager=True).user
        self.member: User = MembershipFactory(organisation=self.organisation).user


@pytest.fixture
def partner(world: World) -> Partner:
    return Partner("Hochschule E")


@pytest.fixture
def other(world: World) -> Partner:
    return Partner("Verein F")


def ask(world: World, *partners: Partner, **fields: bool) -> list[PartnerQuestion]:
    case = world.case(S.IN_PROGRESS, title=SECRET, description="Geheimer Text")
    for number, asked in enumerate(partners):
        if number:  # asked at the same time: the second question of a case in work
            ConsultingRequest.objects.filter(pk=case.pk).update(state=S.IN_PROGRESS)
        services.involve_partner(
            case_id=case.pk,
            actor=world.advisor,
            organisation=asked.organisation,
            question=f"Wie betreiben Sie es, {asked.organisation}?",
            due_on=portal_clock.today() + timedelta(days=7),
            consented_on=portal_clock.today(),
            consent_source="Mail der Behörde",
            **fields,
        )
    return list(case.partner_questions.order_by("pk"))


def state_of(question: PartnerQuestion) -> str:
    return ConsultingRequest.objects.get(pk=question.case_id).state


def send(client: Client, question: PartnerQuestion, which: str, text: str) -> int:
    url = reverse(f"consulting:question_{which}", args=[question.public_id])
    return client.post(url, {"text": text}).status_code


def test_who_speaks_for_the_partner_is_told_without_a_word_of_the_case(
    world: World, partner: Partner
) -> None:
    (question,) = ask(world, partner)

    mails = OutgoingMail.objects.filter(kind="consulting.partner_asked")
    assert {mail.user for mail in mails} == {partner.editor, partner.manager}
    for text in [m.subject + m.body for m in mails] + [
        n.subject + n.text for n in Notification.objects.filter(kind="consulting.partner_asked")
    ]:
        for word in (SECRET, question.case.reference, str(world.authority), question.question):
            assert str(word) not in text
        assert "Das OSK fragt Sie" in text


@pytest.mark.parametrize("names_authority", [True, False])
def test_page_shows_the_question_and_nothing_of_the_case(
    world: World,
    partner: Partner,
    signed_in: Browser,  # noqa: F811 # a fixture
    names_authority: bool,
) -> None:
    (question,) = ask(world, partner, names_authority=names_authority)
    services.add_message(case_id=question.case_id, actor=world.requester, text="Unsere Nachricht")

    page = signed_in(partner.editor).get(question.get_absolute_url()).content.decode()

    assert question.question in page
    assert (str(world.authority) in page) is names_authority
    case = question.case
    hidden = (SECRET, "Geheimer Text", "Unsere Nachricht", case.reference, case.public_id)
    for word in (*hidden, world.requester.name, world.advisor.name):
        assert str(word) not in page


def test_matrix_of_the_question_page(
    world: World,
    partner: Partner,
    other: Partner,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    question, not_mine = ask(world, partner, other)
    url = question.get_absolute_url()

    assert Client().get(url).status_code == 302
    for person in (partner.editor, partner.manager):
        assert signed_in(person).get(url).status_code == 200
        assert signed_in(person).get(not_mine.get_absolute_url()).status_code == 404
    assert signed_in(partner.member).get(url).status_code == 403
    assert send(signed_in(partner.member), question, "answer", "Ich") == 403
    strangers = [world.person(r) for r in ("requester", "colleague", "stranger", "advisor")]
    for person in (*strangers, other.editor):
        client = signed_in(person)
        assert client.get(url).status_code == 404
        assert send(client, question, "answer", "Fremd") == 404
        assert send(client, question, "refuse", "Fremd") == 404
    # The partner's own people see nothing of the case.
    for person in (partner.editor, partner.manager, other.editor):
        assert signed_in(person).get(question.case.get_absolute_url()).status_code == 404
        assert not ConsultingRequest.objects.visible_to(person).exists()
    question.refresh_from_db()
    assert question.state == Q.OPEN


def test_answering_is_asked_of_the_service_too(world: World, partner: Partner) -> None:
    (question,) = ask(world, partner)
    for person in (partner.member, world.requester, world.advisor):
        with pytest.raises(PermissionDenied):
            services.answer_question(question_id=question.pk, actor=person, text="Ja")
        visible = PartnerQuestion.objects.visible_to(person).exists()
        assert visible is permissions.can_answer_question(person, question) is False


def test_last_partner_brings_the_case_back_to_work(
    world: World,
    partner: Partner,
    other: Partner,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    first, second = ask(world, partner, other)
    assert send(signed_in(partner.editor), first, "answer", "Mit zwei Servern.") == 302
    first.refresh_from_db()
    assert (first.state, first.answer, first.answered_by) == (
        Q.ANSWERED,
        "Mit zwei Servern.",
        partner.editor,
    )
    assert state_of(first) == S.WAITING_THIRD
    assert OutgoingMail.objects.filter(user=world.advisor, kind="consulting.staff_moved").exists()

    assert send(signed_in(other.manager), second, "refuse", "Keine Zeit") == 302
    second.refresh_from_db()
    assert (second.state, second.refusal) == (Q.REFUSED, "Keine Zeit")
    assert state_of(second) == S.IN_PROGRESS
    done = first.case.events.get(kind=K.PARTNER_DONE)
    assert done.actor is None


def test_the_same_form_twice_is_one_answer(
    world: World,
    partner: Partner,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    (question,) = ask(world, partner)
    client = signed_in(partner.editor)
    assert send(client, question, "answer", "Ja") == 302
    assert send(client, question, "answer", "Ja") == 302
    assert send(client, question, "answer", "Doch nicht") == 409
    assert question.case.events.filter(kind=K.PARTNER_ANSWERED).count() == 1
    assert client.get(question.get_absolute_url()).status_code == 200


def test_requester_reads_no_partner_answer_until_it_is_passed_on(
    world: World,
    partner: Partner,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    (question,) = ask(world, partner)
    services.answer_question(question_id=question.pk, actor=partner.editor, text="Partnerwort")

    page = signed_in(world.requester).get(question.case.get_absolute_url()).content.decode()
    assert "Partnerwort" not in page
    assert partner.editor.name not in page
    case = ConsultingRequest.objects.get(pk=question.case_id)
    kinds = {e.kind for e in conversation.history(case, internal=False)}
    assert K.PARTNER_ANSWERED not in kinds
    admin = reverse("admin:consulting_consultingrequest_case", args=[case.public_id])
    assert "Partnerwort" in signed_in(world.advisor).get(admin).content.decode()


def test_too_late_or_withdrawn_takes_no_answer_and_says_so(
    world: World,
    partner: Partner,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    (question,) = ask(world, partner)
    client = signed_in(partner.editor)
    PartnerQuestion.objects.update(due_on=portal_clock.today() - timedelta(days=1))
    assert send(client, question, "answer", "Zu spät") == 409
    assert "Das Datum ist vorbei." in client.get(question.get_absolute_url()).content.decode()

    services.partner_done(case_id=question.case_id, actor=world.advisor)
    response = client.post(
        reverse("consulting:question_answer", args=[question.public_id]), {"text": "Mein Text"}
    )
    page = response.content.decode()
    assert response.status_code == 409
    assert "Mein Text" in page
    assert "zurückgezogen" in page
    assert question.question not in page
    question.refresh_from_db()
    assert question.answer == ""


def test_the_queue_says_that_a_partner_waits_for_the_osk(world: World, partner: Partner) -> None:
    (question,) = ask(world, partner)

    def shown() -> str:
        [case] = listed.read([question.case_id])
        return Row(case).next_step

    assert "abwarten" in shown()
    services.ask_back_question(question_id=question.pk, actor=partner.editor, text="Was genau?")
    assert shown() == "Rückfrage des Partners beantworten"
    services.reply_to_partner(
        question_id=question.pk, actor=world.advisor, text="Dies.", due_on=portal_clock.today()
    )
    assert "abwarten" in shown()
    # A message to an answered request is the task "Nachfrage".
    answered = world.case(S.ANSWERED)
    services.add_message(case_id=answered.pk, actor=world.requester, text="Und nun?")
    answered.refresh_from_db()
    assert Row(answered).next_step == "Nachfrage beantworten"


def test_a_withdrawn_question_is_told_once_to_who_could_still_answer(
    world: World, partner: Partner, other: Partner
) -> None:
    first, late = ask(world, partner, other)
    late.due_on = portal_clock.today() - timedelta(days=1)
    late.save()
    ConsultingRequest.objects.filter(pk=first.case_id).update(state=S.WAITING_THIRD)

    services.answer(case_id=first.case_id, actor=world.advisor, text="Antwort", recommendations=[])

    mails = OutgoingMail.objects.filter(kind="consulting.partner_withdrawn")
    assert {mail.user for mail in mails} == {partner.editor, partner.manager}
    told = Notification.objects.filter(kind="consulting.partner_withdrawn")
    assert told.count() == 2
    for text in [m.subject + m.body for m in mails] + [n.subject + n.text for n in told]:
        for word in (SECRET, first.case.reference, world.authority, first.question, "Antwort\n"):
            assert str(word) not in text
    assert first.get_absolute_url() in mails[0].body
    guard = portal.mail_guards.get("consulting")
    assert guard is not None
    key = (partner.editor.pk, "consulting.partner_withdrawn", str(first.public_id))
    assert guard.still_allowed(*key)
    Membership.objects.filter(user=partner.editor).update(state="ended")
    assert not guard.still_allowed(*key)


def test_right_ends_with_the_membership(world: World, partner: Partner) -> None:
    (question,) = ask(world, partner)
    guard = portal.mail_guards.get("consulting")
    assert guard is not None
    told = (partner.editor.pk, "consulting.partner_asked", str(question.public_id))
    assert guard.still_allowed(*told)
    Membership.objects.filter(user=partner.editor).update(state="ended")
    assert not guard.still_allowed(*told)
    assert not PartnerQuestion.objects.visible_to(partner.editor).exists()


def test_task_stands_in_my_area_while_the_question_is_open(
    world: World,
    partner: Partner,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    (question,) = ask(world, partner)
    client = signed_in(partner.editor)
    assert question.get_absolute_url() in client.get("/mein/").content.decode()
    assert (
        question.get_absolute_url() not in signed_in(partner.member).get("/mein/").content.decode()
    )
    services.refuse_question(question_id=question.pk, actor=partner.editor, reason="Nein")
    area = portal.my_areas.get("consulting")
    assert area is not None
    assert list(area.tasks(User.objects.get(pk=partner.editor.pk))) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_kept_as_text(
    world: World,
    partner: Partner,
    signed_in: Browser,  # noqa: F811 # a fixture
    text: str,
) -> None:
    (question,) = ask(world, partner)
    client = signed_in(partner.editor)
    assert send(client, question, "answer", text) == 302
    assert "<script>alert" not in client.get(question.get_absolute_url()).content.decode()


@pytest.mark.parametrize("text", ["", "  ", "mit\x00Null", "x" * 20_001])
def test_bad_text_is_refused_in_words(
    world: World,
    partner: Partner,
    signed_in: Browser,  # noqa: F811 # a fixture
    text: str,
) -> None:
    (question,) = ask(world, partner)
    for which in ("answer", "refuse"):
        assert send(signed_in(partner.editor), question, which, text) == 422
    url = reverse("consulting:question_answer", args=[question.public_id])
    assert signed_in(partner.editor).get(url).status_code == 405
    question.refresh_from_db()
    assert question.state == Q.OPEN


# On whose word a question leaves the case


@pytest.mark.parametrize(("days", "source"), [(1, "Mail der Behörde"), (0, ""), (0, "  ")])
def test_without_day_and_place_of_the_consent_nothing_leaves(
    world: World, partner: Partner, days: int, source: str
) -> None:
    case = world.case(S.IN_PROGRESS)
    with pytest.raises(TransitionNotAllowed):
        services.involve_partner(
            case_id=case.pk,
            actor=world.advisor,
            organisation=partner.organisation,
            question="Wie?",
            due_on=portal_clock.today() + timedelta(days=7),
            consented_on=portal_clock.today() + timedelta(days=days),
            consent_source=source,
        )
    case.refresh_from_db()
    assert case.state == S.IN_PROGRESS
    assert not case.partner_questions.exists()
    assert not OutgoingMail.objects.filter(kind="consulting.partner_asked").exists()


@pytest.mark.parametrize("names_authority", [True, False])
def test_event_keeps_what_was_released_on_whose_word(
    world: World, partner: Partner, names_authority: bool
) -> None:
    (question,) = ask(world, partner, names_authority=names_authority)
    assert question.consent_source == "Mail der Behörde"
    assert question.case.events.get(kind=K.PARTNER_INVOLVED).data == {
        "question": question.pk,
        "text_sha256": sha256(question.question.encode()).hexdigest(),
        "files": [],
        "document_sha256": "",
        "names_authority": names_authority,
        "consented_on": portal_clock.today().isoformat(),
        "consent_source": "Mail der Behörde",
    }


def test_consent_stands_beside_the_question_for_the_osk_alone(
    world: World,
    partner: Partner,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    (question,) = ask(world, partner)
    PartnerQuestion.objects.update(consent_source="<b>Aktenzeichen 7</b>")
    admin = reverse("admin:consulting_consultingrequest_case", args=[question.case.public_id])
    page = signed_in(world.advisor).get(admin).content.decode()
    assert "&lt;b&gt;Aktenzeichen 7&lt;/b&gt;" in page
    assert "Der Partner weiß" not in page
    PartnerQuestion.objects.update(names_authority=True)
    assert "Der Partner weiß" in signed_in(world.advisor).get(admin).content.decode()
    for person, url in (
        (partner.editor, question.get_absolute_url()),
        (world.requester, question.case.get_absolute_url()),
    ):
        assert "Aktenzeichen 7" not in signed_in(person).get(url).content.decode()


# Confidential procurement


@pytest.mark.parametrize("procedure", ["", ProcedureState.PLANNED, ProcedureState.RUNNING])
def test_no_company_is_asked_or_recommended_in_a_confidential_case(
    world: World, procedure: str
) -> None:
    company = OrganisationFactory(company=True)
    case = world.case(S.IN_PROGRESS, topics=[Topic.PROCUREMENT], procedure_state=procedure)

    with pytest.raises(TransitionNotAllowed):
        services.involve_partner(
            case_id=case.pk,
            actor=world.advisor,
            organisation=company,
            question="Was kostet es?",
            due_on=portal_clock.today() + timedelta(days=7),
            consented_on=portal_clock.today(),
            consent_source="Mail der Behörde",
        )
    with pytest.raises(TransitionNotAllowed):
        services.answer(
            case_id=case.pk,
            actor=world.advisor,
            text="Nehmen Sie die.",
            recommendations=[services.Advice("gut", organisation=company)],
        )
    case.refresh_from_db()
    assert case.state == S.IN_PROGRESS
    assert not case.partner_questions.exists()
    assert not case.results.exists()


def test_no_mail_or_inbox_text_of_a_confidential_case_carries_its_title(world: World) -> None:
    case = world.case(S.SUBMITTED, topics=[Topic.PROCUREMENT], title=SECRET, description="Wert 99")
    call = {"case_id": case.pk, "actor": world.advisor}
    soon = portal_clock.today() + timedelta(days=7)
    science = OrganisationFactory(kind="science", name="Partnerstelle Q")
    services.take_up(**call)
    services.assign(case_id=case.pk, actor=world.lead, assignee=world.advisor)
    services.start(**call)
    services.ask_back(**call, question="Wert 99?", reply_by=soon)
    services.reply(case_id=case.pk, actor=world.requester, text="Wert 99")
    services.involve_partner(
        **call,
        organisation=science,
        question="Wert 99?",
        due_on=soon,
        consented_on=portal_clock.today(),
        consent_source="Wert 99",
    )
    services.partner_done(**call)
    services.answer(**call, text="Wert 99")
    services.add_message(case_id=case.pk, actor=world.requester, text="Wert 99")
    services.reopen(**call, reason="Wert 99")
    services.decline(case_id=case.pk, actor=world.lead, reason="Wert 99", referral="Wert 99")

    texts = [m.subject + m.body for m in OutgoingMail.objects.all()]
    texts += [n.subject + n.text for n in Notification.objects.all()]
    assert len(texts) > 20
    for text in texts:
        for word in (SECRET, "Wert 99", "Partnerstelle Q"):
            assert word not in text


def test_band_and_lock_mark_a_confidential_case(world: World, signed_in: Browser) -> None:  # noqa: F811 # a fixture
    case = world.case(S.ANSWERED, topics=[Topic.PROCUREMENT])
    client = signed_in(world.requester)
    page = case.get_absolute_url()
    for url in (page, page + "oeffnen/", page + "zurueckziehen/"):
        assert "osk-lock" in client.get(url).content.decode(), url
    assert "vertraulich:" in client.get(reverse("consulting:request_list")).content.decode()
    staff = reverse("admin:consulting_consultingrequest_case", args=[case.public_id])
    for state, said, requester, at_work in (
        ("running", "Das Vergabeverfahren läuft.", "erfahren nichts davon", "können keine Untern"),
        (
            "planned",
            "Ein Vergabeverfahren ist geplant.",
            "schriftlich erlauben",
            "Markterkundung und",
        ),
        ("", "noch nicht angegeben.", "erfahren nichts davon", "können keine Unternehmen"),
    ):
        type(case).objects.filter(pk=case.pk).update(procedure_state=state)
        for person, url, companies in (
            (world.requester, page, requester),
            (world.advisor, staff, at_work),
        ):
            band = signed_in(person).get(url).text.split("osk-lock", 1)[1].split("</div>", 1)[0]
            for words in (
                said,
                "Wert, Frist, Dateien und Titel stehen nie in E-Mails.",
                companies,
                "Jeder Zugriff auf Dateien wird festgehalten.",
            ):
                assert words in band, (state, url)
    plain = world.case(S.IN_PROGRESS)
    assert "osk-lock" not in client.get(plain.get_absolute_url()).content.decode()


def test_question_page_costs_the_same_with_more_questions(
    world: World,
    partner: Partner,
    other: Partner,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    (question,) = ask(world, partner)
    client = signed_in(partner.editor)
    client.get(question.get_absolute_url())
    one = queries(lambda: client.get(question.get_absolute_url()))
    ask(world, partner, other)
    assert queries(lambda: client.get(question.get_absolute_url())) == one
