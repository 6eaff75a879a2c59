"""What a person sets up: tasks for operators, from the booking to the proof of deletion."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit import encryption
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import (
    addresses,
    backends,
    leases,
    provisioning,
    reconciling,
    removal_record,
    runbooks,
    services,
    spec,
)
from sandbox.backends.base import BackendUnavailable, EnvRef, ObservedState
from sandbox.models import Environment, OperatorTask, Pool
from tests.factories import MembershipFactory, staff
from tests.sandbox.factories import BlueprintVersionFactory, SlotFactory
from tests.sandbox.test_approval import MONDAY
from tests.sandbox.world import book

pytestmark = pytest.mark.django_db

SPEC = {
    "schema": 2,
    "backend": "manual",
    "runbook": "Vorher lesen.\n\n## Platz prüfen\n\nIst Platz?\n\n## Einrichten\n\n```\n## kein Schritt\n```",
    "removal_runbook": "## Löschen\n\nAlles.",
    "accounts": [{"role": "test", "label": "Testperson", "username": "test"}],
}
DAY = 24 * 60


@pytest.fixture
def operator():
    return staff("operator")


@pytest.fixture
def blueprint(clock):
    clock.move_to(MONDAY)
    version = BlueprintVersionFactory(spec=SPEC)
    Pool.objects.update(lead_minutes=DAY, buffer_minutes=DAY)
    SlotFactory(pool=version.blueprint.pool, backend="manual")
    return version.blueprint


@pytest.fixture
def booking(blueprint, operator, run):
    """Booked from tomorrow on, and the operators are asked."""
    found = book(blueprint, starts_in=timedelta(days=1))
    run(found)
    return found


def the_task(booking, kind="set_up"):
    return OperatorTask.objects.filter(environment__booking=booking, kind=kind).latest("pk")


def set_up(task, operator, **changes):
    return services.report_set_up(
        **{
            "task_id": task.pk,
            "actor": operator,
            "endpoint": "https://desk.example.org/",
            "things": ["VM desk-7", "DNS desk"],
            "logins": {"test": ("testperson", "Geheim-4711")},
            **changes,
        }
    )


def test_what_people_set_up_is_late_when_their_task_is(blueprint, operator, run, clock):
    """They were asked an hour before the begin and have a day; nobody works on what has no place yet."""
    now = book(blueprint, starts_in=timedelta(days=1))
    clock.move_to(now.starts_at - timedelta(hours=1))
    run(now)
    due = the_task(now).due_at
    clock.move_to(due + timedelta(minutes=14))
    provisioning.tick()
    late = OutgoingMail.objects.filter(kind="sandbox.booking_late")
    assert not late.exists()
    clock.move_to(due + timedelta(minutes=16))
    provisioning.tick()
    assert "Ein Mensch richtet" in late.get().body

    after = book(blueprint, starts_in=timedelta(days=10))
    set_up(the_task(now), operator)
    run(now)
    clock.move_to(now.ends_at + timedelta(minutes=1))
    provisioning.tick()
    run(now)
    clock.move_to(after.starts_at - timedelta(minutes=1))
    provisioning.tick()
    run(now)
    run(after)
    clock.move_to(after.starts_at + timedelta(minutes=16))
    provisioning.tick()
    assert not OperatorTask.objects.filter(environment__booking=after).exists()
    assert "noch nicht entfernt" in late.get(user=after.booked_by).body


def test_from_the_task_to_ready(booking, operator, run):
    environment = run(booking)
    task = the_task(booking)

    assert (environment.state, task.state) == ("provisioning", "open")
    assert task.due_at == booking.starts_at
    assert [n.user for n in Notification.objects.filter(kind="sandbox.operator_task")] == [operator]
    mail = OutgoingMail.objects.get(kind="sandbox.operator_task")
    assert mail.subject.startswith("Von Hand einrichten bis")
    assert not mail.attachments

    services.begin_task(task_id=task.pk, actor=operator)
    services.tick_steps(task_id=task.pk, actor=operator, steps=[1])
    set_up(task, operator)
    environment = run(booking)

    assert (environment.state, booking.state) == ("ready", "active")
    assert environment.endpoint == "https://desk.example.org/"
    login = environment.credentials.get()
    assert (login.username, encryption.decrypt(login.secret)) == ("testperson", "Geheim-4711")
    kinds = list(environment.events.values_list("kind", flat=True))
    assert kinds == [
        "booked", "secrets_made", "set_up_asked", "set_up_begun", "set_up_done", "started", "ready",
    ]  # fmt: skip
    assert "Geheim-4711" not in str(list(environment.events.values_list("data", flat=True)))
    reconciling.reconcile()
    assert run(booking).state == "ready"
    assert not services.can_steer(booking, environment)


def test_what_a_person_typed_is_no_way_of_the_gate(booking, operator, run, settings):
    """Nobody makes the proxy ask another machine, by whatever address."""
    settings.OSK_SANDBOX_DOMAIN = "test.example.org"
    set_up(the_task(booking), operator, endpoint="http://10.0.0.7:8080/")

    environment = run(booking)

    assert addresses.upstream_of(environment) == ""
    assert addresses.shown_address(booking, environment) == "http://10.0.0.7:8080/"


def test_a_person_may_take_days(clock, booking, operator, run):
    task = the_task(booking)
    clock.move_to(MONDAY + timedelta(days=5))

    assert run(booking).state == "provisioning"
    assert task.is_overdue
    set_up(task, operator)
    assert run(booking).state == "ready"


def test_removal_is_confirmed_thing_by_thing_and_proves_it(clock, booking, operator, run):
    set_up(the_task(booking), operator)
    run(booking)
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    environment = run(booking)
    task = the_task(booking, "remove")

    assert environment.state == "tearing_down"
    assert task.due_at == MONDAY + timedelta(days=1)
    with pytest.raises(services.NotEverything) as refused:
        services.report_removal(task_id=task.pk, actor=operator, removed=["VM desk-7"], further=[])
    assert refused.value.missing == ["DNS desk"]

    told_at = clock.move_to(MONDAY + timedelta(hours=3))
    services.report_removal(
        task_id=task.pk,
        actor=operator,
        removed=["DNS desk", "VM desk-7"],
        further=["Sicherung"],
    )
    clock.move_to(MONDAY + timedelta(hours=4))
    environment = run(booking)

    assert environment.state == "gone"
    proofs = dict(environment.proofs.filter(kind="by_hand").values_list("name", "verified_at"))
    assert proofs == dict.fromkeys(["VM desk-7", "DNS desk", "Sicherung"], told_at)
    assert not booking.allocations.held().exists()
    assert not environment.credentials.exclude(secret="").exists()
    assert removal_record.is_complete(booking)
    assert removal_record.as_pdf(booking, MONDAY).startswith(b"%PDF")


def test_what_nobody_began_needs_no_removal(booking, operator, run):
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)

    assert run(booking).state == "gone"
    assert the_task(booking).state == "withdrawn"
    with pytest.raises(TransitionNotAllowed):
        set_up(the_task(booking), operator)


def test_what_somebody_began_is_removed_by_a_person(booking, operator, run):
    services.begin_task(task_id=the_task(booking).pk, actor=operator)
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)

    assert run(booking).state == "tearing_down"
    assert the_task(booking).state == "withdrawn"
    task = the_task(booking, "remove")
    services.report_removal(task_id=task.pk, actor=operator, removed=[], further=[])
    assert run(booking).state == "gone"


def test_refused_it_fails_for_good(booking, operator, run, expect_errors):
    task = the_task(booking)
    services.refuse_set_up(
        task_id=task.pk, actor=operator, reason="Kein Platz im Cluster.", things=["Namensraum"]
    )
    environment = run(booking)

    assert (booking.state, environment.state) == ("failed", "tearing_down")
    assert environment.error_for_operator == "Kein Platz im Cluster."
    assert "Kein Platz" not in environment.error_for_user
    removal = the_task(booking, "remove")
    services.report_removal(task_id=removal.pk, actor=operator, removed=["Namensraum"], further=[])
    assert run(booking).state == "gone"


def test_an_end_by_time_and_an_extension_reach_the_task(clock, booking, operator, run):
    set_up(the_task(booking), operator)
    run(booking)
    later = booking.ends_at + timedelta(days=1)
    services.extend_booking(booking_id=booking.pk, actor=booking.booked_by, end=later)
    run(booking)
    assert the_task(booking).expires_at == later
    clock.move_to(later)
    provisioning.tick()

    assert run(booking).state == "tearing_down"
    assert the_task(booking, "remove").is_open


def test_only_operators(booking):
    task = the_task(booking)
    for who in (staff("lead"), staff("advisor"), booking.booked_by):
        for act in (
            lambda who=who: services.begin_task(task_id=task.pk, actor=who),
            lambda who=who: services.tick_steps(task_id=task.pk, actor=who, steps=[]),
            lambda who=who: set_up(task, who),
            lambda who=who: services.refuse_set_up(
                task_id=task.pk, actor=who, reason="Nein", things=[]
            ),
            lambda who=who: services.report_removal(
                task_id=task.pk, actor=who, removed=[], further=[]
            ),
        ):
            with pytest.raises(PermissionDenied):
                act()
    task.refresh_from_db()
    assert task.state == "open"


def test_a_task_of_one_kind_is_not_done_as_the_other(booking, operator, run):
    task = the_task(booking)
    with pytest.raises(TransitionNotAllowed):
        services.report_removal(task_id=task.pk, actor=operator, removed=[], further=[])
    set_up(task, operator)
    with pytest.raises(TransitionNotAllowed):
        set_up(task, operator)
    with pytest.raises(TransitionNotAllowed):
        services.begin_task(task_id=task.pk, actor=operator)


def test_reminders_once_a_day_in_office_hours(clock, booking, operator):
    other = staff("operator")
    services.begin_task(task_id=the_task(booking).pk, actor=operator)

    def told():
        subjects = OutgoingMail.objects.filter(subject__contains="von Hand").order_by("pk")
        return [(m.address, m.subject.split(":")[0]) for m in subjects]

    clock.move_to(MONDAY + timedelta(hours=1))
    services.remind_operators()
    assert told() == []  # asked today
    clock.move_to(MONDAY + timedelta(days=1, hours=-1))
    for _twice in range(2):
        services.remind_operators()
    assert told() == [(operator.email, "Bald fällig")]
    clock.move_to(MONDAY + timedelta(days=2))
    for _twice in range(2):
        services.remind_operators()
    assert sorted(told()[1:]) == sorted(
        [(operator.email, "Überfällig"), (other.email, "Überfällig")]
    )
    clock.move_to(MONDAY + timedelta(days=3, hours=14))
    services.remind_operators()
    assert len(told()) == 3


def test_a_copy_of_the_database_does_not_take_the_work_for_its_own(booking, settings, operator):
    backend = backends.get("manual")
    environment = Environment.objects.get(booking=booking)
    elsewhere = EnvRef("elsewhere", str(environment.public_id), 1)

    assert backend.observe(elsewhere).state == ObservedState.UNKNOWN
    [found] = backend.observe_all()
    assert found.instance == settings.OSK_SANDBOX_INSTANCE


def test_without_the_database_nothing_is_concluded(booking, monkeypatch):
    from django.db import OperationalError

    backend = backends.get("manual")
    ref = leases.ref_of(Environment.objects.get(booking=booking))

    def refuse(*_args: object, **_named: object) -> None:
        raise OperationalError("down")

    monkeypatch.setattr(Environment.objects, "filter", refuse)
    assert backend.observe(ref).state == ObservedState.UNKNOWN
    with pytest.raises(BackendUnavailable):
        list(backend.observe_all())


def test_steps_are_the_headings_outside_of_code():
    found = spec.parse(SPEC)

    assert runbooks.introduction(found.runbook) == "Vorher lesen."
    steps = runbooks.steps_of(found.runbook)
    assert [step.title for step in steps] == ["Platz prüfen", "Einrichten"]
    assert "## kein Schritt" in steps[1].text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"runbook": ""}, "spec.runbook"),
        ({"runbook": "  \n "}, "spec.runbook"),
        ({"runbook": "x" * 20_001}, "spec.runbook"),
        ({"runbook": 7}, "spec.runbook"),
        ({"components": []}, "components"),
        ({"accounts": [{"role": "a", "label": "A", "username": "a"}] * 2}, "accounts"),
        ({"first_login": {"role": "niemand"}}, "first_login"),
        ({"backend": "helm"}, "backend"),
    ],
)
def test_what_a_runbook_cannot_be(changes, words):
    with pytest.raises(spec.SpecError) as refused:
        spec.parse({**SPEC, **changes})
    assert words in str(refused.value)


def test_engines_leave_a_runbook_to_people(blueprint):
    from sandbox.backends.container import ContainerBackend
    from tests.conformance.conftest import make_spec

    found = spec.parse(SPEC)
    assert backends.get("manual").validate(found) == []
    assert backends.get("process").validate(found)
    assert ContainerBackend(address="unix:///nowhere", pool=None).validate(found)
    assert backends.get("manual").validate(make_spec())
    assert backends.get("manual").check().ok is False
    staff("operator")
    assert backends.get("manual").check().ok


# Pages


@pytest.fixture
def page(client, operator):
    def get(name, task, data=None, *, who=operator):
        client.force_login(who, backend="django.contrib.auth.backends.ModelBackend")
        address = reverse(f"admin:sandbox_operatortask_{name}", args=[task.public_id])
        return client.get(address) if data is None else client.post(address, data)

    return get


READY = {
    "endpoint": "https://desk.example.org/",
    "things": "VM desk-7\r\nDNS desk\r\n\r\nVM desk-7",
    "user-test": "testperson",
    "password-test": " Geheim <b>4711 ",
}


def test_by_page(client, booking, operator, page, run):
    task = the_task(booking)
    for name in ("begin", "tick", "ready", "refuse", "removed"):
        assert page(name, task, READY, who=staff("advisor")).status_code == 403
        assert page(name, task).status_code == 405
    assert page("page", task, who=staff("lead")).status_code == 403

    shown = page("page", task)
    assert "<strong>1. Platz prüfen</strong>" in shown.text
    assert "Aufgabe beginnen" in shown.text
    page("begin", task, {})
    page("tick", task, {"step": ["1", "9", "x"]})
    task.refresh_from_db()
    assert (task.assignee, task.steps_done) == (operator, [1])
    listed = client.get(reverse("admin:sandbox_operatortask_changelist"))
    assert booking.organisation.name in listed.text

    for changes, words in (
        ({"endpoint": ""}, "Geben Sie die Adresse ein."),
        ({"endpoint": "javascript:alert(1)"}, "Geben Sie eine Webadresse ein"),
        ({"endpoint": "ftp://example.org/"}, "Geben Sie eine Webadresse ein"),
        ({"endpoint": "https://a:b@example.org/"}, "keinen Benutzernamen"),
        ({"things": " \n "}, "Nennen Sie mindestens eine Sache."),
        ({"things": "\n".join(map(str, range(51)))}, "höchstens 50"),
        ({"things": "x" * 201}, "200"),
        ({"password-test": ""}, "Testperson: Geben Sie das Passwort ein."),
        ({"password-test": "a\x00b"}, "Steuerzeichen"),
        ({"user-test": "x" * 61}, "60"),
    ):
        answer = page("ready", task, {**READY, **changes})
        assert (answer.status_code, words in answer.text) == (422, True), changes
        assert "DNS desk" in answer.text or "things" in changes
        task.refresh_from_db()
        assert task.state == "begun"
    page("ready", task, READY)
    task.refresh_from_db()
    assert task.state == "done"
    again = page("ready", task, READY)
    assert again.status_code == 409
    assert "https://desk.example.org/" in again.text
    assert run(booking).state == "ready"


def test_a_refusal_by_page(booking, page, run, expect_errors):
    task = the_task(booking)
    assert page("refuse", task, {"reason": ""}).status_code == 422
    page("refuse", task, {"reason": "Kein <b>Platz", "things": ""})
    assert run(booking).state == "tearing_down"
    assert page("refuse", task, {"reason": "Nochmals"}).status_code == 409
    assert "Kein &lt;b&gt;Platz" in page("page", task).text


def test_a_removal_by_page(booking, operator, page, run):
    set_up(the_task(booking), operator)
    run(booking)
    services.end_booking(booking_id=booking.pk, actor=booking.booked_by)
    run(booking)
    task = the_task(booking, "remove")

    for typed, words in (
        ({"is_confirmed": "on"}, "Noch nicht bestätigt: VM desk-7, DNS desk."),
        ({"is_confirmed": "on", "removed": ["0"]}, "Noch nicht bestätigt: DNS desk."),
        ({"removed": ["0", "1"]}, "Bestätigen Sie, dass nichts übrig ist."),
        ({"removed": ["7"], "is_confirmed": "on"}, "Wählen Sie aus der Liste aus."),
    ):
        answer = page("removed", task, typed)
        assert (answer.status_code, words in answer.text) == (422, True)
    everything = {"removed": ["0", "1"], "is_confirmed": "on", "further": "Sicherung"}
    page("removed", task, everything)
    assert page("removed", task, everything).status_code == 409
    assert run(booking).state == "gone"


def test_the_page_asks_as_often_for_many_as_for_one(
    client, blueprint, operator, run, django_assert_max_num_queries
):
    address = reverse("admin:sandbox_operatortask_changelist")
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    client.get(address)  # the first one of a session writes it
    for _more in range(3):
        SlotFactory(pool=blueprint.pool, backend="manual")
        run(book(blueprint, starts_in=timedelta(days=1)))
        with django_assert_max_num_queries(12):
            client.get(address)
    with django_assert_max_num_queries(12):
        client.get(OperatorTask.objects.latest("pk").get_absolute_url())


def test_the_booking_page_says_that_a_person_does_it(client, booking):
    client.force_login(booking.booked_by, backend="django.contrib.auth.backends.ModelBackend")

    shown = client.get(booking.get_absolute_url())

    assert "Betrieb beauftragt" in shown.text
    assert "Eine Person richtet diese Umgebung ein." in shown.text


def test_it_begins_when_a_person_can_have_set_it_up(blueprint, clock, operator, run):
    """One day before the begin is what the operators are promised (lead of the places)."""
    with pytest.raises(services.TooEarly) as refused:
        book(blueprint, starts_in=timedelta(hours=23))

    assert refused.value.first == MONDAY + timedelta(days=1)
    assert "Mensch" in str(refused.value)
    booking = book(blueprint, starts_in=timedelta(days=3), days=1)
    with pytest.raises(services.TooEarly):
        services.move_booking(
            booking_id=booking.pk,
            actor=booking.booked_by,
            start=MONDAY + timedelta(hours=5),
            end=MONDAY + timedelta(days=1),
        )


def test_now_is_not_offered_for_it(blueprint, client):
    person = MembershipFactory(organisation__authority=True).user
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    address = reverse("sandbox:booking_create", args=[blueprint.slug])

    page = client.get(address)

    assert 'value="now"' not in page.text
    assert "frühestens am" in page.text
    assert "kann einige Tage dauern" in page.text
    assert "genehmigt" not in page.text
    sent = client.post(
        address,
        {"when": "later", "start_date": "2026-11-23", "start_time": "18:00", "days": "1",
         "purpose": "Probe", "only_test_data": "on"},
    )  # fmt: skip
    assert "Ein Mensch richtet dieses Testprodukt ein" in sent.text
