"""Meine Daten: what is stored, the copy, and the end of the account."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from network.enums import MembershipState
from network.models import Membership
from osk_portal import portal
from osk_portal.accounts.models import AccountEvent, User
from osk_portal.accounts.own_data import FORMER
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.pages import own_calendar, own_data
from osk_portal.pages.models import BarrierReport, CalendarAddress
from osk_portal.toolkit import clock
from sandbox.models import Booking
from tests.conftest import Bells
from tests.consulting.test_services import at_once
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory, staff
from tests.sandbox.world import book, product

BACKEND = "django.contrib.auth.backends.ModelBackend"
PAGE, COPY, END = "/mein/daten/", "/mein/daten/kopie/", "/mein/daten/konto-loeschen/"
PASSWORD = "ein-langes-Passwort"


def signed_in(user: User, *, method: str = "password", age: float = 0) -> Client:
    """Signed in, and proved to be there ``age`` seconds ago."""
    browser = Client()
    browser.force_login(user, backend=BACKEND)
    session = browser.session
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [
        {"method": method, "at": time.time() - age, "reauthenticated": True}
    ]
    session.save()
    return browser


def unpacked(content: bytes) -> tuple[dict[str, Any], str]:
    """The lists by what they are of, and the page."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    lists: dict[str, Any] = {}
    for name in archive.namelist():
        if name.endswith(".json"):
            data = json.loads(archive.read(name))
            assert data["format"] == own_data.FORMAT
            assert data["area"] == name.removesuffix(".json")
            for listed in data["lists"]:
                lists.setdefault(listed["of"], []).extend(listed["rows"])
    return lists, archive.read("uebersicht.html").decode()


