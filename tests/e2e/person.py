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
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, expect

from osk_portal.embedded.demo_logins import PASSWORD
from osk_portal.embedded.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
MAIL_SECONDS = 45.0

expect.set_options(timeout=15_000)


@dataclass
class Report:
    """HTML and pictures of the pages that were looked at, by name."""

    folder: Path
    seen: set[str] = field(default_factory=set)

    def html_files(self) -> list[Path]:
        return sorted(self.folder.glob("*.html"))


class Person:
    """Drives one browser context. ``problems`` collects what must never happen on any page."""

    def __init__(self, stack: Stack, context: BrowserContext, report: Report) -> None:
        self.stack = stack
        self.context = context
        self.report = report
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
        target = button if button.count() else self.page.get_by_role("link", name=label, exact=True)
        target.first.click()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).first.fill(text)

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

    def mail_to(self, address: str, containing: str) -> EmailMessage:
        """The first mail to ``address`` whose subject or text says ``containing``; waits for it."""
        found: list[EmailMessage] = []

        def look() -> bool:
            for file in sorted(self.stack.mail_folder.glob("*.eml")):
                message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
                body = message.get_body()
                text = f"{message['Subject']}\n{body.get_content() if body else ''}"
                if address in str(message["To"]) and containing in text:
                    found.append(message)
                    return True
            return False

        self._until(look, MAIL_SECONDS, f"a mail to {address} with {containing!r}")
        return found[0]

    def _until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                body = self.page.locator("body").inner_text()[:2000]
                raise AssertionError(f"After {seconds:.0f} s there is no {what}. The page:\n{body}")
            self.page.wait_for_timeout(300)

    # Looking

    def look(self, name: str) -> None:
        """Look at the page as everybody does: light, dark, at 320 px; keep HTML and picture."""
        if name in self.report.seen:
            return
        self.report.seen.add(name)
        (self.report.folder / f"{name}.html").write_text(self._source(), encoding="utf-8")
        for variant, scheme, size in (
            ("", "light", WIDE),
            ("-dark", "dark", WIDE),
            ("-320", "light", NARROW),
        ):
            self.page.set_viewport_size(size)  # type: ignore[arg-type] # a TypedDict of its own
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # a Literal
            self.problems += [f"{name}{variant}: {p}" for p in self._axe()]
            if self.page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            ):
                self.problems.append(f"{name}{variant}: scrolls sideways")
            self.page.screenshot(path=self.report.folder / f"{name}{variant}.png", full_page=True)
        self.page.set_viewport_size(WIDE)  # type: ignore[arg-type] # as above
        self.page.emulate_media(color_scheme="light")

    def _source(self) -> str:
        """The page as the server sends it; a page that answers a POST as the browser holds it."""
        response = self.context.request.get(self.page.url)
        html = response.text() if response.ok else ""
        heading = self.page.locator("h1").first.inner_text()
        return html if heading in html else self.page.content()

    def _axe(self) -> list[str]:
        self.page.evaluate(AXE)
        found: dict[str, Any] = self.page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", AXE_TAGS
        )
        return [
            f"axe {v['id']}: {v['help']} at {[n['target'] for n in v['nodes'][:3]]}"
            for v in found["violations"]
        ]

    def leave(self) -> None:
        self.context.close()
