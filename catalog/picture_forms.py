"""Alternative texts of an entry's screenshots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.cleaning import HONEST
from catalog.forms import REFUSED_GRANT, GrantField
from catalog.grants import CURRENT
from catalog.models import Picture, Solution
from catalog.services.pictures import CHANGED
from catalog.shown_pictures import ShownPicture, of_row

LONGEST_ALT = 300
_TEXT = "alt-"
NOT_ONE_LINE = gettext_lazy("Write the text in one line, without control characters.")


class PicturesForm(forms.Form):
    """One field a screenshot that can be seen; ``rows`` pairs each with its picture. A text is for the picture that
    its author saw: the page carries its digest along.

    ``needs_grant``: the texts are somebody else's than the OSK's, who puts them under CC0.
    """

    def __init__(self, solution: Solution, data: Any = None, *, needs_grant: bool) -> None:
        super().__init__(data)
        self.pictures = list(solution.pictures.all().order_by("position", "pk"))
        for picture in self.pictures:
            if not self._takes_text(picture):
                continue
            self.fields[self._name(picture)] = forms.CharField(
                label=_("Alternative text"),
                help_text=_("Say in a sentence what can be seen, for people who do not see it."),
                required=False,
                max_length=LONGEST_ALT,
                initial=picture.alt,
                widget=forms.Textarea(attrs={"rows": 2, "form": "texts"}),
                validators=HONEST,
            )
            self.fields[self._seen(picture)] = forms.CharField(
                required=False,
                initial=picture.digest,
                widget=forms.HiddenInput(attrs={"form": "texts"}),
            )

        self.needs_grant = needs_grant and bool(self.fields)
        if self.needs_grant:
            self.fields["cc0"] = GrantField(required=False)
            self.fields["cc0"].widget.attrs["form"] = "texts"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, text in [(n, t) for n, t in cleaned.items() if n.startswith(_TEXT)]:
            joined = " ".join(text.split())
            if not joined.isprintable():
                self.add_error(name, NOT_ONE_LINE)
            else:
                cleaned[name] = joined
        self._check_seen(cleaned)
        if self.needs_grant and not cleaned.get("cc0") and self._is_written(cleaned):
            self.add_error("cc0", REFUSED_GRANT)
        return cleaned

    def _check_seen(self, cleaned: dict[str, Any]) -> None:
        """Sent once more from the page that says so, a text is meant for what is there now.

        The service compares again, once it holds the pictures.
        """
        for picture in filter(self._takes_text, self.pictures):
            seen = cleaned.get(self._seen(picture))
            if seen != picture.digest and cleaned.get(self._name(picture)):
                self.add_error(self._name(picture), CHANGED)
                self.data = {**dict(self.data.items()), self._seen(picture): picture.digest}

    def _is_written(self, cleaned: dict[str, Any]) -> bool:
        """Whether somebody has written a text that does not stand there already for this very picture."""
        return any(
            (text := cleaned.get(self._name(picture)))
            and (text, picture.digest) != (picture.alt, picture.described_digest)
            for picture in self.pictures
        )

    @property
    def wording(self) -> str:
        """The version of the words by which the texts were released; empty where they were not."""
        return CURRENT if self.cleaned_data.get("cc0") else ""

    @property
    def texts(self) -> dict[str, str]:
        """By public id, once the form is valid."""
        return {
            str(picture.public_id): self.cleaned_data[self._name(picture)]
            for picture in self.pictures
            if self._takes_text(picture)
        }

    @property
    def seen(self) -> dict[str, str]:
        """The digests of the pictures that the texts are for, by public id, once the form is valid."""
        return {
            str(picture.public_id): self.cleaned_data[self._seen(picture)]
            for picture in self.pictures
            if self._takes_text(picture)
        }

    def rows(self) -> Iterator[tuple[Picture, ShownPicture | None, BoundField | None]]:
        for picture in self.pictures:
            field = self[self._name(picture)] if self._takes_text(picture) else None
            yield picture, of_row(picture), field

    @staticmethod
    def _takes_text(picture: Picture) -> bool:
        return bool(picture.digest) and not picture.is_logo and not picture.is_blocked

    @staticmethod
    def _name(picture: Picture) -> str:
        return f"{_TEXT}{picture.public_id}"

    @staticmethod
    def _seen(picture: Picture) -> str:
        return f"seen-{picture.public_id}"
