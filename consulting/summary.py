"""What was entered in a request, in words, a section a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from consulting import deadlines, intake
from consulting.enums import Phase, RequestKind, Visibility
from consulting.models import CaseFile, ConsultingRequest, FileState

PROCUREMENT: Final = (
    "procurement__contract_type",
    "procurement__value_band",
    "market_inquiry__decided_by",
)
"""For ``select_related`` of a case whose procurement block is shown."""


def sharing_words(case: ConsultingRequest) -> dict[str, str]:
    people = list(case.participants.select_related("user"))
    return {
        "visibility": str(Visibility(case.visibility).label),
        "readers": ", ".join(str(p.user) for p in people if not p.may_write),
        "writers": ", ".join(str(p.user) for p in people if p.may_write),
        "deputy": str(case.deputy) if case.deputy else "",
    }


@dataclass(frozen=True)
class Section:
    """One step on the check page; rows are (field, label, value)."""

    number: int
    label: str
    url: str
    rows: list[tuple[str, str, str]]


def sections(case: ConsultingRequest) -> list[Section]:
    """What was entered, a section a step, without what was left empty."""
    sharing = sharing_words(case)
    kind = str(RequestKind(case.kind).label) if case.kind else ""
    phase = str(Phase(case.phase).label) if case.phase else ""
    rows = {
        intake.KIND: [("kind", _("Kind"), kind)],
        intake.SUBJECT: [
            ("title", _("Title"), case.title),
            ("description", _("Description"), case.description),
            ("topics", _("Topics"), ", ".join(case.topic_labels)),
            ("phase", _("How far are you?"), phase),
            ("wished_on", _("Wished date"), _day(case)),
        ],
        intake.CONTEXT: [
            ("organisation", _("Authority"), str(case.organisation or "")),
            ("own_reference", _("Your reference"), case.own_reference),
            ("users_count", _("Number of users"), str(case.users_count or "")),
            ("software_in_use", _("Software in use"), case.software_in_use),
            ("solutions", _("Solutions"), ", ".join(s.name for s in case.solutions.all())),
        ],
        intake.PROCUREMENT: procurement_rows(case),
        intake.FILES: [("files", _("Files"), "\n".join(_file(f) for f in case.files.all()))],
        intake.SHARING: [
            ("visibility", _("Visible for"), sharing["visibility"]),
            ("readers", _("Read along"), sharing["readers"]),
            ("writers", _("Work along"), sharing["writers"]),
            ("deputy", _("Deputy"), sharing["deputy"]),
        ],
    }
    return [
        Section(
            number,
            str(step.label),
            reverse(step.url_name, args=[case.public_id]) + "?check",
            [row for row in rows[step] if row[2]],
        )
        for number, step in enumerate(intake.steps_of(case), start=1)
    ]


def procurement_rows(case: ConsultingRequest) -> list[tuple[str, str, str]]:
    """The procurement block as (field, label, value), without what was left empty.

    For pages that ``visible_to`` guards, never for a mail (product.md 1.5).
    """
    if not case.is_about_procurement:
        return []
    rows = [
        (
            "procedure_state",
            _("Where does the procedure stand?"),
            case.get_procedure_state_display() if case.procedure_state else "",
        )
    ]
    block = getattr(case, "procurement", None)
    if block is not None:
        kind = _("I do not know") if block.contract_type_unknown else str(block.contract_type or "")
        deadline = deadlines.long_date(block.deadline) if block.deadline else ""
        rows += [
            ("contract_type", _("EVB-IT type"), kind),
            ("value_band", _("Estimated value"), str(block.value_band or "")),
            ("deadline", _("Deadline of the procedure"), deadline),
            ("awarding", _("Lots or framework contract"), block.get_awarding_display()),
            ("reuse_contract", _("Reuse contract"), block.get_reuse_contract_display()),
            (
                "architecture",
                _("ITDZ/IKT architecture checked"),
                block.get_architecture_display(),
            ),
            ("staff_council", _("Personalrat"), block.get_staff_council_display()),
            (
                "womens_representative",
                _("Frauenvertretung"),
                block.get_womens_representative_display(),
            ),
            (
                "disability_representative",
                _("Schwerbehindertenvertretung"),
                block.get_disability_representative_display(),
            ),
            ("data_protection", _("Data protection"), block.get_data_protection_display()),
            ("accessibility", _("Accessibility"), block.get_accessibility_display()),
        ]
    return [row for row in rows if row[2]]


def _day(case: ConsultingRequest) -> str:
    return deadlines.long_date(case.wished_on) if case.wished_on else ""


def _file(file: CaseFile) -> str:
    """The name; of a file that is not clean also why it keeps the request from being sent."""
    if file.state == FileState.CLEAN:
        return file.name
    return f"{file.name} ({file.state_label})"
