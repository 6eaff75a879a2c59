"""Consent, companies and procedures: what leaves a case, on whose word, and what is written down."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from consulting import releases, services
from consulting.contacts import contacts_with_companies
from consulting.enums import (
    CaseEventKind,
    CaseState,
    ConsentState,
    ContactKind,
    PartnerQuestionState,
    ProcedureState,
    Topic,
)
from consulting.models import (
    CaseFile,
    ConsultingRequest,
    FileState,
    MarketInquiry,
    PartnerConsent,
    PartnerContact,
    PartnerQuestion,
)
from consulting.services import daily
from network.models import Organisation
from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import ROLES, World
from tests.consulting.test_partners import Partner
from tests.consulting.test_services import at_once
from tests.consulting.views.conftest import HOSTILE, signed_in  # noqa: F401 # a fixture
from tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db

S, Q, K, C = CaseState, PartnerQuestionState, CaseEventKind, ConsentState
Browser = Callable[[User], Client]
SECRET = "GEHEIMMARKE"
P = ProcedureState


def soon(days: int = 10) -> Any:
    return portal_clock.today() + timedelta(days=days)


def procurement(world: World, procedure: str = P.PLANNED, **fields: Any) -> ConsultingRequest:
    return world.case(
        S.IN_PROGRESS,
        **{"topics": [Topic.PROCUREMENT], "procedure_state": procedure, **fields},
    )


def inquire(world: World, case: ConsultingRequest) -> None:
    services.decide_market_inquiry(
        case_id=case.pk,
        actor=world.advisor,
        reason="Der Markt ist unbekannt.",
        scope="Drei Anbieter, bis Jahresende.",
        decided_on=portal_clock.today(),
        knows_prejudice=True,
    )


def ask(
    world: World, case: ConsultingRequest, *partners: Organisation, **fields: Any
) -> PartnerConsent:
    return services.ask_consent(
        **{
            "case_id": case.pk,
            "actor": world.advisor,
            "partners": partners,
            "question": "Wie betreiben Sie es?",
            "answer_by": soon(),
            **fields,
        }
    )


def give(world: World, consent: PartnerConsent, **fields: Any) -> PartnerConsent:
    return services.give_consent(
        **{
            "consent_id": consent.pk,
            "actor": world.requester,
            "seen_sha256": consent.sha256,
            "knows_prejudice": True,
            **fields,
        }
    )


def involve(world: World, consent: PartnerConsent, **fields: Any) -> list[PartnerQuestion]:
    services.involve_consented(
        **{
            "case_id": consent.case_id,
            "actor": world.advisor,
            "consent_id": consent.pk,
            "due_on": soon(),
            **fields,
        }
    )
    return list(PartnerQuestion.objects.filter(consent=consent).order_by("pk"))


def file_of(case: ConsultingRequest, name: str = "Freigabe.txt", **fields: Any) -> CaseFile:
    text = f"Inhalt von {name}".encode()
    kept = CaseFile(
        case=case,
        name=name,
        kind="txt",
        size=len(text),
        sha256=hashlib.sha256(text).hexdigest(),
        **{"state": FileState.CLEAN, **fields},
    )
    kept.content.save(name, ContentFile(text), save=False)
    kept.save()
    return kept


def typed(case: ConsultingRequest, actor: User, partner: Organisation, **fields: Any) -> Any:
    return services.involve_partner(
        **{
            "case_id": case.pk,
            "actor": actor,
            "organisation": partner,
            "question": "Wie?",
            "due_on": soon(),
            "consented_on": portal_clock.today(),
            "consent_source": "Anruf",
            **fields,
        }
    )


# Who may be asked when, and on which word


def test_matrix_of_procedure_partner_consent_and_decision(world: World, disk: Path) -> None:
    """Each cell alone: a company in a confidential case needs plan, decision and written consent."""
    partners = {
        "business": OrganisationFactory(company=True),
        "science": OrganisationFactory(kind="science"),
        "civil_society": OrganisationFactory(kind="civil_society"),
        "other_public_administration": OrganisationFactory(kind="other_public_administration"),
    }
    states = ("", P.NONE, P.PLANNED, P.RUNNING)
    consents = ("none", "typed", "document", "page")
    for state, kind, consent, decided in product(states, partners, consents, (False, True)):
        case = procurement(world, state)
        partner = partners[kind]
        if decided:
            MarketInquiry.objects.create(
                case=case,
                reason="Grund",
                scope="Umfang",
                decided_on=portal_clock.today(),
                decided_by=world.advisor,
            )
        confidential = state != P.NONE
        right_moment = not confidential or (state == P.PLANNED and decided)
        allowed = consent != "none" and (
            kind != "business" or (right_moment and consent in ("document", "page"))
        )
        cell = (state, kind, consent, decided)
        try:
            with transaction.atomic():
                if consent == "page":
                    involve(world, give(world, ask(world, case, partner)))
                elif consent == "none":
                    typed(case, world.advisor, partner, consent_source="")
                else:
                    document = file_of(case) if consent == "document" else None
                    typed(case, world.advisor, partner, document=document)
        except TransitionNotAllowed:
            assert not allowed, cell
            assert not PartnerQuestion.objects.filter(case=case).exists(), cell
        else:
            assert allowed, cell
            assert PartnerQuestion.objects.get(case=case).organisation == partner
            logged = PartnerContact.objects.get(question__case=case)
            assert (logged.kind, logged.is_company) == (ContactKind.ASKED, kind == "business")


ROLES_OF_THE_AUTHORITY = {"requester", "writer", "deputy"}


@pytest.mark.parametrize(
    ("service", "may"),
    [
        ("ask", {"advisor"}),
        ("give", ROLES_OF_THE_AUTHORITY),
        ("refuse", ROLES_OF_THE_AUTHORITY),
        ("withdraw", ROLES_OF_THE_AUTHORITY),
        ("involve", {"advisor"}),
        ("inquire", {"advisor"}),
        ("procedure", ROLES_OF_THE_AUTHORITY | {"advisor", "lead"}),
        ("no_procedure", ROLES_OF_THE_AUTHORITY),
        ("withdraw_companies", {"advisor", "lead"}),
        ("reply", {"advisor", "lead"}),
    ],
)
def test_who_may(world: World, service: str, may: set[str]) -> None:
    partner = Partner("Hochschule E")
    case = procurement(world)
    consent = ask(world, case, partner.organisation)
    question = None
    if service in ("withdraw", "involve"):
        give(world, consent)
    if service == "reply":
        (question,) = involve(world, give(world, consent))
        services.ask_back_question(question_id=question.pk, actor=partner.editor, text="Was?")
    today = portal_clock.today()
    calls: dict[str, Callable[[User], Any]] = {
        "ask": lambda who: ask(world, case, partner.organisation, actor=who),
        "give": lambda who: give(world, consent, actor=who),
        "refuse": lambda who: services.refuse_consent(consent_id=consent.pk, actor=who),
        "withdraw": lambda who: services.withdraw_consent(consent_id=consent.pk, actor=who),
        "involve": lambda who: involve(world, consent, actor=who),
        "inquire": lambda who: services.decide_market_inquiry(
            case_id=case.pk,
            actor=who,
            reason="g",
            scope="u",
            decided_on=today,
            knows_prejudice=True,
        ),
        "procedure": lambda who: services.tell_procedure_state(
            case_id=case.pk, actor=who, procedure_state=P.RUNNING
        ),
        "no_procedure": lambda who: services.tell_procedure_state(
            case_id=case.pk, actor=who, procedure_state=P.NONE
        ),
        "withdraw_companies": lambda who: services.withdraw_company_questions(
            case_id=case.pk, actor=who
        ),
        "reply": lambda who: services.reply_to_partner(
            question_id=question.pk if question else 0,
            actor=who,
            text="Das.",
            due_on=soon(),
            is_released=True,
        ),
    }
    for role in ROLES:
        point = transaction.savepoint()
        try:
            calls[service](world.person(role))
            was_allowed = True
        except PermissionDenied:
            was_allowed = False
        except TransitionNotAllowed:
            was_allowed = True  # asked after the permission: nothing is open here
        transaction.savepoint_rollback(point)
        assert was_allowed is (role in may), role


def test_consent_from_asking_to_the_state_of_the_case(
    world: World,
    disk: Path,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    case = world.case(S.IN_PROGRESS, title="Formularserver")
    first, second = Partner("Hochschule E"), Partner("Verein F")
    kept = file_of(case)
    consent = ask(
        world, case, first.organisation, second.organisation, files=[kept], names_authority=True
    )

    mails = OutgoingMail.objects.filter(kind="consulting.consent_asked")
    assert {m.user for m in mails} == {world.requester, world.writer, world.deputy}
    assert all("Wie betreiben" not in m.body and "Hochschule" not in m.body for m in mails)
    browser = signed_in(world.requester)
    assert consent.get_absolute_url() in browser.get("/mein/").content.decode()
    assert "Lesen und entscheiden" in browser.get(case.get_absolute_url()).content.decode()
    page = browser.get(consent.get_absolute_url()).content.decode()
    for word in ("Hochschule E", "Verein F", "Wie betreiben", kept.name, str(world.authority)):
        assert word in page

    sent = browser.post(consent.get_absolute_url(), {"sha256": consent.sha256, "give": "1"})
    assert sent.status_code == 302
    assert browser.post(consent.get_absolute_url(), {"sha256": consent.sha256}).status_code == 302
    consent.refresh_from_db()
    assert (consent.state, consent.decided_by) == (C.GIVEN, world.requester)
    assert case.events.filter(kind=K.CONSENT_GIVEN).count() == 1
    told = OutgoingMail.objects.filter(kind="consulting.staff_moved", user=world.advisor)
    assert told.exists()

    one, other = involve(world, consent)
    assert {one.organisation, other.organisation} == {first.organisation, second.organisation}
    assert list(one.files.all()) == [kept]
    assert one.names_authority
    case.refresh_from_db()
    assert case.state == S.WAITING_THIRD
    text = browser.get(case.get_absolute_url()).content.decode()
    assert "Das haben Sie am" in text
    with pytest.raises(TransitionNotAllowed):
        services.withdraw_consent(consent_id=consent.pk, actor=world.requester)
    # One consent, one question each.
    ConsultingRequest.objects.filter(pk=case.pk).update(state=S.IN_PROGRESS)
    with pytest.raises(TransitionNotAllowed):
        involve(world, consent)


@pytest.mark.parametrize("change", ["file", "file_internal", "partner", "hidden", "authority"])
def test_what_has_changed_since_needs_a_new_consent(world: World, disk: Path, change: str) -> None:
    case = world.case(S.IN_PROGRESS)
    partner = Partner("Hochschule E").organisation
    kept = file_of(case)
    consent = ask(world, case, partner, files=[kept], names_authority=True)
    give(world, consent)
    if change == "file":
        kept.delete()
    elif change == "file_internal":
        CaseFile.objects.update(is_internal=True, by_osk=True)
    elif change == "partner":
        Organisation.objects.filter(pk=partner.pk).update(name="Anders GmbH")
    elif change == "hidden":
        Organisation.objects.filter(pk=partner.pk).update(is_published=False)
    else:
        Organisation.objects.filter(pk=world.authority.pk).update(name="Neuer Name")
    with pytest.raises(TransitionNotAllowed):
        involve(world, consent)
    assert not case.partner_questions.exists()


def test_only_the_page_that_was_read_is_permitted(world: World, disk: Path) -> None:
    case = world.case(S.IN_PROGRESS)
    partner = Partner("Hochschule E").organisation
    first = ask(world, case, partner)
    second = ask(world, case, partner, question="Etwas anderes?")
    first.refresh_from_db()
    assert first.state == C.WITHDRAWN  # only the last text counts
    with pytest.raises(TransitionNotAllowed):
        give(world, first)
    with pytest.raises(TransitionNotAllowed):
        give(world, second, seen_sha256=first.sha256)
    give(world, second)
    services.withdraw_consent(consent_id=second.pk, actor=world.writer)
    with pytest.raises(TransitionNotAllowed):
        involve(world, second)
    third = ask(world, case, partner, question="Und das?")
    services.refuse_consent(consent_id=third.pk, actor=world.requester, reason="Zu früh.")
    services.refuse_consent(consent_id=third.pk, actor=world.requester, reason="Noch einmal.")
    third.refresh_from_db()
    assert (third.state, third.refusal) == (C.REFUSED, "Zu früh.")
    with pytest.raises(TransitionNotAllowed):
        involve(world, third)
    for bad in (
        {"question": " "},
        {"answer_by": portal_clock.today()},
        {"files": [file_of(case, "intern.txt", is_internal=True, by_osk=True)]},
        {"files": [file_of(world.case(S.IN_PROGRESS), "fremd.txt")]},
    ):
        with pytest.raises(TransitionNotAllowed):
            ask(world, case, partner, **bad)
    with pytest.raises(TransitionNotAllowed):
        ask(world, case, world.authority)
    with pytest.raises(TransitionNotAllowed):
        ask(world, case)


def test_company_needs_both_words_on_prejudice(world: World) -> None:
    case = procurement(world)
    company = Partner("Anbieter GmbH", kind="business").organisation
    with pytest.raises(TransitionNotAllowed):
        ask(world, case, company)  # no decision yet
    for bad in ({"knows_prejudice": False}, {"decided_on": soon()}):
        with pytest.raises(TransitionNotAllowed):
            services.decide_market_inquiry(
                **{
                    "case_id": case.pk,
                    "actor": world.advisor,
                    "reason": "g",
                    "scope": "u",
                    "decided_on": portal_clock.today(),
                    "knows_prejudice": True,
                    **bad,
                }
            )
    inquire(world, case)
    with pytest.raises(TransitionNotAllowed):
        inquire(world, case)
    consent = ask(world, case, company)
    with pytest.raises(TransitionNotAllowed):
        give(world, consent, knows_prejudice=False)
    give(world, consent)
    # The procedure begins: nothing new goes out, what is out is shown and taken back by one action.
    (question,) = involve(world, consent)
    services.tell_procedure_state(case_id=case.pk, actor=world.requester, procedure_state=P.RUNNING)
    for call in (
        lambda: ask(world, case, company),
        lambda: services.reply_to_partner(
            question_id=question.pk, actor=world.advisor, text="x", due_on=soon(), is_released=True
        ),
    ):
        with pytest.raises(TransitionNotAllowed):
            call()
    services.withdraw_company_questions(case_id=case.pk, actor=world.lead)
    question.refresh_from_db()
    case.refresh_from_db()
    assert (question.state, case.state) == (Q.WITHDRAWN, S.IN_PROGRESS)
    with pytest.raises(TransitionNotAllowed):
        services.withdraw_company_questions(case_id=case.pk, actor=world.lead)
    kinds = [contact.what for contact in contacts_with_companies(case)]
    assert len(kinds) == 2


def test_consent_without_the_note_is_not_enough_once_a_procedure_is_planned(world: World) -> None:
    case = procurement(world, P.NONE)
    company = Partner("Anbieter GmbH", kind="business").organisation
    consent = give(world, ask(world, case, company), knows_prejudice=False)
    services.tell_procedure_state(case_id=case.pk, actor=world.requester, procedure_state=P.PLANNED)
    case.refresh_from_db()
    assert case.is_confidential
    inquire(world, case)
    with pytest.raises(TransitionNotAllowed):
        involve(world, consent)


def test_procedure_state_decides_about_confidence(world: World) -> None:
    case = procurement(world, P.PLANNED)
    assert services.tell_procedure_state(
        case_id=case.pk, actor=world.requester, procedure_state=P.NONE
    )
    case.refresh_from_db()
    assert not case.is_confidential
    again = services.tell_procedure_state(
        case_id=case.pk, actor=world.requester, procedure_state=P.NONE
    )
    assert again is None
    services.tell_procedure_state(case_id=case.pk, actor=world.advisor, procedure_state=P.RUNNING)
    case.refresh_from_db()
    assert case.is_confidential
    other = world.case(S.IN_PROGRESS)
    with pytest.raises(TransitionNotAllowed):
        services.tell_procedure_state(
            case_id=other.pk, actor=world.advisor, procedure_state=P.RUNNING
        )


# The partner asks back


def test_query_and_reply_then_answer(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    case = world.case(S.IN_PROGRESS, title=SECRET)
    partner = Partner("Hochschule E")
    (question,) = involve(world, give(world, ask(world, case, partner.organisation)))
    browser = signed_in(partner.editor)
    url = reverse("consulting:question_ask_back", args=[question.public_id])
    form = {"text": "Mit wie vielen Konten?", "message_id": str(uuid4())}
    assert browser.post(url, {"text": " "}).status_code == 422
    assert signed_in(world.requester).post(url, form).status_code == 404
    assert signed_in(partner.member).post(url, form).status_code == 403
    for _ in range(2):
        assert browser.post(url, form).status_code == 302
    assert question.contacts.filter(kind=ContactKind.ASKED_BACK).count() == 1
    assert OutgoingMail.objects.filter(kind="consulting.staff_moved", user=world.advisor).exists()
    # The day passes, but the OSK owes a reply: nothing is missed.
    PartnerQuestion.objects.update(due_on=portal_clock.today() - timedelta(days=1))
    assert daily.go_on_without_partners() == 0
    assert "Was macht" not in browser.get(question.get_absolute_url()).content.decode()

    staff = signed_in(world.advisor)
    reply_url = reverse(
        "admin:consulting_consultingrequest_partner_reply",
        args=[case.public_id, question.public_id],
    )
    page = staff.get(reverse("admin:consulting_consultingrequest_case", args=[case.public_id]))
    assert reply_url in page.content.decode()
    assert staff.get(reply_url).status_code == 200
    assert signed_in(world.other_advisor).get(reply_url).status_code == 403
    assert signed_in(world.requester).get(reply_url).status_code in (302, 403)
    sent = {
        "text": "Mit 500 Konten.",
        "due_on": soon().isoformat(),
        "is_released": "on",
        "form_id": str(uuid4()),
        "query": question.contacts.get(kind=ContactKind.ASKED_BACK).pk,
    }
    assert staff.post(reply_url, {**sent, "query": ""}).status_code == 422
    assert staff.post(reply_url, {**sent, "is_released": ""}).status_code == 422
    for _ in range(2):
        assert staff.post(reply_url, sent).status_code == 302
    assert question.contacts.filter(kind=ContactKind.REPLIED).count() == 1
    other = {**sent, "form_id": str(uuid4()), "text": "Mein Entwurf"}
    late = staff.post(reply_url, other)
    assert late.status_code == 409
    assert "Mein Entwurf" in late.content.decode()
    question.refresh_from_db()
    assert (question.waits_since, question.due_on) == (None, soon())
    mail = OutgoingMail.objects.filter(kind="consulting.partner_replied")
    assert {m.user for m in mail} == {partner.editor, partner.manager}
    text = browser.get(question.get_absolute_url()).content.decode()
    assert "Mit 500 Konten." in text
    assert SECRET not in text
    assert world.advisor.name not in text
    services.answer_question(question_id=question.pk, actor=partner.editor, text="So.")
    case.refresh_from_db()
    assert case.state == S.IN_PROGRESS
    assert browser.post(url, {**form, "message_id": str(uuid4())}).status_code == 409


def test_last_of_answered_refused_and_missed_goes_on(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    partners = [Partner(name) for name in ("Eins", "Zwei", "Drei")]
    consent = give(world, ask(world, case, *(p.organisation for p in partners)))
    questions = {q.organisation_id: q for q in involve(world, consent)}
    first, second, third = (questions[p.organisation.pk] for p in partners)
    services.answer_question(question_id=first.pk, actor=partners[0].editor, text="Ja")
    services.refuse_question(question_id=second.pk, actor=partners[1].editor, reason="Nein")
    case.refresh_from_db()
    assert case.state == S.WAITING_THIRD
    PartnerQuestion.objects.filter(pk=third.pk).update(
        due_on=portal_clock.today() - timedelta(days=1)
    )
    assert daily.go_on_without_partners() == 1
    case.refresh_from_db()
    third.refresh_from_db()
    assert (case.state, third.state) == (S.IN_PROGRESS, Q.MISSED)


# Files


def test_partner_loads_released_files_only_while_it_is_asked(
    world: World,
    disk: Path,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    case = procurement(world)
    inquire(world, case)
    company, other = Partner("Anbieter GmbH", kind="business"), Partner("Verein F")
    kept, hidden = file_of(case), file_of(case, "geheim.txt")
    consent = give(world, ask(world, case, company.organisation, other.organisation, files=[kept]))
    by_partner = {q.organisation_id: q for q in involve(world, consent)}
    mine, not_mine = by_partner[company.organisation.pk], by_partner[other.organisation.pk]
    browser = signed_in(company.editor)

    def load(question: PartnerQuestion, file: CaseFile, client: Client = browser) -> int:
        url = reverse("consulting:question_file", args=[question.public_id, file.public_id])
        response = client.get(url)
        if response.streaming:
            assert b"".join(response) == b"Inhalt von Freigabe.txt"  # type: ignore[arg-type]
        return response.status_code

    assert load(mine, kept) == 200
    assert load(mine, hidden) == 404
    assert load(not_mine, kept) == 404
    assert load(mine, kept, signed_in(company.member)) == 403
    assert load(mine, kept, signed_in(world.stranger)) == 404
    download = reverse("consulting:file_download", args=[kept.public_id])
    assert browser.get(download).status_code == 404
    read = PartnerContact.objects.get(kind=ContactKind.FILE_READ)
    assert read.files == [[kept.name, kept.sha256]]
    assert read.is_company
    assert case.events.filter(kind=K.FILE_READ, actor=company.editor).count() == 1
    # While the procedure runs a company learns nothing more; the other partner may go on.
    services.tell_procedure_state(case_id=case.pk, actor=world.requester, procedure_state=P.RUNNING)
    assert load(mine, kept) == 302
    assert load(not_mine, kept, signed_in(other.editor)) == 200
    services.partner_done(case_id=case.pk, actor=world.advisor)
    assert load(not_mine, kept, signed_in(other.editor)) == 302
    log = [(c.company, c.what) for c in contacts_with_companies(case)]
    assert {company for company, _ in log} == {"Anbieter GmbH"}
    assert len(log) == 3


def test_file_that_proves_a_consent_stays(world: World, disk: Path) -> None:
    case = world.case(S.IN_PROGRESS)
    proof = file_of(case, uploaded_by=world.requester)
    typed(case, world.advisor, Partner("Firma", kind="business").organisation, document=proof)
    with pytest.raises(TransitionNotAllowed):
        services.remove_file(case_id=case.pk, actor=world.requester, file_id=proof.pk)
    with pytest.raises(TransitionNotAllowed):
        typed(
            world.case(S.IN_PROGRESS),
            world.advisor,
            OrganisationFactory(company=True),
            document=proof,
        )


# Nothing leaks


def test_partners_learn_the_release_and_nothing_else(
    world: World,
    disk: Path,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    """Markers everywhere in the case; every page and mail of each partner is read."""
    case = procurement(
        world,
        title=f"{SECRET} Titel",
        description=f"{SECRET} Text",
        own_reference=f"{SECRET} Zeichen",
        software_in_use=f"{SECRET} Altverfahren",
    )
    services.add_note(case_id=case.pk, actor=world.advisor, text=f"{SECRET} Notiz")
    services.add_message(case_id=case.pk, actor=world.requester, text=f"{SECRET} Nachricht")
    services.decide_market_inquiry(
        case_id=case.pk,
        actor=world.advisor,
        reason=f"{SECRET} Grund",
        scope=f"{SECRET} Umfang",
        decided_on=portal_clock.today(),
        knows_prejudice=True,
    )
    file_of(case, f"{SECRET}.txt")
    one, two = Partner("Anbieter Alpha", kind="business"), Partner("Hochschule Beta")
    for unnamed in (True, False):
        if not unnamed:
            services.partner_done(case_id=case.pk, actor=world.advisor)
        OutgoingMail.objects.all().delete()
        Notification.objects.all().delete()
        consent = give(
            world,
            ask(world, case, one.organisation, two.organisation, names_authority=not unnamed),
        )
        for question in involve(world, consent):
            mine, foreign = (one, two) if question.organisation == one.organisation else (two, one)
            services.ask_back_question(
                question_id=question.pk, actor=mine.editor, text=f"Frage von {mine.organisation}"
            )
            services.reply_to_partner(
                question_id=question.pk,
                actor=world.advisor,
                text=f"Antwort an {mine.organisation}",
                due_on=soon(),
                is_released=True,
            )
            words = [
                signed_in(mine.editor).get(address).content.decode()
                for address in (question.get_absolute_url(), "/mein/", "/mein/nachrichten/")
            ]
            for person in (mine.editor, mine.manager):
                words += [m.subject + m.body for m in OutgoingMail.objects.filter(user=person)]
                words += [n.subject + n.text for n in Notification.objects.filter(user=person)]
            hidden = [SECRET, str(case.reference), str(case.public_id), world.advisor.name]
            hidden += [world.requester.name, foreign.organisation.name, consent.sha256]
            hidden += ["Markterkundung", "Vorbefassung", "vertraulich"]
            if unnamed:
                hidden.append(world.authority.name)
            for word in hidden:
                assert not any(word in text for text in words), word
            assert any("Wie betreiben Sie es?" in text for text in words)
    # What a company says stays with the OSK; what it was told is the authority's to know.
    services.tell_procedure_state(case_id=case.pk, actor=world.advisor, procedure_state=P.RUNNING)
    page = signed_in(world.reader).get(case.get_absolute_url()).content.decode()
    assert "Frage von Anbieter" not in page
    assert "Antwort an Anbieter Alpha" in page
    assert "Antwort an Hochschule" not in page
    assert "Kontakte mit Unternehmen" in page


def test_ladder_of_the_consent_page(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    case = world.case(S.IN_PROGRESS)
    consent = ask(world, case, Partner("Hochschule E").organisation)
    url = consent.get_absolute_url()
    assert Client().get(url).status_code == 302
    expected = {"stranger": 404, "manager": 404, "reader": 403, "advisor": 403, "deputy": 200}
    for role, status in expected.items():
        assert signed_in(world.person(role)).get(url).status_code == status, role
    browser = signed_in(world.requester)
    assert browser.put(url).status_code == 405
    elsewhere = reverse(
        "consulting:partner_consent", args=[world.case().public_id, consent.public_id]
    )
    assert browser.get(elsewhere).status_code == 404
    for sha in ("", "x", "0" * 64):
        status = browser.post(url, {"sha256": sha, "give": "1"}).status_code
        assert status in (409, 422)
    assert browser.post(url, {"refuse": "1", "reason": "x" * 5_001}).status_code == 422
    services.withdraw(case_id=case.pk, actor=world.requester)
    kept = browser.post(url, {"refuse": "1", "reason": "Mein Grund"})
    assert kept.status_code == 409
    assert "Mein Grund" in kept.content.decode()
    area = portal.my_areas.get("consulting")
    assert area is not None
    assert url not in [task.url for task in area.tasks(world.person("requester"))]
    consent.refresh_from_db()
    assert consent.state == C.ASKED


@pytest.mark.parametrize("text", HOSTILE[:3])
def test_hostile_words_in_a_release(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
    text: str,
) -> None:
    case = world.case(S.IN_PROGRESS)
    consent = ask(world, case, Partner(f"Stelle {text}").organisation, question=text)
    assert releases.of(consent).sha256 == consent.sha256
    page = signed_in(world.requester).get(consent.get_absolute_url()).content.decode()
    assert "<script>alert" not in page
    involve(world, give(world, consent))


def test_own_procedure_page(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    case = procurement(world)
    url = reverse("consulting:own_procedure", args=[case.public_id])
    assert url in signed_in(world.requester).get(case.get_absolute_url()).content.decode()
    assert url not in signed_in(world.reader).get(case.get_absolute_url()).content.decode()
    assert Client().get(url).status_code == 302
    for role, status in {"stranger": 404, "reader": 403, "advisor": 403}.items():
        assert signed_in(world.person(role)).post(url, {}).status_code == status
    browser = signed_in(world.requester)
    assert browser.get(url).status_code == 200
    assert browser.post(url, {"procedure_state": "anders"}).status_code == 422
    for _ in range(2):
        assert browser.post(url, {"procedure_state": "running"}).status_code == 302
    assert case.events.filter(kind=K.PROCEDURE_CHANGED).count() == 1
    plain = world.case(S.IN_PROGRESS)
    other = reverse("consulting:own_procedure", args=[plain.public_id])
    assert browser.get(other).status_code == 302


def test_constraints_back_it(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    consent = ask(world, case, Partner("Hochschule E").organisation)
    with pytest.raises(IntegrityError), transaction.atomic():
        PartnerConsent.objects.filter(pk=consent.pk).update(state=C.GIVEN)
    (question,) = involve(world, give(world, consent))
    with pytest.raises(IntegrityError), transaction.atomic():
        PartnerQuestion.objects.filter(pk=question.pk).update(
            state=Q.MISSED, waits_since=portal_clock.now()
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        PartnerContact.objects.create(
            question=question, kind=ContactKind.REPLIED, is_company=False, text=""
        )


# Two at once


@pytest.mark.django_db(transaction=True)
def test_withdrawing_and_asking_at_once_is_one_of_them(world: World) -> None:
    case = world.case(S.IN_PROGRESS)
    consent = give(world, ask(world, case, Partner("Hochschule E").organisation))

    results = at_once(
        lambda: services.withdraw_consent(consent_id=consent.pk, actor=world.requester),
        lambda: involve(world, consent),
        lambda: involve(world, consent),
    )
    consent.refresh_from_db()
    asked = PartnerQuestion.objects.filter(consent=consent).count()
    assert sum(isinstance(result, TransitionNotAllowed) for result in results) == 2
    assert (consent.state, asked) in ((C.GIVEN, 1), (C.WITHDRAWN, 0))
