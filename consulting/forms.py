"""What people enter on their side of a case. Shape and wording only; services write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Self
from uuid import uuid4

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from catalog.models import Solution
from consulting import intake, seen
from consulting.enums import Phase, RequestKind, Topic, Uptake, Visibility
from consulting.fields import FormIdField, LineField, SeenField, TextField, users_count_field
from consulting.models import ConsultingRequest
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.forms import DateInput

MOST_SOLUTIONS = 20
MOST_COLLEAGUES = 20
TEXT_LENGTH = 20_000


class StepForm(forms.Form):
    """One step of the intake. ``as_draft``: nothing is required yet.

    ``version`` is the draft's version that the page showed.
    """

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    conflict: Sequence[tuple[str, str]] = ()
    """What stands in the draft, when it was changed elsewhere since the page was shown."""

    def __init__(self, *args: Any, as_draft: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if as_draft:
            for field in self.fields.values():
                field.required = False

    def values(self) -> dict[str, Any]:
        """The content fields of this step."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class KindForm(StepForm):
    kind = forms.ChoiceField(
        label=_("What is your request?"),
        choices=RequestKind,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what your request is.")},
    )


class StartForm(KindForm):
    """``draft_id`` makes a first step that is sent twice one draft."""

    draft_id = FormIdField()


class SubjectForm(StepForm):
    title = LineField(
        label=_("Title"),
        help_text=_("A short sentence that strangers understand too."),
        max_length=200,
        error_messages={"required": _("Enter a title.")},
    )
    description = TextField(
        label=_("Description"),
        help_text=_(
            "What do you plan? What have you tried already? Do not enter passwords, classified material"
            " or personal data of third parties."
        ),
        max_length=TEXT_LENGTH,
        rows=8,
        error_messages={"required": _("Describe your request.")},
    )
    topics = forms.MultipleChoiceField(
        label=_("Topics"),
        help_text=_(
            "Choose everything that fits. With “Procurement” we ask about the procedure in a further step."
        ),
        choices=Topic,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "osk-checks"}),
        error_messages={"required": _("Choose at least one topic.")},
    )
    phase = forms.ChoiceField(
        label=_("How far are you?"),
        help_text=_("We adapt our answer to it."),
        choices=[("", _("Please choose")), *Phase.choices],
        error_messages={"required": _("Choose how far you are.")},
    )
    wished_on = forms.DateField(
        label=_("Wished date"),
        help_text=_("DD.MM.YYYY"),
        required=False,
        widget=DateInput,
        error_messages={"invalid": _("Enter a date, for example 24.11.2026.")},
    )

    def clean_wished_on(self) -> Any:
        day = self.cleaned_data["wished_on"]
        if day is not None and day < clock.today():
            raise forms.ValidationError(_("Choose a date that is not in the past."))
        return day


