"""Hostile entries in a real browser: no policy is broken, no dialog opens, nothing foreign is asked for.

Runs after the journeys, whose catalog it fills with nonsense.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from osk_portal.embedded.stack import Stack
from tests.catalog.hostile import files

pytestmark = [pytest.mark.e2e]
MOST_PAGES = 60
WATCH = """
window.broken = [];
document.addEventListener("securitypolicyviolation", e => window.broken.push(e.violatedDirective + " " + e.blockedURI));
"""


def test_nothing_of_a_hostile_file_runs(stack: Stack, browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    for name, content in files().items():
        (folder / name).mkdir(parents=True)
        (folder / name / "publiccode.yml").write_bytes(content)
    taken = stack.manage("import_publiccode", str(folder), "--publish-incomplete", seconds=180)
    assert taken.returncode == 0, taken.stderr
    context = browser.new_context(base_url=stack.url, locale="de-DE")
    context.add_init_script(WATCH)
    page = context.new_page()
    problems: list[str] = []
    page.on(
        "dialog", lambda dialog: (problems.append(f"dialog {dialog.message}"), dialog.dismiss())
    )
    page.on("pageerror", lambda error: problems.append(f"error {error}"))
    page.on("console", lambda m: m.type == "error" and problems.append(f"console {m.text}"))
    own = urlsplit(stack.url).netloc
    page.on(
        "request",
        lambda request: (
            urlsplit(request.url).netloc not in (own, "")
            and problems.append(f"request {request.url}")
        ),
    )
    seen: set[str] = set()
    for start in ("/loesungen/?sort=newest", "/loesungen/?sort=newest&page=2", "/"):
        page.goto(start)
        links = page.locator(".osk-result h3 a, .osk-card h3 a").all()
        seen |= {start, *(link.get_attribute("href") or "" for link in links)}
    entries = [a for a in sorted(seen) if a.startswith("/loesungen/") and "?" not in a]
    slugs = [address.split("/")[2] for address in entries]
    others = [
        f"{address}{page_}" for address in entries[::6] for page_ in ("versionen/", "angaben/")
    ]
    others += [
        f"{address}versionen/{page_}"
        for address in entries[::12]
        for page_ in ("1/", "vergleich/?von=1&bis=1")
    ]
    others += [f"{address}falsche-angabe/" for address in entries[:2]]
    others += [
        f"/loesungen/vergleich/?loesung={'&loesung='.join(slugs[n : n + 4])}" for n in (0, 8)
    ]
    for address in [*sorted(seen - {""})[:MOST_PAGES], *others]:
        page.goto(address)
        _look(page, address, problems)
    for content in list(files().values())[::5]:
        page.goto("/loesungen/pruefen/")
        page.fill("textarea[name=text]", content.decode()[:100_000])
        page.click("#check .kern-btn--primary")
        _look(page, "check", problems)
    for address in entries:
        for file in ("jsonld", "dcat.ttl", "publiccode.yml"):
            answer = context.request.get(f"{address}{file}")
            assert (answer.status, answer.headers["x-content-type-options"]) == (200, "nosniff")
            assert answer.headers["content-type"].split(";")[0] not in (
                "text/html",
                "image/svg+xml",
            )
    context.close()
    assert len(entries) > 20
    assert not problems, "\n".join(problems)


def _look(page: Page, address: str, problems: list[str]) -> None:
    assert page.evaluate("window.pwned") is None, address
    for broken in page.evaluate("window.broken"):
        problems.append(f"{address}: {broken}")
