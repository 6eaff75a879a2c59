"""Published answers: the way from a case to everybody, and that nothing else gets out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from consulting import services
from consulting.anonymity import findings
from consulting.enums import AnswerState, CaseState, Topic
from consulting.matching import similar_answers
from consulting.models import ConsultingRequest, PublishedAnswer
from consulting.services.published import NamesSomebody, publish_due
from osk_portal.accounts.models import User
from osk_portal.notifications.models import Notification
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World

pytestmark = pytest.mark.django_db
LIST = "/wissen/"


@pytest.fixture(autouse=True)
def _friday() -> Any:
    clock.move_to(datetime(2026, 10, 16, 10, tzinfo=clock.BERLIN))
    yield
    clock.move_to(None)


@pytest.fixture
def browser() -> Callable[[User], Client]:
    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in


def draft(world: World, case: ConsultingRequest | None = None, **texts: Any) -> PublishedAnswer:
    case = case or world.case(CaseState.ANSWERED, title="Geheimtitel", description="Geheimtext")
    row = services.create_answer(case_id=case.pk, actor=world.advisor)
    services.save_answer(
        answer_id=row.pk,
        actor=world.advisor,
        expected_version=row.version,
        **{
            "title": "Wie veröffentlichen wir Quelltext?",
            "question": "Was ist vorher zu tun?",
            "answer": "Klären Sie zuerst die **Rechte**.",
            "topics": [Topic.PUBLISHING_CODE],
            "solutions": [],
            **texts,
        },
    )
    return fresh(row)


def fresh(row: PublishedAnswer) -> PublishedAnswer:
    return PublishedAnswer.objects.get(pk=row.pk)


def in_review(world: World, **texts: Any) -> PublishedAnswer:
    row = draft(world, **texts)
    services.hand_in_answer(answer_id=row.pk, actor=world.advisor, expected_version=row.version)
    return fresh(row)


def in_objection(world: World, **texts: Any) -> PublishedAnswer:
    row = in_review(world, **texts)
    services.agree_to_answer(
        answer_id=row.pk, actor=world.other_advisor, expected_version=row.version
    )
    return fresh(row)


def published(world: World, **texts: Any) -> PublishedAnswer:
    row = in_objection(world, **texts)
    services.consent_to_answer(
        answer_id=row.pk, actor=world.requester, expected_version=row.version
    )
    return fresh(row)


def test_the_whole_way_with_events_and_messages(world: World, client: Client) -> None:
    row = in_objection(world)
    assert row.objection_until == date(2026, 10, 23)
    assert Notification.objects.filter(
        user=world.requester, kind="consulting.answer_objection"
    ).exists()
    clock.move_to(datetime(2026, 10, 23, 23, 30, tzinfo=clock.BERLIN))
    assert publish_due() == 0
    assert client.get(row.get_absolute_url()).status_code == 404
    clock.move_to(datetime(2026, 10, 24, 0, 5, tzinfo=clock.BERLIN))
    assert publish_due() == 1
    assert publish_due() == 0
    row = fresh(row)
    assert (row.state, row.reviewed_on) == (AnswerState.PUBLISHED, date(2026, 10, 24))
    kinds = list(row.events.values_list("kind", flat=True))
    assert kinds == ["save", "save", "hand_in", "agree", "publish"]
    page = client.get(row.get_absolute_url())
    assert page.status_code == 200
    assert "<strong>Rechte</strong>" in page.content.decode()


def test_pages_name_neither_case_nor_authority_nor_people(world: World, client: Client) -> None:
    row = published(world)
    secrets = [
        str(row.case.reference),
        str(row.case.public_id),
        "Geheimtitel",
        "Geheimtext",
        world.authority.name,
        *(str(world.person(r).name) for r in ("requester", "writer", "advisor", "other_advisor")),
    ]
    for url in (LIST, row.get_absolute_url(), "/suche/?q=Quelltext"):
        text = client.get(url).content.decode()
        assert row.title in text
        assert [secret for secret in secrets if secret in text] == []


@pytest.mark.parametrize("stage", [draft, in_review, in_objection])
def test_unpublished_is_nowhere(
    world: World, client: Client, stage: Callable[[World], PublishedAnswer]
) -> None:
    row = stage(world)
    assert client.get(row.get_absolute_url()).status_code == 404
    for url in (LIST, "/wissen/?q=Quelltext", "/suche/?q=Quelltext"):
        assert row.title not in client.get(url).content.decode()
    assert similar_answers("Quelltext veröffentlichen") == []


def test_withdrawn_is_gone_at_once(world: World, client: Client) -> None:
    row = published(world)
    services.withdraw_answer(answer_id=row.pk, actor=world.advisor, expected_version=row.version)
    assert client.get(row.get_absolute_url()).status_code == 404
    assert row.title not in client.get(LIST).content.decode()


def test_case_that_became_confidential_takes_its_answer_along(world: World, client: Client) -> None:
    row = published(world)
    ConsultingRequest.objects.filter(pk=row.case_id).update(topics=[Topic.SECURITY])
    assert client.get(row.get_absolute_url()).status_code == 404
    assert similar_answers("Quelltext veröffentlichen") == []


@pytest.mark.parametrize("topic", [Topic.PROCUREMENT, Topic.SECURITY])
def test_never_from_procurement_or_security(world: World, topic: Topic) -> None:
    case = world.case(CaseState.ANSWERED, topics=[Topic.REUSE, topic])
    with pytest.raises(TransitionNotAllowed):
        services.create_answer(case_id=case.pk, actor=world.advisor)
    assert not PublishedAnswer.objects.exists()


def test_became_confidential_before_the_date(world: World) -> None:
    row = in_objection(world)
    ConsultingRequest.objects.filter(pk=row.case_id).update(topics=[Topic.SECURITY])
    clock.move_to(datetime(2026, 10, 26, 9, tzinfo=clock.BERLIN))
    assert publish_due() == 0
    assert fresh(row).state == AnswerState.WITHDRAWN


@pytest.mark.parametrize("state", [CaseState.SUBMITTED, CaseState.IN_PROGRESS, CaseState.DECLINED])
def test_only_from_answered_cases(world: World, state: CaseState) -> None:
    with pytest.raises(TransitionNotAllowed):
        services.create_answer(case_id=world.case(state).pk, actor=world.advisor)


def test_created_twice_is_one(world: World) -> None:
    case = world.case(CaseState.CLOSED)
    first = services.create_answer(case_id=case.pk, actor=world.advisor)
    assert services.create_answer(case_id=case.pk, actor=world.lead) == first


@pytest.mark.parametrize("role", ["requester", "stranger", "operator"])
def test_only_advisors_write(world: World, role: str) -> None:
    case = world.case(CaseState.ANSWERED)
    with pytest.raises(PermissionDenied):
        services.create_answer(case_id=case.pk, actor=world.person(role))


def test_nobody_reviews_the_own_answer(world: World) -> None:
    row = in_review(world)
    with pytest.raises(PermissionDenied):
        services.agree_to_answer(
            answer_id=row.pk, actor=world.advisor, expected_version=row.version
        )
    assert fresh(row).state == AnswerState.REVIEW


def test_returned_with_a_comment(world: World) -> None:
    row = in_review(world)
    services.return_answer(
        answer_id=row.pk, actor=world.lead, expected_version=row.version, comment="Bitte kürzer."
    )
    row = fresh(row)
    assert (row.state, row.comment) == (AnswerState.DRAFT, "Bitte kürzer.")
    assert Notification.objects.filter(user=world.advisor, kind="consulting.answer_moved").exists()


def test_objection_brings_it_back(world: World) -> None:
    row = in_objection(world)
    services.object_to_answer(
        answer_id=row.pk, actor=world.writer, expected_version=row.version, reason="Erkennbar."
    )
    clock.move_to(datetime(2026, 11, 30, 9, tzinfo=clock.BERLIN))
    assert publish_due() == 0
    assert (fresh(row).state, fresh(row).objection) == (AnswerState.DRAFT, "Erkennbar.")


@pytest.mark.parametrize("role", ["reader", "colleague", "stranger", "advisor"])
def test_only_the_requesters_side_decides(world: World, role: str) -> None:
    row = in_objection(world)
    with pytest.raises(PermissionDenied):
        services.consent_to_answer(
            answer_id=row.pk, actor=world.person(role), expected_version=row.version
        )
    assert fresh(row).state == AnswerState.OBJECTION


def test_an_old_version_decides_nothing(world: World) -> None:
    row = in_objection(world)
    with pytest.raises(TransitionNotAllowed):
        services.consent_to_answer(
            answer_id=row.pk, actor=world.requester, expected_version=row.version - 1
        )


def test_certain_names_must_go(world: World) -> None:
    row = draft(world, answer="Das Bezirksamt\nMusterbezirk hat es so gemacht.")
    with pytest.raises(NamesSomebody):
        services.hand_in_answer(
            answer_id=row.pk, actor=world.advisor, expected_version=row.version, is_checked=True
        )


def test_uncertain_places_want_a_look(world: World) -> None:
    row = draft(world, answer="Schreiben Sie an hilfe@example.org.")
    with pytest.raises(NamesSomebody):
        services.hand_in_answer(answer_id=row.pk, actor=world.advisor, expected_version=row.version)
    services.hand_in_answer(
        answer_id=row.pk, actor=world.advisor, expected_version=row.version, is_checked=True
    )
    assert fresh(row).state == AnswerState.REVIEW


@pytest.mark.parametrize(
    ("text", "is_certain"),
    [
        ("siehe OSK-2026-00042", True),
        ("ALEX MUSTER fragte", True),
        ("Frau Muster fragte", False),
        ("Tel. 030 1234-5678", False),
        ("a@b.de", False),
        ("AZ 12/7 gilt", True),
    ],
)
def test_findings(world: World, text: str, is_certain: bool) -> None:
    case = world.case(CaseState.ANSWERED, own_reference="AZ 12/7")
    assert [place.is_certain for place in findings(text, case)] == [is_certain]


def test_innocent_text_and_huge_text(world: World) -> None:
    case = world.case(CaseState.ANSWERED)
    assert findings("Nehmen Sie die EUPL-1.2 ab 2026, in 23 Sprachen.", case) == []
    assert findings("a0 " * 7_000, case) == []


def test_leaves_list_and_search_after_24_months(world: World, client: Client) -> None:
    row = published(world)
    clock.move_to(datetime(2028, 10, 16, 10, tzinfo=clock.BERLIN))
    assert row.title in client.get(LIST).content.decode()
    clock.move_to(datetime(2028, 10, 17, 10, tzinfo=clock.BERLIN))
    for url in (LIST, "/wissen/?q=Quelltext", "/suche/?q=Quelltext"):
        assert row.title not in client.get(url).content.decode()
    page = client.get(row.get_absolute_url()).content.decode()
    assert "vor mehr als 24 Monaten" in page
    services.confirm_answer(answer_id=row.pk, actor=world.lead, expected_version=row.version)
    assert row.title in client.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("q=Quelltexte", True),
        ("q=veröfentlichen", True),
        ("q=Rechte", True),
        ("q=Bratkartoffel", False),
        ("topic=publishing_code", True),
        ("topic=migration", False),
        ("topic=%00<script>&page=abc", True),
        ("q=" + "x%00'%7C%26!:*" * 40, False),
    ],
)
def test_search_and_topics(world: World, client: Client, query: str, is_there: bool) -> None:
    row = published(world)
    response = client.get(f"{LIST}?{query}")
    assert response.status_code == 200
    assert (row.title in response.content.decode()) is is_there


def test_hostile_text_is_only_text(world: World, client: Client) -> None:
    row = published(
        world, answer="<script>alert(1)</script> [x](javascript:alert(1))", question="<b>{{ 7*7 }}"
    )
    page = client.get(row.get_absolute_url()).content.decode()
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "&lt;b&gt;{{ 7*7 }}" in page


def test_public_pages_take_no_post(client: Client) -> None:
    assert client.post(LIST).status_code == 405


def test_objection_page(world: World, browser: Callable[[User], Client]) -> None:
    row = in_objection(world)
    url = reverse("consulting:answer_objection", args=[row.case.public_id])
    assert Client().get(url).status_code == 302
    assert browser(world.stranger).get(url).status_code == 404
    assert browser(world.reader).get(url).status_code == 403
    mine = browser(world.requester)
    page = mine.get(url)
    assert page.status_code == 200
    assert "Klären Sie zuerst die" in page.content.decode()
    empty = mine.post(url, {"version": row.version, "text": ""})
    assert empty.status_code == 422
    stale = mine.post(url, {"version": row.version - 1, "text": "Mein Grund"})
    assert stale.status_code == 409
    assert "Mein Grund" in stale.content.decode()
    assert mine.post(url, {"version": row.version, "agree": "1"}).status_code == 302
    assert fresh(row).state == AnswerState.PUBLISHED
    assert mine.post(url, {"version": row.version, "agree": "1"}).status_code == 302
    assert fresh(row).events.filter(kind="consent").count() == 1


def test_objection_page_without_an_answer(world: World, browser: Callable[[User], Client]) -> None:
    case = world.case(CaseState.ANSWERED)
    url = reverse("consulting:answer_objection", args=[case.public_id])
    assert browser(world.requester).get(url).status_code == 404


def test_staff_pages(world: World, browser: Callable[[User], Client]) -> None:
    case = world.case(CaseState.ANSWERED)
    create = reverse("admin:consulting_publishedanswer_create", args=[case.public_id])
    at_work = browser(world.advisor)
    assert browser(world.operator).post(create).status_code == 403
    assert at_work.get(create).status_code == 405
    response = at_work.post(create)
    row = PublishedAnswer.objects.get()
    url = reverse("admin:consulting_publishedanswer_page", args=[row.public_id])
    assert response.headers["Location"] == url
    assert browser(world.operator).get(url).status_code == 403
    typed = {
        "version": row.version,
        "title": "Wie geht das?",
        "question": "Frage",
        "answer": "Antwort",
        "hand_in": "1",
    }
    assert at_work.post(url, typed).status_code == 302
    row = fresh(row)
    assert row.state == AnswerState.REVIEW
    stale = at_work.post(url, {**typed, "answer": "Anders"})
    assert stale.status_code == 409
    assert "Anders" in stale.content.decode()
    step = reverse("admin:consulting_publishedanswer_step", args=[row.public_id, "agree"])
    assert at_work.post(step, {"version": row.version}).status_code == 403
    other = browser(world.other_advisor)
    assert "zustimmen" in other.get(url).content.decode().lower()
    assert other.post(step, {"version": row.version}).status_code == 302
    assert fresh(row).state == AnswerState.OBJECTION
    listed = reverse("admin:consulting_publishedanswer_changelist")
    assert url in other.get(listed).content.decode()
    unknown = reverse("admin:consulting_publishedanswer_step", args=[row.public_id, "x"])
    assert other.post(unknown, {"version": 1}).status_code == 404


def test_list_asks_the_database_as_often_with_three(
    world: World, client: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(3):
        published(world, title=f"Wie geht Fall {number}?")
    with django_assert_max_num_queries(6):
        client.get(LIST)


def test_similar_answers(world: World) -> None:
    row = published(world)
    assert similar_answers("Quelltext veröffentlichen") == [row]
    assert similar_answers("") == []
    assert similar_answers("\x00") == []
