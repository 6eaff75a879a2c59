"""Who gets what when somebody leaves. Shape and wording only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from network.leaving import Choice
from network.models import Membership
from osk_portal.portal import Handover, HandoverRow


class HandOverForm(forms.Form):
    """One list of successors for everything, and one for each object; nobody is a choice too."""

    everything = forms.ChoiceField(
        label=_("Successor for everything"),
        help_text=_("Below you can choose somebody else for single entries."),
        required=False,
        error_messages={"invalid_choice": _("Choose a person from the list.")},
    )

    def __init__(
        self,
        *args: Any,
        rows: Iterable[tuple[Handover, HandoverRow]],
        successors: Sequence[Membership],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        people = [(str(member.public_id), str(member.user)) for member in successors]
        everything = self.fields["everything"]
        everything.choices = [("", _("Nobody yet")), *people]  # type: ignore[attr-defined] # a ChoiceField
        self._objects: dict[str, tuple[str, UUID]] = {}
        self.labels: dict[str, str] = {}
        for offer, row in rows:
            name = f"{offer.key}-{row.public_id}"
            self._objects[name] = (offer.key, row.public_id)
            self.fields[name] = forms.ChoiceField(
                label=row.title,
                help_text=str(offer.label),
                choices=[("", _("As chosen for everything")), *people],
                required=False,
                error_messages={"invalid_choice": _("Choose a person from the list.")},
            )

    @property
    def objects(self) -> list[forms.BoundField]:
        return [self[name] for name in self._objects]

    @property
    def choice(self) -> Choice:
        """Of a valid form."""
        chosen = self.cleaned_data
        everything = chosen["everything"]
        return Choice(
            {key: UUID(chosen[name]) for name, key in self._objects.items() if chosen[name]},
            UUID(everything) if everything else None,
        )
