"""The pages of reuses and support offers: who reads what, who may do what."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog import grants, reuse_lists, services
from catalog.enums import ReuseStage, SupportState
from catalog.models import Reuse, Solution, Support
from catalog.services import write_document
from catalog.support_list import supporters_of
from osk_portal.notifications.models import Notification
from osk_portal.toolkit import clock
from tests.catalog.factories import ReuseFactory, SolutionFactory
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory, staff

BACKEND = "django.contrib.auth.backends.ModelBackend"
HOSTILE = "<script>alert(1)</script>"
pytestmark = pytest.mark.django_db


def login(client, user):
    client.force_login(user, backend=BACKEND)
    return user


def member(client, **organisation):
    made = OrganisationFactory(**(organisation or {"authority": True}))
    return login(client, MembershipFactory(organisation=made, editor=True).user)


def home(user):
    return user.memberships.get().organisation


def url(name, reuse):
    return reverse(f"catalog:reuse_{name}", args=[reuse.public_id])


def full(**more):
    return ReuseFactory(
        **{
            "version": "7.7.7", "users": 4321, "hosting": "itdz", "procedure_name": "VERFAHREN-X",
            "contact_address": "stelle@demo.osk.example", "contact_agrees": True,
            "organisation": OrganisationFactory(authority=True, name="Geheimamt"), "since": date(2024, 5, 1),
            **more,
        }
    )  # fmt: skip


# Who reads what


def test_strangers_read_kind_stage_and_year_only(client):
    reuse = full()
    page = client.get(reuse.solution.get_absolute_url()).text
    assert "2024" in page
    for secret in ("Geheimamt", "7.7.7", "4321", "stelle@demo", "VERFAHREN-X"):
        assert secret not in page
    login(client, UserFactory())
    assert "7.7.7" not in client.get(reuse.solution.get_absolute_url()).text
    api = client.get("/api/v1/reuse").text
    assert "Geheimamt" not in api
    assert "7.7.7" not in api


def test_members_of_administrations_read_more_but_not_the_procedure(client):
    reuse = full()
    member(client, other_land=True)
    page = client.get(reuse.solution.get_absolute_url()).text
    for word in ("7.7.7", "4.321", "ITDZ Berlin", "mailto:stelle@demo.osk.example"):
        assert word in page or word.replace(".", "") in page
    assert "VERFAHREN-X" not in page
    assert "Geheimamt" not in page
    assert client.get(url("detail", reuse)).status_code == 404
    Reuse.objects.update(contact_agrees=False)
    assert "stelle@demo" not in client.get(reuse.solution.get_absolute_url()).text


def test_companies_read_no_more_than_strangers(client):
    reuse = full()
    member(client, company=True)
    assert "7.7.7" not in client.get(reuse.solution.get_absolute_url()).text


def test_a_rare_kind_in_detail_would_tell_the_name(client):
    office = OrganisationFactory(authority=True, subkind="münzprägeanstalt")
    reuse = full(organisation=office)
    assert "ünzprägeanstalt" not in client.get(reuse.solution.get_absolute_url()).text
    OrganisationFactory.create_batch(4, authority=True, subkind="münzprägeanstalt")
    assert "ünzprägeanstalt" in client.get(reuse.solution.get_absolute_url()).text


def test_what_nobody_confirms_is_marked_and_counted_nowhere(client):
    reuse = full(unconfirmed_since=date(2025, 1, 2))
    page = client.get(reuse.solution.get_absolute_url()).text
    assert "nicht bestätigt seit" in page
    assert "In Berlin: 0" in page
    assert client.get("/api/v1/reuse").json()["data"] == []


# Declaring


def test_interest_and_what_was_replaced_are_listed_and_not_counted(client):
    solution, other = SolutionFactory(), SolutionFactory(name="Nachfolger")
    for stage, more in (
        (ReuseStage.REPLACED, {"replaced_by": other}),
        (ReuseStage.REPLACED, {"replaced_by_name": "Eigenbau"}),
        (ReuseStage.INTEREST, {}),
        (ReuseStage.PILOT, {}),
    ):
        ReuseFactory(solution=solution, stage=stage, **more)

    text = client.get(solution.get_absolute_url()).text

    listed = text.partition('id="use"')[2].partition('id="support"')[0]
    stages = re.findall(r'data-label="Stufe"><span>(\w+)', listed)
    assert stages == ["Pilot", "Interesse", "Abgelöst", "Abgelöst"]
    assert f'durch <a href="{other.get_absolute_url()}">Nachfolger</a>' in listed
    assert "durch Eigenbau" in listed
    assert "In Berlin: 1 Nachnutzung" in listed


def test_a_successor_that_is_not_public_is_named_to_its_own_people_only(client):
    office = OrganisationFactory(authority=True)
    solution, gone = SolutionFactory(), SolutionFactory(name="Zurückgezogenes", state="withdrawn")
    ReuseFactory(
        solution=solution, organisation=office, stage=ReuseStage.REPLACED, replaced_by=gone
    )

    def page():
        return client.get(solution.get_absolute_url()).text.partition('id="use"')[2]

    assert "Abgelöst" in page()
    assert "Zurückgezogenes" not in page()
    member(client, company=True)
    assert "Zurückgezogenes" not in page()
    member(client)
    assert "Zurückgezogenes" not in page()
    login(client, MembershipFactory(organisation=office).user)
    assert "durch Zurückgezogenes" in page()
    login(client, staff("advisor"))
    assert "durch Zurückgezogenes" in page()


def test_what_a_long_list_leaves_out_is_said(client, monkeypatch):
    monkeypatch.setattr(reuse_lists, "MOST_SHOWN", 1)
    solution = SolutionFactory()
    for _n in range(3):
        ReuseFactory(solution=solution)
    assert "Und 2 weitere" in client.get(solution.get_absolute_url()).text


def test_a_visitor_is_led_through_the_sign_in_and_back(client):
    solution = SolutionFactory()
    target = reverse("catalog:reuse_declare", args=[solution.slug])
    assert target in client.get(solution.get_absolute_url()).text
    response = client.get(target + "?stage=pilot")
    assert response.status_code == 302
    assert "next=" in response["Location"]
    assert "stage%3Dpilot" in response["Location"]


def test_three_fields_declare_it(client):
    user, solution = member(client), SolutionFactory()
    target = reverse("catalog:reuse_declare", args=[solution.slug])
    assert client.get(target).status_code == 200
    data = {"organisation": home(user).public_id, "stage": "pilot", "since": "2025-03-01"}
    first, second = client.post(target, data), client.post(target, data)
    reuse = Reuse.objects.get()
    assert first["Location"] == second["Location"] == url("details", reuse)
    assert (reuse.stage, reuse.since, reuse.declared_by) == ("pilot", date(2025, 3, 1), user)
    assert client.get(target)["Location"] == reuse.get_absolute_url()
    assert client.post(target, {**data, "stage": "test"}).status_code == 422


def test_what_is_missing_is_said_in_words(client):
    user, solution = member(client), SolutionFactory()
    form = client.post(reverse("catalog:reuse_declare", args=[solution.slug]), {}).text
    for words in (
        "Wählen Sie die Organisation.",
        "Wählen Sie die Stufe.",
        "Schreiben Sie, seit wann.",
    ):
        assert words in form
    reuse = ReuseFactory(organisation=home(user))
    assert "Sagen Sie, warum." in client.post(url("withdraw", reuse), {"seen": reuse.revision}).text
    support = client.post(reverse("catalog:support_offer", args=[solution.slug]), {"seen": 0}).text
    assert "Wählen Sie mindestens eine Art der Unterstützung." in support
    assert "Schreiben Sie, was Sie anbieten." in support
    assert "zwingend erforderlich" not in form + support
    assert "Phase" not in form  # one word for it: Stufe


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("since", "2199-01-01"), ("since", "morgen"), ("stage", "replaced"), ("stage", HOSTILE),
        ("organisation", "x"), ("since", "0001-01-01"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_at_the_field(client, field, value):
    user, solution = member(client), SolutionFactory()
    data = {"organisation": home(user).public_id, "stage": "pilot", "since": "2025-03-01"}
    response = client.post(
        reverse("catalog:reuse_declare", args=[solution.slug]), {**data, field: value}
    )
    assert response.status_code == 422
    assert "osk-errors" in response.text
    assert HOSTILE not in response.text
    assert not Reuse.objects.exists()


def test_who_belongs_to_no_administration_may_not(client):
    solution = SolutionFactory()
    member(client, company=True)
    assert client.get(reverse("catalog:reuse_declare", args=[solution.slug])).status_code == 403


# One's own


def test_the_ladder_of_the_own_pages(client):
    reuse = full()
    names = ("detail", "details", "move", "correct", "withdraw")
    for name in names:
        assert client.get(url(name, reuse)).status_code == 302
    member(client, other_land=True)
    for name in names:
        assert client.get(url(name, reuse)).status_code == 404
    assert client.post(url("confirm", reuse)).status_code == 404
    login(client, MembershipFactory(organisation=reuse.organisation).user)
    for name in names:
        assert client.get(url(name, reuse)).status_code == 200
    assert "VERFAHREN-X" in client.get(url("detail", reuse)).text
    assert client.get(url("confirm", reuse)).status_code == 405
    assert client.post(url("confirm", reuse)).status_code == 302


def test_an_advisor_reads_it_but_does_not_confirm(client):
    reuse = full(confirmed_on=date(2020, 1, 1))
    login(client, staff("advisor"))
    assert "VERFAHREN-X" in client.get(url("detail", reuse)).text
    assert client.post(url("confirm", reuse)).status_code == 403


def test_the_further_fields_stage_correction_and_withdrawal(client):
    reuse = ReuseFactory(stage=ReuseStage.TEST, since=date(2024, 1, 1))
    user = login(client, MembershipFactory(organisation=reuse.organisation).user)
    more = {
        "seen": 1, "version": "2.0", "users": "12", "hosting": "own", "contact": "me", "contact_agrees": "on",
        "contact_address": "", "procedure_name": HOSTILE, "procedure_number": "4711", "show_name": "on",
    }  # fmt: skip
    assert client.post(url("details", reuse), more)["Location"] == reuse.get_absolute_url()
    reuse.refresh_from_db()
    assert (reuse.contact, reuse.users, reuse.procedure_name) == (user, 12, HOSTILE)
    assert HOSTILE not in client.get(url("detail", reuse)).text

    stale = client.post(url("move", reuse), {"seen": 1, "stage": "pilot", "since": "2025-01-01"})
    assert stale.status_code == 409
    assert "2025-01-01" in stale.text
    early = {"seen": 2, "stage": "pilot", "since": "2023-01-01"}
    assert client.post(url("move", reuse), early).status_code == 422
    client.post(url("move", reuse), {"seen": 2, "stage": "pilot", "since": "2025-01-01"})
    wrong = {"seen": 3, "stage": "production", "since": "2025-01-01", "reason": ""}
    assert client.post(url("correct", reuse), wrong).status_code == 422
    client.post(url("correct", reuse), {**wrong, "reason": "Doch schon Betrieb"})
    reuse.refresh_from_db()
    assert reuse.stage == "production"
    assert "Doch schon Betrieb" in client.get(url("detail", reuse)).text

    client.post(url("withdraw", reuse), {"seen": 4, "reason": "Irrtum"})
    assert client.get(url("move", reuse))["Location"] == reuse.get_absolute_url()
    assert client.post(url("confirm", reuse)).status_code == 302
    assert client.get(reverse("catalog:reuse_list")).status_code == 200


def test_nobody_agrees_for_an_absent_contact(client):
    reuse = ReuseFactory()
    login(client, MembershipFactory(organisation=reuse.organisation).user)
    data = {"seen": 1, "contact": "nobody", "contact_agrees": "on"}
    response = client.post(url("details", reuse), data)
    assert response.status_code == 422
    assert "osk-errors" in response.text


def test_the_list_needs_as_many_queries_for_three_as_for_one(client):
    user = member(client)
    ReuseFactory(organisation=home(user), asked_on=clock.today())
    client.get(reverse("catalog:reuse_list"))  # what only the first page of a session asks
    counts = []
    for _more in range(2):
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("catalog:reuse_list"))
        counts.append(len(queries))
        ReuseFactory.create_batch(2, organisation=home(user))
    assert counts[0] == counts[1] <= 12
    assert "Noch zu bestätigen" in page.text


# Support


def offer(client, solution, user, **more):
    data = {
        "seen": 0, "organisation": home(user).public_id, "kinds": ["training"], "text": "Schulungen",
        "link": "example.org/hilfe", "cc0": "on", **more,
    }  # fmt: skip
    return client.post(reverse("catalog:support_offer", args=[solution.slug]), data)


def test_a_company_is_shown_after_the_check(client, mailoutbox):
    solution, advisor = SolutionFactory(), staff("advisor")
    user = member(client, company=True, name="Hilfe GmbH")
    assert offer(client, solution, user).status_code == 302
    support = Support.objects.get()
    assert support.state == SupportState.WAITING
    assert not Solution.objects.supported().exists()
    assert "Hilfe GmbH" not in client.get(solution.get_absolute_url()).text
    assert Notification.objects.filter(user=advisor, kind="catalog.support_offered").exists()
    decide = reverse("catalog:support_decide", args=[solution.slug, support.organisation.slug])
    shown = {"seen": support.revision, "decision": "show"}
    assert client.post(decide, shown).status_code == 403

    login(client, advisor)
    assert client.get(reverse("admin:catalog_support_changelist")).status_code == 200
    assert client.post(decide, {**shown, "seen": 99}).status_code == 409
    assert client.post(decide, {**shown, "decision": "refuse"}).status_code == 409
    assert client.post(decide, shown).status_code == 302
    assert Notification.objects.filter(user=user, kind="catalog.support_decided").exists()
    page = client.get(solution.get_absolute_url()).text
    assert "Hilfe GmbH" in page
    assert "Schulungen" in page

    login(client, user)
    assert offer(client, solution, user, text="Mehr", seen=1).status_code == 422  # an older form
    support.refresh_from_db()
    offer(client, solution, user, text="Mehr", seen=support.revision)
    support.refresh_from_db()
    assert (support.state, support.text) == (SupportState.WAITING, "Mehr")
    withdraw = reverse("catalog:support_withdraw", args=[solution.slug, support.organisation.slug])
    assert client.post(withdraw).status_code == 302
    assert [event.kind for event in support.events.all()] == [
        "offered", "shown", "offered", "withdrawn",
    ]  # fmt: skip


def test_the_ladder_of_support(client):
    solution = SolutionFactory()
    address = reverse("catalog:support_offer", args=[solution.slug])
    assert client.get(address).status_code == 302
    login(client, MembershipFactory().user)
    assert client.get(address).status_code == 403
    user = member(client)
    assert client.get(address).status_code == 200
    assert offer(client, solution, user, link="javascript:alert(1)").status_code == 422
    refused = offer(client, solution, user, cc0="")
    assert refused.status_code == 422
    assert "Geben Sie Ihre Texte unter CC0 1.0 frei" in refused.text
    assert not Support.objects.exists()
    offer(client, solution, user, text=HOSTILE)
    support = Support.objects.get()
    assert support.is_shown
    grant = support.grants.get()
    assert (grant.person, grant.wording) == (user, grants.CURRENT)
    assert HOSTILE not in client.get(solution.get_absolute_url()).text
    member(client, company=True)
    assert client.get(support.get_absolute_url()).status_code == 404


def test_contractors_and_offers_are_one_list(db):
    solution = services.entries.Solution()
    solution.slug, solution.state = "x", "published"
    solution.published_at = clock.now()
    contractors = [
        {"name": "zeta  GmbH", "until": "2020-01-01", "website": "javascript:alert(1)"},
        {"name": "Hilfe GMBH", "until": "2099-01-01"},
        {"name": "Beta AG", "until": "kaputt"},
        "kein Eintrag",
    ]
    document = {"name": "X", "maintenance": {"contractors": contractors}}
    write_document(solution, document, origin="import", findings=[])
    helper = OrganisationFactory(company=True, name="Hilfe GmbH")
    Support.objects.create(solution=solution, organisation=helper, text="Alles")
    found = supporters_of(solution)
    assert [one.name for one in found] == ["Beta AG", "Hilfe GmbH", "zeta  GmbH"]
    assert [one.has_ended for one in found] == [False, False, True]
    assert found[1].is_contractor
    assert found[1].text == "Alles"
    assert found[2].link is None