def relations_to_people() -> Iterable[str]:
    """Every column that names a person, also of Django's and allauth's tables; a proxy has none of its own."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.proxy:
            continue
        for field in model._meta.get_fields(include_hidden=True):
            if field.concrete and field.is_relation and field.related_model is User:
                yield f"{model._meta.label}.{field.name}"


def test_every_relation_to_a_person_is_in_the_copy_or_left_out_for_a_reason() -> None:
    copied = {rows.of for offer in portal.personal_data for rows in offer.rows}
    left_out = {name: why for offer in portal.personal_data for name, why in offer.left_out.items()}
    there = set(relations_to_people())
    assert there - copied - left_out.keys() == set(), "put it into an app's own_data.py"
    assert left_out.keys() - there == set()
    assert copied & left_out.keys() == set()
    assert all(why.strip() for why in left_out.values())


def test_no_secret_is_named_for_the_copy() -> None:
    for offer in portal.personal_data:
        for rows in offer.rows:
            for lookup in rows.fields:
                name = lookup.rpartition("__")[2]
                assert not any(
                    word in name
                    for word in ("password", "token", "secret", "session", "key", "body_sealed")
                ), (rows.of, lookup)
    of_factors = [
        rows
        for offer in portal.personal_data
        for rows in offer.rows
        if rows.of == "mfa.Authenticator.user"
    ]
    assert of_factors
    assert all("data" not in rows.fields for rows in of_factors)


@pytest.mark.django_db
def test_the_page_names_every_area_and_needs_a_sign_in() -> None:
    assert Client().get(PAGE)["Location"].startswith("/konto/login/")
    page = signed_in(UserFactory()).get(PAGE)
    for offer in portal.personal_data:
        for text in (offer.label, offer.stored, offer.kept):
            assert str(text) in page.text
    assert 'aria-current="page">Meine Daten' in page.text
    assert signed_in(UserFactory()).post(PAGE).status_code == 405


@pytest.mark.django_db
def test_the_copy_holds_what_is_stored_of_this_person_and_of_nobody_else() -> None:
    membership = MembershipFactory(
        organisation__name="BA Beispiel", organisation__authority=True, user__name="Alex <Muster>"
    )
    user, other = membership.user, UserFactory(name="Jemand Anders", email="anders@example.org")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    book(product(), membership)
    own_calendar.renew_address(user=user)
    for person, subject in ((user, "Für mich"), (other, "Für andere")):
        Notification.objects.create(
            user=person, kind="x", subject=subject, dedupe_key=f"x:{person.pk}"
        )
    for email, text in ((user.email, "Knopf fehlt"), ("fremd@example.org", "Bild fehlt")):
        BarrierReport.objects.create(email=email, description=text, answer_by=clock.today())
    browser = signed_in(user)

    answer = browser.post(COPY)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"].startswith('attachment; filename="meine-daten-')
    lists, page = unpacked(answer.content)
    assert lists["accounts.User.pk"][0]["email"] == user.email
    assert len(lists["accounts.User.pk"]) == 1
    assert lists["network.Membership.user"][0]["organisation__name"] == "BA Beispiel"
    assert [row["subject"] for row in lists["notifications.Notification.user"]] == ["Für mich"]
    assert [row["description"] for row in lists["pages.BarrierReport.email"]] == ["Knopf fehlt"]
    assert len(lists["sandbox.Booking.booked_by"]) == 1
    assert len(lists["pages.CalendarAddress.user"]) == 1
    assert lists["usersessions.UserSession.user"][0].keys() == {
        "created_at", "last_seen_at", "ip", "user_agent",
    }  # fmt: skip
    assert "Alex &lt;Muster&gt;" in page
    everything = "".join(json.dumps(rows, ensure_ascii=False) for rows in lists.values()) + page
    token = own_calendar.address_of(user).rpartition("/")[2]
    for hidden in ("Für andere", "Bild fehlt", "anders@example.org", token, user.password):
        assert hidden not in everything
    event = AccountEvent.objects.get(user=user, kind="data_exported")
    assert event.actor == user
    assert browser.get(COPY).status_code == 405


@pytest.mark.django_db
def test_an_old_sign_in_is_proved_again_before_the_copy_and_staff_by_the_second_factor() -> None:
    user = UserFactory()
    old = signed_in(user, age=3600).post(COPY)
    assert old["Location"] == f"/konto/reauthenticate/?next={PAGE}"
    advisor = staff("advisor")
    assert signed_in(advisor).post(COPY)["Location"] == f"/konto/2fa/reauthenticate/?next={PAGE}"
    old_factor = signed_in(advisor, method="mfa", age=3600).post(COPY)
    assert old_factor["Location"].startswith("/konto/2fa/reauthenticate/")
    assert not AccountEvent.objects.filter(kind="data_exported").exists()
    assert signed_in(advisor, method="mfa").post(COPY).status_code == 200


@pytest.mark.django_db
def test_the_copy_costs_one_query_a_list_and_is_limited() -> None:
    user = UserFactory()
    with CaptureQueriesContext(connection) as few:
        own_data.copy_for(user)
    for number in range(30):
        Notification.objects.create(user=user, kind="x", subject="a", dedupe_key=f"x:{number}")
        MembershipFactory(user=user)
    again = User.objects.get(pk=user.pk)  # what was read once a request is read again
    with CaptureQueriesContext(connection) as many:
        own_data.copy_for(again)
    assert len(many) == len(few)
    browser = signed_in(user)
    assert [browser.post(COPY).status_code for _ in range(11)] == [200] * 10 + [429]


@pytest.mark.django_db
def test_a_long_list_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_data, "MOST_ROWS", 2)
    user = UserFactory()
    for number in range(3):
        Notification.objects.create(user=user, kind="x", subject="a", dedupe_key=f"x:{number}")
    listed = next(
        listed
        for area in own_data.areas_of(user)
        for listed in area.lists
        if listed.of == "notifications.Notification.user"
    )
    assert listed.is_cut
    assert len(listed.rows) == 2
    assert "Es gibt mehr" in unpacked(own_data.copy_for(user))[1]


@pytest.mark.django_db
def test_the_end_of_an_account_takes_everything_that_leads_to_the_person(
    bells: Bells, commits: Callable[..., Any]
) -> None:
    authority = OrganisationFactory(authority=True)
    membership = MembershipFactory(organisation=authority, user__name="Alex Muster")
    manager = MembershipFactory(organisation=authority, manager=True)
    waiting = MembershipFactory(user=membership.user, state=MembershipState.PENDING)
    user = membership.user
    address = user.email
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})
    booking = book(product(), membership)
    own_calendar.renew_address(user=user)
    feed = own_calendar.address_of(user)
    Notification.objects.create(user=user, kind="x", subject="Für mich", dedupe_key="x:1")
    report = BarrierReport.objects.create(
        email=address, name="Alex", description="Text", answer_by=clock.today(),
        answer="Danke", answered_at=clock.now(), answered_by=staff("lead"),
    )  # fmt: skip
    open_report = BarrierReport.objects.create(
        email=address, name="Alex", description="Text", answer_by=clock.today()
    )
    elsewhere, browser = signed_in(user), signed_in(user)
    elsewhere.get("/mein/")

    page = browser.get(END)
    assert page.status_code == 200
    for offer in portal.personal_data:
        assert str(offer.afterwards) in page.text
    wrong = browser.post(END, {"password": "falsch"})
    assert "Dieses Passwort stimmt nicht." in wrong.text
    assert "falsch" not in wrong.text
    assert User.objects.get(pk=user.pk).is_active

    with commits():
        done = browser.post(END, {"password": PASSWORD}, follow=True)
    assert "Ihr Konto ist gelöscht" in done.text
    user = User.objects.get(pk=user.pk)
    assert user.name == FORMER
    assert user.email.endswith("@osk.invalid")
    assert user.anonymised_at is not None
    assert not user.is_active
    assert not user.has_usable_password()
    for model in (EmailAddress, Authenticator, UserSession, CalendarAddress, Notification):
        assert not model._default_manager.filter(user=user).exists(), model
    assert [mail.subject for mail in OutgoingMail.objects.filter(address=address)] == [
        "Ihr Konto ist gelöscht"
    ]
    assert not OutgoingMail.objects.filter(user=user).exists()
    assert bells.of("osk_portal.notifications.tasks.deliver")
    assert Membership.objects.get(pk=membership.pk).state == MembershipState.ENDED
    assert Membership.objects.get(pk=waiting.pk).state == MembershipState.REFUSED
    booking = Booking.objects.get(pk=booking.pk)
    assert (booking.state, booking.purpose) == ("cancelled", "")
    report.refresh_from_db()
    open_report.refresh_from_db()
    assert (report.name, report.email) == ("", "")
    assert open_report.email == address
    assert user.events.filter(kind="ended", actor=user).count() == 1
    assert (
        Client().get(feed.partition("//")[2].partition("/")[2].join(("/", ""))).status_code == 404
    )
    for session in (browser, elsewhere):
        assert session.get("/mein/")["Location"].startswith("/konto/login/")
    assert manager.user.memberships.get().state == MembershipState.ACTIVE

    # A second time changes nothing, and the address is free for somebody new.
    assert own_data.end_account(user_id=user.pk) is False
    assert user.events.filter(kind="ended").count() == 1
    assert User.objects.create_user(address, PASSWORD, name="Neu").pk != user.pk


@pytest.mark.django_db
def test_who_may_not_go_yet_and_why() -> None:
    manager = MembershipFactory(organisation__name="BA Allein", manager=True)
    lead = staff("lead")
    for user, words in ((manager.user, "BA Allein"), (lead, "OSK-Leitung")):
        browser = signed_in(user, method="mfa")
        page = browser.get(END)
        assert words in page.text
        assert "Konto jetzt löschen" not in page.text
        refused = browser.post(END, {"password": PASSWORD})
        assert "Vorher muss noch etwas geklärt werden." in refused.text
        with pytest.raises(own_data.NotYet):
            own_data.end_account(user_id=user.pk)
        assert User.objects.get(pk=user.pk).is_active
    assert Membership.objects.get(pk=manager.pk).state == MembershipState.ACTIVE
    assert not OutgoingMail.objects.exists()
    # With a second manager the first one may go.
    MembershipFactory(organisation=manager.organisation, manager=True)
    assert own_data.end_account(user_id=manager.user_id)


@pytest.mark.django_db
def test_guessing_the_password_has_an_end() -> None:
    user = UserFactory()
    browser = signed_in(user)
    answers = [browser.post(END, {"password": f"falsch{n}\x00"}).status_code for n in range(11)]
    assert answers == [200] * 10 + [429]
    assert browser.post(END, {"password": PASSWORD}).status_code == 429
    assert User.objects.get(pk=user.pk).is_active


@pytest.mark.django_db
def test_who_has_no_password_proves_it_by_the_factor() -> None:
    user = UserFactory(password=None)
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})
    old = signed_in(user, age=3600)
    assert old.get(END)["Location"].startswith("/konto/reauthenticate/")
    assert old.post(END).status_code == 302
    assert User.objects.get(pk=user.pk).is_active
    assert signed_in(user, method="mfa").post(END)["Location"] == "/"
    assert not User.objects.get(pk=user.pk).is_active


@pytest.mark.django_db(transaction=True)
def test_two_forms_at_once_end_it_once() -> None:
    user = MembershipFactory().user
    outcomes = at_once(
        lambda: own_data.end_account(user_id=user.pk),
        lambda: own_data.end_account(user_id=user.pk),
    )
    assert sorted(map(bool, outcomes)) == [False, True]
    assert User.objects.get(pk=user.pk).events.filter(kind="ended").count() == 1
    assert OutgoingMail.objects.count() == 1
