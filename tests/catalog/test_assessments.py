"""Einschätzung des OSK: its states, the maintainer's time and reply, lists that are never changed."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog import services
from catalog.enums import AssessmentAction, AssessmentState
from catalog.grants import CURRENT
from catalog.models import Assessment, CriteriaList, Follow, TextGrant
from catalog.services import CriterionWords, FindingWords
from catalog.services.criteria import ensure_lists
from osk_portal.notifications.models import Notification
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.conftest import World
from tests.consulting.test_services import at_once
from tests.factories import staff

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
BERLIN = ZoneInfo("Europe/Berlin")
THURSDAY = datetime(2026, 11, 26, 12, tzinfo=BERLIN)
LIST = {
    "key": "probe",
    "name": "Probe",
    "publisher": "OSK",
    "version_name": "Fassung 1",
    "issued_on": date(2026, 11, 1),
    "source": "https://example.org/kriterien",
    "criteria": [CriterionWords("Lizenz", "Ist sie frei?"), CriterionWords("Betrieb")],
}


class Written:
    """A draft by a list with two criteria, one of them checked."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.list = services.save_criteria_list(actor=world.advisor, **LIST)
        self.row = self.begin()
        self.write()

    def begin(self):
        return services.begin_assessment(
            solution_id=self.world.solution.pk,
            criteria_list_id=self.list.pk,
            actor=self.world.advisor,
        )

    def write(self, summary="Gut belegt.", **more):
        self.row.refresh_from_db()
        words = {"answer": "met", "text": "EUPL-1.2.", "checked_on": date(2026, 11, 20)} | more
        services.write_assessment(
            assessment_id=self.row.pk,
            actor=self.world.advisor,
            expected_version=self.row.version,
            summary=summary,
            software_version="2.1",
            findings=[FindingWords(position=1, evidence="https://example.org/l", **words)],
        )
        self.row.refresh_from_db()

    def do(self, service, actor=None, **words):
        actor = actor or self.world.advisor
        event = service(assessment_id=self.row.pk, actor=actor, **words)
        self.row.refresh_from_db()
        return event

    def publish_without_maintainer(self):
        self.world.solution.maintainer = None
        self.world.solution.save(update_fields=["maintainer"])
        self.do(services.publish_assessment)


@pytest.fixture
def written(world, clock):
    clock.move_to(THURSDAY)
    return Written(world)


def told(user):
    return list(
        Notification.objects.filter(user=user).order_by("pk").values_list("kind", flat=True)
    )


def login(client, user):
    client.force_login(user, backend=BACKEND)


# The states


def test_the_maintainer_has_ten_working_days_before_it_is_published(written, world, clock):
    Follow.objects.create(solution=world.solution, user=world.visitor)
    with pytest.raises(TransitionNotAllowed, match="zuerst sehen"):
        written.do(services.publish_assessment)

    event = written.do(services.send_assessment)

    assert (event.from_state, event.to_state) == ("draft", "sent")
    assert written.row.publish_from == date(2026, 12, 10)
    assert told(world.editor) == ["catalog.assessment_send"]
    assert told(world.colleague) == told(world.visitor) == []
    clock.move_to(datetime(2026, 12, 9, 23, 59, tzinfo=BERLIN))
    with pytest.raises(TransitionNotAllowed):
        written.do(services.publish_assessment)
    clock.move_to(datetime(2026, 12, 10, 0, 1, tzinfo=BERLIN))
    written.do(services.publish_assessment)
    assert written.row.state == AssessmentState.PUBLISHED
    assert told(world.editor)[-1] == "catalog.assessment_publish"
    assert told(world.visitor) == ["catalog.entry_changed"]


def test_an_entry_of_the_osk_is_published_at_once_and_nobody_is_sent_anything(written):
    written.publish_without_maintainer()
    assert written.row.is_published
    with pytest.raises(TransitionNotAllowed):
        written.do(services.send_assessment)


