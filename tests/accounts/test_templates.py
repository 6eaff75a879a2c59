"""Every template that allauth can show is ours: its German mixes Du and Sie (foundations.md)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

from tests.accounts.conftest import PACKAGE

OURS = Path(settings.BASE_DIR) / "templates"
# Not reachable with our settings, each with the setting that keeps it so.
UNREACHABLE = {
    "account/base_confirm_code.html",  # our code pages stand alone
    "account/base_manage_email.html",  # as above
    "account/base_manage_password.html",
    "account/base_manage_phone.html",
    "account/confirm_login_code.html",  # ACCOUNT_LOGIN_BY_CODE_ENABLED
    "account/request_login_code.html",
    "account/email/login_code_message.txt",
    "account/email/login_code_subject.txt",
    "account/messages/login_code_sent.txt",
    "account/confirm_phone_verification_code.html",  # no phone in ACCOUNT_SIGNUP_FIELDS
    "account/phone_change.html",
    "account/messages/phone_verification_sent.txt",
    "account/messages/phone_verified.txt",
    "account/email_confirm.html",  # codes instead of links
    "account/email/password_reset_key_message.txt",
    "account/email/password_reset_key_subject.txt",
    "account/email/unknown_account_message.txt",  # ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS
    "account/email/unknown_account_subject.txt",
    "account/signup_by_passkey.html",  # MFA_PASSKEY_SIGNUP_ENABLED
    "mfa/webauthn/signup_form.html",
    "mfa/trust.html",  # MFA_TRUST_ENABLED
    "account/snippets/already_logged_in.html",  # our pages do not include them
    "account/snippets/warn_no_email.html",
    "mfa/base_entrance.html",
    "mfa/base_manage.html",
    "mfa/recovery_codes/base.html",
    "mfa/totp/base.html",
    "mfa/webauthn/base.html",
    "mfa/webauthn/snippets/login_script.html",
    "mfa/webauthn/snippets/scripts.html",
    "socialaccount/base_entrance.html",
    "socialaccount/base_manage.html",
    "socialaccount/snippets/login.html",
    "socialaccount/snippets/login_extra.html",
    "usersessions/base_manage.html",
}


def of_the_package() -> list[str]:
    folder = PACKAGE / "templates"
    names = [
        path.relative_to(folder).as_posix()
        for area in ("account", "mfa", "socialaccount", "usersessions")
        for path in (folder / area).rglob("*")
        if path.is_file()
    ]
    return sorted(set(names) - UNREACHABLE)


@pytest.mark.parametrize("name", of_the_package())
def test_template_is_ours(name: str) -> None:
    assert Path(get_template(name).origin.name).is_relative_to(OURS)


def test_the_list_of_unreachable_ones_is_up_to_date() -> None:
    assert {name for name in UNREACHABLE if not (PACKAGE / "templates" / name).exists()} == set()
