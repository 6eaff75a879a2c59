"""Two cases about the same: linked for the OSK; merged only once both sides have agreed."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from consulting import queues, services
from consulting.enums import CaseState, MergeConsent, RelationState, Topic, Visibility
from consulting.models import CaseRelation, ConsultingRequest, Participant, RelationSide
from network.enums import MembershipState
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(
        User.objects.get(pk=user.pk), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


@pytest.fixture
def case(world: World) -> ConsultingRequest:
    """Of the colleague, who may not read the other one."""
    found = world.case(
        CaseState.TRIAGE, author=world.colleague, deputy=None, title="Geheimtitel eins"
    )
    found.participants.all().delete()
    return found


@pytest.fixture
def target(world: World) -> ConsultingRequest:
    return world.case(CaseState.IN_PROGRESS, title="Geheimtitel zwei", topics=[Topic.PROCUREMENT])


def relate(world: World, case: ConsultingRequest, target: ConsultingRequest) -> CaseRelation:
    return services.relate_cases(case_id=case.pk, other_id=target.pk, actor=world.advisor)


def side_of(case: ConsultingRequest) -> RelationSide:
    return RelationSide.objects.filter(case=case).latest("pk")


def answer(user: User, side: RelationSide, what: str) -> HttpResponse:
    url = reverse("consulting:merge_answer", args=[side.public_id])
    return signed_in(user).post(url, {"answer": what})


def merge(world: World, case: ConsultingRequest, target: ConsultingRequest) -> HttpResponse:
    case.refresh_from_db()
    return signed_in(world.advisor).post(
        queues.step_url(case, "merge"), {"version": case.version, "target": target.reference}
    )


def test_merging_is_refused_offers_the_question_and_follows_both_consents(
    world: World, case: ConsultingRequest, target: ConsultingRequest
) -> None:
    page = merge(world, case, target).content.decode()
    assert "Beide Seiten fragen und verknüpfen" in page
    address = reverse(
        "admin:consulting_consultingrequest_relate", args=[case.public_id, target.public_id]
    )
    assert address in page

    for _ in range(2):
        assert signed_in(world.advisor).post(address).status_code == 302
    relation = CaseRelation.objects.get()
    assert (relation.state, relation.by) == (RelationState.ASKED, world.advisor)
    asked = OutgoingMail.objects.filter(kind="consulting.merge_asked")
    assert asked.filter(user=world.colleague).count() == 1
    assert set(asked.exclude(user=world.colleague).values_list("user", flat=True)) == {
        world.requester.pk, world.deputy.pk, world.writer.pk,
    }  # fmt: skip

    for one, other in ((case, target), (target, case)):
        said = signed_in(one.author).get(side_of(one).get_absolute_url()).content.decode()
        said += (
            " ".join(m.subject + m.body for m in asked.filter(subject_key=str(one.public_id)))
            + signed_in(one.author).get(one.get_absolute_url()).content.decode()
        )
        for secret in (other.title, other.reference, str(other.author), str(relation.public_id)):
            assert secret not in said
        assert side_of(one).get_absolute_url() in said
        shown = signed_in(world.advisor).get(queues.case_url(one)).content.decode()
        assert "Verknüpft mit" in shown
        assert other.reference in shown
    assert "Geheimtitel zwei" not in "".join(m.body for m in asked)  # confidential

    assert answer(world.colleague, side_of(case), "agree").status_code == 302
    assert merge(world, case, target).status_code == 200
    for _ in range(2):
        answer(world.deputy, side_of(target), "agree")
    relation.refresh_from_db()
    assert relation.state == RelationState.AGREED
    assert OutgoingMail.objects.filter(kind="consulting.staff_merge").count() == 1
    assert merge(world, case, target).status_code == 302

    case.refresh_from_db()
    relation.refresh_from_db()
    assert (case.state, case.duplicate_of) == (CaseState.DUPLICATE, target)
    assert relation.ended_at is not None
    assert Participant.objects.get(case=target, user=world.colleague).may_write
    assert not OutgoingMail.objects.filter(kind="consulting.merge_over").exists()
    assert signed_in(world.colleague).get(target.get_absolute_url()).status_code == 200
    services.undo(case_id=case.pk, actor=world.lead, reason="Irrtum")
    assert signed_in(world.colleague).get(target.get_absolute_url()).status_code == 404
    assert merge(world, case, target).status_code == 200  # the consent was for that one time


def test_who_may_answer(world: World, case: ConsultingRequest, target: ConsultingRequest) -> None:
    relate(world, case, target)
    side = side_of(target)
    wanted = {
        "stranger": 404, "colleague": 404, "manager": 404, "advisor": 404, "reader": 403,
        "requester": 200, "writer": 200, "deputy": 200,
    }  # fmt: skip
    for role, status in wanted.items():
        person = world.person(role)
        assert signed_in(person).get(side.get_absolute_url()).status_code == status, role
        if status != 200:
            assert answer(person, side, "agree").status_code == status, role
    url = reverse("consulting:merge_answer", args=[side.public_id])
    assert Client().post(url).status_code in (302, 403)
    assert signed_in(world.requester).get(url).status_code == 405
    assert answer(world.requester, side, "vielleicht").status_code == 400
    side.refresh_from_db()
    assert side.state == MergeConsent.ASKED
    with pytest.raises(PermissionDenied):
        services.agree_to_merging(side_id=side.pk, actor=world.colleague)
    with pytest.raises(PermissionDenied):
        services.relate_cases(case_id=case.pk, other_id=target.pk, actor=world.requester)


def test_who_refuses_is_asked_no_more_and_the_other_hears_nothing_but_the_end(
    world: World, case: ConsultingRequest, target: ConsultingRequest
) -> None:
    relation = relate(world, case, target)
    answer(world.colleague, side_of(case), "agree")
    answer(world.colleague, side_of(case), "take-back")
    relation.refresh_from_db()
    assert relation.state == RelationState.ASKED
    answer(world.colleague, side_of(case), "agree")
    answer(world.requester, side_of(target), "refuse")

    relation.refresh_from_db()
    assert (relation.state, relation.ended_at) == (RelationState.REFUSED, None)
    over = OutgoingMail.objects.get(kind="consulting.merge_over")
    assert over.user == world.colleague
    assert target.reference not in over.body
    with pytest.raises(TransitionNotAllowed):
        services.take_back_merging(side_id=side_of(case).pk, actor=world.colleague)
    ending = reverse("admin:consulting_consultingrequest_relation_end", args=[relation.public_id])
    assert signed_in(world.requester).post(ending).status_code in (302, 403)
    for _ in range(2):
        assert signed_in(world.advisor).post(ending).status_code == 302
    assert relate(world, case, target).state == RelationState.LINKED
    assert OutgoingMail.objects.filter(kind="consulting.merge_asked").count() == 4


def test_other_authorities_and_unconfirmed_members_are_linked_only(
    world: World, case: ConsultingRequest, target: ConsultingRequest
) -> None:
    foreign = world.case(
        CaseState.SUBMITTED, author=world.stranger, deputy=None,
        organisation=world.stranger.memberships.get().organisation,
    )  # fmt: skip
    page = merge(world, foreign, target).content.decode()
    assert "verschiedenen Behörden" in page
    assert relate(world, foreign, target).state == RelationState.LINKED
    pending = MembershipFactory(organisation=world.authority, state=MembershipState.PENDING).user
    unconfirmed = world.case(CaseState.TRIAGE, author=pending, deputy=None)
    assert relate(world, unconfirmed, target).state == RelationState.LINKED
    assert not OutgoingMail.objects.filter(kind="consulting.merge_asked").exists()
    for side in RelationSide.objects.filter(case=target):
        assert signed_in(world.requester).get(side.get_absolute_url()).status_code == 404
    ConsultingRequest.objects.filter(pk=target.pk).update(visibility=Visibility.ORGANISATION)
    with pytest.raises(TransitionNotAllowed):
        relate(world, case, target)  # may be merged at once


def test_an_ended_request_takes_the_question_away(
    world: World, case: ConsultingRequest, target: ConsultingRequest
) -> None:
    relate(world, case, target)
    assert RelationSide.objects.to_decide().count() == 2
    services.withdraw(case_id=case.pk, actor=world.colleague)
    assert not RelationSide.objects.to_decide().exists()
    side = side_of(target)
    assert "Sie müssen nichts tun" in (
        signed_in(world.requester).get(side.get_absolute_url()).content.decode()
    )
    answer(world.requester, side, "agree")
    side.refresh_from_db()
    assert side.state == MergeConsent.ASKED


def test_a_reader_writes_while_merged_and_reads_again_after_the_undo(world: World) -> None:
    target = world.case(CaseState.IN_PROGRESS)
    cases = [world.case(CaseState.TRIAGE, author=world.reader, deputy=None) for _ in range(2)]
    for one in cases:
        services.mark_duplicate(case_id=one.pk, actor=world.advisor, target=target)
    row = Participant.objects.get(case=target, user=world.reader)
    assert row.may_write

    services.undo(case_id=cases[0].pk, actor=world.lead, reason="Irrtum")
    row.refresh_from_db()
    assert row.may_write  # the second one still counts
    services.undo(case_id=cases[1].pk, actor=world.lead, reason="Irrtum")
    row.refresh_from_db()
    assert (row.may_write, row.via_duplicate) == (False, None)
