"""Environments as containers of Podman or Docker, reached by the engine's socket.

An environment ``osk-<8 hex>-g<generation>`` is

* a network of that name: no way out unless the specification asks for one, and none to other environments;
* a container ``…-<component>`` for each component, with an address of its own in that network;
* a volume ``….data`` for data, and one ``….home`` for the files and passwords of a component;
* perhaps a volume ``….until-<time>``: labels cannot change, so a later end is written on a new object.

Every object carries the labels of ``container_plan``; nothing is kept anywhere else. The portal asks the
products itself, at their addresses: it must run on the engine's machine.
"""

from __future__ import annotations

import contextlib
import ipaddress
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.utils.translation import gettext as _

from osk_portal.toolkit import clock
from sandbox.backends import container_plan as plans
from sandbox.backends import machine
from sandbox.backends.base import (
    AddressHeld,
    BackendError,
    BackendUnavailable,
    CapacityExhausted,
    EnvRef,
    Health,
    Observed,
    ObservedState,
    Permanent,
    ProbeResult,
    Retryable,
    needs_a_person,
)
from sandbox.backends.collecting import Collector, EnoughError, take_tar
from sandbox.backends.container_listing import (
    Found,
    Objects,
    mounts_of,
    name_of,
    observed,
    ours,
    ref_of,
    subnet_of,
    subnets_of,
)
from sandbox.backends.container_plan import Plan
from sandbox.backends.probing import ask
from sandbox.spec import Check, Component, EnvSpec

if TYPE_CHECKING:
    from sandbox.backends.engine import Engine

STOP_SECONDS = 5
DEPENDS_SECONDS = 20.0
"""How long a set-up waits for what others depend on; what takes longer comes with the next step."""
OUT_OF_MEMORY = 137
_HELD = (
    "only removing its containers and its network frees the address, and what was written outside volumes"
    " would be lost: free it at the engine, or reset the environment"
)
"""For operators, of an environment that people have worked in."""


_LOST = (
    "what was written in it outside volumes would be lost with it: remove it at the engine, or reset the"
    " environment"
)
"""The same, of a container that neither starts nor goes."""
_ENDING = ("removing", "dead", "stopping")


def _may_hold_data(component: Component, container: Objects) -> bool:
    """Outside its named volumes, which outlive it. What an image declares as a volume goes with its container."""
    mounts = container.get("Mounts")
    is_known = component.read_only and mounts is not None
    return not is_known or any(not mount.startswith("osk-") for mount in mounts_of(container))


