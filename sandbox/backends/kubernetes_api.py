"""The API of a Kubernetes cluster: plain answers, and errors of our kinds.

Spoken to directly: a dozen kinds of objects need five verbs of one documented API (docs/decisions/0018).
What is not there is None, whose name is taken is False, and every failure is Retryable, Permanent,
BackendUnavailable or CapacityExhausted. Nothing but a 404 in the API's own words ever means that something is
gone: a proxy before it, or another server, may answer anything.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from sandbox.backends.base import (
    BackendError,
    BackendUnavailable,
    CapacityExhausted,
    Permanent,
    Retryable,
)

Objects = dict[str, Any]

MANAGER = "osk-portal"
APPLY = "application/apply-patch+yaml"
APPLY_ATTEMPTS = 3
QUOTA_PAUSE = 0.3
"""A new quota refuses everything until the cluster has counted for the first time."""
CONNECT_TIMEOUT, TIMEOUT = 5.0, 30.0
PAGE = 500
MOST_BYTES = 64 * 1024 * 1024
LONGEST_WAIT = 300.0
REFUSED_WAIT = 60.0
"""After a refusal of the token or of a right: a person must do something first."""

_PLACES = {
    "Namespace": ("/api/v1", "namespaces"),
    "PersistentVolume": ("/api/v1", "persistentvolumes"),
    "PersistentVolumeClaim": ("/api/v1", "persistentvolumeclaims"),
    "Pod": ("/api/v1", "pods"),
    "Service": ("/api/v1", "services"),
    "Secret": ("/api/v1", "secrets"),
    "ResourceQuota": ("/api/v1", "resourcequotas"),
    "LimitRange": ("/api/v1", "limitranges"),
    "Deployment": ("/apis/apps/v1", "deployments"),
    "NetworkPolicy": ("/apis/networking.k8s.io/v1", "networkpolicies"),
}


def path_of(kind: str, namespace: str = "", name: str = "") -> str:
    root, plural = _PLACES[kind]
    inside = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{inside}/{plural}{f'/{name}' if name else ''}"


class Cluster:
    """One conversation with the API server; use it in a ``with``."""

    def __init__(self, server: str, *, ca_file: str = "", token_file: str = "") -> None:
        self._server = server.rstrip("/")
        self._token_file = token_file
        self._session = requests.Session()
        # Neither a proxy nor a .netrc of the machine has a say in who gets the token.
        self._session.trust_env = False
        self._session.verify = ca_file or True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    # Verbs

    def version(self) -> str:
        return str(self._json("GET", "/version").get("gitVersion", ""))

    def may(self, verb: str, kind: str) -> bool:
        root, plural = _PLACES[kind]
        parts = root.split("/")
        group = parts[2] if parts[1] == "apis" else ""
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {
                "resourceAttributes": {"verb": verb, "group": group, "resource": plural},
            },
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        return bool((self._json("POST", path, review).get("status") or {}).get("allowed"))

    def get(self, kind: str, namespace: str = "", name: str = "") -> Objects | None:
        path = path_of(kind, namespace, name)
        try:
            found = self._json("GET", path)
        except _NotFound:
            return None
        if (found.get("metadata") or {}).get("name") != name:
            raise BackendUnavailable(f"GET {path}: something else came back")
        return found

    def all_of(
        self,
        kind: str,
        namespace: str = "",
        labels: Mapping[str, str] | None = None,
        *,
        fields: Mapping[str, str] | None = None,
    ) -> list[Objects]:
        """All of them, page by page. A list that has grown too old meanwhile (410) is begun anew once."""
        for _attempt in range(2):
            try:
                return self._pages(path_of(kind, namespace), labels or {}, fields or {})
            except _Expired:
                continue
        raise Retryable(f"the list of {kind} was too old twice", after=5)

    def _pages(
        self, path: str, labels: Mapping[str, str], fields: Mapping[str, str]
    ) -> list[Objects]:
        found: list[Objects] = []
        params = {"limit": str(PAGE)}
        for selector, wanted in (("labelSelector", labels), ("fieldSelector", fields)):
            if wanted:
                params[selector] = ",".join(f"{name}={value}" for name, value in wanted.items())
        while True:
            page = self._json("GET", path, params=params)
            if "items" not in page or not str(page.get("kind")).endswith("List"):
                raise BackendUnavailable(f"GET {path}: no list came back")
            found += page["items"] or []
            following = (page.get("metadata") or {}).get("continue")
            if not following:
                return found
            params["continue"] = following

    def create(self, body: Objects, namespace: str = "") -> bool:
        """False where the name is taken."""
        try:
            self._json("POST", path_of(body["kind"], namespace), body)
        except _Conflict:
            return False
        return True

    def apply(self, body: Objects, namespace: str) -> Objects:
        """Server-side apply: made or changed to what is said, whoever changed it meanwhile.

        Two that make it at the same moment both get a 409 at times, force or not, or a full quota: asked again
        it is there.
        """
        path = path_of(body["kind"], namespace, body["metadata"]["name"])
        params = {"fieldManager": MANAGER, "force": "true"}
        return self._patch(APPLY, path, body, params, attempts=APPLY_ATTEMPTS)

    def merge(self, kind: str, namespace: str, name: str, changes: Objects) -> Objects:
        """Raises Retryable where it is not there (any more)."""
        path, params = path_of(kind, namespace, name), {"fieldManager": MANAGER}
        return self._patch("application/merge-patch+json", path, changes, params)

    def _patch(
        self, media: str, path: str, body: Objects, params: dict[str, str], *, attempts: int = 1
    ) -> Objects:
        while True:
            attempts -= 1
            try:
                return self._json("PATCH", path, body, params=params, media=media)
            except CapacityExhausted:
                # The quota is counted before the name is looked at: another worker may just have made it.
                if not attempts:
                    raise
            except _Uncounted:
                if not attempts:
                    raise
                time.sleep(QUOTA_PAUSE)
            except (_NotFound, _Conflict) as error:
                if isinstance(error, _Conflict) and attempts:
                    continue
                # The namespace vanished, or somebody writes all the time: the next step sees it.
                raise Retryable(f"PATCH {path}: {error}", after=1) from error

    def delete(self, kind: str, name: str, *, uid: str) -> None:
        """Only this very object: another one of the same name stays. What is not there counts as removed."""
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {"uid": uid},
        }
        try:
            self._json("DELETE", path_of(kind, "", name), options)
        except _NotFound:
            return
        except _Conflict as error:
            raise Retryable(f"{name}: {error}", after=2) from error

    def log(self, namespace: str, pod: str, *, lines: int) -> list[str]:
        """The last lines of its program; none where there is nobody who could tell (yet)."""
        params = {"tailLines": str(lines), "limitBytes": str(256 * 1024)}
        try:
            text = self._send("GET", f"{path_of('Pod', namespace, pod)}/log", params=params)
        except (_NotFound, Permanent, BackendUnavailable):
            return []
        return text.decode(errors="replace").splitlines()

    # How it is asked

    def _json(
        self,
        method: str,
        path: str,
        body: Objects | None = None,
        *,
        params: Mapping[str, str] | None = None,
        media: str = "application/json",
    ) -> Objects:
        content = self._send(method, path, body, params=params, media=media)
        try:
            found = json.loads(content)
        except ValueError as error:
            raise BackendUnavailable(f"{method} {path}: no JSON came back") from error
        if not isinstance(found, dict):
            raise BackendUnavailable(f"{method} {path}: no object came back")
        return found

    def _send(
        self,
        method: str,
        path: str,
        body: Objects | None = None,
        *,
        params: Mapping[str, str] | None = None,
        media: str = "application/json",
    ) -> bytes:
        try:
            response = self._session.request(
                method,
                f"{self._server}{path}",
                params=params,
                data=None if body is None else json.dumps(body).encode(),
                headers={"Accept": "application/json, */*", "Content-Type": media, **self._token()},
                timeout=(CONNECT_TIMEOUT, TIMEOUT),
                allow_redirects=False,
                stream=True,
            )
            with response:
                content = _read(response)
        except (requests.RequestException, OSError) as error:
            raise BackendUnavailable(f"{method} {path}: {type(error).__name__}: {error}") from error
        if response.ok and response.status_code < 300:
            return content
        raise _error(f"{method} {path}", response, content)

    def _token(self) -> dict[str, str]:
        """Read each time: the cluster replaces the tokens of its service accounts while they run."""
        if not self._token_file:
            return {}
        try:
            token = Path(self._token_file).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BackendUnavailable(f"the token cannot be read: {error}", after=60) from error
        return {"Authorization": f"Bearer {token}"}


class Refused(BackendUnavailable):
    """The portal may not, by its role or by a policy of the cluster. Says nothing about what exists."""


class _NotFound(Retryable):
    pass


class _Conflict(Retryable):
    pass


class _Expired(Retryable):
    pass


class _Uncounted(Retryable):
    pass


def _read(response: requests.Response) -> bytes:
    content = bytearray()
    for part in response.iter_content(64 * 1024):
        content += part
        if len(content) > MOST_BYTES:
            raise BackendUnavailable("the answer is too long", after=60)
    return bytes(content)


def _error(what: str, response: requests.Response, content: bytes) -> BackendError:
    """What an answer means to us; its text goes to operators only."""
    status = response.status_code
    said = _message(content)
    detail = f"{what}: {status} {said}"[:1000]
    match status:
        case 404 if _reason(content) == "NotFound":
            return _NotFound(detail)
        case 404:
            # Also of the API server, for a kind that it does not know at all.
            return BackendUnavailable(f"{detail} (is this the API server?)", after=REFUSED_WAIT)
        case 409:
            return _Conflict(detail)
        case 410:
            return _Expired(detail)
        case 401:
            return BackendUnavailable(f"{detail} (is the token expired?)", after=REFUSED_WAIT)
        case 403 if "being terminated" in said:
            return Retryable(detail, after=5)
        case 403 if "exceeded quota" in said:
            return CapacityExhausted(detail, after=REFUSED_WAIT)
        case 403 if "status unknown for quota" in said:
            return _Uncounted(detail, after=2)
        case 403:
            return Refused(detail, after=REFUSED_WAIT)
        case 500 if "failed to create typed patch" in said:
            # Server-side apply says so of what does not fit the schema.
            return Permanent("", detail)
        case 408 | 429:
            return BackendUnavailable(detail, after=_wait(response))
        case _ if 400 <= status < 500:
            return Permanent("", detail)
    return BackendUnavailable(detail, after=_wait(response))


def _message(content: bytes) -> str:
    said = _said(content).get("message")
    return said if isinstance(said, str) else content[:200].decode(errors="replace")


def _reason(content: bytes) -> str:
    """In one word; empty where it is no answer of the API."""
    said = _said(content)
    return str(said.get("reason", "")) if said.get("kind") == "Status" else ""


def _said(content: bytes) -> Objects:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _wait(response: requests.Response) -> float:
    """Seconds of Retry-After; a date, or what is no number at all, counts as nothing said."""
    said = response.headers.get("Retry-After", "")
    return min(float(said), LONGEST_WAIT) if said.isascii() and said.isdigit() else 0
