"""Hostile entries in a real browser: no policy is broken, no dialog opens, nothing foreign is asked for.

Runs after the journeys, whose catalog it fills with nonsense.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from osk_portal.embedded.stack import Stack
from tests.catalog.hostile import RUN, TEXTS, files
from tests.catalog.images import SVG
from tests.e2e.person import Person

pytestmark = [pytest.mark.e2e]
MOST_PAGES = 60
PICTURE = f"""<svg {SVG} viewBox="0 0 400 200" onload="{RUN}"><script>{RUN}</script>
<rect width="400" height="200" fill="#003366" onclick="{RUN}"/><image href="https://evil.example/x.png" width="9"/>
<foreignObject width="9" height="9">
<iframe xmlns="http://www.w3.org/1999/xhtml" src="javascript:{RUN}"/></foreignObject>
</svg>"""
# What the network would bring, with the same functions: pictures, proposals (a person has ten at most), and the files
# of the night.
BROUGHT = """
import json, sys
from catalog import grants, services
from catalog.exports import dump
from catalog.models import Picture, Solution
from catalog.pictures import files
from catalog.services import pictures
from network.models import Organisation
from osk_portal.accounts.models import User
given = json.loads({given!r})
drawn = None
made = []
for picture in Picture.objects.filter(source__endswith=".svg").order_by("pk"):
    drawn = drawn or files.draw(picture.kind, given["picture"].encode())
    files.keep(drawn)
    picture.digest = picture.described_digest = drawn.digest
    picture.width, picture.height, picture.alt = drawn.width, drawn.height, given["texts"]["image"][:300]
    picture.save()
    pictures.match_pictures(picture.solution)
    made.append(picture.solution)
member = User.objects.get(email="behoerde@demo.osk.example")
proposals = []
for solution, text in list(zip(made, given["texts"].values()))[:5]:
    proposals.append(str(services.submit_proposal(
        solution_id=solution.pk, author=member, organisation=member.memberships.first().organisation,
        changes={{"name": text[:100], "short_description": text[:150], "long_description": text}},
        base_revision=solution.revision, reason=text[:500], wording=grants.CURRENT,
    ).public_id))
dump.write_files()
print(json.dumps({{"pictured": [s.slug for s in made], "proposals": proposals}}))
"""
WATCH = """
window.broken = [];
document.addEventListener("securitypolicyviolation", e => window.broken.push(e.violatedDirective + " " + e.blockedURI));
"""


def test_nothing_of_a_hostile_file_runs(
    stack: Stack, browser: Browser, tmp_path: Path, sign_in: Callable[[str], Person]
) -> None:
    folder = tmp_path / "hostile"
    for name, content in files().items():
        (folder / name).mkdir(parents=True)
        (folder / name / "publiccode.yml").write_bytes(content)
    taken = stack.manage("import_publiccode", str(folder), "--publish-incomplete", seconds=180)
    assert taken.returncode == 0, taken.stderr
    brought = _bring(stack)
    context = browser.new_context(base_url=stack.url, locale="de-DE")
    problems: list[str] = []
    page = _watched(context, stack, problems)
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
    others += ["/loesungen/feed/?sort=newest", "/loesungen/hinweise/"]
    for address in [*sorted(seen - {""})[:MOST_PAGES], *others]:
        page.goto(address)
        _look(page, address, problems)
    assert page.goto(f"/loesungen/{brought['pictured'][0]}/")
    shown = page.locator("main img[src*='/bilder/']").first
    shown.scroll_into_view_if_needed()
    page.wait_for_function("image => image.complete", arg=shown.element_handle())
    assert shown.evaluate("image => image.naturalWidth") > 0, "the picture is shown"
    _look(page, "a picture", problems)
    for content in list(files().values())[::5]:
        page.goto("/loesungen/pruefen/")
        page.fill("textarea[name=text]", content.decode()[:100_000])
        page.click("#check .kern-btn--primary")
        _look(page, "check", problems)
    given_out = [f"{a}{file}" for a in entries for file in ("jsonld", "dcat.ttl", "publiccode.yml")]
    given_out += ["/loesungen/loesungen.csv", "/loesungen/loesungen.ttl", "/sitemap.xml"]
    given_out += ["/loesungen/feed/", "/api/v1/solutions", f"/api/v1/solutions/{slugs[0]}"]
    for address in given_out:
        answer = context.request.get(address)
        assert (answer.status, answer.headers["x-content-type-options"]) == (200, "nosniff"), (
            address
        )
        kind = answer.headers["content-type"].split(";")[0]
        assert kind not in ("text/html", "image/svg+xml"), address
    context.close()
    _walk_the_work_area(sign_in("beratung"), stack, entries, brought["proposals"], problems)
    assert len(entries) > 20
    assert len(brought["proposals"]) == 5
    assert not problems, "\n".join(problems)


def _bring(stack: Stack) -> dict[str, list[str]]:
    given = json.dumps({"picture": PICTURE, "texts": TEXTS})
    done = stack.manage("shell", "-c", BROUGHT.format(given=given), seconds=180)
    assert done.returncode == 0, done.stderr
    brought: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return brought


def _watched(context: BrowserContext, stack: Stack, problems: list[str]) -> Page:
    context.add_init_script(WATCH)
    page = context.new_page()
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
    return page


def _walk_the_work_area(
    advisor: Person, stack: Stack, entries: list[str], proposals: list[str], problems: list[str]
) -> None:
    """Forms that hold what a file says, and what advisors decide on."""
    page = _watched(advisor.context, stack, problems)
    addresses = [
        f"{address}{form}"
        for address in entries[::8]
        for form in ("", "bilder/", "berichtigen/", "ergaenzen/")
    ]
    addresses += [f"/loesungen/vorschlaege/{proposal}/" for proposal in proposals]
    addresses += ["/admin/catalog/solution/", "/admin/catalog/proposal/", "/loesungen/aufnehmen/"]
    for address in addresses:
        answer = page.goto(address)
        assert answer
        assert answer.status == 200, address
        _look(page, address, problems)
        if address.startswith("/admin/"):
            links = page.locator("#result_list th a, main table a").all()[:4]
            for link in [link.get_attribute("href") or "" for link in links]:
                if link.startswith(("/admin/catalog/", "/loesungen/")):
                    page.goto(link)
                    _look(page, link, problems)


def _look(page: Page, address: str, problems: list[str]) -> None:
    assert page.evaluate("window.pwned") is None, address
    for broken in page.evaluate("window.broken"):
        problems.append(f"{address}: {broken}")
