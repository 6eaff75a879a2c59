from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from catalog import publiccode
from catalog.all_fields import ALL, GROUPS
from catalog.grants import CURRENT
from catalog.models import EntryDraft, Intake, Proposal, Solution, TextGrant
from catalog.publiccode.document import Description, Document
from catalog.publiccode.schema import keys_of
from catalog.services import drafts
from osk_portal import portal
from osk_portal.notifications.models import Notification
from osk_portal.toolkit import clock
from tests.factories import MembershipFactory, OrganisationFactory

BACKEND = "django.contrib.auth.backends.ModelBackend"
LIST = reverse("catalog:entry_form_list")
FULL = {
    "name": "Terminbuch",
    "url": "https://github.com/Muster/Terminbuch",
    "platforms": "web\r\nlinux",
    "categories": ["appointment-scheduling"],
    "development_status": "stable",
    "software_type": "standalone/web",
    "short_description": "Termine in Bürgerbüros vergeben.",
    "long_description": "Der Terminplaner vergibt Termine in Bürgerämtern. " * 5,
    "features": "Termine buchen\r\nWartenummern aufrufen",
    "licence": "EUPL-1.2",
    "maintenance_type": "internal",
    "contacts-0-name": "",
    "contacts-1-name": "Team Terminbuch",
    "contacts-1-email": "team@demo.osk.example",
    "localisation_ready": "true",
    "languages": "de",
    "depends_open-0-name": "PostgreSQL",
    "depends_open-0-optional": "false",
    "scope": ["government"],
    "countries": "DE",
    "short_description_en": "Appointments.",
    "long_description_en": "It gives appointments to people who come to an office. " * 5,
    "features_en": "Book",
    "cc0": "on",
}


def login(client, user):
    client.force_login(user, backend=BACKEND)


@pytest.fixture
def draft(client, world):
    login(client, world.editor)
    client.post(LIST)
    return EntryDraft.objects.get()


def send(client, draft, action="hand_in", version=0, **values):
    data = {**FULL, **values, "action": action, "version": version}
    return client.post(draft.get_absolute_url(), data)


@pytest.mark.parametrize(
    ("who", "status"),
    [(None, 302), ("visitor", 403), ("colleague", 403), ("editor", 200), ("advisor", 200)],
)
def test_who_describes_a_solution(client, world, who, status):
    if who:
        login(client, getattr(world, who))
    assert client.get(LIST).status_code == status
    client.post(LIST)
    assert EntryDraft.objects.exists() == (status == 200)


def test_a_whole_description_becomes_a_draft_for_the_osk_once(client, world, draft):
    response = send(client, draft)
    intake = Intake.objects.get()
    assert response["Location"] == intake.get_absolute_url()

    solution = Solution.objects.get(name="Terminbuch")
    assert (solution.state, solution.is_incomplete) == ("draft", False)
    assert solution.origins["legal.license"]["origin"] == "form"
    assert solution.document["maintenance"]["contacts"] == [
        {"name": "Team Terminbuch", "email": "team@demo.osk.example"}
    ]
    assert solution.document["description"]["en"]["features"] == ["Book"]
    assert Notification.objects.filter(user=world.advisor, kind="catalog.proposal_of_new").exists()
    assert (proposal := Proposal.objects.get(solution=solution)).author == world.editor
    grant = TextGrant.objects.get(intake=intake)
    assert (grant.person, grant.proposal, grant.wording) == (world.editor, proposal, CURRENT)
    assert send(client, draft)["Location"] == intake.get_absolute_url()
    assert Intake.objects.count() == 1


def test_a_redaktion_of_two_organisations_says_for_which(client, world, draft):
    office = OrganisationFactory(name="Zweites Amt")
    MembershipFactory(user=world.editor, organisation=office, editor=True)
    refused = send(client, draft)
    assert refused.context["form"].errors.keys() == {"organisation"}
    assert "Zweites Amt" in refused.text
    assert send(client, draft, version=1, organisation=str(office.pk)).status_code == 302
    assert Proposal.objects.get().organisation == office


def test_texts_are_handed_in_only_once_they_are_released(client, draft):
    response = send(client, draft, cc0="")

    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {"cc0"}
    assert not Intake.objects.exists()
    draft.refresh_from_db()
    assert draft.values["name"] == "Terminbuch"
    assert "cc0" not in draft.values
    assert send(client, draft, version=1).status_code == 302


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(client, draft):
    response = send(
        client,
        draft,
        licence="GPL 5",
        short_description="ä" * 151,
        languages="deutsch ist keine",
        features_en="",
        maintenance_type="",
        **{"contacts-1-email": "keine Adresse", "contacts-1-name": "Tippfehler bleibt"},
    )

    assert response.status_code == 422
    errors = response.context["form"].errors
    assert {"licence", "short_description", "languages", "contacts-1-email"} <= errors.keys()
    assert errors["features_en"][0].startswith("Funktionen fehlt")
    assert errors["maintenance_type"] == ["„Betreuung“ fehlt. Bitte ergänzen Sie die Angabe."]
    page = response.content.decode()
    assert "GPL 5" in page
    assert "Tippfehler bleibt" in page
    for field in ("licence", "short_description"):
        assert page.count(errors[field][0].replace('"', "&quot;")) >= 2
    assert not Intake.objects.exists()
    draft.refresh_from_db()
    assert draft.values["licence"] == "GPL 5"


