"""What a browser loads for the first view of a page, compressed: `make bench`.

A browser asks for what it needs, fonts too; each answer comes from here, and its size is counted as it would be sent.
Nothing may come from another host, and no script may hold up the page (quality.md 4.4).
"""

from __future__ import annotations

import gzip
import mimetypes
import os
import shutil
import sys
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import brotli

from bench.database import empty_database

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

MOST_BYTES: Final = 150_000
MOST_SHOWN: Final = 8
HOST: Final = "portal.example"
PAGES: Final = ("/", "/loesungen/", "/loesungen/erfunden-7/", "/loesungen/pruefen/", "/beratung/")
CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PACKED: Final = (".woff2", ".png", ".jpg", ".webp")


class _Blocking(HTMLParser):
    """Scripts that hold up the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        is_code = tag == "script" and "json" not in (said.get("type") or "")
        if is_code and not {"defer", "async"} & said.keys() and said.get("type") != "module":
            self.found.append(f"blocking {said.get('src') or 'inline'}")


def main(_arguments: Sequence[str]) -> int:
    with empty_database():
        from django.db import connection
        from django.test import Client

        from catalog import invented

        for _number in invented.write(100):
            pass
        pages = {}
        for url in PAGES:
            response = Client().get(url)
            if response.status_code != 200:
                raise RuntimeError(f"{url} answered {response.status_code}")
            pages[url] = response.content
        connection.close()
        return _measured(pages)


def _measured(pages: dict[str, bytes]) -> int:
    from playwright.sync_api import sync_playwright

    kept = True
    print(f"{'page':28}{'parts':>6}{'compressed':>13}  target {MOST_BYTES // 1_000} kB")
    with sync_playwright() as playwright:
        found = os.environ.get("OSK_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)))
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for url, content in pages.items():
            sizes, faults = _load(browser, url, content)
            faults += _Blocking(content.decode()).found
            size = sum(sizes.values())
            is_kept = size <= MOST_BYTES and not faults
            kept = kept and is_kept
            verdict = " ".join(["kept" if is_kept else "MISSED", *faults])
            print(f"{url:28}{len(sizes):6}{size / 1_000:10.1f} kB  {verdict}")
            largest = sorted(sizes.items(), key=lambda part: -part[1])[:MOST_SHOWN]
            if not is_kept:
                print("    " + ", ".join(f"{name} {size / 1_000:.1f}" for name, size in largest))
        browser.close()
    return 0 if kept else 1


def _load(browser: Browser, url: str, content: bytes) -> tuple[dict[str, int], list[str]]:
    """Bytes of each answer, and addresses on other hosts."""
    from django.contrib.staticfiles import finders

    sizes: dict[str, int] = {}
    foreign: list[str] = []

    def answer(route: Route) -> None:
        asked = urlsplit(route.request.url)
        if asked.netloc != HOST:
            foreign.append(f"foreign {route.request.url}")
            return route.abort()
        body, kind = content, "text/html; charset=utf-8"
        if asked.path != url:
            path = finders.find(asked.path.removeprefix("/static/"))
            if not isinstance(path, str):
                return route.fulfill(status=404)
            body, kind = Path(path).read_bytes(), mimetypes.guess_type(path)[0] or "font/woff2"
        is_packed = asked.path.endswith(_PACKED)
        packed = gzip.compress(body) if asked.path == url else brotli.compress(body)
        sizes[asked.path] = len(body) if is_packed else len(packed)
        return route.fulfill(body=body, content_type=kind)

    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.route("**/*", answer)
    page.goto(f"http://{HOST}{url}", wait_until="networkidle")
    page.close()
    return sizes, foreign


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
