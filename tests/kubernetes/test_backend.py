"""The backend against a server that behaves like the API, and sometimes badly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from osk_portal.toolkit import clock
from sandbox import backends
from sandbox.backends import kubernetes
from sandbox.backends.base import (
    BackendError,
    BackendUnavailable,
    CapacityExhausted,
    Item,
    ObservedState,
    Permanent,
    ProbeResult,
    Retryable,
)
from sandbox.backends.kubernetes import KubernetesBackend
from sandbox.backends.kubernetes_plan import MailSink, Rules
from sandbox.spec import parse
from tests.conformance.conftest import BY_DIGEST, make_container_spec, reference
from tests.kubernetes.stand_in import TOKEN, StandIn
from tests.kubernetes.test_plan import DATA, WITH_MAIL

REF = reference()
SPEC = make_container_spec(image=BY_DIGEST)
READINESS = SPEC.components[0].readiness


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn().running() as found:
        yield found


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    return path


@pytest.fixture
def backend(stand_in: StandIn, token: Path, monkeypatch: pytest.MonkeyPatch) -> KubernetesBackend:
    monkeypatch.setattr(kubernetes, "ask", lambda *_asked, **_named: ProbeResult(True))
    return KubernetesBackend(
        server=stand_in.address, token_file=str(token), rules=Rules(), patience=0.3
    )


def ensure(backend: KubernetesBackend, **changes: Any) -> Any:
    return backend.ensure(
        changes.get("ref", REF),
        changes.get("spec", SPEC),
        {"test": "geheim-4711", "db": "geheim-4712"},
        expires_at=clock.now() + timedelta(days=1),
    )


# What is written


def test_fences_stand_before_anything_runs(backend: KubernetesBackend, stand_in: StandIn) -> None:
    ensure(backend)

    written = [
        path.split("/")[-2] for method, path, *_rest in stand_in.requests if method == "PATCH"
    ]
    assert written.index("networkpolicies") < written.index("deployments")
    assert written.index("resourcequotas") < written.index("deployments")
    for method, path, query, _body in stand_in.requests:
        if method == "PATCH" and "/namespaces/osk" in path and not path.endswith(REF.name):
            assert query == {"fieldManager": ["osk-portal"], "force": ["true"]}
    assert "geheim-4711" in stand_in.secrets(REF.name).values()


def test_password_and_token_stand_in_no_error(
    backend: KubernetesBackend, stand_in: StandIn
) -> None:
    stand_in.fault("PATCH", "secrets", 500, message="etcd is away")

    with pytest.raises(BackendUnavailable) as error:
        ensure(backend)

    assert "etcd is away" in str(error.value)
    assert "geheim-4711" not in str(error.value)
    assert TOKEN not in str(error.value)


def test_a_half_made_namespace_is_completed(backend: KubernetesBackend, stand_in: StandIn) -> None:
    for place in ("networkpolicies", "services", "secrets", "deployments", f"{REF.name}$"):
        stand_in.fault("PATCH", place, 503)
        with pytest.raises(BackendUnavailable):
            ensure(backend)
        assert backend.observe(REF).state != ObservedState.ABSENT

    assert ensure(backend).state == ObservedState.RUNNING
    assert len(stand_in.named("namespaces")) == 1
    assert backend.destroy(REF).state == ObservedState.ABSENT
    assert not stand_in.objects


def test_two_at_once_make_one(backend: KubernetesBackend, stand_in: StandIn) -> None:
    found: list[Any] = []
    workers = [threading.Thread(target=lambda: found.append(ensure(backend))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [one.state for one in found] == [ObservedState.RUNNING] * 4
    assert len({one.endpoint for one in found}) == 1


def test_a_conflict_is_settled_by_asking_again(
    backend: KubernetesBackend, stand_in: StandIn
) -> None:
    stand_in.fault("PATCH", "services", 409, times=2)
    stand_in.fault("PATCH", "persistentvolumeclaims", 403, message="exceeded quota: environment")
    uncounted = "forbidden: status unknown for quota: environment, resources: pods"
    stand_in.fault("PATCH", "deployments", 403, message=uncounted, times=2)
    assert ensure(backend).state == ObservedState.RUNNING


# What goes wrong


@pytest.mark.parametrize(
    ("status", "more", "kind", "after"),
    [
        (401, {"message": "Unauthorized"}, BackendUnavailable, 60),
        (403, {"message": "forbidden: cannot get"}, BackendUnavailable, 60),
        (403, {"message": "forbidden: exceeded quota: all", "times": 3}, CapacityExhausted, 60),
        (403, {"message": "unable to create: it is being terminated"}, Retryable, 5),
        (409, {"message": "the object has been modified", "times": 3}, Retryable, 1),
        (422, {"message": "spec.replicas: Invalid"}, Permanent, None),
        (500, {"message": "failed to create typed patch object"}, Permanent, None),
        (400, {}, Permanent, None),
        (429, {"headers": {"Retry-After": "17"}}, BackendUnavailable, 17),
        (429, {"headers": {"Retry-After": "99999999999"}}, BackendUnavailable, 300),
        (429, {"headers": {"Retry-After": "-5"}}, BackendUnavailable, 0),
        (429, {"headers": {"Retry-After": "Fri, 31 Dec 2027 23:59:59 GMT"}}, BackendUnavailable, 0),
        (429, {"headers": {"Retry-After": "nan"}}, BackendUnavailable, 0),
        (500, {"message": "etcdserver: request timed out"}, BackendUnavailable, 0),
        (503, {"headers": {"Retry-After": "3"}}, BackendUnavailable, 3),
        (302, {"headers": {"Location": "http://127.0.0.1:1/"}}, BackendUnavailable, 0),
        (200, {"body": b"<html>"}, BackendUnavailable, 0),
        (200, {"body": b"[]"}, BackendUnavailable, 0),
        (404, {"message": "namespaces not found"}, Retryable, 1),
        (404, {"body": b"404 page not found"}, BackendUnavailable, 60),
        (
            403,
            {"message": "forbidden: status unknown for quota: environment", "times": 3},
            Retryable,
            2,
        ),
        (410, {"message": "gone"}, Retryable, 0),
    ],
)
def test_what_an_answer_means(
    backend: KubernetesBackend,
    stand_in: StandIn,
    status: int,
    more: dict[str, Any],
    kind: type[Exception],
    after: float | None,
) -> None:
    stand_in.fault("PATCH", "deployments", status, **more)

    with pytest.raises(kind) as error:
        ensure(backend)

    assert getattr(error.value, "after", None) == after
    assert ensure(backend).state == ObservedState.RUNNING


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_no_answer_ever_means_gone(
    backend: KubernetesBackend, stand_in: StandIn, status: int
) -> None:
    ensure(backend)
    stand_in.fault("GET", "namespaces", status, times=3)

    assert backend.observe(REF).state == ObservedState.UNKNOWN
    with pytest.raises(BackendUnavailable):
        list(backend.observe_all())
    with pytest.raises(BackendUnavailable):
        backend.destroy(REF)
    assert backend.observe(REF).state == ObservedState.RUNNING


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("", 404, b"<html>no such site</html>"),
        ("", 404, b'{"error": "not found"}'),
        ("", 200, b"{}"),
        ("", 200, b'{"metadata": {"name": "other"}}'),
        ("", 400, b""),
        ("deployments", 200, b"{}"),
        ("persistentvolumes", 200, b'{"kind": "Status"}'),
    ],
)
def test_what_a_proxy_answers_never_means_gone(
    backend: KubernetesBackend, stand_in: StandIn, path: str, status: int, body: bytes
) -> None:
    """A wrong address, a load balancer without a server behind it: only the API's own word counts."""
    if path != "persistentvolumes":
        ensure(backend)
    asked = f"/{path}$" if path else f"/namespaces/{REF.name}$"
    stand_in.fault("GET", asked, status, body=body, times=2)

    assert backend.observe(REF).state == ObservedState.UNKNOWN
    act = (lambda: list(backend.observe_all())) if path else (lambda: backend.destroy(REF))
    with pytest.raises(BackendError):
        act()


