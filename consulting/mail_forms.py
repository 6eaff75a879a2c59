"""What an advisor enters about a mail of the Posteingang. Each form carries the version its page showed."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Final

from django import forms
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consulting import queues
from consulting.answer_forms import VersionForm
from consulting.fields import LineField, TextField, without_controls
from consulting.models import ConsultingRequest, IncomingMail
from consulting.recording_forms import RecordForm
from consulting.text_modules import ModuleMixin
from network.services import organisation_of_address
from osk_portal.accounts.models import User

TEXT_LENGTH: Final = 20_000
REASON_LENGTH: Final = 5_000


def _choices(mail: IncomingMail) -> list[tuple[str, str]]:
    return [
        (str(number), f"{each['name'] or _('without a name')} ({filesizeformat(each['size'])})")
        for number, each in enumerate(mail.attachments)
    ]


class MailForm(VersionForm):
    """Belongs to a mail as its page showed it."""

    def __init__(self, *, mail: IncomingMail, user: User, data: Any = None, **options: Any) -> None:
        self.mail, self.user = mail, user
        initial = {"version": mail.version, **self.first_values(mail), **options.pop("initial", {})}
        super().__init__(data, initial=initial, **options)

    def first_values(self, mail: IncomingMail) -> dict[str, Any]:
        return {}

    def values(self) -> dict[str, Any]:
        """The service's arguments, without the version."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class FilesMixin(forms.Form):
    """Which attachments go along: all of them, until one is left out."""

    mail: IncomingMail

    attachments = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Attachments that go along"),
        help_text=gettext_lazy(
            "Each one is checked like an upload. What does not pass stays in the mail."
        ),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "osk-checks"}),
    )

    def offer_files(self) -> None:
        field = self.fields["attachments"]
        assert isinstance(field, forms.TypedMultipleChoiceField)  # noqa: S101 # says it to the type checker
        field.choices = _choices(self.mail)
        self.initial["attachments"] = [number for number, _name in field.choices]
        if not self.mail.attachments:
            del self.fields["attachments"]


class JoinForm(FilesMixin, MailForm):
    """Zu einer Anfrage hinzufügen. Who reads it is a decision of its own: nothing is chosen beforehand."""

    PUBLIC: Final = "public"
    INTERNAL: Final = "internal"

    reference = LineField(
        label=gettext_lazy("Reference of the request"),
        help_text=gettext_lazy("For example OSK-2026-00042."),
        max_length=40,
        error_messages={"required": gettext_lazy("Enter the reference of the request.")},
    )
    readers = forms.ChoiceField(
        label=gettext_lazy("Who reads the mail?"),
        choices=[
            (PUBLIC, gettext_lazy("The authority and the OSK")),
            (INTERNAL, gettext_lazy("Internal, OSK only")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose who reads the mail.")},
    )
    field_order = ["reference", "readers", "attachments"]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.offer_files()

    def first_values(self, mail: IncomingMail) -> dict[str, Any]:
        return {"reference": mail.suggested_case.reference if mail.suggested_case else ""}

    def clean_reference(self) -> ConsultingRequest:
        case = queues.case_named(self.user, self.cleaned_data["reference"])
        if case is None:
            raise forms.ValidationError(
                _("There is no request with this reference. Check the number.")
            )
        return case

    def values(self) -> dict[str, Any]:
        return {
            "case_id": self.cleaned_data["reference"].pk,
            "is_internal": self.cleaned_data["readers"] == self.INTERNAL,
            "files": self.cleaned_data.get("attachments", []),
        }


class MailRecordForm(FilesMixin, RecordForm):
    """Anfrage daraus machen: what the mail says stands there already, to be checked."""

    version = VersionForm.base_fields["version"]

    def __init__(self, *, mail: IncomingMail, user: User, data: Any = None) -> None:
        self.mail = mail
        super().__init__(data)
        del self.fields["channel"], self.fields["request_id"]
        self.initial = {
            **self.initial,
            "version": mail.version,
            "said_at": mail.received_at,
            "person_name": mail.sender_name[:200],
            "person_email": mail.sender_email,
            "title": mail.bare_subject[:200],
            "description": without_controls(mail.new_text)[:TEXT_LENGTH],
        }
        organisation = organisation_of_address(mail.sender_email)
        if organisation is not None and organisation.is_entitled:
            self.initial["organisation"] = organisation.slug
        self.offer_files()

    def values(self) -> dict[str, Any]:
        said = self.facts
        del said["version"]
        said["files"] = said.pop("attachments", [])
        return said


class MailAnswerForm(ModuleMixin, MailForm):
    target: ClassVar[str] = "text"

    text = TextField(
        label=gettext_lazy("Your answer"),
        help_text=gettext_lazy("It goes out as a mail, with a hint on the portal below."),
        max_length=TEXT_LENGTH,
        rows=10,
        error_messages={"required": gettext_lazy("Write an answer.")},
    )

    def filled(self, text: str, writer: User) -> str:
        """A mail has neither reference nor deadline."""
        name = self.mail.sender_name
        greeting = _("Hello %(name)s,") % {"name": name} if name else _("Hello,")
        values = {"{anrede}": greeting, "{ansprechperson}": str(writer)}
        return re.sub(r"\{[a-z]+\}", lambda found: values.get(found[0], "–"), text)

    def values(self) -> dict[str, Any]:
        return {"text": self.cleaned_data["text"]}


class DiscardForm(MailForm):
    reason = TextField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("The OSK reads it. The sender is not told; the mail is kept."),
        max_length=REASON_LENGTH,
        rows=3,
        error_messages={"required": gettext_lazy("Write a reason.")},
    )


class MailSearchForm(forms.Form):
    q = LineField(
        label=gettext_lazy("Sender, words, or a reference"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
