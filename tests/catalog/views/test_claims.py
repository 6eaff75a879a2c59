from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalog.enums import ClaimState, Proof
from catalog.exports import dump
from catalog.importing import import_publiccode
from catalog.models import Claim
from catalog.services import claim_checks, claims, maintainers, withdraw_solution
from osk_portal import portal
from tests.catalog.claiming import WHY, agrees, fresh, told
from tests.catalog.files import publiccode_file
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def login(client, user):
    client.force_login(user, backend=BACKEND)


def create_url(world):
    return reverse("catalog:claim_create", args=[world.solution.slug])


def filled(claiming, **changes):
    return {
        "organisation": claiming.office.slug,
        "proof": "named",
        "statement": WHY,
        **changes,
    }


def step(name, row):
    return reverse(f"catalog:{name}", args=[row.public_id])


@pytest.mark.parametrize("who", ["member", "manager"])
def test_only_a_redaktion_claims(client, claiming, who):
    assert client.get(create_url(claiming.world)).status_code == 302
    login(client, getattr(claiming, who))
    assert client.get(create_url(claiming.world)).status_code == 403
    assert client.post(create_url(claiming.world), filled(claiming)).status_code == 403
    assert not Claim.objects.exists()


def test_the_maintainers_own_redaktion_has_nothing_to_claim(client, world, claiming):
    login(client, world.editor)
    assert client.get(create_url(world)).status_code == 403
    assert "Übernahme bestreiten" not in client.get(world.solution.get_absolute_url()).text


def test_who_claims_an_entry_learns_no_name_that_stands_not_in_the_network(client, world, claiming):
    world.company.is_published = False
    world.company.save(update_fields=["is_published"])
    login(client, claiming.editor)
    page = client.get(create_url(world)).text
    assert "Zurzeit betreut eine Organisation diesen Eintrag" in page
    assert world.company.name not in page

    claim = claiming.ready()
    page = client.get(claim.get_absolute_url()).text
    assert "Eine Organisation kann bis" in page
    assert world.company.name not in page
    login(client, world.editor)
    assert f"{world.company.name} kann bis" in client.get(claim.get_absolute_url()).text


def test_the_entry_says_who_looks_after_it_and_offers_the_claim(client, world, claiming):
    claiming.free()
    page = client.get(world.solution.get_absolute_url()).text
    assert "betreut vom OSK" in page
    assert create_url(world) not in page
    login(client, claiming.editor)
    page = client.get(world.solution.get_absolute_url()).text
    assert create_url(world) in page
    assert "Eintrag übernehmen" in page


def test_the_osk_is_not_named_in_the_place_of_an_organisation_outside_the_network(client, world):
    """Nor is the organisation: what the origins of the statements call it, page and table call it."""
    world.company.is_published = False
    world.company.save(update_fields=["is_published"])
    page = client.get(world.solution.get_absolute_url()).text
    table = b"".join(dump.csv_lines()).decode()
    for text in (page.partition("Eintrag betreut von")[2][:200], table):
        assert "eine Organisation" in text
    assert "betreut vom OSK" not in page
    assert ";OSK;" not in table
    assert world.company.name not in page + table


def test_a_withdrawn_entry_is_not_there(client, world, claiming):
    withdraw_solution(world.solution.pk, actor=world.advisor)
    login(client, claiming.editor)
    assert client.get(create_url(world)).status_code == 404


