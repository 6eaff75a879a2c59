"""What an operator must know before the portal goes to people; part of ``manage.py check --deploy``."""

from __future__ import annotations

import re
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from osk_portal.toolkit import gate_domain
from osk_portal.toolkit.imap import Mailbox


@register(Tags.security)
def check_encryption_keys(**kwargs: Any) -> list[CheckMessage]:
    """Second factors, codes and credentials are unreadable, or unwritable, with a broken key."""
    broken = []
    for number, key in enumerate(settings.OSK_ENCRYPTION_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            broken.append(number)
    return [
        Error(
            f"Key {number} of OSK_ENCRYPTION_KEYS is no Fernet key.",
            hint="A key is 32 random bytes in URL-safe base64: head -c 32 /dev/urandom | base64 | tr +/ -_",
            id="osk_portal.E001",
        )
        for number in broken
    ]


@register(Tags.security, deploy=True)
def check_proxy_count(**kwargs: Any) -> list[CheckMessage]:
    """With 0 behind a proxy all people share one address, and one person's mistakes lock all out."""
    if settings.OSK_PROXY_COUNT:
        return []
    return [
        Warning(
            "OSK_PROXY_COUNT is 0: limits count per address, and behind a proxy that is the proxy's.",
            hint="Set it to the number of proxies that add to X-Forwarded-For.",
            id="osk_portal.W001",
        )
    ]


@register(Tags.security, deploy=True)
def check_base_url(**kwargs: Any) -> list[CheckMessage]:
    """Links in mails are made from it, and passkeys are bound to its host."""
    if settings.OSK_BASE_URL.startswith("https://"):
        return []
    return [
        Warning(
            f"OSK_BASE_URL is {settings.OSK_BASE_URL}: links in mails would not be secure.",
            hint="Set it to the address that people type, with https.",
            id="osk_portal.W002",
        )
    ]


@register(Tags.security)
def check_reply_address(**kwargs: Any) -> list[CheckMessage]:
    """A local part has 64 characters (RFC 5321, 4.5.3.1.1), and 49 of them are "+" and the token."""
    address = settings.OSK_REPLY_ADDRESS
    if not address or re.fullmatch(r"[a-z0-9._-]{1,15}@[a-z0-9-]+(\.[a-z0-9-]+)+", address):
        return []
    return [
        Error(
            f"OSK_REPLY_ADDRESS is {address}, which cannot be an address for answers.",
            hint="As antwort@osk.example: small letters, at most 15 characters before the @.",
            id="osk_portal.E002",
        )
    ]


@register(Tags.security)
def check_mailbox(**kwargs: Any) -> list[CheckMessage]:
    """Found at the start, not a minute later in the log of a worker."""
    if not settings.OSK_IMAP_URL:
        return []
    try:
        Mailbox.from_url(settings.OSK_IMAP_URL)
    except ValueError as error:
        return [
            Error(
                f"OSK_IMAP_URL {error}.",
                hint="As imaps://osk%40osk.example@imap.osk.example/INBOX; see docs/operations/mail.md.",
                id="osk_portal.E003",
            )
        ]
    return []


@register(Tags.security)
def check_sandbox_domain(**kwargs: Any) -> list[CheckMessage]:
    """What is tried out must not be able to set cookies for the portal, nor get the portal's."""
    domain, portal = settings.OSK_SANDBOX_DOMAIN, settings.OSK_BASE_URL
    if not domain:
        return _without_gate()
    found: list[CheckMessage] = []
    if not gate_domain.is_apart(domain, portal):
        found.append(
            Error(
                f"OSK_SANDBOX_DOMAIN is {domain}, and the portal is {portal}: one lies below the other.",
                hint="Take a domain of its own for the test environments; see docs/operations/gate.md.",
                id="osk_portal.E004",
            )
        )
    elif gate_domain.is_a_sibling(domain, portal):
        found.append(
            Warning(
                f"OSK_SANDBOX_DOMAIN is {domain}, beside the portal {portal}: browsers take both for one site.",
                hint="A domain that is registered by itself keeps cookies apart; see docs/operations/gate.md.",
                id="osk_portal.W003",
            )
        )
    if len(settings.OSK_SANDBOX_GATE_KEY) < 32:
        found.append(
            Error(
                "OSK_SANDBOX_DOMAIN is set, but OSK_SANDBOX_GATE_KEY has fewer than 32 characters.",
                hint="python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
                id="osk_portal.E005",
            )
        )
    return found


def _without_gate() -> list[CheckMessage]:
    """Services of a cluster are reached by the gate alone, and nothing else may be put before them."""
    if not (settings.PRODUCTION and settings.OSK_SANDBOX_KUBERNETES_SERVER):
        return []
    return [
        Error(
            "OSK_SANDBOX_KUBERNETES_SERVER is set, but OSK_SANDBOX_DOMAIN is not: nobody could open what runs there.",
            hint="Set up the gate; see docs/operations/kubernetes.md. Never publish environments in another way.",
            id="osk_portal.E006",
        )
    ]
