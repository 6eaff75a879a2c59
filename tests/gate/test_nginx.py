"""The example configuration with Debian's nginx, the real portal behind it, and a product that tells all."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from ruamel.yaml import YAML

from network.enums import MembershipState
from osk_portal.accounts.models import User
from osk_portal.embedded.processes import wait_until
from osk_portal.embedded.service import PROJECT
from sandbox import addresses, services
from sandbox.models import Booking
from sandbox.services.participants import invite_guest, remove_participant
from tests.factories import MembershipFactory
from tests.gate.nginx import DOMAIN, KEY, PROGRAM, Answer, Nginx, ProductServer, http_get
from tests.sandbox.fake_backend import FakeBackend
from tests.sandbox.world import book, product

pytestmark = [pytest.mark.gate, pytest.mark.django_db(transaction=True)]
COOKIE = "__Host-osk-gate"
WEB_SOCKET = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture
def nginx(live_server) -> Iterator[Nginx]:
    server = Nginx(Path(tempfile.mkdtemp(prefix="osk-gate-")), urlsplit(live_server.url).netloc)
    server.folder.chmod(0o711)  # its processes run as another user
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.folder)


@pytest.fixture
def running() -> Iterator[ProductServer]:
    with ProductServer() as server:
        yield server


@pytest.fixture
def booking(settings, engine: FakeBackend, running: ProductServer) -> Booking:
    settings.OSK_SANDBOX_DOMAIN, settings.OSK_SANDBOX_GATE_KEY = DOMAIN, KEY
    return set_up(running)


def set_up(running: ProductServer) -> Booking:
    from sandbox import provisioning

    made = book(product(slots=2), MembershipFactory())
    provisioning.work(made.environments.get().pk)
    made.environments.update(endpoint=f"http://127.0.0.1:{running.port}/")
    made.refresh_from_db()
    return made


def host_of(booking: Booking) -> str:
    return urlsplit(addresses.origin_of(booking)).netloc


def ticket_of(booking: Booking, user: User | None = None, path: str = "/") -> str:
    """The path at the environment's host to which the portal leads."""
    client = Client()
    client.force_login(
        user or booking.booked_by, backend="django.contrib.auth.backends.ModelBackend"
    )
    led = client.get(reverse("sandbox:gate_enter", args=[booking.public_id]), {"path": path})
    target = urlsplit(led["Location"])
    assert target.netloc == host_of(booking)
    return f"{target.path}?{target.query}"


def cookie_of(answer: Answer) -> str:
    (set_cookie,) = answer.all("Set-Cookie")
    name, _, rest = set_cookie.partition("=")
    assert name == COOKIE
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in rest
    assert "Domain" not in rest
    return rest.partition(";")[0]


def come_in(nginx: Nginx, booking: Booking, path: str = "/") -> dict[str, str]:
    """The header with which a browser goes on."""
    answer = nginx.ask(host_of(booking), ticket_of(booking, path=path))
    assert (answer.status, answer.first("Location")) == (302, path)
    return {"Cookie": f"{COOKIE}={cookie_of(answer)}"}


def test_from_the_first_look_to_the_product(nginx: Nginx, booking: Booking) -> None:
    host = host_of(booking)
    outside = nginx.ask(host, "/seite?a=1&b=2")
    page = reverse("sandbox:gate_enter", args=[booking.public_id])
    assert outside.status == 302
    assert outside.first("Location") == (
        f"http://localhost:8000{page}?path=%2Fseite%3Fa%3D1%26b%3D2"
    )

    inside = come_in(nginx, booking, "/seite?a=1&b=2")
    answer = nginx.ask(host, "/seite?a=1&b=2", headers=inside)

    assert answer.status == 200
    assert json.loads(answer.text)["path"] == "/seite?a=1&b=2"
    assert answer.first("Strict-Transport-Security")
    assert answer.seen["host"] == host
    assert answer.seen["x-forwarded-proto"] == "https"


