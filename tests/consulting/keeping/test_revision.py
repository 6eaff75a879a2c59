"""The right of the Revision: given by two, read only, recorded, over by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from consulting import permissions, services
from consulting.enums import Accessed, CaseState, GrantPeriod, MessageKind, ProcedureState, Topic
from consulting.models import AccessRecord, CaseMessage, ConsultingRequest, RevisionGrant
from osk_portal.accounts.models import User
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.consulting.conftest import World
from tests.factories import UserFactory, staff

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
REASON = "Prüfung der Beratungen, Auftrag vom 2. November"
NOTE = "Interner Vermerk für die Revision"


@pytest.fixture
def auditor(db: None) -> User:
    person = UserFactory(name="Revi Sion")
    TOTP.activate(person, generate_totp_secret())
    return person


@pytest.fixture
def browser(auditor: User) -> Client:
    """Signed in with the second factor."""
    client = Client()
    client.force_login(auditor, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session["second_factor_of"] = auditor.pk
    session.save()
    return client


@pytest.fixture
def secret(world: World, disk: Path) -> ConsultingRequest:
    """A confidential case with an internal note and an internal file."""
    case = world.case(
        CaseState.IN_PROGRESS, title="Geheimer Titel", topics=[Topic.PROCUREMENT],
        procedure_state=ProcedureState.RUNNING,
    )  # fmt: skip
    CaseMessage.objects.create(
        case=case, author=world.advisor, by_osk=True, is_internal=True, body=NOTE,
        kind=MessageKind.NOTE,
    )  # fmt: skip
    services.add_file(
        case_id=case.pk, actor=world.advisor, name="intern.txt", data=b"abc", is_internal=True
    )
    return case


def propose(world: World, person: User, *cases: ConsultingRequest, **fields: Any) -> RevisionGrant:
    today = portal_clock.today()
    return services.propose_grant(
        **{
            "actor": world.lead, "person": person, "reason": REASON, "valid_from": today,
            "valid_until": today + timedelta(days=30), "cases": cases, **fields,
        }
    )  # fmt: skip


def granted(world: World, person: User, *cases: ConsultingRequest, **fields: Any) -> RevisionGrant:
    grant = propose(world, person, *cases, **fields)
    return services.confirm_grant(grant_id=grant.pk, actor=world.operator)


def pages(case: ConsultingRequest) -> dict[str, str]:
    """The addresses of the Revision, by what they record."""
    file = case.files.get()
    return {
        Accessed.LIST: reverse("revision:case_list"),
        Accessed.CASE: reverse("revision:case_detail", args=[case.public_id]),
        Accessed.RECORD: reverse("revision:case_record", args=[case.public_id]),
        Accessed.FILE: reverse("revision:case_file", args=[case.public_id, file.public_id]),
        Accessed.PROOFS: reverse("revision:proof_list"),
        Accessed.REPORT: reverse("revision:retention_report"),
    }


ROLES = (
    "requester", "writer", "reader", "manager", "stranger", "advisor", "lead", "operator",
)  # fmt: skip


def test_without_a_right_every_page_is_404_for_every_role(
    secret: ConsultingRequest, world: World, auditor: User, signed_in: Browser
) -> None:
    people = [world.person(role) for role in ROLES] + [auditor]
    for person in people:
        client = signed_in(person)
        for address in pages(secret).values():
            assert client.get(address).status_code == 404, (person, address)
    for address in pages(secret).values():
        assert "/konto/" in Client().get(address)["Location"]
    assert not AccessRecord.objects.exists()


def test_with_a_right_each_page_is_read_and_each_access_recorded(
    secret: ConsultingRequest, world: World, auditor: User, browser: Client
) -> None:
    other = world.case(CaseState.IN_PROGRESS)
    draft = world.case(CaseState.DRAFT)
    grant = granted(world, auditor, secret)

    for what, address in pages(secret).items():
        response = browser.get(address)
        assert response.status_code == 200, address
        assert b"".join(response) if response.streaming else response.content
        assert "no-store" in response["Cache-Control"]
        row = AccessRecord.objects.first()
        assert row is not None
        assert (row.what, row.person, row.grant) == (what, auditor, grant)
        about_case = what in (Accessed.CASE, Accessed.RECORD, Accessed.FILE)
        assert row.case == (secret if about_case else None)
    assert AccessRecord.objects.count() == 6
    page = browser.get(pages(secret)[Accessed.CASE]).content.decode()
    for word in (NOTE, "Geheimer Titel", "intern.txt", "Vertraulich"):
        assert word in page
    assert "<form" not in page.split("<main")[1].split("</main>")[0]
    assert "/admin/" not in page
    for case in (other, draft):
        address = reverse("revision:case_detail", args=[case.public_id])
        assert browser.get(address).status_code == 404
    assert str(other.reference) not in browser.get(reverse("revision:case_list")).content.decode()


def test_a_right_changes_nothing_and_opens_no_other_page(
    secret: ConsultingRequest, world: World, auditor: User, browser: Client
) -> None:
    granted(world, auditor, secret)
    auditor = User.objects.get(pk=auditor.pk)
    assert not permissions.may_read(auditor, secret)
    assert not permissions.allowed_actions(auditor, secret)
    assert not ConsultingRequest.objects.visible_to(auditor).exists()
    for address in pages(secret).values():
        assert browser.post(address).status_code in (403, 404, 405), address
    before = (secret.messages.count(), secret.events.count())
    names = (
        "request_detail", "request_reply", "request_message", "request_close", "request_withdraw",
        "request_record", "request_full_record", "request_sharing", "request_take_over",
        "request_retention", "request_filed", "request_hold",
    )  # fmt: skip
    for name in names:
        address = reverse(f"consulting:{name}", args=[secret.public_id])
        assert browser.post(address, {"text": "x", "reason": "x"}).status_code in (404, 405), name
        assert browser.get(address).status_code in (404, 405), name
    file = reverse("consulting:file_download", args=[secret.files.get().public_id])
    assert browser.get(file).status_code == 404
    staff_page = reverse("admin:consulting_consultingrequest_case", args=[secret.public_id])
    assert browser.get(staff_page).status_code in (302, 403)
    assert (secret.messages.count(), secret.events.count()) == before
    assert "Geheimer Titel" not in browser.get("/suche/?q=Geheimer").content.decode()


def test_a_second_factor_is_needed(
    secret: ConsultingRequest, world: World, auditor: User, signed_in: Browser
) -> None:
    granted(world, auditor, secret)
    for address in pages(secret).values():
        assert "2fa" in signed_in(auditor).get(address)["Location"]
    auditor.authenticator_set.all().delete()
    assert signed_in(auditor).get(pages(secret)[Accessed.CASE]).status_code == 302
    assert not AccessRecord.objects.exists()


def test_it_counts_from_the_confirmation_and_ends_by_itself_or_early(
    secret: ConsultingRequest, world: World, auditor: User, browser: Client, clock: Any
) -> None:
    address = pages(secret)[Accessed.CASE]
    start = clock.move_to(portal_clock.now())
    grant = propose(world, auditor, secret)
    assert browser.get(address).status_code == 404  # proposed only
    services.confirm_grant(grant_id=grant.pk, actor=world.operator)
    assert browser.get(address).status_code == 200
    tasks = browser.get(reverse("pages:my_area")).content.decode()
    assert "Zu den Anfragen" in tasks
    later = granted(world, auditor, secret, valid_from=portal_clock.today() + timedelta(days=40),
                    valid_until=portal_clock.today() + timedelta(days=50))  # fmt: skip
    for days, status in ((30, 200), (31, 404), (40, 200), (50, 200), (51, 404)):
        clock.move_to(start + timedelta(days=days))
        # A sign-in lasts hours; here only the right is asked about.
        again = Client()
        again.force_login(auditor, backend="django.contrib.auth.backends.ModelBackend")
        session = again.session
        session["second_factor_of"] = auditor.pk
        session.save()
        assert again.get(address).status_code == status, days
    clock.move_to(start)
    services.end_grant(grant_id=grant.pk, actor=world.operator)
    services.end_grant(grant_id=later.pk, actor=world.lead)
    services.end_grant(grant_id=later.pk, actor=world.operator)
    later.refresh_from_db()
    assert later.ended_by == world.lead
    assert browser.get(address).status_code == 404
    assert "Zu den Anfragen" not in browser.get(reverse("pages:my_area")).content.decode()


@pytest.mark.parametrize("by", list(GrantPeriod))
def test_a_period_takes_its_days_in_and_no_more(
    world: World, auditor: User, browser: Client, clock: Any, by: GrantPeriod
) -> None:
    now = clock.move_to(portal_clock.now())
    cases = {}
    for days in (0, 10, 20, 21):
        clock.move_to(now - timedelta(days=days))
        cases[days] = world.case(CaseState.CLOSED)
    clock.move_to(now)
    world.case(CaseState.DRAFT)
    today = portal_clock.today()
    granted(
        world, auditor, period_of=by, period_from=today - timedelta(days=20),
        period_until=today - timedelta(days=10),
    )  # fmt: skip
    rows = browser.get(reverse("revision:case_list")).context["rows"]
    assert {case.pk for case, _standing in rows} == {cases[10].pk, cases[20].pk}


def test_two_people_of_the_two_sides_give_it(world: World, auditor: User) -> None:
    case = world.case(CaseState.CLOSED)
    both = staff("lead", name="Lea Doppel")
    both.groups.add(*world.operator.groups.all())
    for role in ("requester", "manager", "stranger", "advisor"):
        with pytest.raises(PermissionDenied):
            propose(world, auditor, case, actor=world.person(role))
    for person in (world.advisor, world.operator, world.lead):
        with pytest.raises(TransitionNotAllowed):
            propose(world, person, case)
    today = portal_clock.today()
    for wrong in (
        {"valid_until": today - timedelta(days=1)},
        {"valid_until": today + timedelta(days=367)},
        {"cases": ()},
        {"cases": (world.case(CaseState.DRAFT),)},
    ):
        with pytest.raises(TransitionNotAllowed):
            propose(world, auditor, case, **wrong)
    grant = propose(world, auditor, case)
    assert propose(world, auditor, case).pk == grant.pk  # sent twice
    assert {m.user for m in OutgoingMail.objects.filter(kind="consulting.grant_proposed")} == {
        world.operator, both,
    }  # fmt: skip
    for actor in (world.lead, staff("lead"), world.advisor, auditor):
        with pytest.raises(PermissionDenied):
            services.confirm_grant(grant_id=grant.pk, actor=User.objects.get(pk=actor.pk))
    for _ in range(2):
        services.confirm_grant(grant_id=grant.pk, actor=world.operator)
    assert OutgoingMail.objects.filter(kind="consulting.grant_confirmed", user=auditor).count() == 1
    own = propose(world, auditor, case, actor=both, reason="Andere Prüfung")
    with pytest.raises(PermissionDenied):
        services.confirm_grant(grant_id=own.pk, actor=both)
    by_operator = propose(world, auditor, case, actor=world.operator, reason="Dritte Prüfung")
    services.confirm_grant(grant_id=by_operator.pk, actor=world.lead)
    services.end_grant(grant_id=own.pk, actor=world.operator)
    with pytest.raises(TransitionNotAllowed):
        services.confirm_grant(grant_id=own.pk, actor=world.operator)


def test_the_pages_of_the_staff_area(
    world: World, auditor: User, signed_in: Browser, secret: ConsultingRequest
) -> None:
    new = reverse("admin:consulting_revisiongrant_new")
    today = portal_clock.today()
    form = {
        "person": f" {auditor.email.upper()} ", "reason": REASON, "valid_from": today.isoformat(),
        "valid_until": (today + timedelta(days=9)).isoformat(),
        "references": f"{secret.reference}; {secret.reference}",
    }  # fmt: skip
    lead, operator = signed_in(world.lead), signed_in(world.operator)
    for role in ("advisor", "requester"):
        assert signed_in(world.person(role)).get(new).status_code in (302, 403)
        assert signed_in(world.person(role)).post(new, form).status_code in (302, 403)
    for wrong, said in (
        ({"person": "niemand@example.org"}, "kein Konto"),
        ({"references": "OSK-2020-99999"}, "OSK-2020-99999"),
        ({"references": "'; DROP TABLE"}, "DROP"),
        ({"references": ""}, "einen Zeitraum"),
        ({"period_of": "closed"}, "ersten und letzten Tag"),
    ):
        answer = lead.post(new, {**form, **wrong})
        assert answer.status_code == 422, wrong
        assert said in answer.content.decode()
        assert REASON in answer.content.decode()
    assert lead.post(new, {**form, "person": world.advisor.email}).status_code == 409
    address = lead.post(new, form)["Location"]
    assert lead.post(new, form)["Location"] == address
    assert "Recht bestätigen" not in lead.get(address).content.decode()
    assert lead.post(f"{address}confirm/").status_code == 403
    assert operator.get(f"{address}confirm/").status_code == 405
    page = operator.get(address).content.decode()
    assert "Recht bestätigen" in page
    assert "Geheimer" not in page
    assert operator.post(f"{address}confirm/").status_code == 302
    grant = RevisionGrant.objects.get()
    services.open_as_revision(actor=auditor, what=Accessed.CASE, case=secret)
    assert "Anfrage mit Notizen" in lead.get(address).content.decode()
    assert "Anfrage mit Notizen" not in operator.get(address).content.decode()
    accesses = reverse("admin:consulting_accessrecord_changelist")
    found = lead.get(accesses, {"grant__id__exact": grant.pk})
    assert "Revi Sion" in found.content.decode()
    for role in ("advisor", "operator"):
        assert signed_in(world.person(role)).get(accesses).status_code == 403
    row = AccessRecord.objects.get()
    assert lead.post(f"{accesses}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert lead.get(reverse("admin:consulting_revisiongrant_changelist")).status_code == 200
    assert lead.post(f"{address}end/").status_code == 302
    with pytest.raises(RevisionGrant.DoesNotExist):
        services.open_as_revision(actor=auditor, what=Accessed.CASE, case=secret)


def test_the_list_needs_the_same_queries_for_one_and_three(
    world: World, auditor: User, browser: Client, django_assert_max_num_queries: Any
) -> None:
    cases = [world.case(CaseState.CLOSED)]
    granted(world, auditor, *cases)
    with django_assert_max_num_queries(20) as one:
        browser.get(reverse("revision:case_list"))
    RevisionGrant.objects.get().cases.add(world.case(), world.case(CaseState.DECLINED))
    with django_assert_max_num_queries(len(one)):
        assert len(browser.get(reverse("revision:case_list")).context["rows"]) == 3
