"""Where allauth asks us: mails through the outbox, secrets encrypted, staff only with a second factor."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from osk_portal.accounts import second_factor, services
from osk_portal.accounts.forms import SignupForm
from osk_portal.accounts.models import User, normalise_email, normalise_name
from osk_portal.notifications import rendering
from osk_portal.notifications.services import post_secret
from osk_portal.toolkit import encryption

logger = logging.getLogger(__name__)

# A code is worthless after this time (ACCOUNT_…_BY_CODE_TIMEOUT); a warning stays true for longer.
CODE_LIFETIME = timedelta(seconds=settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT)
WARNING_LIFETIME = timedelta(days=3)
_CODES = frozenset(
    (
        "account/email/email_confirmation",
        "account/email/email_confirmation_signup",
        "account/email/password_reset_code",
    )
)


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is locked. Please write to us."),
        "duplicate_email": _("This is your present e-mail address. Enter another one."),
        "email_password_mismatch": _(
            "The e-mail address and the password do not belong together. Check both."
        ),
        "email_taken": _("Another account has this e-mail address. Enter another one."),
        "enter_current_password": _("This is not your present password. Try again."),
        "incorrect_code": _("This code is not right. Check it, or request a new one."),
        "incorrect_password": _("This is not your password. Try again."),
        "invalid_login": _("Check the e-mail address and the password."),
        "invalid_password_reset": _("This code is no longer valid. Request a new one."),
        "rate_limited": _("You have tried this very often. Wait a few minutes."),
        "same_as_current": _("This is the present value. Enter another one."),
        "too_many_login_attempts": _(
            "There were too many attempts. Wait five minutes, then try again."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.OSK_SIGNUP_OPEN)

    def clean_email(self, email: str) -> str:
        return normalise_email(email)

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Keep the name and the language in which the person signed up.

        Somebody for whom the OSK has recorded a request has a row already; the sign-up takes it over.
        """
        if commit and isinstance(form, SignupForm):
            recorded = services.claim_person(
                email=form.cleaned_data["email"], password=form.cleaned_data["password1"]
            )
            if recorded is not None:
                return recorded
        user.name = normalise_name(form.cleaned_data.get("name") or "")
        user.language = _supported(get_language())
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the mail to the outbox instead of sending it.

        With the mail server down allauth would answer 500 with the account made (foundations.md).
        """
        user = context.get("user")
        known = user if isinstance(user, User) and user.pk else None
        language = known.language if known else _supported(get_language())
        rendered = rendering.render_pair(
            f"{template_prefix}_subject.txt",
            f"{template_prefix}_message.txt",
            {**context, "email": email, "recipient": known},
            language=language,
            url=reverse("account_login"),
            reason=_("It is about the sign-in to your account."),
        )
        post_secret(
            kind=f"account.{template_prefix.rpartition('/')[2]}",
            address=email,
            user=known,
            language=language,
            subject=rendered.subject,
            body=rendered.body,
            lifetime=CODE_LIFETIME if template_prefix in _CODES else WARNING_LIFETIME,
        )

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Warn of a change of the account; the address that was left is warned too."""
        super().send_notification_mail(
            template_prefix, user, {**(context or {}), "user": user}, email
        )


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """The State's identity provider. People are matched by its subject, never by e-mail (ASVS 6.8.1)."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return bool(settings.OSK_SIGNUP_OPEN)

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        user.email = normalise_email(user.email or "")
        user.name = normalise_name(str(data.get("name") or ""))
        user.language = _supported(get_language())
        return user

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Count the provider's own second factor (acr, ASVS 6.8.4); without it staff need ours."""
        if sociallogin.user.pk and authentication_class(sociallogin) in settings.OIDC_STAFF_ACR:
            second_factor.note(request, sociallogin.user)

    def get_requests_session(self) -> Any:
        """No redirects: the provider's addresses come from its own description (ASVS 13.2.5)."""
        session = super().get_requests_session()
        session.max_redirects = 0
        return session


class MFAAdapter(DefaultMFAAdapter):
    """TOTP keys and the seed of the recovery codes are encrypted at rest (ASVS 6.5.2)."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is not right. Enter the code that the app shows now."),
        "unverified_email": _("Confirm your e-mail address first."),
        "cannot_generate_recovery_codes": _("Set up a second factor first."),
    }

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)


def authentication_class(sociallogin: Any) -> str:
    """The ``acr`` that the provider vouches for: from its signed id token only, not from userinfo."""
    data = sociallogin.account.extra_data or {}
    return str((data.get("id_token") or {}).get("acr") or "")


def _supported(language: str | None) -> str:
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