def test_neither_the_gates_words_nor_its_cookie_reach_the_product(
    nginx: Nginx, booking: Booking
) -> None:
    inside = come_in(nginx, booking)
    secret = inside["Cookie"].partition("=")[2]
    host = host_of(booking)
    for cookies in (
        inside["Cookie"],
        f"a=1; {inside['Cookie']}; b=2",
        f"{inside['Cookie']}; a=1",
        f"a=1; {inside['Cookie']}",
        f"a=1;{inside['Cookie']};b=2",
    ):
        answer = nginx.ask(
            host,
            headers={
                "Cookie": cookies,
                "X-OSK-Gate-Key": "mine",
                "X-OSK-Upstream": "127.0.0.1:1",
                "X-OSK-Enter": "http://evil.example",
                "X-OSK-Ticket": "mine",
                "X_OSK_Gate_Key": "mine",
                "X-Forwarded-User": "admin",
                "X-Forwarded-Prefix": "/evil",
                "Remote-User": "admin",
                "X-Original-URL": "/evil",
                "Forwarded": "for=1.2.3.4",
                "X-Forwarded-For": "1.2.3.4",
                "X-Forwarded-Host": "evil.example",
                "Authorization": "Basic eDp5",
            },
        )
        assert answer.status == 200, cookies
        seen = answer.seen
        told = json.dumps(seen)
        assert secret not in told
        assert COOKIE not in told
        assert KEY not in told
        assert not [name for name in seen if name.startswith(("x-osk", "x_osk"))]
        assert "evil" not in told
        assert not {"x-forwarded-user", "remote-user", "x-original-url"} & {*seen}
        assert (seen["x-forwarded-for"], seen["x-forwarded-host"]) == ("127.0.0.1", host)
        assert "forwarded" not in seen
        assert seen["authorization"] == "Basic eDp5"
        rest = {word.strip() for word in seen.get("cookie", "").split(";")} - {""}
        assert rest == {word for word in ("a=1", "b=2") if word in cookies}
        assert not answer.all("X-OSK-Upstream")


def test_two_passes_at_once_are_none(nginx: Nginx, booking: Booking) -> None:
    inside = come_in(nginx, booking)["Cookie"]

    assert nginx.ask(host_of(booking), headers={"Cookie": f"{inside}; {inside}"}).status == 302
    assert nginx.ask(host_of(booking), headers={"Cookie": f"{COOKIE}=x; {inside}"}).status == 302
    head = f"GET / HTTP/1.1\r\nHost: {host_of(booking)}\r\nConnection: close\r\n"
    twice = f"{head}Cookie: {inside}\r\nCookie: {inside}\r\n\r\n"
    assert b" 302 " in nginx.raw(twice.encode()).split(b"\r\n")[0]


def test_a_portals_cookie_that_somebody_sends_is_of_no_meaning_to_the_gate(
    nginx: Nginx, booking: Booking
) -> None:
    client = Client()
    client.force_login(booking.booked_by, backend="django.contrib.auth.backends.ModelBackend")
    session = {"Cookie": f"sid={client.session.session_key}"}

    assert nginx.ask(host_of(booking), headers=session).status == 302


def test_products_set_cookies_for_their_own_host_only(nginx: Nginx, booking: Booking) -> None:
    answer = nginx.ask(host_of(booking), headers=come_in(nginx, booking))

    wide, own = answer.all("Set-Cookie")
    assert f"Domain={host_of(booking)}" in wide
    assert "Domain" not in own


def test_a_ticket_works_once_and_at_its_host(
    nginx: Nginx, booking: Booking, running: ProductServer
) -> None:
    other = set_up(running)
    ticket = ticket_of(booking)

    assert not nginx.ask(host_of(other), ticket).all("Set-Cookie")
    assert nginx.ask(host_of(booking), ticket, method="HEAD").status in (403, 405)
    first, second = nginx.ask(host_of(booking), ticket), nginx.ask(host_of(booking), ticket)
    assert (len(first.all("Set-Cookie")), second.all("Set-Cookie")) == (1, [])
    pass_ = {"Cookie": f"{COOKIE}={cookie_of(first)}"}
    assert nginx.ask(host_of(booking), headers=pass_).status == 200
    assert nginx.ask(host_of(other), headers=pass_).status == 302