def test_a_server_that_is_away_is_unknown(token: Path) -> None:
    away = KubernetesBackend(
        server="http://127.0.0.1:1", token_file=str(token), rules=Rules(), patience=0
    )

    assert away.observe(REF).state == ObservedState.UNKNOWN
    assert away.check().ok is False
    for act in (lambda: ensure(away), lambda: away.destroy(REF), lambda: list(away.observe_all())):
        with pytest.raises(BackendUnavailable):
            act()


def test_a_token_is_read_anew(backend: KubernetesBackend, token: Path) -> None:
    token.write_text("expired")
    assert backend.observe(REF).state == ObservedState.UNKNOWN
    token.unlink()
    assert backend.observe(REF).state == ObservedState.UNKNOWN
    token.write_text(TOKEN)
    assert backend.observe(REF).state == ObservedState.ABSENT


def test_long_lists_come_in_pages_and_a_list_too_old_is_begun_anew(
    backend: KubernetesBackend, stand_in: StandIn
) -> None:
    for number in range(1, 5):
        ensure(backend, ref=reference(number))
    stand_in.page = 2
    stand_in.fault("GET", "/namespaces$", 410)
    assert len(list(backend.observe_all())) == 4

    stand_in.fault("GET", "/namespaces$", 410, times=2)
    with pytest.raises(Retryable):
        list(backend.observe_all())


