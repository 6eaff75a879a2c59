"""A stack of its own for faults at single steps: no browser, no demo world, quick beats, hooks at every engine call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from osk_portal.embedded.stack import Stack, bare_environment
from tests.e2e.fixtures import free_port
from tests.faults.console import Console

IMPORTS = """
import datetime as dt
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from sandbox import services, shipped
from sandbox.models import *
from tests.factories import MembershipFactory, staff
"""
RADICALE = """
pool = Pool.objects.create(slug="faults", name="Plätze")
for n in range(6):
    Slot.objects.create(pool=pool, name=f"Platz {n}", backend="process")
product = shipped.ensure("radicale", pool)
Blueprint.objects.filter(pk=product.pk).update(is_bookable=True)
product = Blueprint.objects.get(pk=product.pk)
"""
PEOPLE = """
operator = staff("operator")
def book(hours=24):
    member = MembershipFactory(organisation__authority=True)
    start = clock.now()
    return services.book(user=member.user, organisation=member.organisation, blueprint=product, start=start,
        end=start + dt.timedelta(hours=hours), purpose="Wir prüfen das Produkt.")
def newest(pk):
    return Environment.objects.filter(booking=pk).latest("generation")
"""

TWICE = """
from django.db.models import Count
answer = []
rows = OutgoingMail.objects.order_by().values_list("kind", "address", "subject_key").annotate(n=Count("pk"))
for kind, address, key, n in rows.filter(n__gt=1):
    made = Environment.objects.filter(booking__public_id=key, ready_at__isnull=False).count()
    if kind != "sandbox.booking_ready" or n > made:
        answer.append([kind, address, key, n])
"""


@dataclass
class Faults:
    """The stack, a console beside it, and orders for its worker."""

    stack: Stack
    console: Console

    @property
    def folder(self) -> Path:
        return self.stack.var / "faults"

    def order(self, where: str, what: str = "kill") -> None:
        (self.folder / where).write_text(what)

    def is_taken(self, where: str) -> bool:
        return (self.folder / f"{where}.taken").exists()

    def forget_orders(self) -> None:
        for path in [*self.folder.glob("before.*"), *self.folder.glob("after.*")]:
            path.unlink()

    def ask(self, text: str) -> Any:
        return self.console.run(text)

    def book(self) -> int:
        pk: int = self.ask("answer = book().pk")
        return pk

    def book_and_wait(self) -> int:
        booking = self.book()
        self.wait_for(booking, "ready")
        return booking

    def state(self, booking: int) -> str:
        found: str = self.ask(f"answer = newest({booking}).state")
        return found

    def wait_for(self, booking: int, state: str, seconds: float = 60) -> None:
        self.until(lambda: self.state(booking) == state, seconds, f"{state} of {booking}")

    def until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}\n{self.warnings()}"
            time.sleep(0.2)

    def keep_running(self) -> None:
        """As a service manager does: a worker that loses its broker ends itself (docs/operations)."""
        for name in self.stack.ended():
            self.stack.start_child(name)

    def folders(self) -> list[str]:
        """What the engine has, whatever the rows say."""
        return sorted(p.name for p in (self.stack.var / "sandboxes").glob("osk-*") if p.is_dir())

    def wanted(self) -> list[str]:
        found: list[str] = self.ask(
            "answer = sorted(Environment.objects.filter(state='ready').values_list('backend_key', flat=True))"
        )
        return found

    def twice_mailed(self) -> list[Any]:
        """What somebody got more often than it happened: "ready" comes once a generation, the rest once."""
        found: list[Any] = self.ask(TWICE)
        return found

    def log(self, name: str = "worker") -> str:
        return self.stack.child(name).log_file.read_text(encoding="utf-8", errors="replace")

    def warnings(self) -> str:
        """The last lines of the worker's log that say what did not go well."""
        lines = [line for line in self.log().splitlines() if '"levelname": "INFO"' not in line]
        return "\n".join(lines[-30:])

    def end(self, booking: int) -> None:
        self.ask(
            f"b = Booking.objects.get(pk={booking})\n"
            "services.end_booking(booking_id=b.pk, actor=b.booked_by)"
        )


@pytest.fixture(scope="module")
def faults_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faults]:
    made = Stack(
        tmp_path_factory.mktemp("faults") / "var",
        free_port(),
        demo=False,
        durable=False,
        environment=bare_environment() | {"DJANGO_SETTINGS_MODULE": "tests.faults.settings"},
    )
    with made:
        console = Console(made.environment())
        console.run(IMPORTS + RADICALE + PEOPLE)
        yield Faults(made, console)
        console.close()


@pytest.fixture
def faults(faults_stack: Faults) -> Iterator[Faults]:
    """Afterwards nothing of the test is left, and every child runs."""
    yield faults_stack
    faults_stack.forget_orders()
    for name in faults_stack.stack.ended():
        faults_stack.stack.start_child(name)
    faults_stack.ask(
        "for b in Booking.objects.filter(state__in=('approved', 'active')):\n"
        "    services.end_booking(booking_id=b.pk, actor=b.booked_by)"
    )
    faults_stack.until(lambda: not faults_stack.folders(), 60, "everything removed")