def test_uploads_and_other_methods_pass_for_who_is_in(nginx: Nginx, booking: Booking) -> None:
    inside, body = come_in(nginx, booking), b"x" * 5_000_000
    host = host_of(booking)

    sent = nginx.ask(host, "/upload", method="POST", headers=inside, body=body)
    assert (sent.status, json.loads(sent.text)["size"]) == (200, len(body))
    # A body that stood at the portal would be read there as the next question.
    for _again in range(5):
        assert nginx.ask(host, "/upload", method="PUT", headers=inside, body=b"x").status == 200
    refused = nginx.ask(host, "/upload", method="POST", body=body)
    assert refused.status == 401
    assert "geschlossen" in refused.text
    fetched = nginx.ask(host, "/api", headers={"Sec-Fetch-Mode": "cors"})
    assert fetched.status == 401


def test_web_sockets_pass_for_who_is_in(nginx: Nginx, booking: Booking) -> None:
    def knock(cookie: str) -> bytes:
        headers = {"Host": host_of(booking), **WEB_SOCKET, "Cookie": cookie}
        lines = [f"{name}: {value}" for name, value in headers.items()]
        return nginx.raw(("GET /ws HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\nHallo").encode())

    assert b" 101 " in knock(come_in(nginx, booking)["Cookie"]).split(b"\r\n")[0]
    assert b" 101 " not in knock("a=1").split(b"\r\n")[0]


def socket_of(nginx: Nginx, booking: Booking, cookie: str, **headers: str) -> ssl.SSLSocket:
    sent = {"Host": host_of(booking), **WEB_SOCKET, "Cookie": cookie, **headers}
    lines = "\r\n".join(f"{name}: {value}" for name, value in sent.items())
    return nginx.open(f"GET /ws HTTP/1.1\r\n{lines}\r\n\r\n".encode())


def test_an_open_web_socket_ends_by_silence_and_by_a_reload(nginx: Nginx, booking: Booking) -> None:
    """What a right's end does not close (decision 20): who talks on stays until the proxy is reloaded."""
    nginx.stop()
    nginx.silence = "1s"
    nginx.start()
    inside = come_in(nginx, booking)["Cookie"]
    with socket_of(nginx, booking, inside) as silent, socket_of(nginx, booking, inside) as talking:
        assert b" 101 " in silent.recv(4096)
        assert b" 101 " in talking.recv(4096)
        booking.booked_by.memberships.update(state=MembershipState.ENDED)
        silent.settimeout(5)
        talking.settimeout(0.2)
        until = time.monotonic() + 5
        with pytest.raises(TimeoutError):
            talking.recv(1)
        while True:
            assert time.monotonic() < until
            talking.sendall(b"x")
            assert talking.recv(1) == b"x"
            try:
                silent.settimeout(0.1)
                assert silent.recv(1) == b""
                break
            except TimeoutError:
                continue
        nginx.reload()
        talking.settimeout(5)
        assert talking.recv(1) == b""
    with socket_of(nginx, booking, inside) as again:
        assert b" 101 " not in again.recv(4096)


def test_no_other_protocol_is_spoken_past_the_gate(nginx: Nginx, booking: Booking) -> None:
    inside = come_in(nginx, booking)["Cookie"]
    h2c = {"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings", "HTTP2-Settings": "AAMAAABk"}
    answer = nginx.ask(host_of(booking), headers={"Cookie": inside, **h2c})

    assert answer.status == 200
    assert "upgrade" not in answer.seen
    assert answer.seen.get("connection", "close") == "close"


def test_a_product_cannot_send_the_proxy_elsewhere(nginx: Nginx, booking: Booking) -> None:
    answer = nginx.ask(host_of(booking), "/elsewhere", headers=come_in(nginx, booking))

    assert json.loads(answer.text)["path"] == "/elsewhere"
    assert not answer.all("X-Accel-Redirect")


