from __future__ import annotations

import pytest
from django.urls import reverse

from catalog import services
from catalog.enums import ProposalState
from catalog.forms import ProposalForm
from catalog.importing import import_publiccode
from catalog.models import Proposal
from tests.catalog.files import publiccode_file
from tests.factories import MembershipFactory

BACKEND = "django.contrib.auth.backends.ModelBackend"


def login(client, user):
    client.force_login(user, backend=BACKEND)


def create_url(world):
    return reverse("catalog:proposal_create", args=[world.solution.slug])


def filled(world, **changes):
    """What a browser sends when nothing but ``changes`` is touched."""
    initial = ProposalForm(solution=world.solution).initial
    sent = {"cc0": "on", **initial, **changes}
    return {name: value for name, value in sent.items() if value is not None}


@pytest.fixture
def proposal(world):
    return services.submit_proposal(
        solution_id=world.solution.pk,
        author=world.editor,
        organisation=world.company,
        changes={"name": "Terminplaner 2", "landing_url": "https://termine.example/"},
        base_revision=1,
    )


@pytest.mark.parametrize("name", ["proposal_create", "proposal_list"])
def test_anonymous_visitors_sign_in_first(client, world, name):
    args = [world.solution.slug] if name == "proposal_create" else []
    response = client.get(reverse(f"catalog:{name}", args=args))

    assert response.status_code == 302
    assert "/konto/" in response["Location"]


@pytest.mark.parametrize(
    ("who", "status"), [("visitor", 403), ("stranger", 200), ("colleague", 200), ("editor", 200)]
)
def test_who_may_propose(client, world, who, status):
    login(client, getattr(world, who))

    assert client.get(create_url(world)).status_code == status
    response = client.post(create_url(world), filled(world, name="Neu"))
    assert response.status_code == (302 if status == 200 else status)
    assert Proposal.objects.exists() == (status == 200)


def test_members_propose_for_an_entry_without_maintainer(client, world):
    world.solution.maintainer = None
    world.solution.save()
    login(client, world.editor)

    assert client.get(create_url(world)).status_code == 200


def test_only_what_was_changed_is_proposed(client, world):
    login(client, world.editor)

    client.post(
        create_url(world),
        filled(
            world,
            features="Termine buchen\r\n\r\n  Rückruf anbieten \r\n",
            categories=["crm", "appointment-scheduling"],
            reason="Neu in Version 2",
        ),
    )

    proposal = Proposal.objects.get()
    assert proposal.changes == {
        "features": ["Termine buchen", "Rückruf anbieten"],
        "categories": ["appointment-scheduling", "crm"],
    }
    assert proposal.reason == "Neu in Version 2"
    assert proposal.base_revision == 1


def test_what_others_changed_meanwhile_is_not_reverted(client, world):
    data = filled(world, name="Terminplaner 2")
    import_publiccode(publiccode_file(landingURL="https://neu.example/"))
    login(client, world.editor)

    client.post(create_url(world), data)

    proposal = Proposal.objects.get()
    assert proposal.changes == {"name": "Terminplaner 2"}
    assert proposal.base_revision == 1


def test_an_unchanged_form_says_so(client, world):
    login(client, world.editor)

    response = client.post(create_url(world), filled(world))

    assert response.status_code == 422
    assert "Sie haben noch nichts geändert" in response.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("short_description", "x" * 151),
        ("short_description", ""),
        ("long_description", "zu kurz"),
        ("long_description", "x" * 10_001),
        ("long_description", "x" * 1_000_000),
        ("licence", "Frei, Version 2"),
        ("languages", "deutsch_DE"),
        ("landing_url", "javascript:alert(1)"),
        ("landing_url", "ftp://example.org/x"),
        ("release_date", "gestern"),
        ("categories", ["gibt-es-nicht"]),
        ("development_status", "fertig"),
        ("platforms", " \n "),
        ("name", "\x00"),
        ("base_revision", "-1"),
        ("base_revision", "9" * 400),
    ],
)
def test_the_rules_of_the_standard_hold_at_the_field(client, world, field, value):
    login(client, world.editor)

    response = client.post(
        create_url(world), filled(world, **{field: value, "documentation": "https://doc.example/"})
    )

    assert response.status_code == 422
    assert field in response.context["form"].errors
    text = response.content.decode()
    assert "<title>Fehler: " in text
    assert "https://doc.example/" in text  # what was typed is still there
    assert not Proposal.objects.exists()


def test_earlier_errors_of_an_incomplete_entry_do_not_block(client, world):
    import_publiccode(publiccode_file(("legal.license", "Frei")))
    world.solution.refresh_from_db()
    login(client, world.editor)

    response = client.post(create_url(world), filled(world, name="Neu", licence="MIT"))

    assert response.status_code == 302


