"""Real products in containers: booked in the browser, signed in to, kept apart, extended, gone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from osk_portal.embedded.processes import wait_until
from osk_portal.embedded.programs import run_step
from osk_portal.embedded.stack import Stack, bare_environment
from tests.containers.podman import Podman
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


def objects(podman: Podman) -> str:
    """Whatever the engine has of test environments."""
    return "\n".join(
        podman.run(*words, "--filter", "label=osk.managed=true")
        for words in (("ps", "--all", "--quiet"), ("network", "ls", "-q"), ("volume", "ls", "-q"))
    ).strip()


def reach(podman: Podman, container: str, address: str) -> str:
    """What the product's own machine says when it opens this address."""
    host, port = urlsplit(address).hostname, urlsplit(address).port
    script = f"timeout 3 bash -c '</dev/tcp/{host}/{port}' 2>&1 && echo reached || echo not"
    return podman.run("exec", container, "bash", "-c", script).strip().splitlines()[-1]


def test_real_products_are_booked_used_kept_apart_and_gone(
    sign_in: Callable[[str], Person], products: Podman, browser: Browser
) -> None:
    first, second = sign_in("behoerde"), sign_in("behoerde2")
    booked_wiki, wiki = book(first, "dokuwiki")
    booked_tasks, tasks = book(second, "redmine")
    first.look("container-bereit")

    # With the shown passwords, at the products' own pages
    with browser.new_context(locale="de-DE") as context:
        sign_in_to_dokuwiki(context.new_page(), wiki, password_of(first, "Verwaltung"))
    with browser.new_context(locale="de-DE") as context:
        sign_in_to_redmine(context.new_page(), tasks, password_of(second, "Verwaltung"))

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
    for name in (container, other):
        assert reach(products, name, "http://192.0.2.1:80") == "not"

    # A day longer: the engine's own safety net knows it, too
    first.goto(booked_wiki)
    first.press("Verlängern")
    first.page.locator("[name=days]").fill("1")
    first.press("Verlängern")
    first.look("container-verlaengert")
    assert wait_until(lambda: ".until-" in products.run("volume", "ls"), 30)

    for person, booking in ((first, booked_wiki), (second, booked_tasks)):
        person.goto(booking)
        end_booking(person)
        person.sees("Container")
    first.look("container-beendet")
    assert objects(products) == ""
