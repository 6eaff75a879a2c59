"""The procurement block of a draft or a running request, and the lists behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import permissions
from consulting.enums import CaseEventKind
from consulting.models import (
    CaseEvent,
    ConsultingRequest,
    ContractType,
    ProcurementBlock,
    ValueBand,
)
from consulting.notifications import tell
from consulting.services.common import check_version, locked, record, touch
from consulting.services.drafts import save_draft
from osk_portal.accounts.models import User
from osk_portal.toolkit.transitions import TransitionNotAllowed

BLOCK_FIELDS: Final = frozenset(
    {
        "contract_type", "contract_type_unknown", "value_band", "deadline", "awarding",
        "reuse_contract", "architecture", "staff_council", "womens_representative",
        "disability_representative", "data_protection", "accessibility",
    }
)  # fmt: skip

# The types of the EVB-IT. The dates of their versions are entered in the admin, from the publisher.
CONTRACT_TYPES: Final = (
    "Kauf", "Dienstleistung", "Überlassung Typ A", "Überlassung Typ B", "Instandhaltung", "Pflege S",
    "Erstellung", "System", "Systemlieferung", "Service", "Cloud", "Rahmenvereinbarung",
)  # fmt: skip
# Limits in euros without VAT, where one band ends and the next begins; to be kept in the admin.
VALUE_LIMITS: Final = (0, 10_000, 50_000, 100_000, 216_000)
LISTS_BEGIN: Final = date(2026, 1, 1)


@transaction.atomic
def save_procurement(
    *,
    case_id: int,
    actor: User,
    values: Mapping[str, Any],
    expected_version: int | None = None,
) -> ConsultingRequest:
    """Save the step: ``values`` has ``procedure_state`` and any of BLOCK_FIELDS.

    Raises what ``save_draft`` raises, which asks for permission and takes the lock.
    """
    block = {name: value for name, value in values.items() if name != "procedure_state"}
    _check_fields(block)
    case = save_draft(
        case_id=case_id,
        actor=actor,
        values={"procedure_state": values["procedure_state"]},
        expected_version=expected_version,
    )
    ProcurementBlock.objects.update_or_create(case=case, defaults=block)
    return case


@transaction.atomic
def complete_procurement(
    *,
    case_id: int,
    actor: User,
    values: Mapping[str, Any],
    expected_version: int | None = None,
) -> CaseEvent | None:
    """The OSK enters what the authority has told it; the requester's side hears. None: nothing new.

    ``values``: any of BLOCK_FIELDS. A request that was recorded for somebody has no step for them. Raises
    PermissionDenied, CaseChanged, and TransitionNotAllowed.
    """
    action = "complete_procurement"
    _check_fields(values)
    case = locked(case_id)
    if not permissions.can_complete_procurement(actor, case):
        raise PermissionDenied(action)
    check_version(case, action, expected_version)
    if not case.is_about_procurement or not case.takes_messages:
        raise TransitionNotAllowed(
            action, case.state, _("The details of the procurement cannot be changed any more.")
        )
    block = ProcurementBlock.objects.filter(case=case).first() or ProcurementBlock(case=case)
    changed = sorted(name for name, value in values.items() if getattr(block, name) != value)
    if not changed:
        return None
    for name in changed:
        setattr(block, name, values[name])
    block.save()
    touch(case)
    event = record(case, CaseEventKind.PROCUREMENT_COMPLETED, actor, fields=changed)
    tell(event)
    return event


def _check_fields(values: Mapping[str, Any]) -> None:
    unknown = set(values) - BLOCK_FIELDS
    if unknown:
        raise ValueError(f"no field of the procurement block: {unknown}")


def ensure_procurement_lists() -> None:
    """Fill a list that is still empty. What the OSK keeps in the admin stays as it is."""
    if not ContractType.objects.exists():
        ContractType.objects.bulk_create(
            ContractType(name=name, position=position, valid_from=LISTS_BEGIN)
            for position, name in enumerate(CONTRACT_TYPES, start=1)
        )
    if not ValueBand.objects.exists():
        uppers = (*VALUE_LIMITS[1:], None)
        ValueBand.objects.bulk_create(
            ValueBand(lower=lower, upper=upper, valid_from=LISTS_BEGIN)
            for lower, upper in zip(VALUE_LIMITS, uppers, strict=True)
        )
