"""The real API: what a stand-in could only believe. No kubelet runs, so nobody asks a product."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from osk_portal.toolkit import clock
from sandbox import backends, leases, reconciling, services, spec
from sandbox.backends import kubernetes
from sandbox.backends.base import (
    BackendUnavailable,
    EnvRef,
    Item,
    ObservedState,
    Permanent,
    ProbeResult,
    Retryable,
)
from sandbox.backends.kubernetes import KubernetesBackend
from sandbox.backends.kubernetes_api import APPLY, Cluster, path_of
from sandbox.backends.kubernetes_plan import MailSink, Rules
from sandbox.models import RemovalProof
from tests.conformance.conftest import BY_DIGEST, make_container_spec, reference
from tests.kubernetes.control_plane import ControlPlane, create
from tests.kubernetes.test_manifests import manifests
from tests.kubernetes.test_plan import DATA, WITH_MAIL
from tests.sandbox.factories import BlueprintVersionFactory, SlotFactory
from tests.sandbox.world import book

pytestmark = pytest.mark.kubernetes
REF = reference()
SPEC = make_container_spec(image=BY_DIGEST)


@pytest.fixture
def backend(control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(kubernetes, "ask", lambda *_asked, **_named: ProbeResult(True))
    found = control_plane.backend()
    yield found
    for observed in found.observe_all():
        found.destroy(EnvRef(observed.instance, observed.env, observed.generation))


@pytest.fixture
def admin(control_plane: ControlPlane) -> Iterator[Cluster]:
    with control_plane.admin() as cluster:
        yield cluster


def ensure(backend: KubernetesBackend, **changes: Any) -> Any:
    return backend.ensure(
        changes.get("ref", REF),
        changes.get("spec", SPEC),
        {"test": "geheim-4711", "db": "geheim-4712"},
        expires_at=clock.now() + timedelta(days=1),
    )


def wait_for(state: ObservedState, backend: KubernetesBackend, ref: EnvRef = REF) -> None:
    until = time.monotonic() + 30
    while backend.observe(ref).state != state:
        assert time.monotonic() < until, backend.observe(ref)
        time.sleep(0.1)


@pytest.mark.django_db
def test_from_the_booking_to_the_proof(
    backend: KubernetesBackend, admin: Cluster, monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    """The way of a booking by the portal's own steps: set up, ready, disturbed, extended, ended, proved."""
    monkeypatch.setitem(backends.BACKENDS, "kubernetes", lambda: backend)
    version = BlueprintVersionFactory(spec=DATA)
    SlotFactory(pool=version.blueprint.pool, backend="kubernetes")
    booking = book(version.blueprint)

    environment = run(booking)
    assert (environment.state, booking.state) == ("ready", "active"), environment.error_for_operator
    assert environment.endpoint.startswith("http://10.96.")
    name = environment.backend_key
    pods = admin.all_of("Pod", name)
    assert sorted(p["metadata"]["labels"]["osk.component"] for p in pods) == ["db", "web"]
    policies = {p["metadata"]["name"] for p in admin.all_of("NetworkPolicy", name)}
    assert policies == {"closed", "within", "gate"}

    reconciling.reconcile()
    environment.refresh_from_db()
    assert environment.state == "ready"
    later = booking.ends_at + timedelta(days=1)
    services.extend_booking(booking_id=booking.pk, actor=booking.booked_by, end=later)
    run(booking)
    assert backend.observe(leases.ref_of(environment)).expires_at == later
    services.restart_environment(booking_id=booking.pk, actor=booking.booked_by)
    for _time in range(20):
        environment = run(booking)
        if environment.state == "ready":
            break
        type(environment).objects.update(next_action_at=clock.now())
    assert environment.state == "ready"

    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    assert run(booking).state == "gone"
    assert admin.get("Namespace", name=name) is None
    assert list(backend.observe_all()) == []
    proofs = RemovalProof.objects.filter(environment=environment)
    assert not proofs.filter(verified_at=None).exists()
    assert {"namespace", "container", "network", "secret", "volume", "port", "credential"} <= set(
        proofs.values_list("kind", flat=True)
    )


