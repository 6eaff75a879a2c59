"""From a template and a context to the words of a mail, in the reader's language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.template import Context
from django.template.loader import get_template
from django.urls import reverse
from django.utils import translation

SUBJECT_LENGTH = 200


@dataclass(frozen=True)
class Rendered:
    """``text`` is what the inbox shows; ``body`` is the mail: text, then why it came."""

    subject: str
    text: str
    body: str


def absolute_url(path: str) -> str:
    return f"{settings.OSK_BASE_URL}{path}" if path.startswith("/") else settings.OSK_BASE_URL


def render(
    template: str, context: Mapping[str, object], *, language: str, url: str, reason: object = ""
) -> Rendered:
    """Render ``<template>.subject.txt`` and ``.body.txt`` with the footer of all mails."""
    return render_pair(
        f"{template}.subject.txt",
        f"{template}.body.txt",
        context,
        language=language,
        url=url,
        reason=reason,
    )


def render_pair(
    subject_template: str,
    body_template: str,
    context: Mapping[str, object],
    *,
    language: str,
    url: str,
    reason: object = "",
) -> Rendered:
    """As ``render``, for templates with names of their own.

    Plain text is not escaped: "Müller & Söhne" stays so.
    """
    with translation.override(language):
        everything = {
            **context,
            "url": absolute_url(url),
            "site_name": settings.OSK_SITE_NAME,
            "reason": str(reason),
            "inbox_url": absolute_url(reverse("notifications:notification_list")),
            "contact_email": settings.OSK_CONTACT_EMAIL,
        }
        subject = _one_line(_plain(subject_template, everything))
        text = _tidy(_plain(body_template, everything))
        footer = _tidy(_plain("notifications/email/footer.txt", everything))
    return Rendered(subject, text, f"{text}\n\n-- \n{footer}\n")


def _plain(name: str, context: dict[str, object]) -> str:
    template = get_template(name)
    return str(template.template.render(Context(context, autoescape=False)))  # type: ignore[attr-defined] # the Django engine's own template


def _one_line(text: str) -> str:
    """No line breaks and controls: a subject is a header, and a line break would start another."""
    words = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    line = " ".join(words.split())
    return line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH - 1] + "…"


def _tidy(text: str) -> str:
    """Without controls, blanks at the ends of lines, and the gaps that template tags leave."""
    kept = "".join(c for c in text if c == "\n" or unicodedata.category(c) != "Cc")
    lines = "\n".join(line.rstrip() for line in kept.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")
