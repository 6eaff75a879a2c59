"""Several files in one field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID, uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from consulting.fields import FormIdField
from consulting.forms import StepForm, TextForm, message_words, reply_words
from consulting.models import LegalStatement, StagedFile
from osk_portal.toolkit.file_fields import files_field


class FilesForm(StepForm):
    chosen = files_field(_("Choose files"))


PREVIEW: Final = "preview"
UNSTAGE: Final = "unstage"
ATTACHMENTS: Final = "attachments"


class ComposerMixin(forms.Form):
    """A text in Markdown with files. Its buttons "Vorschau" and "Entfernen" send the form and save no text."""

    attachments = files_field(_("Files"))

    text_field = "text"
    staged: Sequence[StagedFile] = ()
    """What came with this form so far; filled in by ``composing.receive``."""
    preview = ""
    """The text to be shown as its readers will see it."""
    citations: Sequence[LegalStatement] = ()
    """What the previewed text cites, where it is one of the OSK."""

    @property
    def form_id(self) -> UUID | None:
        """Under which the files are kept; None where the form says nonsense."""
        return FormIdField().clean(self.data.get("message_id"))


class ComposerForm(ComposerMixin, TextForm):
    """Message and reply of the requester's side."""

    @classmethod
    def new(cls, *, is_reply: bool, data: Any = None, files: Any = None) -> ComposerForm:
        words = reply_words() if is_reply else message_words()
        return cls(data, files, **words)


class StepComposerMixin(ComposerMixin):
    """For a step of the OSK that writes to the authority."""

    message_id = FormIdField()

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        value = super().get_initial_for_field(field, field_name)
        return uuid4() if field_name == "message_id" and value is None else value
