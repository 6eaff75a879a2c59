"""Somebody with a browser, who notices what a person would: errors, foreign hosts, barriers."""

from __future__ import annotations

import email
import email.policy
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Locator,
    Request,
    Response,
    ViewportSize,
    expect,
)

from osk_portal.embedded.demo_logins import PASSWORD
from osk_portal.embedded.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
AXE_ALL = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
# The dark page has the same structure as the light one.
AXE_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
ColorScheme = Literal["light", "dark"]
WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 320, "height": 640}
MAIL_SECONDS = 45.0

expect.set_options(timeout=15_000)


def words(text: str) -> str:
    """The text with single spaces: dates hold spaces that do not break, mails break lines."""
    return " ".join(text.split())


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text


@dataclass
class Report:
    """The pages that were looked at, by name: their HTML, and pictures where somebody wants them."""

    folder: Path
    keeps_pictures: bool = False
    seen: set[str] = field(default_factory=set)

    def html_files(self) -> list[Path]:
        return sorted(self.folder.glob("*.html"))


class Person:
    """Drives one browser context. ``problems`` collects what must never happen on any page."""

    def __init__(self, stack: Stack, context: BrowserContext, report: Report) -> None:
        self.stack = stack
        self.context = context
        self.report = report
        self.token = uuid4().hex[:8]
        context.set_default_timeout(15_000)
        self.page = context.new_page()
        self.problems: list[str] = []
        self.allowed_statuses: set[int] = set()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.on("request", self._watch_host)
        self.page.on("response", self._watch_status)

    # Watching

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.problems.append(f"console on {self.page.url}: {message.text}")

    def _watch_host(self, request: Request) -> None:
        host = urlsplit(request.url).hostname
        if host not in ("localhost", "127.0.0.1", None) and not request.url.startswith("data:"):
            self.problems.append(f"{self.page.url} asks {request.url}")

    def _watch_status(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.allowed_statuses | {422}:
            self.problems.append(f"{response.status} {response.request.method} {response.url}")

    # Acting

    def goto(self, path: str) -> None:
        self.page.goto(path)

    def sign_in(self, name: str) -> None:
        self.goto("/konto/login/")
        self.page.locator("input[name=login]").fill(f"{name}@demo.osk.example")
        self.page.locator("input[name=password]").fill(PASSWORD)
        self.page.locator("main form button[type=submit]").first.click()
        self.page.wait_for_url(lambda url: "/konto/login" not in url)

    def press(self, label: str) -> None:
        """Press the button or follow the link that reads ``label``."""
        button = self.page.get_by_role("button", name=label, exact=True)
        link = self.page.get_by_role("link", name=label, exact=True)
        button.or_(link).first.click()

    def field(self, label: str) -> Locator:
        """The field whose label begins with ``label``; "optional" or a number may follow."""
        return self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}")).first

    def fill(self, label: str, text: str) -> None:
        self.field(label).fill(text)

    def tick(self, label: str) -> None:
        self.field(label).check()

    def sees(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.locator("body")).to_contain_text(text)

    def sees_not(self, text: str) -> None:
        expect(self.page.locator("body")).not_to_contain_text(text)

    def wait_until_sees(self, text: str, seconds: float = 60.0) -> None:
        """Reload the page, as a person without JavaScript would, until it says ``text``."""
        self._until(lambda: self._reload_says(text), seconds, f"{text!r} on {self.page.url}")

    def _reload_says(self, text: str) -> bool:
        self.page.reload()
        return text in self.page.locator("body").inner_text()

    # Mail

    def address(self, name: str, domain: str = "e2e.example") -> str:
        """An address that nobody has used before; the same one for the same name."""
        return f"{name}.{self.token}@{domain}"

    def mails_to(self, address: str) -> list[EmailMessage]:
        """Every mail to ``address``, the newest first."""
        files = sorted(self.stack.mail_folder.glob("*.eml"), reverse=True)
        mails = [
            email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            for file in files
        ]
        return [mail for mail in mails if address in str(mail["To"])]

    def received(self, address: str, containing: str) -> list[EmailMessage]:
        """The mails to ``address`` whose subject or text says ``containing``, the newest first."""
        return [
            mail
            for mail in self.mails_to(address)
            if containing in f"{mail['Subject']}\n{text_of(mail)}"
        ]

    def mail_to(self, address: str, containing: str, seconds: float = MAIL_SECONDS) -> EmailMessage:
        """The newest of these mails; waits for the first."""
        self._until(
            lambda: bool(self.received(address, containing)),
            seconds,
            f"a mail to {address} with {containing!r}",
        )
        return self.received(address, containing)[0]

    def follow(self, mail: EmailMessage) -> None:
        """Open the page that the mail is about: the first address in it."""
        found = re.search(rf"{re.escape(self.stack.url)}\S+", text_of(mail))
        assert found, text_of(mail)
        self.page.goto(found.group())

    def _until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                body = self.page.locator("body").inner_text()[:2000]
                raise AssertionError(f"After {seconds:.0f} s there is no {what}. The page:\n{body}")
            self.page.wait_for_timeout(300)

    # Looking

    def look(self, name: str) -> None:
        """Look at the page as everybody does: light, dark, at 320 px; keep it for the HTML checker."""
        if name in self.report.seen:
            return
        self.keep(name)
        self.page.evaluate(AXE)
        self._look_at(name, "light", WIDE, AXE_ALL)
        self._look_at(f"{name}-dunkel", "dark", WIDE, AXE_COLOURS)
        self._look_at(f"{name}-320", "light", NARROW, AXE_ALL)
        self._show_as("light", WIDE)

    def keep(self, name: str) -> None:
        """Keep the page for the HTML checker; axe needs JavaScript, the checker does not."""
        self.report.seen.add(name)
        (self.report.folder / f"{name}.html").write_text(self._source(), encoding="utf-8")

    def _look_at(
        self, name: str, scheme: ColorScheme, size: ViewportSize, rules: dict[str, Any]
    ) -> None:
        self._show_as(scheme, size)
        self.problems += [f"{name}: {problem}" for problem in self.barriers(rules)]
        if self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        ):
            self.problems.append(f"{name}: scrolls sideways")
        if self.report.keeps_pictures:
            self.page.screenshot(path=self.report.folder / f"{name}.png", full_page=True)

    def _show_as(self, scheme: ColorScheme, size: ViewportSize) -> None:
        self.page.set_viewport_size(size)
        self.page.emulate_media(color_scheme=scheme)

    def _source(self) -> str:
        """The page as the server sends it; a page that answers a POST as the browser holds it."""
        response = self.context.request.get(self.page.url)
        html = response.text() if response.ok else ""
        heading = self.page.locator("h1").first.inner_text()
        return html if heading in html else self.page.content()

    def barriers(self, rules: dict[str, Any]) -> list[str]:
        """What axe-core finds; the page must hold it already."""
        found: dict[str, Any] = self.page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules
        )
        return [
            f"axe {v['id']}: {v['help']} at {[n['target'] for n in v['nodes'][:3]]}"
            for v in found["violations"]
        ]

    def leave(self) -> None:
        self.context.close()