class ContainerBackend:
    key: ClassVar[str] = "container"

    def __init__(
        self,
        *,
        address: str,
        pool: ipaddress.IPv4Network,
        mail_port: int = 0,
        patience: int = STOP_SECONDS,
    ) -> None:
        self._address = address
        self._pool = pool
        self._mail_port = mail_port
        self._patience = patience

    @classmethod
    def from_settings(cls) -> ContainerBackend:
        address = settings.OSK_SANDBOX_ENGINE
        if not address.startswith("unix://"):
            # An engine's port without a socket's permissions is root for whoever reaches it.
            raise BackendUnavailable("OSK_SANDBOX_ENGINE names no Unix socket.", after=60)
        return cls(
            address=address,
            pool=ipaddress.IPv4Network(settings.OSK_SANDBOX_NETWORK),
            mail_port=settings.OSK_SANDBOX_MAIL_PORT,
        )

    def _engine(self) -> Engine:
        # Its library is read only where an engine is asked: most commands need neither.
        from sandbox.backends.engine import Engine

        return Engine(self._address)

    # What is there

    def check(self) -> Health:
        try:
            with self._engine() as engine:
                return machine.health(engine.data_folder(), version=engine.version())
        except Retryable as error:
            return Health(False, error.detail)

    def validate(self, spec: EnvSpec) -> list[str]:
        problems = needs_a_person(spec)
        problems += [
            f"{c.name}: " + _("programs need another engine") for c in spec.components if c.program
        ]
        recipes = [c for c in spec.components if c.image.startswith("localhost/")]
        if recipes:
            with self._engine() as engine:
                problems += [
                    f"{component.name}: "
                    + _("the image %(image)s was not built here") % {"image": component.image}
                    for component in recipes
                    if not engine.has_image(component.image)
                ]
        return problems

    def observe(self, ref: EnvRef) -> Observed:
        try:
            with self._engine() as engine:
                return self._observe(engine, ref)
        except Retryable:
            return Observed(ref.name, ObservedState.UNKNOWN)

    def _observe(self, engine: Engine, ref: EnvRef) -> Observed:
        labels = plans.owner_labels(ref)
        found = Found(engine.networks(labels), engine.containers(labels), engine.volumes(labels))
        if found.is_empty:
            network = engine.network(ref.name)
            if network is None:
                return Observed(ref.name, ObservedState.ABSENT)
            theirs = network.get("Labels") or {}
            return Observed(
                ref.name,
                ObservedState.UNKNOWN,
                instance=theirs.get(plans.INSTANCE, ""),
                env=theirs.get(plans.ENV, ""),
            )
        return observed(ref.name, found)

    def observe_all(self) -> Iterable[Observed]:
        label = {plans.MANAGED: "true"}
        every: dict[str, Found] = defaultdict(Found)
        with self._engine() as engine:
            # Containers first: what is made meanwhile is then seen with its network at least.
            for kind in ("containers", "volumes", "networks"):
                for thing in getattr(engine, kind)(label):
                    ref = ref_of(thing.get("Labels") or {})
                    if ref is not None:
                        # Two portals may share an engine and, by accident, a name.
                        getattr(every[f"{ref.name} {ref.instance} {ref.env}"], kind).append(thing)
        return [observed(key.partition(" ")[0], found) for key, found in sorted(every.items())]

    # Making it exist

    def ensure(
        self, ref: EnvRef, spec: EnvSpec, secrets: Mapping[str, str], *, expires_at: datetime
    ) -> Observed:
        plan = Plan(ref, spec, expires_at, clock.now())
        with self._engine() as engine:
            self._ensure_images(engine, spec)
            network = self._ensure_network(engine, plan)
            for component in spec.components:
                for volume in component.volumes:
                    self._ensure_volume(engine, plan, plan.volume(volume.name), plans.DATA)
                if plans.has_home(component):
                    self._ensure_volume(engine, plan, plan.home(component), plans.SECRET)
            for component in spec.in_order():
                if not self._may_start(plan, component, subnet_of(network)):
                    break
                self._ensure_container(engine, plan, component, network, secrets)
            return self._observe(engine, ref)

    def _ensure_images(self, engine: Engine, spec: EnvSpec) -> None:
        for component in spec.components:
            if component.program:
                raise Permanent("", f"{component.name}: programs need another engine")
            if engine.has_image(component.image):
                continue
            if component.image.startswith("localhost/"):
                raise Permanent("", f"the image {component.image} was not built here")
            engine.pull(component.image)

    def _ensure_network(self, engine: Engine, plan: Plan) -> Objects:
        found = engine.network(plan.network)
        if found is None:
            taken = [subnet for n in engine.networks() for subnet in subnets_of(n)]
            for subnet in plans.subnets(self._pool, plan.network, taken):
                engine.create_network(
                    plan.network,
                    plan.network_labels,
                    subnet=subnet,
                    is_internal=plan.is_internal,
                )
                # Made just now, by us or by another worker; else its addresses were taken meanwhile.
                found = engine.network(plan.network)
                if found is not None:
                    break
            else:
                raise CapacityExhausted(f"No free network in {self._pool}.", after=60)
        return ours(found, plan.ref, plan.network)

    def _ensure_volume(self, engine: Engine, plan: Plan, name: str, kind: str) -> None:
        found = engine.volume(name)
        if found is None:
            engine.create_volume(name, {**plan.labels, plans.KIND: kind})
            found = engine.volume(name)
        ours(found, plan.ref, name)

    def _may_start(self, plan: Plan, component: Component, subnet: str) -> bool:
        """What it depends on answers."""
        hosts = plans.addresses(plan.spec, subnet)
        until = time.monotonic() + DEPENDS_SECONDS
        for other in plan.spec.components:
            if other.name not in component.depends_on or other.readiness is None:
                continue
            number = plans.number_of(other, other.readiness.port)
            while not ask(hosts[other.name], number, other.readiness, timeout=2).ok:
                if time.monotonic() > until:
                    return False
                time.sleep(0.2)
        return True

    def _ensure_container(
        self,
        engine: Engine,
        plan: Plan,
        component: Component,
        network: Objects,
        secrets: Mapping[str, str],
    ) -> None:
        name, subnet = plan.container_name(component.name), subnet_of(network)
        found = engine.container(name)
        if found is not None:
            found = self._keep_or_remove(engine, plan, component, ours(found, plan.ref, name))
        if found is None:
            mail = (str(ipaddress.IPv4Network(subnet)[1]), str(self._mail_port or ""))
            engine.create_container(plan.container(component, subnet, secrets, mail))
            found = ours(engine.container(name), plan.ref, name)
        elif plan.network not in found["NetworkSettings"]["Networks"]:
            # Cut off by a quarantine that is over: who gives it back asks for it to run.
            engine.connect(plan.network, name, address=found["Config"]["Labels"][plans.ADDRESS])
        status = found["State"]["Status"]
        if status == "running":
            return
        if status == "paused":
            engine.unpause(name)
            return
        if plans.has_home(component):
            engine.put_files(name, component.home, plan.files(component, subnet, secrets))
        try:
            if component.seed:
                self._seed(engine, plan, component, subnet)
            engine.start(name)
        except (Retryable, Permanent) as error:
            if plan.ref.is_in_use:
                # What people wrote may lie in the containers themselves, where they are not read-only.
                if isinstance(error, AddressHeld):
                    raise AddressHeld(f"{error.detail}; {_HELD}", after=error.after) from error
                raise
            # It would keep its ports and its name as a thing that never ran.
            with contextlib.suppress(Retryable, Permanent):
                engine.remove_container(name, patience=0)
            self._free_addresses(engine, plan.ref, error)
            raise

    def _seed(self, engine: Engine, plan: Plan, component: Component, subnet: str) -> None:
        """Once in the life of its volumes: a mark of its own says so, since labels cannot change. Killed before it is
        set, nothing has started yet, and the next one writes the same.
        """
        mark = plan.seeded(component)
        if engine.volume(mark) is not None:
            return
        name = plan.container_name(component.name)
        engine.fill_volumes(name)
        for volume in component.volumes:
            archive = plan.seeds(component, volume, subnet)
            if archive:
                engine.put_files(name, volume.path, archive)
        self._ensure_volume(engine, plan, mark, plans.SEEDED)

    def _free_addresses(self, engine: Engine, ref: EnvRef, error: BackendError) -> None:
        """Podman's service, killed while it starts a container, keeps its address for ever; its list of addresses
        goes with the network only. Nobody has worked in it yet (``EnvRef.is_in_use``).
        """
        if isinstance(error, AddressHeld):
            for container in engine.containers(plans.owner_labels(ref)):
                engine.remove_container(name_of(container), patience=self._patience)
            for network in engine.networks(plans.owner_labels(ref)):
                engine.remove_network(network["Name"])

    def _keep_or_remove(
        self, engine: Engine, plan: Plan, component: Component, found: Objects
    ) -> Objects | None:
        """What ends just now, or ended without being removed, gives way to a new one, unless people have worked
        in it: then what ends is waited for, and what can only be removed waits for a person.
        """
        if found["State"]["Status"] not in _ENDING:
            return found
        name = found["Name"].lstrip("/")
        if plan.ref.is_in_use and found["State"]["Status"] == "stopping":
            # Again, since whoever began it may be dead.
            engine.stop(name, patience=self._patience)
            found = ours(engine.container(name), plan.ref, name)
            if found["State"]["Status"] not in _ENDING:
                return found
        if plan.ref.is_in_use and _may_hold_data(component, found):
            raise Retryable(f"{name} is {found['State']['Status']}; {_LOST}", after=60)
        engine.remove_container(name, patience=self._patience)
        return None

    # Asking the product

    def probe(self, ref: EnvRef, check: Check, *, patience: float = 0) -> ProbeResult:
        deadline = time.monotonic() + patience
        with self._engine() as engine:
            while True:
                result = self._probe_once(engine, ref, check)
                if result.ok or result.is_over or time.monotonic() >= deadline:
                    return result
                time.sleep(0.1)

    def _probe_once(self, engine: Engine, ref: EnvRef, check: Check) -> ProbeResult:
        label = f"{plans.PORT}{check.port}"
        for container in engine.containers(plans.owner_labels(ref)):
            labels = container["Labels"]
            if label not in labels:
                continue
            if container["State"] != "running":
                return ProbeResult(False, self._end_of(engine, container), is_over=True)
            return ask(labels[plans.ADDRESS], int(labels[label]), check)
        return ProbeResult(False, f"nothing has the port {check.port} yet", is_over=True)

    def _end_of(self, engine: Engine, container: Objects) -> str:
        """In words why it does not run."""
        name = name_of(container)
        found = engine.container(name)
        if found is None or found["State"]["Status"] == "created":
            return f"{name} has not been started"
        code = found["State"]["ExitCode"]
        # Podman does not say that memory ran out, but the code is that of a program that was killed.
        memory = ", perhaps for want of memory" if code == OUT_OF_MEMORY else ""
        return f"{name} has ended with {code}{memory}"

    # Removing

    def halt(self, ref: EnvRef) -> None:
        with self._engine() as engine:
            for container in engine.containers(plans.owner_labels(ref)):
                engine.stop(name_of(container), patience=self._patience)

    def quarantine(self, ref: EnvRef) -> None:
        with self._engine() as engine:
            for container in engine.containers(plans.owner_labels(ref)):
                engine.stop(name_of(container), patience=self._patience)
                engine.disconnect(ref.name, name_of(container))

    def destroy(self, ref: EnvRef) -> Observed:
        labels = plans.owner_labels(ref)
        with self._engine() as engine:
            foreign = engine.network(ref.name)
            if foreign is not None and not plans.belongs_to(foreign.get("Labels"), ref):
                raise Permanent("", f"{ref.name} belongs to somebody else")
            nameless: list[str] = []
            for container in engine.containers(labels):
                nameless += [
                    mount for mount in mounts_of(container) if not mount.startswith("osk-")
                ]
                engine.remove_container(name_of(container), patience=self._patience)
            for volume in [*(v["Name"] for v in engine.volumes(labels)), *nameless]:
                engine.remove_volume(volume)
            for network in engine.networks(labels):
                engine.remove_network(network["Name"])
            return self._observe(engine, ref)

    def logs(self, ref: EnvRef, *, limit: int = 50) -> list[str]:
        lines: list[str] = []
        with self._engine() as engine:
            for container in engine.containers(plans.owner_labels(ref)):
                name = container["Labels"].get(plans.COMPONENT, "")
                found = engine.logs(name_of(container), limit=limit)
                lines += [f"{name}: {line}" for line in found]
        return lines[-limit:]

    def export(self, ref: EnvRef, spec: EnvSpec, into: Collector) -> None:
        """Volumes are read as a whole, and what lies in them is chosen here: a folder in them may have become a
        link that leads elsewhere in the container, a volume cannot.
        """
        with self._engine() as engine:
            containers = {
                container["Labels"].get(plans.COMPONENT): name_of(container)
                for container in engine.containers(plans.owner_labels(ref))
            }
            if not containers:
                raise Permanent("", f"{ref.name} is not there")
            try:
                for component in spec.components:
                    if component.name in containers:
                        self._export(engine, containers[component.name], component, spec, into)
            except EnoughError:
                into.end()

    def _export(
        self, engine: Engine, name: str, component: Component, spec: EnvSpec, into: Collector
    ) -> None:
        for volume in component.volumes:
            wanted = [
                path for path in plans.export_of(spec, component) if plans.is_in(path, volume)
            ]
            if wanted:
                take_tar(
                    engine.read_files(name, volume.path),
                    into,
                    component=component.name,
                    folder=volume.path,
                    wanted=wanted,
                )

    def set_expiry(self, ref: EnvRef, when: datetime) -> None:
        """Labels cannot change: the newest marker counts. The new one comes before the old ones go."""
        labels = plans.owner_labels(ref)
        with self._engine() as engine:
            if not engine.networks(labels):
                return
            old = [v["Name"] for v in engine.volumes({**labels, plans.KIND: plans.MARKER})]
            now = clock.now()
            name = f"{ref.name}.until-{now:%Y%m%d%H%M%S%f}"
            marker = {
                plans.KIND: plans.MARKER,
                plans.TEMPLATE: ref.template,
                plans.EXPIRES_AT: when.isoformat(),
                plans.SET_AT: now.isoformat(),
            }
            engine.create_volume(name, {**labels, **marker})
            for volume in old:
                engine.remove_volume(volume)