def test_a_quarantine_closes_the_network_and_ensure_opens_it_again(
    backend: KubernetesBackend, admin: Cluster
) -> None:
    """Server-side apply takes away what was open; endpoints go with the selector."""
    ref = replace(REF, template="redmine@3")
    wide = replace(spec.parse(DATA), egress=spec.Egress.INTERNET)
    ensure(backend, ref=ref, spec=wide)
    wait_for(ObservedState.RUNNING, backend)
    labels = admin.all_of("Pod", REF.name)[0]["metadata"]["labels"]
    assert (labels["osk.product"], labels["osk.version"]) == ("redmine", "3")

    def policies() -> dict[str, Any]:
        return {p["metadata"]["name"]: p["spec"] for p in admin.all_of("NetworkPolicy", REF.name)}

    def selectors() -> dict[str, Any]:
        found = admin.all_of("Service", REF.name)
        return {s["metadata"]["name"]: s["spec"]["selector"] for s in found}

    before, services_before = policies(), selectors()
    assert {*before} == {"closed", "within", "gate", "internet"}
    claims = {c["metadata"]["uid"] for c in admin.all_of("PersistentVolumeClaim", REF.name)}

    backend.quarantine(ref)

    assert all("ingress" not in p and "egress" not in p for p in policies().values())
    assert all(p["policyTypes"] == ["Ingress", "Egress"] for p in policies().values())
    assert all("osk.quarantined" in selector for selector in selectors().values())
    assert admin.all_of("Pod", REF.name) == []
    assert backend.observe(REF).state == ObservedState.EXITED
    assert {c["metadata"]["uid"] for c in admin.all_of("PersistentVolumeClaim", REF.name)} == claims

    ensure(backend, ref=ref, spec=wide)
    wait_for(ObservedState.RUNNING, backend)
    assert (policies(), selectors()) == (before, services_before)


def test_a_later_end_starts_nothing_anew(backend: KubernetesBackend, admin: Cluster) -> None:
    ensure(backend)
    wait_for(ObservedState.RUNNING, backend)
    pods = {p["metadata"]["uid"] for p in admin.all_of("Pod", REF.name)}
    end = clock.now() + timedelta(days=5)
    backend.set_expiry(REF, end)
    backend.ensure(REF, SPEC, {"test": "geheim-4711"}, expires_at=end)
    found = admin.get("Deployment", REF.name, "web")
    assert found is not None
    assert found["metadata"]["generation"] == 1
    assert backend.observe(REF).expires_at == end
    assert {p["metadata"]["uid"] for p in admin.all_of("Pod", REF.name)} == pods


def test_workers_at_the_same_time_make_one(backend: KubernetesBackend) -> None:
    found: list[Any] = []
    workers = [threading.Thread(target=lambda: found.append(ensure(backend))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(found) == 4
    assert len({one.endpoint for one in found}) == 1
    wait_for(ObservedState.RUNNING, backend)


def test_what_somebody_else_changed_is_put_right(
    backend: KubernetesBackend, admin: Cluster
) -> None:
    """Another manager has taken the fields over: server-side apply would conflict without force."""
    ensure(backend)
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": REF.name},
        "spec": {"replicas": 3},
    }
    params = {"fieldManager": "somebody", "force": "true"}
    path = path_of("Deployment", REF.name, "web")
    admin._patch("application/apply-patch+yaml", path, body, params)

    ensure(backend)

    found = admin.get("Deployment", REF.name, "web")
    assert found is not None
    assert found["spec"]["replicas"] == 1


def test_the_quota_holds(backend: KubernetesBackend, admin: Cluster) -> None:
    ensure(backend)
    wait_for(ObservedState.RUNNING, backend)
    admin.merge("Deployment", REF.name, "web", {"spec": {"replicas": 5}})
    time.sleep(2)

    assert len(admin.all_of("Pod", REF.name, {"osk.managed": "true"})) == 1


def test_a_namespace_that_does_not_end_is_told_and_goes_later(
    control_plane: ControlPlane, backend: KubernetesBackend, admin: Cluster
) -> None:
    ensure(backend)
    held = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "held", "namespace": REF.name, "finalizers": ["example.org/hold"],
        },
    }  # fmt: skip
    create(admin, held)
    hurried = control_plane.backend(patience=3)
    try:
        with pytest.raises(Retryable, match="is being removed since"):
            hurried.destroy(REF)
        assert hurried.observe(REF).state == ObservedState.EXITED
        with pytest.raises(Retryable):
            ensure(hurried)
        until = time.monotonic() + 30
        while "example.org/hold" not in kubernetes.why_not_gone(the_namespace(admin)):
            assert time.monotonic() < until
            time.sleep(0.5)
    finally:
        path = f"/api/v1/namespaces/{REF.name}/configmaps/held"
        free = {"metadata": {"finalizers": None}}
        admin._patch("application/merge-patch+json", path, free, {})
    until = time.monotonic() + 60
    while hurried.observe(REF).state != ObservedState.ABSENT:
        assert time.monotonic() < until
        time.sleep(0.5)
    assert backend.destroy(REF).state == ObservedState.ABSENT


def the_namespace(admin: Cluster) -> Any:
    found = admin.get("Namespace", name=REF.name)
    assert found is not None
    return found


