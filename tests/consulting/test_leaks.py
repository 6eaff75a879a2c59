"""Marked words are planted in every text of a case; then each role walks over every address.

A person finds the marks that the policy grants, and no other, in pages, files, PDF, ZIP, feeds, exports,
mails and messages. What a later slice adds is walked too: addresses come from the resolver, ids from
every row of consulting that has one.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from consulting import services
from consulting.enums import AppointmentKind, CaseState, ProcedureState, Topic, Visibility
from consulting.models import ConsultingRequest
from network.enums import OrganisationKind
from osk_portal.accounts.models import User
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import clock
from tests.consulting.conftest import World
from tests.consulting.factories import DraftFactory
from tests.factories import MembershipFactory, OrganisationFactory
from tests.test_access import ADDRESSES, ARGUMENT, ARGUMENTS, BACKEND

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("disk")]

MARK = re.compile(r"Zz[a-z]+zZ")
STAFF = ("operator", "advisor")
SLUGS = ["new", "mine", "follow_up", "answer"]


def mark(word: str) -> str:
    return f"Zz{word}zZ"


OPEN = {
    mark(w)
    for w in (
        "title", "text", "software", "said", "answered", "before", "file", "sign", "question", "place",
    )
}  # fmt: skip
INTERNAL = {mark(w) for w in ("note", "snooze", "returned", "internalfile", "tag", "mail")}
NEED = {mark("need"), mark("needtext")}
BOTH = {mark("introduction")}
OTHER = {mark("othertitle"), mark("othertext")}
CONFIDENTIAL = {
    mark(w) for w in ("secrettitle", "secrettext", "secretsaid", "secretfile", "secretsign")
}
DRAFT = {mark(w) for w in ("drafttitle", "drafttext")}

MAY_FIND: dict[str, set[str]] = {
    "requester": OPEN | CONFIDENTIAL | DRAFT | NEED | BOTH,
    "writer": OPEN | NEED | BOTH,
    "colleague": NEED,
    "manager": NEED,
    "stranger": NEED | BOTH | OTHER,
    "partner": {mark("question")},
    "operator": set(),
    "visitor": set(),
    "advisor": OPEN | INTERNAL | CONFIDENTIAL | NEED | BOTH | OTHER,
}
# What need not be found: texts that were released, and those that the OSK has written to both sides.
NEED_NOT_FIND = {mark("question"), mark("introduction")}


@pytest.fixture
def people(world: World) -> dict[str, User | None]:
    """All who walk; each row is planted by those who would do it."""
    partner = OrganisationFactory(name="Hochschule E", kind=OrganisationKind.SCIENCE)
    editor = MembershipFactory(organisation=partner, editor=True).user
    open_case = world.case(
        CaseState.SUBMITTED,
        title=mark("title"),
        description=mark("text"),
        software_in_use=mark("software"),
        own_reference=mark("sign"),
        topics=[Topic.REUSE],
    )
    ConsultingRequest.objects.filter(pk=open_case.pk).update(deputy=world.deputy)
    services.add_message(case_id=open_case.pk, actor=world.requester, text=mark("said"))
    services.add_file(
        case_id=open_case.pk, actor=world.requester, name=f"{mark('file')}.txt", data=b"a"
    )
    services.assign(case_id=open_case.pk, actor=world.advisor, assignee=world.advisor)
    services.start(case_id=open_case.pk, actor=world.advisor)
    services.add_note(case_id=open_case.pk, actor=world.advisor, text=mark("note"))
    services.add_file(
        case_id=open_case.pk,
        actor=world.advisor,
        name=f"{mark('internalfile')}.txt",
        data=b"b",
        is_internal=True,
    )
    services.add_message(case_id=open_case.pk, actor=world.advisor, text=mark("before"))
    services.return_to_queue(case_id=open_case.pk, actor=world.advisor, reason=mark("returned"))
    services.assign(case_id=open_case.pk, actor=world.advisor, assignee=world.advisor)
    services.start(case_id=open_case.pk, actor=world.advisor)
    services.involve_partner(
        case_id=open_case.pk,
        actor=world.advisor,
        organisation=partner,
        question=mark("question"),
        due_on=clock.today() + timedelta(days=7),
        consented_on=clock.today(),
        consent_source="Mail der Behörde",
    )
    services.snooze(
        case_id=open_case.pk,
        actor=world.advisor,
        until=clock.today() + timedelta(days=3),
        note=mark("snooze"),
    )
    services.edit_message(
        case_id=open_case.pk,
        actor=world.advisor,
        message_id=open_case.messages.get(body=mark("before")).pk,
        text=mark("answered"),
    )
    services.offer_appointment(
        case_id=open_case.pk,
        actor=world.advisor,
        slots=[
            (begin, begin + timedelta(hours=1))
            for begin in (clock.now() + timedelta(days=day) for day in (20, 21))
        ],
        kind=AppointmentKind.VIDEO,
        place=mark("place"),
    )
    services.add_tag(case_id=open_case.pk, actor=world.advisor, name=mark("tag"))
    services.receive_mail(
        b"From: Wer <wer@example.org>\r\nSubject: " + mark("mail").encode() + b"\r\n\r\nGuten Tag"
    )
    services.publish_need(
        case_id=open_case.pk, actor=world.requester, title=mark("need"), text=mark("needtext")
    )
    other = world.case(
        CaseState.IN_PROGRESS,
        title=mark("othertitle"),
        description=mark("othertext"),
        author=world.stranger,
        organisation=world.stranger.memberships.get().organisation,
        deputy=None,
    )
    other.participants.all().delete()
    services.propose_introduction(
        case_id=open_case.pk,
        other_id=other.pk,
        actor=world.advisor,
        text=mark("introduction"),
        is_checked=True,
    )
    secret = world.case(
        CaseState.IN_PROGRESS,
        title=mark("secrettitle"),
        description=mark("secrettext"),
        own_reference=mark("secretsign"),
        topics=[Topic.PROCUREMENT],
        procedure_state=ProcedureState.RUNNING,
    )
    ConsultingRequest.objects.filter(pk=secret.pk).update(
        deputy=None, visibility=Visibility.ONLY_ME
    )
    secret.participants.all().delete()
    services.add_message(case_id=secret.pk, actor=world.requester, text=mark("secretsaid"))
    services.add_file(
        case_id=secret.pk, actor=world.requester, name=f"{mark('secretfile')}.txt", data=b"c"
    )
    DraftFactory(
        title=mark("drafttitle"),
        description=mark("drafttext"),
        author=world.requester,
        organisation=world.authority,
    )
    return {
        "visitor": None,
        "partner": editor,
        **{
            role: world.person(role)
            for role in (
                "requester", "writer", "colleague", "manager", "stranger", "operator", "advisor",
            )
        },
    }  # fmt: skip


# What stands before an id in an address, and whose id it is. A new address of consulting needs its word here.
KINDS = {
    "anfrage": "ConsultingRequest", "consultingrequest": "ConsultingRequest",
    "introduce": "ConsultingRequest", "new": "ConsultingRequest", "revision": "ConsultingRequest",
    "antwort": "PublishedAnswer", "publishedanswer": "PublishedAnswer",
    "bedarf": "Need", "need": "Need",
    "datei": "CaseFile",
    "edit": "CaseMessage", "nachricht": "CaseMessage",
    "einwilligung": "PartnerConsent",
    "filter": "SavedFilter",
    "frage": "PartnerQuestion", "partner": "PartnerQuestion",
    "incomingmail": "IncomingMail",
    "introduction": "Introduction",
    "label": "Tag",
    "relate": "ConsultingRequest", "relation": "CaseRelation",
    "revisiongrant": "RevisionGrant",
    "termin": "Appointment",
    "vorstellung": "IntroductionSide",
    "zusammenfuehrung": "RelationSide",
}  # fmt: skip


def ids(word: str) -> list[str]:
    """Public ids of all rows that an address with this word may mean; of no row, an id of nobody."""
    model = apps.get_model("consulting", KINDS[word])
    found = model._default_manager.order_by("pk").values_list("public_id", flat=True)
    return [*map(str, found)] or [ARGUMENTS["uuid"]]


def paths(role: str) -> Iterator[str]:
    """Every address that a route can mean, with each id. The work area is walked by staff only: that it is
    closed to all others is proved in tests/test_access.py."""
    known = {word: ids(word) for word in KINDS}
    values = {"slug": SLUGS, "str": ["x"], "int": ["1"], "path": ["x"]}
    for address in ADDRESSES:
        is_work_area = address.route.startswith("admin/")
        if "(?P" in address.route or address.route.startswith(("^", "static", "konto/")):
            continue
        if is_work_area and role not in STAFF:
            continue
        ours = address.where.startswith("consulting.")
        made = [address.route]
        while any(ARGUMENT.search(each) for each in made):
            made = [
                each[: found.start()] + value + each[found.end() :]
                for each in made
                if (found := ARGUMENT.search(each))
                for value in _values(each, found, known if ours else {}, values)
            ]
        yield from (f"/{each}" for each in made)
    yield f"{reverse('pages:search')}?q=Zz"


def _values(
    route: str,
    found: re.Match[str],
    known: dict[str, list[str]],
    values: dict[str, list[str]],
) -> list[str]:
    if found[1] != "uuid":
        return values[found[1] or "str"]
    word = route[: found.start()].rstrip("/").rpartition("/")[2]
    if word in known or not known:
        return known.get(word, [ARGUMENTS["uuid"]])
    raise AssertionError(f"{route}: say in KINDS whose id stands there")


def text_of(response: Any) -> str:
    """Everything that an answer says: its address, its heads and its body, unpacked."""
    heads = " ".join(f"{key}: {value}" for key, value in response.items())
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return heads + unpacked(body)


def unpacked(body: bytes) -> str:
    if body.startswith(b"%PDF"):
        return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
    if body.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return " ".join(each + unpacked(archive.read(each)) for each in archive.namelist())
    return body.decode("utf-8", errors="replace")


@pytest.mark.parametrize(
    "roles",
    [
        ("visitor", "partner", "colleague", "manager", "stranger", "writer"),
        ("requester", *STAFF),
    ],
    ids=["outside", "inside"],
)
def test_nobody_finds_what_is_not_theirs(
    people: dict[str, User | None], roles: tuple[str, ...]
) -> None:
    for role in roles:
        walk_as(role, people[role])


def walk_as(role: str, user: User | None) -> None:
    client = Client()
    if user is not None:
        client.force_login(user, backend=BACKEND)
    found: dict[str, set[str]] = {}
    for path in paths(role):
        response: HttpResponse = client.get(path)
        assert response.status_code < 500, path
        # An address repeats what was asked for.
        said = text_of(response).replace(path, "")
        for each in MARK.findall(said):
            found.setdefault(each, set()).add(path)
    if user is not None:
        told = [m.subject + m.body + m.text for m in OutgoingMail.objects.filter(user=user)]
        told += [n.subject + n.text for n in Notification.objects.filter(user=user)]
        for each in MARK.findall(" ".join(told)):
            found.setdefault(each, set()).add("mail")
    leaked = {word: where for word, where in found.items() if word not in MAY_FIND[role]}
    assert not leaked, role
    assert found.keys() >= MAY_FIND[role] - NEED_NOT_FIND, role


def test_no_mail_says_what_is_internal_or_confidential(people: dict[str, User | None]) -> None:
    mails = list(OutgoingMail.objects.all())
    assert mails
    said = " ".join(m.subject + m.body + m.text for m in mails)
    # "Ihr Zeichen" stands in every mail (product.md 1.1), in a confidential case too.
    assert not set(MARK.findall(said)) & (INTERNAL | CONFIDENTIAL | DRAFT) - {mark("secretsign")}
