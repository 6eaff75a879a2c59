"""The product of the foundation, for real: signing in with the password that was handed over."""

from __future__ import annotations

import base64
import http.client
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from osk_portal.toolkit import clock
from sandbox import shipped, spec
from sandbox.backends.base import ObservedState
from sandbox.backends.process import ProcessBackend
from tests.conformance.conftest import PORTS, PRODUCTS, reference

PASSWORD = "nur-für-diesen-Test-4711"


@pytest.fixture
def radicale(tmp_path: Path, outside: Path) -> ProcessBackend:
    python = settings.OSK_SANDBOX_PROGRAMS["radicale"]
    assert Path(python).exists(), "make installs it: .venv-radicale"
    return ProcessBackend(
        root=tmp_path / "mit Leerzeichen",
        programs={"radicale": python},
        ports=PORTS,
        user=PRODUCTS,
        outside=outside,
    )


def propfind(endpoint: str, password: str, depth: int = 0) -> tuple[int, str]:
    """WebDAV's question what is there (RFC 4918, 9.1), as calendar programs begin: status and answer."""
    address = urlsplit(endpoint)
    assert address.hostname
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    token = base64.b64encode(f"test:{password}".encode()).decode()
    try:
        connection.request(
            "PROPFIND", "/test/", headers={"Authorization": f"Basic {token}", "Depth": str(depth)}
        )
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_people_sign_in_with_what_they_were_shown(radicale: ProcessBackend, outside: Path) -> None:
    ref = reference()
    plan = spec.parse(shipped.read("radicale")["spec"])
    secrets = {"test": PASSWORD}
    found = radicale.ensure(ref, plan, secrets, expires_at=clock.now() + timedelta(days=1))
    try:
        check = plan.components[0].readiness
        assert check is not None
        result = radicale.probe(ref, check, patience=30)
        assert result.ok, (result.detail, radicale.logs(ref))

        assert propfind(found.endpoint, PASSWORD)[0] == 207
        assert "Beispieltermine" in propfind(found.endpoint, PASSWORD, depth=1)[1], "demo data"
        assert propfind(found.endpoint, "falsch")[0] == 401
        kept = [*radicale._root.rglob("*"), *(outside / "sandboxes").glob("*/*/**/*")]
        everything = "".join(path.read_text(errors="replace") for path in kept if path.is_file())
        assert "$2b$" in everything
        assert PASSWORD not in everything, "the hash is kept, not the password"
    finally:
        assert radicale.destroy(ref).state == ObservedState.ABSENT

    with pytest.raises(ConnectionRefusedError):
        propfind(found.endpoint, PASSWORD)
    assert list(radicale._root.iterdir()) == [radicale._root / ".ports.lock"]
