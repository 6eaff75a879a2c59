"""The advisors hear of waiting mail: in office hours, together, never of what it says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from consulting import queues, services
from consulting.enums import CaseState
from consulting.models import IncomingMail
from consulting.models.incoming import MailState
from consulting.services import mail_notices
from osk_portal.notifications import delivery
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit.clock import BERLIN
from tests.consulting.conftest import World
from tests.consulting.mails import a_mail
from tests.consulting.staff.conftest import sign_in  # noqa: F401 # a fixture

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=BERLIN)
LIST = "admin:consulting_incomingmail_changelist"


def received(**changes: Any) -> IncomingMail:
    return services.receive_mail(a_mail(**{"message_id": f"<{uuid4()}@b.example>", **changes}))


def told() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind="consulting.staff_mails").order_by("pk"))


@pytest.fixture
def monday(clock: Any) -> None:
    clock.move_to(MONDAY)


def test_a_batch_is_told_once_to_all_advisors(world: World, clock: Any, monday: None) -> None:
    for _n in range(3):
        received(sender="Geheim <geheim@b.example>", subject="GEHEIM", text="GEHEIM")
    received(Precedence="bulk")  # automatic: nobody has to decide

    assert (mail_notices.send(), mail_notices.send()) == (3, 0)
    mails = told()
    assert {mail.user for mail in mails} == {world.advisor, world.other_advisor, world.lead}
    assert Notification.objects.filter(kind="consulting.staff_mails").count() == 3
    for mail in mails:
        assert mail.subject == "Posteingang: 3 neue E-Mails"
        assert "3 neue E-Mails" in mail.text
        assert "geheim" not in (mail.subject + mail.text).lower()
        assert f"http://localhost:8000{reverse(LIST)}" in mail.text

    # What comes within the hour is told together with it, not one by one.
    for minutes in (5, 30, 59):
        clock.move_to(MONDAY + timedelta(minutes=minutes))
        received()
        assert mail_notices.send() == 0
    clock.move_to(MONDAY + timedelta(minutes=61))
    assert mail_notices.send() == 3
    assert len(told()) == 6
    clock.move_to(MONDAY + timedelta(hours=5))
    assert mail_notices.send() == 0


def test_nobody_is_told_outside_office_hours_or_of_what_is_decided(
    world: World, clock: Any
) -> None:
    mail = received()
    for moment in (MONDAY - timedelta(days=1), MONDAY.replace(hour=7), MONDAY.replace(hour=16)):
        clock.move_to(moment)
        assert mail_notices.send() == 0
    clock.move_to(MONDAY)
    services.discard_mail(
        mail_id=mail.pk, actor=world.advisor, expected_version=1, reason="Werbung"
    )
    services.store_mail(a_mail())  # not routed yet: it may still find its request
    assert mail_notices.send() == 0
    assert not told()


def test_a_notice_is_not_sent_when_nothing_waits_any_more_or_to_who_has_left(
    world: World, monday: None
) -> None:
    mail = received()
    mail_notices.send()
    [left] = [each for each in told() if each.user == world.other_advisor]
    world.other_advisor.groups.clear()
    delivery.deliver(left.pk)
    services.discard_mail(
        mail_id=mail.pk, actor=world.advisor, expected_version=1, reason="Werbung"
    )
    [late] = [each for each in told() if each.user == world.lead]
    delivery.deliver(late.pk)
    assert {mail.state for mail in told()} == {"withheld", "pending"}


def test_search(
    world: World,
    sign_in: Callable[[str], Client],  # noqa: F811 # the fixture
    monday: None,
) -> None:
    received(subject="Frage zu Nextcloud", sender="Alex Muster <alex@bezirk.example>")
    received(subject="100 % sicher", sender="jo@land.example", text="Ein Wort: Kubernetes_Test")
    done = received(subject="Alte Frage", sender="Toni Probe <toni@amt.example>")
    services.discard_mail(
        mail_id=done.pk, actor=world.advisor, expected_version=1, reason="Werbung"
    )
    case = world.case(CaseState.IN_PROGRESS)
    browser = sign_in("advisor")
    for query, found in (
        ("nextcloud", ["Frage zu Nextcloud"]),
        ("ALEX frage", ["Frage zu Nextcloud"]),
        ("bezirk.example", ["Frage zu Nextcloud"]),
        ("probe", ["Alte Frage"]),  # in all lists
        ("kubernetes_", ["100 % sicher"]),
        ("%", ["100 % sicher"]),
        ("frage gibtesnicht", []),
        ("<script>", []),
        ("' OR 1=1 --", []),
    ):
        page = browser.get(reverse(LIST), {"q": query})
        assert page.status_code == 200
        assert [str(mail) for mail in page.context["page_obj"]] == found, query
    assert "Keine E-Mail passt" in page.text
    jump = browser.get(reverse(LIST), {"q": f" {case.reference.lower()} "})
    assert jump["Location"] == queues.case_url(case)
    unknown = browser.get(reverse(LIST), {"q": "OSK-2019-00001"})
    assert unknown.status_code == 200
    for query in ("x" * 300, "a\x00b"):
        page = browser.get(reverse(LIST), {"q": query})
        assert page.status_code == 200
        assert "<title>Fehler: " in page.text
    assert IncomingMail.objects.filter(state=MailState.NEW).count() == 2
