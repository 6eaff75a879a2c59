"""The gate: who passes, with what, and what a stranger may try."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from ruamel.yaml import YAML

from network.enums import MembershipState
from osk_portal.toolkit import encryption
from sandbox import addresses, services
from sandbox.enums import Desired, EnvironmentState
from sandbox.services import gate
from sandbox.services.participants import (
    invite_guest,
    invite_person,
    remove_participant,
    renew_guest_link,
)
from sandbox.views.gate import COOKIE, ENTER, UPSTREAM
from tests.kubernetes.test_plan import DATA

KEY = "k" * 32
CHECK, CHANGE = reverse("sandbox:gate_check"), reverse("sandbox:gate_change")


@pytest.fixture(autouse=True)
def domain(settings):
    settings.OSK_SANDBOX_DOMAIN = "test.example"
    settings.OSK_SANDBOX_GATE_KEY = KEY


@pytest.fixture
def booking(world):
    return world.book_and_set_up()[0]


def host_of(booking) -> str:
    return urlsplit(addresses.origin_of(booking)).netloc


def ask(
    address: str, host: str, data=None, cookie: str | None = None, ticket_header="", **headers: str
):
    """As the proxy asks: with its key, the host, and no cookie but the pass."""
    proxy = Client()
    if cookie is not None:
        proxy.cookies[COOKIE] = cookie
    given = {"X-OSK-Gate-Key": KEY, "X-Forwarded-Host": host, **headers}
    if ticket_header:
        given["X-OSK-Ticket"] = ticket_header
    return proxy.get(address, data or {}, headers=given)


def ticket_in(url: str) -> str:
    return parse_qs(urlsplit(url).query)["ticket"][0]


def enter(client, booking, path="/"):
    return client.get(reverse("sandbox:gate_enter", args=[booking.public_id]), {"path": path})


def pass_of(client, booking, host: str = "") -> str:
    """All the way: the portal's ticket, changed at the environment's host."""
    led = enter(client, booking)
    assert led.status_code == 302, led.content
    answer = ask(CHANGE, host or host_of(booking), {"ticket": ticket_in(led["Location"])})
    return answer.cookies[COOKIE].value


def check(booking, cookie: str | None, **headers: str):
    return ask(CHECK, host_of(booking), cookie=cookie, **headers)


def status(booking, cookie: str | None) -> int:
    return check(booking, cookie).status_code


def test_who_booked_comes_in_by_a_ticket_that_is_changed_for_a_pass(signed_in, world, booking):
    led = enter(signed_in(world.booker), booking, "/seite?a=1&b=ü")

    assert led["Location"].startswith(f"https://{booking.public_id.hex}.test.example/.osk/?ticket=")
    assert (led["Cache-Control"], led["Referrer-Policy"]) == ("no-store", "no-referrer")
    answer = ask(CHANGE, host_of(booking), {"ticket": ticket_in(led["Location"])})
    assert answer.status_code == 302
    assert answer["Location"] == "/seite?a=1&b=%C3%BC"
    morsel = answer.cookies[COOKIE]
    assert (morsel["secure"], morsel["httponly"], morsel["samesite"]) == (True, True, "Lax")
    assert (morsel["path"], morsel["domain"]) == ("/", "")
    assert set(answer.cookies) == {COOKIE}

    passed = check(booking, morsel.value)
    assert passed.status_code == 204
    assert passed[UPSTREAM] == "127.0.0.1:21000"
    assert not passed.cookies


def test_a_pass_tells_nothing_of_the_portals_session(signed_in, world, booking):
    client = signed_in(world.booker)
    led = enter(client, booking)

    assert client.session.session_key not in led["Location"]
    assert client.session.session_key not in pass_of(client, booking)


def test_the_check_costs_two_queries_and_one_for_a_guest(
    signed_in, world, booking, django_assert_num_queries
):
    guest = invite_guest(
        booking_id=booking.pk, actor=world.booker, name="Gast", email="gast@example.org"
    )
    mine = pass_of(signed_in(world.booker), booking)
    theirs = pass_of_guest(guest)

    with django_assert_num_queries(2):
        assert status(booking, mine) == 204
    with django_assert_num_queries(1):
        assert status(booking, theirs) == 204
    with django_assert_num_queries(0):
        assert status(booking, "forged") == 401


def test_others_get_no_ticket(signed_in, world, booking):
    for who, expected in [("stranger", 404), ("colleague", 404), ("manager", 403)]:
        assert enter(signed_in(getattr(world, who)), booking).status_code == expected, who


def test_anonymous_reads_what_to_do_whether_or_not_the_booking_exists(client, booking, world):
    there = enter(client, booking, "/seite")
    booking.public_id = world.stranger.public_id
    not_there = enter(client, booking, "/seite")

    assert there.status_code == not_there.status_code == 200
    assert "next=%2Ftestumgebung%2Ftor%2F" in there.text
    assert "als Gast" in not_there.text


def test_post_is_no_way_in(signed_in, world, booking):
    url = reverse("sandbox:gate_enter", args=[booking.public_id])

    assert signed_in(world.booker).post(url).status_code == 405


def test_without_the_proxys_key_the_addresses_do_not_exist(booking):
    for key, address in product(("", "wrong", KEY + "x", "ü" * 32), (CHECK, CHANGE)):
        headers = {"X-OSK-Gate-Key": key, "X-Forwarded-Host": host_of(booking)}

        assert Client().get(address, headers=headers).status_code == 404
        assert Client().post(address, headers=headers).status_code in (404, 405)


def test_without_a_setting_there_is_no_gate(settings, signed_in, world, booking):
    host = host_of(booking)
    settings.OSK_SANDBOX_GATE_KEY = ""
    assert ask(CHECK, host, **{"X-OSK-Gate-Key": ""}).status_code == 404
    settings.OSK_SANDBOX_DOMAIN, settings.OSK_SANDBOX_GATE_KEY = "", KEY
    assert ask(CHECK, host).status_code == 404
    assert enter(signed_in(world.booker), booking).status_code == 404


def test_a_ticket_works_once(signed_in, world, booking):
    ticket = ticket_in(enter(signed_in(world.booker), booking)["Location"])
    first, second = (ask(CHANGE, host_of(booking), {"ticket": ticket}) for _ in range(2))

    assert COOKIE in first.cookies
    assert not second.cookies
    assert second["Location"] == "/"


def test_a_ticket_is_good_for_a_minute(signed_in, world, booking, clock):
    from osk_portal.toolkit import clock as portal_clock

    ticket = ticket_in(enter(signed_in(world.booker), booking)["Location"])
    clock.move_to(portal_clock.now() + timedelta(seconds=61))

    assert not ask(CHANGE, host_of(booking), {"ticket": ticket}).cookies


def test_ticket_and_pass_are_good_for_one_host(signed_in, world, booking):
    other, _environment = world.book_and_set_up()
    client = signed_in(world.booker)
    ticket = ticket_in(enter(client, booking)["Location"])
    mine = pass_of(client, booking)

    assert not ask(CHANGE, host_of(other), {"ticket": ticket}).cookies
    assert status(other, mine) == 401
    assert status(booking, mine) == 204


def test_a_ticket_is_no_pass_and_a_pass_no_ticket(signed_in, world, booking):
    client = signed_in(world.booker)
    ticket = ticket_in(enter(client, booking)["Location"])

    assert status(booking, ticket) == 401
    assert not ask(CHANGE, host_of(booking), {"ticket": pass_of(client, booking)}).cookies


def test_what_the_portal_sealed_for_something_else_is_no_pass(booking):
    for text in ("a password", "[]", "7", '"pass"', "{}"):
        sealed = encryption.encrypt(text).rstrip("=")
        assert status(booking, sealed) == 401, text
        assert not ask(CHANGE, host_of(booking), {"ticket": sealed}).cookies


def test_what_the_portal_did_not_seal_is_no_pass(booking):
    for cookie in [None, "", "x", "ü", "A" * 20_000, "gAAAAABm" + "A" * 90]:
        assert status(booking, cookie) == 401, cookie


TRICKY_HOSTS = (
    "",
    "test.example",
    "localhost",
    "{label}.test.example.org",
    "{label}.evil.test.example",
    "{label}test.example",
    "x{label}.test.example",
    "{label}.test.example, localhost",
    "{label}.test.example/",
    "{label}.test.example@evil.example",
)


def test_tricks_with_the_host_lead_nowhere(signed_in, world, booking):
    mine = pass_of(signed_in(world.booker), booking)
    for host in TRICKY_HOSTS:
        answer = ask(CHECK, host.format(label=booking.public_id.hex), cookie=mine)

        assert answer.status_code == 401, host
        assert urlsplit(answer[ENTER]).netloc == "localhost:8000"


def test_the_same_host_written_otherwise(signed_in, world, booking):
    mine = pass_of(signed_in(world.booker), booking)
    for host in ("{}.TEST.example", "{}.test.example:443"):
        assert ask(CHECK, host.format(booking.public_id.hex), cookie=mine).status_code == 204


def test_the_host_is_that_of_the_proxy_alone(signed_in, world, booking):
    """What stands in the request's own Host header, or in headers of our names, is not asked."""
    mine = pass_of(signed_in(world.booker), booking)

    assert ask(CHECK, "localhost", cookie=mine, **{UPSTREAM: "10.0.0.1:80"}).status_code == 401
    assert check(booking, mine, **{UPSTREAM: "10.0.0.1:80"})[UPSTREAM] == "127.0.0.1:21000"


