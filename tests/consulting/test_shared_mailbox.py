"""The Funktionspostfach: confirmed before it is used, and never told what not every member may read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from consulting import services, shared_copies
from consulting.enums import CaseState, Topic, Visibility
from consulting.models import ConsultingRequest
from consulting.portal import _may_still_read
from network import mailbox
from network.models import OrganisationEvent, SharedMailbox
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World
from tests.consulting.views.conftest import signed_in  # noqa: F401 # a fixture

pytestmark = pytest.mark.django_db
ADDRESS = "post@amt.example"
BOTH = ["question", "answer"]


def confirmed(world: World) -> SharedMailbox:
    return SharedMailbox.objects.create(
        organisation=world.authority, address=ADDRESS, kinds=BOTH, confirmed_at=clock.now()
    )


def ask(case: ConsultingRequest, world: World) -> None:
    services.ask_back(
        case_id=case.pk,
        actor=world.advisor,
        question="Geheime Frage?",
        reply_by=clock.today() + timedelta(days=20),
    )


def copies() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind=shared_copies.KIND))


def test_named_by_a_manager_and_confirmed_by_the_link(world: World, signed_in) -> None:  # noqa: F811 # a fixture
    page = f"/netzwerk/{world.authority.slug}/postfach/"
    assert "/konto/" in Client().get(page).url
    for role, status in (("colleague", 403), ("stranger", 404), ("advisor", 404), ("lead", 404)):
        assert signed_in(world.person(role)).get(page).status_code == status
        assert signed_in(world.person(role)).post(page, {"address": ADDRESS}).status_code == status
    browser = signed_in(world.manager)
    assert "E-Mail-Adresse" in browser.post(page, {"address": "unsinn"}).content.decode()
    assert not SharedMailbox.objects.exists()

    for _ in range(2):
        assert browser.post(page, {"address": ADDRESS, "kinds": BOTH}).url == page

    box = SharedMailbox.objects.get()
    assert (box.address, box.kinds, box.confirmed_at) == (ADDRESS, sorted(BOTH), None)
    assert OutgoingMail.objects.get(kind="network.mailbox_confirm").address == ADDRESS
    with pytest.raises(TransitionNotAllowed):
        mailbox.set_mailbox(
            organisation=world.authority, actor=world.manager, address="x@y.example", kinds=[]
        )
    link = f"/netzwerk/postfach/{mailbox.token_of(box)}/"
    assert ADDRESS in Client().get(link).content.decode()
    box.refresh_from_db()
    assert box.confirmed_at is None
    for _ in range(2):
        assert "bestätigt" in Client().post(link).content.decode()
    assert Client().post(link.replace("postfach/", "postfach/x")).status_code == 404
    kinds = OrganisationEvent.objects.filter(organisation=world.authority)
    assert list(kinds.values_list("kind", flat=True)) == ["mailbox_set", "mailbox_confirmed"]

    SharedMailbox.objects.update(asked_at=clock.now() - timedelta(hours=1))
    browser.post(page, {"address": "neu@amt.example", "kinds": BOTH})
    assert Client().post(link).status_code == 404
    box.refresh_from_db()
    assert (box.address, box.confirmed_at) == ("neu@amt.example", None)
    browser.post(page, {"address": ""})
    assert not SharedMailbox.objects.exists()
    with pytest.raises(PermissionDenied):
        mailbox.set_mailbox(
            organisation=world.authority, actor=world.colleague, address=ADDRESS, kinds=[]
        )


def test_a_copy_of_what_all_may_read(world: World) -> None:
    box = confirmed(world)
    case = world.case(CaseState.IN_PROGRESS, title="Formulare", visibility=Visibility.ORGANISATION)
    services.add_message(case_id=case.pk, actor=world.advisor, text="Hallo")
    assert copies() == []

    ask(case, world)

    [mail] = copies()
    assert (mail.address, mail.user, mail.reply_to) == (ADDRESS, None, "")
    assert str(case.reference) in mail.subject
    assert "Formulare" in mail.body
    assert "Geheime Frage" not in mail.body
    key = str(case.public_id)
    assert _may_still_read(0, shared_copies.KIND, key)
    ConsultingRequest.objects.filter(pk=case.pk).update(visibility=Visibility.ONLY_ME)
    assert not _may_still_read(0, shared_copies.KIND, key)
    ConsultingRequest.objects.filter(pk=case.pk).update(visibility=Visibility.ORGANISATION)
    box.delete()
    assert not _may_still_read(0, shared_copies.KIND, key)


@pytest.mark.parametrize(
    ("fields", "box"),
    [
        ({"visibility": Visibility.ONLY_ME}, {}),
        ({"visibility": Visibility.SELECTED}, {}),
        ({"topics": [Topic.PROCUREMENT]}, {}),
        ({}, {"confirmed_at": None}),
        ({}, {"kinds": ["answer"]}),
    ],
)
def test_no_copy_of_anything_else(world: World, fields: dict, box: dict) -> None:
    confirmed(world)
    SharedMailbox.objects.update(**box)
    case = world.case(CaseState.IN_PROGRESS, **{"visibility": Visibility.ORGANISATION, **fields})

    ask(case, world)

    assert copies() == []
