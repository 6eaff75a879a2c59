"""Legal statements: who writes, what is cited, when it is old; and what the record takes of it all."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from consulting import conversation, demo_legal, legal, queues, record, services
from consulting.enums import CaseState, ProcedureState, Topic
from consulting.models import (
    ConsultingRequest,
    ContractType,
    LegalStatement,
    PartnerConsent,
    ProcurementBlock,
    ValueBand,
)
from consulting.models.procurement import oldest_checked
from consulting.record_archive import build as archive
from consulting.services.legal import confirm_legal_statement, save_legal_statement
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World
from tests.consulting.test_partners import Partner
from tests.consulting.views.conftest import signed_in  # noqa: F401 # a fixture

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
S = CaseState


def statement(world: World, **fields: Any) -> LegalStatement:
    values = {
        "title": "Vorrang beim Bund",
        "text": "Behörden des Bundes sollen Open Source vorziehen.",
        "source": "§ 16a EGovG",
        "binds": "Der Bund, nicht Berlin",
        "checked_on": clock.today(),
        **fields,
    }
    return save_legal_statement(statement=LegalStatement(**values), actor=world.lead)


def test_written_by_the_lead_alone_and_numbered(world: World) -> None:
    year = clock.today().year
    first, second = statement(world), statement(world, title="Zwei")
    assert [first.reference, second.reference] == [f"RA-{year}-001", f"RA-{year}-002"]
    assert first.checked_by == world.lead
    for person in (world.advisor, world.requester, world.operator):
        with pytest.raises(PermissionDenied):
            save_legal_statement(statement=first, actor=person)
        with pytest.raises(PermissionDenied):
            confirm_legal_statement(statement_id=first.pk, actor=person)
    with pytest.raises(IntegrityError), transaction.atomic():
        statement(world, binds="")


def test_words_stay_once_they_are_cited(world: World) -> None:
    said = statement(world)
    said.text = "Ein Tippfehler weniger."
    save_legal_statement(statement=said, actor=world.lead)
    case = world.case(S.IN_PROGRESS)
    services.answer(case_id=case.pk, actor=world.advisor, text=f"Siehe [{said.reference}].")
    said.text = "Etwas ganz anderes."
    with pytest.raises(TransitionNotAllowed):
        save_legal_statement(statement=said, actor=world.lead)
    said.refresh_from_db()
    said.checked_on = clock.today() - timedelta(days=3)
    save_legal_statement(statement=said, actor=world.lead)
    assert (
        confirm_legal_statement(statement_id=said.pk, actor=world.lead).checked_on == clock.today()
    )
    said.refresh_from_db()
    said.replaced_by = statement(world, title="Neu")
    save_legal_statement(statement=said, actor=world.lead)
    with pytest.raises(TransitionNotAllowed):
        confirm_legal_statement(statement_id=said.pk, actor=world.lead)


def test_flagged_after_twelve_months_wherever_it_is_cited(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    edge = oldest_checked(clock.today())
    fresh, old = statement(world, checked_on=edge), statement(world, title="Alt")
    case = world.case(S.IN_PROGRESS, topics=[Topic.PROCUREMENT], description=f"[{old.reference}]")
    services.answer(
        case_id=case.pk,
        actor=world.advisor,
        text=f"[{old.reference}] [{fresh.reference}] [RA-1999-001]",
    )
    LegalStatement.objects.filter(pk=old.pk).update(checked_on=edge - timedelta(days=1))
    assert list(LegalStatement.objects.to_check()) == [LegalStatement.objects.get(pk=old.pk)]
    requester, advisor = signed_in(world.requester), signed_in(world.advisor)
    for page in (
        requester.get(case.get_absolute_url()).content.decode(),
        advisor.get(queues.case_url(case)).content.decode(),
    ):
        assert page.count("Vor mehr als zwölf Monaten geprüft.") == 1
        assert (
            page.count("Der Bund, nicht Berlin") == 2
        )  # the requester's own brackets cite nothing
        assert "Das OSK gibt keine Rechtsberatung." in page
    changelist = reverse("admin:consulting_legalstatement_changelist")
    due = advisor.get(changelist, {"check": "due"}).content.decode()
    assert old.reference in due
    assert fresh.reference not in due
    entries = conversation.timeline(ConsultingRequest.objects.get(pk=case.pk), internal=False)
    assert [c.reference for e in entries for c in e.citations] == [old.reference, fresh.reference]


def test_a_slip_or_a_dead_reference_is_not_sent(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    dead = statement(world, ended_on=clock.today())
    case = world.case(S.IN_PROGRESS)
    browser = signed_in(world.advisor)
    for reference in (dead.reference, "RA-2001-999"):
        typed = {"version": case.version, "text": f"Siehe [{reference}]"}
        response = browser.post(queues.step_url(case, "answer"), typed)
        assert response.status_code == 200
        assert reference in str(response.context["form"].errors["text"])
    assert not case.results.exists()


def test_an_old_statement_is_warned_of_at_preview_and_once_at_saving(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    edge = oldest_checked(clock.today())
    old = statement(world, title="Alt", checked_on=edge - timedelta(days=1))
    case = world.case(S.IN_PROGRESS)
    browser = signed_in(world.advisor)
    for step, field, extra in (
        ("ask-back", "question", {"reply_by": (clock.today() + timedelta(days=9)).isoformat()}),
        ("message", "text", {"message_id": str(uuid4())}),
        ("answer", "text", {}),
    ):
        case.refresh_from_db()
        typed = {"version": case.version, field: f"Siehe [{old.reference}]", **extra}
        url = queues.step_url(case, step)
        shown = browser.post(url, {**typed, "preview": "1"}).content.decode()
        assert "Vor mehr als zwölf Monaten geprüft." in shown, step
        assert "Vorschau:" in shown

        warned = browser.post(url, typed).content.decode()
        assert warned.count("Bitten Sie die OSK-Leitung") == 2, (
            step
        )  # in the summary and at the field
        assert warned.count('name="cite_old"') == 1
        assert f"Siehe [{old.reference}]" in warned
        case.refresh_from_db()
        assert case.state == S.IN_PROGRESS
        assert browser.post(url, {**typed, "cite_old": "on"}).status_code == 302, step
        if step == "ask-back":
            services.reply(case_id=case.pk, actor=world.requester, text="Ja.")
    assert case.results.count() == 1
    assert case.messages.filter(body__contains=old.reference).count() == 2
    # An unknown one is told at the preview too, and no tick helps.
    case = world.case(S.IN_PROGRESS)
    typed = {"version": case.version, "text": "Siehe [RA-2001-999]", "cite_old": "on"}
    for more in ({"preview": "1"}, {}):
        page = browser.post(queues.step_url(case, "answer"), {**typed, **more}).content.decode()
        assert "wählen Sie eine andere" in page
    assert not case.results.exists()


def test_admin_for_the_lead_to_read_for_advisors_for_nobody_else(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    said = statement(world)
    url = reverse("admin:consulting_legalstatement_change", args=[said.pk])
    add = reverse("admin:consulting_legalstatement_add")
    lead, advisor = signed_in(world.lead), signed_in(world.advisor)
    assert lead.get(url).status_code == lead.get(add).status_code == 200
    assert advisor.get(url).status_code == 200
    assert advisor.get(add).status_code == 403
    assert signed_in(world.operator).get(url).status_code in (302, 403)
    assert signed_in(world.requester).get(url).status_code in (302, 403)
    form = {
        "title": "Neu", "text": "Text", "source": "§ 1", "source_url": "", "binds": "Alle",
        "checked_on": (clock.today() + timedelta(days=1)).isoformat(), "replaced_by": "", "ended_on": "",
    }  # fmt: skip
    assert lead.post(add, form).status_code == 200  # a day to come
    assert lead.post(add, {**form, "checked_on": clock.today().isoformat()}).status_code == 302
    assert LegalStatement.objects.get(title="Neu").checked_by == world.lead
    assert lead.post(url.replace("change", "delete"), {"post": "yes"}).status_code == 403
    action = {"action": "confirm_checked", "_selected_action": [said.pk]}
    LegalStatement.objects.update(checked_on=clock.today() - timedelta(days=500))
    changelist = reverse("admin:consulting_legalstatement_changelist")
    advisor.post(changelist, action)
    assert legal.statements_of([f"[{said.reference}]"])[said.reference].needs_check
    assert lead.post(changelist, action).status_code == 302
    assert not LegalStatement.objects.get(pk=said.pk).needs_check


def test_lists_show_as_of_which_day_and_a_hint(
    world: World,
    signed_in: Browser,  # noqa: F811 # a fixture
) -> None:
    long_ago = clock.today() - timedelta(days=800)
    ContractType.objects.all().delete()
    ValueBand.objects.all().delete()
    ContractType.objects.create(name="Alt", valid_from=long_ago)
    ContractType.objects.create(name="Geprüft", valid_from=long_ago, checked_on=clock.today())
    ContractType.objects.create(name="Beendet", valid_from=long_ago, valid_until=long_ago)
    ValueBand.objects.create(lower=0, valid_from=long_ago)
    browser = signed_in(world.lead)
    for model, count in (("contracttype", 1), ("valueband", 1)):
        page = browser.get(reverse(f"admin:consulting_{model}_changelist")).content.decode()
        assert page.count("älter als zwölf Monate") == count


def test_record_holds_procurement_companies_and_law(world: World) -> None:
    case = world.case(
        S.IN_PROGRESS, topics=[Topic.PROCUREMENT], procedure_state=ProcedureState.PLANNED
    )
    band = ValueBand.objects.create(
        lower=Decimal(1234), upper=Decimal(5678), valid_from=clock.today()
    )
    ProcurementBlock.objects.create(case=case, value_band=band, deadline=clock.today())
    services.decide_market_inquiry(
        case_id=case.pk,
        actor=world.advisor,
        reason="Unbekannter Markt",
        scope="Drei Anbieter",
        decided_on=clock.today(),
        knows_prejudice=True,
    )
    company = Partner("Anbieter Alpha", kind="business")
    consent: PartnerConsent = services.ask_consent(
        case_id=case.pk,
        actor=world.advisor,
        partners=[company.organisation],
        question="Was bieten Sie an?",
        answer_by=clock.today() + timedelta(days=7),
    )
    services.give_consent(
        consent_id=consent.pk,
        actor=world.requester,
        seen_sha256=consent.sha256,
        knows_prejudice=True,
    )
    services.involve_consented(
        case_id=case.pk,
        actor=world.advisor,
        consent_id=consent.pk,
        due_on=clock.today() + timedelta(days=7),
    )
    question = case.partner_questions.get()
    services.answer_question(
        question_id=question.pk, actor=company.editor, text="GEHEIMMARKE Preisliste"
    )
    said = statement(world)
    services.answer(case_id=case.pk, actor=world.advisor, text=f"Siehe [{said.reference}].")
    built = record.build(ConsultingRequest.objects.get(pk=case.pk), clock.now())
    pdf = record.as_pdf(built)
    pages = PdfReader(io.BytesIO(pdf)).pages
    text = "".join("".join(page.extract_text().split()) for page in pages)
    for words in (
        "1.234", "Markterkundung", "Unbekannter Markt", "Kontakte mit Unternehmen", "Anbieter Alpha",
        "Was bieten Sie an?", "Antwort erhalten", said.reference, "Der Bund, nicht Berlin",
        "Das OSK gibt keine Rechtsberatung.",
    ):  # fmt: skip
        assert "".join(words.split()) in text, words
    assert "GEHEIMMARKE" not in text
    with archive(built, pdf) as target:
        packed = target.read()
    assert b"GEHEIMMARKE" not in packed


def test_demo_statements_are_written_once(world: World) -> None:
    assert "3 of them new" in demo_legal.load()
    assert "0 of them new" in demo_legal.load()
    assert LegalStatement.objects.to_check().count() == 1
    for said in LegalStatement.objects.all():
        assert "icht gebunden" in said.binds or "können andere Regeln gelten" in said.binds