# Removing


def test_a_removal_that_does_not_end_says_what_holds_it(
    backend: KubernetesBackend, stand_in: StandIn
) -> None:
    ensure(backend)
    stand_in.lingers = True

    with pytest.raises(Retryable, match=r"stuck: .*example\.org/hold") as error:
        backend.destroy(REF)

    assert error.value.after == 5
    assert backend.observe(REF).state == ObservedState.EXITED
    with pytest.raises(Retryable, match="still being removed"):
        ensure(backend)
    del stand_in.objects["namespaces", "", REF.name]
    assert backend.destroy(REF).state == ObservedState.ABSENT


def test_volumes_that_a_storage_class_keeps_are_not_gone(
    backend: KubernetesBackend, stand_in: StandIn
) -> None:
    ensure(backend)
    stand_in.keeps_volumes = True

    with pytest.raises(Retryable, match="Retain"):
        backend.destroy(REF)

    found = backend.observe(REF)
    assert (found.state, found.items) == (ObservedState.EXITED, (Item("volume", "pv-7"),))
    # Without a namespace there are no labels: the name alone says whose they are.
    [left] = backend.observe_all()
    assert (left.name, left.is_remains, left.instance) == (REF.name, True, "")
    assert left.items == found.items
    del stand_in.objects["persistentvolumes", "", "pv-7"]
    assert list(backend.observe_all()) == []
    assert backend.destroy(REF).state == ObservedState.ABSENT


def test_a_volume_that_is_being_deleted_is_waited_for(
    backend: KubernetesBackend, stand_in: StandIn
) -> None:
    ensure(backend)
    stand_in.keeps_volumes = True
    stand_in.reclaims = "Delete"

    with pytest.raises(Retryable, match="still being deleted: pv-7") as error:
        backend.destroy(REF)

    assert error.value.after == 5
    stand_in.objects["persistentvolumes", "", "pv-7"]["status"] = {"phase": "Failed"}
    with pytest.raises(Retryable, match="are kept"):
        backend.destroy(REF)


def test_a_volume_of_somebody_elses_namespace_is_nothing_of_ours(
    backend: KubernetesBackend, stand_in: StandIn
) -> None:
    for number, name in enumerate(("shop", "osk-portal", "osk-00000009-g1")):
        volume = {"metadata": {"name": f"pv-{number}"}, "spec": {"claimRef": {"namespace": name}}}
        stand_in.objects["persistentvolumes", "", f"pv-{number}"] = volume
    stand_in.objects["persistentvolumes", "", "unbound"] = {"metadata": {"name": "unbound"}}
    assert [found.name for found in backend.observe_all()] == ["osk-00000009-g1"]

    # A namespace of that name which bears no label of ours.
    stand_in.objects["namespaces", "", "osk-00000009-g1"] = {
        "metadata": {"name": "osk-00000009-g1", "uid": "x"}
    }
    assert list(backend.observe_all()) == []


