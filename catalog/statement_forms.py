"""The forms of administration statements. Shape and wording; one form a topic."""

from __future__ import annotations

import re
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import grants
from catalog.enums import StatementOrigin, StatementTopic
from catalog.forms import REFUSED_GRANT, GrantField
from catalog.models import Solution, Statement
from catalog.models.statements import ANSWERS, LONGEST_VALUE
from catalog.services import StatementWords
from network.models import Organisation
from osk_portal.toolkit import clock
from osk_portal.toolkit.forms import DateInput
from osk_portal.toolkit.text_fields import LineField, TextField

_SEPARATORS: Final = re.compile(r"[\s,;]+")
_LEIKA: Final = re.compile(r"[0-9]{14}")
_LABELS: Final = {
    StatementTopic.OZG: gettext_lazy("Administrative services"),
    StatementTopic.LEIKA: gettext_lazy("Keys"),
    StatementTopic.ACCESSIBILITY: gettext_lazy("Result of the test"),
    StatementTopic.SECURITY: gettext_lazy("Components and statement"),
}
_HINTS: Final = {
    StatementTopic.OZG: gettext_lazy("Name and OZG-ID of each service."),
    StatementTopic.LEIKA: gettext_lazy("14 digits each, separated by a comma."),
    StatementTopic.EFA: gettext_lazy("The Land that offers it, and which ones take part."),
    StatementTopic.ACCESSIBILITY: gettext_lazy(
        "By which standard and in which version of the software, and what is not accessible."
    ),
    StatementTopic.SECURITY: gettext_lazy(
        "Which components of the IT-Grundschutz were looked at, and what came out."
    ),
    StatementTopic.PROCESSING: gettext_lazy("With whom the agreement can be concluded."),
    StatementTopic.IMPACT: gettext_lazy("For which use, and where it can be read."),
    StatementTopic.ITDZ: gettext_lazy("As which service, and since when."),
}


class StatementForm(forms.Form):
    """After ``is_valid()``, ``words`` is what the services take."""

    answer = forms.ChoiceField(
        label=gettext_lazy("Answer"),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose an answer."),
            "invalid_choice": gettext_lazy("Choose an answer."),
        },
    )
    value = TextField(
        label=gettext_lazy("Statement in words"),
        max_length=LONGEST_VALUE,
        rows=4,
        error_messages={"required": gettext_lazy("Write the statement.")},
    )
    said_by = LineField(
        label=gettext_lazy("Tested or stated by"),
        help_text=gettext_lazy("Name of the body, never of a person."),
        max_length=200,
        required=False,
    )
    stated_on = forms.DateField(
        label=gettext_lazy("Date of the statement"),
        help_text=gettext_lazy("When it was tested or decided, not today's date."),
        widget=DateInput,
        error_messages={"required": gettext_lazy("Enter the date of the statement.")},
    )
    evidence = LineField(
        label=gettext_lazy("Evidence"),
        help_text=gettext_lazy("Address with https, or name and version of the document."),
        max_length=500,
        required=False,
    )

    def __init__(self, *args: Any, topic: StatementTopic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._topic = topic
        value = self.fields["value"]
        value.help_text = _HINTS[topic]
        value.label = _LABELS.get(topic, value.label)
        if topic in ANSWERS:
            value.required = False
            answer = self.fields["answer"]
            assert isinstance(answer, forms.ChoiceField)  # noqa: S101 # says it to the type checker
            answer.choices = [(a.value, a.label) for a in ANSWERS[topic]]
        else:
            del self.fields["answer"]

    def clean_value(self) -> str:
        text: str = self.cleaned_data["value"].strip()
        if self._topic != StatementTopic.LEIKA:
            return text
        keys = [key for key in _SEPARATORS.split(text) if key]
        wrong = next((key for key in keys if not _LEIKA.fullmatch(key)), None)
        if wrong is not None or not keys:
            raise ValidationError(
                _("“%(key)s” is no LeiKa key: that has 14 digits.") % {"key": (wrong or text)[:40]}
            )
        return ", ".join(dict.fromkeys(keys))

    def clean_stated_on(self) -> Any:
        day = self.cleaned_data["stated_on"]
        if day > clock.today():
            raise ValidationError(_("The date cannot lie in the future."))
        return day

    def clean_evidence(self) -> str:
        text: str = self.cleaned_data["evidence"].strip()
        if re.match(r"[a-z][a-z0-9+.-]*:", text, re.IGNORECASE):
            problem = _("Enter an address that begins with https, or the name of a document.")
            URLValidator(schemes=["https", "http"], message=problem)(text)
        return text

    @property
    def words(self) -> StatementWords:
        found = self.cleaned_data
        return StatementWords(
            topic=self._topic,
            answer=found.get("answer", ""),
            value=found["value"],
            said_by=found["said_by"],
            stated_on=found["stated_on"],
            evidence=found["evidence"],
        )


class ProposeStatementForm(StatementForm):
    """The Redaktion's: a text needs the grant, a mere answer is a fact."""

    cc0 = GrantField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("value") and not cleaned.get("cc0"):
            self.add_error("cc0", REFUSED_GRANT)
        return cleaned

    @property
    def wording(self) -> str:
        return grants.CURRENT if self.cleaned_data["cc0"] else ""


class EnterStatementForm(StatementForm):
    """An advisor's: also who says it. ``seen``: the statement that the form took as the present one."""

    origin = forms.ChoiceField(
        label=gettext_lazy("Who says it?"),
        choices=[
            (StatementOrigin.OSK.value, StatementOrigin.OSK.label),
            (StatementOrigin.MAINTAINER.value, StatementOrigin.MAINTAINER.label),
            (StatementOrigin.ORGANISATION.value, StatementOrigin.ORGANISATION.label),
        ],
        error_messages={
            "required": gettext_lazy("Choose who says it."),
            "invalid_choice": gettext_lazy("Choose who says it."),
        },
    )
    organisation = LineField(
        label=gettext_lazy("Organisation"),
        help_text=gettext_lazy("Its exact name in the network, where an organisation says it."),
        max_length=200,
        required=False,
    )
    seen = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, solution: Solution, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._solution = solution
        self.order_fields(["origin", "organisation"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        origin, name = cleaned.get("origin"), cleaned.get("organisation", "")
        cleaned["body"] = None
        if origin == StatementOrigin.ORGANISATION and "organisation" in cleaned:
            found = Organisation.objects.filter(name__iexact=name.strip()).first()
            if found is None:
                self.add_error("organisation", _("Enter the exact name of an organisation."))
            cleaned["body"] = found
        elif origin == StatementOrigin.MAINTAINER:
            cleaned["body"] = self._solution.maintainer
            if cleaned["body"] is None:
                self.add_error("origin", _("The OSK looks after the entry: it has no maintainer."))
        return cleaned

    @property
    def seen_id(self) -> str:
        return str(self.cleaned_data["seen"] or "")


class StatementReasonForm(forms.Form):
    """Why a statement is refused, or taken off."""

    comment = TextField(
        label=gettext_lazy("Reason"),
        max_length=1_000,
        rows=3,
        error_messages={"required": gettext_lazy("Write a reason.")},
    )


def initial_of(statement: Statement | None) -> dict[str, Any]:
    """For a new statement in the place of ``statement``."""
    if statement is None:
        return {"origin": StatementOrigin.OSK}
    body = statement.organisation
    names = ("answer", "value", "said_by", "stated_on", "evidence", "origin")
    return {
        **{name: getattr(statement, name) for name in names},
        "organisation": body.name if body else "",
        "seen": statement.public_id,
    }
