"""The page on which a solution is suggested, and the one that says what became of it."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalog import forges
from catalog.grants import CURRENT
from catalog.importing import import_publiccode
from catalog.models import Intake, Proposal, Solution
from catalog.services import intake as service
from catalog.services import publish_solution
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.fetching import REPOSITORY
from tests.catalog.files import publiccode_file
from tests.factories import MembershipFactory, OrganisationFactory

BACKEND = "django.contrib.auth.backends.ModelBackend"
pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, world):
    """Opens a page as somebody."""

    def as_(who, url=None, **data):
        client.force_login(getattr(world, who), backend=BACKEND)
        url = url or reverse("catalog:intake_create")
        return client.post(url, {"cc0": "on", **data}) if data else client.get(url)

    return as_


def wanted(person, body, forge):
    forge.body = body
    found = service.request_repository(
        requester=person, place=forges.find(REPOSITORY), wording=CURRENT
    )
    service.run(found.pk)
    found.refresh_from_db()
    return found


def file(**top):
    return publiccode_file(**{"url": REPOSITORY, "name": "Termine", **top})


def test_anonymous_visitors_sign_in_first(client, world):
    own = Intake.objects.create(requester=world.editor, repository=REPOSITORY)
    for url in (reverse("catalog:intake_create"), own.get_absolute_url()):
        assert "/konto/" in client.get(url)["Location"]


@pytest.mark.parametrize(
    ("who", "status"), [("visitor", 403), ("colleague", 403), ("editor", 200), ("advisor", 200)]
)
def test_who_may_suggest(page, who, status):
    assert page(who).status_code == status
    sent = page(who, address=REPOSITORY)
    assert sent.status_code == (302 if status == 200 else status)
    assert Intake.objects.exists() == (status == 200)


@pytest.mark.parametrize(
    ("who", "status"),
    [("visitor", 404), ("stranger", 404), ("colleague", 404), ("editor", 200), ("advisor", 200)],
)
def test_who_sees_what_became_of_it(page, world, who, status):
    own = Intake.objects.create(requester=world.editor, repository=REPOSITORY)

    assert page(who, own.get_absolute_url()).status_code == status


def test_an_address_sent_twice_acts_once_and_waits_on_its_own_page(page, world):
    first, second = (page("editor", address=f" {REPOSITORY}.git ") for _ in range(2))

    assert first["Location"] == second["Location"] == Intake.objects.get().get_absolute_url()
    waiting = page("editor", first["Location"])
    assert "Wir rufen die Datei ab" in waiting.text
    assert waiting["Cache-Control"] == "no-store"
    assert "Wird abgerufen" in page("editor").text


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "https://github.com/nur-einer",
        "https://anna:geheim@github.com/a/b",
        "https://127.0.0.1/a/b",
        "https://github.com/a/b\x00",
        "https://github.com/" + "a" * 600,
        "https://github.com/<script>alert(1)</script>/x",
        "",
    ],
)
def test_hostile_and_empty_addresses_get_a_calm_answer(page, address):
    response = page("editor", address=address, sent="1")

    assert response.status_code == 422
    assert "address" in response.context["form"].errors
    assert "<title>Fehler: " in response.text
    assert "<script>alert" not in response.text
    if address.startswith("https://anna"):
        assert address in response.text  # what was typed is still there
    assert not Intake.objects.exists()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("publiccode.yml", b"", "Die Datei ist leer"),
        ("publiccode.yml", b"x" * 524_289, "größer als 512 KB"),
        ("x" * 200 + ".yml", b"a: b", "länger als 150"),
    ],
)
def test_files_that_cannot_be_taken(page, name, data, words):
    response = page("editor", file=SimpleUploadedFile(name, data))

    assert response.status_code == 422
    assert words in response.text
    assert not Intake.objects.exists()


def test_address_and_file_together_are_one_too_many(page):
    response = page("editor", address=REPOSITORY, file=SimpleUploadedFile("a.yml", file()))

    assert "nicht beides" in response.text
    assert not Intake.objects.exists()


def test_an_uploaded_file_becomes_a_draft_with_each_error_and_line(page):
    data = b'publiccodeYmlVersion: "0"\nname: <b>Termine</b>\ndevelopmentStatus: fertig\n'

    sent = page("advisor", file=SimpleUploadedFile("publiccode.yml", data))
    shown = page("advisor", sent["Location"])

    draft = Solution.objects.get(state="draft")
    assert draft.get_absolute_url() in shown.text
    assert re.search(r"<code>developmentStatus</code> \(Zeile 3\)", shown.text)
    assert "<b>Termine" not in shown.text


def test_a_redaktion_does_not_reach_the_draft_but_the_published_entry(page, world, forge):
    own = wanted(world.editor, file(), forge)

    text = page("editor", own.get_absolute_url()).text
    assert "Das OSK ist benachrichtigt" in text
    assert own.solution.get_absolute_url() not in text
    Solution.objects.filter(pk=own.solution_id).update(
        state="published", published_at=own.created_at
    )
    text = page("editor", own.get_absolute_url()).text
    assert own.solution.get_absolute_url() in text
    assert "Die Lösung ist veröffentlicht" in text


def test_a_foreign_draft_leaves_no_trace(page, world, forge):
    draft = import_publiccode(file(name="Geheim")).solution

    text = page("editor", wanted(world.editor, file(), forge).get_absolute_url()).text

    assert "Geheim" not in text
    assert draft.get_absolute_url() not in text
    assert "wartet als Entwurf" in text


def test_duplicates_forks_and_variants_lead_to_the_entry(page, world, forge):
    entry = world.solution.get_absolute_url()
    fork = wanted(world.editor, publiccode_file(), forge)
    text = page("editor", fork.get_absolute_url()).text
    assert "Kopie eines Repositorys" in text
    assert entry in text
    variant = wanted(
        world.editor,
        file(isBasedOn=["https://github.com/muster/terminplaner", "javascript:alert(1)"]),
        forge,
    )
    text = page("editor", variant.get_absolute_url()).text
    assert "beruht auf" in text
    assert entry in text
    assert 'href="javascript' not in text
    publish_solution(variant.solution_id, actor=None)
    known = wanted(world.editor, file(), forge)
    assert "schon im Katalog" in page("editor", known.get_absolute_url()).text
    text = page("editor", variant.solution.get_absolute_url()).text
    assert "beruht auf" in text
    assert entry in text


def test_not_found_and_not_allowed_read_the_same(page, world, forge):
    texts = []
    for addresses, status in ((["1.1.1.1"], 404), (["127.0.0.1"], 200)):
        forge.addresses, forge.status = addresses, status
        text = page("editor", wanted(world.editor, file(), forge).get_absolute_url()).text
        texts.append(re.sub(r'value="\w{64}"|nonce-?[^"]*"|"[\w-]{36}"', "", text))

    assert "Keine Datei gefunden" in texts[0]
    assert re.sub(r"aufnehmen/[\w-]{36}", "", texts[0]) == re.sub(
        r"aufnehmen/[\w-]{36}", "", texts[1]
    )


def test_the_list_asks_no_more_for_more(page, world, django_assert_max_num_queries):
    Intake.objects.create(requester=world.editor, repository=REPOSITORY)
    page("editor")
    with django_assert_max_num_queries(12) as few:
        page("editor")
    for number in range(3):
        Intake.objects.create(requester=world.editor, repository=f"{REPOSITORY}{number}")
    with django_assert_max_num_queries(len(few)):
        page("editor")


def test_a_redaktion_of_two_organisations_chooses_for_which_it_suggests(client, world, page):
    assert "organisation" not in page("editor").context["form"].fields
    office = OrganisationFactory(name="Zweites Amt")
    MembershipFactory(user=world.editor, organisation=office, editor=True)
    MembershipFactory(user=world.editor, organisation=OrganisationFactory(name="Nur Mitglied"))

    shown = page("editor").text
    assert "Für welche Organisation?" in shown
    assert "Zweites Amt" in shown
    assert "Nur Mitglied" not in shown
    upload = {"file": SimpleUploadedFile("publiccode.yml", file())}
    refused = page("editor", **upload)
    assert refused.status_code == 422
    assert refused.context["form"].errors.keys() == {"organisation"}
    upload = {"file": SimpleUploadedFile("publiccode.yml", file())}
    page("editor", organisation=str(office.pk), **upload)

    intake = Intake.objects.get()
    proposal = Proposal.objects.get()
    assert intake.organisation == proposal.organisation == office
    with pytest.raises(TransitionNotAllowed):
        service.request_repository(
            requester=world.stranger, place=forges.find(REPOSITORY), wording=CURRENT,
            organisation=office,
        )  # fmt: skip


def test_who_has_lost_the_role_while_the_file_was_fetched_proposes_nothing(world, forge):
    forge.body = file()
    found = service.request_repository(
        requester=world.editor, place=forges.find(REPOSITORY), wording=CURRENT
    )
    assert found.organisation == world.company
    MembershipFactory(user=world.editor, editor=True)
    world.company.memberships.filter(user=world.editor).update(is_editor=False)
    service.run(found.pk)
    assert not Proposal.objects.exists()