def test_a_namespace_that_does_not_even_begin_to_go_is_told(
    backend: KubernetesBackend, stand_in: StandIn
) -> None:
    ensure(backend)
    stand_in.is_deaf = True

    with pytest.raises(Retryable, match="has not begun"):
        backend.destroy(REF)

    assert [method for method, *_rest in stand_in.requests].count("DELETE") == 1


def test_a_level_of_security_that_somebody_took_away_comes_back(
    backend: KubernetesBackend, stand_in: StandIn
) -> None:
    ensure(backend)
    labels = stand_in.objects["namespaces", "", REF.name]["metadata"]["labels"]
    level = labels.pop("pod-security.kubernetes.io/enforce")

    ensure(backend)

    labels = stand_in.objects["namespaces", "", REF.name]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == level == "restricted"


def test_only_the_very_namespace_that_was_seen_is_removed(
    backend: KubernetesBackend, stand_in: StandIn
) -> None:
    ensure(backend)
    stand_in.fault("DELETE", "namespaces", 409, message="the UID in the precondition differs")

    with pytest.raises(Retryable):
        backend.destroy(REF)
    assert backend.observe(REF).state == ObservedState.RUNNING
    [removal] = [body for method, _path, _query, body in stand_in.requests if method == "DELETE"]
    assert removal["preconditions"]["uid"] == "uid-1"


def test_a_delete_whose_answer_was_lost(backend: KubernetesBackend, stand_in: StandIn) -> None:
    ensure(backend)
    stand_in.fault("DELETE", "namespaces", 504, after=True)
    with pytest.raises(BackendUnavailable):
        backend.destroy(REF)
    assert backend.destroy(REF).state == ObservedState.ABSENT


def test_a_namespace_whose_labels_name_another_is_left_alone(
    backend: KubernetesBackend, stand_in: StandIn
) -> None:
    ensure(backend)
    stand_in.objects["namespaces", "", REF.name]["metadata"]["labels"]["osk.env"] = "x"
    stand_in.objects["namespaces", "", "kube-system"] = {
        "metadata": {
            "name": "kube-system",
            "uid": "7",
            "labels": {
                "osk.managed": "true", "osk.instance": "here", "osk.env": REF.env,
                "osk.generation": "1",
            },
        }
    }  # fmt: skip

    assert list(backend.observe_all()) == []
    assert backend.observe(REF).state == ObservedState.UNKNOWN
    for act in (lambda: ensure(backend), lambda: backend.destroy(REF)):
        with pytest.raises(Permanent):
            act()
    backend.set_expiry(REF, clock.now())
    assert len(stand_in.named("namespaces")) == 2


def test_expired_ones_go_by_the_command_without_a_database(
    backend: KubernetesBackend,
    stand_in: StandIn,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: Any,
) -> None:
    settings.OSK_SANDBOX_INSTANCE = "here"
    monkeypatch.setattr(backends, "BACKENDS", {"kubernetes": lambda: backend})
    ensure(backend)
    ensure(backend, ref=reference(2))
    ensure(backend, ref=reference(3, instance="elsewhere"))
    backend.set_expiry(reference(2), clock.now() - timedelta(seconds=1))
    backend.set_expiry(reference(3, instance="elsewhere"), clock.now() - timedelta(days=1))

    call_command("sandbox_reap", "--expired")

    assert "osk-00000002-g1: removed" in capsys.readouterr().out
    assert sorted(stand_in.named("namespaces")) == ["osk-00000001-g1", "osk-00000003-g1"]


# Asking


def test_a_probe_says_why_it_is_not_ready(backend: KubernetesBackend, stand_in: StandIn) -> None:
    assert READINESS is not None
    assert backend.probe(REF, READINESS).is_over
    stand_in.is_sick = True
    ensure(backend)
    pod = stand_in.objects["pods", REF.name, "web-1"]
    for status, words in (
        ({}, "is starting"),
        (
            {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                             "message": "Insufficient memory"}]},
            "Insufficient memory",
        ),
        (
            {"containerStatuses": [{"state": {"waiting": {"reason": "ErrImagePull"}}}]},
            "ErrImagePull",
        ),
        (
            {"containerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}},
                                    "lastState": {"terminated": {"exitCode": 137}}}]},
            "want of memory",
        ),
    ):  # fmt: skip
        pod["status"] = status
        result = backend.probe(REF, READINESS)
        assert (result.ok, result.is_over) == (False, False)
        assert words in result.detail
    stand_in.is_sick = False
    ensure(backend)
    assert backend.probe(REF, READINESS).ok
    backend.halt(REF)
    assert backend.probe(REF, READINESS).is_over