class UrgencyForm(forms.Form):
    """On the check page, when the wished date lies before the promise."""

    urgent = forms.BooleanField(label=_("Mark as urgent"), required=False)
    urgency_reason = TextField(
        label=_("Reason for the urgency"),
        help_text=_("For example a resolution or the end of a contract."),
        max_length=2_000,
        rows=2,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        reason = str(cleaned.get("urgency_reason", "")).strip()
        if cleaned.get("urgent") and not reason and not self.errors:
            self.add_error("urgency_reason", _("Write why it is urgent."))
        return cleaned

    @property
    def reason(self) -> str:
        """Why it is urgent; empty when it is not marked."""
        return self.cleaned_data["urgency_reason"] if self.cleaned_data["urgent"] else ""


class ContextForm(StepForm):
    """``organisations``: which the person may choose; with one there is nothing to choose."""

    organisation = forms.ModelChoiceField(
        label=_("For which authority do you ask?"),
        queryset=Organisation.objects.none(),
        to_field_name="slug",
        empty_label=_("Please choose"),
        error_messages={
            "required": _("Choose your authority."),
            "invalid_choice": _("Choose an authority from the list."),
        },
    )
    own_reference = LineField(
        label=_("Your reference"),
        help_text=_("For example your file number. It stands in every mail about this request."),
        max_length=100,
        required=False,
    )
    users_count = users_count_field()
    software_in_use = TextField(
        label=_("Software in use"),
        help_text=_("What do you use for this today?"),
        max_length=2_000,
        rows=2,
        required=False,
    )
    solutions = forms.ModelMultipleChoiceField(
        label=_("Solutions it is about"),
        queryset=Solution.objects.none(),
        to_field_name="slug",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": _("Choose solutions from the list."),
            "invalid_pk_value": _("Choose solutions from the list."),
        },
    )

    def __init__(
        self,
        *args: Any,
        organisations: intake.Choice,
        offered: Sequence[Solution] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.choice = organisations
        field = self.fields["organisation"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 # says it to the type checker
        if organisations.is_fixed:
            del self.fields["organisation"]
        else:
            field.queryset = organisations.organisations
            if organisations.must_be_confirmed:
                field.help_text = _(
                    "The authority confirms that you belong to it. You can send your request before."
                )
        solutions = self.fields["solutions"]
        assert isinstance(solutions, forms.ModelMultipleChoiceField)  # noqa: S101 # as above
        solutions.queryset = Solution.objects.published()
        solutions.choices = [(s.slug, s.name) for s in offered]

    def clean_solutions(self) -> Any:
        chosen = self.cleaned_data["solutions"]
        if len(chosen) > MOST_SOLUTIONS:
            raise forms.ValidationError(
                _("Choose at most %(count)d solutions.") % {"count": MOST_SOLUTIONS}
            )
        return chosen

    def values(self) -> dict[str, Any]:
        values = super().values()
        values.pop("solutions")
        if self.choice.is_fixed:
            values["organisation"] = self.choice.fixed
        return values


SEEN_BY: Final = {
    Visibility.ONLY_ME: _(
        "You and the OSK read it. Your Organisationsverwaltung sees reference, name, state and date."
    ),
    Visibility.SELECTED: _(
        "You, the OSK and the colleagues whom you tick below. Your Organisationsverwaltung sees reference,"
        " name, state and date."
    ),
    Visibility.ORGANISATION: _(
        "All members of your authority read what you and the OSK write, files included. They cannot write."
    ),
}
"""Each choice says who else sees what (product.md 1.1, step 5)."""


class SharingForm(StepForm):
    """Who of the own organisation reads along. Without ``colleagues`` there is nobody to choose yet.

    ``taken_over``: managers who work along by a take-over. They stay, whatever else is chosen: only a
    tick ends it, so that a form without the field ends nothing.
    """

    visibility = forms.ChoiceField(
        label=_("Who may read along?"),
        choices=Visibility,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose who may read along.")},
    )
    readers = forms.MultipleChoiceField(
        label=_("These colleagues read along"),
        help_text=_("They read all that you and the OSK write, files included. They cannot write."),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "osk-checks"}),
        error_messages={"invalid_choice": _("Choose colleagues from the list.")},
    )
    writers = forms.MultipleChoiceField(
        label=_("These colleagues work along"),
        help_text=_(
            "They read all that you and the OSK write. They may write to the OSK, and close or withdraw the"
            " request."
        ),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "osk-checks"}),
        error_messages={"invalid_choice": _("Choose colleagues from the list.")},
    )
    deputy = forms.ChoiceField(
        label=_("Deputy"),
        help_text=_(
            "Reads all that you and the OSK write, works along, and gets all mails too. For leave and illness."
        ),
        required=False,
        error_messages={"invalid_choice": _("Choose a deputy from the list.")},
    )
    released = forms.MultipleChoiceField(
        label=_("End the take-over"),
        help_text=_(
            "They have taken over for the Organisationsverwaltung and work along, whatever you choose above."
            " We tell whoever you tick here."
        ),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "osk-checks"}),
        error_messages={"invalid_choice": _("Choose people from the list.")},
    )

    def __init__(
        self,
        *args: Any,
        colleagues: Iterable[User],
        taken_over: Iterable[User] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.taken_over = {str(person.public_id): person for person in taken_over}
        if self.taken_over:
            self._choices("released", [(key, str(p)) for key, p in self.taken_over.items()])
        else:
            del self.fields["released"]
        self.colleagues = {str(person.public_id): person for person in colleagues}
        names = [(key, str(person)) for key, person in self.colleagues.items()]
        if not names:
            for name in ("readers", "writers", "deputy"):
                del self.fields[name]
            self._choices("visibility", _said(v for v in Visibility if v != Visibility.SELECTED))
            return
        self._choices("visibility", _said(Visibility))
        self._choices("readers", names)
        self._choices("writers", names)
        self._choices("deputy", [("", _("Nobody")), *names])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen = {*cleaned.get("readers", ()), *cleaned.get("writers", ())}
        if cleaned.get("visibility") == Visibility.SELECTED and not chosen and not self.errors:
            self.add_error("readers", _("Choose at least one colleague."))
        if len(chosen) > MOST_COLLEAGUES:
            self.add_error(
                "readers", _("Choose at most %(count)d colleagues.") % {"count": MOST_COLLEAGUES}
            )
        return cleaned

    def sharing(self) -> dict[str, Any]:
        """Arguments of the service ``share``."""
        cleaned = self.cleaned_data
        return {
            "visibility": Visibility(cleaned.get("visibility") or Visibility.ONLY_ME),
            "readers": [self.colleagues[key] for key in cleaned.get("readers", ())],
            "writers": [self.colleagues[key] for key in cleaned.get("writers", ())],
            "deputy": self.colleagues.get(cleaned.get("deputy", "")),
            "released": [self.taken_over[key] for key in cleaned.get("released", ())],
        }

    def _choices(self, name: str, choices: Sequence[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 # says it to the type checker
        field.choices = choices


def _said(choices: Iterable[Visibility]) -> list[tuple[str, str]]:
    """Each choice with who else sees what; the sentence belongs to the name that is read out."""
    shown = '{}<br><span class="osk-small">{}</span>'
    return [(choice.value, format_html(shown, choice.label, SEEN_BY[choice])) for choice in choices]


class TextForm(forms.Form):
    """A public text: a message, a reply, the reason for reopening.

    ``message_id`` makes a form that is sent twice say its text once; ``seen`` is what its page showed of a
    case (``about``), so that an old form acts on nothing new.
    """

    text = TextField(label=_("Your message"), max_length=TEXT_LENGTH, rows=5)
    message_id = FormIdField()
    seen = SeenField()

    def __init__(
        self, *args: Any, label: Any = None, hint: Any = "", missing: Any = None, **kwargs: Any
    ) -> None:
        kwargs.setdefault("initial", {"message_id": uuid4()})
        super().__init__(*args, **kwargs)
        field = self.fields["text"]
        field.label = label or field.label
        field.help_text = hint
        field.error_messages["required"] = missing or _("Write a text.")

    def about(self, case: ConsultingRequest) -> Self:
        """The form as it is shown with ``case``."""
        self.initial["seen"] = seen.token(case)
        return self


class UptakeForm(forms.Form):
    """What becomes of one recommendation; only a refusal has a reason, and needs none."""

    uptake = forms.ChoiceField(choices=Uptake.choices)
    reason = TextField(label=_("Why not?"), max_length=500, rows=2, required=False)

    def __init__(self, *args: Any, recommendation_id: int, **kwargs: Any) -> None:
        self.recommendation_id = recommendation_id
        kwargs.setdefault("auto_id", f"id_{recommendation_id}_%s")
        super().__init__(*args, **kwargs)


def reply_words() -> dict[str, Any]:
    """Label and messages of the form for a reply."""
    return {
        "label": _("Your reply"),
        "hint": _("The OSK and everybody who takes part reads along. Do not write passwords."),
        "missing": _("Write your reply."),
    }


def message_words() -> dict[str, Any]:
    return {
        "hint": _("The OSK and everybody who takes part reads along. Do not write passwords."),
        "missing": _("Write your message."),
    }


def message_form(data: Any = None, **options: Any) -> TextForm:
    return TextForm(data, **message_words(), **options)


def take_over_form(data: Any = None) -> TextForm:
    return TextForm(
        data,
        label=_("Reason"),
        hint=_("For example leave until 8 January. Write nothing about an illness itself."),
        missing=_("Write why you take over."),
    )


def reopen_form(data: Any = None) -> TextForm:
    return TextForm(
        data,
        label=_("Why should we go on?"),
        hint=_("We read it, and so does everybody who takes part."),
        missing=_("Write why we should go on."),
    )


def initial_of(case: ConsultingRequest, names: Iterable[str]) -> dict[str, Any]:
    """What the draft holds, as initial values of a step."""
    values = {name: getattr(case, name) for name in names}
    if "organisation" in values and case.organisation is not None:
        values["organisation"] = case.organisation.slug
    return {**values, "version": case.version}
