"""What the OSK enters in a case. Each form carries the version of the case that its page showed.

Public and internal texts never share a form: MessageForm and NoteForm have nothing in common but their base.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from catalog.models import Solution
from consulting.enums import MessageKind
from consulting.fields import LineField, TextField
from consulting.file_forms import ComposerMixin, StepComposerMixin
from consulting.matching import find_solutions, similar_solutions
from consulting.models import ConsultingRequest
from consulting.services import Advice
from consulting.text_modules import ModuleMixin
from network.enums import OrganisationKind
from network.models import Organisation
from osk_portal.accounts.enums import StaffRole
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.forms import DateInput
from osk_portal.toolkit.working_days import add_working_days, is_working_day
from sandbox.models import Blueprint

TEXT_LENGTH: Final = 20_000
REASON_LENGTH: Final = 5_000
LONGEST_WAIT: Final = timedelta(days=180)
USUAL_WAIT: Final = 5
"""Working days that a question or a partner usually gets."""
MOST_CANDIDATES: Final = 40
MOST_AT_ONCE: Final = 100
_UUID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NO_INPUT: Final = ("version", "module", "attachments")


class CaseForm(forms.Form):
    """Belongs to a case as its page showed it."""

    version = forms.IntegerField(
        widget=forms.HiddenInput,
        min_value=0,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value"), _("Please load the page again.")
        ),
    )

    def __init__(self, *, case: ConsultingRequest, **options: Any) -> None:
        self.case = case
        initial = {"version": case.version, **options.pop("initial", {})}
        super().__init__(initial=initial, **options)

    @property
    def seen_version(self) -> int | None:
        """The version that the page showed; None where the form says none."""
        version: int | None = getattr(self, "cleaned_data", {}).get("version")
        return version

    def renew(self, case: ConsultingRequest) -> None:
        """Let what was typed be sent again, to the case as it is now."""
        self.case = case
        self.data = {name: self.data[name] for name in self.data} | {"version": case.version}


class _WritingForm(CaseForm):
    message_id = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), _("Please load the page again.")),
    )

    def __init__(self, *, case: ConsultingRequest, **options: Any) -> None:
        initial = {"message_id": uuid4(), **options.pop("initial", {})}
        super().__init__(case=case, initial=initial, **options)


class MessageForm(ComposerMixin, ModuleMixin, _WritingForm):
    """Public: the authority reads it."""

    target = "text"

    text = TextField(
        label=_("Message to the authority"),
        max_length=TEXT_LENGTH,
        rows=5,
        error_messages={"required": _("Write a message.")},
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(auto_id="message_%s", **options)


class NoteForm(ComposerMixin, _WritingForm):
    """Internal: only the OSK reads it."""

    text = TextField(
        label=_("Internal note"),
        max_length=TEXT_LENGTH,
        rows=3,
        error_messages={"required": _("Write a note.")},
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(auto_id="note_%s", **options)


class StaffForm(CaseForm):
    """A step of the OSK; by itself the form of a step without input."""

    def __init__(self, *, user: User, **options: Any) -> None:
        self.user = user
        super().__init__(**options)

    def values(self) -> dict[str, Any]:
        """The service's arguments."""
        return {name: value for name, value in self.cleaned_data.items() if name not in _NO_INPUT}

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        """What is typed here stands in ``case`` already, written by ``user``."""
        texts = [value for value in self.values().values() if isinstance(value, str)]
        return all(_was_said(case, user, text) for text in texts)


def _was_said(case: ConsultingRequest, user: User, text: str) -> bool:
    # An internal reason may have been continued by what it takes back.
    messages = case.messages.filter(author=user)
    return (
        messages.filter(body=text).exists()
        or messages.filter(kind=MessageKind.REASON, body__startswith=text).exists()
        or case.results.filter(author=user, text=text).exists()
        or case.partner_questions.filter(asked_by=user, question=text).exists()
        or text in (case.decline_reason, case.decline_referral)
    )


def _future_day(label: Any, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        widget=DateInput,
        error_messages={
            "required": _("Enter a date."),
            "invalid": _("Enter a date such as 2026-11-25."),
        },
    )


def _check_future(day: date) -> date:
    today = clock.today()
    if day <= today:
        raise ValidationError(_("Choose a date after today."))
    if day > today + LONGEST_WAIT:
        raise ValidationError(_("Choose a date within the next six months."))
    return day


