"""Lists read together are the same as lists read by themselves."""

from __future__ import annotations

import pytest
from django.db import models
from django.test.utils import isolate_apps

from catalog.models import Solution
from consulting import case_rows
from consulting.enums import CaseState
from consulting.models import CaseEvent, CaseMessage, ConsultingRequest, Participant
from consulting.services import add_message, add_note
from osk_portal.toolkit.together import Lists, Rows
from sandbox.models import Blueprint
from tests.catalog.factories import SolutionFactory


def values(row: models.Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_rows_come_back_as_they_are(world, django_assert_num_queries):
    case = world.case(CaseState.IN_PROGRESS)
    case.solutions.add(SolutionFactory(), SolutionFactory())
    for text in ("Łukasiewicz-Şahin ẞ", 'Zeile 1\n"Zeile 2" \\ {}', "👩🏽‍💻"):
        add_message(case_id=case.pk, actor=world.requester, text=text)
        add_note(case_id=case.pk, actor=world.advisor, text=text)
    CaseEvent.objects.create(
        case=case, kind="closed", from_state="a", to_state="b", data={"a": [1, None], "b": "ü"}
    )
    expected = {
        name: [values(row) for row in rows.queryset.filter(**{there: case})]
        for name, there, rows in (
            ("events", "case", Rows(CaseEvent.objects.all())),
            ("messages", "case", Rows(CaseMessage.objects.all())),
            ("participants", "case", Rows(Participant.objects.all())),
            ("solutions", "consulting_requests", Rows(Solution.objects.all())),
        )
    }
    authors = [message.author for message in case.messages.select_related("author")]
    fresh = ConsultingRequest.objects.get(pk=case.pk)
    with django_assert_num_queries(1):
        Lists(ConsultingRequest, {name: case_rows.NOUNS[name] for name in expected}).attach(fresh)
    with django_assert_num_queries(0):
        for name, rows in expected.items():
            held = list(getattr(fresh, name).all())
            assert [values(row) for row in held] == rows
            assert len(held) == getattr(fresh, name).all().count()
        assert [message.author for message in fresh.messages.all()] == authors
        assert all(message.case is fresh for message in fresh.messages.all())
        assert [event.actor for event in fresh.events.all()][-1] is None
    assert fresh.messages.filter(is_internal=True).count() == 3
    assert not fresh.messages.all()[0]._state.adding


@isolate_apps("consulting")  # else the model stays, and who walks over all tables looks for its own
def test_what_cannot_be_carried_is_refused(world):
    class Price(models.Model):  # noqa: DJ008 # never shown
        amount = models.DecimalField(max_digits=5, decimal_places=2)

        class Meta:
            app_label = "consulting"
            managed = False

    with pytest.raises(TypeError, match=r"Price\.amount"):
        Lists(ConsultingRequest, {}, prices=Rows(Price.objects.all())).fetch(1)
    lists = Lists(ConsultingRequest, {}, blueprints=Rows(Blueprint.objects.all()))
    with pytest.raises(ConsultingRequest.DoesNotExist):
        lists.fetch(999_999)
