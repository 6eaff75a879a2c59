"""A mail in the Posteingang that is perhaps about a case: the case stays as it is until it was looked at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from consulting import queues, services
from consulting.enums import CaseState, Topic
from consulting.models import ConsultingRequest, IncomingMail
from consulting.models.incoming import MailHint, MailState
from consulting.reply_address import reply_address
from consulting.services import daily
from osk_portal.notifications.models import OutgoingMail
from tests.consulting.conftest import World
from tests.consulting.mails import FROM, a_mail

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 2, 9, tzinfo=UTC)  # a Monday
OTHER = "Alex Muster <alex@privat.example>"


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.OSK_REPLY_ADDRESS = "antwort@osk.example"


def receive(world: World, case: ConsultingRequest, number: int = 1, **changes: Any) -> IncomingMail:
    EmailAddress.objects.get_or_create(
        user=world.requester, email="alex@bezirk.example", verified=True
    )
    return services.receive_mail(
        a_mail(
            to=reply_address(case, world.requester),
            message_id=f"<{case.pk}.{number}@bezirk.example>",
            **changes,
        )
    )


def mails(kind: str) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind=f"consulting.{kind}").order_by("pk"))


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"sender": OTHER}, MailHint.OTHER_SENDER),
        ({"sender": FROM, "text": " "}, MailHint.NO_TEXT),
    ],
)
def test_nothing_is_reminded_of_or_closed_while_a_mail_waits(
    world: World, clock: Any, changes: dict[str, Any], hint: str
) -> None:
    clock.move_to(START)
    cases = {
        state: world.case(state) for state in (CaseState.ANSWERED, CaseState.WAITING_REQUESTER)
    }
    rows = {state: receive(world, case, **changes) for state, case in cases.items()}
    assert {(row.state, row.hint) for row in rows.values()} == {(MailState.NEW, hint)}

    for day in (14, 40, 41):
        clock.move_to(START + timedelta(days=day))
        daily.run()
    for state, case in cases.items():
        case.refresh_from_db()
        assert case.state == state
    assert mails("case_reminder") == mails("case_closed") == []

    for row in rows.values():
        services.discard_mail(
            mail_id=row.pk, actor=world.advisor, expected_version=row.version, reason="Werbung"
        )
    daily.run()
    daily.run()
    for case in cases.values():
        case.refresh_from_db()
        assert case.state == CaseState.CLOSED or case.reminded_at is not None
    assert len(mails("case_reminder")) == 3  # author, deputy, who works along
    clock.move_to(START + timedelta(days=42))
    daily.run()
    assert {c.state for c in ConsultingRequest.objects.all()} == {CaseState.CLOSED}


def test_the_contact_person_is_told_once_also_of_a_closed_case(world: World) -> None:
    for number, state in enumerate((CaseState.WAITING_REQUESTER, CaseState.CLOSED)):
        case = world.case(state, topics=[Topic.PROCUREMENT], title="Fachverfahren Kita")
        first = receive(world, case, sender=OTHER)
        receive(world, case, 2, sender=OTHER, subject="Noch etwas")

        told = mails("staff_mail_waits")
        assert len(told) == number + 1
        mail = told[-1]
        assert mail.user == world.advisor
        assert mail.subject == f"{case.reference}: Eine Mail wartet im Posteingang"
        assert first.get_absolute_url() in mail.body
        assert "Fachverfahren" not in mail.body
        assert "Nextcloud" not in mail.body


def test_the_case_page_says_that_mails_wait(world: World) -> None:
    case, other = world.case(CaseState.WAITING_REQUESTER), world.case()
    browser = Client()
    browser.force_login(world.advisor, backend="django.contrib.auth.backends.ModelBackend")
    row = receive(world, case, sender=OTHER)

    page = browser.get(queues.case_url(case)).content.decode()
    assert "1 Mail wartet im Posteingang" in page
    assert row.get_absolute_url() in page
    receive(world, case, 2, sender=OTHER, subject="Noch etwas")
    page = browser.get(queues.case_url(case)).content.decode()
    assert "2 Mails warten im Posteingang" in page
    assert f'class="osk-a" href="{reverse("admin:consulting_incomingmail_changelist")}"' in page
    assert "im Posteingang" not in browser.get(queues.case_url(other)).content.decode().replace(
        "Posteingang</a>", ""
    )
