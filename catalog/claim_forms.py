"""What is entered about claims and maintained entries, by a Redaktion and by advisors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.enums import MaintainershipEnd, Proof
from catalog.services import claim_letters
from network.models import Organisation
from osk_portal.toolkit import clock, uploads
from osk_portal.toolkit.forms import DateInput

LONGEST: Final = 2_000


class _OrganisationField(forms.ModelChoiceField[Organisation]):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            queryset=Organisation.objects.none(),
            to_field_name="slug",
            error_messages={
                "required": gettext_lazy("Choose an organisation."),
                "invalid_choice": gettext_lazy("Choose an organisation."),
            },
            **options,
        )


class ClaimForm(forms.Form):
    """``organisations``: for which the person may claim; with one there is nothing to choose.

    After ``is_valid()`` ``letter_of_form`` is name and content of the chosen file, or None.
    """

    organisation = _OrganisationField(
        label=gettext_lazy("For which organisation?"), empty_label=None
    )
    proof = forms.ChoiceField(
        label=gettext_lazy("How do you show that you look after the solution?"),
        choices=[
            (Proof.CODE, gettext_lazy("We put a code into the repository")),
            (Proof.NAMED, gettext_lazy("We are named under maintenance in the publiccode.yml")),
            (Proof.LETTER, gettext_lazy("We send a letter")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a proof.")},
    )
    letter = forms.FileField(
        label=gettext_lazy("The letter as a file"),
        help_text=gettext_lazy(
            "PDF, PNG or JPEG, signed by your organisation. Leave this empty if you send it by post."
        ),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
    )
    statement = forms.CharField(
        label=gettext_lazy("Why does your organisation look after the solution?"),
        help_text=gettext_lazy(
            "The OSK reads this. If another organisation maintains the entry, it reads this too."
        ),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Say why your organisation claims the entry.")},
    )

    letter_of_form: tuple[str, bytes] | None = None

    def __init__(
        self, data: Any = None, files: Any = None, *, organisations: Sequence[Organisation]
    ) -> None:
        super().__init__(data, files)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 # says it to the type checker
        field.queryset = Organisation.objects.filter(pk__in=[o.pk for o in organisations])
        if len(organisations) == 1:
            field.widget = forms.HiddenInput()
            self.initial["organisation"] = organisations[0].slug

    def clean_letter(self) -> UploadedFile[Any] | None:
        file: UploadedFile[Any] | None = self.cleaned_data["letter"]
        if file is None:
            return None
        try:
            if (file.size or 0) > claim_letters.most_bytes():
                raise uploads.too_large(claim_letters.most_bytes())
            data = file.read()
            claim_letters.check(file.name or "", data)
        except uploads.Refused as error:
            raise ValidationError(str(error)) from error
        self.letter_of_form = (file.name or "", data)
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.letter_of_form and cleaned.get("proof", Proof.LETTER) != Proof.LETTER:
            self.add_error(
                "letter",
                _("You have chosen another proof. Choose the letter, or leave the file out."),
            )
        return cleaned


class AnswerForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Your answer"),
        help_text=gettext_lazy(
            "The OSK reads this, and the organisation that has claimed the entry."
        ),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": gettext_lazy("Write an answer.")},
    )


class OfferForm(forms.Form):
    """To which organisation; by its name, so that it works with hundreds of them."""

    organisation = _OrganisationField(
        label=gettext_lazy("To which organisation?"),
        help_text=gettext_lazy("It can accept or decline. Until then you maintain the entry."),
        empty_label=gettext_lazy("Please choose"),
    )

    def __init__(self, data: Any = None, *, own: int) -> None:
        super().__init__(data)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 # says it to the type checker
        field.queryset = Organisation.objects.filter(is_published=True).exclude(pk=own)


class DecideForm(forms.Form):
    """An advisor's decision on a claim."""

    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[
            ("accept", gettext_lazy("The organisation maintains the entry from now on")),
            ("refuse", gettext_lazy("The claim is refused")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Please choose a decision.")},
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("The organisation reads it; in a contest both do."),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Write a reason.")},
    )


class LetterForm(forms.Form):
    received_on = forms.DateField(
        label=gettext_lazy("Letter received on"),
        widget=DateInput,
        error_messages={"required": gettext_lazy("Enter the day.")},
    )

    def clean_received_on(self) -> Any:
        day = self.cleaned_data["received_on"]
        if day > clock.today():
            raise ValidationError(_("This day lies in the future."))
        return day


class TakeAwayForm(forms.Form):
    why = forms.ChoiceField(
        label=gettext_lazy("Why?"),
        choices=[
            (MaintainershipEnd.UNREACHABLE, MaintainershipEnd.UNREACHABLE.label),
            (
                MaintainershipEnd.CLOSED,
                gettext_lazy("The organisation exists no more: all its entries go to the OSK"),
            ),
            (MaintainershipEnd.OTHER, MaintainershipEnd.OTHER.label),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose why.")},
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("The organisation reads it."),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Write a reason.")},
    )