def test_a_halt_waits_until_no_program_is_left(
    backend: KubernetesBackend, stand_in: StandIn
) -> None:
    ensure(backend)
    left = dict(stand_in.objects["pods", REF.name, "web-1"])
    backend.halt(REF)
    stand_in.objects["pods", REF.name, "web-1"] = left

    with pytest.raises(Retryable, match="still ending"):
        backend.halt(REF)


def policies_of(stand_in: StandIn) -> dict[str, Any]:
    return {n: p["spec"] for n, p in stand_in.named("networkpolicies", REF.name).items()}


def selectors_of(stand_in: StandIn) -> list[dict[str, str]]:
    return [s["spec"]["selector"] for s in stand_in.named("services", REF.name).values()]


def test_a_quarantine_closes_everything_and_keeps_the_data_until_it_is_opened_again(
    backend: KubernetesBackend, stand_in: StandIn
) -> None:
    open_ = ensure(backend, spec=parse({**DATA, "egress": "internet"}))
    before = policies_of(stand_in), selectors_of(stand_in)
    assert {*before[0]} == {"closed", "within", "gate", "internet"}
    pods = [{**pod["metadata"]["labels"]} for pod in stand_in.named("pods", REF.name).values()]

    for _time in range(2):
        backend.quarantine(REF)

    shut = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert policies_of(stand_in) == dict.fromkeys(before[0], shut)
    for selector in selectors_of(stand_in):
        assert not any(selector.items() <= labels.items() for labels in pods)
    assert not stand_in.named("pods", REF.name)
    assert stand_in.named("persistentvolumeclaims", REF.name)
    assert stand_in.secrets(REF.name)

    again = ensure(backend, spec=parse({**DATA, "egress": "internet"}))
    assert (again.state, again.endpoint) == (ObservedState.RUNNING, open_.endpoint)
    assert (policies_of(stand_in), selectors_of(stand_in)) == before


