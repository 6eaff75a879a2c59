"""Every field can be proposed and, by an advisor, corrected; what is not touched stays as it is, to the letter."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
from django.urls import reverse

from catalog import importing, services
from catalog.all_fields import ALL, EVERY, FURTHER_LANGUAGES, GROUPS
from catalog.change_form import ChangeForm, CorrectionForm
from catalog.enums import RevisionOrigin
from catalog.importing import import_publiccode
from catalog.models import Proposal, Solution, SolutionEvent, TextGrant
from catalog.services.correcting import correct_entry
from osk_portal import portal
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.factories import SolutionFactory
from tests.catalog.files import publiccode_file
from tests.factories import MembershipFactory, OrganisationFactory

pytestmark = pytest.mark.django_db
HOSTILE = "</textarea><script>alert(1)</script>"


def rich(**top):
    """A file with something in every corner, also where the form knows nothing of it."""
    document = json.loads(publiccode_file(**top))
    document["description"]["en"] = {
        "shortDescription": "Books appointments.",
        "longDescription": "Books appointments for citizens. " * 6,
        "features": ["Book", "Cancel"],
        "screenshots": ["https://example.org/a.png"],
    }
    document["description"]["fr"] = {**document["description"]["en"], "features": ["Réserver"]}
    document["dependsOn"] = {
        "open": [{"name": "PostgreSQL", "versionMin": "14"}, {"name": "Redis", "optional": True}],
        "proprietary": [{"name": f"Teil {n}"} for n in range(22)],
    }
    document["intendedAudience"] = {"scope": ["local-authorities"], "countries": ["DE"]}
    document["fundedBy"] = [{"name": "Land", "uri": "https://example.org/land"}]
    return json.dumps(document).encode()


@pytest.fixture
def entry(world):
    world.solution = import_publiccode(rich(), publish=True).solution
    return world


def sent(form, **changes):
    """What a browser sends when nothing but ``changes`` is touched."""
    data = {"action": "submit", "cc0": "on"}
    for name, field in form.fields.items():
        value = form[name].value()
        if field.disabled or value is None or value is False:
            continue
        data[name] = value
    return {**data, **changes}


def address(world, name="proposal_create_all"):
    return reverse(f"catalog:{name}", args=[world.solution.slug])


def test_the_form_reaches_every_field_and_an_untouched_one_changes_nothing(client, entry):
    form = ChangeForm(solution=entry.solution)
    for field in ALL:
        assert field.name in form.fields
    for group in GROUPS.values():
        assert f"{group.name}-0-{group.columns[0].name}" in form.fields
    assert set(EVERY) == {f.name for f in ALL} | set(GROUPS) | {FURTHER_LANGUAGES.name}

    client.force_login(entry.editor)
    response = client.post(address(entry), sent(form))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["__all__"]
    assert response.context["form"].changes == {}
    assert not Proposal.objects.exists()


def test_what_the_short_form_does_not_reach_is_proposed_compared_and_taken_over(client, entry):
    client.force_login(entry.editor)
    assert address(entry) in client.get(address(entry, "proposal_create")).text
    page = client.get(address(entry))
    assert "alle Angaben" in page.text
    before = deepcopy(entry.solution.document)
    data = sent(
        ChangeForm(solution=entry.solution),
        **{
            "features_en": "Book\r\nCancel\r\nRemind",
            "depends_open-0-versionMin": "15",
            "depends_open-2-name": "Valkey",
            "countries": "DE\r\nAT",
            "funded_by-0-name": "",
            "funded_by-0-uri": "",
        },
    )
    assert client.post(address(entry), {**data, "cc0": ""}).context["form"].errors.keys() == {"cc0"}
    more = client.post(address(entry), {**data, "action": "add:depends_open", "reason": "Neu."})
    assert more.status_code == 200
    assert more.context["form"].rows["depends_open"] == 4
    assert "Valkey" in more.text
    assert "Neu." in more.text
    assert not Proposal.objects.exists()

    assert client.post(address(entry), data).status_code == 302
    proposal = Proposal.objects.get()
    assert proposal.changes == {
        "features_en": ["Book", "Cancel", "Remind"],
        "depends_open": [
            {"name": "PostgreSQL", "versionMin": "15"},
            {"name": "Redis", "optional": True},
            {"name": "Valkey"},
        ],
        "countries": ["DE", "AT"],
        "funded_by": None,
    }
    assert TextGrant.objects.get().proposal == proposal
    shown = client.get(proposal.get_absolute_url()).text
    assert "Name: PostgreSQL, Mindestens Version: 15" in shown
    client.force_login(entry.advisor)
    review = client.get(reverse("admin:catalog_proposal_review", args=[proposal.public_id]))
    assert "Name: Valkey" in review.text

    services.accept_proposal(
        proposal.pk, actor=entry.advisor, seen_revision=entry.solution.revision
    )
    document = Solution.objects.get(pk=entry.solution.pk).document
    assert document["dependsOn"]["open"] == proposal.changes["depends_open"]
    assert "fundedBy" not in document
    for key in ("fr",):
        assert document["description"][key] == before["description"][key]
    assert document["dependsOn"]["proprietary"] == before["dependsOn"]["proprietary"]
    assert document["description"]["en"]["screenshots"] == ["https://example.org/a.png"]


def test_a_returned_one_is_revised_where_its_fields_are(client, entry):
    client.force_login(entry.editor)
    data = sent(ChangeForm(solution=entry.solution), countries="DE\r\nCH")
    client.post(address(entry), data)
    proposal = Proposal.objects.get()
    services.return_proposal(proposal.pk, actor=entry.advisor, seen_revision=2, comment="Und AT?")
    page = client.get(reverse("catalog:proposal_revise", args=[proposal.public_id]))
    assert "DE\nCH" in page.context["form"]["countries"].value()
    proposal.refresh_from_db()
    again = sent(ChangeForm(solution=entry.solution, proposal=proposal), countries="DE\r\nCH\r\nAT")
    client.post(reverse("catalog:proposal_revise", args=[proposal.public_id]), again)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.changes) == ("open", {"countries": ["DE", "CH", "AT"]})


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(client, entry):
    client.force_login(entry.editor)
    data = sent(
        ChangeForm(solution=entry.solution),
        **{
            "short_description_en": "x" * 200,
            "countries": "Deutschland",
            "contacts-0-name": HOSTILE,
            "contacts-0-email": "kein",
        },
    )
    response = client.post(address(entry), data)
    assert response.status_code == 422
    errors = response.context["form"].errors
    assert {"short_description_en", "countries", "contacts-0-email"} <= errors.keys()
    assert "<script>alert" not in response.text
    assert "Deutschland" in response.text
    for odd in ({}, {"base_revision": "²"}, {"base_revision": "9" * 30}, {"action": "add:nichts"}):
        assert client.post(address(entry), odd).status_code in (200, 422)


def test_a_field_that_the_osk_has_set_and_a_list_too_long_stay(client, entry):
    services.lock_field(
        entry.solution.pk, field="depends_open", reason="Geprüft.", actor=entry.advisor,
        seen_revision=entry.solution.revision,
    )  # fmt: skip
    entry.solution.refresh_from_db()
    client.force_login(entry.editor)
    assert "Vom OSK festgelegt: Geprüft." in client.get(address(entry)).text
    data = sent(
        ChangeForm(solution=entry.solution),
        **{"depends_open-0-name": "Anders", "depends_proprietary-0-name": "Anders", "name": "TP"},
    )
    assert client.post(address(entry), data).status_code == 302
    assert Proposal.objects.get().changes == {"name": "TP"}


def test_the_nightly_file_takes_nothing_of_it_back(entry):
    """Decided here, beyond the fields that change most: a file that has not changed there leaves it."""
    correct_entry(
        entry.solution.pk, actor=entry.advisor, changes={"countries": ["DE", "AT"]},
        base_revision=2, reason="Auch dort im Einsatz.",
    )  # fmt: skip
    entry.solution.refresh_from_db()
    before = json.loads(rich())
    document = entry.solution.document
    merged = importing.merged(
        json.loads(rich(softwareVersion="9.9")),
        entry=document,
        ours=importing.differing(document, before),
    )
    assert merged["softwareVersion"] == "9.9"
    assert merged["intendedAudience"]["countries"] == ["DE", "AT"]


# An advisor corrects


@pytest.mark.parametrize(
    ("who", "status"),
    [(None, 302), ("visitor", 403), ("stranger", 403), ("editor", 403), ("advisor", 200)],
)
def test_who_corrects(client, entry, who, status):
    if who:
        client.force_login(getattr(entry, who))
    page = address(entry, "entry_correct")
    assert client.get(page).status_code == status
    shown = client.get(entry.solution.get_absolute_url()).text
    assert (page in shown) is (who == "advisor")
    draft = SolutionFactory(draft=True)
    other = reverse("catalog:entry_correct", args=[draft.slug])
    if who:
        assert client.get(other).status_code == (200 if who == "advisor" else 404)


def test_an_advisor_corrects_and_sets_and_the_redaktion_is_told(client, entry):
    MembershipFactory(organisation=OrganisationFactory(), editor=True)
    Solution.objects.filter(pk=entry.solution.pk).update(maintainer=entry.company)
    client.force_login(entry.advisor)
    page = address(entry, "entry_correct")
    form = CorrectionForm(solution=entry.solution)
    data = {**sent(form), "features_en": "Book", "copyright_owner": "Land Musterland"}
    refused = client.post(page, data)
    assert refused.context["form"].errors.keys() == {"reason"}

    data |= {"reason": "Steht so im Repository.", "is_locked": "on"}
    assert client.post(page, data).url == entry.solution.get_absolute_url()
    solution = Solution.objects.get(pk=entry.solution.pk)
    revision = solution.revisions.get(number=3)
    assert (revision.origin, revision.author) == (RevisionOrigin.OSK, entry.advisor)
    assert revision.reason == "Steht so im Repository."
    assert solution.origins["legal.mainCopyrightOwner"]["origin"] == "osk"
    assert set(solution.locks) == {"features_en", "copyright_owner"}
    event = SolutionEvent.objects.get(kind="field_locked")
    assert event.data == {"fields": ["copyright_owner", "features_en"]}
    assert not TextGrant.objects.exists()
    mail = OutgoingMail.objects.get(user=entry.editor)
    assert "Holder" not in mail.body
    assert "Steht so im Repository." in mail.body
    assert portal.mail_guards.get("catalog").still_allowed(
        entry.editor.pk, mail.kind, mail.subject_key
    )

    again = client.post(page, data)
    assert again.status_code == 409  # the entry says exactly that already
    assert Solution.objects.get(pk=entry.solution.pk).revision == 3
    assert Notification.objects.filter(user=entry.editor).count() == 1
    import_publiccode(rich(name="Terminplaner", softwareVersion="9"), publish=True)
    assert Solution.objects.get(pk=entry.solution.pk).document["legal"]["mainCopyrightOwner"]


def test_a_correction_overwrites_nothing_that_others_have_changed_since(client, entry):
    client.force_login(entry.advisor)
    data = sent(CorrectionForm(solution=entry.solution)) | {"reason": "Neu.", "name": "Meiner"}
    import_publiccode(rich(name="Deren", softwareVersion="7.0"))
    response = client.post(address(entry, "entry_correct"), data)
    assert response.status_code == 409
    assert "Meiner" in response.text
    assert Solution.objects.get(pk=entry.solution.pk).name == "Deren"
    harmless = {**data, "name": "Terminplaner", "landing_url": "https://example.org/neu"}
    assert client.post(address(entry, "entry_correct"), harmless).status_code == 302
    document = Solution.objects.get(pk=entry.solution.pk).document
    assert (document["name"], document["softwareVersion"]) == ("Deren", "7.0")
    assert document["landingURL"] == "https://example.org/neu"
    with pytest.raises(TransitionNotAllowed):
        correct_entry(
            entry.solution.pk, actor=entry.advisor, changes={"name": "Deren"}, base_revision=4,
            reason="Noch einmal.",
        )  # fmt: skip
    import_publiccode(publiccode_file(name="Anders", url="https://github.com/Muster/Anders"))
    with pytest.raises(services.ProposalConflict, match="Repository"):
        correct_entry(
            entry.solution.pk, actor=entry.advisor, base_revision=4, reason="Umgezogen.",
            changes={"url": "https://github.com/Muster/Anders"},
        )  # fmt: skip
