"""Server time of sending a request, while the broker works, is gone, or hangs, and no mail server is there.

Part of `make bench`. quality.md 4.4: p95 under 200 ms, and at most 500 ms more where Redis or SMTP are down. What is
told outside waits in rows (outbox), so a request asks no mail server at all: its address leads nowhere here. After
one failed ring the doorbell is silent for a while; that is forgotten before each request, so each is the worst one.
"""

from __future__ import annotations

import logging
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.database import ROOT, empty_database

ROUNDS: Final = 60
MOST_MS: Final = 200.0
MOST_MORE_MS: Final = 500.0
STATES: Final = ("works", "is gone", "hangs")


def main(arguments: Sequence[str]) -> int:
    """Each state in a process of its own: how to reach the broker is read at the start."""
    if arguments:
        return _measure(arguments[0])
    print(f"{'sending a request, the broker':34}{'p50':>8}{'p95':>10}{'target':>10}")
    results = [
        subprocess.run(  # noqa: S603 # this module itself
            [sys.executable, "-m", "bench.intake", state], cwd=ROOT, check=False
        )
        for state in STATES
    ]
    return max(result.returncode for result in results)


@contextmanager
def _broker(state: str) -> Iterator[str]:
    if state == "works":
        from osk_portal.embedded.valkey import EmbeddedValkey

        with tempfile.TemporaryDirectory(prefix="osk-bench-") as folder:
            server = EmbeddedValkey(Path(folder))
            server.start()
            try:
                yield server.url()
            finally:
                server.stop()
        return
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        if state == "hangs":
            listening.listen()
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


def _measure(state: str) -> int:
    os.environ["OSK_PROCESS"] = "web"
    os.environ["EMAIL_URL"] = "smtp://127.0.0.1:9"
    with _broker(state) as url:
        os.environ["CELERY_BROKER_URL"] = url
        with empty_database():
            times = _send_all()
    p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    most = MOST_MS + (0 if state == "works" else MOST_MORE_MS)
    verdict = "kept" if p95 <= most else "MISSED"
    print(f"    {state:30}{p50:5.0f} ms{p95:7.0f} ms{most:7.0f} ms  {verdict}", flush=True)
    return 0 if p95 <= most else 1


def _send_all() -> list[float]:
    """Milliseconds of each."""
    from django.conf import settings
    from django.test import Client
    from django.urls import reverse

    from bench.world import enrol
    from consulting import services
    from consulting.models import ConsultingRequest
    from osk_portal.notifications import doorbell

    logging.disable(logging.WARNING)  # a doorbell that is not heard, once for each
    times = []
    for number, (person, organisation) in enumerate(enrol()[: ROUNDS + 1]):
        draft = services.create_draft(
            actor=person,
            values={
                "kind": "question",
                "title": f"Frage {number}",
                "description": "Welche Lösung passt?",
                "topics": ["operation"],
                "phase": "idea",
                "organisation": organisation,
            },
        )
        browser = Client()
        browser.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
        doorbell._silent_until = 0.0  # noqa: SLF001 # no page needs to reset it
        address = reverse("consulting:request_check", args=[draft.public_id])
        start = time.perf_counter()
        response = browser.post(address, {"version": draft.version})
        took = (time.perf_counter() - start) * 1_000
        sent = ConsultingRequest.objects.get(pk=draft.pk)
        if response.status_code != 302 or sent.submitted_at is None:
            raise RuntimeError(f"{address} answered {response.status_code}")
        if number:  # the first one loads what all others find
            times.append(took)
    return times


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
