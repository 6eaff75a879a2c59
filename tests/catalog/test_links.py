"""The weekly look at links: dead after three failures over a week, told once, alive again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from catalog import services
from catalog.importing import import_publiccode
from catalog.models import Link, Solution, Support
from catalog.services import links
from catalog.services.links import State
from osk_portal import portal
from osk_portal.notifications.models import Notification
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.clock import BERLIN
from osk_portal.toolkit.outbound import Outbound
from tests.catalog.fetching import HOST, REPOSITORY
from tests.catalog.files import publiccode_file
from tests.catalog.test_notices import issue
from tests.catalog.test_statements import WORDS, enter, propose
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 26, 12, tzinfo=BERLIN)
DOCS = f"https://{HOST}/docs"


@pytest.fixture
def site(forge, monkeypatch):
    """Path -> status, or the address of a redirect; every host leads to the same server."""
    site = {}

    def respond(request):
        answer = site.get(request.path, 200)
        if isinstance(answer, str):
            request.say(302, Location=answer)
        elif isinstance(answer, tuple):
            request.say(answer[request.command == "GET"], b"x" * 5000)
        else:
            request.say(answer, b"x" * 5000)

    forge.server.respond = respond
    monkeypatch.setattr(links, "client", forge.client)
    return site


@pytest.fixture
def link(world, site):
    document = publiccode_file(
        ("description.de.documentation", f"{DOCS}#start"), url=REPOSITORY, name="Termine"
    )
    world.entry = import_publiccode(document, publish=True).solution
    world.entry.maintainer = world.company
    world.entry.save(update_fields=["maintainer"])
    portal.daily_jobs.get("catalog.links").run()
    return Link.objects.get(url=DOCS)


def test_links_of_published_entries_that_may_be_asked_get_rows(world, site, settings):
    content = publiccode_file(
        ("description.de.documentation", f"{DOCS}#a"),
        ("description.en", {"documentation": f"{DOCS}#b", "apiDocumentation": "http://a.example/"}),
        ("maintenance.contractors", [{"name": "A", "until": "2030-01-01", "website": f"https://{HOST}/c"}]),
        url=REPOSITORY,
        landingURL="https://elsewhere.example.org/",
        roadmap="javascript:alert(1)",
    )  # fmt: skip
    import_publiccode(publiccode_file(url=f"https://{HOST}/a/draft", name="Entwurf"))
    solution = import_publiccode(content, publish_incomplete=True).solution

    assert links.ensure_links() == 3
    assert links.ensure_links() == 0
    found = set(Link.objects.filter(solution=solution).values_list("url", flat=True))
    assert found == {REPOSITORY, DOCS, f"https://{HOST}/c"}
    assert Link.objects.count() == 3


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({}, State.ALIVE),
        ({"/docs": (405, 200)}, State.ALIVE),
        ({"/docs": (404, 200)}, State.ALIVE),
        ({"/docs": 404}, State.FAILS),
        ({"/docs": 410}, State.FAILS),
        ({"/docs": 503}, State.FAILS),
        ({"/docs": 403}, State.UNKNOWN),
        ({"/docs": 429}, State.UNKNOWN),
        ({"/docs": "/new"}, State.ALIVE),
        ({"/docs": "/new", "/new": 404}, State.FAILS),
        ({"/docs": "/docs"}, State.UNKNOWN),
        ({"/docs": "https://127.0.0.1/"}, State.UNKNOWN),
        ({"/docs": "http://169.254.169.254/latest"}, State.UNKNOWN),
        ({"/docs": "https://internal.example.org/"}, State.UNKNOWN),
        ({"/docs": "https://["}, State.UNKNOWN),
    ],
    ids=range(15),
)
def test_what_an_answer_says_of_a_link(site, answers, state):
    site.update(answers)
    assert links.look(DOCS) is state


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1"])
def test_with_every_public_host_allowed_the_own_network_is_still_not_asked(
    settings, forge, monkeypatch, address
):
    settings.OSK_CHECK_ALL_LINKS = True
    hosts = links.client().hosts
    forge.addresses = ["1.1.1.1"]
    forge.server.asked.clear()
    ours = Outbound(hosts=hosts, resolve=lambda host: [address], connect=forge.server.connect)
    monkeypatch.setattr(links, "client", lambda: ours)
    for url in ("https://intranet.example.org/", f"https://{address}/", "https://localhost/"):
        assert links.look(url) is State.UNKNOWN
    assert forge.server.asked == []
    settings.OSK_CHECK_ALL_LINKS = False


def test_dead_after_three_failures_over_a_week_told_once_and_alive_again(
    link, site, clock, world, client
):
    Link.objects.exclude(pk=link.pk).update(alive_at=portal_clock.now() + timedelta(days=60))
    site["/docs"] = 404
    start = None
    days = []
    for _time in range(6):
        link.refresh_from_db()
        clock.move_to(link.next_attempt_at)
        start = start or link.next_attempt_at
        assert links.run(link.pk)
        assert not links.run(link.pk)
        link.refresh_from_db()
        world.entry.refresh_from_db()
        days.append(((portal_clock.now() - start).days, bool(world.entry.dead_links)))
    assert days == [(0, False), (1, False), (4, False), (8, True), (15, True), (22, True)]
    told = Notification.objects.filter(kind="catalog.link_dead")
    assert list(told.values_list("user", flat=True)) == [world.editor.pk]
    html = client.get(world.entry.get_absolute_url()).text
    assert "zurzeit nicht erreichbar" in html

    site["/docs"] = 200
    clock.move_to(link.next_attempt_at)
    links.run(link.pk)
    world.entry.refresh_from_db()
    assert world.entry.dead_links == []
    assert "zurzeit nicht erreichbar" not in client.get(world.entry.get_absolute_url()).text


def test_while_our_own_way_out_is_closed_no_link_is_called_dead(link, site, clock):
    site["/docs"] = 503
    for _time in range(5):
        link.refresh_from_db()
        clock.move_to(link.next_attempt_at)
        links.run(link.pk)
    link.refresh_from_db()
    assert (link.failures, link.dead_since) == (5, None)
    assert not Notification.objects.filter(kind="catalog.link_dead").exists()


def test_what_a_file_builds_on_and_what_others_offer_is_followed_and_marked(
    world, site, client, clock
):
    """Standards, bases, contractors' websites, pages of support offers, the evidence of a notice."""
    clock.move_to(NOON)
    there = {
        name: f"https://{HOST}/{name}" for name in ("norm", "basis", "firma", "angebot", "rat")
    }
    contractor = {"name": "Firma", "until": "2030-01-01", "website": there["firma"]}
    document = publiccode_file(
        ("supports", [{"id": there["norm"]}, {"id": "urn:iso:std:1"}]),
        ("maintenance.type", "contract"),
        ("maintenance.contractors", [contractor]),
        url=REPOSITORY,
        isBasedOn=there["basis"],
        name="Termine",
    )
    solution = import_publiccode(document, publish_incomplete=True).solution
    notice = issue(world, solution_id=solution.pk, evidence=there["rat"])
    editor = world.stranger
    offer = Support.objects.create(
        solution=solution,
        organisation=editor.memberships.get().organisation,
        link=f"{there['angebot']}#preise",
    )
    others = MembershipFactory.create_batch(2, organisation__company=True, editor=True)
    for other in others:
        Support.objects.create(
            solution=solution, organisation=other.organisation, link=there["angebot"]
        )
    hidden = others[1].organisation
    hidden.is_published = False
    hidden.save()
    links.ensure_links()
    found = solution.links.all()
    assert set(there.values()) <= set(found.values_list("url", flat=True))

    site["/angebot"] = 404
    link = found.get(url=there["angebot"])
    for day in (1, 2, 5, 9):
        clock.move_to(NOON + timedelta(days=day))
        Link.objects.exclude(pk=link.pk).update(alive_at=portal_clock.now())
        Link.objects.filter(pk=link.pk).update(next_attempt_at=portal_clock.now())
        links.run(link.pk)
    told = Notification.objects.filter(kind="catalog.link_dead")
    assert set(told.values_list("user", flat=True)) == {editor.pk, others[0].user_id}
    assert all("im Unterstützungsangebot" in each.text for each in told)

    solution.refresh_from_db()
    assert solution.dead_links == [there["angebot"]]
    Solution.objects.filter(pk=solution.pk).update(dead_links=list(there.values()))
    page = client.get(solution.get_absolute_url()).text
    for name in ("basis", "firma", "angebot"):
        after = page.split(f'href="{there[name]}')[1]
        assert "zurzeit nicht erreichbar" in after.split("</p>")[0], name
    assert "zurzeit nicht erreichbar" in client.get(notice.get_absolute_url()).text

    offer.delete()
    Support.objects.filter(organisation=others[0].organisation).delete()
    links.ensure_links()
    assert not found.filter(url=there["angebot"]).exists()