TRICKY_PATHS = (
    "//evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "evil.example",
    "/x\r\nSet-Cookie: a=b",
    "/.osk/?ticket=x",
    "/" + "x" * 3000,
    "",
    "/a\\b",
    "/\t/evil.example",
)


def test_the_way_back_leads_to_the_same_host_only(signed_in, world, booking):
    client = signed_in(world.booker)
    for path in TRICKY_PATHS:
        ticket = ticket_in(enter(client, booking, path)["Location"])
        answer = ask(CHANGE, host_of(booking), {"ticket": ticket})

        assert answer["Location"] == "/", path
        assert set(answer.cookies) == {COOKIE}


def test_who_is_not_in_is_told_the_page_of_the_portal(booking):
    answer = check(booking, None, **{"X-Forwarded-Uri": "/a?b=1&c=2"})

    assert answer.status_code == 401
    page = reverse("sandbox:gate_enter", args=[booking.public_id])
    assert answer[ENTER] == f"http://localhost:8000{page}?path=%2Fa%3Fb%3D1%26c%3D2"


def test_a_proxy_that_hands_answers_on_gets_redirects_for_pages_only(booking):
    direct = f"{CHECK}?proxy=traefik"
    host = host_of(booking)

    assert ask(direct, host).status_code == 302
    assert ask(direct, host, **{"X-Forwarded-Method": "POST"}).status_code == 401
    assert ask(direct, host, **{"Sec-Fetch-Mode": "cors"}).status_code == 401


