"""Test products in the work area: written, tried, published, withdrawn, scanned, blocked."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from osk_portal.notifications.models import Notification
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import portal, prototypes, provisioning, services, spec_text, statistics
from sandbox.backends.base import Health, Permanent
from sandbox.capacity import NoFreeSlot
from sandbox.enums import BlockCause, BookingState, ScanResult
from sandbox.models import Blueprint, BlueprintVersion, Booking
from sandbox.services import blocks, blueprints, participants
from tests.catalog.factories import SolutionFactory
from tests.factories import MembershipFactory, staff
from tests.sandbox.factories import SPEC, BlueprintVersionFactory, SlotFactory
from tests.sandbox.test_capacity import at_once
from tests.sandbox.test_prototypes import IMAGE
from tests.sandbox.world import book, product

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def operator():
    return staff("operator")


def as_user(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def draft(engine):
    """The second version of a bookable product, on a pool with one ordinary place."""
    return BlueprintVersionFactory(
        blueprint=product(name="Radicale"), number=2, published_at=None, spec=changed()
    )


def changed(seconds=61):
    return copy.deepcopy(SPEC) | {"ready_timeout": seconds}


def page(blueprint, step="page", *number):
    return reverse(f"admin:sandbox_blueprint_{step}", args=[blueprint.slug, *number])


def tried(version, operator):
    booking = blueprints.start_trial(version_id=version.pk, actor=operator)
    provisioning.work(booking.environments.get().pk)
    return booking


# Writing


def test_a_draft_is_written_anew_and_a_published_version_is_not(draft, operator):
    blueprint = draft.blueprint
    base = blueprints.digest_of(draft.spec)

    again = blueprints.save_draft(
        blueprint_id=blueprint.pk, actor=operator, data=changed(70), base=base
    )
    assert again == draft
    tried(draft, operator)
    third = blueprints.save_draft(
        blueprint_id=blueprint.pk,
        actor=operator,
        data=changed(80),
        base=blueprints.digest_of(changed(70)),
    )

    assert third.number == 3
    draft.refresh_from_db()
    assert draft.spec == changed(70), "a version that was tried stays as it was tried"
    assert blueprint.published_version().number == 1


def test_the_editor_shows_problems_and_never_loses_the_text(draft, operator):
    client, address = as_user(operator), page(draft.blueprint, "edit")
    assert "ready_timeout: 61" in client.get(address).text

    text = spec_text.write(changed()).replace("port: web", "port: falsch")
    refused = client.post(address, {"base": blueprints.digest_of(draft.spec), "text": text})
    assert refused.status_code == 422
    assert "Zeile" in refused.text
    assert "port: falsch" in refused.text
    huge = client.post(address, {"base": "", "text": "x" * 1_000_000})
    assert huge.status_code == 422
    assert client.post(address, {"base": "", "text": ""}).status_code == 422
    assert BlueprintVersion.objects.get(pk=draft.pk).spec == changed()


def test_who_was_slower_sees_the_difference_and_can_send_again(draft, operator):
    client, address = as_user(operator), page(draft.blueprint, "edit")
    base = blueprints.digest_of(draft.spec)
    mine, other = spec_text.write(changed(90)), spec_text.write(changed(75))
    client.post(address, {"base": base, "text": other})

    late = client.post(address, {"base": base, "text": mine})

    assert late.status_code == 409
    assert "ready_timeout: 90" in late.text
    assert "ready_timeout: 75" in late.text
    draft.refresh_from_db()
    assert draft.spec == changed(75)
    client.post(address, {"base": blueprints.digest_of(changed(75)), "text": mine})
    draft.refresh_from_db()
    assert draft.spec == changed(90)


@pytest.mark.parametrize("step", ["edit", "try", "publish", "withdraw"])
def test_only_operators_write_and_publish(draft, step):
    numbers = () if step == "edit" else (2,)
    address = page(draft.blueprint, step, *numbers)
    assert as_user(staff("advisor")).post(address).status_code == 403
    assert as_user(MembershipFactory().user).post(address).status_code in (302, 403)
    advisor = staff("advisor")
    for call in (
        lambda: blueprints.save_draft(
            blueprint_id=draft.blueprint_id, actor=advisor, data=changed(), base=""
        ),
        lambda: blueprints.start_trial(version_id=draft.pk, actor=advisor),
        lambda: blueprints.publish_version(version_id=draft.pk, actor=advisor),
        lambda: blueprints.withdraw_version(version_id=draft.pk, actor=advisor),
    ):
        with pytest.raises(PermissionDenied):
            call()


@pytest.mark.parametrize("number", ["0", "99", "x", "1" * 30])
def test_a_version_that_is_not_there_is_not_found(draft, operator, number):
    address = page(draft.blueprint, "try", number)
    assert as_user(operator).post(address).status_code == 404


# Trial runs


def test_a_trial_run_sets_up_for_real_counts_nowhere_and_ends_itself(draft, operator):
    booking = tried(draft, operator)
    booking.refresh_from_db()

    assert booking.state == BookingState.ACTIVE
    assert blueprints.has_succeeded(draft)
    assert blueprints.start_trial(version_id=draft.pk, actor=operator) == booking
    assert not statistics._public().exists()
    draft.blueprint.solution = solution = SolutionFactory()
    draft.blueprint.save(update_fields=["solution"])
    assert list(portal._testing(solution)) == []
    event = reverse("admin:sandbox_booking_event", args=[draft.blueprint.slug])
    others = [MembershipFactory().organisation for _n in range(2)]
    offered = as_user(staff("advisor")).get(event).context["form"].fields["organisation"].queryset
    assert set(others) <= set(offered)
    assert booking.organisation not in offered
    own = as_user(operator)
    assert own.get(booking.get_absolute_url()).status_code == 200
    for other in (staff("operator"), staff("advisor"), MembershipFactory(manager=True).user):
        assert as_user(other).get(booking.get_absolute_url()).status_code == 404
    assert "Hat geantwortet" in own.get(page(draft.blueprint)).text


def test_a_trial_run_ends_after_its_time(draft, operator):
    booking = tried(draft, operator)
    length = booking.ends_at - booking.starts_at
    assert timedelta(minutes=30) < length < timedelta(hours=1)
    Booking.objects.filter(pk=booking.pk).update(
        window=(clock.now() - timedelta(hours=2), clock.now() - timedelta(hours=1))
    )

    provisioning.tick()
    provisioning.work(booking.environments.get().pk)

    booking.refresh_from_db()
    assert booking.state == BookingState.ENDED
    assert booking.environments.get().state == "gone"
    assert not booking.allocations.held().exists()


def test_it_takes_a_place_for_trial_runs_that_nobody_can_book(draft, operator):
    own = SlotFactory(pool=draft.blueprint.pool, is_for_trials=True)
    booking = blueprints.start_trial(version_id=draft.pk, actor=operator)

    assert booking.allocations.get().slot == own
    membership = MembershipFactory()
    book(draft.blueprint, membership)
    with pytest.raises(NoFreeSlot):
        book(draft.blueprint, MembershipFactory())


def test_one_failure_is_the_result(draft, operator, engine, expect_errors):
    engine.fault("ensure", Permanent("", "no such image"))
    booking = tried(draft, operator)
    for _time in range(3):
        for environment in booking.environments.all():
            provisioning.work(environment.pk)

    booking.refresh_from_db()
    assert booking.state == BookingState.FAILED
    assert booking.environments.count() == 1
    assert not blueprints.has_succeeded(draft)
    shown = as_user(operator).get(page(draft.blueprint)).text
    assert "no such image" in shown
    with pytest.raises(TransitionNotAllowed):
        blueprints.publish_version(version_id=draft.pk, actor=operator, reason="Trotzdem")


def test_nobody_tests_along_and_nothing_is_extended(draft, operator):
    booking = tried(draft, operator)
    with pytest.raises(participants.CannotInvite):
        participants.invite_person(
            booking_id=booking.pk, actor=operator, email=MembershipFactory().user.email
        )
    with pytest.raises(PermissionDenied):
        services.extend_booking(
            booking_id=booking.pk, actor=operator, end=booking.ends_at + timedelta(days=1)
        )


def test_without_a_free_place_it_is_said(draft, operator):
    book(draft.blueprint, MembershipFactory())
    answer = as_user(operator).post(page(draft.blueprint, "try", 2), follow=True)
    assert answer.status_code == 200
    assert not Booking.objects.trials().exists()


# Publishing


def test_publishing_needs_a_trial_run(draft, operator):
    with pytest.raises(TransitionNotAllowed):
        blueprints.publish_version(version_id=draft.pk, actor=operator, reason="Wird schon")
    tried(draft, operator)

    as_user(operator).post(page(draft.blueprint, "publish", 2))

    draft.refresh_from_db()
    assert draft.is_published
    assert (draft.published_by, draft.publish_reason) == (operator, "")
    assert draft.blueprint.published_version() == draft
    with pytest.raises(TransitionNotAllowed):
        blueprints.publish_version(version_id=draft.pk, actor=operator)


def test_where_the_engine_cannot_try_it_a_reason_is_recorded(draft, operator, engine, monkeypatch):
    monkeypatch.setattr(engine, "check", lambda: Health(False, "no engine today"))
    client = as_user(operator)
    shown = client.get(page(draft.blueprint)).text
    assert "no engine today" in shown

    assert client.post(page(draft.blueprint, "publish", 2), {"reason": " "}).status_code == 422
    client.post(page(draft.blueprint, "publish", 2), {"reason": "Im Labor erprobt."})

    draft.refresh_from_db()
    assert draft.publish_reason == "Im Labor erprobt."
    assert "Im Labor erprobt." in client.get(page(draft.blueprint)).text


def test_what_the_engine_cannot_do_is_not_published(draft, operator, engine, monkeypatch):
    tried(draft, operator)
    monkeypatch.setattr(engine, "validate", lambda spec: ["program missing"])
    with pytest.raises(ValidationError, match="program missing"):
        blueprints.publish_version(version_id=draft.pk, actor=operator)
    answer = as_user(operator).post(page(draft.blueprint, "publish", 2))
    assert answer.status_code == 422
    assert "program missing" in answer.text


@pytest.mark.django_db(transaction=True)
def test_two_who_publish_at_once_publish_once(draft, operator):
    tried(draft, operator)

    def publish(_number: int) -> object:
        try:
            return blueprints.publish_version(version_id=draft.pk, actor=operator)
        except TransitionNotAllowed as error:
            return error

    outcomes = at_once(2, publish)

    assert sum(isinstance(one, BlueprintVersion) for one in outcomes) == 1
    assert draft.blueprint.events.filter(kind="published").count() == 1


def test_withdrawing_goes_back_to_the_version_before_and_then_closes(draft, operator):
    blueprint = draft.blueprint
    tried(draft, operator)
    blueprints.publish_version(version_id=draft.pk, actor=operator)

    as_user(operator).post(page(blueprint, "withdraw", 2))
    assert blueprint.published_version().number == 1
    as_user(operator).post(page(blueprint, "withdraw", 1))
    as_user(operator).post(page(blueprint, "withdraw", 1))

    blueprint.refresh_from_db()
    assert blueprint.published_version() is None
    assert not blueprint.is_bookable
    assert blueprint.events.filter(kind="withdrawn").count() == 2
    assert Client().get(blueprint.get_absolute_url()).status_code == 404


# Scans and blocks


def test_a_block_stops_bookings_and_tells_those_who_have_one(engine):
    blueprint = product(slots=2)
    membership = MembershipFactory()
    booking = book(blueprint, membership)
    advisor = staff("advisor")
    client = as_user(advisor)

    assert client.post(page(blueprint, "block"), {"why": ""}).status_code == 422
    client.post(page(blueprint, "block"), {"why": "Lücke im Anmelden."})
    again = client.post(page(blueprint, "block"), {"why": "noch einmal"})

    assert again.status_code == 409
    assert "noch einmal" in again.text
    with pytest.raises(TransitionNotAllowed):
        book(blueprint, MembershipFactory())
    told = Notification.objects.filter(kind="sandbox.product_blocked")
    assert [row.user for row in told] == [membership.user]
    assert "Lücke im Anmelden." in as_user(membership.user).get(booking.get_absolute_url()).text
    assert "Lücke im Anmelden." in Client().get(blueprint.get_absolute_url()).text
    assert "Testumgebung buchen" not in Client().get(blueprint.get_absolute_url()).text
    booking.refresh_from_db()
    assert booking.is_holding, "what runs goes on"
    client.post(page(blueprint, "unblock"))
    client.post(page(blueprint, "unblock"))
    assert Notification.objects.filter(kind="sandbox.product_unblocked").count() == 1
    book(blueprint, MembershipFactory())


def test_a_critical_hole_blocks_and_only_a_better_scan_lifts_it(engine):
    blueprint = product()
    client, today = as_user(staff("operator")), clock.today()

    client.post(
        page(blueprint, "scan"), {"day": f"{today}", "result": "critical", "note": "CVE-2026-1"}
    )
    blueprint.refresh_from_db()
    assert (blueprint.block_cause, blueprint.block_reason) == (BlockCause.CRITICAL, "CVE-2026-1")
    client.post(page(blueprint, "unblock"))
    blueprint.refresh_from_db()
    assert blueprint.is_blocked
    client.post(page(blueprint, "scan"), {"day": f"{today}", "result": "clean", "note": ""})
    blueprint.refresh_from_db()
    assert blueprint.is_open


def test_a_scan_is_of_a_day_that_was(engine):
    blueprint = product()
    client = as_user(staff("operator"))
    tomorrow = clock.today() + timedelta(days=1)
    for day in (f"{tomorrow}", "gestern", "0001-01-01", ""):
        answer = client.post(page(blueprint, "scan"), {"day": day, "result": "clean"})
        assert answer.status_code == 422
    assert (
        client.post(page(blueprint, "scan"), {"day": "2026-01-01", "result": "gut"}).status_code
        == 422
    )


def test_an_old_scan_warns_and_a_very_old_one_blocks(engine, settings):
    blueprint = product()
    operator = staff("operator")

    def scanned(days: int) -> Blueprint:
        blocks.record_scan(
            blueprint_id=blueprint.pk,
            actor=operator,
            day=clock.today() - timedelta(days=days),
            result=ScanResult.CLEAN,
        )
        blocks.block_outdated()
        return Blueprint.objects.get(pk=blueprint.pk)

    blocked = scanned(settings.OSK_SANDBOX_SCAN_MOST_DAYS + 1)
    assert blocked.block_cause == BlockCause.OUTDATED
    assert scanned(settings.OSK_SANDBOX_SCAN_MOST_DAYS).is_open
    warned = scanned(settings.OSK_SANDBOX_SCAN_DAYS + 1)
    assert warned.scan_is_old
    assert warned.is_open
    assert "lange her" in Client().get(blueprint.get_absolute_url()).text
    assert not scanned(settings.OSK_SANDBOX_SCAN_DAYS).scan_is_old
    assert scanned(0).is_open


def test_an_older_scan_is_refused_at_its_field_and_the_text_stays(engine):
    blueprint = product()
    client, today = as_user(staff("operator")), clock.today()
    sent = {"result": "clean", "note": "Trivy 0.50"}
    assert client.post(page(blueprint, "scan"), {**sent, "day": f"{today}"}).status_code == 302

    older = {**sent, "day": f"{today - timedelta(days=1)}", "note": "Mein alter Befund"}
    answer = client.post(page(blueprint, "scan"), older)

    assert answer.status_code == 422
    [problem] = answer.context["scan"].errors["day"]
    assert "ist schon ein Scan eingetragen" in problem
    assert "Mein alter Befund" in answer.text
    blueprint.refresh_from_db()
    assert (blueprint.scanned_on, blueprint.scan_note) == (today, "Trivy 0.50")
    assert blueprint.events.filter(kind="scanned").count() == 1


def test_the_note_of_a_critical_scan_can_be_corrected(engine):
    """The same day again: people read the new words, are not told twice, and the history knows of it."""
    blueprint = product()
    booking = book(blueprint)
    client, today = as_user(staff("operator")), clock.today()
    scan = {"day": f"{today}", "result": "critical"}
    for note in ("CVE-2026-1", "CVE-2026-12", "CVE-2026-12"):
        client.post(page(blueprint, "scan"), {**scan, "note": note})

    blueprint.refresh_from_db()
    assert (blueprint.scan_note, blueprint.block_reason) == ("CVE-2026-12", "CVE-2026-12")
    assert blueprint.events.filter(kind="scanned").count() == 2
    told = Notification.objects.filter(kind="sandbox.product_blocked")
    assert [one.user for one in told] == [booking.booked_by]


def test_the_form_of_the_admin_writes_no_block_back(engine, monkeypatch):
    """The row was read before somebody blocked the product: the block stays, the new text too."""
    blueprint, operator = product(), staff("operator")
    client = as_user(operator)
    address = reverse("admin:sandbox_blueprint_change", args=[blueprint.pk])
    form = client.get(address).context["adminform"].form
    typed = {
        name: "" if (value := form[name].value()) is None else value
        for name in form.fields
        if not (isinstance(form[name].value(), bool) and not form[name].value())
    }
    clean = Blueprint.clean

    def blocked_meanwhile(self):
        row = Blueprint.objects.get(pk=self.pk)
        if not row.is_blocked:
            blocks.block_product(blueprint_id=self.pk, actor=operator, reason="Lücke")
        clean(self)

    monkeypatch.setattr(Blueprint, "clean", blocked_meanwhile)
    answer = client.post(address, {**typed, "summary": "Neuer Satz"})

    assert answer.status_code == 302
    blueprint.refresh_from_db()
    assert (blueprint.summary, blueprint.block_reason) == ("Neuer Satz", "Lücke")


def test_no_engine_is_asked_while_the_product_is_locked(draft, operator, engine, monkeypatch):
    """An engine that does not answer must keep nobody from booking or blocking the product."""
    seen: list[str] = []
    lock = blueprints._locked_version

    def locked(version_id):
        seen.append("lock")
        return lock(version_id)

    monkeypatch.setattr(blueprints, "_locked_version", locked)
    monkeypatch.setattr(engine, "validate", lambda spec: seen.append("ask") or [])
    blueprints.start_trial(version_id=draft.pk, actor=operator)
    assert seen == ["ask", "lock"]
    seen.clear()
    monkeypatch.setattr(blueprints, "trial_obstacle", lambda version: seen.append("ask") or "aus")
    blueprints.publish_version(version_id=draft.pk, actor=operator, reason="Ohne Rechner")
    assert seen == ["ask", "ask", "lock"]


def test_other_images_need_a_scan_of_their_own(draft, operator, engine, monkeypatch):
    blueprint = draft.blueprint
    blocks.record_scan(
        blueprint_id=blueprint.pk, actor=operator, day=clock.today(), result=ScanResult.CRITICAL
    )
    draft.spec = prototypes.draft_of(IMAGE, 8080)
    draft.save()
    tried(draft, operator)
    blueprints.publish_version(version_id=draft.pk, actor=operator)

    blueprint.refresh_from_db()
    assert blueprint.scanned_on is None
    assert blueprint.is_open

    blueprints.withdraw_version(version_id=draft.pk, actor=operator)  # the images with the hole
    blueprint.refresh_from_db()
    assert blueprint.published_version().number == 1
    assert not blueprint.is_open
    blocks.record_scan(
        blueprint_id=blueprint.pk, actor=operator, day=clock.today(), result=ScanResult.CLEAN
    )
    blueprint.refresh_from_db()
    assert blueprint.is_open


def test_an_older_draft_is_not_published_beside_a_newer_version(draft, operator):
    blueprint = draft.blueprint
    tried(draft, operator)
    older = blueprint.versions.get(number=1)
    blueprint.versions.filter(pk=older.pk).update(published_at=None)
    blueprints.publish_version(version_id=draft.pk, actor=operator)

    with pytest.raises(TransitionNotAllowed, match="neuere"):
        blueprints.publish_version(version_id=older.pk, actor=operator)


def test_members_neither_block_nor_scan(engine):
    blueprint = product()
    for step in ("block", "unblock", "scan"):
        assert as_user(MembershipFactory().user).post(page(blueprint, step)).status_code in (
            302,
            403,
        )
    with pytest.raises(PermissionDenied):
        blocks.block_product(blueprint_id=blueprint.pk, actor=MembershipFactory().user, reason="x")


def test_accessibility_needs_its_date_and_stands_on_the_page(engine):
    blueprint = product(
        accessibility_status="partly",
        accessibility_text="Kontraste im Kalender fehlen.",
        accessibility_url="https://radicale.example/barrierefreiheit",
    )
    with pytest.raises(ValidationError, match="Erklärung zur Barrierefreiheit"):
        blueprint.full_clean()
    text = Client().get(blueprint.get_absolute_url()).text
    assert "teilweise konform" in text
    assert "Kontraste im Kalender fehlen." in text


def test_a_product_takes_no_address_of_a_page(engine):
    blueprint = product()
    blueprint.slug = "wuensche"
    with pytest.raises(ValidationError):
        blueprint.full_clean()
