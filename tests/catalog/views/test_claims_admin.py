from __future__ import annotations

import pytest
from django.urls import reverse

from catalog.enums import ClaimState, Proof
from catalog.importing import import_publiccode
from catalog.models import RepositoryAlias
from catalog.services import aliases, claims
from tests.catalog.claiming import agrees, fresh
from tests.catalog.files import publiccode_file
from tests.factories import staff

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
CLAIM_STEPS = ["review", "decide", "letter", "look"]


def login(client, user):
    client.force_login(user, backend=BACKEND)


def url(name, row):
    return reverse(f"admin:catalog_{name}", args=[row.public_id])


@pytest.mark.parametrize(("who", "status"), [("visitor", 302), ("editor", 302), ("operator", 403)])
def test_only_advisors_come_in(client, world, claiming, who, status):
    claim = claiming.ready()
    login(client, staff("operator") if who == "operator" else getattr(world, who))

    for name in CLAIM_STEPS:
        method = client.get if name == "review" else client.post
        assert method(url(f"claim_{name}", claim)).status_code == status
    for name in ("page", "end"):
        method = client.get if name == "page" else client.post
        row = url(f"maintainership_{name}", world.maintainership)
        assert method(row, {"why": "other", "reason": "x"}).status_code == status
    for name in ("claim", "maintainership", "repositoryalias"):
        assert client.get(reverse(f"admin:catalog_{name}_changelist")).status_code == status
    assert client.post(reverse("admin:catalog_repositoryalias_add")).status_code == status
    assert fresh(claim).is_open
    assert agrees(world.solution)


def test_the_review_shows_what_was_found_and_decides(client, world, claiming):
    claiming.free()
    claim = claiming.claim(Proof.CODE)
    login(client, world.advisor)
    page = client.get(url("claim_review", claim))
    assert page.status_code == 200
    assert "noch nicht gesucht" in page.text
    assert "keinen Nachweis" in page.text.replace("Es gibt noch keinen Nachweis", "keinen Nachweis")
    assert claim.code not in page.text

    response = client.post(url("claim_decide", claim), {"decision": "accept", "reason": "Weil."})
    assert response.status_code == 409
    assert "Weil." in response.text
    assert client.post(url("claim_letter", claim), {"received_on": "morgen"}).status_code == 422
    assert client.post(url("claim_letter", claim), {"received_on": "2999-01-01"}).status_code == 422
    day = {"received_on": "2026-01-02"}
    assert client.post(url("claim_letter", claim), day).status_code == 302
    assert client.post(url("claim_letter", claim), day).status_code == 409
    for data in ({"reason": "Weil."}, {"decision": "accept"}, {"decision": "x", "reason": "y"}):
        assert client.post(url("claim_decide", claim), data).status_code == 422
    data = {"decision": "accept", "reason": "Brief liegt vor."}
    assert client.post(url("claim_decide", claim), data).status_code == 302
    assert client.post(url("claim_decide", claim), data).status_code == 409
    assert fresh(world.solution).maintainer == claiming.office
    assert fresh(claim).state == ClaimState.ACCEPTED
    page = client.get(url("claim_review", claim)).text
    assert "Brief liegt vor." in page
    assert 'name="decision"' not in page
    assert client.get(url("claim_decide", claim)).status_code == 405


def test_a_contest_is_refused_with_both_sides_on_the_page(client, world, claiming):
    claim = claiming.ready()
    login(client, world.advisor)
    assert "kann noch antworten" in client.get(url("claim_review", claim)).text
    claims.answer_claim(claim.pk, actor=world.editor, text="<b>Wir</b> bleiben.")
    page = client.get(url("claim_review", claim)).text
    assert "&lt;b&gt;Wir&lt;/b&gt; bleiben." in page
    assert client.post(url("claim_look", claim)).status_code == 302  # has no code: told, no error

    client.post(url("claim_decide", claim), {"decision": "refuse", "reason": "Kein Auftrag."})

    assert fresh(claim).state == ClaimState.REFUSED
    assert not fresh(world.maintainership).is_contested
    history = client.get(url("maintainership_page", world.maintainership)).text
    assert "ist nicht mehr bestritten" in history


def test_an_entry_is_taken_away_once(client, world, claiming):
    page = url("maintainership_end", world.maintainership)
    login(client, world.advisor)
    assert client.get(page).status_code == 405
    for data in ({"why": "other"}, {"reason": "x"}, {"why": "contest", "reason": "x"}):
        assert client.post(page, data).status_code == 422
    for _ in range(2):
        data = {"why": "unreachable", "reason": "Keine Antwort."}
        assert client.post(page, data).status_code == 302
    assert fresh(world.maintainership).events.filter(kind="lost").count() == 1
    shown = client.get(url("maintainership_page", world.maintainership)).text
    assert "Keine Antwort." in shown
    assert "Eintrag entziehen" not in shown


