"""What every mail about a request says: the reference, and the authority's own one ("Ihr Zeichen")."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from consulting import notifications, synergy_mails
from consulting.deadlines import long_date
from consulting.enums import CaseEventKind, CaseState, Channel
from consulting.models import CaseLink, Introduction, IntroductionSide
from consulting.services.common import record
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from tests.consulting.conftest import World

MAILS = Path(settings.BASE_DIR) / "templates/consulting/email"
OF_OTHERS = re.compile(
    r"staff_|partner_|need_|grant_|mail_answer|answer_moved|hold_asked|draft_expires"
)
"""To the OSK, to partners, to other authorities; a draft is no case yet."""
INCLUDE = re.compile(r'{% include "consulting/email/([^"]+)"')


def source(name: str) -> str:
    """The template with what it includes."""
    text = (MAILS / name).read_text()
    return text + "".join(source(included) for included in INCLUDE.findall(text))


def test_each_mail_to_the_requesters_side_names_both_references() -> None:
    """Also a mail that is made tomorrow (product.md 1.1: "in every mail")."""
    mails = [p.name for p in MAILS.glob("*.body.txt") if not OF_OTHERS.match(p.name)]
    assert len(mails) > 25
    for name in mails:
        for fact in ("case.reference }}", "own_reference }}"):
            assert fact in source(name), f"{name} lacks {fact}"


@pytest.mark.django_db
def test_an_introduction_names_the_own_reference_and_not_the_title(world: World) -> None:
    case = world.case(CaseState.IN_PROGRESS, own_reference="IT 4-17/26", title="Geheimer Titel")
    introduction = Introduction(proposed_by=world.advisor)
    introduction.pk = 1
    synergy_mails.tell_introduction(
        IntroductionSide(pk=1, case=case, introduction=introduction), "over"
    )

    mail = OutgoingMail.objects.filter(user=world.requester).get()
    assert "Ihr Zeichen: IT 4-17/26\n" in mail.body
    assert case.title not in mail.body


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [CaseEventKind.ASKED_BACK, CaseEventKind.REMINDED])
def test_a_question_says_when_the_request_is_closed_without_a_reply(
    world: World, kind: CaseEventKind
) -> None:
    case = world.case(CaseState.WAITING_REQUESTER)
    notifications.tell(record(case, kind, world.advisor))

    assert case.closes_on is not None
    with translation.override("de"):
        day = " ".join(long_date(case.closes_on).split())
    body = " ".join(OutgoingMail.objects.get(user=world.requester).body.split())
    assert f"Wenn wir bis {day} nichts von Ihnen hören, schließen wir die Beratung ab" in body


@pytest.mark.django_db
def test_the_pages_say_it_too_and_only_while_the_osk_waits(world: World, client: Client) -> None:
    case = world.case(CaseState.WAITING_REQUESTER, channel=Channel.PHONE)
    link = CaseLink.objects.create(
        case=case, person=case.author, made_by=world.advisor, made_at=clock.now()
    )
    other = world.case(CaseState.IN_PROGRESS)
    client.force_login(world.requester)
    words = "nichts von Ihnen hören, schließen wir die Beratung ab"
    for address in (case.get_absolute_url(), link.get_absolute_url()):
        assert words in client.get(address).content.decode()
    assert words not in client.get(other.get_absolute_url()).content.decode()
