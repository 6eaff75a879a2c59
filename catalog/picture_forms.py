"""Alternative texts of an entry's screenshots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Picture, Solution
from catalog.shown_pictures import ShownPicture, of_row

LONGEST_ALT = 300
NOT_ONE_LINE = gettext_lazy("Write the text in one line, without control characters.")


class PicturesForm(forms.Form):
    """One field a screenshot that can be seen; ``rows`` pairs each with its picture."""

    def __init__(self, solution: Solution, data: Any = None) -> None:
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
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, text in list(cleaned.items()):
            joined = " ".join(text.split())
            if not joined.isprintable():
                self.add_error(name, NOT_ONE_LINE)
            else:
                cleaned[name] = joined
        return cleaned

    @property
    def texts(self) -> dict[str, str]:
        """By public id, once the form is valid."""
        return {
            str(picture.public_id): self.cleaned_data[self._name(picture)]
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
        return f"alt-{picture.public_id}"
