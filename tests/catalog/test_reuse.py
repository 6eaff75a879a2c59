"""Reuses: the services, the yearly confirmation, who is counted, who hears of what."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from catalog import services
from catalog.enums import ReuseStage
from catalog.models import Reuse, ReuseEvent, Solution
from catalog.reuse_portal import may_still_read, tasks
from catalog.services import confirming
from osk_portal.notifications.models import Notification
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.factories import ReuseFactory, SolutionFactory
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db
DAY = date(2025, 3, 1)


@pytest.fixture
def member(db):
    return MembershipFactory(organisation=OrganisationFactory(authority=True)).user


def home(user):
    return user.memberships.get().organisation


def declare(user, solution=None, stage=ReuseStage.TEST, since=DAY):
    return services.declare_reuse(
        solution_id=(solution or SolutionFactory()).pk,
        organisation=home(user),
        actor=user,
        stage=stage,
        since=since,
    )


def move(user, reuse, stage, **more):
    reuse.refresh_from_db()
    return services.move_reuse(
        reuse.pk, actor=user, **{"seen": reuse.revision, "stage": stage, "since": DAY, **more}
    )


def kinds(reuse):
    return list(reuse.events.values_list("kind", flat=True))


def details(reuse, **more):
    return {**{name: getattr(reuse, name) for name in Reuse.DETAILS}, **more}


def test_a_reuse_goes_forward_may_skip_and_ends_replaced(member):
    successor = SolutionFactory(name="Nachfolger")
    reuse = declare(member)
    move(member, reuse, ReuseStage.PRODUCTION, since=date(2025, 5, 1))
    with pytest.raises(TransitionNotAllowed):
        move(member, reuse, ReuseStage.PILOT, since=date(2025, 6, 1))
    with pytest.raises(TransitionNotAllowed, match="nicht vor der vorigen"):
        move(member, reuse, ReuseStage.REPLACED, since=date(2025, 4, 30))
    move(member, reuse, ReuseStage.REPLACED, since=date(2025, 7, 1), successor="nachfolger")

    reuse.refresh_from_db()
    assert reuse.replaced_by == successor
    assert kinds(reuse) == ["declared", "moved", "moved"]
    assert [step.stage for step in reuse.steps.all()] == ["test", "production", "replaced"]
    with pytest.raises(TransitionNotAllowed):
        move(member, reuse, ReuseStage.REPLACED)
    # What has ended may begin anew.
    assert declare(member, reuse.solution).pk != reuse.pk


def test_a_product_outside_the_catalog_can_be_the_successor(member):
    reuse = declare(member)
    move(member, reuse, ReuseStage.REPLACED, successor="Fremdes Produkt")
    reuse.refresh_from_db()
    assert (reuse.replaced_by, reuse.successor) == (None, "Fremdes Produkt")


def test_nothing_replaces_itself(member):
    reuse = declare(member)
    with pytest.raises(TransitionNotAllowed):
        move(member, reuse, ReuseStage.REPLACED, successor=reuse.solution.name)


@pytest.mark.parametrize("kind", ["company", "science"])
def test_only_members_of_administrations_declare(kind):
    other = OrganisationFactory(kind="business" if kind == "company" else "science")
    user = MembershipFactory(organisation=other).user
    with pytest.raises(PermissionDenied):
        declare(user)


def test_an_administration_elsewhere_declares_too():
    user = MembershipFactory(organisation=OrganisationFactory(other_land=True)).user
    reuse = declare(user)
    counted = Solution.objects.with_reuse_counts().get(pk=reuse.solution_id)
    assert (counted.berlin_count, counted.elsewhere_count) == (0, 1)


def test_declared_twice_is_one_and_a_second_one_is_refused(member):
    reuse = declare(member)
    assert declare(member, reuse.solution) == reuse
    with pytest.raises(TransitionNotAllowed):
        declare(member, reuse.solution, stage=ReuseStage.PILOT)
    assert kinds(reuse) == ["declared"]


@pytest.mark.parametrize("since", [clock.today() + timedelta(days=1), date(1, 1, 1)])
def test_a_day_that_cannot_be_is_refused(member, since):
    with pytest.raises(TransitionNotAllowed):
        declare(member, since=since)


def test_drafts_and_the_end_cannot_be_declared(member):
    with pytest.raises(TransitionNotAllowed):
        declare(member, SolutionFactory(draft=True))
    with pytest.raises(TransitionNotAllowed):
        declare(member, stage=ReuseStage.REPLACED)


def test_a_correction_keeps_what_stood_before_with_the_reason(member):
    reuse = declare(member, stage=ReuseStage.PRODUCTION)
    services.correct_reuse(
        reuse.pk, actor=member, seen=1, stage=ReuseStage.PILOT, since=DAY, reason="Vertippt"
    )
    reuse.refresh_from_db()
    struck, now = reuse.steps.all()
    assert (struck.stage, struck.reason, now.stage, reuse.stage) == (
        "production", "Vertippt", "pilot", "pilot",
    )  # fmt: skip
    assert "Vertippt" not in str(list(ReuseEvent.objects.values()))


def test_an_old_form_is_not_saved_over_newer_words(member):
    reuse = declare(member)
    move(member, reuse, ReuseStage.PILOT)
    with pytest.raises(TransitionNotAllowed):
        services.withdraw_reuse(reuse.pk, actor=member, seen=1, reason="Irrtum")


def test_strangers_do_nothing_with_it(member):
    reuse, stranger = declare(member), MembershipFactory(editor=True).user
    for act in (
        lambda: move(stranger, reuse, ReuseStage.PILOT),
        lambda: services.confirm_reuse(reuse.pk, actor=stranger),
        lambda: services.withdraw_reuse(reuse.pk, actor=stranger, seen=1, reason="x"),
        lambda: services.describe_reuse(
            reuse.pk, actor=stranger, seen=1, details=details(reuse, version="2")
        ),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert kinds(reuse) == ["declared"]


def test_a_withdrawn_one_counts_nowhere_and_may_be_declared_again(member):
    reuse = declare(member)
    services.withdraw_reuse(reuse.pk, actor=member, seen=1, reason="Irrtum")
    with pytest.raises(TransitionNotAllowed):
        services.withdraw_reuse(reuse.pk, actor=member, seen=2, reason="Irrtum")
    assert not Solution.objects.used_in_berlin().exists()
    assert declare(member, reuse.solution).pk != reuse.pk


def test_a_contact_names_and_agrees_for_nobody_else(member):
    reuse = declare(member)
    colleague = MembershipFactory(organisation=home(member)).user
    with pytest.raises(PermissionDenied):
        services.describe_reuse(
            reuse.pk, actor=member, seen=1, details=details(reuse, contact=colleague)
        )
    services.describe_reuse(reuse.pk, actor=member, seen=1, details=details(reuse, contact=member))
    reuse.refresh_from_db()
    with pytest.raises(PermissionDenied):
        services.describe_reuse(
            reuse.pk, actor=colleague, seen=2, details=details(reuse, contact_agrees=True)
        )
    assert reuse.events.get(kind="changed").data == {"fields": ["contact"]}


# The yearly question


@pytest.fixture
def office_hours(monkeypatch):
    monkeypatch.setattr(confirming, "is_office_hour", lambda: True)


def aged(user, months=13, **fields):
    reuse = declare(user)
    day = confirming.months_before(clock.today(), months)
    Reuse.objects.filter(pk=reuse.pk).update(confirmed_on=day, **fields)
    reuse.refresh_from_db()
    return reuse


def test_after_a_year_the_organisation_is_asked_once(member, office_hours):
    reuse = aged(member)
    MembershipFactory(organisation=home(member))  # a colleague who has nothing to do with it
    assert confirming.ask() == 1
    assert confirming.ask() == 0
    told = Notification.objects.filter(kind="catalog.reuse_asked")
    assert [(row.user, row.url) for row in told] == [(member, reuse.get_absolute_url())]
    assert [task.url for task in tasks(member)] == [reuse.get_absolute_url()]
    assert may_still_read(member.pk, "catalog.reuse_asked", str(reuse.public_id))

    services.confirm_reuse(reuse.pk, actor=member)
    assert services.confirm_reuse(reuse.pk, actor=member) is None
    assert not list(tasks(member))
    assert not may_still_read(member.pk, "catalog.reuse_asked", str(reuse.public_id))
    assert kinds(reuse) == ["declared", "asked", "confirmed"]


def test_nobody_is_asked_at_night_or_too_early(member, monkeypatch, office_hours):
    aged(member, months=11)
    assert confirming.ask() == 0
    Reuse.objects.update(confirmed_on=DAY)
    monkeypatch.setattr(confirming, "is_office_hour", lambda: False)
    assert confirming.ask() == 0


def test_when_its_people_have_left_those_who_speak_for_it_are_asked(member, office_hours):
    aged(member)
    manager = MembershipFactory(organisation=home(member), manager=True).user
    member.memberships.update(state="ended")
    confirming.ask()
    assert [row.user for row in Notification.objects.all()] == [manager]
    assert list(tasks(manager))
    assert not list(tasks(member))


def test_where_nobody_speaks_for_it_all_members_are_asked(member, office_hours):
    """As with other news (audience.py): else it would lapse and nobody had heard of it."""
    aged(member)
    colleague = MembershipFactory(organisation=home(member)).user
    member.memberships.update(state="ended")
    confirming.ask()
    assert [row.user for row in Notification.objects.all()] == [colleague]


def test_who_speaks_for_another_organisation_or_did_so_once_is_not_asked(member, office_hours):
    """A role counts where it is held: neither a colleague's nor that of another membership."""
    aged(member)
    office = home(member)
    elsewhere = MembershipFactory(editor=True).user
    MembershipFactory(organisation=office, user=elsewhere)
    manager = MembershipFactory(organisation=office, manager=True).user
    plain = MembershipFactory(organisation=office).user
    member.memberships.update(state="ended")
    confirming.ask()
    assert [row.user for row in Notification.objects.all()] == [manager]
    assert [who for who in (manager, elsewhere, plain, member) if list(tasks(who))] == [manager]


