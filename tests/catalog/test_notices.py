"""Notices: issued, corrected, withdrawn; who is told, in batches; who confirms; the one reminder."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog import services
from catalog.enums import NoticeKind, NoticeNews, ReuseStage
from catalog.models import Follow, Notice, NoticeReceipt, NoticeTelling, Solution, Support
from catalog.notices import notices_of, shown_on_entry
from catalog.services import telling
from catalog.services.notices import TELL
from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.clock import BERLIN
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.factories import ReuseFactory, SolutionFactory
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


def issue(world, **more):
    words = {
        "solution_id": world.solution.pk,
        "actor": world.advisor,
        "kind": NoticeKind.SECURITY,
        "text_de": "Bitte **sofort** auf 2.1 wechseln.",
        "valid_from": portal_clock.today(),
    }
    return services.issue_notice(**{**words, **more})


def tell():
    """What a worker does with all that waits."""
    for pk in NoticeTelling.objects.filter(done_at=None).values_list("pk", flat=True):
        telling.run(pk)


def correct(notice, world, **more):
    words = {
        "notice_id": notice.pk,
        "actor": world.advisor,
        "expected_version": notice.version,
        "reason": "Falsche Version.",
        "tell_again": True,
        **notice.words,
    }
    return services.correct_notice(**{**words, **more})


def withdraw(notice, world, **more):
    words = {
        "notice_id": notice.pk,
        "actor": world.advisor,
        "expected_version": notice.version,
        "reason": "Ein Irrtum.",
    }
    return services.withdraw_notice(**{**words, **more})


def test_issued_it_stands_with_event_job_and_the_repeats_of_the_entry(world, bells, commits):
    before = world.solution.updated_at
    with commits():
        notice = issue(world)

    event = notice.events.get()
    assert (event.kind, event.actor, event.data) == ("issued", world.advisor, {"version": 1})
    world.solution.refresh_from_db()
    assert world.solution.notice_kinds == ["security"]
    assert world.solution.updated_at > before
    row = NoticeTelling.objects.get()
    assert bells.of(TELL) == [{"telling_id": row.pk}]
    assert not Notification.objects.exists()  # the advisor does not wait for that


def test_the_same_form_twice_is_one_notice(world):
    assert issue(world) == issue(world)
    assert NoticeTelling.objects.count() == 1


@pytest.mark.parametrize("who", ["editor", "stranger", "visitor"])
def test_only_advisors_issue_correct_and_withdraw(world, who):
    notice = issue(world)
    actor = getattr(world, who)

    with pytest.raises(PermissionDenied):
        issue(world, actor=actor, text_de="Anders")
    with pytest.raises(PermissionDenied):
        correct(notice, world, actor=actor, text_de="Anders")
    with pytest.raises(PermissionDenied):
        withdraw(notice, world, actor=actor)
    notice.refresh_from_db()
    assert (Notice.objects.count(), notice.state, notice.version) == (1, "standing", 1)


def test_an_entry_that_is_not_in_the_catalog_gets_none(world):
    services.withdraw_solution(world.solution.pk, actor=world.advisor)

    with pytest.raises(TransitionNotAllowed):
        issue(world)


def test_a_successor_is_another_published_entry_and_only_in_a_notice_of_that_kind(world):
    other, draft = SolutionFactory(), SolutionFactory(draft=True)
    kind = NoticeKind.SUCCESSOR

    for wrong in (None, draft, world.solution):
        with pytest.raises(TransitionNotAllowed):
            issue(world, kind=kind, successor=wrong)
    with pytest.raises(TransitionNotAllowed):
        issue(world, successor=other)
    assert issue(world, kind=kind, successor=other).successor == other
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.update(successor=None)


def test_a_correction_keeps_what_stood_before_and_is_told_again_when_wanted(world):
    Follow.objects.create(solution=world.solution, user=world.visitor)
    notice = issue(world)
    tell()
    services.confirm_notice(notice=notice, user=world.visitor)

    correct(notice, world, text_de="Auf 2.2.", tell_again=False)
    tell()
    assert NoticeReceipt.objects.get(user=world.visitor).confirmed_at is not None
    notice.refresh_from_db()
    correct(notice, world, text_de="Auf 2.3.", kind=NoticeKind.OTHER)
    tell()

    notice.refresh_from_db()
    assert (notice.version, notice.text_de) == (3, "Auf 2.3.")
    old = notice.versions.values_list("number", "text_de", "reason")
    assert list(old) == [
        (2, "Auf 2.2.", "Falsche Version."),
        (1, "Bitte **sofort** auf 2.1 wechseln.", "Falsche Version."),
    ]
    last = notice.events.last()
    assert (last.kind, last.data) == ("corrected", {"version": 3, "fields": ["kind", "text_de"]})
    assert Solution.objects.get(pk=world.solution.pk).notice_kinds == ["other"]
    receipt = NoticeReceipt.objects.get(user=world.visitor)
    assert (receipt.version, receipt.confirmed_at) == (3, None)
    subjects = OutgoingMail.objects.filter(user=world.visitor).order_by("pk")
    assert list(subjects.values_list("subject", flat=True)) == [
        "Sicherheitshinweis: Terminplaner",
        "Berichtigt: Hinweis: Terminplaner",
    ]


def test_a_correction_of_an_older_view_or_of_nothing_changes_nothing(world):
    notice = issue(world)
    assert correct(notice, world) is None
    correct(notice, world, text_de="Neu")

    with pytest.raises(TransitionNotAllowed):
        correct(notice, world, text_de="Später")
    with pytest.raises(TransitionNotAllowed):
        withdraw(notice, world)
    assert notice.versions.count() == 1


def test_withdrawn_it_is_told_to_those_who_were_told_and_nothing_follows(world):
    Follow.objects.create(solution=world.solution, user=world.visitor)
    notice = issue(world)
    tell()
    Follow.objects.create(solution=world.solution, user=world.stranger)

    withdraw(notice, world)
    tell()

    notice.refresh_from_db()
    assert (notice.state, notice.withdrawal_reason) == ("withdrawn", "Ein Irrtum.")
    assert notice.events.last().to_state == "withdrawn"
    assert Solution.objects.get(pk=world.solution.pk).notice_kinds == []
    mail = OutgoingMail.objects.filter(user=world.visitor).latest("pk")
    assert mail.subject == "Zurückgezogen: Sicherheitshinweis: Terminplaner"
    assert "Ein Irrtum." in mail.body
    assert not OutgoingMail.objects.filter(user=world.stranger).exists()
    for act in (withdraw, correct):
        with pytest.raises(TransitionNotAllowed):
            act(notice, world)
    assert not NoticeReceipt.objects.unconfirmed().exists()


def test_everybody_concerned_is_told_once_with_every_reason(world, monkeypatch):
    monkeypatch.setattr(portal, "audiences", portal.Registry())
    tester = UserFactory()
    lab = OrganisationFactory()
    portal.audiences.register(
        portal.Audience(
            "tests", 1, "catalog.solution", "Sie es testen",
            lambda solution: [portal.Concerned(tester.pk, lab.pk)],
        )
    )  # fmt: skip
    portal.audiences.register(
        portal.Audience("other", 2, "network.organisation", "x", lambda o: 1 / 0)
    )
    user_org = ReuseFactory(solution=world.solution, stage=ReuseStage.PILOT).organisation
    users_editor = MembershipFactory(organisation=user_org, editor=True).user
    users_member = MembershipFactory(organisation=user_org).user
    alone = MembershipFactory(
        organisation=ReuseFactory(solution=world.solution, stage="interest").organisation
    ).user
    gone = MembershipFactory(
        organisation=ReuseFactory(solution=world.solution, stage="replaced").organisation
    ).user
    helper_org = OrganisationFactory(company=True)
    Support.objects.create(solution=world.solution, organisation=helper_org)
    helper = MembershipFactory(organisation=helper_org, manager=True).user
    for user in (world.visitor, users_editor, tester):
        Follow.objects.create(solution=world.solution, user=user)

    notice = issue(world)
    tell()
    tell()

    receipts = {r.user: (r.reasons, r.organisation) for r in NoticeReceipt.objects.all()}
    assert receipts == {
        world.editor: (["maintains"], world.company),
        users_editor: (["uses", "follows"], user_org),
        alone: (["uses"], alone.memberships.get().organisation),
        tester: (["tests", "follows"], lab),
        helper: (["supports"], helper_org),
        world.visitor: (["follows"], None),
    }
    assert not {users_member, gone, world.colleague} & set(receipts)
    assert Notification.objects.count() == OutgoingMail.objects.count() == 6
    mail = OutgoingMail.objects.get(user=users_editor)
    assert mail.kind == "catalog.notice_security"
    assert "Bitte **sofort** auf 2.1 wechseln." in mail.body
    assert notice.get_absolute_url() in mail.body
    assert (
        "weil Ihre Organisation gemeldet hat, dass sie die Lösung nutzt, und weil Sie diesem"
        " Eintrag folgen." in mail.body
    )
    assert "weil Sie es testen, und weil" in OutgoingMail.objects.get(user=tester).body


def test_each_reads_it_in_the_own_language(world):
    world.visitor.language = "en"
    world.visitor.save()
    Follow.objects.create(solution=world.solution, user=world.visitor)

    issue(world, text_en="Update now.", evidence="https://example.org/cve")
    tell()

    english = OutgoingMail.objects.get(user=world.visitor)
    assert english.subject == "Security notice: Terminplaner"
    assert "Update now." in english.body
    assert "because you follow this entry." in english.body
    german = OutgoingMail.objects.get(user=world.editor).body
    assert "Bitte **sofort**" in german
    assert "https://example.org/cve" in german


def test_many_are_told_in_batches_and_a_crash_tells_nobody_twice(world, monkeypatch):
    monkeypatch.setattr(telling, "BATCH", 2)
    people = UserFactory.create_batch(5, password="!")
    Follow.objects.bulk_create(Follow(solution=world.solution, user=user) for user in people)
    issue(world)
    row = NoticeTelling.objects.get()
    whole, calls = telling.tell_of_notice, []

    def break_in_the_second_batch(*args):
        calls.append(args)
        if len(calls) == 3:
            raise RuntimeError("the worker dies")
        whole(*args)

    monkeypatch.setattr(telling, "tell_of_notice", break_in_the_second_batch)
    with pytest.raises(RuntimeError):
        telling.run(row.pk)
    told = NoticeReceipt.objects.count()
    assert 0 < told < 6
    assert Notification.objects.count() == told
    assert telling.run(row.pk) == 0  # the lease of the dead worker stands

    NoticeTelling.objects.update(leased_until=portal_clock.now() - timedelta(seconds=1))
    assert telling.run(row.pk) == 6 - told
    assert telling.run(row.pk) == 0
    assert NoticeReceipt.objects.count() == Notification.objects.count() == 6
    assert NoticeTelling.objects.get().done_at is not None


def test_withdrawn_before_it_was_told_it_is_not_told(world):
    notice = issue(world)
    withdraw(notice, world)
    tell()

    assert not Notification.objects.exists()
    assert not NoticeTelling.objects.filter(done_at=None).exists()


def test_who_has_left_the_portal_is_not_told(world):
    User.objects.filter(pk=world.editor.pk).update(is_active=False)
    issue(world)
    tell()

    # Nobody of the Redaktion is left: any member of the organisation.
    assert [r.user for r in NoticeReceipt.objects.all()] == [world.colleague]


def test_a_batch_costs_the_same_for_one_and_for_many(world):
    issue(world)
    with CaptureQueriesContext(connection) as one:
        tell()
    many = UserFactory.create_batch(6, password="!")
    Follow.objects.bulk_create(Follow(solution=world.solution, user=user) for user in many)
    issue(world, text_de="Noch etwas.")
    with CaptureQueriesContext(connection) as seven:
        tell()
    assert NoticeReceipt.objects.count() == 8
    assert len(seven) - len(one) <= 8  # a further group of reasons


def test_a_lost_bell_is_rung_again(world, bells, commits):
    issue(world)
    with commits():
        assert telling.sweep() == 1
    assert bells.of(TELL)
    tell()
    assert telling.sweep() == 0


def at(day, hour=10):
    return datetime(2026, 11, day, hour, tzinfo=BERLIN)


def test_who_has_not_confirmed_a_security_notice_is_reminded_once(world, clock, settings):
    clock.move_to(at(20))  # a Friday
    Follow.objects.create(solution=world.solution, user=world.visitor)
    notice = issue(world)
    other = issue(world, kind=NoticeKind.LICENCE, text_de="Neue Lizenz.")
    tell()
    services.confirm_notice(notice=notice, user=world.editor)
    for early in (at(26), at(27, 7), at(28)):  # four days; before the office opens; a Saturday
        clock.move_to(early)
        assert telling.remind() == 0
    clock.move_to(at(27))
    settings.OSK_NOTICE_REMIND_DAYS = 0
    assert telling.remind() == 0
    settings.OSK_NOTICE_REMIND_DAYS = 5

    assert telling.remind() == 1
    tell()
    assert telling.remind() == 0
    tell()

    reminded = Notification.objects.filter(subject__startswith="Bitte lesen")
    assert [n.user for n in reminded] == [world.visitor]
    assert other.tellings.count() == 1
    assert notice.tellings.get(news=NoticeNews.REMINDER).done_at is not None
    allowed = portal.mail_guards.get("catalog").still_allowed
    key = str(notice.public_id)
    assert allowed(world.visitor.pk, "catalog.notice_security", key)
    assert not allowed(world.stranger.pk, "catalog.notice_security", key)


def test_confirmed_once_and_read_in_the_inbox(world, clock):
    notice = issue(world)
    tell()
    assert services.confirm_notice(notice=notice, user=world.editor)
    first = NoticeReceipt.objects.get(user=world.editor).confirmed_at
    clock.move_to(portal_clock.now() + timedelta(hours=1))

    assert services.confirm_notice(notice=notice, user=world.editor)
    assert NoticeReceipt.objects.get(user=world.editor).confirmed_at == first
    assert Notification.objects.get(user=world.editor).is_read
    assert not services.confirm_notice(notice=notice, user=world.stranger)


def test_it_waits_in_mein_bereich_until_it_is_confirmed(world):
    notice = issue(world)
    tell()
    area = portal.my_areas.get("catalog_notices")

    (task,) = area.tasks(world.editor)
    assert (task.title, task.url) == (
        "Terminplaner: Sicherheitshinweis",
        notice.get_absolute_url(),
    )
    assert list(area.tasks(world.stranger)) == []
    services.confirm_notice(notice=notice, user=world.editor)
    assert list(area.tasks(world.editor)) == []


def test_notices_of_several_entries_in_one_query_the_loudest_first(
    world, django_assert_num_queries
):
    other = SolutionFactory()
    quiet = issue(world, kind=NoticeKind.OTHER, text_de="Leise")
    loud = issue(world)
    issue(world, solution_id=other.pk)
    withdraw(issue(world, text_de="Weg"), world)
    rows = list(Solution.objects.all())

    with django_assert_num_queries(1):
        found = notices_of(rows)
    assert [n.pk for n in found[world.solution.pk]] == [loud.pk, quiet.pk]
    assert set(found) == {other.pk, world.solution.pk}
    with django_assert_num_queries(0):
        assert notices_of([SolutionFactory.build()]) == {}
        assert shown_on_entry(SolutionFactory.build(), world.visitor) == []


def test_it_goes_with_the_account(world):
    issue(world)
    tell()
    portal.personal_data.get("catalog").erase(world.editor)

    assert not NoticeReceipt.objects.exists()
