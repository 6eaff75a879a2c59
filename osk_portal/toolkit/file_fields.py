"""Several files in one field of a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from osk_portal.toolkit import uploads


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """A list. What a file is and whether it is taken, the service says."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        return [upload for upload in data or () if upload]


def files_field(label: Any, *, help_text: Any = "") -> FilesField:
    return FilesField(
        label=label,
        help_text=help_text,
        required=False,
        widget=FilesInput(attrs={"accept": ",".join(f".{kind}" for kind in uploads.EXTENSIONS)}),
    )
