from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from catalog import services
from catalog.models import Solution, Support
from network.models import Membership
from osk_portal import portal
from tests.catalog.factories import ReuseFactory, SolutionFactory

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def returned(world):
    proposal = services.submit_proposal(
        solution_id=world.solution.pk,
        author=world.editor,
        organisation=world.company,
        changes={"name": "Neu"},
        base_revision=1,
    )
    services.return_proposal(proposal.pk, actor=world.advisor, seen_revision=1, comment="Kürzer.")
    return proposal


def test_home_shows_the_figure_and_what_berlin_uses_most(client, world):
    ReuseFactory(solution=world.solution)

    text = client.get(reverse("pages:home")).content.decode()

    assert "In Berlin viel genutzt" in text
    assert "Terminplaner" in text
    assert portal.figures.get("catalog").value() == 1


def test_the_search_over_everything_finds_solutions(client, world):
    SolutionFactory(draft=True, name="Terminplaner geheim")

    response = client.get(reverse("pages:search"), {"q": "Terminplanr"})

    assert "Terminplaner" in response.content.decode()
    assert "geheim" not in response.content.decode()


def test_a_returned_proposal_waits_for_the_redaktion(client, world, returned):
    area = portal.my_areas.get("catalog")

    assert [task.url for task in area.tasks(world.editor)] == [returned.get_absolute_url()]
    assert list(area.tasks(world.colleague)) == []
    assert list(area.tasks(world.stranger)) == []


def test_an_organisation_shows_its_solutions(client, world):
    used = SolutionFactory(name="Genutzt")
    secret = SolutionFactory(name="Heimlich")
    supported = SolutionFactory(name="Unterstützt")
    ReuseFactory(solution=used, organisation=world.company, show_name=True)
    ReuseFactory(solution=secret, organisation=world.company)
    Support.objects.create(solution=supported, organisation=world.company)

    text = client.get(world.company.get_absolute_url()).content.decode()

    for name in ("Terminplaner", "Genutzt", "Unterstützt"):
        assert name in text
    assert "Heimlich" not in text


def test_an_organisation_without_solutions_shows_no_panel(client, world):
    Solution.objects.all().update(maintainer=None)

    assert "Einträge, die" not in client.get(world.company.get_absolute_url()).content.decode()


def test_advisors_see_the_queue_in_the_side_list(world, returned):
    entries = portal.work_lists.get("catalog").entries

    assert next(iter(entries(world.advisor))).count().count() == 0
    services.revise_proposal(
        returned.pk, actor=world.editor, changes={"name": "TP"}, base_revision=1
    )
    assert next(iter(entries(world.advisor))).count().count() == 1
    assert list(entries(world.editor)) == []


def test_a_mail_goes_only_to_those_who_may_still_read(world, returned):
    allowed = portal.mail_guards.get("catalog").still_allowed
    key = str(returned.public_id)

    assert allowed(world.editor.pk, "catalog.proposal_returned", key)
    assert allowed(world.advisor.pk, "catalog.proposal_submitted", key)
    assert not allowed(world.stranger.pk, "catalog.proposal_returned", key)
    assert not allowed(0, "catalog.proposal_returned", key)
    assert not allowed(world.editor.pk, "catalog.proposal_returned", str(uuid.uuid4()))
    Membership.objects.filter(user=world.editor).update(state="ended")
    assert not allowed(world.editor.pk, "catalog.proposal_returned", key)


def test_withdrawn_entries_leave_every_shared_page(client, world):
    services.withdraw_solution(world.solution.pk, actor=world.advisor)

    assert portal.figures.get("catalog").value() == 0
    assert "Terminplaner" not in client.get(world.company.get_absolute_url()).content.decode()