def test_an_empty_draft_is_neither_sent_nor_published(world):
    draft = Written(world)
    draft.write(summary=" ")
    with pytest.raises(TransitionNotAllowed):
        draft.do(services.send_assessment)
    draft.write(answer="not_checked", checked_on=None, text="")
    with pytest.raises(TransitionNotAllowed):
        draft.do(services.send_assessment)


def test_a_new_version_starts_from_the_old_one_and_replaces_it(written, world):
    written.publish_without_maintainer()
    first = written.row
    written.row = written.begin()
    assert written.row.number == 2
    assert written.row.findings.get(criterion__position=1).text == "EUPL-1.2."
    with pytest.raises(TransitionNotAllowed):  # two in work
        services.begin_assessment(
            solution_id=world.solution.pk,
            criteria_list_id=written.list.pk,
            actor=world.second_advisor,
        )
    written.write(summary="Neu.")
    written.do(services.publish_assessment)
    first.refresh_from_db()
    assert (first.state, first.summary) == ("superseded", "Gut belegt.")
    with pytest.raises(TransitionNotAllowed):
        services.write_assessment(
            assessment_id=first.pk,
            actor=world.advisor,
            expected_version=first.version,
            summary="Gefälscht",
            software_version="",
            findings=[],
        )


def test_a_correction_stops_the_publication_until_the_osk_decides(written, world, clock, client):
    written.do(services.send_assessment)
    written.do(services.ask_for_correction, world.editor, text="Die Lizenz heißt anders.")
    assert written.row.correction_until == date(2026, 12, 10)
    assert told(world.advisor) == ["catalog.assessment_ask"]
    assert (
        written.do(services.ask_for_correction, world.editor, text="Die Lizenz heißt anders.")
        is None
    )
    clock.move_to(datetime(2026, 12, 20, 12, tzinfo=BERLIN))
    with pytest.raises(TransitionNotAllowed, match="bittet um eine Berichtigung"):
        written.do(services.publish_assessment)
    login(client, world.advisor)
    side = client.get(reverse("admin:catalog_assessment_changelist")).text
    assert re.search(r"Einschätzungen entscheiden.{0,300}?\b1\b", side, re.DOTALL)

    written.do(services.answer_correction, text="Sie steht so im Repository.")

    assert told(world.editor)[-1] == "catalog.assessment_answer"
    with pytest.raises(TransitionNotAllowed):
        written.do(services.answer_correction, text="Noch einmal.")
    written.do(services.publish_assessment)


def test_taken_back_and_sent_again_the_whole_time_begins_anew(written, world, clock):
    written.do(services.send_assessment)
    written.do(services.ask_for_correction, world.editor, text="Falsch.")
    clock.move_to(datetime(2026, 12, 9, 12, tzinfo=BERLIN))
    written.do(services.take_back_assessment)
    assert not written.row.waits_for_answer
    assert not Assessment.objects.visible_to(world.editor).exists()
    written.write(summary="Berichtigt.")
    written.do(services.send_assessment)
    assert written.row.publish_from == date(2026, 12, 23)


def test_who_becomes_maintainer_in_between_has_to_see_it_first(written, world):
    written.do(services.send_assessment)
    world.solution.maintainer = world.stranger.memberships.get().organisation
    world.solution.save(update_fields=["maintainer"])
    written.row.refresh_from_db()
    for person in (world.editor, world.stranger):
        assert not Assessment.objects.visible_to(person).exists()
        with pytest.raises(PermissionDenied):
            written.do(services.reply_to_assessment, person, text="Ich")
    with pytest.raises(TransitionNotAllowed):
        written.do(services.publish_assessment)


