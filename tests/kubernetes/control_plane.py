"""A real Kubernetes API without a cluster: API server, controller manager and etcd, on this machine only.

No kubelet runs, so pods never start: ``Kubelet`` stands in for it and says of each pod that it is ready.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from ruamel.yaml import YAML

from sandbox.backends.base import BackendError
from sandbox.backends.kubernetes import KubernetesBackend
from sandbox.backends.kubernetes_api import Cluster
from sandbox.backends.kubernetes_plan import Rules

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager")
RBAC = Path(__file__).parents[2] / "deploy" / "kubernetes" / "rbac.yaml"
PORTAL = "system:serviceaccount:osk-portal:osk-portal"


def cache() -> Path:
    """Where `make test-kubernetes` keeps what it built."""
    given = os.environ.get("OSK_KUBERNETES_CACHE")
    return Path(given) if given else Path.home() / ".cache" / "osk-portal" / "kubernetes-1.20.2"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class ControlPlane:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="osk-kubernetes-", dir="/var/tmp"))
        self.port = free_port()
        self.address = f"https://127.0.0.1:{self.port}"
        self._started: list[subprocess.Popen[bytes]] = []
        self.admin_token = self._secret("admin-token")
        self.portal_token = self._secret("portal-token")

    def _secret(self, name: str) -> Path:
        path = self.folder / name
        path.write_text(secrets.token_urlsafe(32))
        path.chmod(0o600)
        return path

    @property
    def ca(self) -> Path:
        return self.folder / "certs" / "apiserver.crt"

    def start(self) -> None:
        missing = [name for name in PROGRAMS if not (cache() / name).exists()]
        assert not missing, f"{missing} missing in {cache()}: make test-kubernetes builds them"
        store, peer = free_port(), free_port()
        self._run(
            "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls=http://127.0.0.1:{store}",
            f"--advertise-client-urls=http://127.0.0.1:{store}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
            "--unsafe-no-fsync",
        )
        key = self.folder / "accounts.key"
        subprocess.run(
            ["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True
        )
        tokens = self.folder / "tokens.csv"
        tokens.write_text(
            f"{self.admin_token.read_text()},admin,admin,system:masters\n"
            f"{self.portal_token.read_text()},{PORTAL},portal,system:serviceaccounts\n"
        )
        self._run(
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{store}",
            f"--secure-port={self.port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--cert-dir={self.folder / 'certs'}",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--authorization-mode=RBAC",
            f"--token-auth-file={tokens}",
            "--service-account-issuer=https://kubernetes.example.org",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
        )
        self._wait(lambda: self._is_ready())
        self._run(
            "kube-controller-manager",
            f"--kubeconfig={self._kubeconfig()}",
            "--leader-elect=false",
            f"--service-account-private-key-file={key}",
            "--port=0",
            f"--secure-port={free_port()}",
            "--bind-address=127.0.0.1",
            f"--cert-dir={self.folder / 'manager'}",
            "--controllers=*,-nodelifecycle,-nodeipam,-attachdetach,-route,-service",
        )
        with self.admin() as cluster:
            for body in YAML(typ="safe").load_all(RBAC.read_text(encoding="utf-8")):
                create(cluster, body)

    def _run(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self._started.append(
                subprocess.Popen([str(cache() / name), *arguments], stdout=log, stderr=log)
            )

    def _kubeconfig(self) -> Path:
        path = self.folder / "kubeconfig"
        path.write_text(
            f"""apiVersion: v1
kind: Config
clusters: [{{name: c, cluster: {{server: "{self.address}", certificate-authority: "{self.ca}"}}}}]
users: [{{name: u, user: {{token: "{self.admin_token.read_text()}"}}}}]
contexts: [{{name: x, context: {{cluster: c, user: u}}}}]
current-context: x
"""
        )
        return path

    def _is_ready(self) -> bool:
        if not self.ca.exists():
            return False
        with contextlib.suppress(requests.RequestException):
            answer = requests.get(f"{self.address}/readyz", verify=str(self.ca), timeout=2)
            return answer.status_code == 200
        return False

    def _wait(self, is_there: Any, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while not is_there():
            assert time.monotonic() < until, self.logs()
            for process in self._started:
                assert process.poll() is None, self.logs()
            time.sleep(0.2)

    def logs(self) -> str:
        return "\n".join(
            f"{path.name}: {path.read_text(errors='replace')[-2000:]}"
            for path in sorted(self.folder.glob("*.log"))
        )

    def admin(self) -> Cluster:
        return Cluster(self.address, ca_file=str(self.ca), token_file=str(self.admin_token))

    def backend(
        self, make: type[KubernetesBackend] = KubernetesBackend, **changes: Any
    ) -> KubernetesBackend:
        """As the portal's service account, with the rights of deploy/kubernetes/rbac.yaml."""
        named = {
            "server": self.address,
            "ca_file": str(self.ca),
            "token_file": str(self.portal_token),
            "rules": Rules(),
            "patience": 30.0,
        }
        return make(**{**named, **changes})

    def end(self) -> None:
        for process in reversed(self._started):
            process.terminate()
        for process in reversed(self._started):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder)


def create(cluster: Cluster, body: dict[str, Any]) -> None:
    """Of kinds that the portal itself never writes."""
    places = {
        "ServiceAccount": "/api/v1/namespaces/{namespace}/serviceaccounts",
        "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
        "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        "Namespace": "/api/v1/namespaces",
        "PersistentVolume": "/api/v1/persistentvolumes",
        "ConfigMap": "/api/v1/namespaces/{namespace}/configmaps",
    }
    path = places[body["kind"]].format(namespace=body["metadata"].get("namespace", ""))
    cluster._json("POST", path, body)


class Kubelet:
    """Says of every pod of ours that it runs and is ready; nothing really does."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.is_sick = False

    def __enter__(self) -> Kubelet:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        with self._plane.admin() as cluster:
            while not self._over.wait(0.1):
                with contextlib.suppress(BackendError):
                    for pod in cluster.all_of("Pod", labels={"osk.managed": "true"}):
                        self._look_after(cluster, pod)

    def _look_after(self, cluster: Cluster, pod: dict[str, Any]) -> None:
        if pod["metadata"].get("deletionTimestamp") or self.is_sick:
            return
        if (pod.get("status") or {}).get("phase") == "Running":
            return
        meta = pod["metadata"]
        path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/status"
        ready = {"type": "Ready", "status": "True"}
        body = {"status": {"phase": "Running", "conditions": [ready]}}
        cluster._patch("application/merge-patch+json", path, body, {})


@contextlib.contextmanager
def running() -> Iterator[ControlPlane]:
    plane = ControlPlane()
    try:
        plane.start()
        with Kubelet(plane) as kubelet:
            plane.kubelet = kubelet
            yield plane
    finally:
        plane.end()