def test_a_cluster_that_refuses_the_closing_stops_it_at_least(
    backend: KubernetesBackend, stand_in: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    ensure(backend)
    stand_in.fault("PATCH", "networkpolicies", 403, message="forbidden: cannot patch")
    backend.quarantine(REF)
    assert "a stop only" in caplog.text
    assert backend.observe(REF).state == ObservedState.EXITED

    ensure(backend)
    stand_in.fault("PATCH", "networkpolicies", 503)
    with pytest.raises(BackendUnavailable):
        backend.quarantine(REF)
    backend.quarantine(REF)
    assert backend.observe(REF).state == ObservedState.EXITED


def test_product_and_version_stand_at_the_pods_and_a_later_end_starts_nothing_anew(
    backend: KubernetesBackend, stand_in: StandIn
) -> None:
    ref = replace(REF, template="redmine@3")
    ensure(backend, ref=ref)
    deployment = stand_in.named("deployments", REF.name)["web"]
    template = deployment["spec"]["template"]
    labels = template["metadata"]["labels"]
    assert (labels["osk.product"], labels["osk.version"]) == ("redmine", "3")
    end = clock.now() + timedelta(days=3)

    backend.set_expiry(ref, end)

    deployment = stand_in.named("deployments", REF.name)["web"]
    assert deployment["spec"]["template"] == template
    assert backend.observe(ref).expires_at == end


def test_logs_and_no_logs(backend: KubernetesBackend, stand_in: StandIn) -> None:
    ensure(backend)
    assert backend.logs(REF) == ["web: web-1 starts", "web: log of web-1"]
    stand_in.fault("GET", "/log$", 400, message="pod does not have a host assigned")
    assert backend.logs(REF) == []


def test_it_says_which_right_is_missing(backend: KubernetesBackend, stand_in: StandIn) -> None:
    assert backend.check().detail == "Kubernetes v1.31.0"
    stand_in.is_sick = True
    health = backend.check()
    assert not health.ok
    assert "create Namespace" in health.detail


def test_an_instance_that_is_no_label_is_refused(backend: KubernetesBackend) -> None:
    with pytest.raises(Permanent, match="OSK_SANDBOX_INSTANCE"):
        ensure(backend, ref=reference(instance="Büro 7"))


def test_a_token_never_goes_out_in_the_clear(settings: Any) -> None:
    for server in ("", "http://10.0.0.1:8080"):
        settings.OSK_SANDBOX_KUBERNETES_SERVER = server
        with pytest.raises(BackendUnavailable, match="https"):
            backends.get("kubernetes")
    settings.OSK_SANDBOX_KUBERNETES_SERVER = "https://10.0.0.1:6443"
    assert backends.get("kubernetes").key == "kubernetes"


# Whose mail it is


def pod_at(stand_in: StandIn, name: str = "web-1", namespace: str = REF.name) -> Any:
    return stand_in.objects["pods", namespace, name]


@pytest.fixture
def mailing(backend: KubernetesBackend, stand_in: StandIn) -> Any:
    """An environment with a pod that may send, and its address."""
    backend._rules = Rules(mail=MailSink("10.96.0.25", 2525))
    ensure(backend, spec=parse({**DATA, "components": WITH_MAIL}))
    return pod_at(stand_in)


def test_a_pod_is_known_by_the_address_that_the_cluster_gave_it(
    backend: KubernetesBackend, stand_in: StandIn, mailing: Any
) -> None:
    address = mailing["status"]["podIP"]
    assert backend.sender_at(address, clock.now()) == REF

    # The database of the same environment sends nothing, and is let out to nobody.
    assert backend.sender_at(pod_at(stand_in, "db-1")["status"]["podIP"], clock.now()) is None
    for stranger in ("10.244.9.9", "10.96.0.25"):
        assert backend.sender_at(stranger, clock.now()) is None


@pytest.mark.parametrize("what", ["namespace", "instance", "label", "host", "twice", "ended"])
def test_who_only_looks_like_an_environment_is_nobody(
    backend: KubernetesBackend, stand_in: StandIn, mailing: Any, what: str
) -> None:
    """Labels are anybody's who may write pods elsewhere in the cluster; the namespace is not."""
    address, labels = mailing["status"]["podIP"], mailing["metadata"]["labels"]
    match what:
        case "namespace":
            mailing["metadata"]["namespace"] = "shop"
        case "instance":
            labels["osk.generation"] = "x"
        case "label":
            del labels["osk.managed"]
        case "host":
            mailing["spec"] = {"hostNetwork": True}
        case "twice":
            other = {"metadata": {"name": "x", "namespace": "shop"}, "status": {"podIP": address}}
            stand_in.objects["pods", "shop", "x"] = other
        case "ended":
            mailing["status"]["phase"] = "Succeeded"

    assert backend.sender_at(address, clock.now()) is None


def test_an_address_that_went_on_to_another_is_not_taken_for_the_one_before(
    backend: KubernetesBackend, stand_in: StandIn, mailing: Any
) -> None:
    address, began = mailing["status"]["podIP"], clock.now()
    mailing["status"]["startTime"] = (began + timedelta(seconds=1)).isoformat()
    with pytest.raises(Retryable, match="began after"):
        backend.sender_at(address, began)
    del mailing["status"]["startTime"]
    with pytest.raises(Retryable):
        backend.sender_at(address, began)
    stand_in.fault("GET", "pods", 503)
    with pytest.raises(BackendUnavailable):
        backend.sender_at(address, began)


def test_a_quarantine_closes_the_way_to_the_sink(
    backend: KubernetesBackend, stand_in: StandIn, mailing: Any
) -> None:
    assert policies_of(stand_in)["mail"]["egress"]
    backend.quarantine(REF)
    assert "egress" not in policies_of(stand_in)["mail"]