def test_length_is_counted_as_people_count(client, draft):
    family = "👩‍👩‍👧‍👦" * 150
    assert (
        "short_description"
        not in send(client, draft, "hand_in", short_description=family, url="")
        .context["form"]
        .errors
    )


def test_saved_is_what_was_typed_and_another_row_asks_for_no_corrections(client, draft):
    assert send(client, draft, "save", url="kein Ort")["Location"] == draft.get_absolute_url()
    page = client.get(draft.get_absolute_url()).content.decode()
    assert "kein Ort" in page
    assert "osk-errors" not in page

    response = send(client, draft, "add:contacts", version=1, url="kein Ort")
    page = response.content.decode()
    assert 'name="contacts-2-name"' in page
    assert 'name="contacts-3-name"' not in page
    assert "kein Ort" in page
    assert "osk-errors" not in page


def test_of_two_tabs_the_older_overwrites_nothing(client, draft):
    send(client, draft, "save", name="Neu")

    response = send(client, draft, "hand_in", name="Alt")

    assert response.status_code == 409
    page = response.content.decode()
    assert 'value="Alt"' in page
    assert 'name="version" value="1"' in page
    draft.refresh_from_db()
    assert draft.values["name"] == "Neu"
    assert not Intake.objects.exists()


def test_a_description_is_its_authors_only(client, world, draft):
    file = reverse("catalog:entry_form_file", args=[draft.public_id])
    delete = reverse("catalog:entry_form_delete", args=[draft.public_id])
    for other in (world.stranger, world.advisor):
        login(client, other)
        assert client.get(draft.get_absolute_url()).status_code == 404
        assert client.get(file).status_code == 404
        assert client.post(delete).status_code == 404
    login(client, world.editor)
    assert client.get(delete).status_code == 405
    client.post(delete)
    assert not EntryDraft.objects.exists()


def test_the_file_can_be_taken_away_and_the_reader_takes_it(client, draft):
    send(client, draft, "save")
    response = client.get(reverse("catalog:entry_form_file", args=[draft.public_id]))

    assert "attachment" in response["Content-Disposition"]
    result = publiccode.read(response.content)
    assert result.findings == ()
    assert result.document.name == "Terminbuch"


@pytest.mark.parametrize(
    "values",
    [
        {"name": "\x00\u202eName\ud800"},
        {"contacts-99-name": "x", "contacts-1-boese": "x", "boese-0-name": "x"},
        {"name": "<script>alert(1)</script>", "categories": ["<b>", "crm"]},
        {"version": "9" * 30},
        {"action": "add:boese"},
    ],
    ids=["characters", "names", "markup", "version", "group"],
)
def test_hostile_input_breaks_nothing(client, draft, values):
    data = {**FULL, "action": "save", "version": 0, **values}
    data = {
        name: v.encode("utf-8", "surrogatepass").decode("latin-1") if "\ud800" in str(v) else v
        for name, v in data.items()
    }

    assert client.post(draft.get_absolute_url(), data).status_code in (200, 302, 409)
    page = client.get(draft.get_absolute_url())
    assert page.status_code == 200
    assert "<script>alert(1)" not in page.content.decode()


def test_more_than_a_file_holds_is_refused(client, draft):
    rows = {f"contacts-{n}-name": "x" * 49_000 for n in range(12)}
    assert send(client, draft, "save", **rows).status_code == 422


def test_there_are_not_endless_descriptions(client, world, draft):
    EntryDraft.objects.bulk_create(
        EntryDraft(author=world.editor) for _ in range(drafts.MOST_DRAFTS)
    )
    client.post(LIST)
    assert EntryDraft.objects.count() == drafts.MOST_DRAFTS + 1


def test_what_nobody_touches_is_deleted_as_the_page_says(client, world, draft):
    assert "60 Tage lang" in client.get(LIST).content.decode()
    kept = EntryDraft.objects.create(author=world.editor)
    for row, days in ((draft, 61), (kept, 59)):
        EntryDraft.objects.filter(pk=row.pk).update(updated_at=clock.now() - timedelta(days=days))

    portal.daily_jobs.get("catalog.drafts").run()

    assert list(EntryDraft.objects.all()) == [kept]


def test_the_form_knows_every_key_that_is_not_deprecated():
    deprecated = {"publiccodeYmlVersion", "monochromeLogo", "inputTypes", "outputTypes", "IT", "it"}
    known = {item.path[0] for item in (*ALL, *GROUPS.values())}
    german = {field.path[2] for field in ALL if field.path[:2] == ("description", "de")}
    english = {field.path[2] for field in ALL if field.path[:2] == ("description", "en")}

    assert known == {key.name for key in keys_of(Document)} - deprecated
    assert german == english == {key.name for key in keys_of(Description)} - {"genericName"}