def test_such_a_proxy_hears_which_cookies_the_product_may_have(signed_in, world, booking):
    mine = pass_of(signed_in(world.booker), booking)
    for sent, kept in {
        f"a=1; {COOKIE}={mine}; b=2": "a=1; b=2",
        f'{COOKIE}={mine};a="x y"': 'a="x y"',
        f"{COOKIE}=x; a=1; {COOKIE}={mine}": "a=1",
        f"{COOKIE}={mine}": None,
    }.items():
        headers = {
            "X-OSK-Gate-Key": KEY,
            "X-Forwarded-Host": host_of(booking),
            "Cookie": sent,
        }
        answer = Client().get(f"{CHECK}?proxy=traefik", headers=headers)
        assert (answer.status_code, answer.get("Cookie")) == (204, kept), sent


def test_traefik_asks_for_what_runs(world, booking, django_assert_num_queries):
    other, _environment = world.book_and_set_up()
    routes = reverse("sandbox:gate_routes")
    with django_assert_num_queries(1):
        told = ask(routes, "").json()["http"]

    name = f"osk-{booking.public_id.hex}"
    assert told["routers"][name]["rule"] == f"Host(`{host_of(booking)}`)"
    assert told["services"][name]["loadBalancer"]["servers"] == [{"url": "http://127.0.0.1:21000"}]
    assert len(told["routers"]) == 2
    for each in (booking, other):
        services.end_booking(booking_id=each.pk, actor=world.booker)
    assert ask(routes, "").json() == {}
    assert Client().get(routes).status_code == 404


# What ends a right, at once


def test_the_end_of_the_booking(signed_in, world, booking):
    mine = pass_of(signed_in(world.booker), booking)
    services.end_booking(booking_id=booking.pk, actor=world.booker)

    assert status(booking, mine) == 403


