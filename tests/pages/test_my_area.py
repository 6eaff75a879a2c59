from datetime import UTC, date, datetime

import pytest
from django.test import Client
from django.urls import reverse

from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.pages.my_area import due_in_words, tasks_of
from tests.conftest import Clock

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def areas(monkeypatch: pytest.MonkeyPatch) -> portal.Registry[portal.MyArea]:
    registry: portal.Registry[portal.MyArea] = portal.Registry()
    monkeypatch.setattr(portal, "my_areas", registry)
    return registry


def offer(*tasks: portal.Task) -> portal.MyArea:
    return portal.MyArea("things", 1, lambda user: tasks)


def test_anonymous_people_sign_in_first(client: Client, db: None) -> None:
    response = client.get(reverse("pages:my_area"))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_tasks_come_by_date(areas: portal.Registry[portal.MyArea], member: User) -> None:
    areas.register(
        offer(
            portal.Task("ohne", "", "/a/"),
            portal.Task("später", "", "/b/", due_on=date(2026, 12, 4)),
            portal.Task("bald", "", "/c/", due_on=date(2026, 11, 25)),
        )
    )

    assert [entry.task.title for entry in tasks_of(member)] == ["bald", "später", "ohne"]


@pytest.mark.parametrize(
    ("due_on", "kind", "words"),
    [
        (date(2026, 11, 20), "over", "1 Tag überfällig"),
        (date(2026, 11, 22), "over", "1 Tag überfällig"),
        (date(2026, 11, 18), "over", "3 Tage überfällig"),
        (date(2026, 11, 23), "soon", "heute"),
        (date(2026, 11, 24), "soon", "noch 1 Arbeitstag"),
        (date(2026, 12, 4), "ok", "noch 9 Arbeitstage"),
    ],
)
def test_dates_are_told_in_working_days(clock: Clock, due_on: date, kind: str, words: str) -> None:
    clock.move_to(MONDAY)

    assert due_in_words(due_on) == (kind, words)


def test_the_page_shows_tasks_panels_and_messages(
    client: Client, areas: portal.Registry[portal.MyArea], member: User, clock: Clock
) -> None:
    clock.move_to(MONDAY)
    areas.register(
        portal.MyArea(
            "things",
            1,
            lambda user: [
                portal.Task("Frage <b>", "OSK-1", "/c/", date(2026, 11, 25), action="Antworten")
            ],
            lambda user: {"title": f"Panel von {user}", "text": "", "url": "", "action": ""},
            "components/empty.html",
            label="Meine Dinge",
            url_name="pages:about",
        )
    )
    client.force_login(member, backend="django.contrib.auth.backends.ModelBackend")

    html = client.get(reverse("pages:my_area")).content.decode()

    assert "Frage &lt;b&gt;" in html
    assert (
        '<time datetime="2026-11-25" class="osk-num">Mi,\N{NO-BREAK SPACE}25.11.2026</time>' in html
    )
    assert "noch 2 Arbeitstage" in html
    assert 'aria-label="Antworten: Frage &lt;b&gt;"' in html
    assert "Panel von Alex Muster" in html
    assert '<a href="/ueber-uns/">Meine Dinge</a>' in html
    assert "Sie haben noch keine Nachrichten." in html


def test_a_person_without_tasks_is_told_so(
    client: Client, areas: portal.Registry[portal.MyArea], member: User
) -> None:
    client.force_login(member, backend="django.contrib.auth.backends.ModelBackend")

    assert "Gerade wartet nichts auf Sie." in client.get(reverse("pages:my_area")).content.decode()
