"""Every write of the shared pages."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify_address
from osk_portal.pages.models import BarrierReport, LegalPage, month_later
from osk_portal.toolkit import clock

TEXTS = Path(__file__).parent / "texts"


def ensure_legal_pages() -> None:
    """Make a row of each shipped text that has none. What the operator has written stays."""
    known = set(LegalPage.objects.values_list("slug", "language"))
    rows = []
    for path in sorted(TEXTS.glob("*.md")):
        slug, language, _suffix = path.name.split(".")
        if (slug, language) in known:
            continue
        title, _blank, body = path.read_text(encoding="utf-8").partition("\n")
        rows.append(
            LegalPage(
                slug=slug,
                language=language,
                title=title.strip(),
                body=body.strip(),
                reviewed_on=clock.today(),
            )
        )
    LegalPage.objects.bulk_create(rows, ignore_conflicts=True)


def report_barrier(
    *, page: str, description: str, name: str, email: str, language: str
) -> BarrierReport:
    """Keep a report, tell the OSK, and confirm it to the reporter where an address is given."""
    with transaction.atomic():
        report = BarrierReport.objects.create(
            page=page,
            description=description,
            name=name,
            email=email,
            language=language,
            answer_by=month_later(clock.today()),
        )
        notify_address(
            Message(
                kind="pages.barrier_reported",
                template="pages/email/barrier_reported",
                url=reverse("admin:pages_barrierreport_change", args=[report.pk]),
                dedupe=f"pages.barrier_reported:{report.public_id}",
                subject_key=str(report.public_id),
                context={"page": report.page, "answer_by": report.answer_by},
            ),
            address=settings.OSK_CONTACT_EMAIL,
        )
        if email:
            notify_address(
                Message(
                    kind="pages.barrier_received",
                    template="pages/email/barrier_received",
                    url=report.get_absolute_url(),
                    dedupe=f"pages.barrier_received:{report.public_id}",
                    subject_key=str(report.public_id),
                    context={"answer_by": report.answer_by},
                ),
                address=email,
                language=language,
            )
    return report


def answer_barrier_report(*, report_id: int, actor: User, answer: str) -> BarrierReport:
    """Close a report with its answer, which goes to the reporter where an address is given."""
    with transaction.atomic():
        report = BarrierReport.objects.select_for_update(of=("self",)).get(pk=report_id)
        report.close(actor=actor, answer=answer)
        if report.email:
            notify_address(
                Message(
                    kind="pages.barrier_answered",
                    template="pages/email/barrier_answered",
                    url=report.get_absolute_url(),
                    dedupe=f"pages.barrier_answered:{report.public_id}",
                    subject_key=str(report.public_id),
                    context={"answer": report.answer},
                ),
                address=report.email,
                language=report.language,
            )
    return report
