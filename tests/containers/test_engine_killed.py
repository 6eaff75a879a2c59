"""kill -9 of the engine's service in the middle of a call, each by name: while it fetches, makes, stops, removes.

It is started again, as a service manager does. Afterwards the engine has exactly what the rows promise: nothing
half-made, nothing twice, nothing without a label.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from osk_portal.embedded.processes import wait_until
from osk_portal.embedded.stack import Stack, bare_environment
from tests.containers.looking import answers, inventory, of
from tests.containers.podman import BUSYBOX, Podman
from tests.containers.strikes import Door, Registry
from tests.e2e.fixtures import free_port
from tests.faults.conftest import IMPORTS, PEOPLE, Faults
from tests.faults.console import Console

pytestmark = [pytest.mark.containers]

IMAGE = "registry.example.org/osk/busybox"
PRODUCT = """
from tests.sandbox.factories import BlueprintVersionFactory, SlotFactory
part = {{
    "image": "{image}@{digest}", "command": ["/bin/httpd"], "args": ["-f", "-p", "8080", "-h", "${{home}}"],
    "files": [{{"path": "index.html", "content": "Hallo"}}], "secrets": [{{"role": "test", "file": "given"}}],
    "user": "1000", "ports": [{{"name": "web", "number": 8080}}], "readiness": {{"port": "web"}},
    "name": "web", "volumes": [{{"name": "data", "path": "/data"}}],
}}
version = BlueprintVersionFactory(spec={{
    "schema": 2, "components": [part], "endpoints": [{{"port": "web"}}], "ready_timeout": 120,
    "accounts": [{{"role": "test", "label": "Testperson", "username": "test"}}],
}})
product = version.blueprint
for n in range(4):
    SlotFactory(pool=product.pool, backend="container")
