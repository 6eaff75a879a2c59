"""Of a confidential case a mail to the OSK says reference and link only (product.md 1.5); of others, what helps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from consulting import notifications
from consulting.deadlines import long_date
from consulting.enums import (
    CaseEventKind,
    CaseState,
    DeadlineKind,
    ProcedureState,
    Topic,
)
from consulting.keeping_mails import tell_hold_asked
from consulting.models import ConsultingRequest, RetentionHold
from consulting.services.common import record
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock
from tests.consulting.conftest import World

pytestmark = pytest.mark.django_db

DAY = clock.today() + timedelta(days=3)


def tell_all(world: World, case: ConsultingRequest) -> dict[str, list[str]]:
    """Each mail that the OSK can get about ``case``, by its template."""
    for kind in notifications._TO_OSK:
        appointment = {"starts_at": f"{DAY.isoformat()}T09:00:00+01:00"}
        notifications.tell(record(case, CaseEventKind(kind), world.requester, **appointment))
    for kind in DeadlineKind:
        notifications.tell_deadline(case, kind, DAY)
    notifications.tell_urgent(case)
    tell_hold_asked(RetentionHold.objects.create(case=case, asked_by=world.writer, reason="x"))
    osk = (world.advisor, world.lead)
    texts: dict[str, list[str]] = {}
    for mail in OutgoingMail.objects.filter(user__in=osk, subject_key=str(case.public_id)):
        texts.setdefault(mail.kind, []).append(f"{mail.subject}\n{mail.body}")
    for told in Notification.objects.filter(user__in=osk, url__contains=case.public_id):
        texts.setdefault(told.kind, []).append(f"{told.subject}\n{told.text}")
    return texts


def test_staff_mails_of_a_confidential_case_say_reference_and_link_only(world: World) -> None:
    fields = {"title": "Rahmenvertrag Büro", "answer_due_on": DAY}
    secret = world.case(
        CaseState.IN_PROGRESS,
        topics=[Topic.PROCUREMENT],
        procedure_state=ProcedureState.RUNNING,
        **fields,
    )
    plain = world.case(CaseState.IN_PROGRESS, **fields)
    words = ("Rahmenvertrag", world.authority.name, world.requester.name)
    dates = (long_date(DAY), f"{DAY.day}.{DAY.month:02}.", f"{DAY.day}. ")

    told = tell_all(world, secret)

    kinds = {f"consulting.{name}" for name in notifications._TO_OSK.values()}
    kinds |= {f"consulting.staff_{kind}" for kind in DeadlineKind}
    kinds |= {"consulting.staff_urgent", "consulting.hold_asked"}
    assert told.keys() == kinds
    for kind, texts in told.items():
        for text in texts:
            assert str(secret.reference) in text, kind
            for word in (*words, *dates):
                assert word not in text.replace("\xa0", " "), (kind, word)
    # The OSK is told more of all others.
    for kind, texts in tell_all(world, plain).items():
        mail = next(text for text in texts if "http" in text)
        assert all(word in mail for word in words[:2]), kind
