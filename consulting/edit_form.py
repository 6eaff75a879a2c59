"""Changing a text of one's own within five minutes."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from consulting import services
from consulting.fields import TextField
from consulting.forms import TEXT_LENGTH
from consulting.legal import check_citations
from consulting.models import CaseMessage
from osk_portal.accounts.models import User

REMOVE = "remove"


class EditForm(forms.Form):
    """For everybody who has written a text."""

    text = TextField(
        label=_("Your text"),
        help_text=_("Who reads it also sees what stood here before."),
        max_length=TEXT_LENGTH,
        rows=8,
        error_messages={"required": _("Write a text.")},
    )


class PublicEditForm(EditForm):
    """For a text of the OSK that the authority reads: it cites only what may be cited."""

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        check_citations(text)
        return text


def remove_named(message: CaseMessage, actor: User, named: str) -> None:
    """Take the file with the public id ``named`` off ``message``. One that is gone is what was asked for.

    Raises Http404 for nonsense, PermissionDenied and TransitionNotAllowed.
    """
    try:
        wanted = UUID(named)
    except ValueError:
        raise Http404 from None
    file = message.files.filter(public_id=wanted).first()
    if file is not None:
        services.remove_file(case_id=message.case_id, actor=actor, file_id=file.pk)
