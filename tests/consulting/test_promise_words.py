"""The promise is said in the same words on page, mail, admin and record (product.md 1.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from consulting import deadlines, services
from consulting.enums import CaseState
from consulting.models import ConsultingRequest
from consulting.queues import case_url
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from tests.consulting.conftest import World
from tests.consulting.views.conftest import signed_in  # noqa: F401 # a fixture
from tests.consulting.views.test_record import pdf_text

pytestmark = pytest.mark.django_db
S = CaseState


def folded(text: str) -> str:
    return "".join(text.replace("&nbsp;", " ").split())


@pytest.fixture
def texts(
    world: World,
    signed_in: Callable[[User], Client],  # noqa: F811 # a fixture
) -> Callable[[ConsultingRequest], dict[str, str]]:
    def read(case: ConsultingRequest) -> dict[str, str]:
        requester = signed_in(world.requester)
        record = requester.get(f"/beratung/anfrage/{case.public_id}/akte/")
        mails = OutgoingMail.objects.filter(subject__contains=case.reference).order_by("-pk")
        return {
            "page": folded(requester.get(case.get_absolute_url()).content.decode()),
            "admin": folded(signed_in(world.advisor).get(case_url(case)).content.decode()),
            "record": pdf_text(record.content),
            "mail": folded(mails[0].body) if mails else "",
        }

    return read


def test_the_same_words_everywhere(
    world: World, clock: Any, texts: Callable[[ConsultingRequest], dict[str, str]]
) -> None:
    clock.move_to(datetime(2026, 11, 23, 9, tzinfo=UTC))
    case = world.case(S.ASSIGNED)
    services.start(case_id=case.pk, actor=world.advisor)
    case.refresh_from_db()
    words = deadlines.answer_in_words(case)
    assert folded(words) == folded("Antwort bis Montag, 7. Dezember 2026 (noch 10 Arbeitstage)")
    for where, text in texts(case).items():
        assert folded(words) in text, where

    services.ask_back(
        case_id=case.pk, actor=world.advisor, question="Wie viele?", reply_by=date(2026, 11, 30)
    )
    case.refresh_from_db()
    rests = "Die Frist für unsere Antwort ruht, bis die Behörde antwortet."
    assert deadlines.answer_in_words(case) == rests
    found = texts(case)
    for where in ("page", "admin", "record"):
        assert folded(rests) in found[where], where
    for where in ("page", "record", "mail"):  # no date beside a time that rests
        assert "7.Dezember2026" not in found[where], where
        assert "07.12.2026" not in found[where], where


@pytest.mark.parametrize("state", [S.DECLINED, S.WITHDRAWN, S.DUPLICATE])
def test_nothing_is_promised_any_more(
    world: World, texts: Callable[[ConsultingRequest], dict[str, str]], state: CaseState
) -> None:
    found = texts(world.case(state))
    assert "Zugesagt" not in found["page"]
    assert "ZugesagteAntwort" not in found["record"]
    assert "<dt>Zusage</dt>" not in found["admin"]


def test_an_answered_request_keeps_its_promised_day(
    world: World, texts: Callable[[ConsultingRequest], dict[str, str]]
) -> None:
    case = world.case(S.ANSWERED)
    assert case.answer_due_on is not None
    found = texts(case)
    assert (
        folded(f"Zugesagte Antwort: {deadlines.long_date(case.answer_due_on)}") in found["record"]
    )
    assert folded("gehalten am") in found["page"]
