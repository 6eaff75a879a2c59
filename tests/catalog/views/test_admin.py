from __future__ import annotations

import pytest
from django.urls import reverse

from catalog import services
from catalog.enums import ProposalState, SolutionState
from catalog.grants import CURRENT
from catalog.importing import import_publiccode
from catalog.models import Solution
from catalog.services import intake
from tests.catalog.files import publiccode_file
from tests.factories import staff

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def proposal(world):
    return services.submit_proposal(
        solution_id=world.solution.pk,
        author=world.editor,
        organisation=world.company,
        changes={
            "short_description": "Termine überall vergeben.",
            "name": "Terminplaner 2",
        },
        base_revision=1,
        reason="Neu",
        wording=CURRENT,
    )


def url(proposal):
    return reverse("admin:catalog_proposal_review", args=[proposal.public_id])


def login(client, user):
    client.force_login(user, backend=BACKEND)


def decide(client, proposal, decision, **data):
    return client.post(url(proposal), {"decision": decision, "seen_revision": 1, **data})


@pytest.mark.parametrize(("who", "status"), [("visitor", 302), ("editor", 302)])
def test_only_staff_comes_in(client, world, proposal, who, status):
    login(client, getattr(world, who))

    assert client.get(url(proposal)).status_code == status
    assert decide(client, proposal, "all").status_code == status
    proposal.refresh_from_db()
    assert proposal.is_open


def test_an_operator_is_no_advisor(client, world, proposal):
    login(client, staff("operator"))

    assert client.get(url(proposal)).status_code == 403
    assert decide(client, proposal, "all").status_code == 403


def test_the_review_shows_the_difference_and_accepts(client, world, proposal):
    login(client, world.advisor)

    text = client.get(url(proposal)).content.decode()
    assert "Vorschlag prüfen" in text
    assert "überall</ins>" in text
    assert "Alles annehmen" in text

    assert decide(client, proposal, "all").status_code == 302
    public = client.get(world.solution.get_absolute_url()).content.decode()
    assert "Termine überall vergeben." in public
    assert "Terminplaner 2" in public

    response = decide(client, proposal, "all")
    assert response.status_code == 302  # told, not done again
    assert proposal.events.filter(kind="accepted").count() == 1


def test_part_is_returned(client, world, proposal):
    login(client, world.advisor)
    chosen = {"field-name": "accept", "field-short_description": "return"}

    response = decide(client, proposal, "fields", **chosen)
    assert response.status_code == 422
    assert "Sagen Sie, was fehlt" in response.content.decode()

    response = decide(client, proposal, "fields", comment="Bitte genauer.", **chosen)
    assert response.status_code == 302
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.RETURNED
    assert Solution.objects.get().name == "Terminplaner 2"


@pytest.mark.parametrize(
    ("decision", "state"), [("none", ProposalState.RETURNED), ("refuse", ProposalState.REFUSED)]
)
def test_all_is_returned_or_refused(client, world, proposal, decision, state):
    login(client, world.advisor)

    decide(client, proposal, decision, comment="Der Grund.")

    proposal.refresh_from_db()
    assert proposal.state == state
    assert Solution.objects.get().revision == 1


def test_a_conflict_shows_base_and_both_values(client, world, proposal):
    import_publiccode(publiccode_file(("description.de.shortDescription", "Vom OSK geändert.")))
    login(client, world.advisor)

    text = client.get(url(proposal)).content.decode()
    for words in ("Vom OSK geändert.", "überall", "Termine in Bürgerbüros vergeben."):
        assert words in text.replace("</ins>", "").replace("</del>", "") or words.split()[0] in text
    assert "Diese Angabe wurde inzwischen geändert" in text
    assert "Alles annehmen" not in text

    assert decide(client, proposal, "all").status_code == 422
    assert Solution.objects.get().document["description"]["de"]["shortDescription"] == (
        "Vom OSK geändert."
    )


@pytest.mark.parametrize(
    "data", [{}, {"decision": "x"}, {"seen_revision": "y"}, {"comment": "\x00"}]
)
def test_bad_input_decides_nothing(client, world, proposal, data):
    login(client, world.advisor)

    response = client.post(url(proposal), {"decision": "all", "seen_revision": "", **data})

    assert response.status_code == 422
    proposal.refresh_from_db()
    assert proposal.is_open


def test_lists_open_for_advisors_only(client, world, proposal):
    lists = [reverse(f"admin:catalog_{name}_changelist") for name in ("solution", "proposal")]
    detail = reverse("admin:catalog_solution_change", args=[world.solution.pk])
    login(client, world.advisor)
    for address in [*lists, detail]:
        assert client.get(address).status_code == 200, address
    old = reverse("admin:catalog_proposal_change", args=[proposal.pk])
    assert client.get(old)["Location"] == url(proposal)

    login(client, staff("operator"))
    for address in [*lists, detail, old]:
        assert client.get(address).status_code == 403, address


def test_a_draft_that_waits_for_its_proposal_is_not_published_past_it(client, world):
    intake.request_file(
        requester=world.editor,
        name="publiccode.yml",
        data=publiccode_file(url=None, name="Neuland"),
        wording=CURRENT,
    )
    draft = Solution.objects.get(name="Neuland")
    login(client, world.advisor)

    page = client.post(
        reverse("admin:catalog_solution_changelist"),
        {"action": "publish", "_selected_action": [draft.pk]},
        follow=True,
    )

    assert "Neuland: Bitte entscheiden Sie über den Vorschlag" in page.text
    draft.refresh_from_db()
    assert not draft.is_published


def test_entries_are_withdrawn_and_published(client, world):
    login(client, world.advisor)
    address = reverse("admin:catalog_solution_changelist")

    for action, state in (
        ("withdraw", SolutionState.WITHDRAWN),
        ("withdraw", SolutionState.WITHDRAWN),
        ("publish", SolutionState.PUBLISHED),
    ):
        response = client.post(address, {"action": action, "_selected_action": [world.solution.pk]})
        assert response.status_code == 302
        assert Solution.objects.get().state == state
    assert world.solution.events.filter(kind="withdrawn").count() == 1
