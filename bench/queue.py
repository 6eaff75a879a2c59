"""Server time of the pages that advisors and requesters open most, with many requests: `make bench`.

Starts a PostgreSQL of its own, fills it, and asks each page through Django's handler, as a web process
would. Beside them a bare page with one query: what this machine takes in any case. `--explain` shows the plans
of the queries that took longest.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bench.database import empty_database

if TYPE_CHECKING:
    from django.test import Client

LIST_MS: Final = 190 / 5
LIST_QUERIES: Final = 65 // 5
DETAIL_QUERIES: Final = 44 // 5
"""A fifth of what django-helpdesk needs at this size (issue of consulting)."""
SLOW_SECONDS: Final = 0.002


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000, help="how many are written")
    parser.add_argument("--rounds", type=int, default=100, help="how often each page is opened")
    parser.add_argument("--explain", action="store_true", help="plans of the slowest queries")
    options = parser.parse_args(arguments)

    with empty_database():
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    from django.conf import settings
    from django.db import connection
    from django.test import Client

    from bench.world import fill

    start = time.perf_counter()
    world = fill(options.requests)
    print(f"{options.requests} requests written in {time.perf_counter() - start:.0f} s")

    from consulting import queues

    advisor, requester = Client(), Client()
    for browser, person in ((advisor, world.advisor), (requester, world.requester)):
        browser.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    session = advisor.session
    session["second_factor_of"] = world.advisor.pk
    session.save()
    case, mine = world.case, queues.BY_NAME["mine"]
    pages: list[tuple[str, Client, str, float | None, int | None]] = [
        ("bare page, one query", Client(), "/bench/bare/", None, None),
        ("queue: all open", advisor, queues.BY_NAME["open"].url, LIST_MS, LIST_QUERIES),
        ("queue: mine", advisor, mine.url, LIST_MS, LIST_QUERIES),
        ("queue: overdue", advisor, queues.OVERDUE.url, LIST_MS, LIST_QUERIES),
        ("case, for the OSK", advisor, queues.case_url(case), None, DETAIL_QUERIES),
        ("case, from a queue", advisor, queues.case_url(case, mine), None, DETAIL_QUERIES),
        ("requester's list", requester, "/beratung/anfragen/", LIST_MS, LIST_QUERIES),
    ]
    print("own: processor time of the web process alone, which other programs disturb least")
    print(f"{'page':22} {'median':>9} {'p95':>9} {'own':>9} {'x bare':>7} {'queries':>8}  target")
    kept, bare = True, 0.0
    for name, browser, url, most_ms, most_queries in pages:
        times, own = _times(browser, url, options.rounds)
        median, high = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        bare = bare or median
        queries = _queries(browser, url)
        is_kept = median <= (most_ms or median) and len(queries) <= (most_queries or len(queries))
        kept = kept and is_kept
        targets = [f"{most_ms:.0f} ms"] if most_ms else []
        targets += [f"{most_queries} queries"] if most_queries else []
        verdict = ("kept" if is_kept else "MISSED") if targets else ""
        print(
            f"{name:22} {median:6.1f} ms {high:6.1f} ms {own:6.1f} ms {median / bare:7.1f} {len(queries):8}"
            f"  {', '.join(targets)} {verdict}"
        )
        if options.explain:
            _explain(queries)
    connection.close()
    return 0 if kept else 1


def _times(browser: Client, url: str, rounds: int) -> tuple[list[float], float]:
    """Milliseconds of each answer, after some that warm up, and the median of the processor time."""
    times, own = [], []
    for number in range(rounds + 5):
        start, start_own = time.perf_counter(), time.process_time()
        response = browser.get(url)
        took = (time.perf_counter() - start) * 1_000
        took_own = (time.process_time() - start_own) * 1_000
        if response.status_code != 200:
            raise RuntimeError(f"{url} answered {response.status_code}")
        if number >= 5:
            times.append(took)
            own.append(took_own)
    return times, statistics.median(own)


def _queries(browser: Client, url: str) -> list[dict[str, str]]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        browser.get(url)
    return list(captured.captured_queries)


def _explain(queries: list[dict[str, str]]) -> None:
    from django.db import connection

    for query in queries:
        if float(query["time"]) < SLOW_SECONDS or not query["sql"].startswith("SELECT"):
            continue
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, COSTS OFF, TIMING ON) " + query["sql"])
            plan = [row[0] for row in cursor.fetchall()]
        print(f"    {query['time']} s: {query['sql'][:90]} …")
        print("\n".join(f"      {line[:160]}" for line in plan))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