def test_the_end_of_the_window(signed_in, world, booking, clock):
    client = signed_in(world.booker)
    clock.move_to(booking.ends_at - timedelta(minutes=1))
    client.force_login(world.booker, backend="django.contrib.auth.backends.ModelBackend")
    mine = pass_of(client, booking)
    assert status(booking, mine) == 204
    clock.move_to(booking.ends_at)

    assert status(booking, mine) == 403


def test_the_end_of_the_membership(signed_in, world, booking):
    mine = pass_of(signed_in(world.booker), booking)
    world.booker.memberships.update(state=MembershipState.ENDED)

    assert status(booking, mine) == 403


def test_the_end_of_the_account(signed_in, world, booking):
    mine = pass_of(signed_in(world.booker), booking)
    type(world.booker).objects.filter(pk=world.booker.pk).update(is_active=False)

    assert status(booking, mine) == 403


def test_signing_out_at_the_portal(signed_in, world, booking):
    client = signed_in(world.booker)
    mine = pass_of(client, booking)
    client.logout()

    assert status(booking, mine) == 403


def test_the_age_of_a_pass(signed_in, world, booking, clock, settings):
    from osk_portal.toolkit import clock as portal_clock

    mine = pass_of(signed_in(world.booker), booking)
    clock.move_to(portal_clock.now() + timedelta(hours=settings.OSK_SESSION_ABSOLUTE_HOURS + 1))

    assert status(booking, mine) == 401


def test_a_pass_ends_with_the_login_however_late_it_was_fetched(
    signed_in, world, booking, clock, settings
):
    from osk_portal.toolkit import clock as portal_clock

    client, began = signed_in(world.booker), portal_clock.now()
    client.get(booking.get_absolute_url())
    settings.OSK_SESSION_IDLE_MINUTES = 60 * 24
    clock.move_to(began + timedelta(hours=settings.OSK_SESSION_ABSOLUTE_HOURS - 1))
    mine = pass_of(client, booking)
    assert status(booking, mine) == 204
    clock.move_to(began + timedelta(hours=settings.OSK_SESSION_ABSOLUTE_HOURS, minutes=1))

    assert status(booking, mine) == 401


def test_what_does_not_run(signed_in, world, booking):
    client = signed_in(world.booker)
    mine = pass_of(client, booking)
    for state in (EnvironmentState.STARTING, EnvironmentState.TEARING_DOWN):
        booking.environments.update(state=state)

        assert status(booking, mine) == 403
        led = enter(client, booking)
        assert (led.status_code, led["Location"]) == (302, booking.get_absolute_url())


def test_what_is_to_be_removed_is_closed_and_sends_nobody_in_circles(signed_in, world, booking):
    client = signed_in(world.booker)
    booking.environments.update(desired=Desired.ABSENT)

    assert enter(client, booking)["Location"] == booking.get_absolute_url()


FOREIGN = (
    "https://10.0.0.1/",
    "http://test.example.org/",
    "http://8.8.8.8/",
    "http://[::1]/",
    "file:///etc/passwd",
    "http://169.254.169.254/",
    "http://0.0.0.0/",
)


def test_the_gate_leads_only_to_private_addresses_of_an_engine(signed_in, world, booking):
    client = signed_in(world.booker)
    mine = pass_of(client, booking)
    for endpoint in FOREIGN:
        booking.environments.update(endpoint=endpoint)

        assert status(booking, mine) == 403, endpoint
        assert endpoint in client.get(booking.get_absolute_url()).text


# Who tests along


def test_who_takes_part_passes_until_removed(signed_in, world, booking):
    participant = invite_person(
        booking_id=booking.pk, actor=world.booker, email=world.colleague.email
    )
    theirs = pass_of(signed_in(world.colleague), booking)
    assert status(booking, theirs) == 204
    remove_participant(participant_id=participant.pk, actor=world.booker)

    assert status(booking, theirs) == 403
    assert enter(signed_in(world.colleague), booking).status_code == 404


def test_who_was_only_asked_does_not_pass(signed_in, world, booking):
    invite_person(booking_id=booking.pk, actor=world.booker, email=world.stranger.email)

    assert enter(signed_in(world.stranger), booking).status_code == 404


