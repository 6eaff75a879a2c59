"""Several files in one field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID, uuid4

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from consulting.fields import FormIdField
from consulting.forms import StepForm, TextForm, message_words, reply_words
from consulting.models import LegalStatement, StagedFile
from osk_portal.toolkit import uploads


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """A list. What a file is and whether it is taken, the service says."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        return [upload for upload in data or () if upload]


def _files_field(label: Any) -> FilesField:
    return FilesField(
        label=label,
        required=False,
        widget=FilesInput(attrs={"accept": ",".join(f".{kind}" for kind in uploads.EXTENSIONS)}),
    )


class FilesForm(StepForm):
    chosen = _files_field(_("Choose files"))


PREVIEW: Final = "preview"
UNSTAGE: Final = "unstage"
ATTACHMENTS: Final = "attachments"


class ComposerMixin(forms.Form):
    """A text in Markdown with files. Its buttons "Vorschau" and "Entfernen" send the form and save no text."""

    attachments = _files_field(_("Files"))

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
