from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from catalog import demo_stories, demo_world
from catalog.enums import AssessmentState, MaintainershipState, RevisionOrigin, StatementTopic
from catalog.models import (
    Assessment,
    Badge,
    Claim,
    CodeRelease,
    EntryReport,
    Follow,
    Notice,
    Proposal,
    Reuse,
    SavedComparison,
    Solution,
    SolutionRevision,
    Statement,
    Support,
)
from catalog.services import write_document
from network import demo_world as network_demo
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock

pytestmark = pytest.mark.django_db


def test_the_demo_world_is_whole_and_loads_once(client: Client) -> None:
    network_demo.load()
    demo_world.load()
    zms = Solution.objects.get(slug="zms-eappointment")

    assert Solution.objects.published().count() >= 50
    assert not Solution.objects.filter(is_incomplete=True).exists()
    assert Solution.objects.filter(maintainer__slug="musterhaus-software").exists()
    assert Support.objects.exists()
    assert Reuse.objects.exists()
    assert zms.berlin_body is not None
    assert "Qmatic" in zms.alternatives

    _check_stories(client)

    # Somebody changes an entry; the next start of a try-out loads the demo world again.
    changed = {**zms.document, "name": "ZMS neu"}
    write_document(zms, changed, origin=RevisionOrigin.PROPOSAL, findings=[])
    tables = (
        Solution, Reuse, Support, SolutionRevision, Statement, Assessment, Notice, Proposal, EntryReport, Claim,
        Badge, SavedComparison, CodeRelease, Follow,
    )  # fmt: skip
    counts = [m.objects.count() for m in tables]
    assert all(counts)

    demo_world.load()

    assert Solution.objects.get(slug="zms-eappointment").name == "ZMS neu"
    assert [m.objects.count() for m in tables] == counts


def test_only_invented_entries_have_stories() -> None:
    told = demo_stories._read()

    for key in ("statements", "assessments", "notices", "badges", "reports", "claims", "changes"):
        for row in told[key]:
            assert row["solution"].startswith("musterhaus-"), row


def _check_stories(client: Client) -> None:
    solution = Solution.objects.get(slug="musterhaus-terminerinnerung")
    ended = Solution.objects.get(slug="musterhaus-rufanzeige")

    assert not OutgoingMail.objects.exists()
    assert abs(clock.now() - clock.of_database()).total_seconds() < 60, "the clock runs again"
    standing = {one.topic: one for one in Statement.objects.standing().filter(solution=solution)}
    assert set(standing) == set(StatementTopic) - {StatementTopic.ITDZ}
    assert standing["ozg"].is_old
    assert not standing["security"].is_old
    published, sent = solution.assessments.order_by("number")
    assert (published.state, sent.state) == (AssessmentState.PUBLISHED, AssessmentState.SENT)
    assert published.reply
    assert sent.publish_from is not None
    assert sent.publish_from > clock.today()
    for notice in Notice.objects.all():
        assert 0 < notice.receipts.exclude(confirmed_at=None).count() < notice.receipts.count()
    assert ended.maintainerships.get().state == MaintainershipState.CONTESTED
    assert Proposal.objects.undecided().get().solution == ended
    assert solution.revisions.count() > 2
    for slug in (solution.slug, ended.slug):
        assert client.get(reverse("catalog:solution_detail", args=[slug])).status_code == 200