def pass_of_guest(guest) -> str:
    led = Client().get(guest.get_absolute_url(), {"oeffnen": "1"})
    assert led["Referrer-Policy"] == "no-referrer"
    answer = ask(CHANGE, host_of(guest.booking), {"ticket": ticket_in(led["Location"])})
    return answer.cookies[COOKIE].value


def test_a_guest_passes_by_the_link_until_it_is_renewed_or_taken_back(world, booking):
    guest = invite_guest(
        booking_id=booking.pk, actor=world.booker, name="Gast", email="gast@example.org"
    )
    page = Client().get(guest.get_absolute_url())
    assert f"{guest.get_absolute_url()}?oeffnen=1" in page.text
    first = pass_of_guest(guest)
    assert status(booking, first) == 204

    renew_guest_link(participant_id=guest.pk, actor=world.booker)
    assert status(booking, first) == 403
    guest.refresh_from_db()
    second = pass_of_guest(guest)
    assert status(booking, second) == 204
    remove_participant(participant_id=guest.pk, actor=world.booker)
    assert status(booking, second) == 403
    assert Client().get(guest.get_absolute_url(), {"oeffnen": "1"}).status_code == 404


def test_whoever_stands_in_passes_and_whoever_gave_it_away_does_not(signed_in, world, booking):
    services.name_deputy(booking_id=booking.pk, actor=world.booker, deputy=world.colleague)
    deputys = pass_of(signed_in(world.colleague), booking)
    other = Client()
    other.force_login(world.booker, backend="django.contrib.auth.backends.ModelBackend")
    mine = pass_of(other, booking)
    assert (status(booking, deputys), status(booking, mine)) == (204, 204)

    services.hand_over_booking(
        booking_id=booking.pk, person=world.booker, successor=world.colleague, actor=world.booker
    )
    assert (status(booking, deputys), status(booking, mine)) == (204, 403)


def test_the_management_passes_while_it_has_taken_over(signed_in, world, booking):
    services.take_over_booking(booking_id=booking.pk, actor=world.manager, reason="Urlaub")
    theirs = pass_of(signed_in(world.manager), booking)
    assert status(booking, theirs) == 204

    services.end_takeover(booking_id=booking.pk, actor=world.manager)
    assert status(booking, theirs) == 403


# What the pages show


def test_the_page_shows_the_gates_address_and_leads_through_it(signed_in, world, booking):
    page = signed_in(world.booker).get(booking.get_absolute_url()).text
    environment = booking.environments.get()

    assert f"{addresses.origin_of(booking)}/{environment.backend_key}" in page
    assert reverse("sandbox:gate_enter", args=[booking.public_id]) in page
    assert environment.endpoint not in page


def test_the_management_sees_no_way_in(signed_in, world, booking):
    page = signed_in(world.manager).get(booking.get_absolute_url()).text

    assert "/tor/" not in page
    assert "Testumgebung öffnen" not in page


# Products with several endpoints


@pytest.fixture
def two_doors(booking):
    """The same product with a second endpoint, and an engine that says where it is."""
    type(booking.blueprint_version).objects.update(spec=DATA)
    booking.environments.update(other_addresses={"admin": "http://10.0.0.7:9000"})
    booking.refresh_from_db()
    return booking


def test_each_endpoint_has_its_title_and_its_way_through_the_gate(signed_in, world, two_doors):
    text = signed_in(world.booker).get(two_doors.get_absolute_url()).text

    assert "Adresse: A" in text
    assert "Adresse: B" in text
    assert f"https://{two_doors.public_id.hex}-admin.test.example/" in text
    assert f'href="{reverse("sandbox:gate_enter", args=[two_doors.public_id])}?way=admin"' in text
    assert "10.0.0.7" not in text


def test_the_second_endpoint_opens_after_the_first_has_given_its_pass(signed_in, world, two_doors):
    client = signed_in(world.booker)
    page = reverse("sandbox:gate_enter", args=[two_doors.public_id])
    led = client.get(page, {"way": "admin", "path": "/x"})
    first = host_of(two_doors)
    second = first.replace(".", "-admin.", 1)
    assert urlsplit(led["Location"]).netloc == first
    one = ask(CHANGE, first, ticket_header=ticket_in(led["Location"]))
    assert urlsplit(one["Location"]).netloc == second
    two = ask(CHANGE, second, ticket_header=ticket_in(one["Location"]))
    assert two["Location"] == "/x"

    passes = one.cookies[COOKIE].value, two.cookies[COOKIE].value
    assert ask(CHECK, first, cookie=passes[0])[UPSTREAM] == "127.0.0.1:21000"
    assert ask(CHECK, second, cookie=passes[1])[UPSTREAM] == "10.0.0.7:9000"
    assert ask(CHECK, second, cookie=passes[0]).status_code == 401
    assert ask(CHECK, first, cookie=passes[1]).status_code == 401
    assert ask(CHECK, second, None)[ENTER].endswith(f"{page}?way=admin")
    assert client.get(page, {"way": "sql"})["Location"] == two_doors.get_absolute_url()


