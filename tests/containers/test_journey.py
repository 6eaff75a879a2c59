"""Real products in containers: booked in the browser, signed in to, kept apart, extended, gone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from osk_portal.embedded.processes import wait_until
from osk_portal.embedded.programs import run_step
from osk_portal.embedded.stack import Stack, bare_environment
from tests.containers.elsewhere import TEXT
from tests.containers.looking import inventory, of, traces
from tests.containers.podman import BUSYBOX, Podman
from tests.e2e.booking import end_booking
from tests.e2e.fixtures import free_port
from tests.e2e.person import Person

pytestmark = [pytest.mark.containers]

RECIPES = Path(__file__).parents[2] / "deploy" / "blueprints"
POOL = "10.213.128.0/20"


@pytest.fixture(scope="session")
def products(podman: Podman) -> Podman:
    """Images of Debian packages; OSK_TEST_IMAGES keeps them between runs, for who writes a test."""
    kept = os.environ.get("OSK_TEST_IMAGES")
    for name in ("dokuwiki", "redmine"):
        image = f"localhost/osk-{name}:bookworm"
        saved = Path(kept or "") / f"{name}.tar"
        if kept and saved.exists():
            podman.run("load", "--input", str(saved))
            continue
        podman.script(str(RECIPES / "build.sh"), name)
        if kept:
            podman.run("save", "--output", str(saved), image)
    return podman


@pytest.fixture(scope="session")
def stack(products: Podman, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(
        tmp_path_factory.mktemp("stack") / "var",
        free_port(),
        demo=True,
        durable=False,
        environment=bare_environment()
        | {"OSK_SANDBOX_ENGINE": products.socket, "OSK_SANDBOX_NETWORK": POOL},
    )
    with made:
        run_step(
            ["manage.py", "sandbox_products", "dokuwiki", "redmine", "--places", "3", "--open"],
            made.environment(),
            made.var / "run" / "products.log",
            seconds=60,
        )
        yield made


def book(person: Person, slug: str) -> tuple[str, str]:
    """Book it for now, wait until it runs, and give back the booking's and the product's address."""
    person.goto(f"/testumgebung/{slug}/buchen/")
    person.tick("Jetzt")
    person.fill("Für wie viele Tage?", "1")
    person.fill("Wozu testen Sie?", f"Wir prüfen das Produkt, Probe {person.token}")
    person.tick("Ich verwende nur Testdaten")
    person.press("Testumgebung buchen")
    expect(person.page.locator("main")).to_contain_text(
        "Ihre Testumgebung läuft bis", timeout=240_000
    )
    address = person.page.get_by_role("link", name="Testumgebung öffnen").get_attribute("href")
    assert address
    return person.page.url, address


def password_of(person: Person, role: str) -> str:
    person.press(f"Anzeigen: Passwort von {role}")
    return person.page.locator("[data-secret]").inner_text()


def sign_in_to_dokuwiki(product: Page, address: str, password: str) -> None:
    product.goto(f"{address}doku.php?id=start&do=login")
    product.locator("input[name=u]").fill("verwaltung")
    product.locator("input[name=p]").fill(password)
    product.locator("#dw__login button[type=submit]").click()
    expect(product.locator(".user")).to_contain_text("Verwaltung")


def sign_in_to_redmine(product: Page, address: str, password: str) -> None:
    product.goto(f"{address}login")
    product.locator("#username").fill("admin")
    product.locator("#password").fill(password)
    product.locator("#login-submit").click()
    expect(product.locator("#loggedas")).to_contain_text("admin")


def _has_mail(person: Person, booking: str) -> bool:
    person.goto(booking)
    return "an admin@example.net" in person.page.locator("main").inner_text()


def reach(podman: Podman, container: str, address: str) -> str:
    """What the product's own machine says when it opens this address."""
    host, port = urlsplit(address).hostname, urlsplit(address).port
    script = f"timeout 3 bash -c '</dev/tcp/{host}/{port}' 2>&1 && echo reached || echo not"
    return podman.run("exec", container, "bash", "-c", script).strip().splitlines()[-1]


def routes(podman: Podman, container: str) -> list[str]:
    return podman.run("exec", container, "cat", "/proc/net/route").strip().splitlines()[1:]


