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
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.apps import apps
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from consulting import services, signed_links
from consulting.enums import AppointmentKind, CaseState, ProcedureState, Topic, Visibility
from consulting.models import (
    CaseLink,
    ConsultingRequest,
    ProcurementBlock,
    ProcurementOutcome,
    SurveyAnswer,
    SurveyInvitation,
    ValueBand,
)
from network.enums import MailboxKind, OrganisationKind
from network.models import SharedMailbox
from osk_portal.accounts.models import User
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.pages import own_calendar
from osk_portal.toolkit import clock
from tests.consulting.conftest import World
from tests.consulting.factories import DraftFactory
from tests.consulting.test_recording import record
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory
from tests.test_access import ADDRESSES, ARGUMENT, ARGUMENTS, BACKEND

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("disk")]

VALUE, DEADLINE = "7.654.321", "2047-12-31"
MARK = re.compile(rf"Zz[a-z]+zZ|{re.escape(VALUE)}|{DEADLINE}|(?:31\.12\.|31\. Dezember )2047")
STAFF = ("operator", "advisor", "lead")
AUDITORS = ("no_grant", "ended_grant", "other_grant")
"""With the right of the Revision, or without."""
NARROW = ("reader", "writer", "deputy", "colleague", "manager", "lead", *AUDITORS)
"""They walk consulting's own addresses only: all others know no more of a case than of these people."""
SLUGS = ["new", "mine", "follow_up", "answer"]


def mark(word: str) -> str:
    return f"Zz{word}zZ"


OPEN = {
    mark(w)
    for w in (
        "title", "text", "software", "said", "answered", "before", "file", "sign", "question", "place",
        "call", "quoted", "consent",
    )
}  # fmt: skip
PAST = {mark(w) for w in ("pasttitle", "result", "hold")}
RECORDED = {mark("recorded")}
INTERNAL = {
    mark(w)
    for w in (
        "note", "snooze", "returned", "internalfile", "tag", "mail", "callnote", "partneranswer",
        "draftanswer",
    )
}  # fmt: skip
NEED = {mark("need"), mark("needtext")}
BOTH = {mark("introduction")}
OTHER = {mark("othertitle"), mark("othertext")}
CONFIDENTIAL = {
    mark(w) for w in ("secrettitle", "secrettext", "secretsaid", "secretfile", "secretsign")
} | {VALUE, DEADLINE}
DRAFT = {mark(w) for w in ("drafttitle", "drafttext")}

MAY_FIND: dict[str, set[str]] = {
    "requester": OPEN | PAST | CONFIDENTIAL | DRAFT | NEED | BOTH,
    "writer": OPEN | PAST | NEED | BOTH,
    "deputy": OPEN | PAST | NEED | BOTH,
    "reader": OPEN | PAST | NEED,
    "colleague": NEED,
    "manager": NEED,
    "stranger": NEED | BOTH | OTHER,
    "partner": {mark("question"), mark("partneranswer")},
    # The list of value bands is the operator's; which request has one is not.
    "operator": {VALUE},
    "visitor": set(),
    "link": RECORDED,
    "advisor": OPEN | PAST | INTERNAL | CONFIDENTIAL | NEED | BOTH | OTHER | RECORDED,
    "lead": OPEN
    | PAST
    | INTERNAL
    | CONFIDENTIAL
    | NEED
    | BOTH
    | OTHER
    | RECORDED
    | {mark("survey")},
    "no_grant": set(),
    "ended_grant": set(),
    "other_grant": OTHER,
}
# What need not be found: texts that were released, and those that the OSK has written to both sides.
NEED_NOT_FIND = {mark("question"), mark("introduction"), mark("consent"), mark("survey"), VALUE}


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
    grant_revision(world, other)
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
    plant_more(world, open_case, secret, editor)
    DraftFactory(
        title=mark("drafttitle"),
        description=mark("drafttext"),
        author=world.requester,
        organisation=world.authority,
    )
    return {
        "visitor": None,
        "link": None,
        "partner": editor,
        **{
            role: world.person(role)
            for role in (
                "requester", "writer", "deputy", "reader", "colleague", "manager", "stranger",
                "operator", "advisor", "lead",
            )
        },
        **{name: User.objects.get(name=name) for name in AUDITORS},
    }  # fmt: skip


