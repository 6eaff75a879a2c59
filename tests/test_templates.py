"""Rules that hold for every template of ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parent.parent / "templates"
TEMPLATES = sorted(ROOT.rglob("*.html"))
COMMENT = re.compile(r"\{% comment %\}.*?\{% endcomment %\}|\{#.*?#\}", re.DOTALL)
BLOCK = re.compile(r"\{% block (\S+) %\}")
RELATIVE = re.compile(r"\{% (?:extends|include) \"([^\"]+)\"")
BASE_ORDER = ["title", "head_extra", "account", "breadcrumbs", "messages", "content"]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def source(path: Path) -> str:
    return COMMENT.sub("", path.read_text(encoding="utf-8"))


def with_relatives(text: str) -> str:
    """A template with all that it extends or includes."""
    found = text
    for relative in RELATIVE.findall(text):
        if relative.startswith("components/"):
            continue
        path = ROOT / relative
        if path.exists():
            found += with_relatives(source(path))
    return found


def including(path: Path) -> list[str]:
    """The templates that include the one at ``path``; of a part among them, those that include that."""
    found = [other for other in TEMPLATES if name(path) in RELATIVE.findall(source(other))]
    pages = [source(other) for other in found if not other.name.startswith("_")]
    parts = [other for other in found if other.name.startswith("_")]
    return pages + [page for part in parts for page in including(part)]


each = pytest.mark.parametrize("path", TEMPLATES, ids=name)


@each
def test_it_can_be_read(path: Path) -> None:
    get_template(name(path))


@each
def test_nothing_stands_inline_that_the_csp_forbids(path: Path) -> None:
    text = source(path)

    assert not re.search(r"<style|\sstyle=", text)
    assert not re.search(r"<script(?![^>]*(?:\ssrc=|type=\"application/json\"))", text)
    assert not re.search(r"\son[a-z]+=\"|javascript:|hx-on", text)


@each
def test_nothing_comes_from_another_host(path: Path) -> None:
    assert not re.search(r"(?:src|srcset|poster|data)=\"(?:https?:)?//", source(path))
    assert not re.search(r"<(?:iframe|object|embed)", source(path))


@each
def test_blocks_stand_in_the_order_of_the_base(path: Path) -> None:
    text = source(path)
    if not re.match(r"\s*\{% extends \"base.html\" %\}", text):
        return
    blocks = [block for block in BLOCK.findall(text) if block in BASE_ORDER]

    assert blocks == sorted(blocks, key=BASE_ORDER.index)


@each
def test_a_page_names_the_portal_in_its_title(path: Path) -> None:
    text = source(path)
    if '{% extends "base.html" %}' not in text:
        return
    title = next((line for line in text.splitlines() if "{% block title %}" in line), "")

    assert "{{ site_name }}" in title


@each
def test_a_component_says_what_it_needs(path: Path) -> None:
    if path.parent.name == "components" and "comment" not in path.read_text(encoding="utf-8"):
        pytest.fail("open it with its variables in a comment")


@each
def test_a_form_shows_its_errors_on_top_and_leaves_checking_to_us(path: Path) -> None:
    text = source(path)
    if not re.search(r"\{\{ form \}\}|form\.\w+\.as_field_group", text):
        return

    # A part of pages has its summary where it is included.
    pages = including(path) if path.name.startswith("_") else []
    assert all("error_summary.html" in with_relatives(page) for page in pages or [text])
    for tag in re.findall(r"<form[^>]*method=\"post\"[^>]*>", text):
        if "novalidate" not in tag and "{{ form" in text.split(tag)[1].split("</form>")[0]:
            pytest.fail(f"novalidate is missing: {tag}")


@each
def test_posts_are_protected(path: Path) -> None:
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", source(path), re.DOTALL):
        assert "{% csrf_token %}" in form
