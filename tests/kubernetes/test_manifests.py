"""The files of deploy/kubernetes say the same as the code that relies on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from sandbox.backends import kubernetes_plan as plans
from sandbox.backends.container_plan import MANAGED
from sandbox.backends.kubernetes_plan import MailSink, Rules

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"


def manifests(name: str) -> dict[str, dict[str, Any]]:
    """By kind; each kind stands once in a file of these."""
    found = list(YAML(typ="safe").load_all((FOLDER / name).read_text(encoding="utf-8")))
    kinds = [thing["kind"] for thing in found]
    assert len({*kinds}) == len(kinds)
    return dict(zip(kinds, found, strict=True))


def test_the_gate_runs_where_environments_let_in_and_reaches_them_and_the_portal_alone() -> None:
    gate = manifests("gate.yaml")

    assert {thing["metadata"].get("namespace", "osk-gate") for thing in gate.values()} == {
        "osk-gate"
    }
    assert "osk-gate" in Rules().from_namespaces
    spec = gate["NetworkPolicy"]["spec"]
    assert {*spec["policyTypes"]} == {"Ingress", "Egress"}
    labels = [
        peer["namespaceSelector"]["matchLabels"] for rule in spec["egress"] for peer in rule["to"]
    ]
    assert {MANAGED: "true"} in labels
    assert len(labels) == 3
    [port] = gate["Service"]["spec"]["ports"]
    [container] = gate["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["ports"] == [{"containerPort": port["targetPort"], "protocol": "TCP"}]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert gate["Namespace"]["metadata"]["labels"] == {
        "pod-security.kubernetes.io/enforce": "restricted"
    }


def test_the_sink_is_where_policies_let_mail_out_to_and_hears_environments_alone() -> None:
    mail = manifests("mail.yaml")

    labels = {plans.MAIL_SINK: "true"}
    assert mail["Deployment"]["spec"]["template"]["metadata"]["labels"] == labels
    assert mail["Service"]["spec"]["selector"] == labels
    [port] = mail["Service"]["spec"]["ports"]
    assert port["port"] == port["targetPort"]
    assert mail["Deployment"]["metadata"]["namespace"] == MailSink("10.96.0.25", 2525).namespace
    policy = mail["NetworkPolicy"]["spec"]
    assert policy["podSelector"]["matchLabels"] == labels
    [rule] = policy["ingress"]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {MANAGED: "true"}}}]
    assert rule["ports"] == [{"port": port["port"], "protocol": "TCP"}]
    assert mail["Deployment"]["spec"]["replicas"] == 1