def grant_revision(world: World, other: ConsultingRequest) -> None:
    """Three people with a second factor: without a right, with one that is over, with one for ``other``."""
    today = clock.today()
    for name in AUDITORS:
        person = UserFactory(name=name)
        TOTP.activate(person, generate_totp_secret())
        if name == "no_grant":
            continue
        grant = services.propose_grant(
            actor=world.lead,
            person=person,
            reason="Prüfung",
            valid_from=today,
            valid_until=today + timedelta(days=30),
            cases=(other,) if name == "other_grant" else ConsultingRequest.objects.all(),
        )
        services.confirm_grant(grant_id=grant.pk, actor=world.operator)
        if name == "ended_grant":
            services.end_grant(grant_id=grant.pk, actor=world.lead)


def plant_more(
    world: World, open_case: ConsultingRequest, secret: ConsultingRequest, editor: User
) -> None:
    """What else people write: in a call, a mail, to a partner, in an answer, about keeping, by a link."""
    for word, is_internal in (("call", False), ("callnote", True)):
        services.add_call(
            case_id=open_case.pk,
            actor=world.advisor,
            text=mark(word),
            spoken_with="Frau A.",
            spoken_at=clock.now(),
            is_internal=is_internal,
        )
    open_case.messages.filter(body=mark("said")).update(quoted_text=mark("quoted"))
    services.stage_file(
        case_id=open_case.pk,
        actor=world.writer,
        form_id=uuid4(),
        name=f"{mark('staged')}.txt",
        data=b"d",
    )
    services.ask_consent(
        case_id=open_case.pk,
        actor=world.advisor,
        partners=[OrganisationFactory(name="Hochschule F", kind=OrganisationKind.SCIENCE)],
        question=mark("consent"),
        answer_by=clock.today() + timedelta(days=5),
    )
    services.answer_question(
        question_id=open_case.partner_questions.get().pk, actor=editor, text=mark("partneranswer")
    )
    ProcurementBlock.objects.create(
        case=secret,
        deadline=date.fromisoformat(DEADLINE),
        value_band=ValueBand.objects.create(lower=7_654_321, valid_from=date(2020, 1, 1)),
    )
    ProcurementOutcome.objects.create(case=secret, occasion="at_closing")
    # Who reads the Funktionspostfach is unknown: it hears of no request that is not for every member.
    SharedMailbox.objects.create(
        organisation=world.authority,
        address="postfach@bezirk.example",
        kinds=list(MailboxKind.values),
        confirmed_at=clock.now(),
    )
    past = world.case(CaseState.IN_PROGRESS, title=mark("pasttitle"), topics=[Topic.REUSE])
    services.answer(case_id=past.pk, actor=world.advisor, text=mark("result"))
    services.close(case_id=past.pk, actor=world.requester)
    services.set_hold(case_id=past.pk, actor=world.lead, reason=mark("hold"))
    row = services.create_answer(case_id=past.pk, actor=world.advisor)
    services.save_answer(
        answer_id=row.pk,
        actor=world.advisor,
        expected_version=row.version,
        title=mark("draftanswer"),
        question="Was?",
        answer="Das.",
        topics=[Topic.REUSE],
        solutions=[],
    )
    SurveyInvitation.objects.create(case=past)
    SurveyAnswer.objects.create(topics=[Topic.REUSE], helped=4, clear=4, comment=mark("survey"))
    record(world, title=mark("recorded"))


def personal_paths(role: str, user: User | None) -> list[str]:
    """Addresses whose token is the right: one's own feed, and the links of our mails."""
    if role == "link":
        return [
            *(link.get_absolute_url() for link in CaseLink.objects.all()),
            *(
                reverse(f"consulting:{what}", args=[signed_links.make(what, row.public_id)])
                for what, rows in (
                    ("survey", SurveyInvitation.objects.all()),
                    ("outcome", ProcurementOutcome.objects.all()),
                )
                for row in rows
            ),
        ]
    if user is None:
        return []
    own_calendar.renew_address(user=user)
    return [urlsplit(own_calendar.address_of(user)).path]


