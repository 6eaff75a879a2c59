"""Test products: written, tried, published, withdrawn. Scans and blocks: ``blocks.py``.

All raise ``PermissionDenied`` when the actor may not. The product's row is locked before its version's.
"""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from network.enums import OrganisationKind
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.deadlocks import without_deadlock
from osk_portal.toolkit.search_text import sort_key
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import backends, capacity, prototypes, spec
from sandbox.backends.base import BackendUnavailable
from sandbox.enums import (
    BlockCause,
    BlueprintEventKind,
    BookingEventKind,
    BookingState,
)
from sandbox.models import BlueprintVersion, Booking
from sandbox.services.blocks import block, forget_scan, locked_product
from sandbox.services.bookings import promise
from sandbox.spec import EnvSpec

logger = logging.getLogger(__name__)

TRIAL_ORGANISATION: Final = "osk-probelauf"
"""Trial runs belong to the OSK itself; nobody is a member of this row, and the network does not show it."""
SET_UP_MINUTES: Final = 10
LOOK_MINUTES: Final = 30
"""How long an operator can look at what a trial run has set up, before it ends itself."""
BY_HAND: Final = "manual"
"""Key of the engine behind which a person stands."""


# Writing


def digest_of(data: object) -> str:
    """What a form was made from, so that it overwrites nothing that came in between."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", errors="replace")).hexdigest()[:16]


@transaction.atomic
def save_draft(
    *, blueprint_id: int, actor: User, data: dict[str, Any], base: str
) -> BlueprintVersion:
    """Write the newest version anew, or the next one where that was published or tried.

    ``base``: ``digest_of`` the specification that the form showed. The same text again is nothing new.
    Raises TransitionNotAllowed (somebody has written meanwhile), SpecError.
    """
    _operators_only(actor)
    spec.check(data)
    blueprint = locked_product(blueprint_id)
    newest = blueprint.versions.order_by("-number").first()
    if newest is not None and newest.spec == data:
        return newest
    if base != digest_of(newest.spec if newest else None):
        raise TransitionNotAllowed(
            "draft",
            "written",
            _("Somebody has written a version meanwhile. Compare it with your text."),
        )
    if newest is not None and not newest.is_published and not newest.bookings.exists():
        newest.spec = data
        newest.save(update_fields=["spec"])
        version = newest
    else:
        version = BlueprintVersion.objects.create(
            blueprint=blueprint, number=(newest.number if newest else 0) + 1, spec=data
        )
    blueprint.record(BlueprintEventKind.DRAFTED, actor=actor, version=version.number)
    return version


# Trying


def start_trial(*, version_id: int, actor: User) -> Booking:
    """Set the version up for real, on a place for trial runs; it ends itself. One that runs is returned.

    Raises ValidationError where an engine could not follow it, NoFreeSlot, TransitionNotAllowed (published).
    """
    _operators_only(actor)
    checked = BlueprintVersion.objects.select_related("blueprint__pool").get(pk=version_id)
    if not checked.is_published and not checked.bookings.trials().promised().exists():
        check_version(checked)

    def work() -> Booking:
        with transaction.atomic():
            return _start_trial(checked, actor)

    return without_deadlock(work)


def _start_trial(checked: BlueprintVersion, actor: User) -> Booking:
    version = _locked_version(checked.pk)
    running = version.bookings.trials().promised().first()
    if running is not None:
        return running
    if version.is_published:
        raise TransitionNotAllowed("try", "published")
    _refuse_rewritten(version, checked)
    now = clock.now()
    seconds = version.parsed.ready_timeout
    end = now + timedelta(minutes=SET_UP_MINUTES + LOOK_MINUTES, seconds=seconds)
    booking = Booking.objects.create(
        blueprint_version=version,
        organisation=_trial_organisation(),
        booked_by=actor,
        purpose="Probelauf",
        test_data_acknowledged_at=now,
        window=DateTimeTZRange(now, end),
        state=BookingState.APPROVED,
        is_trial=True,
    )
    booking.record(BookingEventKind.BOOK, actor=actor)
    capacity.allocate(booking)
    promise(booking, actor=actor)
    version.blueprint.record(BlueprintEventKind.TRIED, actor=actor, version=version.number)
    logger.info("sandbox: trial run", extra={"booking": str(booking.public_id)})
    return booking


def _trial_organisation() -> Organisation:
    name = "OSK (Probeläufe)"
    organisation, _is_new = Organisation.objects.get_or_create(
        slug=TRIAL_ORGANISATION,
        defaults={
            "name": name,
            "sort_key": sort_key(name),
            "kind": OrganisationKind.BERLIN_ADMINISTRATION,
            "is_published": False,
        },
    )
    return organisation


def has_succeeded(version: BlueprintVersion) -> bool:
    """A trial run of this very version answered."""
    return version.bookings.trials().filter(environments__ready_at__isnull=False).exists()


def trial_obstacle(version: BlueprintVersion) -> str:
    """Why no trial run can be made here, for the operator; empty where one can."""
    keys = sorted(set(version.blueprint.pool.slots.enabled().values_list("backend", flat=True)))
    if not keys:
        return _("The capacity has no places.")
    for key in keys:
        if key == BY_HAND:
            return _("A person sets this product up, no engine.")
        try:
            health = backends.get(key).check()
        except BackendUnavailable as error:
            return error.detail
        if not health.ok:
            return health.detail
    return ""


# Publishing


def check_version(version: BlueprintVersion) -> None:
    """Raises ValidationError where it says what its places, an engine of them, or a prototype cannot do.

    Engines are asked, which takes its time: never under a lock.
    """
    version.full_clean()
    found = version.parsed
    problems = prototypes.problems_of(found) if version.blueprint.is_prototype else []
    problems += version.blueprint.pool.problems_of(found)
    problems += _engines_say(version, found)
    if problems:
        raise ValidationError({"spec": problems})


def _engines_say(version: BlueprintVersion, found: EnvSpec) -> list[str]:
    for key in sorted(set(version.blueprint.pool.slots.values_list("backend", flat=True))):
        try:
            problems = backends.get(key).validate(found)
        except BackendUnavailable as error:
            problems = [error.detail]
        if problems:
            return problems
    return []


def publish_version(*, version_id: int, actor: User, reason: str = "") -> BlueprintVersion:
    """From here on it is booked, and never changed. It must have been tried with success.

    ``reason``: why it was not, where no engine could: recorded beside the version. A scan of other images
    says nothing of these ones and is forgotten. Raises TransitionNotAllowed, and ValidationError where an
    engine of its places could not follow it.
    """
    _operators_only(actor)
    checked = BlueprintVersion.objects.select_related("blueprint__pool").get(pk=version_id)
    cannot_try = False
    if not checked.is_published:
        check_version(checked)
        # Only asked where somebody gives a reason for it: a trial run is the rule.
        needs_reason = bool(reason.strip()) and not has_succeeded(checked)
        cannot_try = needs_reason and bool(trial_obstacle(checked))
    with transaction.atomic():
        version = _locked_version(version_id)
        if version.is_published:
            raise TransitionNotAllowed("publish", "published")
        _refuse_rewritten(version, checked)
        before = version.blueprint.published_version()
        if before is not None and before.number > version.number:
            raise TransitionNotAllowed(
                "publish", "older", _("A newer version is published already.")
            )
        is_tried = has_succeeded(version)
        if not is_tried and not cannot_try:
            raise TransitionNotAllowed(
                "publish",
                "draft",
                _("This version has not been tried with success yet. Start a trial run first."),
            )
        version.published_at, version.published_by = clock.now(), actor
        version.publish_reason = "" if is_tried else reason
        version.save(update_fields=["published_at", "published_by", "publish_reason"])
        version.blueprint.record(BlueprintEventKind.PUBLISHED, actor=actor, version=version.number)
        if before is not None and _images(before) != _images(version):
            forget_scan(version.blueprint, actor)
        return version


def _refuse_rewritten(version: BlueprintVersion, checked: BlueprintVersion) -> None:
    """``checked`` was looked at before the lock."""
    if version.spec != checked.spec:
        raise TransitionNotAllowed(
            "publish",
            "written",
            _("Somebody has written a version meanwhile. Compare it with your text."),
        )


def _images(version: BlueprintVersion) -> set[str]:
    return {component.image for component in version.parsed.components}


@transaction.atomic
def withdraw_version(*, version_id: int, actor: User) -> BlueprintVersion:
    """Nobody books it any more: the one before counts again. Without one, the product is closed.

    Bookings that were made with it keep it. Raises TransitionNotAllowed.
    """
    _operators_only(actor)
    version = _locked_version(version_id)
    if not version.is_live:
        raise TransitionNotAllowed("withdraw", "withdrawn")
    version.withdrawn_at = clock.now()
    version.save(update_fields=["withdrawn_at"])
    blueprint = version.blueprint
    blueprint.record(BlueprintEventKind.WITHDRAWN, actor=actor, version=version.number)
    now = blueprint.published_version()
    if blueprint.is_bookable and now is None:
        blueprint.is_bookable = False
        blueprint.save(update_fields=["is_bookable"])
    if now is not None and _images(now) != _images(version):
        # Of these images nobody knows any more what was found: they are booked again after a scan.
        forget_scan(blueprint, actor)
        if not blueprint.is_blocked:
            block(blueprint, actor, BlockCause.OUTDATED, "")
    return version


def _locked_version(version_id: int) -> BlueprintVersion:
    blueprint = locked_product(
        BlueprintVersion.objects.values_list("blueprint_id", flat=True).get(pk=version_id)
    )
    version = BlueprintVersion.objects.select_for_update(of=("self",)).get(pk=version_id)
    version.blueprint = blueprint
    return version


def _operators_only(actor: User) -> None:
    if not (actor.is_active and actor.is_operator):
        raise PermissionDenied("test products are the operators'")
