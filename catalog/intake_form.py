"""The form by which a solution is suggested: an address or a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import forges
from catalog.forms import GrantField, OrganisationChoice
from catalog.importing import LARGEST_FILE
from network.models import Organisation
from osk_portal.toolkit import uploads

LONGEST_ADDRESS = 500


class IntakeForm(OrganisationChoice):
    """After ``is_valid()`` either ``place`` is set, or ``file_name`` and ``data_of_file``."""

    address = forms.CharField(
        label=gettext_lazy("Address of the repository"),
        help_text=gettext_lazy(
            "At openCode, GitHub, GitLab or Codeberg, for example https://gitlab.opencode.de/group/project."
        ),
        required=False,
        max_length=LONGEST_ADDRESS,
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocomplete": "url", "spellcheck": "false"}
        ),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file publiccode.yml"),
        help_text=gettext_lazy("At most 512 KB."),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".yml,.yaml"}),
    )

    cc0 = GrantField()

    def __init__(self, *args: Any, organisations: Sequence[Organisation], **kwargs: Any) -> None:
        """``organisations``: for which the person may suggest; asked where there are several."""
        super().__init__(*args, **kwargs)
        self.ask_organisation(organisations)

    place: forges.Place | None = None
    file_name = ""
    data_of_file = b""

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        if address:
            try:
                self.place = forges.find(address)
            except forges.NotARepository as error:
                raise ValidationError(
                    _(
                        "This is no address of a repository. Copy it from your browser's address line."
                    )
                ) from error
        return address

    def clean_file(self) -> UploadedFile[Any] | None:
        file: UploadedFile[Any] | None = self.cleaned_data["file"]
        if file is None:
            return None
        try:
            self.file_name = uploads.clean_name(file.name or "")
        except uploads.Refused as error:
            raise ValidationError(str(error)) from error
        if (file.size or 0) > LARGEST_FILE:
            raise ValidationError(_("The file is larger than 512 KB. Is it a publiccode.yml?"))
        if not file.size:
            raise ValidationError(_("The file is empty. Choose the file again."))
        self.data_of_file = file.read(LARGEST_FILE + 1)
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        if cleaned["address"] and cleaned["file"]:
            self.add_error("file", _("Enter an address or choose a file, not both."))
        elif not cleaned["address"] and not cleaned["file"]:
            self.add_error("address", _("Enter the address of the repository, or choose a file."))
        return cleaned