def test_claiming_by_a_code_shows_the_code_only_to_the_own_side(client, world, claiming):
    login(client, claiming.editor)

    response = client.post(create_url(world), filled(claiming, proof="code"), follow=True)

    claim = Claim.objects.get()
    assert claim.code in response.text
    assert response["Cache-Control"] == "no-store"
    again = client.post(create_url(world), filled(claiming, proof="code"))
    assert again["Location"] == claim.get_absolute_url()
    assert client.get(create_url(world))["Location"] == claim.get_absolute_url()
    assert Claim.objects.count() == 1
    response = client.post(create_url(world), filled(claiming, statement="Ganz anders"))
    assert response.status_code == 422
    assert "Ganz anders" in response.text
    assert "schon beantragt" in response.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("organisation", "stelle-gibt-es-nicht"),
        ("organisation", ""),
        ("proof", ""),
        ("proof", "glaub-mir"),
        ("statement", " "),
        ("statement", "x" * 2001),
        ("statement", "\x00"),
    ],
)
def test_the_form_says_what_is_wrong_and_keeps_the_text(client, world, claiming, field, value):
    second = MembershipFactory(user=claiming.editor, editor=True)
    login(client, claiming.editor)

    response = client.post(create_url(world), filled(claiming, **{field: value}))

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert "<title>Fehler: " in response.text
    assert str(second.organisation) in response.text
    assert not Claim.objects.exists()


def test_a_letter_is_read_by_its_redaktion_and_advisors_only(client, world, claiming):
    login(client, claiming.editor)
    for name, data in (("Brief.exe", PDF), ("Brief.pdf", b"<html>"), ("Brief.pdf", b"")):
        sent = filled(claiming, proof="letter", letter=SimpleUploadedFile(name, data))
        response = client.post(create_url(world), sent)
        assert response.status_code == 422
        assert "letter" in response.context["form"].errors
    sent = filled(claiming, proof="code", letter=SimpleUploadedFile("Brief.pdf", PDF))
    assert client.post(create_url(world), sent).status_code == 422
    sent = filled(claiming, proof="letter", letter=SimpleUploadedFile("Brief.pdf", PDF))
    client.post(create_url(world), sent)
    claim = Claim.objects.get()
    url = step("claim_letter", claim)

    for user, status in (
        (claiming.editor, 200), (world.advisor, 200), (claiming.member, 403), (world.editor, 403),
        (world.colleague, 404), (world.stranger, 404),
    ):  # fmt: skip
        login(client, user)
        response = client.get(url)
        assert response.status_code == status
        if status == 200:
            assert b"".join(response.streaming_content) == PDF
            assert "attachment" in response["Content-Disposition"]
            assert response["Content-Type"] == "application/octet-stream"
    Claim.objects.filter(pk=claim.pk).update(letter_state="infected", letter="")
    login(client, claiming.editor)
    assert client.get(url).status_code == 404


@pytest.mark.parametrize(
    ("who", "status"),
    [("visitor", 404), ("stranger", 404), ("colleague", 404), ("editor", 200), ("advisor", 200)],
)
def test_who_sees_a_contest(client, world, claiming, who, status):
    claim = claiming.ready()
    assert client.get(claim.get_absolute_url()).status_code == 302
    login(client, getattr(world, who))
    assert client.get(claim.get_absolute_url()).status_code == status


def test_the_other_side_reads_why_and_no_proof(client, world, claiming):
    claim = claiming.claim(Proof.CODE)
    login(client, world.editor)
    assert client.get(claim.get_absolute_url()).status_code == 404  # not before there is a proof
    claims.note_letter(claim.pk, actor=world.advisor, received_on=claim.submitted_at.date())

    page = client.get(claim.get_absolute_url()).text

    assert WHY in page
    assert claim.code not in page
    assert str(claiming.editor) not in page
    assert "Übernahme zurückziehen" not in page


