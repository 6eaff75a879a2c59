"""One step for several requests: each by its service, refusals are said, the others are done."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from consulting import queues, services
from consulting.enums import CaseState
from consulting.models import ConsultingRequest

S = CaseState


def url(name: str = "open") -> str:
    return reverse("admin:consulting_consultingrequest_queue_bulk", args=[name])


def reload(case: ConsultingRequest) -> ConsultingRequest:
    return ConsultingRequest.objects.get(pk=case.pk)


def ids(*cases: ConsultingRequest) -> list[str]:
    return [f"{case.public_id}:{case.version}" for case in cases]


def test_ladder(world, sign_in):
    case = world.case(S.TRIAGE)
    typed = {"case": ids(case), "step": "assign", "assignee": str(world.advisor.public_id)}
    for role in ("visitor", "requester", "stranger", "operator"):
        assert sign_in(role).post(url(), typed).status_code in (302, 403, 404)
    assert sign_in("advisor").get(url()).status_code == 405
    assert sign_in("advisor").post(url("somewhere"), typed).status_code == 404
    assert reload(case).state == S.TRIAGE


def test_a_lead_assigns_several_and_refusals_are_said(world, sign_in):
    first, second = world.case(S.TRIAGE), world.case(S.IN_PROGRESS)
    over = world.case(S.CLOSED)
    browser = sign_in("lead")
    typed = {
        "case": ids(first, second, over),
        "step": "assign",
        "assignee": str(world.other_advisor.public_id),
    }
    page = browser.post(url(), typed, follow=True).content.decode()
    assert reload(first).assignee == reload(second).assignee == world.other_advisor
    assert reload(over).assignee == world.advisor
    assert first.events.count() == second.events.count() == 1
    assert over.reference in page
    browser.post(url(), typed)
    assert first.events.count() == 1


def test_an_advisor_assigns_to_nobody_else_and_returns_only_own(world, sign_in):
    case = world.case(S.TRIAGE)
    own = world.case(S.IN_PROGRESS)
    typed = {"case": ids(case), "step": "assign", "assignee": str(world.lead.public_id)}
    assert sign_in("advisor").post(url(), typed).status_code == 422
    assert reload(case).assignee is None
    typed = {"case": ids(case, own), "step": "return", "reason": "Krankheit im Team"}
    page = sign_in("other_advisor").post(url(), typed, follow=True).content.decode()
    assert reload(own).state == S.IN_PROGRESS
    assert own.reference in page
    sign_in("advisor").post(url(), typed)
    assert reload(own).state == S.TRIAGE
    assert own.messages.get().is_internal


@pytest.mark.parametrize(
    "typed",
    [
        {"step": "return", "reason": "Grund"}, {"step": "return", "case": ["x", "\x00"], "reason": "a"},
        {"step": "assign"}, {"step": "return", "reason": ""}, {},
    ],
)  # fmt: skip
def test_what_is_missing_is_said_and_ticks_stay(world, sign_in, typed):
    case = world.case(S.IN_PROGRESS)
    if "reason" not in typed or not typed["reason"]:
        typed = {"case": ids(case), **typed}
    response = sign_in("lead").post(url(), typed)
    assert response.status_code == 422
    assert response.context["bulk"].errors
    page = response.content.decode()
    assert ("checked" in page) == (ids(case)[0] in typed.get("case", []))
    assert reload(case).state == S.IN_PROGRESS


def test_no_field_that_a_button_needs_is_called_optional(world, sign_in):
    case = world.case(S.IN_PROGRESS)
    browser = sign_in("lead")
    typed = {"case": ids(case), "step": "return", "reason": " "}
    for response in (browser.get(queues.BY_NAME["open"].url), browser.post(url(), typed)):
        page = response.content.decode()
        box = page[page.index('id="bulk"') : page.index("</details>", page.index('id="bulk"'))]
        assert box.count("(optional)") == 1  # the note beside a follow-up date
        assert " required" not in box  # no browser asks for what another button needs
        assert "Nötig, wenn Sie zurückgeben." in box
    assert "Schreiben Sie einen Grund." in box
    assert set(response.context["bulk"].errors) == {"reason"}


def test_what_somebody_did_meanwhile_is_not_undone(world, sign_in):
    taken, free = world.case(S.TRIAGE), world.case(S.TRIAGE)
    browser = sign_in("lead")
    rows = re.findall(
        r'name="case" value="([^"]+)"',
        browser.get(reverse("admin:consulting_consultingrequest_queue", args=["open"])).text,
    )
    assert sorted(rows) == sorted(ids(taken, free))
    services.assign(case_id=taken.pk, actor=world.other_advisor, assignee=world.other_advisor)
    typed = {"case": rows, "step": "assign", "assignee": str(world.advisor.public_id)}
    page = browser.post(url(), typed, follow=True).text
    assert reload(taken).assignee == world.other_advisor
    assert reload(free).assignee == world.advisor
    assert f"{taken.reference} ist nicht geändert: Sie wurde in der Zwischenzeit" in page
    typed = {"case": ids(taken), "step": "return", "reason": "Grund"}
    browser.post(url(), typed)
    assert reload(taken).state == S.ASSIGNED
    # Which version was seen must be said.
    bare = {**typed, "case": [str(taken.public_id)]}
    assert browser.post(url(), bare).status_code == 422