def posts(role: str) -> Iterator[tuple[str, dict[str, str]]]:
    """What is given out on POST: the full record of each request, and both exports."""
    for public_id in ids("anfrage"):
        yield reverse("consulting:request_full_record", args=[public_id]), {}
    if role in STAFF:
        prefix = "admin:consulting_consultingrequest"
        for kind in ("csv", "ods"):
            for name in ("open", "answered", "mine"):
                yield reverse(f"{prefix}_queue_export", args=[name]), {"format": kind}
            yield reverse(f"{prefix}_search_export"), {"format": kind, "q": "Zz"}


# What stands before an id in an address, and whose id it is. A new address of consulting needs its word here.
KINDS = {
    "anfrage": "ConsultingRequest", "consultingrequest": "ConsultingRequest",
    "introduce": "ConsultingRequest", "new": "ConsultingRequest", "revision": "ConsultingRequest",
    "antwort": "PublishedAnswer", "publishedanswer": "PublishedAnswer",
    "bedarf": "Need", "need": "Need",
    "booking": "sandbox.Booking",
    "datei": "CaseFile", "file": "sandbox.ReportFile",
    "edit": "CaseMessage", "nachricht": "CaseMessage",
    "einwilligung": "PartnerConsent",
    "filter": "SavedFilter",
    "hand-over": "accounts.User",
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
    name = KINDS[word]
    model = apps.get_model(name if "." in name else f"consulting.{name}")
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
        if role in NARROW and not ours:
            continue
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


def marks_of(said: str) -> set[str]:
    """The planted words in ``said``; a date in whatever form."""
    found = MARK.findall(said.replace("\xa0", " ").replace("&nbsp;", " "))
    return {DEADLINE if "2047" in each else each for each in found}


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
        ("link", "requester", "reader", "deputy", *AUDITORS),
        STAFF,
    ],
    ids=["outside", "inside", "osk"],
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
    if user is not None and role in AUDITORS:
        session = client.session
        session["second_factor_of"] = user.pk
        session.save()
    found: dict[str, set[str]] = {}
    walked = [] if role == "link" else [*paths(role)]
    for path in [*walked, *personal_paths(role, user)]:
        response: HttpResponse = client.get(path)
        assert response.status_code < 500, path
        # An address repeats what was asked for.
        for each in marks_of(text_of(response).replace(path, "")):
            found.setdefault(each, set()).add(path)
    for path, typed in posts(role):
        given = client.post(path, typed)
        assert given.status_code < 500, path
        marks = marks_of(text_of(given))
        # An export is read by others too: of a confidential request it holds neither text nor value, but the
        # authority's own reference (product.md 1.1).
        assert "export" not in path or not marks & CONFIDENTIAL - {mark("secretsign")}, path
        for each in marks:
            found.setdefault(each, set()).add(path)
    if user is not None:
        told = [m.subject + m.body + m.text for m in OutgoingMail.objects.filter(user=user)]
        told += [n.subject + n.text for n in Notification.objects.filter(user=user)]
        for each in marks_of(" ".join(told)):
            found.setdefault(each, set()).add("mail")
    leaked = {word: where for word, where in found.items() if word not in MAY_FIND[role]}
    assert not leaked, role
    assert found.keys() >= MAY_FIND[role] - NEED_NOT_FIND, role


def test_no_mail_says_what_is_internal_or_confidential(people: dict[str, User | None]) -> None:
    mails = list(OutgoingMail.objects.all())
    assert mails
    said = " ".join(m.subject + m.body + m.text for m in mails)
    # "Ihr Zeichen" stands in every mail (product.md 1.1), in a confidential case too.
    assert not marks_of(said) & (INTERNAL | CONFIDENTIAL | DRAFT) - {mark("secretsign")}
    # Who has no account of the portal learns nothing that was written.
    nobodys = " ".join(m.subject + m.body + m.text for m in mails if m.user_id is None)
    assert not marks_of(nobodys)