class AskBackForm(StepComposerMixin, ModuleMixin, StaffForm):
    text_field = "question"
    target = "question"

    question = TextField(
        label=_("Question to the authority"),
        max_length=TEXT_LENGTH,
        rows=8,
        error_messages={"required": _("Write your question.")},
    )
    reply_by = _future_day(_("Reply by"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.initial.setdefault("reply_by", add_working_days(clock.today(), USUAL_WAIT))

    def clean_reply_by(self) -> date:
        return _check_future(self.cleaned_data["reply_by"])


class AssignForm(StaffForm):
    assignee = forms.ModelChoiceField(
        label=_("Contact person"),
        queryset=User.objects.none(),
        to_field_name="public_id",
        empty_label=_("Please choose"),
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), _("Choose an advisor from the list.")
        ),
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        advisors = User.objects.filter(
            is_active=True, is_staff=True, groups__name__in=(StaffRole.ADVISOR, StaffRole.LEAD)
        )
        field = self.fields["assignee"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = advisors.distinct()

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        return bool(case.assignee == self.cleaned_data["assignee"])


class SnoozeForm(StaffForm):
    until = _future_day(_("Follow-up date"))
    note = TextField(
        label=_("Note for this day"),
        help_text=_("Only the OSK reads it."),
        max_length=REASON_LENGTH,
        rows=3,
        required=False,
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.initial.setdefault("until", add_working_days(clock.today(), USUAL_WAIT))

    def clean_until(self) -> date:
        return _check_future(self.cleaned_data["until"])

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        return (case.snoozed_until, case.snooze_note) == (
            self.cleaned_data["until"],
            self.cleaned_data["note"],
        )


def _reason(label: Any, required: Any, help_text: Any = "") -> TextField:
    return TextField(
        label=label,
        help_text=help_text,
        max_length=REASON_LENGTH,
        rows=4,
        error_messages={"required": required},
    )


class ReturnForm(StaffForm):
    reason = _reason(_("Internal reason"), _("Write a reason."), _("Only the OSK reads it."))


class UndoForm(ReturnForm):
    """Takes back a decision, with an internal reason."""


class ReopenForm(StaffForm):
    reason = _reason(_("Reason"), _("Write a reason."), _("The authority reads it."))


class DeclineForm(ModuleMixin, StaffForm):
    target = "reason"

    reason = _reason(_("Reason"), _("Write a reason."), _("The authority reads it."))
    referral = _reason(
        _("Where to get help"),
        _("Write where the authority gets help."),
        _("The authority reads it."),
    )


class ConfirmUrgencyForm(StaffForm):
    answer_by = _future_day(_("Answer by"), _("A working day from today."))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        wished, today = self.case.wished_on, clock.today()
        if wished is not None and wished >= today and is_working_day(wished):
            self.initial.setdefault("answer_by", wished)

    def clean_answer_by(self) -> date:
        day: date = self.cleaned_data["answer_by"]
        if day < clock.today():
            raise ValidationError(_("Choose a date that is not in the past."))
        if day > clock.today() + LONGEST_WAIT:
            raise ValidationError(_("Choose a date within the next six months."))
        if not is_working_day(day):
            raise ValidationError(_("Choose a working day in Berlin."))
        return day

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        return bool(case.answer_due_on == self.cleaned_data["answer_by"])


class AnswerUrgencyForm(StaffForm):
    text = _reason(
        _("Answer to the urgency"), _("Write your answer."), _("The authority reads it.")
    )


class MergeForm(StaffForm):
    target = LineField(
        label=_("Reference of the other request"),
        help_text=_("For example OSK-2026-00042. Both belong to the same authority."),
        max_length=20,
        error_messages={"required": _("Enter a reference.")},
    )

    def clean_target(self) -> ConsultingRequest:
        reference = self.cleaned_data["target"].upper()
        found = ConsultingRequest.objects.sent().visible_to(self.user)
        target = found.filter(reference=reference).exclude(pk=self.case.pk).first()
        if target is None:
            raise ValidationError(_("There is no other request with this reference."))
        return target

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        return bool(case.duplicate_of == self.cleaned_data["target"])


class InvolvePartnerForm(StaffForm):
    """Companies are no partners in procurement: it would prejudice the procedure (product.md 1.5)."""

    organisation = forms.ModelChoiceField(
        label=_("Partner"),
        queryset=Organisation.objects.none(),
        to_field_name="public_id",
        empty_label=_("Please choose"),
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), _("Choose an organisation from the list.")
        ),
    )
    question = TextField(
        label=_("Question to the partner"),
        help_text=_("The partner does not know the request. Write everything that it must know."),
        max_length=TEXT_LENGTH,
        rows=6,
        error_messages={"required": _("Write your question.")},
    )
    due_on = _future_day(_("Answer by"))
    consented_on = forms.DateField(
        label=_("Permitted by the authority on"),
        help_text=_("The authority must have agreed that you ask this partner."),
        widget=DateInput,
        error_messages={
            "required": _("Enter a date."),
            "invalid": _("Enter a date such as 2026-11-25."),
        },
    )
    consent_source = LineField(
        label=_("Where it was permitted"),
        help_text=_("In writing: for example the mail or message of the authority, with its date."),
        max_length=200,
        error_messages={"required": _("Write where the authority has permitted it.")},
    )
    names_authority = forms.BooleanField(
        label=_("The partner may know which authority asks"),
        help_text=_("Only when the authority has agreed to this too."),
        required=False,
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.initial.setdefault("due_on", add_working_days(clock.today(), USUAL_WAIT))
        partners = Organisation.objects.published()
        if self.case.organisation is not None:
            partners = partners.exclude(pk=self.case.organisation.pk)
        self.hidden_partners = 0
        if self.case.is_confidential:
            companies = partners.filter(kind=OrganisationKind.BUSINESS)
            self.hidden_partners = companies.count()
            partners = partners.exclude(kind=OrganisationKind.BUSINESS)
        field = self.fields["organisation"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = partners

    def clean_due_on(self) -> date:
        return _check_future(self.cleaned_data["due_on"])

    def clean_consented_on(self) -> date:
        day: date = self.cleaned_data["consented_on"]
        if day > clock.today():
            raise ValidationError(_("This date lies in the future."))
        return day

    def was_saved(self, case: ConsultingRequest, user: User) -> bool:
        given = self.cleaned_data
        asked = case.partner_questions.filter(asked_by=user, organisation=given["organisation"])
        return asked.filter(
            question=given["question"], consent_source=given["consent_source"]
        ).exists()


@dataclass(frozen=True)
class Candidate:
    """Something that the answer can recommend: a tick and a reason."""

    target: Solution | Blueprint
    pick: BoundField
    why: BoundField


class AnswerForm(StepComposerMixin, ModuleMixin, StaffForm):
    """The answer, with solutions that are searched for and test products; works without a script.

    Which solutions are offered follows from the form's own field names, so that ticks and reasons survive
    each search: first those that the request is about or that fit its title, then what was found.
    """

    target = "text"

    text = TextField(
        label=_("Answer to the authority"),
        help_text=_("You can use Markdown for lists and links."),
        max_length=TEXT_LENGTH,
        rows=12,
        error_messages={"required": _("Write an answer.")},
    )
    q = LineField(
        label=_("Search words"),
        help_text=_("What you have typed so far is kept."),
        max_length=200,
        required=False,
    )

    def __init__(self, *, typed: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(initial={**(typed or {})}, **options)
        self.searched = ""
        self.number_of_hits = 0
        self._solutions: dict[str, Solution] = {}
        if self.is_bound or typed:
            self._offer_solutions(_named_solutions(typed or self.data))
        else:
            self._offer_solutions(self.case.solutions.filter(pk__in=Solution.objects.published()))
            self._offer_solutions(similar_solutions(self.case.title))
        self._blueprints = {b.slug: b for b in Blueprint.objects.bookable()[:MOST_CANDIDATES]}
        for slug, blueprint in self._blueprints.items():
            self._add_fields(f"blueprint-{slug}", blueprint)

    def options_with_module(self, writer: User) -> dict[str, Any]:
        return {"typed": self.typed_with_module(writer)}

    @property
    def is_searching(self) -> bool:
        return "search" in self.data

    def with_hits(self) -> AnswerForm:
        """The same page again with what was found, nothing checked and nothing lost."""
        typed = {name: self.data[name] for name in self.data}
        fresh = AnswerForm(case=self.case, user=self.user, typed=typed)
        query = " ".join(typed.get("q", "").replace("\x00", " ").split())[:200]
        fresh.searched = query
        if query:
            hits = find_solutions(query)
            fresh.number_of_hits = len(hits)
            fresh._offer_solutions(hits, first=True)
        return fresh

    @property
    def solutions(self) -> list[Candidate]:
        return list(self._candidates("solution", self._solutions))

    @property
    def blueprints(self) -> list[Candidate]:
        return list(self._candidates("blueprint", self._blueprints))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in list(cleaned):
            key = name.removeprefix("pick-")
            why = f"why-{key}"
            if key != name and cleaned[name] and not cleaned.get(why) and why not in self.errors:
                label = self.fields[name].label
                self.add_error(why, _("Say why you recommend %(name)s.") % {"name": label})
        return cleaned

    def values(self) -> dict[str, Any]:
        return {
            "text": self.cleaned_data["text"],
            "message_id": self.cleaned_data["message_id"],
            "recommendations": list(self._advice()),
        }

    def _advice(self) -> Iterator[Advice]:
        for slug, solution in self._solutions.items():
            if self.cleaned_data[f"pick-solution-{slug}"]:
                yield Advice(self.cleaned_data[f"why-solution-{slug}"], solution=solution)
        for slug, blueprint in self._blueprints.items():
            if self.cleaned_data[f"pick-blueprint-{slug}"]:
                yield Advice(self.cleaned_data[f"why-blueprint-{slug}"], blueprint=blueprint)

    def _offer_solutions(self, solutions: Iterable[Solution], first: bool = False) -> None:
        new = {s.slug: s for s in solutions if s.slug not in self._solutions}
        self._solutions = {**new, **self._solutions} if first else {**self._solutions, **new}
        for slug, solution in new.items():
            self._add_fields(f"solution-{slug}", solution)

    def _add_fields(self, key: str, target: Solution | Blueprint) -> None:
        self.fields[f"pick-{key}"] = forms.BooleanField(label=target.name, required=False)
        self.fields[f"why-{key}"] = TextField(
            label=_("Why %(name)s") % {"name": target.name},
            max_length=REASON_LENGTH,
            rows=2,
            required=False,
        )

    def _candidates(
        self, kind: str, targets: Mapping[str, Solution | Blueprint]
    ) -> Iterator[Candidate]:
        for slug, target in targets.items():
            yield Candidate(target, self[f"pick-{kind}-{slug}"], self[f"why-{kind}-{slug}"])


def _named_solutions(known: Mapping[str, Any]) -> Iterable[Solution]:
    """The published solutions that the fields of a form name; those ticked or reasoned stay for sure."""
    prefix = "why-solution-"
    slugs = [name.removeprefix(prefix) for name in known if name.startswith(prefix)]
    slugs = [slug for slug in slugs if "\x00" not in slug]
    slugs.sort(
        key=lambda slug: not (known.get(f"pick-solution-{slug}") or known.get(prefix + slug))
    )
    found = {
        s.slug: s for s in Solution.objects.published().filter(slug__in=slugs[:MOST_CANDIDATES])
    }
    return [found[slug] for slug in slugs if slug in found]


class BulkForm(forms.Form):
    """One step for ticked requests; which one says the button: ``step`` is assign or return."""

    assignee = forms.ModelChoiceField(
        label=_("Contact person"),
        queryset=User.objects.none(),
        to_field_name="public_id",
        empty_label=_("Please choose"),
        required=False,
        error_messages={"invalid_choice": _("Choose an advisor from the list.")},
    )
    reason = TextField(
        label=_("Internal reason"),
        help_text=_("For returning to the queue. Only the OSK reads it."),
        max_length=REASON_LENGTH,
        rows=2,
        required=False,
    )

    def __init__(self, *, user: User, **options: Any) -> None:
        super().__init__(auto_id="bulk_%s", **options)
        self.user = user
        self.cases: list[ConsultingRequest] = []
        people = User.objects.advisors()
        field = self.fields["assignee"]
        if isinstance(field, forms.ModelChoiceField):
            # An advisor assigns to himself or herself, a lead to anybody of the OSK.
            field.queryset = people if user.is_lead else people.filter(pk=user.pk)

    @property
    def is_returning(self) -> bool:
        return self.data.get("step") == "return"

    @property
    def ticked(self) -> list[str]:
        return self.data.getlist("case") if isinstance(self.data, QueryDict) else []

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        known = ConsultingRequest.objects.sent().visible_to(self.user)
        ids = [UUID(tick) for tick in self.ticked[:MOST_AT_ONCE] if _UUID.fullmatch(tick)]
        self.cases = list(known.filter(public_id__in=ids).order_by("pk"))
        if not self.cases:
            self.add_error(None, _("Tick at least one request."))
        if self.is_returning and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Write a reason."))
        if not self.is_returning and not cleaned.get("assignee") and "assignee" not in self.errors:
            self.add_error("assignee", _("Choose an advisor from the list."))
        return cleaned


class SearchForm(forms.Form):
    q = LineField(
        label=_("Reference or words"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
