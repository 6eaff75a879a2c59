"""Labels and saved filters: for the OSK alone."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse

from consulting import queues, services
from consulting.enums import CaseEventKind, CaseState, Topic
from consulting.models import CaseEvent, ConsultingRequest, SavedFilter, Tag
from consulting.record import build
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed

S = CaseState
SECRET = "Vorsicht Presse"
PREFIX = "admin:consulting_consultingrequest"


def tag_url(case: ConsultingRequest) -> str:
    return reverse(f"{PREFIX}_tag", args=[case.public_id])


def fresh(case: ConsultingRequest) -> ConsultingRequest:
    return ConsultingRequest.objects.get(pk=case.pk)


def test_labels_come_and_go(world, sign_in):
    case = world.case(S.IN_PROGRESS)
    for role in ("visitor", "requester", "stranger", "manager", "operator"):
        assert sign_in(role).post(tag_url(case), {"name": "A"}).status_code in (302, 403, 404)
    assert not Tag.objects.exists()
    browser = sign_in("other_advisor")
    assert browser.get(tag_url(case)).status_code == 405
    version = case.version
    for name in ("EVB-IT  Cloud", "evb-it cloud", " EVB-IT CLOUD "):
        assert browser.post(tag_url(case), {"name": name}).status_code == 302
    tag = Tag.objects.get()
    assert tag.name == "EVB-IT Cloud"
    event = CaseEvent.objects.get(kind=CaseEventKind.TAGGED)
    assert (event.actor, event.data) == (world.other_advisor, {"tag": tag.pk})
    assert fresh(case).version == version
    for name in ("", "   ", "x" * 41, "a\x00b", "\u202e"):
        browser.post(tag_url(case), {"name": name})
    assert Tag.objects.count() == 1
    assert "EVB-IT Cloud" in browser.get(queues.case_url(case)).content.decode()
    away = reverse(f"{PREFIX}_tag_remove", args=[case.public_id, tag.public_id])
    for _twice in range(2):
        assert browser.post(away).status_code == 302
    assert not Tag.objects.exists()
    assert CaseEvent.objects.filter(kind=CaseEventKind.UNTAGGED).count() == 1


def test_the_service_asks_and_limits(world):
    case = world.case(S.IN_PROGRESS)
    with pytest.raises(PermissionDenied):
        services.add_tag(case_id=case.pk, actor=world.requester, name="A")
    for number in range(20):
        services.add_tag(case_id=case.pk, actor=world.advisor, name=f"Nr. {number}")
    with pytest.raises(TransitionNotAllowed):
        services.add_tag(case_id=case.pk, actor=world.advisor, name="zu viel")
    with pytest.raises(PermissionDenied):
        services.remove_tag(case_id=case.pk, actor=world.requester, tag=Tag.objects.all()[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        Tag.objects.create(name="nr. 1")


def test_a_label_never_leaves_the_osk(world, sign_in):
    case = world.case(S.ANSWERED)
    services.add_tag(case_id=case.pk, actor=world.advisor, name=SECRET)
    labels = (str(CaseEventKind.TAGGED.label), SECRET)
    for role in ("requester", "writer", "reader", "deputy"):
        for url in (case.get_absolute_url(), reverse("consulting:request_list")):
            page = sign_in(role).get(url).content.decode()
            assert not any(label in page for label in labels)
    record = build(fresh(case), clock.now())
    assert not any(label in repr(record.history) for label in labels)
    export = reverse(f"{PREFIX}_queue_export", args=["answered"])
    assert SECRET.encode() not in sign_in("lead").post(export, {"format": "csv"}).content


def test_bulk_label_with_a_report(world, sign_in):
    cases = [world.case(S.TRIAGE), world.case(S.CLOSED)]
    url = reverse(f"{PREFIX}_queue_bulk", args=["open"])
    typed = {
        "case": [f"{case.public_id}:{case.version}" for case in cases],
        "step": "tag",
        "tag": "Messe",
    }
    browser = sign_in("advisor")
    assert "2 Anfragen" in browser.post(url, typed, follow=True).content.decode()
    assert Tag.objects.get().cases.count() == 2
    assert browser.post(url, {**typed, "tag": ""}).status_code == 422


def test_the_queue_is_filtered_and_no_address_breaks_it(world, sign_in):
    labelled = world.case(S.TRIAGE, title="Kartendienst", topics=[Topic.MIGRATION])
    other = world.case(S.TRIAGE, title="Terminbuchung")
    services.add_tag(case_id=labelled.pk, actor=world.advisor, name="Messe")
    tag = str(Tag.objects.get().public_id)
    browser = sign_in("advisor")
    url = queues.BY_NAME["open"].url
    for values in (
        {"tag": tag},
        {"topic": "migration"},
        {"q": "Karten"},
        {"tag": tag, "q": "karten"},
    ):
        rows = [row.case for row in browser.get(url, values).context["rows"]]
        assert rows == [labelled], values
    for values in (
        {"tag": "x"},
        {"tag": str(uuid4())},
        {"topic": "nie"},
        {"q": "  "},
        {"page": "9"},
    ):
        rows = {row.case for row in browser.get(url, values).context["rows"]}
        assert rows == {labelled, other}, values
    assert browser.get(url, {"q": "x" * 5_000}).status_code == 200
    export = reverse(f"{PREFIX}_queue_export", args=["open"])
    content = sign_in("lead").post(f"{export}?tag={tag}", {"format": "csv"}).content.decode()
    assert labelled.reference in content
    assert other.reference not in content


def test_saved_filters(world, sign_in):
    services.add_tag(case_id=world.case(S.TRIAGE).pk, actor=world.advisor, name="Messe")
    tag = Tag.objects.get()
    save = reverse(f"{PREFIX}_queue_filter", args=["open"])
    target = f"{save}?tag={tag.public_id}&q=Karten&weiter=1"
    for role in ("visitor", "requester", "operator"):
        assert sign_in(role).post(target, {"name": "Messen"}).status_code in (302, 403, 404)
    browser = sign_in("advisor")
    assert browser.get(target).status_code == 405
    assert browser.post(reverse(f"{PREFIX}_queue_filter", args=["nie"])).status_code == 404
    for _twice in range(2):
        assert browser.post(target, {"name": "Messen"}).status_code == 302
    browser.post(target, {"name": ""})
    saved = SavedFilter.objects.get()
    assert saved.values == {"tag": str(tag.public_id), "q": "Karten"}
    opened = saved.get_absolute_url()
    edit = reverse("admin:consulting_savedfilter_edit", args=[saved.public_id])
    assert str(tag.public_id) in browser.get(opened).headers["Location"]
    other = sign_in("other_advisor")
    assert other.get(opened).status_code == 404
    assert browser.post(edit, {"name": "Messen 2026", "is_shared": "on"}).status_code == 302
    assert other.get(opened).status_code == 302
    assert "Messen 2026" in other.get(queues.BY_NAME["new"].url).content.decode()
    assert other.post(edit, {"delete": ""}).status_code == 404
    assert sign_in("operator").get(opened).status_code == 403
    # What it names is gone, or was never valid: the rest still works.
    Tag.objects.all().delete()
    SavedFilter.objects.update(queue="früher", values={"tag": str(tag.public_id), "topic": 7})
    assert browser.get(opened, follow=True).status_code == 200
    SavedFilter.objects.update(values=["kaputt"])
    assert browser.get(opened, follow=True).status_code == 200
    with pytest.raises(PermissionDenied):
        services.delete_filter(filter_id=saved.pk, actor=world.lead)
    assert browser.post(edit, {"delete": ""}).status_code == 302
    assert not SavedFilter.objects.exists()


def test_a_name_is_used_once(world, sign_in):
    for name in ("Eins", "Zwei"):
        services.save_filter(
            actor=world.advisor, name=name, queue="open", values={}, is_shared=False
        )
    saved = SavedFilter.objects.get(name="Zwei")
    edit = reverse("admin:consulting_savedfilter_edit", args=[saved.public_id])
    assert sign_in("advisor").post(edit, {"name": "Eins"}).status_code == 422
    with pytest.raises(PermissionDenied):
        services.save_filter(
            actor=world.requester, name="A", queue="open", values={}, is_shared=False
        )
