"""What operators type about environments that they set up and remove by hand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from osk_portal.toolkit.forms import HttpsURLField
from osk_portal.toolkit.text_fields import LineField, TextField
from sandbox.models import Credential

MOST_THINGS = 50
LONGEST_THING = 200


class ThingsField(TextField):
    """One thing a line; cleaned to a list without doubles."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MOST_THINGS * LONGEST_THING, rows=4, **options)

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value))
        things = list(dict.fromkeys(line.strip() for line in text.split("\n") if line.strip()))
        if len(things) > MOST_THINGS:
            raise ValidationError(_("Name at most %(number)d things.") % {"number": MOST_THINGS})
        if any(len(thing) > LONGEST_THING for thing in things):
            raise ValidationError(
                _("Shorten each line to %(number)d characters.") % {"number": LONGEST_THING}
            )
        return things


class SetUpForm(forms.Form):
    """``cleaned_data`` holds ``endpoint``, ``things`` (list) and ``logins`` (by role)."""

    endpoint = HttpsURLField(
        label=gettext_lazy("Address"),
        help_text=gettext_lazy(
            "Where the product is opened, for example https://test.example.org/."
        ),
        max_length=200,
        error_messages={
            "required": gettext_lazy("Enter the address."),
            "invalid": gettext_lazy("Enter a web address, for example https://test.example.org/."),
        },
    )
    things = ThingsField(
        label=gettext_lazy("What did you set up?"),
        help_text=gettext_lazy(
            "One thing a line: servers, volumes, entries in the DNS, accounts. Each of these is confirmed as"
            " removed at the end and stands in the proof of deletion."
        ),
        error_messages={"required": gettext_lazy("Name at least one thing.")},
    )

    def __init__(self, data: Any = None, *, logins: list[Credential]) -> None:
        super().__init__(data)
        self._roles = [login.role for login in logins]
        for login in logins:
            self.fields[f"user-{login.role}"] = LineField(
                label=_("%(account)s: user name") % {"account": login.label},
                max_length=60,
                initial=login.username,
                error_messages={
                    "required": _("%(account)s: enter the user name.") % {"account": login.label}
                },
            )
            # In the clear: it is typed over from the product, and belongs to test data only.
            self.fields[f"password-{login.role}"] = LineField(
                label=_("%(account)s: password") % {"account": login.label},
                max_length=200,
                strip=False,
                error_messages={
                    "required": _("%(account)s: enter the password.") % {"account": login.label}
                },
            )

    def clean_endpoint(self) -> str:
        address: str = self.cleaned_data["endpoint"]
        if not address.startswith(("https://", "http://")):
            raise ValidationError(_("Enter a web address, for example https://test.example.org/."))
        if "@" in address.split("/")[2]:
            raise ValidationError(_("The address must not hold a user name."))
        return address

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        names = [(role, f"user-{role}", f"password-{role}") for role in self._roles]
        data["logins"] = {
            role: (data[user], data[password])
            for role, user, password in names
            if user in data and password in data
        }
        return data


class RefusalForm(forms.Form):
    reason = TextField(
        label=gettext_lazy("Why is it not possible?"),
        help_text=gettext_lazy(
            "For the operators and the OSK. The person only learns that it did not work."
        ),
        max_length=2000,
        rows=3,
        error_messages={"required": gettext_lazy("Enter the reason.")},
    )
    things = ThingsField(
        label=gettext_lazy("What is left of the attempt?"),
        help_text=gettext_lazy("One thing a line. Empty: nothing was made."),
        required=False,
    )


class RemovalForm(forms.Form):
    """``cleaned_data``: ``removed`` and ``further``, lists of texts."""

    removed = forms.MultipleChoiceField(
        label=gettext_lazy("Removed, and looked for afterwards"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": gettext_lazy("Choose from the list.")},
    )
    further = ThingsField(
        label=gettext_lazy("What else did you remove?"),
        help_text=gettext_lazy("One thing a line: what nobody had named."),
        required=False,
    )
    is_confirmed = forms.BooleanField(
        label=gettext_lazy(
            "I have looked: nothing is left of this environment and its data, copies included."
        ),
        error_messages={"required": gettext_lazy("Confirm that nothing is left.")},
    )

    def __init__(self, data: Any = None, *, things: list[str]) -> None:
        super().__init__(data)
        self._things = things
        field = self.fields["removed"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 # declared above
        field.choices = [(str(number), thing) for number, thing in enumerate(things)]
        field.error_messages["required"] = _not_confirmed(things)
        if not things:
            del self.fields["removed"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        chosen = [self._things[int(number)] for number in data.get("removed", ())]
        missing = [thing for thing in self._things if thing not in chosen]
        if missing and "removed" not in self.errors:
            self.add_error("removed", _not_confirmed(missing))
        data["removed"] = chosen
        return data


def _not_confirmed(things: list[str]) -> str:
    return _("Not confirmed yet: %(things)s.") % {"things": ", ".join(things)}