def test_a_reply_is_the_maintainer_s_and_is_taken_off_with_a_reason_only(written, world):
    written.do(services.send_assessment)
    for person in (world.colleague, world.stranger, world.visitor, world.advisor):
        with pytest.raises(PermissionDenied):
            written.do(services.reply_to_assessment, person, text="Fremd.")
    written.do(
        services.reply_to_assessment, world.editor, text="Wir sehen das anders.", wording=CURRENT
    )
    assert (
        written.do(
            services.reply_to_assessment,
            world.editor,
            text="Wir sehen das anders.",
            wording=CURRENT,
        )
        is None
    )
    assert (written.row.public_reply, written.row.reply_of) == (
        "Wir sehen das anders.",
        world.company,
    )
    assert told(world.advisor) == ["catalog.assessment_reply"]

    written.do(services.hide_reply, reason="Beleidigung, § 185 StGB.")
    assert written.row.public_reply == ""
    assert told(world.editor)[-1] == "catalog.assessment_hide"
    with pytest.raises(TransitionNotAllowed):
        written.do(services.hide_reply, reason="Noch einmal.")


@pytest.mark.parametrize("who", ["editor", "stranger", "visitor"])
def test_only_advisors_write_and_decide(written, world, who):
    actor = getattr(world, who)
    for service, words in (
        (services.send_assessment, {}),
        (services.publish_assessment, {}),
        (services.take_back_assessment, {}),
        (services.discard_assessment, {}),
        (services.answer_correction, {"text": "x"}),
        (services.hide_reply, {"reason": "x"}),
    ):
        with pytest.raises(PermissionDenied):
            written.do(service, actor, **words)
    with pytest.raises(PermissionDenied):
        services.save_criteria_list(actor=actor, **LIST)
    assert written.row.state == AssessmentState.DRAFT


STEPS = {
    AssessmentAction.SEND: (services.send_assessment, {}),
    AssessmentAction.TAKE_BACK: (services.take_back_assessment, {}),
    AssessmentAction.PUBLISH: (services.publish_assessment, {}),
    AssessmentAction.DISCARD: (services.discard_assessment, {}),
}


@pytest.mark.parametrize("state", AssessmentState)
@pytest.mark.parametrize("action", STEPS)
def test_every_step_over_every_state(written, world, action, state):
    Assessment.objects.filter(pk=written.row.pk).update(
        state=state,
        sent_at=THURSDAY,
        sent_to=world.company,
        publish_from=date(2026, 11, 1),
        published_at=THURSDAY,
    )
    service, words = STEPS[action]
    is_allowed = state in Assessment.ALLOWED[action]
    if action == AssessmentAction.PUBLISH:
        is_allowed = state == AssessmentState.SENT  # a draft has not been seen
    if is_allowed:
        assert written.do(service, **words).from_state == state
    else:
        with pytest.raises(TransitionNotAllowed):
            written.do(service, **words)
        assert Assessment.objects.get().state == state


@pytest.mark.django_db(transaction=True)
def test_two_advisors_at_once_publish_once():
    written = Written(World())
    written.world.solution.maintainer = None
    written.world.solution.save(update_fields=["maintainer"])
    results = at_once(
        *(
            lambda who=who: services.publish_assessment(assessment_id=written.row.pk, actor=who)
            for who in (written.world.advisor, written.world.second_advisor)
        )
    )
    assert sum(isinstance(r, TransitionNotAllowed) for r in results) == 1


# Lists


def test_a_list_is_never_changed_but_gets_versions(written, world):
    again = services.save_criteria_list(actor=world.advisor, **LIST, seen_number=1)
    assert again == written.list
    with pytest.raises(TransitionNotAllowed):  # started from an older version
        services.save_criteria_list(actor=world.advisor, **LIST | {"name": "Anders"})
    new = services.save_criteria_list(
        actor=world.advisor, **LIST | {"version_name": "Fassung 2"}, seen_number=1
    )
    assert (new.number, new.criteria.count()) == (2, 2)
    assert written.row.criteria_list == written.list


def test_three_lists_are_shipped_once_with_their_source():
    CriteriaList.objects.all().delete()
    for _ in range(2):
        ensure_lists()
    lists = {found.key: found for found in CriteriaList.objects.all()}
    assert set(lists) == {"osk", "zendis", "muenchen"}
    assert lists["osk"].criteria.count() == 9
    assert all(lists[key].source.startswith("https://") for key in ("zendis", "muenchen"))