def test_a_guest_chooses_the_door_by_its_number(world, two_doors):
    guest = invite_guest(
        booking_id=two_doors.pk, actor=world.booker, name="Gast", email="gast@example.org"
    )
    url = guest.get_absolute_url()
    page = Client().get(url).text
    assert f"{url}?oeffnen=1" in page
    assert f"{url}?oeffnen=2" in page
    for number in ("2", "1", "0", "-1", "²", "9" * 5000, "x"):
        led = Client().get(url, {"oeffnen": number})["Location"]
        # Led past the other one first.
        assert (urlsplit(led).netloc == host_of(two_doors)) is (number == "2"), number


def test_without_a_gate_each_endpoint_has_the_engines_address(
    settings, signed_in, world, two_doors
):
    settings.OSK_SANDBOX_DOMAIN = ""
    text = signed_in(world.booker).get(two_doors.get_absolute_url()).text

    assert "http://10.0.0.7:9000/" in text
    assert text.count("ein Probelauf") == text.count("Probelauf") <= 1


def test_traefik_hears_of_every_door(two_doors):
    told = ask(reverse("sandbox:gate_routes"), "").json()["http"]

    label = two_doors.public_id.hex
    assert {*told["routers"]} == {f"osk-{label}", f"osk-{label}-admin"}
    assert told["routers"][f"osk-{label}-admin"]["rule"] == f"Host(`{label}-admin.test.example`)"
    [server] = told["services"][f"osk-{label}-admin"]["loadBalancer"]["servers"]
    assert server == {"url": "http://10.0.0.7:9000"}


def test_both_examples_take_out_the_same_words_and_know_every_door():
    folder = Path(__file__).parents[3] / "deploy" / "gate"
    nginx = (folder / "nginx.conf").read_text(encoding="utf-8")
    traefik = YAML(typ="safe").load((folder / "traefik.yml").read_text(encoding="utf-8"))["http"]
    emptied = {*re.findall(r'^    proxy_set_header (\S+) "";', nginx, re.MULTILINE)}
    stripped = traefik["middlewares"]["osk-strip"]["headers"]["customRequestHeaders"]
    # Traefik says these two itself.
    own = {"X-Forwarded-Port", "X-Forwarded-Server"}
    assert {n for n, v in stripped.items() if v == ""} == emptied - own
    assert emptied > own
    rule = traefik["routers"]["osk-entrance"]["rule"]
    found = re.search(r"HostRegexp\(`(.+?)`\)", rule)
    assert found is not None
    pattern = found[1].replace("DOMAIN_AS_PATTERN", r"test\.example")
    for label, is_one in (("a" * 32, True), ("a" * 32 + "-admin", True), ("a" * 31, False)):
        assert bool(re.fullmatch(pattern, f"{label}.test.example")) is is_one


def test_names_of_ways_are_ends_of_labels():
    for port in ("web", "a" * 40, "a-" * 15, "x" * 30, "x-"):
        way = addresses.way_of(port)
        place = addresses.place_of_host(f"{'0' * 32}-{way}.test.example")
        assert place is not None
        assert place.way == way
        assert len(way) <= 30
        assert not way.endswith("-")
    assert len({addresses.way_of("a" * number) for number in range(28, 41)}) == 13


def test_an_address_outlives_a_new_generation(world, booking):
    before = addresses.origin_of(booking)
    services.reset_environment(booking_id=booking.pk, actor=world.booker)
    booking.refresh_from_db()

    assert addresses.origin_of(booking) == before


def test_paths_that_stay_are_kept():
    for path in ("/", "/a/b?c=//d", "/ä", "/.oskar", "/a;b=c#d"):
        assert gate.clean_path(path) == path