@pytest.mark.parametrize("name", ["claim", "maintainership"])
def test_lists_lead_to_the_pages_and_change_nothing(client, world, claiming, name):
    row = claiming.ready() if name == "claim" else world.maintainership
    login(client, world.advisor)
    target = url("claim_review" if name == "claim" else "maintainership_page", row)
    listed = reverse(f"admin:catalog_{name}_changelist")
    for query in ("?q=Termin", "?bereit=ja", "?bereit=nein", "?state__exact=open", "?bereit=x"):
        if name == "claim" or "bereit" not in query:
            assert client.get(listed + query).status_code == 200
    assert target in client.get(listed).text
    assert client.get(reverse(f"admin:catalog_{name}_change", args=[row.pk]))["Location"] == target
    assert client.get(reverse(f"admin:catalog_{name}_add")).status_code == 403
    assert client.get(reverse(f"admin:catalog_{name}_delete", args=[row.pk])).status_code == 403


def test_the_review_costs_the_same_with_more_claims(
    client, world, claiming, django_assert_max_num_queries
):
    from tests.factories import MembershipFactory

    login(client, world.advisor)
    claim = claiming.ready()
    client.get(url("claim_review", claim))  # the first page writes the session

    def count():
        with django_assert_max_num_queries(12) as caught:
            client.get(url("claim_review", claim))
        return len(caught)

    def another():
        other = MembershipFactory(editor=True)
        claiming.ready(organisation=other.organisation, author=other.user)

    another()
    one = count()
    another()
    another()
    assert count() == one


class TestAliases:
    add = "admin:catalog_repositoryalias_add"

    def post(self, client, world, address, entry=""):
        entry = entry or world.solution.slug
        return client.post(reverse(self.add), {"entry": entry, "address": address})

    def test_added_once_and_removed_with_events(self, client, world):
        login(client, world.advisor)
        address = "HTTPS://GitLab.example/alt/Sache.git"
        assert self.post(client, world, address).status_code == 302
        page = f"https://portal.example{world.solution.get_absolute_url()}"
        assert self.post(client, world, address, entry=page).status_code == 302

        alias = RepositoryAlias.objects.get()
        assert alias.repository_url == "https://gitlab.example/alt/sache"
        added = world.solution.events.get(kind="alias_added")
        assert (added.actor, added.data) == (world.advisor, {"alias": alias.pk})
        shown = reverse("admin:catalog_repositoryalias_change", args=[alias.pk])
        assert client.get(shown).status_code == 200
        assert client.post(shown, {"address": "x"}).status_code == 403
        gone = reverse("admin:catalog_repositoryalias_delete", args=[alias.pk])
        assert client.get(gone).status_code == 200
        client.post(gone, {"post": "yes"})
        assert not RepositoryAlias.objects.exists()
        assert world.solution.events.filter(kind="alias_removed").count() == 1
        assert not aliases.remove_alias(alias.pk, actor=world.advisor)

    def test_many_are_removed_each_with_its_event(self, client, world):
        login(client, world.advisor)
        keys = [
            aliases.add_alias(
                world.solution.pk, address=f"https://a.example/b/{n}", actor=world.advisor
            ).pk
            for n in range(3)
        ]
        listed = reverse("admin:catalog_repositoryalias_changelist")
        data = {"action": "delete_selected", "_selected_action": keys, "post": "yes"}
        client.post(listed, data)
        assert world.solution.events.filter(kind="alias_removed").count() == 3

    @pytest.mark.parametrize(
        ("address", "entry"),
        [
            ("", ""), ("https://", ""), ("https://host.example", ""), ("kein", ""), ("x" * 501, ""),
            ("javascript:alert(1)", ""), ("https://a.example/b/c", "gibt-es-nicht"), ("\x00", ""),
        ],
    )  # fmt: skip
    def test_what_is_no_repository_is_said_at_the_field(self, client, world, address, entry):
        login(client, world.advisor)
        response = self.post(client, world, address, entry)
        assert response.status_code == 200
        assert response.context["adminform"].errors
        assert not RepositoryAlias.objects.exists()

    def test_no_address_leads_to_two_entries(self, client, world):
        other = import_publiccode(
            publiccode_file(name="Andere", url="https://forge.example/andere"), publish=True
        ).solution
        aliases.add_alias(other.pk, address="https://alt.example/a/b", actor=world.advisor)
        login(client, world.advisor)
        for address in ("https://alt.example/a/b.git", "https://www.forge.example/Andere"):
            response = self.post(client, world, address)
            assert "Andere" in str(response.context["adminform"].errors)
        own = world.solution.repository_url
        assert "jetzige Adresse" in str(self.post(client, world, own).context["adminform"].errors)
        with pytest.raises(aliases.AliasRefused):
            aliases.add_alias(
                world.solution.pk, address="https://alt.example/a/b", actor=world.advisor
            )
        assert RepositoryAlias.objects.count() == 1
