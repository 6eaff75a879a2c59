"""Where an author gives a publiccode.yml to be checked."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from catalog import forges
from catalog.checking import MAX_BYTES


class CheckForm(forms.Form):
    """A file, its text or its repository; a file that was chosen wins, then the text.

    Once the form is valid, ``to_check`` is what the author gave. A further source is a further field
    here whose bytes ``clean`` puts there; of a repository ``place`` says where they are to be fetched.
    """

    to_check: bytes
    place: forges.Place | None = None
    """The repository whose file is to be fetched, where no file and no text was given."""

    upload = forms.FileField(
        label=_("File"),
        help_text=_("A publiccode.yml of at most 512 KB. We check it at once and keep nothing."),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".yml,.yaml"}),
    )
    text = forms.CharField(
        label=_("Content of the file"),
        help_text=_("Paste the text here. If you choose a file above, we check the file."),
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={
                "rows": 14,
                "spellcheck": "false",
                "autocapitalize": "off",
                "autocomplete": "off",
            }
        ),
    )

    repository = forms.CharField(
        label=_("Address of the repository"),
        help_text=_("Or we fetch the file: https://gitlab.opencode.de/…"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        upload: UploadedFile[bytes] | None = cleaned.get("upload")
        text: str = cleaned.get("text") or ""
        if upload is not None:
            self._take("upload", upload.size or 0, upload)
        elif text.strip():
            # Forms send lines with CR LF, whatever the file had.
            data = text.replace("\r\n", "\n").encode("utf-8", "replace")
            self._take("text", len(data), BytesIO(data))
        elif address := cleaned.get("repository"):
            try:
                self.place = forges.find(address)
            except forges.NotARepository:
                self.add_error("repository", _("Enter the address of a repository."))
        elif not self.errors:
            self.add_error(
                "text",
                _("Choose a file, paste its content or enter the address of the repository."),
            )
        return cleaned

    def _take(self, name: str, size: int, source: BytesIO | UploadedFile[bytes]) -> None:
        if size > MAX_BYTES:
            message = _("The file is larger than 512 KB. Shorten it; a few KB are usual.")
            self.add_error(name, message)
        else:
            self.to_check = source.read()