def test_evidence_is_followed_too_and_the_osk_hears_when_it_is_dead(world, site, client, clock):
    """Of statements in force, notices that stand and the published assessment; what is over is asked no more."""
    clock.move_to(NOON)
    address = f"https://{HOST}/beleg"
    made = enter(world, replace(WORDS, evidence=f"{address}#seite-3"))
    propose(world, replace(WORDS, topic="ozg", answer="", evidence=f"https://{HOST}/geheim"))
    issue(world, evidence=f"https://{HOST}/hinweis")
    links.ensure_links()
    found = set(Link.objects.filter(solution=world.solution).values_list("url", flat=True))
    assert {address, f"https://{HOST}/hinweis"} <= found
    assert f"https://{HOST}/geheim" not in found

    site["/beleg"] = 404
    link = Link.objects.get(url=address)
    for day in (1, 2, 5, 9):
        clock.move_to(NOON + timedelta(days=day))
        Link.objects.exclude(pk=link.pk).update(alive_at=portal_clock.now())
        Link.objects.filter(pk=link.pk).update(next_attempt_at=portal_clock.now())
        links.run(link.pk)
    told = Notification.objects.get(user=world.advisor, kind="catalog.link_dead")
    assert "in einer Angabe für Verwaltungen" in told.text
    assert "in einem Hinweis" not in told.text
    assert not Notification.objects.filter(user=world.editor, kind="catalog.link_dead").exists()
    shown = client.get(world.solution.get_absolute_url()).text.split('id="statements"')[1]
    assert "zurzeit nicht erreichbar" in shown.split("</table>")[0]

    services.retract_statement(statement_id=made.pk, actor=world.advisor, comment="Weg.")
    links.ensure_links()
    assert not Link.objects.filter(url=address).exists()