def test_each_endpoint_has_a_host_and_a_pass_of_its_own(
    nginx: Nginx, booking: Booking, running: ProductServer
) -> None:
    """Who comes in is led past all of them, and ends where it was wanted."""
    with ProductServer() as second:
        booking.environments.update(other_addresses={"admin": f"http://127.0.0.1:{second.port}"})
        first, admin = host_of(booking), addresses.origin_of(booking, "admin").partition("://")[2]
        outside = nginx.ask(admin, "/seite?a=1")
        assert outside.first("Location").endswith("?path=%2Fseite%3Fa%3D1&way=admin")

        client = Client()
        client.force_login(booking.booked_by, backend="django.contrib.auth.backends.ModelBackend")
        page = urlsplit(outside.first("Location"))
        led = urlsplit(client.get(f"{page.path}?{page.query}")["Location"])
        assert led.netloc == first
        on = nginx.ask(first, f"{led.path}?{led.query}")
        mine = {"Cookie": f"{COOKIE}={cookie_of(on)}"}
        led = urlsplit(on.first("Location"))
        assert led.netloc == admin
        last = nginx.ask(admin, f"{led.path}?{led.query}")
        theirs = {"Cookie": f"{COOKIE}={cookie_of(last)}"}
        assert last.first("Location") == "/seite?a=1"
        assert not nginx.ask(admin, f"{led.path}?{led.query}").all("Set-Cookie")

        assert nginx.ask(first, headers=mine).seen["host"] == first
        assert nginx.ask(admin, headers=theirs).seen["host"] == admin
        assert nginx.ask(admin, headers=mine).status == 302
        assert nginx.ask(first, headers=theirs).status == 302
        for strange in ("admin2", "admin-", "a" * 31):
            host = admin.replace("-admin.", f"-{strange}.")
            assert nginx.ask(host, headers=theirs).status == 302
        services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
        assert nginx.ask(admin, headers=theirs).status == 302


def test_what_the_product_refuses_is_its_own_answer(nginx: Nginx, booking: Booking) -> None:
    answer = nginx.ask(host_of(booking), "/forbidden", headers=come_in(nginx, booking))

    assert answer.status == 403
    assert "headers" in json.loads(answer.text)


def test_the_inner_addresses_answer_nobody_outside(nginx: Nginx, booking: Booking) -> None:
    host, inside = host_of(booking), come_in(nginx, booking)
    for path in ("/.osk/check", "/.osk/x", "/.osk/check?proxy=traefik", "/%2eosk/check"):
        for headers in ({}, inside, {**inside, "X-OSK-Gate-Key": KEY}):
            assert nginx.ask(host, path, headers=headers).status == 404, path
    assert nginx.ask(host, "/.osk/", method="POST", body=b"ticket=x").status in (403, 405)
    # The portal's own side, past the gate and without its key.
    for name in ("sandbox:gate_check", "sandbox:gate_change"):
        told = http_get(nginx.portal, reverse(name), {"Host": "localhost", "X-OSK-Gate-Key": "x"})
        assert told.status == 404


@pytest.mark.parametrize(
    "host", ["portal.example", "test.example", "unbekannt.test.example", "0" * 32 + ".test.example"]
)
def test_unknown_hosts_are_led_to_the_portal(nginx: Nginx, booking: Booking, host: str) -> None:
    answer = nginx.ask(host, headers=come_in(nginx, booking))

    assert answer.status == 302
    assert answer.first("Location").startswith("http://localhost:8000/testumgebung/")


def test_the_host_of_the_request_line_counts_for_the_check(
    nginx: Nginx, booking: Booking, running: ProductServer
) -> None:
    other, inside = set_up(running), come_in(nginx, booking)["Cookie"]
    head = f"Cookie: {inside}\r\nConnection: close\r\n\r\n"
    tricked = f"GET https://{host_of(other)}/ HTTP/1.1\r\nHost: {host_of(booking)}\r\n{head}"
    assert b" 302 " in nginx.raw(tricked.encode()).split(b"\r\n")[0]
    twice = f"GET / HTTP/1.1\r\nHost: {host_of(booking)}\r\nHost: {host_of(other)}\r\n{head}"
    assert b" 400 " in nginx.raw(twice.encode()).split(b"\r\n")[0]


