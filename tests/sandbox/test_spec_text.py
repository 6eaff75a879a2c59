"""Specifications as text: written and read again, problems by line and key, hostile YAML."""

from __future__ import annotations

import json

import pytest

from sandbox import shipped, spec_text

GOOD = """schema: 2
components:
  - name: web
    image: registry.opencode.de/team/web@sha256:{digest}
    ports:
      - {{name: web, number: 8080}}
    readiness: {{port: web}}
endpoints: [{{port: web}}]
""".format(digest="0a" * 32)


@pytest.mark.parametrize("slug", shipped.slugs())
def test_what_is_shipped_is_the_same_after_writing_and_reading(slug):
    data = shipped.read(slug)["spec"]
    assert spec_text.read(spec_text.write(data)) == data


@pytest.mark.parametrize(
    "text", ["eins\nzwei\n", " vorn\n\n  zwei", "hinten \n\n\n", "\n", "\t\nx: [", "#\n---\n"]
)
def test_several_lines_stand_as_such_whatever_is_in_them(text):
    data = spec_text.read(GOOD)
    data["components"][0]["files"] = [{"path": "x", "content": text}]
    assert spec_text.read(spec_text.write(data)) == data


def test_a_file_of_several_lines_can_be_read():
    lines = spec_text.write(shipped.read("radicale")["spec"]).splitlines()
    assert "[server]" in [line.strip() for line in lines]


def test_json_is_read_too():
    data = spec_text.read(GOOD)
    assert spec_text.read(json.dumps(data)) == data


def problems(text):
    with pytest.raises(spec_text.BadText) as caught:
        spec_text.read(text)
    return caught.value.problems


@pytest.mark.parametrize(
    ("old", "new", "line", "key"),
    [
        ("number: 8080", "number: 99999", 6, "components[0].ports[0].number"),
        ("readiness: {port: web}", "readiness: {port: nix}", 7, "components[0].readiness"),
        ("endpoints: [{port: web}]", "endpoints: [{port: nix}]", 8, "endpoints"),
        ("name: web\n", "name: Web!\n", 3, "components[0].name"),
        ("@sha256", ":latest@sha", 4, "components[0].image"),
        ("schema: 2\n", "schema: 2\nfarbe: blau\n", 2, ""),
        ("    ports:", "    farbe: blau\n    ports:", 5, "components[0]"),
    ],
)
def test_each_problem_says_line_and_key(old, new, line, key):
    assert old in GOOD
    found = problems(GOOD.replace(old, new, 1))
    assert (line, key) in [(problem.line, problem.key) for problem in found]
    assert f"Zeile {line}" in str(found[0]) or len(found) > 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "nur Text",
        "a: &a [*a]",
        "a: *nichts",
        "a: &a [x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n"
            for n in range(9)
        ),
        "[" * 500,
        "{a: " * 200,
        "x" * 1_000_000,
        "a: " + "\u202e" + "b",
        "a: \x07",
        "!!python/object/apply:os.system ['true']",
        "a: 1\n---\nb: 2",
        "a: 1\na: 2",
        "a: 1.5",
        "a: .inf",
        "a: " + "9" * 500,
        "a:\n\t- b",
        "? [a]\n: b",
        "components: [[[[]]]]\nschema: 2\nendpoints: {}",
        "schema: 2\ncomponents: [{name: null, image: 7, ports: x, env: [], volumes: {a: b}}]",
        "\ud800: a",
    ],
)
def test_hostile_text_is_refused_in_words(text):
    found = problems(text)
    assert found
    assert all(problem.words for problem in found)


def test_the_difference_names_what_changed():
    before, after = spec_text.read(GOOD), spec_text.read(GOOD.replace("8080", "9090"))
    lines = spec_text.difference(before, after)
    assert [line.text.strip() for line in lines if line.kind == "removed"] == ["number: 8080"]
    assert [line.text.strip() for line in lines if line.kind == "added"] == ["number: 9090"]
    assert spec_text.difference(before, before) == []
