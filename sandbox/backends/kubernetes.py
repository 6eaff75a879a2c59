"""Environments in a Kubernetes cluster, each in a namespace of its own.

A namespace ``osk-<8 hex>-g<generation>`` holds quota, limits, closed network, passwords, volumes, services and
a deployment for each component. Nothing of it is published: people come by the gate, which reaches the services.
All of it follows from the specification (``kubernetes_plan``), is written by server-side apply and bears the
labels of its owner; when it ends stands at the namespace. What is removed is the namespace, and gone is what the
cluster, asked again, does not know: the volumes of its claims included, which a storage class may keep.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.utils.translation import gettext as _

from osk_portal.toolkit import clock
from sandbox.backends import kubernetes_fences as fences
from sandbox.backends import kubernetes_plan as plans
from sandbox.backends import kubernetes_pods as pods
from sandbox.backends.base import (
    NAME,
    BackendError,
    BackendUnavailable,
    EnvRef,
    Health,
    Observed,
    ObservedState,
    Permanent,
    ProbeResult,
    Retryable,
    needs_a_person,
)
from sandbox.backends.container_plan import ENV, INSTANCE, MANAGED, belongs_to, owner_labels
from sandbox.backends.kubernetes_api import Cluster, Objects, Refused
from sandbox.backends.kubernetes_listing import (
    LISTED,
    Found,
    began_at,
    goes_by_itself,
    has_not_ended,
    is_ending,
    is_up,
    labels_of,
    name_of,
    namespace_of,
    of_namespace,
    ref_of,
    remains,
    wanted,
    why_not_gone,
    why_not_up,
)
from sandbox.backends.kubernetes_plan import MailSink, Plan, Rules, problems_of
from sandbox.backends.probing import ask
from sandbox.spec import Check, EnvSpec

logger = logging.getLogger(__name__)

PATIENCE = 20.0
"""How long one step waits for an end that the cluster has begun; what takes longer comes with the next."""
STUCK_SECONDS = 120
# A list leaves out of what kind its things are.
_NETWORK_POLICY = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
_SERVICE = {"apiVersion": "v1", "kind": "Service"}
RIGHTS = (
    ("list", "Namespace"),
    ("create", "Namespace"),
    ("delete", "Namespace"),
    ("patch", "Namespace"),
    ("patch", "ResourceQuota"),
    ("patch", "LimitRange"),
    ("patch", "NetworkPolicy"),
    ("list", "NetworkPolicy"),
    ("patch", "Secret"),
    ("patch", "Service"),
    ("list", "Service"),
    ("patch", "PersistentVolumeClaim"),
    ("list", "PersistentVolumeClaim"),
    ("patch", "Deployment"),
    ("list", "Deployment"),
    ("get", "Deployment"),
    ("list", "Pod"),
    ("list", "PersistentVolume"),
)


class KubernetesBackend:
    key: ClassVar[str] = "kubernetes"

    def __init__(
        self,
        *,
        server: str,
        rules: Rules,
        ca_file: str = "",
        token_file: str = "",
        patience: float = PATIENCE,
    ) -> None:
        self._server, self._ca_file, self._token_file = server, ca_file, token_file
        self._rules = rules
        self._patience = patience

    @classmethod
    def from_settings(cls) -> KubernetesBackend:
        server = settings.OSK_SANDBOX_KUBERNETES_SERVER
        if not server.startswith("https://"):
            # The token would travel in the clear.
            raise BackendUnavailable(
                "OSK_SANDBOX_KUBERNETES_SERVER names no https address.", after=60
            )
        return cls(
            server=server,
            ca_file=settings.OSK_SANDBOX_KUBERNETES_CA,
            token_file=settings.OSK_SANDBOX_KUBERNETES_TOKEN_FILE,
            rules=Rules(
                from_namespaces=tuple(settings.OSK_SANDBOX_KUBERNETES_FROM),
                from_addresses=tuple(settings.OSK_SANDBOX_KUBERNETES_FROM_ADDRESSES),
                storage_class=settings.OSK_SANDBOX_KUBERNETES_STORAGE_CLASS,
                mail=_mail_sink(),
            ),
        )

    def _cluster(self) -> Cluster:
        return Cluster(self._server, ca_file=self._ca_file, token_file=self._token_file)

    # What is there

    def check(self) -> Health:
        """Reachable, and with every right that a set-up and a removal need."""
        try:
            with self._cluster() as cluster:
                version = cluster.version()
                missing = [f"{v} {kind}" for v, kind in RIGHTS if not cluster.may(v, kind)]
        except Retryable as error:
            return Health(False, error.detail)
        if missing:
            return Health(
                False, _("the portal may not: %(rights)s") % {"rights": ", ".join(missing)}
            )
        return Health(True, f"Kubernetes {version}")

    def validate(self, spec: EnvSpec) -> list[str]:
        return needs_a_person(spec) + problems_of(spec)

    def observe(self, ref: EnvRef) -> Observed:
        try:
            with self._cluster() as cluster:
                return self._observe(cluster, ref)
        except BackendError:
            return Observed(ref.name, ObservedState.UNKNOWN)

    def _observe(self, cluster: Cluster, ref: EnvRef) -> Observed:
        namespace = cluster.get("Namespace", name=ref.name)
        if namespace is None:
            return self._observe_kept(cluster, ref)
        labels = labels_of(namespace)
        if not belongs_to(labels, ref):
            return Observed(
                ref.name,
                ObservedState.UNKNOWN,
                instance=labels.get(INSTANCE, ""),
                env=labels.get(ENV, ""),
            )
        owner = owner_labels(ref)
        things = {kind: cluster.all_of(kind, ref.name, owner) for kind in LISTED}
        return Found(namespace, things).observed()

    def _observe_kept(self, cluster: Cluster, ref: EnvRef) -> Observed:
        """Without the namespace nothing is left, unless the storage class keeps volumes with their data."""
        kept = of_namespace(cluster.all_of("PersistentVolume"), ref.name)
        if not kept:
            return Observed(ref.name, ObservedState.ABSENT)
        return replace(
            remains(ref.name, kept),
            instance=ref.instance,
            env=ref.env,
            generation=ref.generation,
        )

    def observe_all(self) -> Iterable[Observed]:
        ours = {MANAGED: "true"}
        deployments: dict[str, list[Objects]] = defaultdict(list)
        left: dict[str, list[Objects]] = defaultdict(list)
        with self._cluster() as cluster:
            # Before the namespaces: of a volume that is seen here, the namespace is listed below, or gone.
            for volume in cluster.all_of("PersistentVolume"):
                left[namespace_of(volume)].append(volume)
            namespaces = cluster.all_of("Namespace", labels=ours)
            for deployment in cluster.all_of("Deployment", labels=ours):
                deployments[deployment["metadata"]["namespace"]].append(deployment)
            there = {name_of(namespace) for namespace in namespaces}
            gone = [
                name
                for name in sorted({*left} - there)
                if NAME.fullmatch(name) and cluster.get("Namespace", name=name) is None
            ]
        found = [
            Found(n, {"Deployment": deployments[name_of(n)]}).observed()
            for n in namespaces
            if ref_of(n) is not None
        ]
        return found + [remains(name, of_namespace(left[name], name)) for name in gone]

    def sender_at(self, address: str, since: datetime) -> EnvRef | None:
        """Whose pod has had this address since then; None for anybody else. Raises as ``ensure``.

        The cluster gives an address to another pod once the first is gone: who began later than the
        conversation did has not begun it.
        """
        with self._cluster() as cluster:
            found = cluster.all_of("Pod", fields={"status.podIP": address})
        living = [pod for pod in found if has_not_ended(pod)]
        if len(living) != 1:
            return None
        [pod] = living
        ref = ref_of(pod, name=str(pod["metadata"]["namespace"]))
        is_let_out = labels_of(pod).get(MANAGED) == "true" and plans.MAIL in labels_of(pod)
        if ref is None or not is_let_out or (pod.get("spec") or {}).get("hostNetwork"):
            return None
        began = began_at(pod)
        if began is None or began > since:
            raise Retryable(f"{ref.name}: a pod began after it asked", after=1)
        return ref

    # Making it exist

    def ensure(
        self, ref: EnvRef, spec: EnvSpec, secrets: Mapping[str, str], *, expires_at: datetime
    ) -> Observed:
        if not plans.LABEL_VALUE.fullmatch(ref.instance):
            raise Permanent("", "OSK_SANDBOX_INSTANCE cannot be the value of a label")
        problems = self.validate(spec)
        if problems:
            raise Permanent("", "; ".join(problems))
        plan = Plan(ref, spec, self._rules, created_at=clock.now(), expires_at=expires_at)
        with self._cluster() as cluster:
            self._ensure_namespace(cluster, plan)
            for fence in fences.fences(plan):
                cluster.apply(fence, plan.name)
            hosts = self._ensure_services(cluster, plan)
            for claim in plan.claims():
                cluster.apply(claim, plan.name)
            for component in spec.components:
                if plans.has_secret(component):
                    cluster.apply(pods.secret(plan, component, secrets, hosts), plan.name)
            for component in spec.in_order():
                cluster.apply(pods.deployment(plan, component, hosts), plan.name)
            notes = {**plan.notes, **plan.places(hosts)}
            cluster.merge("Namespace", "", plan.name, {"metadata": {"annotations": notes}})
            return self._observe(cluster, ref)

    def _ensure_namespace(self, cluster: Cluster, plan: Plan) -> None:
        found = cluster.get("Namespace", name=plan.name)
        if found is None:
            # Another worker may be quicker by a moment: whose it is says what is there then.
            cluster.create(plan.namespace)
            found = cluster.get("Namespace", name=plan.name)
        if found is None:
            raise Retryable(f"{plan.name} was not made")
        if not belongs_to(labels_of(found), plan.ref):
            raise Permanent("", f"{plan.name} belongs to somebody else")
        if is_ending(found):
            raise Retryable(f"{plan.name} is still being removed", after=5)
        # The level of Pod Security is one of them: a namespace that lost it would take any pod.
        labels = plan.namespace["metadata"]["labels"]
        if not labels.items() <= labels_of(found).items():
            cluster.merge("Namespace", "", plan.name, {"metadata": {"labels": labels}})

    def _ensure_services(self, cluster: Cluster, plan: Plan) -> dict[str, str]:
        """Address by component: the cluster chooses it and keeps it as long as the service is there."""
        hosts: dict[str, str] = {}
        for service in plan.services():
            made = cluster.apply(service, plan.name)
            address = (made.get("spec") or {}).get("clusterIP")
            if not address or address == "None":
                raise Retryable(f"{plan.name}/{name_of(made)} has no address")
            hosts[name_of(made)] = str(address)
        return hosts

    # Asking the product

    def probe(self, ref: EnvRef, check: Check, *, patience: float = 0) -> ProbeResult:
        deadline = time.monotonic() + patience
        with self._cluster() as cluster:
            while True:
                result = self._probe_once(cluster, ref, check)
                if result.ok or result.is_over or time.monotonic() >= deadline:
                    return result
                time.sleep(min(1.0, max(0.0, deadline - time.monotonic())))

    def _probe_once(self, cluster: Cluster, ref: EnvRef, check: Check) -> ProbeResult:
        """First what the cluster says, then the product itself, where the portal can reach it."""
        owner = owner_labels(ref)
        for service in cluster.all_of("Service", ref.name, owner):
            spec = service.get("spec") or {}
            number = next((p["port"] for p in spec["ports"] if p.get("name") == check.port), None)
            if number is None:
                continue
            component = labels_of(service).get(plans.COMPONENT, "")
            deployment = cluster.get("Deployment", ref.name, component)
            if deployment is None or not wanted(deployment):
                return ProbeResult(False, f"{component} is not started", is_over=True)
            if not is_up(deployment):
                found = cluster.all_of("Pod", ref.name, {**owner, plans.COMPONENT: component})
                return ProbeResult(False, f"{component}: {why_not_up(found) or 'is starting'}")
            return ask(str(spec["clusterIP"]), int(number), check)
        return ProbeResult(False, f"nothing has the port {check.port} yet", is_over=True)

    # Removing

    def halt(self, ref: EnvRef) -> None:
        """No replicas; over when no pod is left, so that the next start meets nobody at its volumes."""
        owner = owner_labels(ref)
        deadline = time.monotonic() + self._patience
        with self._cluster() as cluster:
            for deployment in cluster.all_of("Deployment", ref.name, owner):
                if wanted(deployment):
                    none = {"spec": {"replicas": 0}}
                    cluster.merge("Deployment", ref.name, name_of(deployment), none)
            while cluster.all_of("Pod", ref.name, owner):
                if time.monotonic() >= deadline:
                    raise Retryable(f"{ref.name}: its programs are still ending", after=5)
                time.sleep(0.5)

    def quarantine(self, ref: EnvRef) -> None:
        """Closed before it is stopped: policies that open nothing, services that lead nowhere.

        ``ensure`` opens it again. Where the cluster refuses the closing (an older role, a policy engine), what
        is left is to stop it: programs that do not run have no network.
        """
        owner = owner_labels(ref)
        with self._cluster() as cluster:
            try:
                for policy in cluster.all_of("NetworkPolicy", ref.name, owner):
                    cluster.apply(fences.shut({**policy, **_NETWORK_POLICY}), ref.name)
                for service in cluster.all_of("Service", ref.name, owner):
                    cluster.apply(fences.cut_off({**service, **_SERVICE}), ref.name)
            except (Refused, Permanent) as error:
                logger.warning(
                    "sandbox: a quarantine is a stop only",
                    extra={"environment": ref.name, "detail": str(error)},
                )
        self.halt(ref)

    def destroy(self, ref: EnvRef) -> Observed:
        deadline = time.monotonic() + self._patience
        asked: set[str] = set()
        with self._cluster() as cluster:
            while (namespace := cluster.get("Namespace", name=ref.name)) is not None:
                if not belongs_to(labels_of(namespace), ref):
                    raise Permanent("", f"{ref.name} belongs to somebody else")
                uid = str(namespace["metadata"]["uid"])
                if not is_ending(namespace) and uid not in asked:
                    asked.add(uid)
                    cluster.delete("Namespace", ref.name, uid=uid)
                elif time.monotonic() >= deadline:
                    raise Retryable(_held_up(namespace), after=5)
                time.sleep(0.2)
            while volumes := of_namespace(cluster.all_of("PersistentVolume"), ref.name):
                if time.monotonic() >= deadline or not all(map(goes_by_itself, volumes)):
                    raise _kept(ref, volumes)
                time.sleep(0.5)
            found = self._observe(cluster, ref)
        if found.state != ObservedState.ABSENT:
            raise Retryable(f"{ref.name} has come back", after=5)
        return found

    def logs(self, ref: EnvRef, *, limit: int = 50) -> list[str]:
        lines: list[str] = []
        with self._cluster() as cluster:
            for pod in cluster.all_of("Pod", ref.name, owner_labels(ref)):
                component = labels_of(pod).get(plans.COMPONENT, "")
                found = cluster.log(ref.name, name_of(pod), lines=limit)
                lines += [f"{component}: {line}" for line in found]
        return lines[-limit:]

    def set_expiry(self, ref: EnvRef, when: datetime) -> None:
        """At the namespace alone: an end that moves would be a new description of a pod and start it anew."""
        notes = {"metadata": {"annotations": {plans.EXPIRES_AT: when.isoformat()}}}
        with self._cluster() as cluster:
            namespace = cluster.get("Namespace", name=ref.name)
            if namespace is not None and belongs_to(labels_of(namespace), ref):
                cluster.merge("Namespace", "", ref.name, notes)


def _mail_sink() -> MailSink | None:
    address, port = settings.OSK_SANDBOX_KUBERNETES_MAIL, settings.OSK_SANDBOX_MAIL_PORT
    if not (address and port):
        return None
    return MailSink(address, port, settings.OSK_SANDBOX_KUBERNETES_MAIL_NAMESPACE)


def _kept(ref: EnvRef, volumes: list[Objects]) -> Retryable:
    """For operators: which volumes are there still, and whether waiting is of any use."""
    names = ", ".join(name_of(volume) for volume in volumes)
    if all(map(goes_by_itself, volumes)):
        return Retryable(f"{ref.name}: volumes are still being deleted: {names}", after=5)
    return Retryable(
        f"{ref.name}: volumes with its data are kept (reclaimPolicy Retain?): {names}", after=60
    )


def _held_up(namespace: Objects) -> str:
    """For operators: since when, and after a while by what."""
    if not is_ending(namespace):
        return f"{name_of(namespace)} was asked to go, and has not begun"
    since = str(namespace["metadata"]["deletionTimestamp"])
    text = f"{name_of(namespace)} is being removed since {since}"
    began = datetime.fromisoformat(since.replace("Z", "+00:00"))
    if (clock.now() - began).total_seconds() < STUCK_SECONDS:
        return text
    return f"{text}, stuck: {why_not_gone(namespace) or 'the cluster does not say why'}"