# The pages


def urls(written):
    slug, key = written.world.solution.slug, written.row.public_id
    return (
        reverse("catalog:assessment_current", args=[slug]),
        reverse("catalog:assessment_detail", args=[slug, key]),
    )


def test_before_it_is_published_only_the_maintainer_and_the_osk_read_it(written, world, client):
    current, detail = urls(written)
    for state_before in ("draft", "sent"):
        for who in (None, "stranger", "visitor", "editor", "colleague", "advisor"):
            client.logout()
            if who:
                login(client, getattr(world, who))
            sees = who == "advisor" or (state_before == "sent" and who in ("editor", "colleague"))
            assert client.get(detail).status_code == (200 if sees else 404), (state_before, who)
            assert client.get(current).status_code == 404
            assert "Gut belegt." not in client.get(world.solution.get_absolute_url()).text
        if state_before == "draft":
            written.do(services.send_assessment)
    login(client, world.colleague)
    text = client.get(detail).text
    assert "Noch nicht öffentlich" in text
    assert "Stellungnahme senden" not in text
    reply = reverse("catalog:assessment_reply", args=[world.solution.slug, written.row.public_id])
    assert client.post(reply, {"text": "x"}).status_code == 403
    assert client.get(reply).status_code == 405


def test_everybody_reads_the_published_one_its_reply_and_older_ones_without_a_total(
    written, world, client, clock
):
    written.do(services.send_assessment)
    login(client, world.editor)
    reply = reverse("catalog:assessment_reply", args=[world.solution.slug, written.row.public_id])
    correct = reverse(
        "catalog:assessment_correct", args=[world.solution.slug, written.row.public_id]
    )
    assert client.post(reply, {"text": " ", "cc0": "on"}).status_code == 422
    assert client.post(reply, {"text": "Unsere <b>Sicht</b>."}).status_code == 422
    assert client.post(reply, {"text": "Unsere <b>Sicht</b>.", "cc0": "on"}).status_code == 302
    assert TextGrant.objects.get().assessment == written.row
    assert client.post(correct, {"text": "Intern: falsch."}).status_code == 302
    written.do(services.answer_correction, text="Bleibt so.")
    clock.move_to(datetime(2026, 12, 11, 12, tzinfo=BERLIN))
    written.do(services.publish_assessment)
    client.logout()
    current, detail = urls(written)

    entry = client.get(world.solution.get_absolute_url()).text
    assert "Zu 1 Merkmal (Probe)" in entry
    assert f'href="{current}#reply"' in entry
    for url in (current, detail):
        text = client.get(url).text
        assert "Unsere &lt;b&gt;Sicht&lt;/b&gt;." in text
        assert "Intern: falsch." not in text
        assert "Bleibt so." not in text
        assert 'href="https://example.org/l"' in text
        assert "Erfüllt" in text
        assert "Nicht geprüft" in text
        assert not re.search(r"\d+ (?:von|/) \d+|Prozent|Punkte|Sterne|Rang \d", text)
    api = client.get(f"/api/v1/solutions/{world.solution.slug}").json()
    assert not {"score", "rank", "rating", "total"} & set(str(api).lower().split("'"))

    old = written.row
    written.row = written.begin()
    world.solution.maintainer = None
    world.solution.save(update_fields=["maintainer"])
    written.do(services.publish_assessment)
    assert "Fassung 1 vom" in client.get(current).text
    assert f'href="{current}#reply"' not in client.get(world.solution.get_absolute_url()).text
    assert "Abgelöst" in client.get(detail).text
    clock.move_to(datetime(2027, 12, 12, 12, tzinfo=BERLIN))
    assert "Angabe älter als 12 Monate" in client.get(world.solution.get_absolute_url()).text
    services.withdraw_solution(world.solution.pk, actor=world.advisor)
    assert client.get(current).status_code == client.get(old.get_absolute_url()).status_code == 404


