from __future__ import annotations

from datetime import timedelta

import pytest

from osk_portal.toolkit import clock
from sandbox import durations
from sandbox.enums import EnvironmentEventKind
from tests.sandbox.factories import BlueprintVersionFactory, EnvironmentFactory

pytestmark = pytest.mark.django_db


def set_up(version, seconds: list[int]) -> None:
    for took in seconds:
        environment = EnvironmentFactory(booking__blueprint_version=version)
        event = environment.record(EnvironmentEventKind.SECRETS_MADE)
        environment.ready_at = event.at + timedelta(seconds=took)
        environment.created_at = clock.now() - timedelta(days=30)
        environment.save()


def test_the_history_of_the_product_tells_median_and_ninetieth(django_assert_num_queries):
    version = BlueprintVersionFactory()
    set_up(version, [30, 40, 50, 60, 300])
    set_up(BlueprintVersionFactory(), [900])

    with django_assert_num_queries(1):
        assert durations.usual(version.blueprint) == (timedelta(seconds=50), timedelta(minutes=5))
    assert "1 Minute" in durations.in_words(version.blueprint, version=version)
    assert "5 Minuten" in durations.in_words(version.blueprint, version=version)


def test_of_few_only_the_longest_is_said():
    version = BlueprintVersionFactory()
    set_up(version, [30, 40, 50, 60])

    assert durations.usual(version.blueprint) is None
    assert durations.in_words(version.blueprint, version=version) == (
        "Das kann bis zu 1 Minute dauern."
    )
    version.spec = version.spec | {"ready_timeout": 600}
    assert "10 Minuten" in durations.in_words(version.blueprint, version=version)
