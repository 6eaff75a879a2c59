"""Keeping the network in the work area: what is typed is put right, roles are given by who may."""

from __future__ import annotations

import pytest

from network.models import Expertise, MembershipEvent, Organisation
from network.profile import save_expertise
from tests.factories import MembershipFactory, OrganisationFactory, staff

pytestmark = pytest.mark.django_db
ADD = "/admin/network/organisation/add/"


def login(client, role: str):
    user = staff(role)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def organisation(**changes: str) -> dict[str, str]:
    return {
        "name": "Muster-IT",
        "slug": "muster-it",
        "kind": "business",
        "domains-TOTAL_FORMS": "1",
        "domains-INITIAL_FORMS": "0",
        "domains-0-domain": "muster.example",
        "expertise-TOTAL_FORMS": "0",
        "expertise-INITIAL_FORMS": "0",
        **changes,
    }


@pytest.mark.parametrize("typed", ["Muster.Example", "@muster.example", " muster.example "])
def test_a_domain_is_kept_as_addresses_are(client, typed):
    login(client, "advisor")

    client.post(ADD, organisation(**{"domains-0-domain": typed}))

    assert Organisation.objects.get().domains.get().domain == "muster.example"


@pytest.mark.parametrize(
    "typed", ["kein domain", "a@b.example", "https://muster.example/", "x" * 300]
)
def test_what_is_no_domain_is_refused(client, typed):
    login(client, "advisor")

    assert client.post(ADD, organisation(**{"domains-0-domain": typed})).status_code == 200
    assert not Organisation.objects.exists()


def test_a_domain_proves_for_one_organisation_only(client):
    OrganisationFactory().domains.create(domain="muster.example")
    login(client, "advisor")

    page = client.post(ADD, organisation(**{"domains-0-domain": "MUSTER.example"}))

    assert "gehört schon" in page.text


def test_an_address_without_a_scheme_is_https(client):
    login(client, "advisor")

    client.post(ADD, organisation(website="muster.example"))

    assert Organisation.objects.get().website == "https://muster.example"


def test_a_name_of_which_folding_leaves_nothing_is_no_server_error(client):
    login(client, "advisor")

    assert client.post(ADD, organisation(name="\u0301")).status_code == 302


def test_a_topic_keeps_its_address(client):
    topic = save_expertise(slug="betrieb", name_de="Betrieb", name_en="Operation")
    login(client, "advisor")

    client.post(
        f"/admin/network/expertise/{topic.pk}/change/",
        {"slug": "anders", "name_de": "Betreiben", "name_en": "Operation"},
    )

    kept = Expertise.objects.get(name_de="Betreiben")
    assert (kept.pk, kept.slug) == (topic.pk, "betrieb")


@pytest.mark.parametrize(
    ("role", "is_editor", "is_manager"),
    [("advisor", True, False), ("lead", True, True), ("operator", False, False)],
)
def test_who_gives_which_role(client, role, is_editor, is_manager):
    actor = login(client, role)
    membership = MembershipFactory()

    client.post(
        f"/admin/network/membership/{membership.pk}/change/",
        {"is_editor": "on", "is_manager": "on"},
    )

    membership.refresh_from_db()
    assert (membership.is_editor, membership.is_manager) == (is_editor, is_manager)
    events = MembershipEvent.objects.filter(kind="roles", actor=actor)
    assert events.count() == (1 if is_editor else 0)


def test_nobody_gives_a_role_to_oneself(client):
    lead = login(client, "lead")
    membership = MembershipFactory(user=lead)

    client.post(f"/admin/network/membership/{membership.pk}/change/", {"is_manager": "on"})

    membership.refresh_from_db()
    assert not membership.is_manager
