from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from osk_portal.pages.models import BarrierReport

if TYPE_CHECKING:
    from osk_portal.accounts.models import User


class BarrierReportForm(forms.Form):
    page = forms.CharField(
        label=_("Which page is it about?"),
        help_text=_("The address or the title of the page is enough."),
        max_length=500,
        required=False,
    )
    description = forms.CharField(
        label=_("What does not work?"),
        help_text=_(
            "Tell us what you wanted to do and what got in the way. "
            "If you like, name your browser and your aids."
        ),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Describe what does not work.")},
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("Without an address we mend the fault, but cannot answer you."),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "invalid": _("Enter a complete e-mail address, for example name@behoerde.berlin.de.")
        },
    )
    # Only machines fill it in: it is not shown to people.
    website = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Please leave this field empty."))
        return ""


class BarrierAnswerForm(forms.ModelForm[BarrierReport]):
    class Meta:
        model = BarrierReport
        fields = ["answer"]
        error_messages = {"answer": {"required": _("Write the answer.")}}
        help_texts = {"answer": _("We send it to the person who left an address.")}

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type] # Django's own signature
        if "answer" in self.fields:  # read-only once it is given
            self.fields["answer"].required = True


class EndAccountForm(forms.Form):
    """The password says that it is the person. Who signs in with an official account has none."""

    password = forms.CharField(
        label=_("Password"),
        help_text=_("So that nobody else deletes your account."),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Enter your password.")},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        if not user.has_usable_password():
            del self.fields["password"]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self._user.check_password(password):
            raise forms.ValidationError(_("This password is not right."), code="wrong")
        return password
