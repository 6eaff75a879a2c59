"""Badges of openCode: asked for only where the operator says so, read defensively, dated, never computed."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from catalog import opencode_badges
from catalog.importing import import_publiccode
from catalog.models import Badge, BadgeJob, Solution
from catalog.opencode_badges import Said
from catalog.services import badges
from osk_portal.templatetags.osk import berlin_date
from tests.catalog.fetching import HOST, REPOSITORY
from tests.catalog.files import publiccode_file

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 26, 12, tzinfo=ZoneInfo("Europe/Berlin"))
SAYS = {"badgeId": "MAINTENANCE", "badgeUrl": "https://x.example/b.svg", "badgeLevel": "silver"}


@pytest.fixture
def service(forge, clock, settings):
    """The local server as openCode's Badge API; ``forge.says`` is its answer, by badge."""
    clock.move_to(NOON)
    settings.OSK_BADGE_API = f"https://{HOST}/api/v1"
    settings.OSK_FETCH_HOSTS = [HOST]
    forge.says = {"MAINTENANCE": SAYS}

    def respond(request):
        said = forge.says.get(request.path.rsplit("/", 1)[1])
        if isinstance(said, int):
            request.say(said)
        elif said is None:
            request.say(404)
        else:
            request.say(200, json.dumps(said).encode())

    forge.server.respond = respond
    forge.solution = import_publiccode(
        publiccode_file(url=REPOSITORY, name="Termine"), publish=True
    ).solution
    import_publiccode(publiccode_file(), publish=True)  # lies elsewhere
    assert badges.ensure_jobs() == 1
    assert badges.ensure_jobs() == 0
    forge.job = BadgeJob.objects.get()
    return forge


def test_another_level_is_a_change_of_the_entry_and_the_same_one_is_none(service, clock):
    clock.move_to(NOON + timedelta(hours=1))
    assert badges.run(service.job.pk)
    first = Solution.objects.get(pk=service.solution.pk).updated_at
    assert first > service.solution.updated_at
    for days, level, is_moved in ((8, "silver", False), (16, "gold", True)):
        clock.move_to(NOON + timedelta(days=days))
        service.says["MAINTENANCE"] = {**SAYS, "badgeLevel": level}
        assert badges.run(service.job.pk)
        assert (Solution.objects.get(pk=service.solution.pk).updated_at > first) is is_moved


def test_a_badge_is_taken_over_with_date_and_link_and_asked_for_again_after_a_week(
    service, client, clock, bells
):
    assert badges.sweep() == 1
    assert badges.run(service.job.pk)
    assert not badges.run(service.job.pk)  # not due

    assert service.asked[0] == (
        "/api/v1/repositories/https%3A%2F%2Fgitlab.opencode.de%2Fland%2Ftermine/badges/MAINTENANCE"
    )
    badge = Badge.objects.get()
    assert (badge.badge, badge.level, badge.fetched_at) == ("MAINTENANCE", "silver", NOON)
    assert badge.url == REPOSITORY  # a page for people: neither our question nor a picture
    text = client.get(service.solution.get_absolute_url()).text
    for words in (
        "Badges von openCode",
        "silver",
        f"Übernommen am {berlin_date(NOON)}.",
        badge.url,
    ):
        assert words in text
    service.job.refresh_from_db()
    assert service.job.next_attempt_at == NOON + timedelta(days=7)

    clock.move_to(NOON + timedelta(days=7, minutes=1))
    service.says = {}
    assert badges.run(service.job.pk)
    assert not Badge.objects.exists()  # openCode has taken it back


def test_without_an_answer_the_badge_stays_with_its_date_and_we_ask_later_and_later(service, clock):
    badges.run(service.job.pk)
    service.says = {"MAINTENANCE": 503}
    for hours in (1, 2, 4):
        service.job.refresh_from_db()
        clock.move_to(service.job.next_attempt_at)
        now = service.job.next_attempt_at
        assert badges.run(service.job.pk)
        service.job.refresh_from_db()
        assert service.job.next_attempt_at == now + timedelta(hours=hours)
    assert Badge.objects.get().fetched_at == NOON
    assert service.job.last_error == "status 503"


@pytest.mark.parametrize(
    ("url", "jobs"), [(f"https://{HOST}/land/anderes", 1), ("https://example.org/weg.git", 0)]
)
def test_an_entry_that_moves_takes_no_badge_of_the_old_repository_with_it(service, url, jobs):
    badges.run(service.job.pk)
    assert Badge.objects.count() == 1

    set_url(service.solution, url)
    assert badges.ensure_jobs() == jobs

    assert not Badge.objects.exists()
    assert list(BadgeJob.objects.values_list("repository", flat=True)) == [url] * jobs


def set_url(solution, url):
    solution.document["url"] = url
    solution.save(update_fields=["document"])


def test_a_page_inside_of_the_repository_is_asked_about_as_the_repository(service):
    set_url(service.solution, f"{REPOSITORY}?{'x' * 600}")

    assert badges.ensure_jobs() == 0
    assert BadgeJob.objects.get().repository == REPOSITORY


@pytest.mark.parametrize(
    ("api", "hosts"), [("", [HOST]), (f"https://{HOST}/api/v1", []), ("https:// x", [HOST])]
)
def test_nothing_is_asked_that_the_operator_has_not_named(service, settings, api, hosts):
    settings.OSK_BADGE_API, settings.OSK_FETCH_HOSTS = api, hosts
    assert badges.ensure_jobs() == badges.sweep() == 0
    assert not badges.run(service.job.pk)
    assert service.asked == []


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        (SAYS, "silver"),
        ({"badgeId": "maintenance", "level": 2}, "2"),
        ({"badgeId": "MAINTENANCE", "level": {"name": "Level 1"}}, "Level 1"),
        ({"badgeId": "MAINTENANCE", "level": None}, None),
        ({"badgeId": "MAINTENANCE", "level": "none"}, None),
        ({"badgeId": "MAINTENANCE", "level": True}, None),
        ({"badgeId": "MAINTENANCE", "level": "<script>"}, None),
        ({"badgeId": "MAINTENANCE", "level": "x" * 61}, None),
        ({"badgeId": "SECURITY", "level": "gold"}, None),
        ({"badgeId": "MAINTENANCE"}, None),
        ([SAYS], None),
        (7, None),
    ],
)
def test_only_what_is_plain_is_read(answer, level):
    found = opencode_badges.read(json.dumps(answer).encode(), "MAINTENANCE")
    assert found == (Said("MAINTENANCE", level) if level else None)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://badges.opencode.de/land/termine", True),
        ("https://badges.opencode.de/b.SVG?x=1", False),
        ("http://badges.opencode.de/", False),
        ("javascript:alert(1)", False),
        ("https://a b/", False),
        ("https://[", False),
        ("https://x.example/" + "x" * 500, False),
        (7, False),
    ],
)
def test_the_proof_is_a_page_that_opencode_names(url, kept):
    found = opencode_badges.read(json.dumps({**SAYS, "badgeUrl": url}).encode(), "MAINTENANCE")
    assert found.url == (url if kept else "")


@pytest.mark.parametrize("body", [b"", b"\xff", b"{", b"[" * 100_000])
def test_no_body_makes_it_raise(body):
    assert opencode_badges.read(body, "MAINTENANCE") is None
