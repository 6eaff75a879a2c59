from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.paginator import Paginator
from django.template import RequestContext, Template
from django.test import RequestFactory
from django.utils import translation

NB = "\N{NO-BREAK SPACE}"


def render(source: str, path: str = "/", **context: Any) -> str:
    template = Template("{% load osk %}" + source)
    return template.render(RequestContext(RequestFactory().get(path), context)).strip()


@pytest.mark.parametrize(
    ("source", "german", "english"),
    [
        ("{{ day|berlin_date }}", f"Mo,{NB}23.11.2026", f"Mon,{NB}23{NB}Nov{NB}2026"),
        ("{{ moment|berlin_date }}", f"Di,{NB}24.11.2026", f"Tue,{NB}24{NB}Nov{NB}2026"),
        ("{{ moment|berlin_time }}", f"00:20{NB}Uhr", "00:20"),
        ("{{ moment|berlin_datetime }}", f"Di,{NB}24.11.2026, 00:20{NB}Uhr", f"Tue,{NB}24{NB}Nov{NB}2026, 00:20"),
        ("{{ day|long_date }}", f"Montag, 23.{NB}November 2026", f"Monday, 23{NB}November 2026"),
        ("{{ nothing|berlin_date }}{{ nothing|long_date }}{{ nothing|berlin_time }}", "", ""),
    ],
)  # fmt: skip
def test_dates_are_berlins(source: str, german: str, english: str) -> None:
    context = {
        "day": date(2026, 11, 23),
        "moment": datetime(2026, 11, 23, 23, 20, tzinfo=UTC),
        "nothing": None,
    }

    with translation.override("de"):
        assert render(source, **context) == german
    with translation.override("en"):
        assert render(source, **context) == english


def test_a_state_is_text_with_an_icon() -> None:
    html = render("{% badge 'warning' text %}", text="Ihre <b>Antwort")

    assert "kern-badge--warning" in html
    assert 'aria-hidden="true"' in html
    assert "Ihre &lt;b&gt;Antwort" in html


@pytest.mark.parametrize(
    ("kind", "css"), [("none", "osk-badge--none"), ("plain", "osk-badge--plain")]
)
def test_states_without_a_colour_have_no_icon(kind: str, css: str) -> None:
    html = render("{% badge kind 'x' %}", kind=kind)

    assert css in html
    assert "icon" not in html


@pytest.mark.parametrize(
    ("name", "css"),
    [
        ("uhr", "osk-i osk-i--uhr"),
        ("beratung", "osk-icon osk-icon--beratung"),
        ("search", "kern-icon kern-icon--search"),
    ],
)
def test_icons_come_from_three_sets(name: str, css: str) -> None:
    assert render("{% icon name %}", name=name) == f'<span class="{css}" aria-hidden="true"></span>'


def test_a_due_mark_says_it_in_words() -> None:
    html = render("{% due 'over' '1 Tag überfällig' %}")

    assert "osk-due--over" in html
    assert "osk-i--warnung" in html
    assert "<span>1 Tag überfällig</span>" in html


def test_markdown_is_safe() -> None:
    assert render("{{ text|markdown }}", text="**x** <script>") == (
        "<p><strong>x</strong> &lt;script&gt;</p>"
    )


PAGES = "{% include 'components/pagination.html' with page_obj=page_obj only %}"


def test_pages_keep_what_was_asked_for() -> None:
    page = Paginator(list(range(100)), 10).page(5)

    html = render(PAGES, "/?q=a+b&kind=x&kind=y&page=5", page_obj=page)

    assert 'href="?q=a+b&amp;kind=x&amp;kind=y&amp;page=6"' in html
    assert html.count('aria-current="page"') == 1
    assert "osk-pages__gap" in html


def test_one_page_needs_no_links() -> None:
    assert render(PAGES, page_obj=Paginator([1], 10).page(1)) == ""


CRUMBS = "{% include 'components/breadcrumbs.html' with crumbs=crumbs only %}"


def test_the_trail_begins_at_home_and_ends_here() -> None:
    html = render(CRUMBS, crumbs=[("Netzwerk", "/netzwerk/"), ("ITDZ", "")])

    assert '<a href="/">Start</a>' in html
    assert '<a href="/netzwerk/">Netzwerk</a>' in html
    assert '<li aria-current="page">ITDZ</li>' in html


def test_home_stands_there_once() -> None:
    assert render(CRUMBS, crumbs=[("Start", "/"), ("Hier", "")]).count('href="/"') == 1


def test_messages_are_announced_in_kerns_colours() -> None:
    from django.contrib.messages import constants
    from django.contrib.messages.storage.base import Message

    html = render(
        "{% include 'components/messages.html' with messages=found only %}",
        found=[Message(constants.ERROR, "a<b"), Message(constants.SUCCESS, "gut")],
    )

    assert "kern-alert--danger" in html
    assert "a&lt;b" in html
    assert "kern-alert--success" in html
    assert html.count('role="status"') == 2
