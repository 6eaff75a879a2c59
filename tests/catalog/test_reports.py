"""Reported statements: sent by anybody, answered by the maintainer, decided by an advisor."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from catalog import reports, services
from catalog.enums import ReportAction, ReportState
from catalog.grants import CURRENT
from catalog.models import EntryReport, EntryReportEvent, Follow, Solution
from catalog.services import ProposalConflict
from catalog.services import reports as service
from osk_portal import portal
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from osk_portal.toolkit.working_days import add_working_days

pytestmark = pytest.mark.django_db
ADDRESS = "lea.lese@example.org"


def report(world, **more):
    words = {
        "solution_id": world.solution.pk,
        "field": "licence",
        "wrong": "Die Lizenz ist MIT.",
        "right": "MIT",
        "wording": CURRENT,
    }
    return services.report_entry(**{**words, **more})


def accept(found, world, **more):
    words = {
        "report_id": found.pk,
        "actor": world.advisor,
        "seen_revision": Solution.objects.get(pk=found.solution_id).revision,
    }
    return services.accept_report(**{**words, **more})


def reject(found, world, **more):
    words = {"report_id": found.pk, "actor": world.advisor, "decision": "Es stimmt."}
    return services.reject_report(**{**words, **more})


def check(found, world, **more):
    return services.check_report(**{"report_id": found.pk, "actor": world.advisor, **more})


def object_to(found, world, **more):
    words = {"report_id": found.pk, "actor": world.editor, "text": "Doch, EUPL."}
    return services.object_to_report(**{**words, **more})


def answer(found, world, **more):
    words = {"report_id": found.pk, "actor": world.editor, "text": "Wir prüfen das."}
    return services.answer_report(**{**words, **more})


def kinds(**whom):
    return list(Notification.objects.filter(**whom).order_by("pk").values_list("kind", flat=True))


def mails_to(address):
    return OutgoingMail.objects.filter(address=address).order_by("pk")


def test_a_report_is_kept_with_promise_and_told_to_the_redaktion_once_a_day(world):
    first = report(world)
    assert report(world) == first  # a form sent twice
    report(world, wrong="Auch der Name ist falsch.", field="name")

    assert (first.state, first.reported_by, first.email) == ("open", None, "")
    assert first.promised_on == add_working_days(portal_clock.today(), 10)
    event = first.events.get()
    assert (event.kind, event.actor, event.data) == ("submitted", None, {"field": "licence"})
    assert EntryReport.objects.count() == 2
    assert kinds(user=world.editor) == ["catalog.report_received"]
    assert Notification.objects.count() == 1
    area = portal.my_areas.get("catalog_reports")
    assert len(list(area.tasks(world.editor))) == 2
    assert list(area.tasks(world.colleague)) == list(area.tasks(world.stranger)) == []


def test_of_an_entry_that_is_not_published_or_flooded_nothing_is_taken(world, monkeypatch):
    monkeypatch.setattr(service, "MOST_OPEN", 2)
    report(world)
    report(world, wrong="2")
    with pytest.raises(TransitionNotAllowed) as error:
        report(world, wrong="3")
    assert "E-Mail" in str(error.value)
    services.withdraw_solution(world.solution.pk, actor=world.advisor)
    with pytest.raises(TransitionNotAllowed):
        report(world, wrong="4")


def test_an_address_hears_the_outcome_only_after_its_link_was_opened(world):
    found = report(world, email=ADDRESS)
    silent = report(world, email="fremd@example.org", wrong="Anders")
    mail = mails_to(ADDRESS).get()
    assert mail.is_secret
    [token] = re.findall(r"[\w-]+:[\w-]+:[\w-]{20,}", mail.text)
    assert "Terminplaner" in mail.text

    for _n in range(2):
        services.confirm_report_address(token=token)
    accept(found, world, decision="Danke.")
    accept(silent, world)

    outcome = mails_to(ADDRESS).latest("pk")
    assert outcome.subject == "Ihre Meldung war richtig: Terminplaner"
    assert "Danke." in outcome.body
    assert found.sent_url in outcome.body
    assert mails_to("fremd@example.org").count() == 1
    services.confirm_report_address(token=service.token_of(silent))  # late: it is told now
    assert mails_to("fremd@example.org").count() == 2


def test_who_is_signed_in_hears_it_in_the_inbox_and_gives_no_address(world):
    found = report(world, reporter=world.visitor, email=ADDRESS)
    reject(found, world)

    assert (found.email, found.reported_by) == ("", world.visitor)
    assert kinds(user=world.visitor) == ["catalog.report_outcome"]
    assert not mails_to(ADDRESS).exists()


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "\u202e"])
def test_forged_links_open_nothing(world, token):
    report(world, email=ADDRESS)
    with pytest.raises(services.ReportLinkDead):
        services.confirm_report_address(token=token)


def test_a_link_dies_with_time_and_with_its_address(world, clock):
    found = report(world, email=ADDRESS)
    token = service.token_of(found)
    clock.move_to(portal_clock.now() + timedelta(days=15))
    with pytest.raises(services.ReportLinkDead):
        services.confirm_report_address(token=token)
    assert services.forget_report_addresses() == 1
    clock.move_to(portal_clock.now() - timedelta(days=15))
    with pytest.raises(services.ReportLinkDead):
        services.confirm_report_address(token=token)


def test_accepted_with_a_value_the_entry_changes_with_a_revision_of_its_own(world):
    Follow.objects.create(solution=world.solution, user=world.visitor)
    found = report(world)
    event = accept(found, world, changes={"licence": "MIT"}, decision="Sie haben recht.")

    world.solution.refresh_from_db()
    assert (world.solution.licence, world.solution.revision) == ("MIT", 2)
    revision = world.solution.revisions.first()
    assert (revision.origin, revision.author, revision.organisation) == (
        "osk",
        world.advisor,
        None,
    )
    assert (event.kind, event.from_state, event.to_state) == ("accept", "open", "accepted")
    found.refresh_from_db()
    assert found.decided_by == world.advisor
    assert kinds(user=world.visitor) == ["catalog.entry_changed"]
    assert kinds(user=world.editor)[-1] == "catalog.report_moved"


def test_nothing_is_accepted_that_breaks_the_entry_or_was_not_seen(world):
    found = report(world)
    for wrong in (
        {"changes": {"licence": "gibt es nicht"}},
        {"changes": {"licence": "MIT"}, "seen_revision": 7},
        {"changes": {"name": "Anders"}},
    ):
        with pytest.raises(ProposalConflict):
            accept(found, world, **wrong)
    with pytest.raises(ProposalConflict):
        accept(report(world, field="support"), world, changes={"support": "x"})
    with pytest.raises(ProposalConflict):
        reject(found, world, decision="  ")
    found.refresh_from_db()
    world.solution.refresh_from_db()
    assert (found.state, world.solution.revision) == ("open", 1)


def test_while_it_is_checked_the_entry_says_so(world):
    found, other = report(world), report(world, field="name")
    check(found, world)
    check(other, world)
    world.solution.refresh_from_db()
    assert world.solution.checked_fields == ["licence", "name"]
    assert "catalog.report_moved" in kinds(user=world.editor)

    accept(found, world)
    reject(other, world)
    world.solution.refresh_from_db()
    assert world.solution.checked_fields == []


def test_the_maintainer_answers_and_objects_once_also_to_a_decision(world):
    found = report(world, reporter=world.visitor)
    assert answer(found, world).kind == "answer"
    assert answer(found, world) is None
    accept(found, world)
    with pytest.raises(TransitionNotAllowed):
        answer(found, world, text="Zu spät")

    event = object_to(found, world)
    found.refresh_from_db()
    world.solution.refresh_from_db()
    assert (event.from_state, found.state, found.decided_at) == ("accepted", "checking", None)
    assert world.solution.checked_fields == ["licence"]
    assert kinds(user=world.advisor) == ["catalog.report_objection"]
    with pytest.raises(TransitionNotAllowed):
        object_to(found, world)
    reject(found, world)
    assert kinds(user=world.visitor) == ["catalog.report_outcome"] * 2
    with pytest.raises(TransitionNotAllowed):
        object_to(found, world)


ACTS = {
    ReportAction.CHECK: check,
    ReportAction.ACCEPT: accept,
    ReportAction.REJECT: reject,
    ReportAction.ANSWER: answer,
    ReportAction.OBJECT: object_to,
}


@pytest.mark.parametrize("state", ReportState)
@pytest.mark.parametrize("action", ReportAction)
def test_every_action_from_every_state(world, action, state):
    found = report(world)
    decided = state in (ReportState.ACCEPTED, ReportState.REJECTED)
    EntryReport.objects.update(
        state=state,
        decision="Weil.",
        decided_at=portal_clock.now() if decided else None,
    )
    found.refresh_from_db()
    is_allowed = state in EntryReport.ALLOWED[action]
    assert found.can(action) == is_allowed
    if is_allowed:
        assert ACTS[action](found, world).from_state == state
        return
    with pytest.raises(TransitionNotAllowed):
        ACTS[action](found, world)
    assert EntryReportEvent.objects.count() == 1


@pytest.mark.parametrize("who", ["visitor", "stranger", "colleague", "editor"])
def test_only_advisors_decide(world, who):
    found = report(world)
    for act in (check, accept, reject):
        with pytest.raises(PermissionDenied):
            act(found, world, actor=getattr(world, who))


@pytest.mark.parametrize("who", ["visitor", "stranger", "colleague", "advisor"])
def test_only_the_redaktion_of_the_maintainer_answers(world, who):
    found = report(world)
    check(found, world)
    for act in (answer, object_to):
        with pytest.raises(PermissionDenied):
            act(found, world, actor=getattr(world, who))


def test_addresses_go_some_days_after_the_decision_with_their_mails(world, clock):
    found = report(world, email=ADDRESS)
    waiting = report(world, email="andere@example.org", wrong="Anders")
    for each in (found, waiting):
        services.confirm_report_address(token=service.token_of(each))
    reject(found, world)
    told = kinds(user=world.editor)
    assert services.forget_report_addresses() == 0

    clock.move_to(portal_clock.now() + timedelta(days=31))
    portal.daily_jobs.get("catalog.addresses").run()
    assert services.forget_report_addresses() == 0

    found.refresh_from_db()
    waiting.refresh_from_db()
    assert (found.email, found.email_confirmed_at, found.wrong) == ("", None, "Die Lizenz ist MIT.")
    assert waiting.email == "andere@example.org"
    assert not mails_to(ADDRESS).exists()
    assert mails_to("andere@example.org").exists()
    assert kinds(user=world.editor) == told  # what the maintainer was told stays


def test_mails_go_only_to_who_may_still_read(world):
    found = report(world, email=ADDRESS)
    allowed = portal.mail_guards.get("catalog").still_allowed
    key, own = str(found.public_id), f"reporter-{found.public_id}"

    assert allowed(0, "catalog.report_address", own)
    assert not allowed(0, "catalog.report_outcome", own)
    services.confirm_report_address(token=service.token_of(found))
    assert allowed(0, "catalog.report_outcome", own)
    assert allowed(world.editor.pk, "catalog.report_moved", key)
    assert allowed(world.advisor.pk, "catalog.report_objection", key)
    assert not allowed(world.stranger.pk, "catalog.report_moved", key)
    assert not allowed(world.stranger.pk, "catalog.report_outcome", own)
    EntryReport.objects.update(email="", email_confirmed_at=None)
    assert not allowed(0, "catalog.report_address", own)


def test_a_person_leaves_and_the_report_stays(world):
    found = report(world, reporter=world.visitor)
    typed = report(world, email=world.visitor.email.upper(), wrong="Anders")
    portal.personal_data.get("catalog").erase(world.visitor)

    found.refresh_from_db()
    typed.refresh_from_db()
    assert (found.reported_by, typed.email) == (None, "")


def test_the_database_holds_what_must_hold(world):
    found = report(world, reporter=world.visitor)
    for wrong in (
        {"state": "accepted"},
        {"decided_at": portal_clock.now()},
        {"email": ADDRESS},
        {"email_confirmed_at": portal_clock.now()},
        {"state": "rejected", "decided_at": portal_clock.now()},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            EntryReport.objects.filter(pk=found.pk).update(**wrong)


def test_every_statement_has_words():
    names = dict(reports.choices())
    assert {"licence", "reuse", "maintenance", "other"} <= set(names)
    assert all(names.values())
    assert all(len(name) <= 60 for name in names)
    assert reports.label_of("weg") == "weg"
