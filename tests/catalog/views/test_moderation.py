"""The pages of moderation: who reaches them, what they say, and that nothing of it is public."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog import grants, services
from catalog.enums import ProposalState
from catalog.models import Objection, Proposal, Solution
from tests.catalog.views.test_proposals import create_url, filled, login
from tests.factories import MembershipFactory, staff

SECRET = "Geheimer Vorschlag mit Worten."


@pytest.fixture
def correction(world):
    return services.submit_proposal(
        solution_id=world.solution.pk,
        author=world.stranger,
        organisation=world.stranger.memberships.get().organisation,
        changes={"short_description": SECRET, "features": ["Termine buchen", SECRET]},
        base_revision=1,
        reason="Mein Grund.",
        wording=grants.CURRENT,
    )


@pytest.fixture
def refused(world, correction):
    services.refuse_proposal(correction.pk, actor=world.advisor, comment="Stimmt nicht.")
    return correction


def address(name, proposal):
    return reverse(f"catalog:{name}", args=[proposal.public_id])


def review(proposal):
    return reverse("admin:catalog_proposal_review", args=[proposal.public_id])


def test_texts_without_the_grant_are_not_sent_and_not_lost(client, world):
    login(client, world.stranger)
    data = filled(world, short_description=SECRET, cc0=None)

    response = client.post(create_url(world), data)

    assert response.status_code == 422
    assert "cc0" in response.context["form"].errors
    assert SECRET in response.text
    assert grants.LICENCE_URL in response.text
    client.post(create_url(world), {**data, "cc0": "on"})
    assert Proposal.objects.get().grants.get().person == world.stranger


def test_who_belongs_to_several_says_for_whom(client, world):
    other = MembershipFactory(user=world.stranger).organisation
    login(client, world.stranger)

    assert client.post(create_url(world), filled(world, name="Neu")).status_code == 422
    wrong = filled(world, name="Neu", organisation=str(world.company.pk))
    assert client.post(create_url(world), wrong).status_code == 422
    client.post(create_url(world), filled(world, name="Neu", organisation=str(other.pk)))
    assert Proposal.objects.get().organisation == other


def test_the_maintainer_reads_what_is_proposed_but_not_by_whom(client, world, correction):
    login(client, world.editor)
    page = client.get(correction.get_absolute_url())

    for words in ("Mein Grund.", SECRET, str(correction.organisation)):
        assert words in page.text
    for words in (str(world.stranger), "Verlauf", "freigegeben von"):
        assert words not in page.text
    assert correction.get_absolute_url() in client.get(reverse("catalog:proposal_list")).text
    sent = client.post(address("proposal_comment", correction), {"text": " "})
    assert (sent.status_code, "Schreiben Sie" in sent.text) == (422, True)
    assert client.post(address("proposal_comment", correction), {"text": "Ja."}).status_code == 302
    services.refuse_proposal(correction.pk, actor=world.advisor, comment="Nur für Sie.")
    assert "Nur für Sie." not in client.get(correction.get_absolute_url()).text
    late = client.post(address("proposal_comment", correction), {"text": "Getippter Text"})
    assert late.status_code == 409
    login(client, world.stranger)
    page = client.get(correction.get_absolute_url()).text
    assert "Ja." in page
    assert "Nur für Sie." in page


@pytest.mark.parametrize(
    ("who", "status"),
    [("visitor", 404), ("colleague", 404), ("editor", 403), ("advisor", 403), ("stranger", 302)],
)
def test_who_objects(client, world, refused, who, status):
    login(client, getattr(world, who))
    url = address("proposal_object", refused)

    assert client.get(url).status_code == (200 if status == 302 else status)
    assert client.post(url, {"reason": "Doch."}).status_code == status
    assert Objection.objects.exists() == (status == 302)
    back = address("objection_withdraw", refused)
    assert client.get(back).status_code == 405
    assert client.post(back).status_code == status
    if status == 302:
        assert client.post(url, {"reason": "Noch einmal."}).status_code == 302  # acts once
        assert Objection.objects.get().reason == "Doch."


def test_an_objection_needs_a_reason_and_a_refusal(client, world, correction):
    login(client, world.stranger)
    url = address("proposal_object", correction)
    assert client.get(url).status_code == 302
    services.refuse_proposal(correction.pk, actor=world.advisor, comment="Nein.")

    for reason in ("", " ", "x" * 2_001, "\x00"):
        assert client.post(url, {"reason": reason}).status_code == 422
    assert "Nein." in client.get(url).text


def test_the_leitung_decides_the_objection_on_the_page(client, world, refused):
    services.object_to_refusal(refused.pk, actor=world.stranger, reason="Mein Widerspruch.")
    data = {"decision": "grant", "seen_revision": 1, "comment": "Stimmt doch."}
    login(client, world.advisor)
    page = client.get(review(refused)).text
    assert "Mein Widerspruch." in page
    assert "stattgeben" not in page
    client.post(review(refused), data)
    assert Objection.objects.get().is_open

    lead = staff("lead")
    login(client, lead)
    listed = reverse("admin:catalog_proposal_changelist")
    assert "Terminplaner" in client.get(listed, {"moderation": "objected"}).text
    assert client.post(review(refused), {**data, "comment": ""}).status_code == 422
    chosen = {"field-features": "accept", "field-short_description": "return"}
    assert client.post(review(refused), {**data, **chosen}).status_code == 302
    refused.refresh_from_db()
    assert refused.state == ProposalState.ACCEPTED
    assert refused.accepted_fields == ["features"]
    login(client, world.stranger)
    page = client.get(refused.get_absolute_url()).text
    assert "Stimmt doch." in page
    assert str(lead) not in page


@pytest.mark.parametrize(
    ("who", "status"),
    [("visitor", 403), ("stranger", 403), ("colleague", 403), ("advisor", 403), ("editor", 200)],
)
def test_who_proposes_the_withdrawal_of_an_entry(client, world, who, status):
    url = reverse("catalog:withdrawal_create", args=[world.solution.slug])
    login(client, getattr(world, who))

    assert client.get(url).status_code == status
    data = {"reason": "Wird nicht mehr entwickelt.", "base_revision": 1}
    assert client.post(url, data).status_code == (302 if status == 200 else status)
    assert Proposal.objects.exists() == (status == 200)
    if status == 200:
        client.post(url, data)
        assert Proposal.objects.count() == 1
    client.logout()
    assert "/konto/" in client.get(url)["Location"]


def test_a_withdrawal_is_returned_revised_and_accepted(client, world):
    url = reverse("catalog:withdrawal_create", args=[world.solution.slug])
    login(client, world.editor)
    assert client.post(url, {"reason": "", "base_revision": 1}).status_code == 422
    client.post(url, {"reason": "Alt.", "base_revision": 1})
    proposal = Proposal.objects.get()
    login(client, world.advisor)
    decision = {"decision": "none", "seen_revision": 1, "comment": "Gibt es einen Nachfolger?"}
    client.post(review(proposal), decision)
    login(client, world.editor)
    page = client.get(address("proposal_revise", proposal)).text
    assert "Gibt es einen Nachfolger?" in page
    assert "Alt." in page
    client.post(address("proposal_revise", proposal), {"reason": "Nein.", "base_revision": 1})
    login(client, world.advisor)
    client.post(review(proposal), {"decision": "all", "seen_revision": 1})

    client.logout()
    gone = client.get(world.solution.get_absolute_url())
    assert gone.status_code == 410
    assert "steht nicht mehr im Katalog" in gone.text
    assert world.solution.document["description"]["de"]["shortDescription"] not in gone.text
    for part in ("publiccode.yml", "jsonld", "dcat.ttl"):
        assert client.get(f"{world.solution.get_absolute_url()}{part}").status_code == 404
    assert client.get("/api/v1/solutions/terminplaner").status_code == 404


def test_drafts_have_no_page_of_a_withdrawn_entry(client, world):
    Solution.objects.update(state="draft")

    assert client.get(world.solution.get_absolute_url()).status_code == 404


def test_nothing_of_open_proposals_is_public(client, world, correction):
    for url in (
        world.solution.get_absolute_url(),
        reverse("catalog:solution_feed"),
        reverse("catalog:solution_publiccode", args=[world.solution.slug]),
        reverse("catalog:solution_jsonld", args=[world.solution.slug]),
        "/api/v1/solutions",
        f"/api/v1/solutions/{world.solution.slug}",
        f"/api/v1/solutions/{world.solution.slug}/revisions",
    ):
        response = client.get(url)
        assert response.status_code == 200, url
        assert SECRET not in response.text
        assert "Mein Grund." not in response.text


def test_the_pages_cost_the_same_however_much_happened(client, world, correction):
    login(client, world.stranger)
    client.get(correction.get_absolute_url())
    with CaptureQueriesContext(connection) as before:
        client.get(correction.get_absolute_url())
    for _ in range(3):
        services.comment_proposal(correction.pk, actor=world.editor, text="Ja.")
    with CaptureQueriesContext(connection) as after:
        client.get(correction.get_absolute_url())

    assert len(after) == len(before) <= 12


def test_the_difference_is_read_aloud_and_markup_is_text(client, world):
    evil = "<script>alert(1)</script> <ins>x</ins>"
    proposal = services.submit_proposal(
        solution_id=world.solution.pk,
        author=world.editor,
        organisation=world.company,
        changes={"short_description": evil, "features": [evil], "long_description": evil * 90},
        base_revision=1,
        wording=grants.CURRENT,
    )
    for person, url in (
        (world.editor, proposal.get_absolute_url()),
        (world.advisor, review(proposal)),
    ):
        login(client, person)
        page = client.get(url).text
        assert "<script>alert" not in page
        assert '<ins><span class="kern-sr-only">neu: </span>' in page
        assert '<del><span class="kern-sr-only">entfernt: </span>' in page
