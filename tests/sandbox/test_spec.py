"""Specifications: what an operator wrote wrong is said all at once."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import shipped, spec
from tests.sandbox.factories import SPEC, PoolFactory


def changed(**component: Any) -> dict[str, Any]:
    data = copy.deepcopy(SPEC)
    data["components"][0].update(component)
    return data


def test_what_is_shipped_is_valid() -> None:
    for path in shipped.FOLDER.glob("*.json"):
        assert spec.parse(shipped.read(path.stem)["spec"]).accounts


def test_defaults() -> None:
    found = spec.parse(SPEC)

    assert found.ready_timeout == 60
    assert found.ports == ("web",)
    assert found.components[0].limits == spec.Limits()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (None, "spec"),
        ({**SPEC, "schema": 3}, "schema"),
        ({**SPEC, "schema": True}, "schema"),
        ({**SPEC, "schema": 2}, "endpoint"),
        (changed(image="localhost/x:1"), "image"),
        ({**SPEC, "extra": 1}, "extra"),
        ({**SPEC, "components": []}, "components"),
        ({**SPEC, "components": "web"}, "components"),
        ({**SPEC, "components": SPEC["components"] * 2}, "web"),
        ({**SPEC, "endpoint": {"port": "mail"}}, "endpoint"),
        ({**SPEC, "endpoint": {"port": "web", "path": "x"}}, "endpoint.path"),
        ({**SPEC, "accounts": SPEC["accounts"] * 2}, "test"),
        ({**SPEC, "accounts": [{"role": "a", "label": "A", "username": "a b"}]}, "username"),
        ({**SPEC, "ready_timeout": 10**6}, "ready_timeout"),
        ({**SPEC, "ready_timeout": True}, "ready_timeout"),
        (changed(name="Web Server"), "name"),
        (changed(program=""), "program"),
        (changed(args="-c"), "args"),
        (changed(args=["${mystery}"]), "mystery"),
        (changed(args=["5 $ each"]), "args"),
        (changed(ports=["Web!"]), "ports"),
        (changed(env={"lower": "x"}), "lower"),
        (changed(env={"NAME": 1}), "NAME"),
        (changed(env=[]), "env"),
        (changed(files=[{"path": "/etc/passwd", "content": ""}]), "files[0]"),
        (changed(files=[{"path": "../x", "content": ""}]), "files[0]"),
        (changed(limits={"memory_mb": 1}), "memory_mb"),
        (changed(readiness=None), "readiness"),
        (changed(readiness={"port": "mail"}), "readiness"),
        (changed(readiness={"port": "web", "status": 99}), "status"),
    ],
)
def test_problems_are_named(data: object, problem: str) -> None:
    with pytest.raises(spec.SpecError) as refused:
        spec.parse(data)

    assert problem in str(refused.value)


def test_all_problems_come_at_once() -> None:
    with pytest.raises(spec.SpecError) as refused:
        spec.parse({**changed(name="X", args=3), "schema": 0})

    assert len(refused.value.problems) >= 3


def test_placeholders_are_filled_and_dollars_kept() -> None:
    assert spec.fill("${home}/x:${port.web} $$5", {"home": "/h", "port.web": "1"}) == "/h/x:1 $5"


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.sampled_from([*SPEC, "x"]), json) | json)
def test_nothing_makes_the_reader_fail_otherwise(data: object) -> None:
    with pytest.raises(spec.SpecError):
        spec.parse(data)


def test_what_nobody_has_run_says_so_and_is_a_draft(db: None) -> None:
    untried = [slug for slug in shipped.slugs() if not shipped.read(slug).get("is_tried", True)]
    assert len(untried) >= 6
    pool = PoolFactory()
    for slug in untried:
        data = shipped.read(slug)
        assert "Hier nicht ausgeführt" in data["description"]
        for component in spec.parse(data["spec"]).components:
            assert "@sha256:" in component.image
        blueprint = shipped.ensure(slug, pool)
        assert blueprint.published_version() is None
        assert not blueprint.is_bookable
        shipped.ensure(slug, pool)
        assert blueprint.versions.count() == 1
