"""Server time of the catalog's pages as the catalog grows, and how many people it can serve at once.

Part of `make bench`. A PostgreSQL of its own is filled with invented entries (`manage.py demo_catalog`), one size after
the other; each page is asked through Django's handler. At the size of the budget (50,000) gunicorn is started too
and asked over 16 connections.

Lists that visitors see, and what searches found, are remembered for some seconds (toolkit/page_memory.py,
catalog/found_memory.py). The table is of pages that are made anew with nothing remembered; its last columns say what
a page takes whose search has just been asked with other filters, and what a remembered one takes. What a process
holds of the catalog as such (figures beside the filters, which words are common) is not forgotten. The load is what
people type: the words that the invented entries are about with Zipf's weights (the n-th word one n-th as often as the
first, as in logs of searches), every fifth with a filter or on a second page. It is asked twice: each address once
only, so that no page is remembered, and as it is, once a portal has run for WARM_SECONDS. The budget holds for the
latter.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from bench.database import ROOT, empty_database

if TYPE_CHECKING:
    from django.test import Client

SIZES: Final = (1_000, 10_000, 50_000, 100_000)
MOST_GROWTH: Final = 1.5
"""A page at 100,000 rows takes at most so many times what it takes at 1,000 (quality.md 4.4)."""
MOST_QUERIES: Final = 10
CONNECTIONS: Final = 16
LOAD_SIZE: Final = 50_000
LOAD_P95_MS: Final = 150
WARM_SECONDS: Final = 30
LIST: Final = "/loesungen/"
RARE: Final = "Archifaden Kreisfuchs Klarlicht Wegwerk Deichkontor Havelfaden Sandhaus Kiezmappe"
"""Names of eight of the first invented entries: a search that finds something at one size only compares two pages."""
PAGES: Final = (
    ("bare page, one query", "/bench/bare/"),
    ("list", LIST),
    ("list, page 20", f"{LIST}?page=20"),
    ("list, most reused", f"{LIST}?sort=reused"),
    ("one facet", f"{LIST}?category=document-management"),
    ("three facets", f"{LIST}?category=document-management&licence=copyleft&status=stable"),
    ("search, common word", f"{LIST}?q=Akte"),
    ("search, product name", f"{LIST}?q=Zielschrank"),
    ("search, two words", f"{LIST}?q={quote('Termin Bürgerbüro')}"),
    ("search, typing error", f"{LIST}?q=Sharepont"),
    ("search, eight rare words", f"{LIST}?q={quote(RARE)}"),
    ("search, nothing found", f"{LIST}?q=xqzwvk"),
    ("entry", f"{LIST}erfunden-7/"),
    ("API, 50 entries", "/api/v1/solutions?limit=50"),
    ("feed of a search", f"{LIST}feed/?q=Akte"),
)  # fmt: skip
"""Name and address; the first is what all others are compared with. Where a page has rows, it is full at every size,
but that of one product's name."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench-catalog", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of entries")
    parser.add_argument("--rounds", type=int, default=30, help="how often each page is opened")
    parser.add_argument("--seconds", type=float, default=20, help="how long the load lasts")
    parser.add_argument("--slow", action="store_true", help="queries that took more than 5 ms")
    options = parser.parse_args(arguments)

    with empty_database():
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    from django.db import connection
    from django.test import Client

    from catalog import common_words, invented

    usual: dict[str, list[float]] = {name: [] for name, _url in PAGES}
    found: dict[str, list[float]] = {name: [] for name, _url in PAGES}
    again: dict[str, float] = {}
    numbers: dict[str, int] = {}
    kept = True
    for size in sorted(options.sizes):
        start = time.perf_counter()
        for _number in invented.write(size):
            pass
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        common_words.renew()  # as the job does within five minutes
        print(f"{size} entries written in {time.perf_counter() - start:.0f} s")
        for name, took in _took(options.rounds, _forget_all).items():
            usual[name].append(took)
        for name, took in _took(options.rounds, _forget_pages).items():
            found[name].append(took)
        again = _took(options.rounds, lambda: None)
        for name, url in PAGES:
            numbers[name] = _queries(Client(), url, shows=options.slow)
        if size == LOAD_SIZE:
            connection.close()
            kept = _load(options.seconds) and kept
    kept = _table(sorted(options.sizes), usual, found, again, numbers) and kept
    connection.close()
    return 0 if kept else 1


def _forget_pages() -> None:
    from catalog.views.solutions import LISTS

    LISTS.clear()


def _forget_all() -> None:
    from catalog import common_words, found_memory

    _forget_pages()
    found_memory.forget()
    common_words.forget()


def _took(rounds: int, forget: Callable[[], None]) -> dict[str, float]:
    """Milliseconds of each page; the first answer, which warms up, does not count.

    The pages take turns and the lower quartile counts: what else the machine does for a moment then falls on all of
    them alike, and mostly not on what is reported. ``forget``: done before each.
    """
    from django.test import Client

    times: dict[str, list[float]] = {name: [] for name, _url in PAGES}
    browser = Client()
    for _ in range(rounds + 1):
        for name, url in PAGES:
            forget()
            start = time.perf_counter()
            response = browser.get(url)
            times[name].append((time.perf_counter() - start) * 1_000)
            if response.status_code != 200:
                raise RuntimeError(f"{url} answered {response.status_code}")
            for _part in response:  # what is streamed is made while it is read
                pass
    return {name: statistics.quantiles(taken[1:], n=4)[0] for name, taken in times.items()}


