"""What the OSK has promised to decide by a day, besides proposals: told when it is near, and when it is broken."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from catalog import services
from catalog.enums import Proof
from catalog.models import PromiseReminder
from catalog.services import promise_deadlines
from osk_portal.notifications.models import Notification, OutgoingMail
from tests.catalog.claiming import Claiming
from tests.catalog.test_assessments import Written
from tests.catalog.test_reports import report
from tests.catalog.test_statements import propose
from tests.catalog.views.test_claims import login

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/Berlin"))


def told(user):
    found = Notification.objects.filter(user=user).order_by("pk").values_list("kind", flat=True)
    return [kind for kind in found if kind.endswith(("_due_soon", "_overdue"))]


@pytest.fixture
def waiting(request, world):
    """What waits, the page where it is decided, and how."""
    match request.param:
        case "statement":
            row = propose(world)
            return (
                row,
                "catalog_statement_page",
                lambda: services.refuse_statement(
                    statement_id=row.pk, actor=world.advisor, comment="Nein."
                ),
            )
        case "report":
            row = report(world)
            return (
                row,
                "catalog_entryreport_page",
                lambda: services.reject_report(
                    report_id=row.pk, actor=world.advisor, decision="Nein."
                ),
            )
        case "claim":
            claims = Claiming(world)
            claims.free()
            world.solution.document["maintenance"] = {
                "contractors": [{"name": "Landesamt fuer Beispiele, Berlin", "until": "2030-01-01"}]
            }
            world.solution.save()
            row = claims.claim(Proof.NAMED)
            return row, "catalog_claim_review", lambda: claims.accept(row)
        case _:
            made = Written(world)
            made.do(services.send_assessment)
            made.do(services.ask_for_correction, world.editor, text="Falsch.")
            return (
                made.row,
                "catalog_assessment_page",
                lambda: made.do(services.answer_correction, text="Nein."),
            )


@pytest.mark.parametrize("waiting", ["statement", "report", "claim", "assessment"], indirect=True)
def test_a_promise_is_told_twice_and_shown_as_broken(waiting, world, clock, client):
    row, page, decide = waiting
    kind = page.split("_")[1].removeprefix("entry")
    start = datetime.combine(
        getattr(row, "promised_on", None) or row.correction_until, MONDAY.timetz()
    )
    address = reverse(f"admin:{page}", args=[row.public_id])

    clock.move_to(start - timedelta(days=14))
    assert promise_deadlines.remind() == 0
    clock.move_to(start)
    assert promise_deadlines.remind() == 1
    assert promise_deadlines.remind() == 0
    clock.move_to(start + timedelta(days=7))
    assert promise_deadlines.remind() == 1
    assert promise_deadlines.remind() == 0
    assert told(world.advisor) == [f"catalog.{kind}_due_soon", f"catalog.{kind}_overdue"]
    assert Notification.objects.filter(kind=f"catalog.{kind}_overdue", url=address).exists()
    mail = OutgoingMail.objects.filter(kind=f"catalog.{kind}_overdue").first()
    assert "zugesagt" in mail.body

    login(client, world.advisor)
    html = client.get(address).text
    assert "osk-due--over" in html
    assert "überfällig" in html

    decide()
    clock.move_to(start + timedelta(days=10))
    assert promise_deadlines.remind() == 0
    assert PromiseReminder.objects.count() == 2
