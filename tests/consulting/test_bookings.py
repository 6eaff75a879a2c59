"""Test environments of a case: linked by the OSK or from where they were booked, shown to both sides."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from consulting import case_rows, queues, record, services
from consulting.enums import CaseEventKind, CaseState
from consulting.models import ConsultingRequest
from osk_portal.toolkit import clock
from sandbox.models import Booking
from tests.consulting.conftest import World
from tests.consulting.staff.conftest import sign_in  # noqa: F401 # a fixture
from tests.consulting.views.conftest import signed_in  # noqa: F401 # a fixture
from tests.factories import OrganisationFactory
from tests.sandbox.factories import BookingFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(world: World) -> Booking:
    made: Booking = BookingFactory(
        organisation=world.authority,
        booked_by=world.requester,
        blueprint_version__blueprint__name="Kalender",
    )
    return made


def link_url(case: ConsultingRequest) -> str:
    return reverse("admin:consulting_consultingrequest_booking", args=[case.public_id])


def test_an_advisor_links_and_both_sides_read_it(world, booking, sign_in, signed_in):  # noqa: F811
    case = world.case(CaseState.IN_PROGRESS)
    other = BookingFactory(blueprint_version__blueprint__name="Fremd")
    advisor = sign_in("advisor")
    page = advisor.get(link_url(case)).text
    assert "Kalender" in page
    assert "Fremd" not in page
    assert advisor.post(link_url(case), {"booking": ""}).status_code == 422
    assert advisor.post(link_url(case), {"booking": str(other.public_id)}).status_code == 422
    typed = {"booking": str(booking.public_id)}
    assert advisor.post(link_url(case), typed)["Location"] == queues.case_url(case)

    assert case.events.filter(kind=CaseEventKind.BOOKING_LINKED).count() == 1
    assert "Kalender, " in advisor.get(queues.case_url(case)).text
    own = signed_in(world.requester).get(case.get_absolute_url()).text
    assert booking.get_absolute_url() in own
    # Who may read the case but not the booking's own page gets the words, no way to it.
    along = signed_in(world.reader).get(case.get_absolute_url()).text
    assert "Kalender, " in along
    assert booking.get_absolute_url() not in along
    case_rows.load(case, world.advisor)
    [read] = case.bookings.all()
    assert (read.window, read.product) == (booking.window, "Kalender")
    facts = dict(record._facts(case, clock.today()))
    assert facts["Testumgebungen"].startswith("Kalender, ")

    remove = reverse(
        "admin:consulting_consultingrequest_booking_unlink",
        args=[case.public_id, booking.public_id],
    )
    for _again in range(2):
        assert advisor.post(remove).status_code == 302
    assert case.events.filter(kind=CaseEventKind.BOOKING_UNLINKED).count() == 1
    assert "Kalender, " not in advisor.get(queues.case_url(case)).text


def test_linking_twice_is_once_and_only_what_belongs_together(world, booking):
    case = world.case(CaseState.IN_PROGRESS)
    first = services.link_booking(case_id=case.pk, actor=world.advisor, booking=booking)
    assert first is not None
    assert services.link_booking(case_id=case.pk, actor=world.advisor, booking=booking) is None
    foreign = BookingFactory(organisation=OrganisationFactory())
    for actor, chosen in ((world.requester, booking), (world.advisor, foreign)):
        with pytest.raises(PermissionDenied):
            services.link_booking(case_id=case.pk, actor=actor, booking=chosen)
    with pytest.raises(PermissionDenied):
        services.unlink_booking(case_id=case.pk, actor=world.requester, booking=booking)


def test_strangers_and_wrong_roles(world, booking, sign_in, signed_in):  # noqa: F811
    case = world.case(CaseState.IN_PROGRESS)
    assert signed_in(world.requester).get(link_url(case)).status_code in (302, 403, 404)
    nowhere = reverse("admin:consulting_consultingrequest_booking", args=[uuid4()])
    assert sign_in("advisor").get(nowhere).status_code == 404
    draft = services.create_draft(actor=world.requester, values={"kind": "question"})
    assert sign_in("advisor").get(link_url(draft)).status_code == 404


def test_a_request_remembers_the_environment_it_came_from(world, booking, signed_in):  # noqa: F811
    foreign = BookingFactory()
    browser = signed_in(world.requester)
    start = reverse("consulting:request_start")
    page = browser.get(booking.get_absolute_url()).text
    assert f"{start}?booking={booking.public_id}" in page
    for named, expected in (
        (booking.public_id, [booking]), (foreign.public_id, []), ("x", []), (uuid4(), []),
    ):  # fmt: skip
        form = browser.get(f"{start}?booking={named}").context["form"]
        typed = {"kind": "question", "draft_id": form["draft_id"].value(), "version": 1}
        browser.post(f"{start}?booking={named}", typed)
        draft = ConsultingRequest.objects.drafts().latest("pk")
        assert list(draft.bookings.all()) == expected
        draft.delete()
