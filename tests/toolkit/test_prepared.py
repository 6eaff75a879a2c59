"""Prepared queries: the SQL is written once, the answer is asked for each time."""

from __future__ import annotations

import pytest
from django.db import models
from django.db.models import Value

from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.prepared import TODAY, USER, Parameter, Prepared
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_values_are_of_the_moment_and_nothing_is_kept(django_assert_num_queries):
    built = []

    def query():
        built.append(1)
        return User.objects.filter(pk=USER).order_by().values_list("name", TODAY)

    prepared = Prepared(query)
    first, second = UserFactory(name="Erste"), UserFactory(name="Zweite")
    assert prepared.rows(user=first.pk) == [("Erste", clock.today())]
    User.objects.filter(pk=first.pk).update(name="O'Neill %s; --")
    with django_assert_num_queries(2):
        assert prepared.rows(user=first.pk)[0][0] == "O'Neill %s; --"
        assert prepared.rows(user=second.pk)[0][0] == "Zweite"
    assert prepared.rows(user=0) == []
    assert built == [1]
    with pytest.raises(KeyError):
        prepared.rows()


def test_a_value_is_never_sql():
    name = Parameter("name", models.TextField())
    prepared = Prepared(lambda: User.objects.filter(name=name).values_list("name", Value("x")))
    UserFactory(name="' OR 1=1 --")
    UserFactory(name="Andere")
    assert prepared.rows(name="' OR 1=1 --") == [("' OR 1=1 --", "x")]
    assert prepared.rows(name="') UNION SELECT password FROM accounts_user --") == []