def test_huge_and_broken_cookies_are_refused_calmly(nginx: Nginx, booking: Booking) -> None:
    host = host_of(booking)
    for cookie in (f"{COOKIE}={'A' * 12_000}", f"{COOKIE}=ü", f"{COOKIE}=", f"{COOKIE}=a b"):
        headers = {"Cookie": cookie.encode().decode("latin-1")}
        assert nginx.ask(host, headers=headers).status == 302, cookie[:30]
    assert nginx.ask(host, headers={"Cookie": "a=" + "A" * 60_000}).status == 400


def test_rights_end_at_once(nginx: Nginx, booking: Booking) -> None:
    host, inside = host_of(booking), come_in(nginx, booking)
    membership = booking.booked_by.memberships
    membership.update(state=MembershipState.ENDED)
    assert nginx.ask(host, headers=inside).status == 302
    membership.update(state=MembershipState.ACTIVE)
    assert nginx.ask(host, headers=inside).status == 200

    guest = invite_guest(
        booking_id=booking.pk, actor=booking.booked_by, name="Gast", email="gast@example.org"
    )
    led = urlsplit(Client().get(guest.get_absolute_url(), {"oeffnen": "1"})["Location"])
    theirs = {"Cookie": f"{COOKIE}={cookie_of(nginx.ask(host, f'{led.path}?{led.query}'))}"}
    assert nginx.ask(host, headers=theirs).status == 200
    remove_participant(participant_id=guest.pk, actor=booking.booked_by)
    assert nginx.ask(host, headers=theirs).status == 302

    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    assert nginx.ask(host, headers=inside).status == 302


def test_a_product_that_does_not_answer(nginx: Nginx, booking: Booking) -> None:
    inside = come_in(nginx, booking)
    booking.environments.update(endpoint="http://127.0.0.1:9/")
    answer = nginx.ask(host_of(booking), headers=inside)

    assert answer.status == 503
    assert "antwortet gerade nicht" in answer.text


def test_a_portal_that_fails_lets_nobody_in(nginx: Nginx, booking: Booking, caplog) -> None:
    inside = come_in(nginx, booking)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sandbox_environment RENAME TO sandbox_away")
    try:
        answer = nginx.ask(host_of(booking), headers=inside)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE sandbox_away RENAME TO sandbox_environment")
    caplog.clear()

    assert answer.status == 503
    assert "headers" not in answer.text


def test_the_log_of_the_gate_knows_no_ticket(nginx: Nginx, booking: Booking) -> None:
    come_in(nginx, booking)
    nginx.ask(host_of(booking), "/seite")

    log = nginx.folder / "access.log"
    assert wait_until(lambda: "/seite" in log.read_text(), 5)
    assert "ticket=" not in log.read_text()


def test_without_the_portal_no_log_learns_an_unused_ticket(nginx: Nginx, booking: Booking) -> None:
    ticket = ticket_of(booking)
    nginx.stop()
    nginx.portal = "127.0.0.1:9"
    nginx.start()

    assert nginx.ask(host_of(booking), ticket).status == 503
    nginx.ask(host_of(booking), "/seite")
    logs = [nginx.folder / "access.log", nginx.folder / "error.log"]
    assert wait_until(lambda: "/seite" in logs[0].read_text(), 5)
    assert "ticket=" not in "".join(log.read_text() for log in logs)


def test_nginx_takes_the_file_of_the_gate_in_a_cluster(nginx: Nginx) -> None:
    """The main file of deploy/kubernetes/gate.yaml, around the same configuration."""
    found = YAML(typ="safe").load_all((PROJECT / "deploy/kubernetes/gate.yaml").read_text())
    text = next(thing["data"]["nginx.conf"] for thing in found if thing["kind"] == "ConfigMap")
    for there, here in (("/tmp/", "cluster-"), ("/etc/osk-gate/", "")):
        assert there in text
        text = text.replace(there, f"{nginx.folder}/{here}")
    main = nginx.folder / "cluster.conf"
    main.write_text(text)

    tested = subprocess.run([PROGRAM, "-t", "-c", main], capture_output=True, text=True)

    assert tested.returncode == 0, tested.stderr
