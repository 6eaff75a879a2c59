"""Wished test environments: asked for, joined, decided, merged, taken back; who sees what of it."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from network.enums import MembershipState
from osk_portal.notifications.models import Notification
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import own_data, portal, wish_mails
from sandbox.enums import WishAction, WishState
from sandbox.models import Wish, WishAsk
from sandbox.services import wishes
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory, staff
from tests.sandbox.test_capacity import at_once
from tests.sandbox.world import product

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def ask(membership=None, name="Zammad", why="Wir brauchen ein Ticketsystem."):
    membership = membership or MembershipFactory()
    return wishes.ask_for(
        user=membership.user,
        organisation=membership.organisation,
        name=name,
        website="https://zammad.example",
        why=why,
    )


def told(user):
    return list(
        Notification.objects.filter(user=user).order_by("pk").values_list("kind", flat=True)
    )


@pytest.fixture
def advisor():
    return staff("advisor")


def as_user(client, user):
    client.force_login(user, backend=BACKEND)
    return client


def page(wish, step="page"):
    return reverse(f"admin:sandbox_wish_{step}", args=[wish.public_id])


def test_several_ask_for_the_same_product_by_whatever_spelling(advisor):
    first, second = MembershipFactory(), MembershipFactory()

    wish = ask(first, "Zammad Übersicht")
    again = ask(second, "zammad-UEBERSICHT ")
    ask(second, "Zammad Übersicht")  # repeated
    ask(MembershipFactory(organisation=second.organisation), "Zammad Übersicht")

    assert again == wish
    assert Wish.objects.counted().get().authorities == 2
    assert wish.asks.count() == 3
    assert told(second.user) == ["sandbox.wish_received"]
    assert told(advisor) == ["sandbox.wish_to_check"]  # once, not for each who joins


def test_only_members_of_entitled_organisations_ask(advisor):
    outsider = MembershipFactory(organisation=OrganisationFactory(other_land=True))
    pending = MembershipFactory(state=MembershipState.PENDING, confirmed_at=None)
    for membership in (outsider, pending):
        with pytest.raises(PermissionDenied):
            ask(membership)


def test_each_step_is_told_and_leads_to_the_product(advisor, engine):
    membership = MembershipFactory()
    wish, blueprint = ask(membership), product()

    wishes.check_wish(wish_id=wish.pk, actor=advisor)
    wishes.try_wish(wish_id=wish.pk, actor=advisor)
    wishes.offer_wish(wish_id=wish.pk, actor=advisor, blueprint=blueprint)

    wish.refresh_from_db()
    assert wish.state == WishState.BOOKABLE
    assert told(membership.user) == ["sandbox.wish_received", *["sandbox.wish_changed"] * 3]
    assert Notification.objects.filter(user=membership.user).latest("pk").url == (
        blueprint.get_absolute_url()
    )
    assert [event.kind for event in wish.events.all()] == ["ask", "check", "try", "offer"]


def test_a_refusal_needs_a_reason_and_can_be_taken_back(advisor):
    membership = MembershipFactory()
    wish = ask(membership)
    with pytest.raises(ValueError, match="told why"):
        wishes.refuse_wish(wish_id=wish.pk, actor=advisor, answer=" ")

    wishes.refuse_wish(wish_id=wish.pk, actor=advisor, answer="Keine freie Lizenz.")
    with pytest.raises(TransitionNotAllowed):
        wishes.refuse_wish(wish_id=wish.pk, actor=advisor, answer="noch einmal")
    wishes.reopen_wish(wish_id=wish.pk, actor=advisor)
    wishes.refuse_wish(wish_id=wish.pk, actor=advisor, answer="Wirklich nicht.")

    assert told(membership.user).count("sandbox.wish_changed") == 3


def test_a_refused_product_can_be_asked_for_anew_and_then_not_be_reopened(advisor):
    old = ask()
    wishes.refuse_wish(wish_id=old.pk, actor=advisor, answer="Nein.")
    new = ask()

    assert new != old
    with pytest.raises(TransitionNotAllowed, match="neu gewünscht"):
        wishes.reopen_wish(wish_id=old.pk, actor=advisor)
    old.refresh_from_db()
    assert old.state == WishState.REFUSED


def test_merging_moves_those_who_ask_and_leads_on(client, advisor):
    both, one = MembershipFactory(), MembershipFactory()
    wish, target = ask(both, "NextCloud Hub"), ask(both, "Nextcloud")
    ask(one, "Nextcloud Hub")

    wishes.merge_wishes(wish_id=wish.pk, target_id=target.pk, actor=advisor)

    wish.refresh_from_db()
    assert wish.state == WishState.MERGED
    assert Wish.objects.counted().get(pk=target.pk).authorities == 2
    assert not wish.asks.exists()
    assert "sandbox.wish_merged" in told(one.user)
    answer = as_user(client, one.user).get(wish.get_absolute_url())
    assert answer["Location"] == target.get_absolute_url()
    with pytest.raises(TransitionNotAllowed):
        wishes.merge_wishes(wish_id=target.pk, target_id=target.pk, actor=advisor)


def test_the_last_who_takes_it_back_ends_the_wish(advisor):
    first, second = MembershipFactory(), MembershipFactory()
    wish = ask(first)
    ask(second)

    wishes.take_back(wish_id=wish.pk, actor=first.user)
    wishes.take_back(wish_id=wish.pk, actor=first.user)
    assert Wish.objects.get().state == WishState.ASKED
    own_data.erase(second.user)

    assert Wish.objects.get().state == WishState.WITHDRAWN
    assert not WishAsk.objects.exists()
    assert ask(first) != wish


def test_who_has_left_the_organisation_hears_nothing_more(advisor):
    membership = MembershipFactory()
    wish = ask(membership)
    type(membership).objects.update(state=MembershipState.ENDED)

    wishes.check_wish(wish_id=wish.pk, actor=advisor)

    assert told(membership.user) == ["sandbox.wish_received"]
    assert not portal._still_allowed(
        membership.user_id, "sandbox.wish_received", str(wish.public_id)
    )


def test_those_who_ask_are_found_by_one_query(advisor):
    first = MembershipFactory()
    wish = ask(first)
    people = [first.user]
    for _n in range(3):
        membership = MembershipFactory()
        ask(membership)
        people.append(membership.user)
    # For two organisations: told once. Who has left one of them is told for the other.
    ask(MembershipFactory(user=people[1]))
    left = ask(gone := MembershipFactory()) and gone
    type(left).objects.filter(pk=left.pk).update(state=MembershipState.ENDED)
    with CaptureQueriesContext(connection) as queries:
        found = wish_mails._people(wish)
    assert len(queries) == 1
    assert found == people


@pytest.mark.parametrize("state", WishState.values)
@pytest.mark.parametrize("action", WishAction.values)
def test_every_action_from_every_state(state, action):
    """The table is what the model keeps to."""
    wish = Wish(name="x", key="x", state=state)
    assert wish.can(WishAction(action)) == (state in Wish.ALLOWED[WishAction(action)])


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_ask_for_one(advisor):
    people = [MembershipFactory() for _number in range(4)]

    at_once(4, lambda number: ask(people[number]))

    assert Wish.objects.count() == 1
    assert Wish.objects.counted().get().authorities == 4


# Pages


def test_the_list_shows_what_the_osk_has_read_and_never_who_asked(client, advisor):
    membership = MembershipFactory(organisation__name="Bezirksamt Geheim")
    wish = ask(membership, why="Vertraulicher Grund")
    address = reverse("sandbox:wish_list")

    assert "Zammad" not in client.get(address).text
    wishes.check_wish(wish_id=wish.pk, actor=advisor)

    text = client.get(address).text
    assert "Zammad" in text
    assert "Bezirksamt Geheim" not in text
    assert "Vertraulicher" not in text
    assert membership.user.name not in text


def test_the_list_costs_the_same_with_many(client, advisor):
    for name in ("Zammad", "Matrix", "Moodle"):
        wishes.check_wish(wish_id=ask(name=name).pk, actor=advisor)
    client.force_login(MembershipFactory().user, backend=BACKEND)
    address = reverse("sandbox:wish_list")
    client.get(address)
    with CaptureQueriesContext(connection) as three:
        client.get(address)
    Wish.objects.filter(name__in=("Matrix", "Moodle")).update(
        state="refused", answer="-", decided_by=advisor
    )
    with CaptureQueriesContext(connection) as one:
        client.get(address)
    assert len(three) == len(one) <= 12


def test_the_ladder_of_a_wish(client, advisor):
    asker, stranger = MembershipFactory(), MembershipFactory()
    wish = ask(asker)
    join = reverse("sandbox:wish_join", args=[wish.public_id])

    assert client.get(wish.get_absolute_url()).status_code == 302
    as_user(client, stranger.user)
    assert client.get(wish.get_absolute_url()).status_code == 404  # nobody has read it yet
    assert client.post(join, {"why": "Wir auch"}).status_code == 404
    wishes.check_wish(wish_id=wish.pk, actor=advisor)
    assert "Ticketsystem" not in client.get(wish.get_absolute_url()).text
    assert client.get(join).status_code == 405
    assert client.post(join, {"why": ""}).status_code == 422
    assert client.post(join, {"why": "Wir auch"}).status_code == 302
    assert client.post(join, {"why": "Wir auch"}).status_code == 302
    assert wish.asks.count() == 2
    outsider = MembershipFactory(organisation=OrganisationFactory(other_land=True)).user
    assert as_user(client, outsider).post(join, {"why": "Wir auch"}).status_code == 403
    back = reverse("sandbox:wish_take_back", args=[wish.public_id])
    as_user(client, stranger.user).post(back)
    client.post(back)
    assert wish.asks.count() == 1
    wishes.refuse_wish(wish_id=wish.pk, actor=advisor, answer="Nein.")
    assert client.post(join, {"why": "Wir auch"}).status_code == 404


def test_asking_by_the_form(client):
    address = reverse("sandbox:wish_new")
    assert client.get(address).status_code == 302
    assert as_user(client, UserFactory()).get(address).status_code == 403
    membership = MembershipFactory()
    as_user(client, membership.user)
    assert "Matrix" in client.get(address, {"produkt": "Matrix"}).text

    refused = client.post(address, {"name": "§§", "website": "http://x", "why": "Mein Grund"})
    assert refused.status_code == 422
    assert "Mein Grund" in refused.text
    for hostile in ("a\u202eb", "x" * 5000, "a\nb", "\0"):
        assert client.post(address, {"name": hostile, "why": "x"}).status_code == 422
    answer = client.post(address, {"name": "<b>Matrix</b>", "website": "", "why": "Chat"})
    wish = Wish.objects.get()
    assert answer["Location"] == wish.get_absolute_url()
    assert "<b>Matrix" not in client.get(wish.get_absolute_url()).text


def test_too_many_wishes_are_slowed_down(client):
    as_user(client, MembershipFactory().user)
    for number in range(20):
        assert client.post(
            reverse("sandbox:wish_new"), {"name": f"Produkt {number}", "why": "x"}
        ).status_code == 302  # fmt: skip
    late = client.post(reverse("sandbox:wish_new"), {"name": "Das 21.", "why": "Lang überlegt."})
    assert late.status_code == 429
    assert "Lang überlegt." in late.text
    form = {
        "name": "Eigenes", "repository": "https://git.example.org/x", "licence": "MIT", "supporter": "Wir",
        "data_statement": "Erfundene Daten.", "why": "Lang überlegt.", "only_test_data": "on",
    }  # fmt: skip
    late = client.post(reverse("sandbox:prototype_new"), form)
    assert late.status_code == 429
    assert "Erfundene Daten." in late.text


def test_what_changes_while_somebody_types_loses_nothing(client, advisor, monkeypatch):
    as_user(client, MembershipFactory().user)

    def decided(*_args):
        raise TransitionNotAllowed("ask", "", "Gerade entschieden.")

    monkeypatch.setattr(wishes, "_ask", decided)
    late = client.post(reverse("sandbox:wish_new"), {"name": "Zammad", "why": "Lang überlegt."})
    assert late.status_code == 409
    assert "Lang überlegt." in late.text
    assert "Gerade entschieden." in late.text
    assert not Wish.objects.exists()
    monkeypatch.undo()

    wish = ask()
    wishes.check_wish(wish_id=wish.pk, actor=advisor)
    join = wishes.join_wish

    def declined_meanwhile(**words):
        wishes.refuse_wish(wish_id=wish.pk, actor=advisor, answer="Nein, aus internem Grund.")
        return join(**words)

    monkeypatch.setattr(wishes, "join_wish", declined_meanwhile)
    late = client.post(
        reverse("sandbox:wish_join", args=[wish.public_id]), {"why": "Lang überlegt."}
    )
    assert late.status_code == 409
    assert "Lang überlegt." in late.text
    assert "internem Grund" not in late.text


# The OSK's side


def test_the_osk_decides_in_the_work_area(client, advisor, engine):
    wish, blueprint = ask(), product()
    as_user(client, advisor)

    assert "Ticketsystem" in client.get(page(wish)).text
    assert client.get(reverse("admin:sandbox_wish_changelist")).status_code == 200
    client.post(page(wish, "check"))
    assert client.post(page(wish, "refuse"), {"reason": ""}).status_code == 422
    assert client.post(page(wish, "offer"), {"blueprint": "0"}).status_code == 422
    client.post(page(wish, "offer"), {"blueprint": blueprint.pk})
    late = client.post(page(wish, "refuse"), {"reason": "Zu spät, aber lang überlegt."})

    assert late.status_code == 409
    assert "Zu spät, aber lang überlegt." in late.text
    wish.refresh_from_db()
    assert wish.state == WishState.BOOKABLE


@pytest.mark.parametrize(
    "step", ["check", "try", "offer", "by_hand", "refuse", "reopen", "renew", "merge", "draft"]
)
def test_members_and_the_wrong_staff_decide_nothing(client, step):
    wish = ask()
    assert as_user(client, MembershipFactory().user).post(page(wish, step)).status_code in (
        302,
        403,
    )
    wrong = "advisor" if step == "draft" else "operator"
    assert as_user(client, staff(wrong)).post(page(wish, step)).status_code == 403
    wish.refresh_from_db()
    assert wish.state == WishState.ASKED
    assert as_user(client, staff("advisor")).get(page(wish, step)).status_code in (403, 405)


def test_an_answer_by_hand_and_a_merge_by_the_forms(client, advisor):
    wish, other = ask(), ask(name="Zammad Cloud")
    as_user(client, advisor)

    assert client.post(page(other, "merge"), {"target": "unsinn"}).status_code == 422
    client.post(page(other, "merge"), {"target": str(wish.public_id)})
    client.post(page(wish, "by_hand"), {"answer": "Rufen Sie uns an."})

    other.refresh_from_db()
    assert other.merged_into == wish
    assert "Rufen Sie uns an." in client.get(wish.get_absolute_url()).text


def test_a_member_of_two_organisations_asks_for_both(advisor):
    first = MembershipFactory()
    second = MembershipFactory(user=first.user)

    ask(first)
    wish = ask(second)

    assert wish.asks.filter(person=first.user).count() == 2
    assert told(first.user) == ["sandbox.wish_received"] * 2


def test_what_is_decided_is_told_in_the_past_and_not_taken_back(client, advisor):
    """The button of the person goes with the decision; the work area shows the state in its colour."""
    member = MembershipFactory()
    wish = ask(member)
    back = reverse("sandbox:wish_take_back", args=[wish.public_id])
    assert back in as_user(client, member.user).get(wish.get_absolute_url()).text

    wishes.refuse_wish(wish_id=wish.pk, actor=advisor, answer="Nein.")

    assert back not in as_user(client, member.user).get(wish.get_absolute_url()).text
    decided = as_user(client, advisor).get(page(wish))
    assert "Abgelehnt" in decided.text
    assert decided.context["badge"] == "danger"
