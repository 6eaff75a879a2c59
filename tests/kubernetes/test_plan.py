"""What a specification becomes in a cluster: pure, so each rule has its own test."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sandbox import shipped, spec
from sandbox.backends import kubernetes_fences as fences
from sandbox.backends import kubernetes_plan as plans
from sandbox.backends import kubernetes_pods as pods
from sandbox.backends.base import EnvRef
from sandbox.backends.kubernetes_plan import MailSink, Plan, Rules

REF = EnvRef("here", "0123abcd-0000-4000-8000-000000000000", 1)
NOW = datetime(2026, 11, 23, 11, tzinfo=UTC)
END = datetime(2026, 11, 30, 11, tzinfo=UTC)
HOSTS = {"web": "10.96.0.1", "db": "10.96.0.2"}
DIGEST = f"registry.example.org/osk/x@sha256:{'0' * 64}"
DATA: dict[str, Any] = {
    "schema": 2,
    "components": [
        {
            "name": "db",
            "image": DIGEST,
            "user": "999",
            "ports": [{"name": "sql", "number": 5432}],
            "volumes": [{"name": "rows", "path": "/data", "size_mb": 500}],
            "secrets": [{"role": "db", "env": "DB_PASSWORD"}],
            "readiness": {"type": "tcp", "port": "sql"},
            "limits": {"memory_mb": 256, "cpu_millis": 200},
        },
        {
            "name": "web",
            "image": DIGEST,
            "user": "1000:100",
            "command": ["/run"],
            "args": ["--at=${address}", "--host=${host}"],
            "env": {"PORT": "${port.web}"},
            "files": [{"path": "conf/app.ini", "content": "home = ${home}\n"}],
            "secrets": [
                {"role": "test", "file": "given"},
                {"role": "db", "env": "DATABASE_URL", "text": "sql://x:${secret}@db/"},
            ],
            "tmpfs": ["/tmp"],
            "ports": [{"name": "web", "number": 8080}, {"name": "admin", "number": 9000}],
            "readiness": {"port": "web", "path": "/health"},
            "depends_on": ["db"],
            "limits": {"memory_mb": 512, "cpu_millis": 500},
        },
    ],
    "endpoints": [{"port": "web", "path": "/start", "label": "A"}, {"port": "admin", "label": "B"}],
    "accounts": [{"role": "test", "label": "Test", "username": "test"}],
    "internal_secrets": ["db"],
}
WITH_MAIL = [
    DATA["components"][0],
    {**DATA["components"][1], "mail": {"host": "SMTP_HOST", "port": "SMTP_PORT"}},
]
SINK = MailSink("10.96.0.25", 2525, "post")
SECRETS = {"test": "geheim-1", "db": "geheim-2"}


def plan(rules: Rules | None = None, ref: EnvRef = REF, **changes: Any) -> Plan:
    found = spec.parse({**DATA, **changes})
    return Plan(ref, found, rules or Rules(), created_at=NOW, expires_at=END)


def every(p: Plan) -> list[dict[str, Any]]:
    found = [p.namespace, *fences.fences(p), *p.services(), *p.claims()]
    for component in p.spec.components:
        found += [pods.secret(p, component, SECRETS, HOSTS), pods.deployment(p, component, HOSTS)]
    return found


def pod_of(p: Plan, name: str) -> dict[str, Any]:
    component = next(c for c in p.spec.components if c.name == name)
    return pods.deployment(p, component, HOSTS)["spec"]["template"]["spec"]


def test_every_object_names_its_owner_and_no_secret_stands_outside_of_secrets() -> None:
    for thing in every(plan(Rules(mail=SINK), components=WITH_MAIL)):
        labels = thing["metadata"]["labels"]
        assert labels["osk.managed"] == "true"
        assert (labels["osk.instance"], labels["osk.env"]) == ("here", REF.env)
        assert all(len(value) <= 63 for value in labels.values())
        if thing["kind"] != "Namespace":
            assert thing["metadata"]["namespace"] == REF.name
        assert "geheim" not in json.dumps(thing)
    notes = plan().namespace["metadata"]["annotations"]
    assert notes["osk.expires-at"] == END.isoformat()
    assert notes["osk.components"] == notes["osk.secrets"] == "db,web"
    named = plan(ref=replace(REF, template="redmine@3")).namespace
    assert named["metadata"]["annotations"]["osk.template"] == "redmine@3"


def test_the_same_each_time() -> None:
    assert every(plan()) == every(plan())


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({}, "restricted"),
        ({"capabilities": ["NET_BIND_SERVICE"]}, "restricted"),
        ({"capabilities": ["CHOWN"]}, "baseline"),
        ({"user": "0"}, "baseline"),
        ({"user": ""}, "baseline"),
    ],
)
def test_the_level_of_pod_security_follows_from_what_it_needs(
    changes: dict[str, Any], level: str
) -> None:
    web = {**DATA["components"][1], **changes}
    if changes.get("user") == "":
        del web["user"]

    labels = plan(components=[DATA["components"][0], web]).namespace["metadata"]["labels"]

    assert labels["pod-security.kubernetes.io/enforce"] == level


def test_quota_and_limits_are_the_sum_of_its_components() -> None:
    quota, limits, *_policies = fences.fences(plan())

    hard = quota["spec"]["hard"]
    assert (hard["limits.memory"], hard["limits.cpu"]) == ("768Mi", "700m")
    assert (hard["persistentvolumeclaims"], hard["requests.storage"]) == ("1", "500Mi")
    assert hard["services.loadbalancers"] == hard["services.nodeports"] == "0"
    assert limits["spec"]["limits"][0]["max"] == {"memory": "512Mi", "cpu": "500m"}


def test_nothing_comes_in_or_out_but_from_the_gate() -> None:
    rules = Rules(from_namespaces=("tor",))
    policies = {p["metadata"]["name"]: p["spec"] for p in list(fences.fences(plan(rules)))[2:]}

    assert {*policies} == {"closed", "within", "gate"}
    assert policies["closed"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert policies["within"]["egress"] == [{"to": [{"podSelector": {}}]}]
    [rule] = policies["gate"]["ingress"]
    names = [peer["namespaceSelector"]["matchLabels"] for peer in rule["from"]]
    assert names == [{"kubernetes.io/metadata.name": "tor"}]
    assert [port["port"] for port in rule["ports"]] == [5432, 8080, 9000]
    assert "egress" not in policies["gate"]
    assert pod_of(plan(), "web")["dnsPolicy"] == "None"


def test_who_may_ask_is_nobody_where_nobody_is_named() -> None:
    """In a policy an empty list of sources means everybody."""

    def entries(rules: Rules) -> Any:
        return next(
            p["spec"]["ingress"]
            for p in fences.fences(plan(rules))
            if p["metadata"]["name"] == "gate"
        )

    assert entries(Rules(from_namespaces=())) == []
    [outside] = entries(Rules(from_namespaces=(), from_addresses=("10.0.0.7/32",)))
    assert outside["from"] == [{"ipBlock": {"cidr": "10.0.0.7/32"}}]
    [both] = entries(Rules(from_namespaces=("tor",), from_addresses=("10.0.0.7/32",)))
    assert len(both["from"]) == 2


def test_only_what_sends_mail_reaches_the_sink_and_nothing_else_there() -> None:
    def policy(rules: Rules) -> Any:
        found = fences.fences(plan(rules, components=WITH_MAIL))
        return next(p["spec"] for p in found if p["metadata"]["name"] == "mail")

    sent = plan(Rules(mail=SINK), components=WITH_MAIL)
    [rule] = policy(sent.rules)["egress"]
    assert rule["ports"] == [{"port": 2525, "protocol": "TCP"}]
    [peer] = rule["to"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "post"}
    assert peer["podSelector"]["matchLabels"] == {"osk.mail-sink": "true"}
    labels = {
        c.name: pods.deployment(sent, c, HOSTS)["spec"]["template"]["metadata"]["labels"]
        for c in sent.spec.components
    }
    asked = policy(sent.rules)["podSelector"]["matchLabels"]
    assert asked.items() <= labels["web"].items()
    assert not asked.items() <= labels["db"].items()
    [container] = pod_of(sent, "web")["containers"]
    env = {e["name"]: e.get("value") for e in container["env"]}
    assert (env["SMTP_HOST"], env["SMTP_PORT"]) == ("10.96.0.25", "2525")

    # Without a sink nothing is offered, and what was open before is closed.
    assert policy(Rules())["egress"] == []
    [container] = pod_of(plan(components=WITH_MAIL), "web")["containers"]
    assert "SMTP_HOST" not in {e["name"] for e in container["env"]}
    assert "mail" not in {p["metadata"]["name"] for p in fences.fences(plan(Rules(mail=SINK)))}


def test_the_internet_is_what_is_asked_for_and_never_the_inside() -> None:
    [internet] = [
        p for p in fences.fences(plan(egress="internet")) if p["metadata"]["name"] == "internet"
    ]
    block = internet["spec"]["egress"][0]["to"][0]["ipBlock"]
    assert {"10.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16"} <= {*block["except"]}
    assert "dnsPolicy" not in pod_of(plan(egress="internet"), "web")


def test_a_pod_has_no_token_no_privilege_and_no_root() -> None:
    pod = pod_of(plan(), "web")
    [container] = pod["containers"]

    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert pod["securityContext"] == {
        "seccompProfile": {"type": "RuntimeDefault"},
        "runAsUser": 1000,
        "runAsGroup": 100,
        "fsGroup": 100,
        "runAsNonRoot": True,
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"], "add": []},
    }
    assert container["resources"]["limits"] == {"memory": "512Mi", "cpu": "500m"}
    assert "hostNetwork" not in pod
    assert pod_of(plan(), "db")["securityContext"]["fsGroup"] == 999


def test_texts_are_filled_and_files_lie_where_the_image_looks() -> None:
    p = plan()
    web = p.spec.components[1]
    [container] = pod_of(p, "web")["containers"]

    assert container["args"] == ["--at=http://10.96.0.1:8080/start", "--host=10.96.0.1:8080"]
    env = {e["name"]: e.get("value") or e["valueFrom"]["secretKeyRef"] for e in container["env"]}
    assert env == {"PORT": "8080", "DATABASE_URL": {"name": "web", "key": "DATABASE_URL"}}
    secret = pods.secret(p, web, SECRETS, HOSTS)
    plain = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    assert plain == {
        "file-0": "home = /run/osk\n",
        "file-1": "geheim-1",
        "DATABASE_URL": "sql://x:geheim-2@db/",
    }
    volumes = {v["name"]: v for v in pod_of(p, "web")["volumes"]}
    assert volumes["home"]["secret"]["items"] == [
        {"key": "file-0", "path": "conf/app.ini"},
        {"key": "file-1", "path": "given"},
    ]
    mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
    assert mounts == {"tmp-0": "/tmp", "home": "/run/osk"}
    assert pod_of(p, "web")["hostAliases"] == [{"ip": "10.96.0.2", "hostnames": ["db"]}]


def test_behind_the_gate_it_knows_the_address_that_people_open() -> None:
    gated = plan(ref=replace(REF, origin="https://abc.test.example.org"))

    [container] = pod_of(gated, "web")["containers"]

    assert container["args"][0] == "--at=https://abc.test.example.org/start"
    assert gated.address(HOSTS) == "http://10.96.0.1:8080/start"


def test_further_endpoints_are_told_to_the_texts_and_to_the_portal() -> None:
    web = {**DATA["components"][1], "args": ["${origin.admin}", "${host.admin}", "${origin.web}"]}
    changes: dict[str, Any] = {"components": [DATA["components"][0], web]}
    p = plan(**changes)
    assert p.others(HOSTS) == {"admin": "http://10.96.0.1:9000"}
    [container] = pod_of(p, "web")["containers"]
    assert container["args"] == ["http://10.96.0.1:9000", "10.96.0.1:9000", "http://10.96.0.1:8080"]

    gated = replace(REF, origin="https://a.example.org", origins={"admin": "https://b.example.org"})
    [container] = pod_of(plan(ref=gated, **changes), "web")["containers"]
    assert container["args"] == ["https://b.example.org", "b.example.org", "https://a.example.org"]


@pytest.mark.parametrize(
    ("check", "probe"),
    [
        ({"port": "web", "status": 302}, "httpGet"),
        ({"port": "web", "status": 401}, "tcpSocket"),
        ({"type": "tcp", "port": "web"}, "tcpSocket"),
    ],
)
def test_what_a_kubelet_would_misread_it_asks_by_a_connection(check: Any, probe: str) -> None:
    web = {**DATA["components"][1], "readiness": check}
    [container] = pod_of(plan(components=[DATA["components"][0], web]), "web")["containers"]
    assert probe in container["readinessProbe"]


def test_names_stay_within_63_characters() -> None:
    assert plans.short("a" * 63) == "a" * 63
    cut = plans.short("a" * 200), plans.short("a" * 199 + "b")
    assert cut[0] != cut[1]
    assert all(len(name) == 63 and plans.DNS_NAME.fullmatch(name) for name in cut)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"image": "localhost/osk:1"}, "mit Prüfsumme"),
        ({"user": "www-data"}, "in Zahlen"),
        ({"name": "web-"}, "Bindestrich"),
    ],
)
def test_what_a_cluster_cannot_do_is_said_before_it_is_published(
    changes: dict[str, Any], words: str
) -> None:
    found = plan(components=[DATA["components"][0], {**DATA["components"][1], **changes}]).spec
    assert any(words in problem for problem in plans.problems_of(found))
    assert plans.problems_of(plan().spec) == []


def test_the_products_by_digest_can_be_rendered() -> None:
    """Of those that come with the portal: each object of each is made without a failure."""
    rendered = 0
    for slug in shipped.slugs():
        found = spec.parse(shipped.read(slug)["spec"])
        if not found.is_of_images or plans.problems_of(found):
            continue
        p = Plan(REF, found, Rules(), created_at=NOW, expires_at=END)
        hosts = {c.name: f"10.96.0.{n}" for n, c in enumerate(found.components) if c.listens}
        roles = [*(a.role for a in found.accounts), *found.internal_secrets]
        for component in found.components:
            assert pods.secret(p, component, dict.fromkeys(roles, "geheim"), hosts)
            assert pods.deployment(p, component, hosts)
        rendered += 1
    assert rendered >= 3


def test_the_role_has_every_right_that_is_used_and_no_wildcard() -> None:
    folder = Path(__file__).parents[2] / "deploy" / "kubernetes"
    role = next(
        body
        for body in YAML(typ="safe").load_all((folder / "rbac.yaml").read_text(encoding="utf-8"))
        if body["kind"] == "ClusterRole"
    )
    assert "*" not in json.dumps(role["rules"])
    # Nothing can be published past the gate, whatever the portal would write.
    assert "ingresses" not in json.dumps(role["rules"])
    secrets = [r for r in role["rules"] if "secrets" in r["resources"]]
    assert [rule["verbs"] for rule in secrets] == [["create", "patch"]]
    policies = list(YAML(typ="safe").load_all((folder / "admission.yaml").read_text("utf-8")))
    assert [p["kind"] for p in policies] == [
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    ]
