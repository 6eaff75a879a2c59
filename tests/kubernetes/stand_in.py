"""A small server that behaves like the API where the backend looks: real HTTP, objects in memory, faults to order."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Objects = dict[str, Any]
TOKEN = "portal-4711"


@dataclass
class Fault:
    method: str
    path: str
    """A pattern that the path must hold."""
    status: int
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    times: int = 1
    after: bool = False
    """Strikes once the request has been carried out, as a connection that breaks then."""


class StandIn:
    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], Objects] = {}
        """By kind in the plural, namespace and name."""
        self.requests: list[tuple[str, str, dict[str, list[str]], Any]] = []
        self.faults: list[Fault] = []
        self.is_sick = False
        self.lingers = False
        """Namespaces stay in the state Terminating."""
        self.is_deaf = False
        """Namespaces are asked to go and do not begin."""
        self.keeps_volumes = False
        self.reclaims = "Retain"
        self.page = 1000
        self._number = 0
        self._lock = threading.Lock()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: no request waits for an acknowledgement
            disable_nagle_algorithm = True

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                content = self.rfile.read(length)
                with stand_in._lock:
                    status, headers, body = stand_in.answer(self, content)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_DELETE = _serve

            def log_message(self, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    @contextlib.contextmanager
    def running(self) -> Iterator[StandIn]:
        thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    # What tests do to it

    def fault(self, method: str, path: str, status: int, **more: Any) -> None:
        self.faults.append(Fault(method, path, status, **more))

    def named(self, kind: str, namespace: str = "") -> dict[str, Objects]:
        return {
            name: thing
            for (plural, place, name), thing in self.objects.items()
            if plural == kind and place == namespace
        }

    def secrets(self, namespace: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for thing in self.named("secrets", namespace).values():
            found |= {k: base64.b64decode(v).decode() for k, v in thing["data"].items()}
        return found

    # How it answers

    def answer(
        self, request: BaseHTTPRequestHandler, content: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(request.path)
        body = json.loads(content) if content else None
        query = parse_qs(parts.query)
        method = request.command
        self.requests.append((method, parts.path, query, body))
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._said(401, "Unauthorized")
        fault = self._fault_for(method, parts.path)
        if fault is not None and not fault.after:
            return self._struck(fault)
        status, found = self._do(method, parts.path, query, body, request)
        if fault is not None:
            return self._struck(fault)
        if status >= 400:
            return self._said(status, found["message"])
        if isinstance(found, bytes):
            return status, {"Content-Type": "text/plain"}, found
        return status, {"Content-Type": "application/json"}, json.dumps(found).encode()

    def _fault_for(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.method == method and re.search(fault.path, path):
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    def _struck(self, fault: Fault) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = self._said(fault.status, fault.message)
        return status, {**headers, **fault.headers}, body if fault.body is None else fault.body

    def _said(self, status: int, message: str) -> tuple[int, dict[str, str], bytes]:
        body = {
            "kind": "Status",
            "status": "Failure",
            "message": message,
            "reason": "NotFound" if status == 404 else "",
            "code": status,
        }
        return status, {"Content-Type": "application/json"}, json.dumps(body).encode()

    def _do(
        self, method: str, path: str, query: dict[str, list[str]], body: Any, request: Any
    ) -> tuple[int, Any]:
        if path == "/version":
            return 200, {"gitVersion": "v1.31.0"}
        if path.endswith("/selfsubjectaccessreviews"):
            return 201, {"status": {"allowed": not self.is_sick}}
        plural, namespace, name, log = _place(path)
        if log:
            return 200, f"{name} starts\nlog of {name}\n".encode()
        key = (plural, namespace, name or (body or {}).get("metadata", {}).get("name", ""))
        match method:
            case "GET" if name:
                found = self.objects.get(key)
                return (404, {"message": "not found"}) if found is None else (200, found)
            case "GET":
                return self._list(plural, namespace, query)
            case "POST":
                return self._create(key, body)
            case "PATCH":
                is_apply = "apply-patch" in request.headers["Content-Type"]
                return self._patch(key, body, is_apply=is_apply)
            case _:
                return self._delete(key, body)

    def _list(
        self, plural: str, namespace: str, query: dict[str, list[str]]
    ) -> tuple[int, Objects]:
        selector = query.get("labelSelector", [""])[0]
        wanted = dict(pair.split("=", 1) for pair in selector.split(",") if pair)
        [(field, value)] = [
            pair.split("=", 1) for pair in query.get("fieldSelector", ["status.podIP="])
        ]
        assert field == "status.podIP", "the API knows few fields"
        found = [
            thing
            for (kind, place, _name), thing in sorted(self.objects.items())
            if kind == plural
            and namespace in ("", place)
            and wanted.items() <= (thing["metadata"].get("labels") or {}).items()
            and value in ("", thing.get("status", {}).get("podIP"))
        ]
        start = int(query.get("continue", ["0"])[0])
        end = start + min(self.page, int(query["limit"][0]))
        meta = {"continue": str(end)} if end < len(found) else {}
        return 200, {"kind": "AList", "metadata": meta, "items": found[start:end]}

    def _create(self, key: tuple[str, str, str], body: Objects) -> tuple[int, Objects]:
        if key in self.objects:
            return 409, {"message": "already exists"}
        return 201, self._keep(key, body)

    def _keep(self, key: tuple[str, str, str], body: Objects) -> Objects:
        self._number += 1
        thing = {**body, "metadata": {**body["metadata"], "uid": f"uid-{self._number}"}}
        if key[0] == "services":
            thing["spec"] = {**thing["spec"], "clusterIP": f"10.96.0.{self._number}"}
        self.objects[key] = thing
        return thing

    def _patch(
        self, key: tuple[str, str, str], body: Objects, *, is_apply: bool
    ) -> tuple[int, Objects]:
        place = self.objects.get(("namespaces", "", key[1])) if key[1] else None
        if key[1] and place is None:
            return 404, {"message": f"namespaces {key[1]} not found"}
        if place is not None and place["metadata"].get("deletionTimestamp"):
            return 403, {"message": f"forbidden: namespace {key[1]} is being terminated"}
        found = self.objects.get(key)
        if found is None:
            if not is_apply:
                return 404, {"message": "not found"}
            found = self._keep(key, body)
        self.objects[key] = found = _applied(found, body) if is_apply else _merged(found, body)
        if key[0] == "deployments":
            self._run(key, found)
        return 200, found

    def _run(self, key: tuple[str, str, str], deployment: Objects) -> None:
        """What controllers and kubelet would do."""
        count = deployment["spec"]["replicas"]
        ready = 0 if self.is_sick else count
        deployment["status"] = {"updatedReplicas": count, "readyReplicas": ready}
        pod = ("pods", key[1], f"{key[2]}-1")
        self.objects.pop(pod, None)
        if count:
            template = deployment["spec"]["template"]
            meta = {**template["metadata"], "name": pod[2], "namespace": key[1]}
            self._number += 1
            status = {
                "phase": "Running",
                "podIP": f"10.244.0.{self._number}",
                "startTime": "2026-01-01T00:00:00Z",
            }
            self.objects[pod] = {"metadata": meta, "status": status}

    def _delete(self, key: tuple[str, str, str], body: Any) -> tuple[int, Objects]:
        found = self.objects.get(key)
        if found is None:
            return 404, {"message": "not found"}
        if body["preconditions"]["uid"] != found["metadata"]["uid"]:
            return 409, {"message": "the UID in the precondition does not match"}
        if self.is_deaf:
            return 200, found
        if self.lingers:
            found["metadata"]["deletionTimestamp"] = "2026-11-23T10:00:00Z"
            said = {"type": "NamespaceFinalizersRemaining", "status": "True"}
            said["message"] = "Some content has finalizers remaining: example.org/hold"
            found["status"] = {"phase": "Terminating", "conditions": [said]}
            return 200, found
        if self.keeps_volumes:
            claim = {
                "metadata": {"name": "pv-7"},
                "spec": {
                    "claimRef": {"namespace": key[2]},
                    "persistentVolumeReclaimPolicy": self.reclaims,
                },
            }
            self.objects["persistentvolumes", "", "pv-7"] = claim
        del self.objects[key]
        for other in [other for other in self.objects if other[1] == key[2]]:
            del self.objects[other]
        return 200, {}


def _place(path: str) -> tuple[str, str, str, bool]:
    """Plural, namespace, name, and whether a log is meant."""
    words = path.strip("/").split("/")
    words = words[2:] if words[0] == "api" else words[3:]
    is_log = words[-1] == "log"
    words = words[:-1] if is_log else words
    namespace = ""
    if words[0] == "namespaces" and len(words) > 2:
        namespace, words = words[1], words[2:]
    return words[0], namespace, words[1] if len(words) > 1 else "", is_log


def _applied(old: Objects, new: Objects) -> Objects:
    """The portal is the only one who writes: what it does not say any more goes, but for what the API gives."""
    given = {name: old["spec"][name] for name in ("clusterIP",) if name in old.get("spec", {})}
    found = {**old, **new, "metadata": {**old["metadata"], **new["metadata"]}}
    return {**found, "spec": {**found["spec"], **given}} if "spec" in found else found


def _merged(old: Any, new: Any) -> Any:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}