def reaches_outside(podman: Podman, url: str) -> bool:
    """A container in a network with a way out: what the products are kept from is there to be reached."""
    podman.run("network", "create", "with-a-way-out")
    try:
        words = ("run", "--rm", "--network", "with-a-way-out", BUSYBOX, "wget", "-qO-", url)
        return podman.run(*words) == TEXT
    finally:
        podman.run("network", "rm", "with-a-way-out")


def end_at_engine(podman: Podman, name: str) -> datetime:
    """The newest of the ends that the engine knows, for what removes without a database."""
    volumes = [v for v in of(podman, name)["volume"] if ".until-" in v] or [name]
    kind = "volume" if ".until-" in volumes[0] else "network"
    [told] = json.loads(podman.run(kind, "inspect", volumes[0]))
    return datetime.fromisoformat((told.get("Labels") or told.get("labels"))["osk.expires-at"])


def test_real_products_are_booked_used_kept_apart_and_gone(
    sign_in: Callable[[str], Person],
    products: Podman,
    browser: Browser,
    stack: Stack,
    other_machine: str,
) -> None:
    before = inventory(products)
    first, second = sign_in("behoerde"), sign_in("behoerde2")
    booked_wiki, wiki = book(first, "dokuwiki")
    booked_tasks, tasks = book(second, "redmine")
    first.look("container-bereit")

    # With the shown passwords, at the products' own pages
    secrets = [password_of(first, "Verwaltung"), password_of(second, "Verwaltung")]
    with browser.new_context(locale="de-DE") as context:
        sign_in_to_dokuwiki(context.new_page(), wiki, secrets[0])
    with browser.new_context(locale="de-DE") as context:
        sign_in_to_redmine(context.new_page(), tasks, secrets[1])

        # What it sends goes nowhere, and stands on the booking's page
        admin = context.pages[0]
        admin.goto(f"{tasks}settings?tab=notifications")
        admin.get_by_role("link", name="Test-E-Mail").click()
    assert wait_until(lambda: _has_mail(second, booked_tasks), 30)
    second.look("container-mail")

    # Neither each other nor the outside
    names = products.run("ps", "--format", "{{.Names}}").split()
    container = next(name for name in names if name.endswith("-wiki"))
    other = next(name for name in names if name.endswith("-redmine"))
    assert reach(products, container, wiki) == "reached"
    assert reach(products, other, tasks) == "reached"
    assert reach(products, container, tasks) == "not"
    assert reach(products, other, wiki) == "not"
    assert reaches_outside(products, other_machine)
    for name in (container, other):
        assert reach(products, name, other_machine) == "not"
        # No way leads out of the two networks, whatever is asked for
        assert "00000000" not in {line.split()[1] for line in routes(products, name)}

    # A day longer: the engine's own safety net knows it, too, and nothing is set up anew
    of_wiki, of_tasks = container.rpartition("-")[0], other.rpartition("-")[0]
    end = end_at_engine(products, of_wiki)
    first.goto(booked_wiki)
    first.press("Verlängern")
    first.page.locator("[name=days]").fill("1")
    first.press("Verlängern")
    first.look("container-verlaengert")
    longer = end + timedelta(days=1)
    assert wait_until(lambda: end_at_engine(products, of_wiki) >= longer, 60), longer
    with browser.new_context(locale="de-DE") as context:
        sign_in_to_dokuwiki(context.new_page(), wiki, secrets[0])

    # What is looked for afterwards is there now
    for name, secret in ((of_wiki, secrets[0]), (of_tasks, secrets[1])):
        kinds = {trace.partition(" ")[0] for trace in traces(products, name, [secret])}
        assert kinds == {"container", "network", "volume", "file", "password", "process"}

    for person, booking, name in (
        (first, booked_wiki, of_wiki),
        (second, booked_tasks, of_tasks),
    ):
        things = {thing for found in of(products, name).values() for thing in found}
        person.goto(booking)
        end_booking(person)
        for thing in things:
            if ".until-" not in thing:
                person.sees(thing)  # in the proof, with its time
        assert traces(products, name, secrets[:1] if name == of_wiki else secrets[1:]) == set()
    first.look("container-beendet")
    assert inventory(products) == before
    # The demo world's own environment runs on, as a process.
    assert not [
        path for name in (of_wiki, of_tasks) for path in (stack.var / "sandboxes").glob(f"{name}*")
    ]