def test_the_maintainer_answers_once(client, world, claiming):
    claim = claiming.ready()
    url = step("claim_answer", claim)
    assert client.post(url, {"text": "Nein"}).status_code == 302
    for user, status in ((world.stranger, 404), (claiming.editor, 403), (world.advisor, 403)):
        login(client, user)
        assert client.post(url, {"text": "Nein"}).status_code == status
    login(client, world.editor)
    assert client.get(url).status_code == 405
    assert client.post(url, {"text": " "}).status_code == 422
    for _ in range(2):
        response = client.post(url, {"text": "Wir bleiben."})
        assert response["Location"] == claim.get_absolute_url()
    assert told(world.advisor).count("catalog.claim_answered") == 1
    response = client.post(url, {"text": "Noch ein Gedanke."})
    assert response.status_code == 409
    assert "Noch ein Gedanke." in response.text
    assert fresh(claim).answer == "Wir bleiben."
    login(client, claiming.member)
    assert "Wir bleiben." in client.get(claim.get_absolute_url()).text


def test_looking_and_withdrawing(client, world, claiming, forge):
    claim = claiming.claim()
    for name in ("claim_look", "claim_withdraw"):
        url = step(name, claim)
        assert client.post(url)["Location"].startswith("/konto/")
        for user, status in ((world.stranger, 404), (claiming.member, 403)):
            login(client, user)
            assert client.post(url).status_code == status
        client.logout()
    login(client, claiming.editor)
    assert client.get(step("claim_look", claim)).status_code == 405
    response = client.post(step("claim_look", claim), follow=True)
    assert "Wir suchen nach dem Code" in response.text
    assert "Jetzt nach dem Code suchen" not in response.text
    claim_checks.run(claim.pk)
    assert "Nicht gefunden" in client.get(claim.get_absolute_url()).text
    for _ in range(2):
        response = client.post(step("claim_withdraw", claim), follow=True)
        assert response.status_code == 200
    assert fresh(claim).state == ClaimState.WITHDRAWN
    assert claim.events.filter(kind="withdrawn").count() == 1
    assert claim.code not in response.text


def test_handing_over_through_the_pages(client, world, claiming):
    row = world.maintainership
    url = row.get_absolute_url()
    assert client.get(url).status_code == 302
    for user, status in (
        (world.stranger, 404), (world.colleague, 404), (claiming.editor, 404), (world.editor, 200),
        (claiming.company_manager, 200), (world.advisor, 200),
    ):  # fmt: skip
        login(client, user)
        assert client.get(url).status_code == status
    offer = step("maintainership_offer", row)
    assert client.post(offer, {"organisation": claiming.office.slug}).status_code == 403
    login(client, world.editor)
    assert client.post(offer, {"organisation": "x"}).status_code == 422
    assert client.get(offer).status_code == 405
    for _ in range(2):
        client.post(offer, {"organisation": claiming.office.slug})
    assert told(claiming.editor) == ["catalog.maintainership_offered"]
    accept = step("maintainership_accept", row)
    assert client.post(accept).status_code == 403
    login(client, claiming.member)
    assert client.post(accept).status_code == 404
    login(client, claiming.manager)
    assert "Eintrag annehmen" in client.get(url).text
    for _ in range(2):
        response = client.post(accept)
        assert response.status_code in (302, 404)
    assert agrees(world.solution)
    assert fresh(world.solution).maintainer == claiming.office
    login(client, world.editor)
    for name in ("maintainership_give_back", "maintainership_withdraw_offer"):
        assert client.post(step(name, row)).status_code == 302
    assert fresh(world.solution).maintainer == claiming.office


def test_declining_taking_back_and_giving_back(client, world, claiming):
    row = world.maintainership
    claiming.offer()
    login(client, claiming.editor)
    response = client.post(step("maintainership_decline", row), follow=True)
    assert "abgelehnt" in response.text
    claiming.offer()
    login(client, world.editor)
    client.post(step("maintainership_withdraw_offer", row))
    assert fresh(row).offered_to is None
    for _ in range(2):
        response = client.post(step("maintainership_give_back", row), follow=True)
    assert "Zurückgegeben" in response.text
    assert told(world.advisor).count("catalog.maintainership_given_back") == 1
    assert agrees(world.solution)