"""
KINDS = {"container", "network", "volume"}

MAKING = (
    "POST .*/networks/create",
    "POST .*/volumes/create",
    "POST .*/containers/create",
    "PUT .*/archive",
    "POST .*/start",
)
REMOVING = (
    "POST .*/stop",
    "DELETE .*/containers/",
    "DELETE .*/volumes/",
    "DELETE .*/networks/",
)


@dataclass
class Struck(Faults):
    """The stack of the faults, with a Podman of its own behind a door."""

    podman: Podman = field(kw_only=True)
    door: Door = field(kw_only=True)
    registry: Registry = field(kw_only=True)
    before: set[str] = field(kw_only=True)

    def folders(self) -> list[str]:
        """Names of environments; more than their own things, and something stands around."""
        return sorted({thing.partition(" ")[2] for thing in self.there()})

    def there(self) -> set[str]:
        return inventory(self.podman) - self.before

    def is_exactly(self, *names: str) -> bool:
        """Each of these whole, and nothing else, labelled or not."""
        found = {name: of(self.podman, name) for name in names}
        things = {
            f"{kind} {thing}" for o in found.values() for kind, ts in o.items() for thing in ts
        }
        whole = {"container": 1, "network": 1, "volume": 2}
        return self.there() == things and all(
            {kind: len([t for t in ts if ".until-" not in t]) for kind, ts in o.items()} == whole
            for o in found.values()
        )

    def until_gone(self) -> None:
        assert wait_until(lambda: not self.there(), 120, every=0.2), (self.there(), self.warnings())

    def killed(self, booking: int) -> None:
        """The order was met; the service is there again, and nobody waits for the time of the next try."""
        self.until(self.door.taken.is_set, 60, "the engine was struck")
        self.podman.start()
        self.until(lambda: self.is_answered_again(booking), 60, "tried again")

    def is_answered_again(self, booking: int) -> bool:
        said: bool = self.ask(
            f"e = newest({booking})\n"
            "tried = e.next_action_at > clock.now() + dt.timedelta(seconds=20) and e.lease_token is None\n"
            "if tried:\n"
            "    Environment.objects.filter(pk=e.pk).update(next_action_at=clock.now())\n"
            "answer = tried or e.state in ('ready', 'gone')"
        )
        return said


@pytest.fixture(scope="module")
def struck_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Struck]:
    folder = Path(tempfile.mkdtemp(prefix="osk-struck-", dir="/var/tmp"))
    with Registry(tmp_path_factory.mktemp("registry") / "images").running() as registry:
        place = (
            f'prefix = "{IMAGE}"\nlocation = "{registry.address}/osk/busybox"\ninsecure = true\n'
        )
        podman = Podman(folder, registries=f"[[registry]]\n{place}")
        podman.start()
        try:
            podman.import_busybox()
            digest = registry.take(podman, BUSYBOX)
            podman.run("image", "rm", BUSYBOX)
            door = Door(folder / "door.sock", folder / "podman.sock", podman.stop)
            given = {
                "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
                "OSK_SANDBOX_ENGINE": f"unix://{door.path}",
                "OSK_SANDBOX_NETWORK": "10.213.192.0/20",
            }
            made = Stack(
                tmp_path_factory.mktemp("struck") / "var",
                free_port(),
                demo=False,
                durable=False,
                environment=bare_environment() | given,
            )
            with door.open(), made:
                console = Console(made.environment())
                console.run(IMPORTS + PRODUCT.format(image=IMAGE, digest=digest) + PEOPLE)
                before = inventory(podman)
                yield Struck(
                    made, console, podman=podman, door=door, registry=registry, before=before
                )
                console.close()
        finally:
            if podman.process is None:
                podman.start()
            podman.end()


@pytest.fixture
def struck(struck_stack: Struck) -> Iterator[Struck]:
    """Afterwards nothing of the test is left."""
    yield struck_stack
    struck_stack.door.forget()
    struck_stack.registry.go_on()
    if struck_stack.podman.process is None:
        struck_stack.podman.start()
    struck_stack.ask(
        "for b in Booking.objects.filter(state__in=('approved', 'active')):\n"
        "    services.end_booking(booking_id=b.pk, actor=b.booked_by)\n"
        "Environment.objects.exclude(state='gone').update(next_action_at=clock.now())"
    )
    struck_stack.until_gone()


def name_of(struck: Struck, booking: int) -> str:
    name: str = struck.ask(f"answer = newest({booking}).backend_key")
    return name


def is_whole(struck: Struck, booking: int) -> None:
    name = name_of(struck, booking)
    struck.until(lambda: struck.is_exactly(name), 30, f"{name} and nothing else: {struck.there()}")
    url = struck.ask(f"answer = newest({booking}).endpoint")
    assert answers(url, "Hallo")
    assert struck.ask(f"answer = Environment.objects.filter(booking={booking}).count()") == 1
    assert struck.twice_mailed() == []
    assert "raised unexpected" not in struck.log()


def test_while_it_fetches_an_image(struck: Struck) -> None:
    """By its digest, from a registry, which nothing else here does."""
    struck.podman.run("image", "rm", "--all", "--force")
    struck.registry.hold()
    booking = struck.book()
    struck.until(struck.registry.halfway.is_set, 60, "half of the image is there")

    struck.podman.stop()
    struck.door.taken.set()
    struck.registry.go_on()
    struck.killed(booking)

    struck.wait_for(booking, "ready", 120)
    is_whole(struck, booking)
    images = struck.podman.run("images", "--quiet", "--all").split()
    assert len(images) == 1


@pytest.mark.parametrize("answered", [False, True], ids=["at work", "unheard"])
@pytest.mark.parametrize("call", MAKING)
def test_while_it_makes_something(struck: Struck, call: str, answered: bool) -> None:
    struck.door.order(call, answered=answered)
    booking = struck.book()

    struck.killed(booking)

    struck.wait_for(booking, "ready", 120)
    is_whole(struck, booking)


@pytest.mark.parametrize("answered", [False, True], ids=["at work", "unheard"])
@pytest.mark.parametrize("call", REMOVING)
def test_while_it_removes_something(struck: Struck, call: str, answered: bool) -> None:
    booking, other = struck.book(), struck.book()
    for one in (booking, other):
        struck.wait_for(one, "ready", 120)
    struck.door.order(call, answered=answered)
    struck.end(booking)

    struck.killed(booking)

    struck.wait_for(booking, "gone", 120)
    is_whole(struck, other)
    left = struck.ask(
        f"e = newest({booking})\n"
        "answer = [e.proofs.filter(verified_at=None).count(), e.proofs.count() > 3]"
    )
    assert left == [0, True]
