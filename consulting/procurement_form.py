"""The form of the step "Vergabe", and of what the OSK enters of it in a case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consulting.deadlines import short_date
from consulting.enums import (
    ArchitectureCheck,
    Awarding,
    Involvement,
    ProcedureState,
    ReuseContract,
    TaskStatus,
)
from consulting.forms import StepForm
from consulting.models import ConsultingRequest, ContractType, ProcurementBlock, ValueBand
from consulting.models.procurement import DatedModel
from consulting.staff_forms import StaffForm
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.forms import DateInput

UNKNOWN: Final = "unknown"
_PLEASE = ("", _("Please choose"))
_NOT_LISTED = _("Choose an entry from the list.")


def _choice(label: Any, choices: Any, help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=[_PLEASE, *choices.choices],
        help_text=help_text,
        required=False,
        error_messages={"invalid_choice": _NOT_LISTED},
    )


def _as_of(rows: Iterable[DatedModel]) -> str:
    """``Stand: 01.01.2026``: the oldest day for which one of ``rows`` was last known to be right."""
    days = [row.stands_on for row in rows]
    return gettext("As of %(date)s.") % {"date": short_date(min(days))} if days else ""


class BlockForm(forms.Form):
    """The fields of ``ProcurementBlock``, for the author's step and for the OSK in the case."""

    contract_type = forms.ChoiceField(
        label=_("EVB-IT type"),
        required=False,
        error_messages={"invalid_choice": _NOT_LISTED},
    )
    value_band = forms.ModelChoiceField(
        label=_("Estimated value"),
        help_text=_("Without VAT, for the whole term."),
        queryset=ValueBand.objects.none(),
        empty_label=_("Please choose"),
        required=False,
        error_messages={"invalid_choice": _NOT_LISTED},
    )
    deadline = forms.DateField(
        label=_("Deadline of the procedure"),
        help_text=_("For example the end of the period for offers. DD.MM.YYYY"),
        required=False,
        widget=DateInput,
        error_messages={"invalid": _("Enter a date, for example 24.11.2026.")},
    )
    awarding = _choice(_("Lots or framework contract"), Awarding)
    reuse_contract = _choice(
        _("Reuse contract"), ReuseContract, _("A contract to reuse another authority’s software.")
    )
    architecture = _choice(_("ITDZ/IKT architecture checked"), ArchitectureCheck)
    staff_council = _choice(_("Personalrat"), Involvement)
    womens_representative = _choice(_("Frauenvertretung"), Involvement)
    disability_representative = _choice(_("Schwerbehindertenvertretung"), Involvement)
    data_protection = _choice(_("Data protection"), TaskStatus)
    accessibility = _choice(_("Accessibility"), TaskStatus)

    def offer_lists(self, block: ProcurementBlock | None) -> None:
        """``block``: what was saved before, whose choices stay on offer when they count no more."""
        today = clock.today()
        types = ContractType.objects.on(today, also=block.contract_type_id if block else None)
        self.types = {str(each.pk): each for each in types}
        contract_type = self.fields["contract_type"]
        assert isinstance(contract_type, forms.ChoiceField)  # noqa: S101 # says it to the type checker
        contract_type.choices = [
            _PLEASE,
            *((key, str(each)) for key, each in self.types.items()),
            (UNKNOWN, _("I do not know")),
        ]
        contract_type.help_text = _as_of(self.types.values())
        band = self.fields["value_band"]
        assert isinstance(band, forms.ModelChoiceField)  # noqa: S101 # as above
        band.queryset = ValueBand.objects.on(today, also=block.value_band_id if block else None)
        band.help_text = " ".join(filter(None, (str(band.help_text), _as_of(band.queryset))))

    def block_values(self, values: dict[str, Any]) -> dict[str, Any]:
        """``values`` as the fields of the block have them."""
        chosen = values.pop("contract_type")
        return {
            **values,
            "contract_type": self.types.get(chosen),
            "contract_type_unknown": chosen == UNKNOWN,
        }


class ProcurementForm(BlockForm, StepForm):
    """The step of the draft, with the state of the procedure."""

    procedure_state = forms.ChoiceField(
        label=_("Where does the procedure stand?"),
        choices=ProcedureState,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose where the procedure stands."),
            "invalid_choice": _NOT_LISTED,
        },
    )

    def __init__(self, *args: Any, block: ProcurementBlock | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["procedure_state"])
        self.offer_lists(block)

    def values(self) -> dict[str, Any]:
        """``procedure_state`` and the fields of the block."""
        return self.block_values(super().values())


class CompleteProcurementForm(BlockForm, StaffForm):
    """What the authority has said to the OSK about the procurement, entered in its request."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        block = block_of(self.case)
        self.offer_lists(block)
        for name, value in initial_of_block(self.case, block).items():
            self.initial.setdefault(name, value)

    def values(self) -> dict[str, Any]:
        return {"values": self.block_values(super().values())}

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        block = block_of(case)
        typed = self.values()["values"]
        return block is not None and all(getattr(block, k) == v for k, v in typed.items())


def block_of(case: ConsultingRequest) -> ProcurementBlock | None:
    """The block of ``case``; None while nothing was entered."""
    block: ProcurementBlock | None = getattr(case, "procurement", None)
    return block


def initial_of_block(case: ConsultingRequest, block: ProcurementBlock | None) -> dict[str, Any]:
    """What the draft holds, as initial values of the step."""
    initial: dict[str, Any] = {"version": case.version, "procedure_state": case.procedure_state}
    if block is None:
        return initial
    plain = set(BlockForm.base_fields) - {"contract_type"}
    initial |= {name: getattr(block, name) for name in plain}
    initial["contract_type"] = UNKNOWN if block.contract_type_unknown else block.contract_type_id
    return initial