def test_a_second_proposal_leads_to_the_first(client, world, proposal):
    login(client, world.editor)

    response = client.post(create_url(world), filled(world, name="Neu"))

    assert response["Location"] == proposal.get_absolute_url()
    assert Proposal.objects.count() == 1


def test_of_two_who_wrote_at_the_same_time_the_second_keeps_the_text(client, world, proposal):
    second = MembershipFactory(organisation=world.company, editor=True).user
    login(client, second)

    response = client.post(create_url(world), filled(world, name="Terminplaner 3"))

    assert response.status_code == 422
    assert "Terminplaner 3" in response.text
    assert "schon einen offenen Vorschlag" in response.text
    services.return_proposal(proposal.pk, actor=world.advisor, seen_revision=1, comment="Kürzer.")
    url = reverse("catalog:proposal_revise", args=[proposal.public_id])
    services.revise_proposal(
        proposal.pk, actor=world.editor, changes={"name": "TP"}, base_revision=1
    )

    response = client.post(url, filled(world, name="Terminplaner 4"))

    assert response.status_code == 422
    assert "Terminplaner 4" in response.text
    proposal.refresh_from_db()
    assert proposal.changes == {"name": "TP"}


@pytest.mark.parametrize(
    ("who", "status"),
    [("visitor", 404), ("stranger", 404), ("colleague", 200), ("editor", 200), ("advisor", 200)],
)
def test_who_sees_a_proposal(client, world, proposal, who, status):
    login(client, getattr(world, who))

    assert client.get(proposal.get_absolute_url()).status_code == status


def test_the_proposal_page_marks_words(client, world, proposal):
    login(client, world.colleague)

    text = client.get(proposal.get_absolute_url()).content.decode()

    assert "<ins><span" in text
    assert "neu:" in text
    assert "Vorschlag zurückziehen" not in text


def test_the_list_shows_ones_own_and_costs_the_same(client, world, proposal):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    login(client, world.editor)
    url = reverse("catalog:proposal_list")
    client.get(url)  # the first request of a session costs more
    with CaptureQueriesContext(connection) as one:
        text = client.get(url).content.decode()
    assert "Terminplaner" in text
    for n in range(2):
        other = import_publiccode(
            publiccode_file(name=f"P{n}", url=f"https://example.org/{n}"), publish=True
        ).solution
        other.maintainer = world.company
        other.save()
        services.submit_proposal(
            solution_id=other.pk,
            author=world.editor,
            organisation=world.company,
            changes={"name": "X"},
            base_revision=1,
        )
    with CaptureQueriesContext(connection) as three:
        client.get(url)
    assert len(three) == len(one)

    login(client, world.stranger)
    assert "Terminplaner" not in client.get(url).content.decode()


@pytest.mark.parametrize(
    ("who", "status"), [("visitor", 404), ("stranger", 404), ("colleague", 403), ("editor", 302)]
)
def test_who_may_withdraw(client, world, proposal, who, status):
    url = reverse("catalog:proposal_withdraw", args=[proposal.public_id])
    login(client, getattr(world, who))

    assert client.get(url).status_code == 405
    assert client.post(url).status_code == status
    proposal.refresh_from_db()
    assert (proposal.state == ProposalState.WITHDRAWN) == (status == 302)
    if status == 302:
        client.post(url)
        assert proposal.events.filter(kind="withdrawn").count() == 1


def test_a_returned_proposal_is_revised(client, world, proposal):
    url = reverse("catalog:proposal_revise", args=[proposal.public_id])
    login(client, world.editor)
    assert client.get(url).status_code == 302  # not while it is being checked
    services.return_proposal(proposal.pk, actor=world.advisor, seen_revision=1, comment="Kürzer.")

    response = client.get(url)
    assert "Kürzer." in response.content.decode()
    assert response.context["form"]["name"].value() == "Terminplaner 2"

    client.post(url, filled(world, name="TP"))
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.OPEN
    assert proposal.changes == {"name": "TP"}

    login(client, world.colleague)
    assert client.get(url).status_code == 403


@pytest.mark.parametrize("sign", ["\u202e", "\u061c", "\u3164", "\U000e0041"])
def test_a_name_that_reads_otherwise_than_it_is_is_refused_at_its_field(client, world, sign):
    login(client, world.editor)
    response = client.post(create_url(world), filled(world, name=f"Ter{sign}min"))
    assert response.status_code == 422
    assert "unsichtbare Steuerzeichen" in response.content.decode()
    assert not world.solution.proposals.exists()


def test_what_copying_leaves_in_a_text_is_taken_out(client, world):
    login(client, world.editor)
    response = client.post(create_url(world), filled(world, name="Ter\u200bmin\u00ad"))
    assert response.status_code == 302
    assert world.solution.proposals.get().changes["name"] == "Termin"
