"""allauth's forms in our words: labels, hints and errors that say what to do (ux.md 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from allauth.account import forms as account
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.core import context
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.base import forms as mfa_base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn import forms as webauthn
from allauth.socialaccount import forms as social
from django import forms
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from osk_portal.accounts import services
from osk_portal.accounts.enums import StaffRole
from osk_portal.accounts.models import normalise_name

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise


@dataclass(frozen=True)
class Words:
    """What one field says. ``missing``: the error of an empty field."""

    label: Text
    missing: Text
    hint: Text = ""
    attrs: Mapping[str, str] = field(default_factory=dict)


EMAIL = Words(
    _("E-mail address"),
    _("Enter your e-mail address."),
    _("Take your official address."),
    {"autocomplete": "username"},
)
NEW_EMAIL = Words(
    _("New e-mail address"),
    _("Enter the new e-mail address."),
    _("We send a code to it."),
    {"autocomplete": "email"},
)
PASSWORD = Words(
    _("Password"), _("Enter your password."), attrs={"autocomplete": "current-password"}
)
NEW_PASSWORD = Words(
    _("New password"),
    _("Enter a new password."),
    _("At least 12 characters. Several words in a row are easy to remember."),
    {"autocomplete": "new-password"},
)
MAILED_CODE = Words(
    _("Code from the mail"),
    _("Enter the code from the mail."),
    _("It is valid for 10 minutes. You can paste it."),
    {"autocomplete": "one-time-code", "class": "osk-digits", "maxlength": "20"},
)
APP_CODE = Words(
    _("Code"),
    _("Enter the code."),
    _("6 digits. There is a new one every 30 seconds. You can paste it."),
    {
        "autocomplete": "one-time-code",
        "class": "osk-digits",
        "inputmode": "numeric",
        "maxlength": "12",
    },
)
KEY_NAME = Words(
    _("Name of the key"),
    _("Enter a name."),
    _("So that you can tell your keys apart, for example: key at the office."),
    {"autocomplete": "off", "maxlength": "100"},
)
NAME = Words(
    _("Your name"),
    _("Enter your name."),
    _("So that we know whom we write to."),
    {"autocomplete": "name"},
)


class Worded(forms.Form):
    """Puts ``words`` on the fields; without placeholders, links in hints and inline styles."""

    words: Mapping[str, Words] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("password2", None)  # it can be shown and pasted, so once is enough
        for name, words in self.words.items():
            formfield = self.fields[name]
            formfield.label = words.label
            formfield.help_text = words.hint
            formfield.error_messages["required"] = words.missing
            if isinstance(formfield, forms.EmailField):
                formfield.widget = forms.EmailInput()
                formfield.widget.is_required = formfield.required
                # On the field and on its validator, which brings Django's words along.
                formfield.error_messages["invalid"] = _COMPLETE_ADDRESS
            formfield.widget.attrs.pop("placeholder", None)
            formfield.widget.attrs.update(words.attrs)


_COMPLETE_ADDRESS = _("Enter a complete e-mail address, for example name@behoerde.berlin.de.")


class LoginForm(Worded, account.LoginForm):
    words = {"login": EMAIL, "password": PASSWORD}


class Named(Worded):
    """With the person's name, as it may stand in a mail."""

    name = forms.CharField(max_length=200)

    def clean_name(self) -> str:
        name = normalise_name(self.cleaned_data["name"])
        if not name:  # control characters only
            raise forms.ValidationError(NAME.missing, code="required")
        return name


class SignupForm(Named, account.SignupForm):
    """``website`` is a trap for programs: people do not see it."""

    words = {
        "name": NAME,
        "email": EMAIL,
        "password1": Words(
            PASSWORD.label, _("Enter a password."), NEW_PASSWORD.hint, NEW_PASSWORD.attrs
        ),
        "website": Words("Website", "", attrs={"tabindex": "-1", "autocomplete": "off"}),
    }
    field_order = ["name", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["website"].widget.attrs.pop("style", None)  # the CSP forbids inline styles

    def validate_unique_email(self, value: str) -> str:
        """The address of a recorded person is free: the sign-up takes the row over."""
        if services.can_be_claimed(value):
            return value
        email: str = super().validate_unique_email(value)
        return email


class SocialSignupForm(Named, social.SignupForm):
    words = {"name": NAME, "email": EMAIL}
    field_order = ["name", "email"]


class AddEmailForm(Worded, account.AddEmailForm):
    words = {"email": NEW_EMAIL}


class ChangeEmailForm(Worded, account.ChangeEmailForm):
    """Another address, before the first one was confirmed."""

    words = {"email": NEW_EMAIL}

    def clean_email(self) -> str:
        process = EmailVerificationProcess.resume(context.request)
        if process is not None and process.user and services.is_bound_to_address(process.user):
            raise forms.ValidationError(
                _("This address cannot be changed here. Sign up again with the other one."),
                code="bound",
            )
        email: str = super().clean_email()
        return email


class ChangePasswordForm(Worded, account.ChangePasswordForm):
    words = {
        "oldpassword": Words(
            _("Present password"), _("Enter your present password."), attrs=PASSWORD.attrs
        ),
        "password1": NEW_PASSWORD,
    }


class SetPasswordForm(Worded, account.SetPasswordForm):
    words = {"password1": NEW_PASSWORD}


class ResetPasswordForm(Worded, account.ResetPasswordForm):
    words = {"email": EMAIL}


class ResetPasswordKeyForm(Worded, account.ResetPasswordKeyForm):
    words = {"password1": NEW_PASSWORD}


class ConfirmEmailVerificationCodeForm(Worded, account.ConfirmEmailVerificationCodeForm):
    words = {"code": MAILED_CODE}


class ConfirmPasswordResetCodeForm(Worded, account.ConfirmPasswordResetCodeForm):
    words = {"code": MAILED_CODE}


class ReauthenticateForm(Worded, account.ReauthenticateForm):
    words = {"password": PASSWORD}


class AuthenticateForm(Worded, mfa_base.AuthenticateForm):
    words = {"code": APP_CODE}


class MFAReauthenticateForm(Worded, mfa_base.ReauthenticateForm):
    words = {"code": APP_CODE}


class ActivateTOTPForm(Worded, totp.ActivateTOTPForm):
    words = {"code": APP_CODE}

    def clean_code(self) -> str:
        """Use the code up: allauth would let the same one sign in within its 30 seconds (ASVS 6.5.1)."""
        code: str = super().clean_code()
        app = TOTP(Authenticator(user=self.user, type=Authenticator.Type.TOTP))
        key = app._get_used_cache_key(code)  # noqa: SLF001 # the mark that allauth itself looks for
        cache.set(key, "y", timeout=mfa_settings.TOTP_PERIOD)
        return code


class AddWebAuthnForm(Worded, webauthn.AddWebAuthnForm):
    words = {
        "name": KEY_NAME,
        "passwordless": Words(
            _("Sign in with this key alone, without a password"),
            "",
            _("The key must ask for a PIN or a fingerprint then."),
        ),
    }


class EditWebAuthnForm(Worded, webauthn.EditWebAuthnForm):
    words = {"name": KEY_NAME}


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(
        label=_("Staff roles"),
        help_text=_("Without a role the person is a member like any other."),
        choices=StaffRole.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
