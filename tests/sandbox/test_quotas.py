"""How much an organisation may book."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from osk_portal.toolkit.clock import BERLIN
from sandbox import quotas, services
from sandbox.models import OrganisationQuota
from sandbox.quotas import QuotaExceeded, days_by_quarter, most_at_once
from tests.factories import MembershipFactory, staff
from tests.sandbox.test_approval import MONDAY
from tests.sandbox.world import book, product


def berlin(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN)  # type: ignore[arg-type,misc] # year to minute


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (berlin(2026, 11, 23, 9), berlin(2026, 11, 24, 9), {(2026, 4): 1}),
        (berlin(2026, 11, 23, 9), berlin(2026, 11, 24, 10), {(2026, 4): 2}),
        (berlin(2026, 11, 23, 9), berlin(2026, 11, 23, 10), {(2026, 4): 1}),
        # 23:30 UTC of 31 March is 1 April in Berlin, the first day of the second quarter.
        (datetime(2026, 3, 31, 23, 30, tzinfo=UTC), berlin(2026, 4, 3, 1, 30), {(2026, 2): 2}),
        (berlin(2026, 12, 30, 9), berlin(2027, 1, 2, 9), {(2026, 4): 2, (2027, 1): 1}),
        # A week over the change of the clocks is a week.
        (berlin(2026, 3, 27, 9), berlin(2026, 4, 3, 9), {(2026, 1): 5, (2026, 2): 2}),
        (berlin(2026, 10, 24, 9), berlin(2026, 10, 26, 9), {(2026, 4): 2}),
    ],
)
def test_days_are_berlins_and_each_belongs_to_a_quarter(start, end, days):
    assert days_by_quarter(start, end) == days


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), max_size=8))
def test_most_at_once_is_what_a_look_at_every_moment_finds(spans):
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    hour = timedelta(hours=1)
    windows = [(begin + s * hour, begin + (s + n) * hour) for s, n in spans]
    looks = [sum(a <= begin + h * hour < b for a, b in windows) for h in range(15)]

    assert most_at_once(windows) == max(looks, default=0)


@pytest.mark.django_db
class TestQuota:
    def test_one_after_the_other_is_not_at_the_same_time(self, clock):
        clock.move_to(MONDAY)
        blueprint, membership = product(slots=5, longest_days=30), MembershipFactory()
        book(blueprint, membership, starts_in=timedelta(days=1), days=2)
        book(blueprint, membership, starts_in=timedelta(days=5), days=2)

        assert book(blueprint, membership, days=9), "never three at once"

    def test_days_of_a_quarter_are_used_up(self, clock, settings):
        clock.move_to(MONDAY)
        settings.OSK_SANDBOX_QUOTA_DAYS = 10
        blueprint, membership = product(slots=5), MembershipFactory()
        book(blueprint, membership, days=7)

        with pytest.raises(QuotaExceeded) as refused:
            book(blueprint, membership, starts_in=timedelta(days=8), days=4)
        assert refused.value.field == "days"

        assert book(blueprint, membership, starts_in=timedelta(days=8), days=3)
        assert book(blueprint, membership, starts_in=timedelta(days=40), days=7), "next quarter"

    def test_what_was_ended_early_gives_its_days_back(self, clock, settings):
        clock.move_to(MONDAY)
        settings.OSK_SANDBOX_QUOTA_DAYS = 10
        blueprint, membership = product(slots=5), MembershipFactory()
        booking = book(blueprint, membership, days=7)
        later = book(blueprint, membership, starts_in=timedelta(days=9), days=3)
        services.end_booking(booking_id=later.pk, actor=membership.user)
        clock.move_to(MONDAY + timedelta(days=1, hours=2))
        services.end_booking(booking_id=booking.pk, actor=membership.user)

        assert quotas.used_days(membership.organisation, [(2026, 4)]) == {(2026, 4): 2}

    def test_an_operator_sets_it_for_one_organisation(self, clock, client):
        clock.move_to(MONDAY)
        blueprint, membership = product(slots=5), MembershipFactory()
        client.force_login(staff("operator"), backend="django.contrib.auth.backends.ModelBackend")
        client.post(
            reverse("admin:sandbox_organisationquota_add"),
            {
                "organisation": membership.organisation_id,
                "concurrent": "1",
                "horizon_days": "10",
                "reason": "Pilot",
            },
        )
        own = OrganisationQuota.objects.get()
        assert own.days_per_quarter is None

        book(blueprint, membership)
        with pytest.raises(QuotaExceeded, match="1"):
            book(blueprint, membership)
        with pytest.raises(QuotaExceeded) as refused:
            book(blueprint, membership, starts_in=timedelta(days=11))
        assert refused.value.field == "start_date"

    def test_what_the_osk_books_does_not_count(self, clock):
        clock.move_to(MONDAY)
        blueprint, membership = product(slots=5), MembershipFactory()
        for _three in range(3):
            services.book(
                user=staff("advisor"),
                organisation=membership.organisation,
                blueprint=blueprint,
                start=MONDAY,
                end=MONDAY + timedelta(days=3),
                purpose="Vorführung.",
                by_osk=True,
            )

        assert book(blueprint, membership)