def test_a_kept_volume_is_not_gone(backend: KubernetesBackend, admin: Cluster) -> None:
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "kept"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Gi"},
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": "/nowhere"},
            "claimRef": {"namespace": REF.name, "name": "data"},
        },
    }
    create(admin, volume)
    try:
        assert backend.observe(REF).state == ObservedState.EXITED
        with pytest.raises(Retryable, match=r"Retain.*kept"):
            backend.destroy(REF)
        [left] = backend.observe_all()
        assert (left.name, left.is_remains, left.items) == (
            REF.name,
            True,
            (Item("volume", "kept"),),
        )
    finally:
        admin._json("DELETE", "/api/v1/persistentvolumes/kept")
        with contextlib.suppress(Retryable):  # gone already
            admin._patch(
                "application/merge-patch+json",
                "/api/v1/persistentvolumes/kept",
                {"metadata": {"finalizers": None}},
                {},
            )
    assert backend.observe(REF).state == ObservedState.ABSENT


def test_a_pod_is_looked_up_by_its_address(
    control_plane: ControlPlane, backend: KubernetesBackend, admin: Cluster
) -> None:
    mailing = control_plane.backend(rules=Rules(mail=MailSink("10.96.0.25", 2525)))
    ensure(mailing, spec=spec.parse({**DATA, "components": WITH_MAIL}))
    wait_for(ObservedState.RUNNING, mailing)
    policies = {p["metadata"]["name"]: p["spec"] for p in admin.all_of("NetworkPolicy", REF.name)}
    assert policies["mail"]["egress"][0]["ports"] == [{"port": 2525, "protocol": "TCP"}]
    for number, pod in enumerate(admin.all_of("Pod", REF.name), start=1):
        address = f"10.244.0.{number}"
        path = f"{path_of('Pod', REF.name, pod['metadata']['name'])}/status"
        status = {
            "podIP": address,
            "podIPs": [{"ip": address}],
            "startTime": "2026-01-01T00:00:00Z",
        }
        admin._patch("application/merge-patch+json", path, {"status": status}, {})
        is_web = pod["metadata"]["labels"]["osk.component"] == "web"

        found = mailing.sender_at(address, clock.now())

        assert found == (REF if is_web else None)
    assert mailing.sender_at("10.244.0.99", clock.now()) is None


def test_the_api_takes_the_files_of_the_gate_and_the_sink(admin: Cluster) -> None:
    """Server-side apply knows every field by its schema."""
    for name in ("gate.yaml", "mail.yaml"):
        for kind, body in manifests(name).items():
            if kind == "Namespace":
                create(admin, body)
                continue
            version, namespace = body["apiVersion"], body["metadata"]["namespace"]
            root = "/api/v1" if version == "v1" else f"/apis/{version}"
            plural = {"NetworkPolicy": "networkpolicies"}.get(kind, f"{kind.lower()}s")
            path = f"{root}/namespaces/{namespace}/{plural}/{body['metadata']['name']}"
            params = {"fieldManager": "somebody", "dryRun": "All"}
            admin._patch(APPLY, path, body, params)


def test_an_expired_token_is_unknown_not_gone(
    control_plane: ControlPlane, backend: KubernetesBackend, tmp_path: Path
) -> None:
    ensure(backend)
    expired = tmp_path / "expired"
    expired.write_text("expired")
    refused = control_plane.backend(token_file=str(expired))

    assert refused.observe(REF).state == ObservedState.UNKNOWN
    assert "token" in refused.check().detail
    with pytest.raises(BackendUnavailable):
        refused.destroy(REF)


def test_another_authority_is_not_trusted(control_plane: ControlPlane) -> None:
    stranger = control_plane.backend(ca_file="")
    assert not stranger.check().ok
    assert stranger.observe(REF).state == ObservedState.UNKNOWN


def test_the_portal_may_no_more_than_it_needs(control_plane: ControlPlane) -> None:
    with Cluster(
        control_plane.address,
        ca_file=str(control_plane.ca),
        token_file=str(control_plane.portal_token),
    ) as portal:
        for verb, kind in (
            ("get", "Secret"), ("list", "Secret"), ("delete", "Secret"), ("create", "Pod"), ("delete", "Deployment"),
            ("delete", "PersistentVolume"), ("update", "Namespace"), ("list", "ResourceQuota"),
        ):  # fmt: skip
            assert not portal.may(verb, kind), (verb, kind)
        for verb, kind in kubernetes.RIGHTS:
            assert portal.may(verb, kind), (verb, kind)


def test_what_the_api_refuses_is_permanent(backend: KubernetesBackend) -> None:
    wrong = make_container_spec(image=BY_DIGEST, volumes=[{"name": "data", "path": "/data"}])
    component = wrong.components[0]
    bad = replace(wrong, components=(replace(component, tmpfs=("relative",) * 2),))

    with pytest.raises(Permanent, match="duplicate"):
        ensure(backend, spec=bad)
