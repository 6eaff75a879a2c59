"""The forms of a reuse, and of a support offer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog import grants
from catalog.enums import ReuseHosting, ReuseStage, SupportKind
from catalog.forms import GrantField
from catalog.models import Reuse, Support
from catalog.services.reuse import EARLIEST
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.forms import DateInput, HttpsURLField

LONGEST_REASON: Final = 2_000
_DECLARED: Final = [choice for choice in ReuseStage.choices if choice[0] != ReuseStage.REPLACED]


_WITHOUT_ORGANISATION: Final = {"required": _("Choose the organisation.")}
_WITHOUT_STAGE: Final = {"required": _("Choose the stage.")}


def _since() -> forms.DateField:
    return forms.DateField(
        label=_("Since"),
        help_text=_(
            "If you do not know the exact day, take the first of the month. Everybody sees the year only."
        ),
        widget=DateInput,
        error_messages={
            "required": _("Say since when."),
            "invalid": _("Say since when, as a date."),
        },
    )


class _WithDay(forms.Form):
    def clean_since(self) -> date:
        since: date = self.cleaned_data["since"]
        if not EARLIEST <= since <= clock.today():
            raise forms.ValidationError(_("Enter a day up to today."))
        return since


class DeclareForm(_WithDay):
    """Organisation, stage, since. With one organisation there is nothing to choose."""

    def __init__(self, *, organisations: Sequence[Organisation], data: Any, initial: Any) -> None:
        super().__init__(data, initial=initial)
        self.organisations = {str(found.public_id): found for found in organisations}
        self.fields["organisation"] = forms.ChoiceField(
            label=_("Organisation"),
            choices=[(key, found.name) for key, found in self.organisations.items()],
            initial=next(iter(self.organisations), None),
            error_messages=_WITHOUT_ORGANISATION,
        )
        self.fields["stage"] = forms.ChoiceField(
            label=_("Stage"),
            choices=_DECLARED,
            widget=forms.RadioSelect,
            error_messages=_WITHOUT_STAGE,
        )
        self.fields["since"] = _since()

    @property
    def organisation(self) -> Organisation:
        return self.organisations[self.cleaned_data["organisation"]]


class _Seen(forms.Form):
    """Carries the revision that the page was opened with."""

    seen = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)


class MoveForm(_WithDay, _Seen):
    """The next stage; for "replaced" also by what."""

    def __init__(self, *, reuse: Reuse, data: Any = None) -> None:
        initial = {"since": clock.today(), "seen": reuse.revision}
        super().__init__(data, initial=initial)
        self.fields["stage"] = forms.ChoiceField(
            label=_("New stage"),
            choices=[(stage.value, stage.label) for stage in reuse.next_stages],
            widget=forms.RadioSelect,
            error_messages=_WITHOUT_STAGE,
        )
        self.fields["since"] = _since()
        self.fields["successor"] = forms.CharField(
            label=_("Replaced by"),
            help_text=_("Only when it was replaced: the solution or product that took its place."),
            max_length=200,
            required=False,
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        stage = cleaned.get("stage")
        if cleaned.get("successor") and stage and stage != ReuseStage.REPLACED:
            self.add_error("successor", _("Leave this empty, or choose the stage Replaced."))
        return cleaned


class CorrectForm(_WithDay, _Seen):
    """The last stage was entered wrongly."""

    def __init__(self, *, reuse: Reuse, data: Any = None) -> None:
        initial = {"stage": reuse.stage, "since": reuse.since, "seen": reuse.revision}
        super().__init__(data, initial=initial)
        choices = ReuseStage.choices if reuse.stage == ReuseStage.REPLACED else _DECLARED
        self.fields["stage"] = forms.ChoiceField(
            label=_("Stage"),
            choices=choices,
            widget=forms.RadioSelect,
            error_messages=_WITHOUT_STAGE,
        )
        self.fields["since"] = _since()
        self.fields["reason"] = forms.CharField(
            label=_("What was wrong?"),
            max_length=LONGEST_REASON,
            widget=forms.Textarea(attrs={"rows": 3}),
            error_messages={"required": _("Say what was wrong.")},
        )


class WithdrawForm(_Seen):
    reason = forms.CharField(
        label=_("Why do you withdraw it?"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why.")},
    )

    def __init__(self, *, reuse: Reuse, data: Any = None) -> None:
        super().__init__(data, initial={"seen": reuse.revision})


class DetailsForm(_Seen):
    """Everything else, all optional. A person can name only themselves as the contact."""

    NOBODY, ME, STAYS = "nobody", "me", "stays"

    def __init__(self, *, reuse: Reuse, user: User, data: Any = None) -> None:
        self.reuse, self.user = reuse, user
        initial = {name: getattr(reuse, name) for name in Reuse.DETAILS}
        initial |= {"seen": reuse.revision, "contact": self._present()}
        super().__init__(data, initial=initial)
        self.fields["version"] = forms.CharField(
            label=pgettext_lazy("reuse", "Version in use"), max_length=60, required=False
        )
        self.fields["users"] = forms.IntegerField(
            label=_("Number of users or workplaces"),
            min_value=1,
            max_value=10_000_000,
            required=False,
        )
        self.fields["hosting"] = forms.ChoiceField(
            label=pgettext_lazy("reuse", "Operation by"),
            choices=[("", _("Not stated")), *ReuseHosting.choices],
            required=False,
        )
        self.fields["contact"] = forms.ChoiceField(
            label=pgettext_lazy("reuse", "Contact"),
            choices=self._contacts(),
            widget=forms.RadioSelect,
        )
        self.fields["contact_address"] = forms.EmailField(
            label=_("Function address"),
            help_text=_("An address of your organisation that is not a person's own."),
            max_length=254,
            required=False,
        )
        self.fields["contact_agrees"] = forms.BooleanField(
            label=_("Members of other administrations may ask the contact directly"),
            help_text=_("They then see the name and the mail address. Otherwise the OSK mediates."),
            required=False,
        )
        self.fields["procedure_name"] = forms.CharField(
            label=_("Name of the IT procedure"), max_length=200, required=False
        )
        self.fields["procedure_number"] = forms.CharField(
            label=_("Number of the IT procedure"), max_length=60, required=False
        )
        self.fields["show_name"] = forms.BooleanField(
            label=_("Everybody may see the name of our organisation at this solution"),
            required=False,
        )

    def _present(self) -> str:
        if self.reuse.contact_id is None:
            return self.NOBODY
        return self.ME if self.reuse.contact_id == self.user.pk else self.STAYS

    def _contacts(self) -> list[tuple[str, Any]]:
        choices: list[tuple[str, Any]] = [(self.NOBODY, _("No person"))]
        if self._present() == self.STAYS:
            choices.append((self.STAYS, str(self.reuse.contact)))
        is_member = self.reuse.organisation.memberships.active().filter(user=self.user).exists()
        return [*choices, (self.ME, _("I am the contact"))] if is_member else choices

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        contact = cleaned.get("contact")
        if not cleaned.get("contact_agrees"):
            return cleaned
        if contact == self.NOBODY and not cleaned.get("contact_address"):
            if "contact_address" not in self.errors:
                self.add_error("contact_agrees", _("Name a contact who can be asked."))
        elif contact == self.STAYS and not self.reuse.contact_agrees:
            self.add_error("contact_agrees", _("Only the contact can agree to be asked."))
        return cleaned

    @property
    def details(self) -> dict[str, Any]:
        """For ``services.describe_reuse``."""
        people = {self.NOBODY: None, self.ME: self.user, self.STAYS: self.reuse.contact}
        found = {name: self.cleaned_data[name] for name in Reuse.DETAILS}
        return found | {"contact": people[self.cleaned_data["contact"]]}


class SupportForm(_Seen):
    """What an organisation offers for a solution."""

    def __init__(
        self, *, organisations: Sequence[Organisation], support: Support | None, data: Any = None
    ) -> None:
        initial: dict[str, Any] = {"seen": 0}
        if support is not None:
            initial = {
                "seen": support.revision,
                "text": support.text,
                "kinds": support.kinds,
                "link": support.link,
            }
        super().__init__(data, initial=initial)
        self.organisations = {str(found.public_id): found for found in organisations}
        self.fields["organisation"] = forms.ChoiceField(
            label=_("Organisation"),
            choices=[(key, found.name) for key, found in self.organisations.items()],
            initial=next(iter(self.organisations), None),
            error_messages=_WITHOUT_ORGANISATION,
        )
        self.fields["kinds"] = forms.MultipleChoiceField(
            label=_("Kinds of support"),
            choices=SupportKind.choices,
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": _("Choose at least one kind of support.")},
        )
        self.fields["text"] = forms.CharField(
            label=_("What do you offer?"),
            max_length=300,
            widget=forms.Textarea(attrs={"rows": 3}),
            error_messages={"required": _("Say what you offer.")},
        )
        self.fields["link"] = HttpsURLField(
            label=_("Page of the offer"), max_length=500, required=False
        )
        self.fields["cc0"] = GrantField(required=True)

    @property
    def organisation(self) -> Organisation:
        return self.organisations[self.cleaned_data["organisation"]]

    @property
    def wording(self) -> str:
        return grants.CURRENT if self.cleaned_data["cc0"] else ""
