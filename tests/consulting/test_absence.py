"""An advisor is away: the deputy acts and is told, the requester knows, and nothing is kept afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from consulting import permissions, queues, services
from consulting.enums import CaseAction, CaseState
from consulting.models import Absence, ConsultingRequest
from consulting.services.absence import forget_absences
from osk_portal import portal
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.queue_numbers import numbers
from tests.consulting.staff.conftest import send, sign_in  # noqa: F401 # fixtures

S = CaseState
URL = reverse("admin:consulting_absence")


def away(world, first: int = 0, last: int = 5) -> Absence:
    today = clock.today()
    return Absence.objects.create(
        user=world.advisor,
        deputy=world.other_advisor,
        starts_on=today + timedelta(days=first),
        ends_on=today + timedelta(days=last),
    )


def fresh(case: ConsultingRequest) -> ConsultingRequest:
    return ConsultingRequest.objects.get(pk=case.pk)


@pytest.mark.parametrize(("first", "last", "acts"), [(0, 0, True), (-3, 2, True), (1, 4, False)])
def test_the_deputy_acts_while_the_absence_lasts(world, first, last, acts):
    case = world.case(S.IN_PROGRESS)
    assert not permissions.is_assignee(world.other_advisor, fresh(case))
    away(world, first, last)
    assert permissions.is_assignee(world.other_advisor, fresh(case)) is acts
    assert permissions.is_assignee(world.advisor, fresh(case))
    assert not permissions.is_assignee(world.person("operator"), fresh(case))
    is_mine = queues.cases_in(queues.BY_NAME["mine"], world.other_advisor).filter(pk=case.pk)
    assert is_mine.exists() is acts
    assert numbers(world.other_advisor)["mine"] == acts
    allowed = permissions.may(world.other_advisor, CaseAction.INVOLVE_PARTNER, fresh(case))
    assert allowed is acts
    if acts:
        event = services.return_to_queue(
            case_id=case.pk, actor=world.person("other_advisor"), reason="Übergabe"
        )
        assert event.actor == world.other_advisor
        assert fresh(case).assignee is None


def test_the_deputy_is_told_and_nobody_else(world):
    case = world.case(S.IN_PROGRESS)
    away(world)
    services.add_message(case_id=case.pk, actor=world.requester, text="Hallo")
    told = set(OutgoingMail.objects.values_list("address", flat=True))
    assert {world.advisor.email, world.other_advisor.email} <= told
    assert world.lead.email not in told


def test_the_pages_say_it(world, sign_in):  # noqa: F811 # fixture
    case = world.case(S.IN_PROGRESS)
    away(world)
    row = sign_in("other_advisor").get(queues.BY_NAME["mine"].url).content.decode()
    assert f"in Vertretung für {world.advisor}" in row
    for page in (
        sign_in("requester").get(case.get_absolute_url()).content.decode(),
        sign_in("lead").get(queues.case_url(case)).content.decode(),
    ):
        assert str(world.other_advisor) in page
    Absence.objects.update(
        ends_on=clock.today() - timedelta(days=1), starts_on=clock.today() - timedelta(days=9)
    )
    page = sign_in("requester").get(case.get_absolute_url()).content.decode()
    assert str(world.other_advisor) not in page


def test_ladder_and_form(world, sign_in):  # noqa: F811 # fixture
    today = clock.today()
    typed = {
        "starts_on": today.isoformat(),
        "ends_on": (today + timedelta(days=3)).isoformat(),
        "deputy": str(world.other_advisor.public_id),
    }
    for role in ("visitor", "requester", "operator"):
        assert sign_in(role).post(URL, typed).status_code in (302, 403, 404)
    assert not Absence.objects.exists()
    browser = sign_in("advisor")
    assert browser.get(URL).status_code == 200
    assert browser.delete(URL).status_code == 405
    wrong = [
        {**typed, "deputy": str(world.advisor.public_id)}, {**typed, "deputy": str(world.operator.public_id)},
        {**typed, "deputy": "x\x00"}, {**typed, "ends_on": "morgen"}, {},
        {**typed, "ends_on": (today - timedelta(days=1)).isoformat()},
    ]  # fmt: skip
    for faulty in wrong:
        assert browser.post(URL, faulty).status_code == 422
    assert browser.post(URL, typed).status_code == 302
    assert browser.post(URL, typed).status_code == 302
    absence = Absence.objects.get()
    assert (absence.user, absence.deputy) == (world.advisor, world.other_advisor)
    mail = OutgoingMail.objects.get()
    assert (mail.address, str(world.advisor) in mail.subject) == (world.other_advisor.email, True)
    guard = {guard.key: guard for guard in portal.mail_guards}["consulting"]
    key = str(world.advisor.public_id)
    assert guard.still_allowed(world.other_advisor.pk, "consulting.staff_deputy", key)
    assert not guard.still_allowed(world.lead.pk, "consulting.staff_deputy", key)
    # Two do not stand in for each other, and the colleagues see who is away.
    back = {**typed, "deputy": str(world.advisor.public_id)}
    assert sign_in("other_advisor").post(URL, back).status_code == 422
    assert str(world.advisor) in sign_in("lead").get(URL).content.decode()
    assert browser.post(URL, {"end": ""}).status_code == 302
    assert not Absence.objects.exists()


def test_the_service_refuses_what_the_form_does(world):
    today = clock.today()
    days = {"starts_on": today, "ends_on": today}
    with pytest.raises(PermissionDenied):
        services.set_absence(actor=world.requester, deputy=world.advisor, **days)
    with pytest.raises(PermissionDenied):
        services.end_absence(actor=world.requester)
    for deputy in (world.requester, world.operator, world.advisor):
        with pytest.raises(TransitionNotAllowed):
            services.set_absence(actor=world.advisor, deputy=deputy, **days)


def test_nothing_is_kept(world):
    absence = away(world)
    assert forget_absences() == 0
    Absence.objects.filter(pk=absence.pk).update(
        starts_on=clock.today() - timedelta(days=3), ends_on=clock.today() - timedelta(days=1)
    )
    assert forget_absences() == 1
    assert not Absence.objects.exists()


def test_assigning_to_somebody_absent_warns_once(world, sign_in, send):  # noqa: F811 # fixtures
    case = world.case(S.TRIAGE)
    away(world)
    lead = sign_in("lead")
    typed = {"assignee": str(world.advisor.public_id)}
    response = send(lead, case, "assign", **typed)
    assert response.status_code == 200
    assert str(world.other_advisor) in str(response.context["form"].errors["assignee"])
    assert 'name="anyway"' in response.content.decode()
    assert fresh(case).assignee is None
    bulk = reverse("admin:consulting_consultingrequest_queue_bulk", args=["open"])
    ticked = {"case": f"{case.public_id}:{fresh(case).version}", "step": "assign", **typed}
    response = lead.post(bulk, ticked)
    assert response.status_code == 422
    assert 'name="anyway"' in response.content.decode()
    # Returning and labelling name nobody: no warning.
    assert lead.post(bulk, {**ticked, "step": "tag", "tag": "Eilig"}).status_code == 302
    assert send(lead, case, "assign", anyway="on", **typed).status_code == 302
    assert fresh(case).assignee == world.advisor


def test_the_lead_enters_it_for_somebody_who_is_ill(world, sign_in):  # noqa: F811 # fixture
    url = reverse("admin:consulting_absence_other")
    today = clock.today()
    typed = {
        "person": str(world.advisor.public_id),
        "starts_on": today.isoformat(),
        "ends_on": (today + timedelta(days=3)).isoformat(),
        "deputy": str(world.other_advisor.public_id),
    }
    for role in ("visitor", "requester", "operator"):
        assert sign_in(role).post(url, typed).status_code in (302, 403, 404)
    for name in ("advisor", "other_advisor"):
        assert sign_in(name).get(url).status_code == 403
        assert sign_in(name).post(url, typed).status_code == 403
        assert url not in sign_in(name).get(URL).content.decode()
    assert not Absence.objects.exists()
    browser = sign_in("lead")
    assert url in browser.get(URL).content.decode()
    assert browser.delete(url).status_code == 405
    wrong = [
        {}, {**typed, "person": ""}, {**typed, "person": str(world.operator.public_id)},
        {**typed, "person": str(world.lead.public_id)}, {**typed, "deputy": typed["person"]},
        {**typed, "person": "x\x00"}, {**typed, "ends_on": (today - timedelta(days=1)).isoformat()},
    ]  # fmt: skip
    for faulty in wrong:
        response = browser.post(url, faulty)
        assert response.status_code == 422, faulty
        assert "<title>Fehler: " in response.content.decode()
    for _twice in range(2):
        assert browser.post(url, typed).status_code == 302
    absence = Absence.objects.get()
    assert (absence.user, absence.deputy, absence.entered_by) == (
        world.advisor,
        world.other_advisor,
        world.lead,
    )
    mails = OutgoingMail.objects.order_by("pk")
    assert [mail.user for mail in mails] == [world.other_advisor, world.advisor]
    assert str(world.lead) in mails[1].text
    guard = {guard.key: guard for guard in portal.mail_guards}["consulting"]
    key = str(world.advisor.public_id)
    assert guard.still_allowed(world.advisor.pk, "consulting.staff_absent", key)
    assert not guard.still_allowed(world.lead.pk, "consulting.staff_absent", key)
    assert str(world.lead) in sign_in("advisor").get(URL).content.decode()
    # Who stands in for somebody cannot be away: said in words about that person.
    back = {**typed, "person": typed["deputy"], "deputy": typed["person"]}
    assert browser.post(url, back).status_code == 422
    stands_in = {**back, "deputy": str(world.lead.public_id)}
    page = browser.post(url, stands_in).content.decode()
    assert f"vertritt {world.other_advisor} schon {world.advisor}" in page
    # The person changes it: then it is the person's own.
    own = {name: typed[name] for name in ("starts_on", "ends_on", "deputy")}
    assert sign_in("advisor").post(URL, own).status_code == 302
    assert Absence.objects.get().entered_by is None
    # Shown are the present one and one to come, never a past one.
    assert 'name="end"' in browser.get(url).content.decode()
    Absence.objects.update(starts_on=today - timedelta(days=9), ends_on=today - timedelta(days=1))
    assert 'name="end"' not in browser.get(url).content.decode()
    for nonsense in ("", "x", str(world.operator.public_id)):
        assert browser.post(url, {"end": nonsense}).status_code == 302
    assert Absence.objects.exists()
    for _twice in range(2):
        assert browser.post(url, {"end": key}).status_code == 302
    assert not Absence.objects.exists()


def test_only_a_lead_enters_it_for_others(world):
    days = {"starts_on": clock.today(), "ends_on": clock.today()}
    for actor, person in (
        (world.advisor, world.other_advisor),
        (world.operator, world.advisor),
        (world.lead, world.operator),
        (world.lead, world.requester),
    ):
        with pytest.raises(PermissionDenied):
            services.set_absence(actor=actor, person=person, deputy=world.lead, **days)
        with pytest.raises(PermissionDenied):
            services.end_absence(actor=actor, person=person)
