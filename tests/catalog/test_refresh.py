"""The nightly refresh: conditional requests, proposals from changed files, failures told once."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.urls import reverse

from catalog import services
from catalog.enums import ProposalState
from catalog.importing import import_publiccode
from catalog.models import Proposal, Solution, Source, Statement
from catalog.services import fetching, refresh, staleness
from catalog.services.correcting import correct_entry
from catalog.services.statements import StatementWords
from osk_portal import portal
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.fetching import PATH, REPOSITORY
from tests.catalog.files import publiccode_file
from tests.catalog.test_notices import issue

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/Berlin"))
DAY = timedelta(days=1)


def file(*paths, **top):
    return publiccode_file(*paths, **{"url": REPOSITORY, "name": "Termine", **top})


class Nights:
    """An entry with its source; each night the clock moves to when the source is due."""

    def __init__(self, world, forge, clock):
        self.clock, self.forge = clock, forge
        self.now = clock.move_to(NOON)
        self.solution = import_publiccode(file(), publish=True).solution
        self.solution.maintainer = world.company
        self.solution.save(update_fields=["maintainer"])
        refresh.ensure_sources()
        self.source = Source.objects.get(solution=self.solution)
        Source.objects.exclude(pk=self.source.pk).delete()

    def pass_(self, body=None, *, status=200, etag=""):
        self.forge.body, self.forge.status, self.forge.etag = body or file(), status, etag
        self.source.refresh_from_db()
        self.now = max(self.now, self.source.next_attempt_at)
        self.clock.move_to(self.now)
        assert refresh.run(self.source.pk)
        self.source.refresh_from_db()
        self.solution.refresh_from_db()


@pytest.fixture
def nights(world, forge, clock):
    return Nights(world, forge, clock)


def told(user, kind):
    return Notification.objects.filter(user=user, kind=f"catalog.{kind}").count()


def test_published_entries_of_known_forges_get_one_source_and_no_others(world, clock, settings):
    clock.move_to(NOON)
    import_publiccode(file(), publish=True)
    import_publiccode(file(url="https://github.com/a/draft", name="Entwurf"))
    import_publiccode(file(url="https://git.example.org/a/b", name="Woanders"), publish=True)
    import_publiccode(publiccode_file(url=None, name="Ohne"), publish=True)

    portal.daily_jobs.get("catalog.sources").run()
    assert refresh.ensure_sources() == 0

    found = set(Source.objects.values_list("repository", flat=True))
    assert found == {REPOSITORY, "https://github.com/Muster/Terminplaner"}
    for source in Source.objects.all():
        due = source.next_attempt_at.astimezone(NOON.tzinfo)
        assert (due.date(), 1 <= due.hour < 5) == ((NOON + DAY).date(), True)
    assert refresh.sweep() == 0


def test_an_unchanged_file_is_only_dated(nights, forge):
    nights.pass_(etag='"1"')
    first = nights.source.fetched_at
    nights.pass_(etag='"1"')

    assert forge.asked == [PATH, PATH]
    assert forge.server.asked[1][1]["If-None-Match"] == '"1"'
    assert nights.source.fetched_at > first
    assert nights.source.changed_at is None
    assert nights.solution.revision == 1
    assert not Proposal.objects.exists()


def test_a_changed_file_becomes_a_proposal_that_an_advisor_decides(nights, world, client):
    nights.pass_(file(landingURL="https://termine.example.org/"))

    proposal = Proposal.objects.get()
    assert proposal.changes == {"landing_url": "https://termine.example.org/"}
    assert (proposal.author, proposal.organisation, proposal.is_of_file) == (None, None, True)
    assert told(world.advisor, "proposal_of_file") == 1
    assert nights.solution.revision == 1
    client.force_login(world.advisor, backend="django.contrib.auth.backends.ModelBackend")
    review = reverse("admin:catalog_proposal_review", args=[proposal.public_id])
    assert "im Repository hat sich geändert" in client.get(review).text
    services.accept_proposal(proposal.pk, actor=world.advisor, seen_revision=1)
    nights.solution.refresh_from_db()
    assert nights.solution.document["landingURL"] == "https://termine.example.org/"


def test_the_advisor_takes_over_a_part_and_leaves_the_rest(nights, world, client):
    nights.pass_(file(landingURL="https://termine.example.org/", softwareVersion="2"))
    proposal = Proposal.objects.get()
    client.force_login(world.advisor, backend="django.contrib.auth.backends.ModelBackend")
    review = reverse("admin:catalog_proposal_review", args=[proposal.public_id])
    text = client.get(review).text
    assert "Alles zurückgeben" not in text
    assert "So lassen" in text
    nothing = client.post(review, {"decision": "none", "seen_revision": 1, "comment": "Nein"})
    assert nothing.status_code == 422

    client.post(
        review,
        {
            "decision": "fields",
            "seen_revision": 1,
            "field-software_version": "accept",
            "field-landing_url": "return",
        },
    )

    proposal.refresh_from_db()
    nights.solution.refresh_from_db()
    assert (proposal.state, proposal.accepted_fields) == ("accepted", ["software_version"])
    assert "landingURL" not in nights.solution.document
    nights.pass_(file(landingURL="https://termine.example.org/", softwareVersion="2"))
    assert Proposal.objects.count() == 1  # decided is decided


def test_refusing_a_file_tells_nobody(nights, world, client):
    nights.pass_(file(softwareVersion="2"))
    proposal = Proposal.objects.get()
    client.force_login(world.advisor, backend="django.contrib.auth.backends.ModelBackend")
    review = reverse("admin:catalog_proposal_review", args=[proposal.public_id])

    data = {"decision": "refuse", "seen_revision": 1, "comment": "Falsch."}
    said = client.post(review, data, follow=True)

    assert "Der Eintrag bleibt, wie er ist." in said.text
    assert Proposal.objects.get().state == ProposalState.REFUSED
    assert not Notification.objects.filter(kind="catalog.proposal_refused").exists()


def test_further_languages_are_proposed_too_and_errors_in_them_stop_the_file(nights, world, client):
    french = {
        "shortDescription": "Réserver un rendez-vous.",
        "longDescription": "Réserver un rendez-vous à la mairie. " * 6,
        "features": ["Réserver", "Appeler"],
    }
    nights.pass_(file(("description.fr", {**french, "features": None})))
    assert nights.source.last_error == "broken"
    nights.pass_(file(("description.fr", french)))

    proposal = Proposal.objects.get()
    assert proposal.changes == {"further_languages": {"fr": french}}
    client.force_login(world.advisor, backend="django.contrib.auth.backends.ModelBackend")
    review = reverse("admin:catalog_proposal_review", args=[proposal.public_id])
    assert "Funktionen (Französisch): Réserver, Appeler" in client.get(review).text
    services.accept_proposal(proposal.pk, actor=world.advisor, seen_revision=1)
    nights.solution.refresh_from_db()
    assert nights.solution.document["description"]["fr"] == french
    assert nights.solution.document["description"]["de"]
    nights.pass_(file())
    assert Proposal.objects.undecided().get().changes == {"further_languages": None}
    services.accept_proposal(
        Proposal.objects.undecided().get().pk, actor=world.advisor, seen_revision=2
    )
    nights.solution.refresh_from_db()
    assert set(nights.solution.document["description"]) == {"de"}


def test_a_newer_file_takes_the_place_of_an_undecided_proposal(nights):
    nights.pass_(file(landingURL="https://eins.example.org/", softwareVersion="1"))
    nights.pass_(file(landingURL="https://zwei.example.org/", softwareVersion="1"))

    older, newer = Proposal.objects.order_by("pk")
    assert (older.state, newer.state) == (ProposalState.WITHDRAWN, ProposalState.OPEN)
    assert newer.changes == {"landing_url": "https://zwei.example.org/", "software_version": "1"}
    nights.pass_(file())  # all taken back
    assert not Proposal.objects.undecided().exists()


def test_what_was_decided_here_is_not_proposed_back(nights, world):
    services.accept_proposal(
        services.submit_proposal(
            solution_id=nights.solution.pk,
            author=world.editor,
            organisation=world.company,
            changes={"name": "Termine Berlin"},
            base_revision=1,
        ).pk,
        actor=world.advisor,
        seen_revision=1,
    )
    nights.pass_()

    assert not Proposal.objects.undecided().exists()


def test_a_trusted_file_is_taken_over_but_for_what_was_decided_here(nights, world):
    nights.pass_()
    refresh.set_trusted(nights.solution.pk, is_trusted=True, actor=world.advisor)
    proposal = services.submit_proposal(
        solution_id=nights.solution.pk,
        author=world.editor,
        organisation=world.company,
        changes={"name": "Termine Berlin"},
        base_revision=nights.solution.revision,
    )
    services.accept_proposal(proposal.pk, actor=world.advisor, seen_revision=1)

    nights.pass_(file(name="Termine 2", softwareVersion="2", usedBy=["Musterstadt"]))

    document = nights.solution.document
    assert (document["name"], document["softwareVersion"]) == ("Termine Berlin", "2")
    assert document["usedBy"] == ["Musterstadt"]
    assert nights.solution.revisions.first().origin == "file"
    waiting = Proposal.objects.undecided().get()
    assert (waiting.changes, waiting.is_of_file) == ({"name": "Termine 2"}, True)
    assert told(world.advisor, "proposal_of_file") == 1
    revision = nights.solution.revision
    nights.pass_(file(name="Termine 2", softwareVersion="2", usedBy=["Musterstadt"]))
    assert nights.solution.revision == revision
    assert Proposal.objects.undecided().get() == waiting
    nights.pass_(file(name="Termine 2", softwareVersion="3", usedBy=["Musterstadt"]))
    assert nights.solution.document["softwareVersion"] == "3"
    assert nights.solution.document["name"] == "Termine Berlin"
    assert Proposal.objects.undecided().get().changes == {"name": "Termine 2"}


def test_only_an_advisor_trusts_a_source(nights, world, client):
    with pytest.raises(TransitionNotAllowed):
        refresh.set_trusted(nights.solution.pk, is_trusted=True, actor=world.editor)
    with pytest.raises(TransitionNotAllowed):
        refresh.set_trusted(world.solution.pk + 999, is_trusted=True, actor=world.advisor)
    client.force_login(world.advisor, backend="django.contrib.auth.backends.ModelBackend")
    client.post(
        reverse("admin:catalog_solution_changelist"),
        {"action": "trust", "_selected_action": [nights.solution.pk]},
    )
    nights.source.refresh_from_db()
    assert nights.source.is_trusted
    assert nights.solution.events.filter(kind="source_trusted", actor=world.advisor).count() == 1
    page = client.get(reverse("admin:catalog_solution_change", args=[nights.solution.pk]))
    assert "wird sofort übernommen" in page.text


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        (None, 404, "not_found"),
        (None, 503, "not_found"),
        (None, 302, "not_found"),
        (b"<html>", 200, "unreadable"),
        (b"x" * 600_000, 200, "unreadable"),
        (publiccode_file(), 200, "other"),
        (file(("legal.license", "Frei")), 200, "broken"),
    ],
)
def test_a_failure_changes_nothing_and_is_dated(nights, body, status, problem):
    nights.source.is_trusted = True
    nights.source.save()

    nights.pass_(body, status=status)

    assert nights.source.last_error == problem
    assert nights.source.failing_since == nights.now
    assert nights.solution.revision == 1
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(
    "odd",
    [
        {"x-own": "1"},
        {"de": {"leika": [{"leika-id": "99108001000000"}]}},
        {"roadmap": ["keine", "Adresse"]},
        {"landingURL": "keine Adresse"},
        {"legal": {"license": "Frei"}},
    ],
    ids=lambda odd: next(iter(odd)),
)
def test_an_error_that_the_file_had_before_stops_no_later_change_of_it(nights, world, odd):
    import_publiccode(file(**odd), publish_incomplete=True)
    correct_entry(
        nights.solution.pk,
        actor=world.advisor,
        changes={"documentation": "https://osk.example.org/"},
        base_revision=Solution.objects.get(pk=nights.solution.pk).revision,
        reason="Fehlte.",
    )
    for version in ("1", "2"):  # the error stands in no document, and not on the entry any more
        nights.pass_(file(softwareVersion=version, **odd))

        assert nights.source.last_error == ""
        assert Proposal.objects.undecided().get().changes == {"software_version": version}


@pytest.mark.parametrize("odd", [{"x-own": "1"}, {"de": {"leika": [{"leika-id": "1"}]}}])
def test_a_key_that_the_standard_does_not_know_stops_nothing(nights, odd):
    nights.pass_(file(softwareVersion="2", **odd))

    assert nights.source.last_error == ""
    assert Proposal.objects.undecided().get().changes == {"software_version": "2"}


@pytest.mark.parametrize(
    "broken",
    [{"roadmap": ["keine", "Adresse"]}, {"landingURL": "keine Adresse"}, {"platforms": None}],
    ids=lambda broken: next(iter(broken)),
)
def test_a_new_error_stops_the_file_also_after_a_correction(nights, world, broken):
    good = {"roadmap": "https://a.example/1", "landingURL": "https://a.example/"}
    import_publiccode(file(**good))
    correct_entry(
        nights.solution.pk,
        actor=world.advisor,
        changes={"documentation": "https://osk.example.org/"},
        base_revision=Solution.objects.get(pk=nights.solution.pk).revision,
        reason="Fehlte.",
    )
    nights.pass_(file(**{**good, "softwareVersion": "2", **broken}))

    assert nights.source.last_error == "broken"
    assert not Proposal.objects.exists()


def test_a_lasting_failure_is_told_once_shown_and_forgotten(nights, world, client):
    pauses = []
    while nights.now < NOON + 30 * DAY:
        nights.pass_(status=404)
        pauses.append(nights.source.next_attempt_at - nights.now)

    assert pauses[:3] == [timedelta(hours=n) for n in (1, 2, 4)]
    assert pauses[-1] == timedelta(days=7)
    assert told(world.editor, "source_failing") == 1
    assert told(world.colleague, "source_failing") == told(world.advisor, "source_failing") == 0
    assert "wird nicht mehr aktualisiert" in client.get(nights.solution.get_absolute_url()).text
    nights.pass_()
    assert nights.source.failing_since is None
    assert "wird nicht mehr aktualisiert" not in client.get(nights.solution.get_absolute_url()).text


def test_where_nothing_can_be_fetched_nobody_is_told(nights, world):
    other = Source.objects.create(
        solution=world.solution, repository="https://github.com/a/b", tried_at=NOON
    )
    while nights.now < NOON + 10 * DAY:
        nights.pass_(status=503)
    assert told(world.editor, "source_failing") == 0

    Source.objects.filter(pk=other.pk).update(fetched_at=nights.now)  # our way out is open
    while nights.now < NOON + 20 * DAY:
        Source.objects.filter(pk=other.pk).update(fetched_at=nights.now + 6 * DAY)
        nights.pass_(status=503)
    assert told(world.editor, "source_failing") == 1


def test_without_a_maintainer_the_advisors_are_told(nights, world):
    Solution.objects.filter(pk=nights.solution.pk).update(maintainer=None)
    while nights.now < NOON + 10 * DAY:
        nights.pass_(status=404)

    assert told(world.advisor, "source_failing") == 1
    assert told(world.editor, "source_failing") == 0


def test_an_entry_that_nobody_touches_is_told_once_and_shown(nights, world, client):
    address = nights.solution.get_absolute_url()
    look = portal.daily_jobs.get("catalog.staleness").run
    nights.pass_()
    nights.now = nights.clock.move_to(nights.solution.updated_at + 364 * DAY)
    nights.pass_()
    look()
    assert told(world.editor, "source_stale") == 0
    for _ in range(4):
        nights.pass_()
        look()

    assert told(world.editor, "source_stale") == 1
    assert "Dieser Eintrag ist alt" in client.get(address).text
    nights.pass_(file(("maintenance.type", "community")))  # the file is looked after
    assert "Dieser Eintrag ist alt" not in client.get(address).text
    nights.clock.move_to(nights.now + 366 * DAY)
    look()
    mine = Notification.objects.filter(user=world.editor, kind="catalog.source_stale")
    assert mine.filter(url=address).count() == 2


@pytest.mark.parametrize("address", ["https://git.elsewhere.example/a/b", None])
def test_an_entry_that_is_not_fetched_grows_old_as_well(world, clock, client, address):
    """From elsewhere, or without a repository; what others add to it does not make it younger."""
    clock.move_to(NOON)
    solution = import_publiccode(file(url=address or REPOSITORY), publish=True).solution
    Solution.objects.filter(pk=solution.pk).update(repository_url=address, maintainer=world.company)
    refresh.ensure_sources()
    assert not Source.objects.filter(solution=solution).exists()
    clock.move_to(NOON + 300 * DAY)
    notice = issue(world, solution_id=solution.pk)
    clock.move_to(NOON + 364 * DAY)
    before = told(world.editor, "source_stale")
    staleness.tell()
    assert told(world.editor, "source_stale") == before
    clock.move_to(NOON + 365 * DAY)
    assert staleness.tell() >= 1
    assert staleness.tell() == 0

    assert notice.solution_id == solution.pk
    mine = Notification.objects.filter(user=world.editor, kind="catalog.source_stale")
    assert mine.filter(url=solution.get_absolute_url()).count() == 1
    html = client.get(solution.get_absolute_url()).text
    assert "Dieser Eintrag ist alt" in html
    assert "Niemand hat den Eintrag seit Mo, 23.11.2026 geändert." in html.replace("\xa0", " ")
    correct_entry(
        solution.pk,
        actor=world.advisor,
        changes={"roadmap": "https://osk.example.org/"},
        base_revision=Solution.objects.get(pk=solution.pk).revision,
        reason="Fehlte.",
    )
    assert "Dieser Eintrag ist alt" not in client.get(solution.get_absolute_url()).text


def test_a_withdrawn_entry_is_not_asked_for(nights, world, forge):
    services.withdraw_solution(nights.solution.pk, actor=world.advisor)
    nights.clock.move_to(NOON + 2 * DAY)

    assert not refresh.run(nights.source.pk)
    assert refresh.sweep() == 0
    assert forge.asked == []


def test_a_dead_worker_holds_the_source_until_its_lease_ends(
    nights, bells, django_capture_on_commit_callbacks
):
    nights.clock.move_to(NOON + DAY)
    assert fetching.claim(Source.objects.all(), nights.source.pk)
    assert not refresh.run(nights.source.pk)
    nights.clock.move_to(NOON + DAY + fetching.LEASE + timedelta(seconds=1))

    with django_capture_on_commit_callbacks(execute=True):
        assert refresh.sweep() == 1
    assert bells.of(fetching.FETCH_SOURCE) == [{"source_id": nights.source.pk}]
    nights.forge.body = file()
    assert refresh.run(nights.source.pk)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_propose_once(nights, forge):
    forge.body = file(softwareVersion="2")
    nights.clock.move_to(NOON + DAY)
    start = threading.Barrier(2)
    done: list[bool] = []

    def work():
        try:
            start.wait(timeout=10)
            done.append(refresh.run(nights.source.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(done) == [False, True]
    assert Proposal.objects.count() == 1
    assert forge.asked == [PATH]


def test_a_trusted_file_takes_what_nobody_has_decided_yet(nights, world):
    nights.pass_(file(softwareVersion="1"))
    assert Proposal.objects.undecided().get().changes == {"software_version": "1"}
    refresh.set_trusted(nights.solution.pk, is_trusted=True, actor=world.advisor)
    nights.source.refresh_from_db()
    assert nights.source.next_attempt_at <= nights.now

    nights.pass_(file(softwareVersion="1"))

    assert nights.solution.document["softwareVersion"] == "1"
    assert not Proposal.objects.undecided().exists()
    nights.pass_(file(softwareVersion="2"))
    assert nights.solution.document["softwareVersion"] == "2"


def test_what_was_corrected_here_waits_also_when_its_source_becomes_trusted(nights, world):
    correct_entry(
        nights.solution.pk,
        actor=world.advisor,
        changes={"landing_url": "https://osk.example.org/"},
        base_revision=1,
        reason="Umgezogen.",
    )
    body = file(landingURL="https://neu.example.org/", softwareVersion="3")
    nights.pass_(body)
    refresh.set_trusted(nights.solution.pk, is_trusted=True, actor=world.advisor)
    nights.pass_(body)

    document = nights.solution.document
    assert (document["landingURL"], document["softwareVersion"]) == (
        "https://osk.example.org/",
        "3",
    )
    assert Proposal.objects.undecided().get().changes == {"landing_url": "https://neu.example.org/"}


@pytest.mark.parametrize("is_trusted", [False, True])
def test_a_field_that_is_free_again_takes_what_the_file_says_meanwhile(nights, world, is_trusted):
    nights.pass_(etag='"1"')
    if is_trusted:
        refresh.set_trusted(nights.solution.pk, is_trusted=True, actor=world.advisor)
    services.lock_field(
        nights.solution.pk,
        field="landing_url",
        reason="Geprüft.",
        actor=world.advisor,
        seen_revision=1,
    )
    body = file(landingURL="https://neu.example.org/")
    nights.pass_(body, etag='"2"')
    assert (nights.solution.revision, Proposal.objects.count()) == (1, 0)

    services.unlock_field(nights.solution.pk, field="landing_url", actor=world.advisor)
    nights.source.refresh_from_db()
    assert nights.source.next_attempt_at <= nights.now
    nights.pass_(body, etag='"2"')

    waiting = [proposal.changes for proposal in Proposal.objects.undecided()]
    taken = nights.solution.document.get("landingURL")
    address = "https://neu.example.org/"
    assert (taken, waiting) == ((address, []) if is_trusted else (None, [{"landing_url": address}]))


def test_a_fetch_under_way_does_not_swallow_that_a_field_is_free(nights, world):
    services.lock_field(
        nights.solution.pk,
        field="landing_url",
        reason="Geprüft.",
        actor=world.advisor,
        seen_revision=1,
    )
    nights.clock.move_to(NOON + DAY)
    claimed = fetching.claim(Source.objects.all(), nights.source.pk)
    services.unlock_field(nights.solution.pk, field="landing_url", actor=world.advisor)

    assert fetching.mine(Source.objects.all(), claimed) is None  # its answer does not count
    nights.forge.body = file(landingURL="https://neu.example.org/")
    assert refresh.run(nights.source.pk)
    assert Proposal.objects.undecided().get().changes == {"landing_url": "https://neu.example.org/"}


def leika(key, **top):
    return file(de={"leika": [{"leika-id": key}]}, **top)


def said(*states):
    rows = Statement.objects.filter(state__in=states).order_by("pk")
    return list(rows.values_list("value", "state"))


def test_what_a_file_states_waits_for_an_advisor(nights, world, client):
    first, second, third = "99108001000000", "99108002000000", "99108003000000"
    for _night in range(2):
        nights.pass_(leika(first))
    statement = Statement.objects.get()
    assert (statement.state, statement.origin, statement.author) == ("proposed", "file", None)
    assert told(world.advisor, "statement_of_file") == 1
    mail = OutgoingMail.objects.filter(user=world.advisor).get()
    assert "LeiKa" in mail.body

    backend = "django.contrib.auth.backends.ModelBackend"
    client.force_login(world.advisor, backend=backend)
    text = client.get(reverse("admin:catalog_statement_page", args=[statement.public_id])).text
    assert "wird erst wieder vorgeschlagen" in text  # there is no author to read a reason
    accept = reverse("admin:catalog_statement_accept", args=[statement.public_id])
    assert client.post(accept, follow=True).status_code == 200
    assert said("standing", "proposed") == [(first, "standing")]

    nights.pass_(leika(second))  # what is published stays up
    assert said("standing", "proposed") == [(first, "standing"), (second, "proposed")]
    refused = Statement.objects.proposed().get()
    refuse = reverse("admin:catalog_statement_refuse", args=[refused.public_id])
    client.logout()  # some days have passed
    client.force_login(world.advisor, backend=backend)
    page = client.post(refuse, {"comment": "Falsch."}, follow=True)
    assert "Der Eintrag bleibt, wie er ist." in page.text
    nights.pass_(leika(second))
    assert said("standing", "proposed") == [(first, "standing")]

    nights.pass_(leika(third))
    nights.pass_(file())  # it says nothing any more
    assert said("standing", "proposed") == []
    assert Statement.objects.get(value=third).state == "withdrawn"


def test_what_somebody_states_meanwhile_stays(nights, world):
    nights.pass_(leika("99108001000000"))
    waiting = Statement.objects.proposed().get()
    services.enter_statement(
        solution_id=nights.solution.pk,
        actor=world.advisor,
        words=StatementWords(
            topic=waiting.topic, stated_on=NOON.date(), value="99108009000000", said_by="Amt"
        ),
    )

    with pytest.raises(TransitionNotAllowed, match="inzwischen"):
        services.accept_statement(statement_id=waiting.pk, actor=world.advisor)
    assert said("standing") == [("99108009000000", "standing")]


def test_what_a_trusted_file_states_stands_at_once_also_what_has_waited(nights, world):
    nights.pass_(leika("99108001000000"))
    refresh.set_trusted(nights.solution.pk, is_trusted=True, actor=world.advisor)
    nights.pass_(leika("99108001000000"))

    assert said("standing", "proposed") == [("99108001000000", "standing")]
    nights.pass_(leika("99108002000000"))
    assert said("standing", "proposed") == [("99108002000000", "standing")]


def test_an_entry_that_moves_is_watched_at_its_new_address_and_found_by_the_old_one(
    nights, world, client
):
    refresh.set_trusted(nights.solution.pk, is_trusted=True, actor=world.advisor)
    moved = f"{REPOSITORY}-neu"
    correct_entry(
        nights.solution.pk,
        actor=world.advisor,
        changes={"url": moved},
        base_revision=1,
        reason="Umgezogen.",
    )

    assert not Source.objects.filter(pk=nights.source.pk).exists()
    refresh.ensure_sources()
    source = Source.objects.get(solution=nights.solution)
    assert (source.repository, source.is_trusted, source.etag) == (moved, False, "")
    again = import_publiccode(file(softwareVersion="9"))
    assert again.solution == nights.solution
    assert again.solution.document["url"] == moved
    correct_entry(
        nights.solution.pk,
        actor=world.advisor,
        changes={"url": REPOSITORY},
        base_revision=Solution.objects.get(pk=nights.solution.pk).revision,
        reason="Doch nicht.",
    )
    [alias] = nights.solution.aliases.values_list("repository_url", flat=True)
    assert alias == moved.lower()