def test_without_an_answer_it_is_no_longer_counted_until_somebody_confirms(member):
    asked = confirming.months_before(clock.today(), 3)
    reuse = aged(member, asked_on=asked)
    assert confirming.lapse() == 1
    assert confirming.lapse() == 0
    reuse.refresh_from_db()
    assert reuse.unconfirmed_since == reuse.confirmed_on
    assert not Solution.objects.used_in_berlin().exists()
    assert not Reuse.objects.in_use().exists()

    services.confirm_reuse(reuse.pk, actor=member)
    assert Solution.objects.used_in_berlin().exists()


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2026, 1, 15), 13, date(2024, 12, 15)),
    ],
)
def test_months_are_calendar_months(day, months, before):
    assert confirming.months_before(day, months) == before


# Leaving


def test_who_leaves_is_no_longer_asked_and_hands_it_over(member):
    reuse = declare(member)
    services.describe_reuse(
        reuse.pk, actor=member, seen=1, details=details(reuse, contact=member, contact_agrees=True)
    )
    services.silence_contact(person=member, organisation=home(member), actor=member)
    reuse.refresh_from_db()
    assert (reuse.contact, reuse.contact_agrees) == (member, False)

    successor = MembershipFactory(organisation=home(member)).user
    given = {"public_id": reuse.public_id, "person": member, "actor": member}
    with pytest.raises(PermissionDenied):
        services.hand_over_reuse(successor=UserFactory(), **given)
    assert services.hand_over_reuse(successor=successor, **given)
    assert not services.hand_over_reuse(successor=successor, **given)
    reuse.refresh_from_db()
    assert reuse.contact == successor


@pytest.mark.django_db(transaction=True)
def test_two_colleagues_at_once_declare_one():
    user = MembershipFactory(organisation=OrganisationFactory(authority=True)).user
    other = MembershipFactory(organisation=home(user)).user
    solution, refused = SolutionFactory(), []

    def run(who):
        try:
            declare(who, solution)
        except TransitionNotAllowed as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[who]) for who in (user, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Reuse.objects.count() == 1
    assert len(refused) == 1


def test_interest_is_not_use_and_the_database_knows_the_rules():
    reuse = ReuseFactory(stage=ReuseStage.INTEREST)
    assert not reuse.is_counted
    assert not Reuse.objects.in_use().exists()
