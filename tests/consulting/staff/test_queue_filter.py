"""State, turn and authority as filters; taking and snoozing ticked requests; what is late, in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from consulting import queues
from consulting.enums import CaseState, Topic
from consulting.models import ConsultingRequest, SavedFilter
from osk_portal.toolkit import clock
from tests.consulting.conftest import World
from tests.consulting.staff.test_bulk import ids, reload, url
from tests.factories import MembershipFactory, OrganisationFactory

pytestmark = pytest.mark.django_db
S = CaseState
Browser = Callable[[str], Client]


def found(browser: Client, address: str) -> set[str]:
    response = browser.get(address)
    assert response.status_code == 200
    return {row.case.state for row in response.context["rows"]}


def test_each_filter_narrows_and_stays_in_address_and_saved_filter(
    world: World, sign_in: Browser
) -> None:
    for state in (S.SUBMITTED, S.TRIAGE, S.ASSIGNED, S.IN_PROGRESS, S.WAITING_REQUESTER):
        world.case(state, topics=[Topic.MIGRATION])
    elsewhere = OrganisationFactory(
        name="Senatsverwaltung Probe", folded="senatsverwaltung probe", authority=True
    )
    author = MembershipFactory(organisation=elsewhere).user
    far = world.case(S.WAITING_THIRD, organisation=elsewhere, author=author, deputy=None)
    browser, base = sign_in("advisor"), queues.BY_NAME["open"].url
    assert found(browser, f"{base}?state=triage") == {
        S.TRIAGE,
        S.ASSIGNED,
    }  # the same words in lists
    assert found(browser, f"{base}?turn=authority") == {S.WAITING_REQUESTER}
    assert S.WAITING_THIRD in found(browser, f"{base}?turn=osk")
    assert found(browser, f"{base}?body=SENATSVERWALTUNG") == {S.WAITING_THIRD}
    assert found(browser, f"{base}?body=niemand") == set()
    # What is unknown is left out, and huge or hostile input breaks nothing.
    everything = found(browser, base)
    for hostile in ("state=draft", "state=x", "turn=%27--", "body=" + "%20" * 300):
        assert found(browser, f"{base}?{hostile}") == everything
    assert found(browser, f"{base}?body=" + "zz%20" * 400) == set()

    chosen = f"{base}?state=in_progress&topic=migration&turn=osk"
    assert found(browser, chosen) == {S.IN_PROGRESS}
    page = browser.get(chosen).content.decode()
    assert "In Bearbeitung · Umstieg · Am Zug: OSK" in page
    assert '<option value="in_progress" selected>' in page
    save = browser.post(f"{base}filter/?state=in_progress&turn=osk&body=bezirk", {"name": "Meins"})
    assert save.status_code == 302
    saved = SavedFilter.objects.get()
    assert saved.values == {"state": "in_progress", "turn": "osk", "body": "bezirk"}
    assert "turn=osk" in browser.get(saved.get_absolute_url()).headers["Location"]
    assert reload(far).state == S.WAITING_THIRD


def test_ticked_requests_are_taken_and_snoozed(world: World, sign_in: Browser) -> None:
    new, other, over = world.case(S.TRIAGE), world.case(S.TRIAGE), world.case(S.CLOSED)
    browser = sign_in("advisor")
    page = browser.post(url(), {"case": ids(new, other, over), "step": "assign-me"}, follow=True)
    assert reload(new).assignee == reload(other).assignee == world.advisor
    assert reload(new).events.count() == 1
    assert over.reference in page.content.decode()

    day = clock.today() + timedelta(days=5)
    typed = {"case": ids(new, other), "step": "snooze", "until": day.isoformat(), "note": "Rückruf"}
    browser.post(url(), typed)
    assert {reload(case).snoozed_until for case in (new, other)} == {day}
    assert new.messages.get().is_internal
    # Nobody else's, no day that is over, no day at all.
    foreign = sign_in("other_advisor").post(url(), {**typed, "case": ids(new)}, follow=True)
    assert new.reference in foreign.content.decode()
    for wrong in (clock.today().isoformat(), "", "gestern", "9999-12-31"):
        refused = browser.post(url(), {**typed, "until": wrong})
        assert refused.status_code == 422
        assert "Rückruf" in refused.content.decode()
    assert reload(new).snoozed_until == day
    # The date belongs to this step alone.
    assert browser.post(url(), {**typed, "step": "assign-me", "until": ""}).status_code == 302


def test_what_is_late_is_said(world: World, sign_in: Browser, monkeypatch: Any) -> None:
    late, now, far = (world.case(S.IN_PROGRESS, first_responded_at=clock.now()) for _ in range(3))
    for case, days in ((late, -9), (now, 0), (far, 30)):
        ConsultingRequest.objects.filter(pk=case.pk).update(
            answer_due_on=clock.today() + timedelta(days=days)
        )
    browser, address = sign_in("advisor"), queues.BY_NAME["mine"].url
    assert "1 ist überfällig, 1 ist heute fällig." in browser.get(address).content.decode()
    monkeypatch.setattr("consulting.admin.queue.PAGE_SIZE", 1)
    assert "Mindestens 1 ist überfällig." in browser.get(address).content.decode()
    assert (
        "fällig." not in browser.get(f"{address}?page=3").content.decode().split("</h1>")[1][:400]
    )
