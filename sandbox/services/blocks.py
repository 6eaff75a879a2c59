"""Scans of test products for known holes, and their blocks: by a scan, or by a decision.

All raise ``PermissionDenied`` when the actor may not.
"""

from __future__ import annotations

import logging
from datetime import date, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from osk_portal.accounts.models import User
from osk_portal.templatetags.osk import berlin_date
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import permissions, wish_mails
from sandbox.enums import BlockCause, BlueprintEventKind, ScanResult
from sandbox.models import Blueprint

logger = logging.getLogger(__name__)


class OlderScan(Exception):
    """A newer scan is recorded: ``day`` is its day. ``str(error)`` is for the person."""

    def __init__(self, day: date) -> None:
        self.day = day
        super().__init__(
            _("A scan of %(day)s is recorded already. Enter this day or a later one.")
            % {"day": berlin_date(day)}
        )


@transaction.atomic
def record_scan(
    *, blueprint_id: int, actor: User, day: date, result: ScanResult, note: str = ""
) -> Blueprint:
    """When its images were last scanned for known holes, and what was found.

    A critical hole blocks the product; a good scan lifts a block that came of a scan. The same day again
    corrects what was recorded. Raises OlderScan.
    """
    _staff_only(actor)
    blueprint = locked_product(blueprint_id)
    if (day, result, note) == (blueprint.scanned_on, blueprint.scan_result, blueprint.scan_note):
        return blueprint
    if blueprint.scanned_on is not None and day < blueprint.scanned_on:
        raise OlderScan(blueprint.scanned_on)
    blueprint.scanned_on, blueprint.scan_result, blueprint.scan_note = day, result, note
    blueprint.save(update_fields=["scanned_on", "scan_result", "scan_note"])
    blueprint.record(BlueprintEventKind.SCANNED, actor=actor)
    if result == ScanResult.CRITICAL:
        if blueprint.block_cause == BlockCause.CRITICAL:
            # Told already; who looks reads what is known now.
            blueprint.block_reason = note
            _save_block(blueprint)
        elif blueprint.block_cause != BlockCause.STAFF:
            block(blueprint, actor, BlockCause.CRITICAL, note)
    elif blueprint.block_cause in (BlockCause.CRITICAL, BlockCause.OUTDATED) and not _too_old(day):
        unblock(blueprint, actor)
    return blueprint


@transaction.atomic
def block_product(*, blueprint_id: int, actor: User, reason: str) -> Blueprint:
    """Nothing new can be booked; who has an environment of it is told, and reads the reason.

    Blocked by a decision already: nothing new. Raises ValueError without a reason.
    """
    _staff_only(actor)
    if not reason.strip():
        raise ValueError("a block needs a reason")
    blueprint = locked_product(blueprint_id)
    if blueprint.block_cause == BlockCause.STAFF:
        raise TransitionNotAllowed("block", "blocked")
    block(blueprint, actor, BlockCause.STAFF, reason)
    return blueprint


@transaction.atomic
def unblock_product(*, blueprint_id: int, actor: User) -> Blueprint:
    """Raises TransitionNotAllowed: not blocked, or by a scan that only a new scan lifts."""
    _staff_only(actor)
    blueprint = locked_product(blueprint_id)
    is_by_scan = blueprint.scan_result == ScanResult.CRITICAL or (
        blueprint.scanned_on is not None and _too_old(blueprint.scanned_on)
    )
    if not blueprint.is_blocked:
        raise TransitionNotAllowed("unblock", "open")
    if is_by_scan:
        raise TransitionNotAllowed(
            "unblock", "blocked", _("Enter a new scan first: the last one does not allow it.")
        )
    unblock(blueprint, actor)
    return blueprint


def block_outdated() -> None:
    """Daily: what was not scanned for too long cannot be booked until it is. Twice is once."""
    oldest = clock.today() - timedelta(days=settings.OSK_SANDBOX_SCAN_MOST_DAYS)
    old = Blueprint.objects.filter(blocked_at=None, scanned_on__lt=oldest)
    for blueprint_id in list(old.values_list("pk", flat=True)):
        with transaction.atomic():
            blueprint = locked_product(blueprint_id)
            if not blueprint.is_blocked and blueprint.scanned_on and _too_old(blueprint.scanned_on):
                block(blueprint, None, BlockCause.OUTDATED, "")
                logger.warning("sandbox: scan too old", extra={"blueprint": blueprint.slug})


def _too_old(day: date) -> bool:
    age: timedelta = clock.today() - day
    return age.days > settings.OSK_SANDBOX_SCAN_MOST_DAYS


def block(blueprint: Blueprint, actor: User | None, cause: BlockCause, reason: str) -> None:
    blueprint.blocked_at, blueprint.blocked_by = clock.now(), actor
    blueprint.block_cause, blueprint.block_reason = cause, reason
    _save_block(blueprint)
    blueprint.record(BlueprintEventKind.BLOCKED, actor=actor)
    if cause != BlockCause.OUTDATED:  # what was booked before is no less safe than yesterday
        wish_mails.product_blocked(blueprint, cause)


def unblock(blueprint: Blueprint, actor: User) -> None:
    was_told = blueprint.block_cause != BlockCause.OUTDATED
    blueprint.blocked_at = blueprint.blocked_by = None
    blueprint.block_cause = blueprint.block_reason = ""
    _save_block(blueprint)
    blueprint.record(BlueprintEventKind.UNBLOCKED, actor=actor)
    if was_told:
        wish_mails.product_unblocked(blueprint)


def _save_block(blueprint: Blueprint) -> None:
    blueprint.save(update_fields=["blocked_at", "blocked_by", "block_cause", "block_reason"])


def forget_scan(blueprint: Blueprint, actor: User) -> None:
    blueprint.scanned_on, blueprint.scan_result, blueprint.scan_note = None, "", ""
    blueprint.save(update_fields=["scanned_on", "scan_result", "scan_note"])
    if blueprint.block_cause in (BlockCause.CRITICAL, BlockCause.OUTDATED):
        unblock(blueprint, actor)


def locked_product(blueprint_id: int) -> Blueprint:
    return Blueprint.objects.select_for_update(of=("self",)).get(pk=blueprint_id)


def _staff_only(actor: User) -> None:
    if not permissions.works_on_wishes(actor):
        raise PermissionDenied("scans and blocks are the OSK's and the operators'")
