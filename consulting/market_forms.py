"""What the OSK enters about partners, consent and companies (product.md 1.5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from consulting import confidential, contacts, releases
from consulting.enums import ConsentState, ProcedureState
from consulting.fields import LineField, TextField
from consulting.models import (
    CaseFile,
    ConsultingRequest,
    FileState,
    PartnerConsent,
)
from consulting.partner_proposals import read_proposals
from consulting.staff_forms.base import (
    REASON_LENGTH,
    TEXT_LENGTH,
    USUAL_WAIT,
    StaffForm,
    check_future,
    future_day,
)
from network.enums import OrganisationKind
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.forms import DateInput
from osk_portal.toolkit.working_days import add_working_days

REASON_SHOWN: Final = 160
"""Characters of a proposed partner with its reason; the page of the case says it whole."""
"""That one question goes to at once."""
PARTNER: Final = "partner"
"""In the address of a form: the organisation that is chosen beforehand."""
_CHOOSE = _("Choose an organisation from the list.")


def _partner(label: Any, *, required: bool = True) -> forms.ModelChoiceField[Organisation]:
    return forms.ModelChoiceField(
        label=label,
        queryset=Organisation.objects.none(),
        to_field_name="public_id",
        empty_label=_("Please choose") if required else _("None"),
        required=required,
        error_messages=dict.fromkeys(("required", "invalid_choice"), _CHOOSE),
    )


def _question() -> TextField:
    return TextField(
        label=_("Question to the partner"),
        help_text=_("The partner does not know the request. Write everything that it must know."),
        max_length=TEXT_LENGTH,
        rows=6,
        error_messages={"required": _("Write your question.")},
    )


def _past_day(label: Any, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        widget=DateInput,
        error_messages={
            "required": _("Enter a date."),
            "invalid": _("Enter a date such as 2026-11-25."),
        },
    )


def _check_past(day: date) -> date:
    if day > clock.today():
        raise ValidationError(_("This date lies in the future."))
    return day


if TYPE_CHECKING:
    _FilesBase = forms.ModelMultipleChoiceField[CaseFile]
    _FileBase = forms.ModelChoiceField[CaseFile]
    _ConsentBase = forms.ModelChoiceField[PartnerConsent]
else:
    _FilesBase = forms.ModelMultipleChoiceField
    _FileBase = _ConsentBase = forms.ModelChoiceField


class _FilesChoice(_FilesBase):
    def label_from_instance(self, obj: CaseFile) -> str:
        return obj.name


class _FileChoice(_FileBase):
    def label_from_instance(self, obj: CaseFile) -> str:
        return obj.name


class _ConsentChoice(_ConsentBase):
    def label_from_instance(self, obj: PartnerConsent) -> str:
        shown = releases.of(obj)
        return f"{', '.join(shown.partner_names)}: {shown.question[:200]}"


class _PartnersForm(StaffForm):
    """The proposed partners stand first. ``hidden_partners``: how many companies are not offered at this
    moment; the page says so."""

    partner_fields: tuple[str, ...] = ()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        partners = Organisation.objects.published()
        if self.case.organisation is not None:
            partners = partners.exclude(pk=self.case.organisation.pk)
        self.hidden_partners = 0
        self.hidden_reason = confidential.refusal_of_companies(self.case)
        if self.hidden_reason:
            companies = partners.filter(kind=OrganisationKind.BUSINESS)
            self.hidden_partners = companies.count()
            partners = partners.exclude(kind=OrganisationKind.BUSINESS)
        for name in self.partner_fields:
            self._offer(name, partners)
        self._propose(list(partners))
        if "released" in self.fields:
            files = releases.releasable_files(self.case)
            self._offer("released", files)
            if not files.exists():
                del self.fields["released"]

    @classmethod
    def prefilled(cls, address: Mapping[str, str]) -> dict[str, Any]:
        chosen = address.get(PARTNER, "")
        return {cls.partner_fields[0]: chosen} if chosen else {}

    def values(self) -> dict[str, Any]:
        given = super().values()
        return {**given, "files": list(given.pop("released", ()))}

    def _propose(self, partners: list[Organisation]) -> None:
        proposed = [
            (p.organisation, Truncator(f"{p.organisation} ({p.reason})").chars(REASON_SHOWN))
            for p in read_proposals(self.case).shown
        ]
        known = {organisation.pk for organisation, _label in proposed}
        others = [
            (partner.public_id, str(partner)) for partner in partners if partner.pk not in known
        ]
        for name in self.partner_fields:
            field = self.fields[name]
            if not isinstance(field, forms.ModelChoiceField):
                continue
            first: list[Any] = [("", field.empty_label)]
            if proposed:
                first.append(
                    (_("Proposed partners"), [(org.public_id, label) for org, label in proposed])
                )
            field.widget.choices = (
                [*first, (_("All others"), others)] if proposed else [*first, *others]
            )

    def _offer(self, name: str, rows: QuerySet[Any]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = rows


def _released() -> _FilesChoice:
    return _FilesChoice(
        label=_("Files for the partner"),
        help_text=_("Only what the partner needs. It can load them until it has answered."),
        queryset=CaseFile.objects.none(),
        to_field_name="public_id",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages=dict.fromkeys(
            ("invalid_choice", "invalid_pk_value", "invalid_list"),
            _("One of the files cannot be released."),
        ),
    )


class AskConsentForm(_PartnersForm):
    """Shown to the requester's side word for word; nothing of it leaves the case before."""

    partner_fields = ("partner_1", "partner_2", "partner_3")

    partner_1 = _partner(_("Partner"))
    partner_2 = _partner(_("Another partner"), required=False)
    partner_3 = _partner(_("And another partner"), required=False)
    question = _question()
    released = _released()
    names_authority = forms.BooleanField(
        label=_("The partner may know which authority asks"), required=False
    )
    answer_by = future_day(_("Partners answer by"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.initial.setdefault("answer_by", add_working_days(clock.today(), 2 * USUAL_WAIT))

    def clean_answer_by(self) -> date:
        return check_future(self.cleaned_data["answer_by"])

    def values(self) -> dict[str, Any]:
        given = super().values()
        partners = [given.pop(name) for name in self.partner_fields]
        return {**given, "partners": list(dict.fromkeys(filter(None, partners)))}

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        values = self.values()
        shown = releases.release(
            case,
            partners=values["partners"],
            question=values["question"],
            files=values["files"],
            names_authority=values["names_authority"],
        )
        return case.consents.filter(asked_by=user, sha256=shown.sha256).exists()


class AskPartnersForm(StaffForm):
    """Ask on a consent that was given on the page: which one, and by when."""

    consent = _ConsentChoice(
        label=_("Consent"),
        queryset=PartnerConsent.objects.none(),
        to_field_name="public_id",
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), _("Choose what the authority has permitted.")
        ),
    )
    due_on = future_day(_("Answer by"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.usable = contacts.usable_consents(self.case)
        field = self.fields["consent"]
        if isinstance(field, _ConsentChoice):
            # A used one is offered no more, but a form that is sent twice may still name it.
            field.queryset = self.case.consents.filter(state=ConsentState.GIVEN)
            field.widget.choices = [
                (consent.public_id, field.label_from_instance(consent)) for consent in self.usable
            ]
        if self.usable:
            latest = self.usable[-1]
            self.initial.setdefault("consent", latest.public_id)
            tomorrow = add_working_days(clock.today(), USUAL_WAIT)
            self.initial.setdefault("due_on", max(latest.answer_by, tomorrow))

    def clean_due_on(self) -> date:
        return check_future(self.cleaned_data["due_on"])

    def values(self) -> dict[str, Any]:
        given = super().values()
        return {"consent_id": given["consent"].pk, "due_on": given["due_on"]}

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        asked = case.partner_questions.filter(asked_by=user)
        return asked.filter(consent=self.cleaned_data["consent"]).exists()


class InvolvePartnerForm(_PartnersForm):
    """A consent that was given elsewhere. A company needs it in writing: its document is a file here."""

    partner_fields = ("organisation",)

    organisation = _partner(_("Partner"))
    question = _question()
    released = _released()
    due_on = future_day(_("Answer by"))
    consented_on = _past_day(
        _("Permitted by the authority on"),
        _("The authority must have agreed that you ask this partner."),
    )
    consent_source = LineField(
        label=_("Where it was permitted"),
        help_text=_("For example the mail, message or call of the authority, with its date."),
        max_length=200,
        error_messages={"required": _("Write where the authority has permitted it.")},
    )
    document = _FileChoice(
        label=_("Document of the consent"),
        help_text=_("Needed for a company: the file of this request that holds it."),
        queryset=CaseFile.objects.none(),
        to_field_name="public_id",
        empty_label=_("None"),
        required=False,
        error_messages={"invalid_choice": _("Choose a file of this request.")},
    )
    names_authority = forms.BooleanField(
        label=_("The partner may know which authority asks"),
        help_text=_("Only when the authority has agreed to this too."),
        required=False,
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.initial.setdefault("due_on", add_working_days(clock.today(), USUAL_WAIT))
        documents = self.case.files.filter(state=FileState.CLEAN)
        self._offer("document", documents)
        if not documents.exists():
            del self.fields["document"]

    def clean_due_on(self) -> date:
        return check_future(self.cleaned_data["due_on"])

    def clean_consented_on(self) -> date:
        return _check_past(self.cleaned_data["consented_on"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        partner = cleaned.get("organisation")
        if partner and confidential.is_company(partner) and not cleaned.get("document"):
            self.add_error(
                "organisation",
                _("A company is asked only with written consent. Ask for it on the page."),
            )
        return cleaned

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        given = self.cleaned_data
        asked = case.partner_questions.filter(asked_by=user, organisation=given["organisation"])
        return asked.filter(
            question=given["question"], consent_source=given["consent_source"]
        ).exists()


class MarketInquiryForm(StaffForm):
    reason = TextField(
        label=_("Reason"),
        help_text=_("What you cannot find out without asking companies. The authority reads it."),
        max_length=REASON_LENGTH,
        rows=4,
        error_messages={"required": _("Write a reason.")},
    )
    scope = TextField(
        label=_("Scope"),
        help_text=_("Which companies are asked what, and until when."),
        max_length=REASON_LENGTH,
        rows=4,
        error_messages={"required": _("Write how far companies are asked.")},
    )
    decided_on = _past_day(_("Decided on"))
    knows_prejudice = forms.BooleanField(
        label=_("I have read the note on Vorbefassung and told the authority."),
        error_messages={"required": _("Confirm that you have read the note on Vorbefassung.")},
    )
    warns_of_prejudice = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.initial.setdefault("decided_on", clock.today())

    def clean_decided_on(self) -> date:
        return _check_past(self.cleaned_data["decided_on"])

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        inquiry = getattr(case, "market_inquiry", None)
        given = self.cleaned_data
        return inquiry is not None and (inquiry.reason, inquiry.scope) == (
            given["reason"],
            given["scope"],
        )


class ProcedureForm(StaffForm):
    """The OSK notes what the authority has said; that there is no procedure, the authority says itself."""

    procedure_state = forms.ChoiceField(
        label=_("Where does the procedure stand?"),
        choices=[s for s in ProcedureState.choices if s[0] != ProcedureState.NONE],
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), _("Choose where the procedure stands.")
        ),
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.initial.setdefault("procedure_state", self.case.procedure_state)

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        return bool(case.procedure_state == self.cleaned_data["procedure_state"])