def _queries(browser: Client, url: str, *, shows: bool) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    _forget_all()
    with CaptureQueriesContext(connection) as captured:
        browser.get(url)
    for query in captured.captured_queries:
        if shows and float(query["time"]) >= 0.005:
            print(f"    {url} {query['time']} s: {query['sql'][:300]} …")
    return len(captured)


def _table(
    sizes: Sequence[int],
    usual: dict[str, list[float]],
    found: dict[str, list[float]],
    again: dict[str, float],
    numbers: dict[str, int],
) -> bool:
    """Says whether every page keeps the budgets, also where its search is remembered."""
    columns = "".join(f"{size:>10}" for size in sizes)
    print(f"{'page':26}{columns}    growth  queries        search known    growth     again")
    kept = True
    for name, times in usual.items():
        growth, growth_found = _growth(times), _growth(found[name])
        is_kept = max(growth, growth_found) <= MOST_GROWTH and numbers[name] <= MOST_QUERIES
        kept = kept and is_kept
        cells = "".join(f"{took:7.1f} ms" for took in times)
        print(
            f"{name:26}{cells}  {growth:8.2f} {numbers[name]:8}  {'kept  ' if is_kept else 'MISSED'}"
            f"  {found[name][-1]:7.1f} ms  {growth_found:8.2f}{again[name]:7.1f} ms"
        )
    return kept


def _growth(times: Sequence[float]) -> float:
    """A tenth of a bare page is not measured exactly enough to speak of growth."""
    return times[-1] / max(times[0], 1.0)


def _load(seconds: float) -> bool:
    """What visitors search for, over 16 connections at once, beside the bare page the same way."""
    with _server() as port:
        bare = _ask(port, itertools.repeat("/bench/bare/"), seconds / 2)
        new = (f"{url}&n={number}" for number, url in enumerate(_searches(3)))
        _said("searches, each address once", _ask(port, new, seconds), seconds)
        _ask(port, _searches(1), WARM_SECONDS)
        found = _ask(port, _searches(2), seconds)
    half = len(bare) / (seconds / 2) / 2
    print(f"{CONNECTIONS} connections, bare page: {half * 2:.0f} a second")
    p95 = _said("searches as people ask", found, seconds)
    print(f"{CONNECTIONS} connections, targets: p95 {LOAD_P95_MS} ms, {half:.0f} a second")
    return p95 <= LOAD_P95_MS and len(found) / seconds >= half


def _said(what: str, times: Sequence[float], seconds: float) -> float:
    """The time within which 95 of 100 were answered."""
    p95 = statistics.quantiles(times, n=20)[-1]
    print(
        f"{CONNECTIONS} connections, {what}: {len(times) / seconds:.0f} a second,"
        f" median {statistics.median(times):.0f} ms, p95 {p95:.0f} ms"
    )
    return p95


def _searches(seed: int) -> Iterator[str]:
    """What people type: few words very often, many seldom; now and then a facet or a second page."""
    from catalog.invented.words import BEGINNINGS, ENDINGS, TASKS

    chance = random.Random(seed)  # noqa: S311 # no secret
    words = [word for task in TASKS for word in task.german.split() if word[0].isupper()]
    words += [first + last for first in BEGINNINGS for last in ENDINGS[:4]]
    weights = [1 / (rank + 1) for rank in range(len(words))]
    while True:
        [word] = chance.choices(words, weights)
        extra = chance.choices(("", "&licence=copyleft", "&page=2"), (8, 1, 1))[0]
        yield f"{LIST}?q={quote(word)}{extra}"


@contextmanager
def _server() -> Iterator[int]:
    """gunicorn as in production, with two workers; the port it listens on."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603 # fixed arguments
        [
            sys.executable, "-m", "gunicorn", "osk_portal.wsgi:application", "--workers", "2",
            "--threads", "8", "--bind", f"127.0.0.1:{port}", "--log-level", "error",
        ],
        cwd=ROOT,
        env={**os.environ, "OSK_PROCESS": "web"},
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while True:
            try:
                _one(HTTPConnection("127.0.0.1", port, timeout=30), "/bench/bare/")
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _ask(port: int, urls: Iterator[str], seconds: float) -> list[float]:
    """Milliseconds of each answer that CONNECTIONS clients get within ``seconds``."""
    times: list[float] = []
    lock = threading.Lock()
    until = time.monotonic() + seconds

    def ask() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < until:
            with lock:
                url = next(urls)
            start = time.perf_counter()
            _one(connection, url)
            times.append((time.perf_counter() - start) * 1_000)
        connection.close()

    clients = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return times


def _one(connection: HTTPConnection, url: str) -> None:
    connection.request("GET", url, headers={"Host": "testserver", "Accept-Language": "de"})
    response = connection.getresponse()
    response.read()
    if response.status != 200:
        raise RuntimeError(f"{url} answered {response.status}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
