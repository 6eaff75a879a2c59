"""Every field of a case says what becomes of it, and afterwards nothing that was typed is left."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction

from consulting import queues, retention, services
from consulting.anonymising import EVENT_DATA, TEXT, TREATMENTS
from consulting.enums import (
    AnswerState,
    CaseEventKind,
    CaseState,
    MessageKind,
    ProcedureState,
    Topic,
)
from consulting.models import (
    Anonymisation,
    CaseFile,
    CaseLink,
    CaseMessage,
    CaseResult,
    ConsultingRequest,
    IncomingMail,
    IncomingMailContent,
    Introduction,
    PartnerQuestion,
    ProcurementOutcome,
    PublishedAnswer,
    Recommendation,
    RetentionHold,
    RetentionRule,
)
from consulting.models.incoming import MailState
from consulting.notifications import tell
from consulting.services import anonymisation, files
from consulting.services.common import record
from osk_portal.accounts.models import User
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World
from tests.consulting.mails import a_mail
from tests.factories import OrganisationFactory

SECRET = "Streng-Geheim-4711"
TYPED = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.FileField,
    models.BinaryField,
    ArrayField,
)


def of_a_case() -> set[type[models.Model]]:
    """The case, and every model of the app with a way of foreign keys to it. An introduction is named by
    its sides, which name the cases."""
    found: set[type[models.Model]] = {ConsultingRequest, Introduction}
    while True:
        more = {
            model
            for model in apps.get_app_config("consulting").get_models()
            for field in [*model._meta.fields, *model._meta.many_to_many]
            if field.related_model in found
        } - found
        if not more:
            return found
        found |= more


def test_every_model_and_field_of_a_case_is_treated() -> None:
    """Fails for a new text, file, JSON or person. The way out: a line in consulting/anonymising.py."""
    names = {model.__name__ for model in of_a_case()}
    assert names == set(TREATMENTS), f"Add to TREATMENTS: {names ^ set(TREATMENTS)}"
    for model in of_a_case():
        treatment = TREATMENTS[model.__name__]
        if treatment.goes:
            continue
        must = {
            field.name
            for field in model._meta.fields
            if isinstance(field, TYPED) or field.related_model is User
        }
        named = set(treatment.emptied) | set(treatment.kept)
        assert named >= must, f"{model.__name__}: empty or keep {must - named} in TREATMENTS"
        known = {field.name for field in model._meta.fields}
        assert named <= known, f"{model.__name__} has no {named - known}"
        assert not set(treatment.emptied) & set(treatment.kept), model.__name__


@pytest.mark.parametrize("name", TREATMENTS)
def test_the_way_to_the_case_is_a_lookup(name: str) -> None:
    model = apps.get_model("consulting", name)
    assert str(model._base_manager.filter(**{TREATMENTS[name].path: 1}).query)


def test_texts_of_other_floors_point_at_no_case() -> None:
    """Only this app has rows of a case; another one would have to be treated as well."""
    others = [m for m in apps.get_models() if m._meta.app_label != "consulting"]
    assert not [
        m.__name__
        for m in others
        for field in [*m._meta.fields, *m._meta.many_to_many]
        if field.related_model in of_a_case()
    ]


@pytest.fixture
def full(world: World, disk: Path) -> ConsultingRequest:
    """A closed procurement case with a secret in every place where somebody can type."""
    case = world.case(
        CaseState.CLOSED,
        title=SECRET,
        description=SECRET,
        own_reference=SECRET,
        software_in_use=SECRET,
        urgency_reason=SECRET,
        urgency_answer=SECRET,
        topics=[Topic.PROCUREMENT],
        procedure_state=ProcedureState.PLANNED,
        users_count=42,
    )
    case.result.text = SECRET  # type: ignore[union-attr] # a closed case has one
    case.result.save()  # type: ignore[union-attr] # as above
    partner = OrganisationFactory(company=True)
    Recommendation.objects.create(result=case.result, organisation=partner, reason=SECRET)
    for kind, internal in ((MessageKind.MESSAGE, False), (MessageKind.NOTE, True)):
        CaseMessage.objects.create(
            case=case,
            author=world.advisor,
            by_osk=True,
            body=SECRET,
            kind=kind,
            is_internal=internal,
        )
    services.add_file(
        case_id=case.pk, actor=world.advisor, name="geheim.txt", data=SECRET.encode(),
        is_internal=True,
    )  # fmt: skip
    PartnerQuestion.objects.create(
        case=case, organisation=partner, question=SECRET, due_on=clock.today(),
        consented_on=clock.today(), consent_source=SECRET, asked_by=world.advisor, answer=SECRET,
        answered_at=clock.now(), answered_by=world.stranger, state="answered",
    )  # fmt: skip
    CaseLink.objects.create(case=case, person=world.requester, made_by=world.advisor)
    ProcurementOutcome.objects.create(
        case=case, occasion="at_closing", what="open_source", reason=SECRET, told_at=clock.now(),
        contract_ends_on=date(2026, 6, 30),
    )  # fmt: skip
    PublishedAnswer.objects.create(
        case=case, owner=world.advisor, title=SECRET, question=SECRET, answer=SECRET, comment=SECRET
    )
    RetentionHold.objects.create(
        case=case, asked_by=world.requester, reason=SECRET, ended_at=clock.now()
    )
    with transaction.atomic():
        tell(record(case, CaseEventKind.CLOSED, world.requester, promise_kept=True, name=SECRET))
        tell(record(case, CaseEventKind.MESSAGE_ADDED, world.requester))
    return case


def anonymise(case: ConsultingRequest) -> Anonymisation:
    plan = retention.plan_for(case)
    assert plan is not None
    assert plan.rule is not None
    with transaction.atomic():
        return anonymisation.anonymise(plan, plan.rule)


def everything() -> str:
    """What the tables of the app and of the outbox hold, as text."""
    wanted = [*apps.get_app_config("consulting").get_models(), OutgoingMail, Notification]
    return repr([list(model._base_manager.values()) for model in wanted])


@pytest.mark.django_db
def test_nothing_that_was_typed_is_left_and_figures_stay(
    full: ConsultingRequest, world: World, disk: Path, commits: Any
) -> None:
    people = {
        p.pk for p in (world.requester, world.writer, world.reader, world.deputy, world.advisor)
    }
    assert SECRET in everything()
    assert OutgoingMail.objects.exists()
    assert [p for p in disk.rglob("*") if p.is_file()]

    with commits():
        done = anonymise(full)

    assert SECRET not in everything()
    assert not [p for p in disk.rglob("*") if p.is_file()]
    for model in (CaseMessage, CaseFile, CaseLink):
        assert not model._base_manager.filter(case=full).exists()
    assert not OutgoingMail.objects.filter(subject_key=str(full.public_id)).exists()
    assert not Notification.objects.filter(url__contains=str(full.public_id)).exists()
    full.refresh_from_db()
    assert (full.title, full.description) == (TEXT, TEXT)
    assert (full.state, full.outcome, full.kind, full.users_count) == (
        "closed",
        "settled",
        "question",
        42,
    )
    assert full.topics == [Topic.PROCUREMENT]
    assert full.closed_at
    assert full.organisation == world.authority
    assert full.author.anonymised_at
    assert (full.deputy, full.assignee) == (None, None)
    assert ProcurementOutcome.objects.get(case=full).what == "open_source"
    assert PublishedAnswer.objects.get(case=full).state == AnswerState.WITHDRAWN
    assert not full.events.filter(actor__in=people).exists()
    kept = full.events.filter(kind=CaseEventKind.CLOSED).get().data
    assert kept == {"promise_kept": True}
    assert set().union(*(e.data for e in full.events.all())) <= EVENT_DATA
    assert done.reference == full.reference
    assert (done.record_type, done.years, done.ended_on) == ("procurement", 0, clock.today())
    assert done.counts["CaseMessage"] == 2
    assert done.counts["CaseFile"] == 1
    assert done.counts["mails"] > 0


@pytest.mark.django_db
def test_mails_about_a_case_that_were_never_added_go_too(world: World) -> None:
    case, other = world.case(CaseState.CLOSED), world.case(CaseState.IN_PROGRESS)

    def received(about: ConsultingRequest, text: str = SECRET, **head: str) -> IncomingMail:
        return services.receive_mail(
            a_mail(
                message_id=f"<{uuid4()}@b.example>", subject=f"{about.reference}", text=text, **head
            )
        )

    def decide(mail: IncomingMail, act: Any, **values: Any) -> None:
        act(mail_id=mail.pk, actor=world.advisor, expected_version=mail.version, **values)

    decide(received(case), services.discard_mail, reason=SECRET)
    decide(received(case), services.answer_mail, text=SECRET)
    automatic = received(case, Precedence="bulk")
    waiting = received(case, "Noch zu entscheiden")
    joined = received(case, "Anderswo")
    decide(joined, services.join_mail, case_id=other.pk, is_internal=True)
    foreign = received(other, Precedence="bulk", text="Fremd")
    assert automatic.suggested_case == waiting.suggested_case == case
    assert OutgoingMail.objects.filter(kind="consulting.mail_answer").exists()

    done = anonymise(case)

    assert SECRET not in everything()
    assert not OutgoingMail.objects.filter(kind="consulting.mail_answer").exists()
    assert set(IncomingMail.objects.all()) == {waiting, joined, foreign}
    assert IncomingMailContent.objects.count() == 3
    waiting.refresh_from_db()
    assert (waiting.state, waiting.suggested_case) == (MailState.NEW, None)
    assert not IncomingMail.objects.filter(suggested_case=case).exists()
    assert done.counts["suggested_mails"] == 3


@pytest.mark.django_db
def test_an_anonymised_case_is_never_written_to_again(
    full: ConsultingRequest, world: World
) -> None:
    anonymise(full)

    for act in (
        lambda: services.add_note(case_id=full.pk, actor=world.advisor, text="x"),
        lambda: services.reopen(case_id=full.pk, actor=world.advisor, reason="x"),
        lambda: services.take_record(case_id=full.pk, actor=world.advisor),
        lambda: services.set_hold(case_id=full.pk, actor=world.lead, reason="x"),
    ):
        with pytest.raises(TransitionNotAllowed):
            act()
    assert retention.plan_for(full) is None
    for role in ("requester", "writer", "reader", "deputy", "manager", "colleague"):
        assert not ConsultingRequest.objects.visible_to(world.person(role)).exists()


@pytest.mark.django_db
def test_a_crash_half_way_leaves_the_case_whole(
    full: ConsultingRequest, disk: Path, commits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything()
    monkeypatch.setattr(anonymisation, "record", lambda *a, **k: 1 / 0)

    with commits(), pytest.raises(ZeroDivisionError):
        anonymise(full)

    after = everything()
    assert "Anonymisiert" not in after
    assert len(before) == len(after)
    assert [p for p in disk.rglob("*") if p.is_file()]


@pytest.mark.django_db
def test_contents_that_a_crash_left_on_the_disk_are_swept(
    full: ConsultingRequest, disk: Path, clock: Any
) -> None:
    """The process ends between the commit and the removal: the callback never runs."""
    anonymise(full)  # what waits for the commit does not run here
    assert [p for p in disk.rglob("*") if p.is_file()]

    clock.move_to(portal_clock.now() + timedelta(days=2))
    assert files.sweep_files() == 1
    assert not [p for p in disk.rglob("*") if p.is_file()]


@pytest.mark.django_db
@pytest.mark.parametrize("state", retention.ENDED_STATES)
def test_every_end_can_be_anonymised(world: World, state: CaseState) -> None:
    """The constraints of each state hold afterwards."""
    case = world.case(state)
    done = anonymise(case)
    assert done.record_type == state
    assert RetentionRule.objects.filter(record_type=state).get() == done.rule
    case.refresh_from_db()
    assert case.title == TEXT
    assert bool(case.decline_reason) == (state == CaseState.DECLINED)
    assert case.participants.count() == 0
    assert CaseResult.objects.filter(case=case).exclude(text=TEXT).count() == 0


@pytest.mark.django_db
def test_the_page_of_an_anonymised_case_offers_nothing_to_write(
    full: ConsultingRequest, world: World, signed_in: Any
) -> None:
    full.events.create(kind=CaseEventKind.ASSIGNED, data={"assignee": world.advisor.pk})
    anonymise(full)

    page = signed_in(world.advisor).get(queues.case_url(full)).content.decode()

    assert "wurde am" in page
    for word in (
        "Interne Notiz",
        "Behörde berichtigen",
        "Antwort für alle",
        "ist None",
        "(ZIP)",
        SECRET,
    ):
        assert word not in page


@pytest.mark.django_db
def test_a_published_answer_outlives_its_case(world: World) -> None:
    """It was written without names; it can still be looked at again, or withdrawn."""
    case = world.case(CaseState.CLOSED)
    answer = PublishedAnswer.objects.create(
        case=case, owner=world.advisor, reviewer=world.other_advisor, state=AnswerState.PUBLISHED,
        title="Nextcloud", question="Was?", answer="Ja.", objection_until=portal_clock.today(),
        reviewed_on=portal_clock.today(), published_at=portal_clock.now(),
    )  # fmt: skip
    anonymise(case)
    answer.refresh_from_db()
    assert (answer.title, answer.state) == ("Nextcloud", AnswerState.PUBLISHED)
    for act in (services.confirm_answer, services.withdraw_answer):
        act(answer_id=answer.pk, actor=world.advisor, expected_version=answer.version)
        answer.refresh_from_db()
    assert answer.state == AnswerState.WITHDRAWN