def test_the_entry_costs_no_query_more(written, world, client):
    url = world.solution.get_absolute_url()
    client.get(url)
    with CaptureQueriesContext(connection) as none:
        client.get(url)
    written.publish_without_maintainer()
    with CaptureQueriesContext(connection) as one:
        assert "Gut belegt." in client.get(url).text
    assert len(one) == len(none)


def test_the_advisor_writes_sends_and_publishes_in_the_admin(world, client, clock):
    clock.move_to(THURSDAY)
    login(client, world.advisor)
    begin = reverse("admin:catalog_assessment_begin", args=[world.solution.slug])
    made_list = services.save_criteria_list(actor=world.advisor, **LIST)
    assert client.post(begin, {"criteria_list": "x"}).status_code == 422
    page = client.post(begin, {"criteria_list": str(made_list.public_id)}).url
    assert client.get(begin).url == page
    data = {
        "version": 1,
        "summary": "Kurz gesagt.",
        "answer_1": "met",
        "text_1": "",
        "checked_on_1": "2999-01-01",
        "evidence_1": "javascript:x",
        "answer_2": "not_checked",
    }
    wrong = client.post(page, data)
    assert wrong.status_code == 422
    for words in ("Sagen Sie es in Worten: Lizenz.", "Zukunft", "https beginnt", "Kurz gesagt."):
        assert words in wrong.text
    good = data | {"text_1": "Frei.", "checked_on_1": "2026-11-20", "evidence_1": "Bericht 4"}
    assert client.post(page, good).status_code == 302
    late = client.post(page, good | {"summary": "Zu spät."})
    assert (late.status_code, "Zu spät." in late.text) == (409, True)
    row = Assessment.objects.get()
    step = lambda name: reverse(f"admin:catalog_assessment_{name}", args=[row.public_id])  # noqa: E731 # short
    assert client.get(step("send")).status_code == 405
    client.post(step("send"))
    assert "Die Zeit des Betreuers ist noch nicht um." in client.get(page).text
    client.post(step("take-back"))
    client.post(step("discard"))
    row.refresh_from_db()
    assert row.state == AssessmentState.DISCARDED
    assert client.get(page).status_code == 200
    changed = reverse("admin:catalog_assessment_changelist")
    assert world.solution.name in client.get(changed).text
    assert client.get(reverse("admin:catalog_assessment_change", args=[row.pk])).url == page


def test_lists_are_kept_in_the_admin_as_new_versions(world, client):
    login(client, world.advisor)
    new = reverse("admin:catalog_criterialist_new")
    data = {
        "seen_number": 0,
        "name": "Eigene Prüfliste",
        "publisher": "OSK",
        "version_name": "1",
        "issued_on": "2026-11-01",
        "criteria": "Erstes\nMit Erklärung.\n\nZweites",
    }
    page = client.post(new, data).url
    assert "Mit Erklärung." in client.get(page).text
    version = reverse("admin:catalog_criterialist_version", args=["eigene-pruefliste"])
    assert "Erstes" in client.get(version).text
    double = data | {"seen_number": 1, "criteria": "A\n\nA"}
    assert client.post(version, double).status_code == 422
    assert client.post(version, data | {"name": "X", "seen_number": 0}).status_code == 409
    assert client.post(version, data | {"name": "X", "seen_number": 1}).status_code == 302
    assert "Es gibt eine neuere Fassung" in client.get(page).text
    assert CriteriaList.objects.filter(key="eigene-pruefliste").count() == 2


def test_nobody_else_reaches_the_admin_pages(written, world, client):
    for person in (world.editor, staff("operator")):
        login(client, person)
        for url in (
            reverse("admin:catalog_assessment_page", args=[written.row.public_id]),
            reverse("admin:catalog_assessment_begin", args=[world.solution.slug]),
            reverse("admin:catalog_criterialist_new"),
        ):
            assert client.get(url).status_code in (302, 403)