def test_the_list_asks_as_often_with_one_row_as_with_three(
    client, world, claiming, django_assert_max_num_queries
):
    login(client, claiming.editor)
    url = reverse("catalog:claim_list")
    assert "betreut noch keinen" in client.get(url).text

    def count():
        with django_assert_max_num_queries(12) as caught:
            assert client.get(url).status_code == 200
        return len(caught)

    def another(number):
        made = import_publiccode(
            publiccode_file(name=f"L{number}", url=f"https://forge.example/l{number}"), publish=True
        ).solution
        claiming.claim(solution_id=made.pk)
        own = import_publiccode(
            publiccode_file(name=f"M{number}", url=f"https://forge.example/m{number}"), publish=True
        ).solution
        maintainers.set_maintainer(own, claiming.office, actor=None, proposals=[])

    another(1)
    one = count()
    another(2)
    another(3)
    assert count() == one
    assert client.get(url).text.count(">L2<") == 1


def test_the_list_shows_nothing_of_others(client, world, claiming):
    claiming.claim()
    claiming.offer()
    for user in (world.stranger, world.visitor, world.colleague):
        login(client, user)
        page = client.get(reverse("catalog:claim_list")).text
        assert world.solution.name not in page
    login(client, claiming.editor)
    assert "Ihrer Organisation angeboten" in client.get(reverse("catalog:claim_list")).text


def test_what_waits_for_whom(world, claiming):
    tasks = portal.my_areas.get("catalog_claims").tasks
    claim = claiming.claim()
    assert [task.url for task in tasks(claiming.editor)] == [claim.get_absolute_url()]
    assert list(tasks(world.editor)) == list(tasks(claiming.member)) == []
    claims.note_letter(claim.pk, actor=world.advisor, received_on=claim.submitted_at.date())
    assert list(tasks(claiming.editor)) == []
    assert [task.action for task in tasks(world.editor)] == ["Antworten"]
    claims.answer_claim(claim.pk, actor=world.editor, text="Nein")
    assert list(tasks(world.editor)) == []
    claims.withdraw_claim(claim.pk, actor=claiming.editor)
    offered = claiming.offer()
    assert [task.url for task in tasks(claiming.manager)] == [offered.get_absolute_url()]


def test_the_queue_the_guard_and_the_hand_over(world, claiming):
    entries = portal.work_lists.get("catalog").entries
    waiting = next(e for e in entries(world.advisor) if str(e.label) == "Übernahmen")
    claim = claiming.claim()
    assert waiting.count().count() == 0
    claims.note_letter(claim.pk, actor=world.advisor, received_on=claim.submitted_at.date())
    assert waiting.count().count() == 1

    allowed = portal.mail_guards.get("catalog").still_allowed
    key = str(claim.public_id)
    assert allowed(world.editor.pk, "catalog.claim_contested", key)
    assert allowed(claiming.editor.pk, "catalog.claim_refused", key)
    assert not allowed(world.colleague.pk, "catalog.claim_contested", key)
    assert not allowed(0, "catalog.claim_contested", key)
    row = str(world.maintainership.public_id)
    assert allowed(world.editor.pk, "catalog.maintainership_lost", row)
    assert not allowed(claiming.editor.pk, "catalog.maintainership_offered", row)

    offer = portal.handovers.get("catalog_claims")
    rows = list(offer.rows(claiming.editor, claiming.office, claiming.manager))
    assert [row.title for row in rows] == [world.solution.name]
    given = {"public_id": claim.public_id, "person": claiming.editor, "actor": claiming.manager}
    assert offer.hand_over(successor=claiming.member, **given)
    assert not offer.hand_over(successor=claiming.member, **given)


def test_who_deletes_the_account_leaves_the_claim_or_withdraws_it(world, claiming):
    claim = claiming.claim()
    erase = next(offer for offer in portal.personal_data if offer.key == "catalog").erase
    for _ in range(2):
        erase(claiming.editor)
    assert fresh(claim).state == ClaimState.WITHDRAWN
