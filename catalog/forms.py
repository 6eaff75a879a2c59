"""The form of a proposal: the entry's fields, checked by the rules of the standard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from catalog import all_fields, documents, grants, locks, publiccode, vocabulary_labels
from catalog.cleaning import HONEST
from catalog.enums import DevelopmentStatus, SoftwareType
from catalog.fields import FIELDS, Field, Kind
from catalog.models import Proposal, Solution
from network.models import Organisation
from osk_portal.toolkit.forms import DateInput, HttpsURLField

LONGEST_REASON = 2_000
# Beyond what the standard allows; the reader says how much too long a text is.
LONGEST_TEXT = 50_000
MOST_LINES = 200

format_html_lazy = lazy(format_html, SafeString)
REFUSED_GRANT = _("Release your texts under CC0 1.0, or leave them out.")
GRANT_HINT = format_html_lazy(
    '<a href="{}">{}</a>', grants.LICENCE_URL, _("What CC0 1.0 means (Creative Commons)")
)

_CHOICES = {
    "development_status": DevelopmentStatus.choices,
    "software_type": SoftwareType.choices,
}


class GrantField(forms.BooleanField):
    """The words by which somebody puts own texts under CC0 1.0, with a link to the licence."""

    def __init__(self, *, required: bool = True) -> None:
        super().__init__(
            label=grants.WORDINGS[grants.CURRENT],
            help_text=GRANT_HINT,
            required=required,
            error_messages={"required": REFUSED_GRANT},
        )


class OrganisationChoice(forms.Form):
    """For which of several organisations the person acts; of one only it is not asked."""

    organisations: Sequence[Organisation] = ()

    def ask_organisation(self, organisations: Sequence[Organisation]) -> None:
        self.organisations = organisations
        if len(organisations) > 1:
            self.fields["organisation"] = forms.ChoiceField(
                label=_("For which organisation?"),
                choices=[(str(o.pk), o.name) for o in organisations],
                widget=forms.RadioSelect,
                error_messages={"required": _("Choose the organisation.")},
            )

    @property
    def organisation_choice(self) -> forms.BoundField | None:
        return self["organisation"] if "organisation" in self.fields else None

    @property
    def organisation(self) -> Organisation | None:
        """The one that was chosen, or the only one."""
        chosen = self.cleaned_data.get("organisation")
        found = (o for o in self.organisations if not chosen or str(o.pk) == chosen)
        return next(found, None)


class ProposalForm(OrganisationChoice):
    """Filled with the entry (and, for a returned proposal, with what was proposed).

    After ``is_valid()``, ``changes`` holds only what the author has changed. The form sends every field, so
    it is compared with the revision that the author saw: what others have changed since is not reverted.
    """

    def __init__(
        self,
        *,
        solution: Solution,
        proposal: Proposal | None = None,
        organisations: Sequence[Organisation] = (),
        data: Any = None,
    ) -> None:
        """``organisations``: for which the person may propose; asked where there are several."""
        self.changes: dict[str, Any] = {}
        is_new = proposal is not None and proposal.is_new
        # The draft of a new entry may be somebody else's: the author goes on with the own file.
        self.base = {} if is_new else base_of(solution, data)
        shown = all_fields.apply(
            {} if is_new else solution.document, proposal.changes if proposal else {}
        )
        if not is_new:  # what the OSK has set since is shown as it stands, whatever was proposed
            shown = locks.kept(solution, shown)
        initial = {field.name: for_form(field, field.of(shown)) for field in FIELDS}
        initial["reason"] = proposal.reason if proposal else ""
        initial["base_revision"] = solution.revision
        super().__init__(data, initial=initial)
        for field in FIELDS:
            self.fields[field.name] = form_field(field)
            if lock := solution.locks.get(field.name):
                self.fields[field.name].disabled = True
                self.fields[field.name].help_text = _("Set by the OSK: %(reason)s") % {
                    "reason": lock["reason"]
                }
        self.fields["reason"] = forms.CharField(
            label=_("Why do you propose this?"),
            required=False,
            max_length=LONGEST_REASON,
            widget=forms.Textarea(attrs={"rows": 3}),
        )
        self.ask_organisation(organisations)
        self.fields["cc0"] = GrantField(required=False)
        self.fields["base_revision"] = forms.IntegerField(
            min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for field in FIELDS:
            if self.fields[field.name].disabled:
                self.errors.pop(field.name, None)  # nobody but the OSK can mend what it has set
            if field.name not in cleaned or self.fields[field.name].disabled:
                continue
            present = field.of(self.base)
            value = for_document(field, cleaned[field.name])
            if field.kind == Kind.CHOICES:
                value = _merged(value, present)
            if value != _comparable(present):
                self.changes[field.name] = value
        if not self.errors:
            self._check_standard()
        if not self.errors and not self.changes:
            raise forms.ValidationError(_("You have not changed anything yet."))
        if grants.needs_grant(self.changes) and not cleaned.get("cc0"):
            self.add_error("cc0", REFUSED_GRANT)
        return cleaned

    @property
    def wording(self) -> str:
        """The version of the words by which the texts were released; empty where they were not."""
        return grants.CURRENT if self.cleaned_data.get("cc0") else ""

    @property
    def chosen_categories(self) -> list[str]:
        """In words: the long list of choices is folded away."""
        return [vocabulary_labels.category(value) for value in self["categories"].value() or ()]

    def _check_standard(self) -> None:
        """The same rules as for a file: an error that the entry had before is not the author's."""
        result = documents.check(all_fields.apply(self.base, self.changes))
        before = {(f.code, f.key) for f in documents.check(self.base).errors}
        german = (get_language() or "de").startswith("de")
        for finding in result.errors:
            field = _field_of(finding)
            is_new = (finding.code, finding.key) not in before
            if not is_new and (field is None or field.name not in self.changes):
                continue
            text = finding.description_de if german else finding.description
            if field is None:
                self.add_error(None, text)
            else:
                # The reader names the key; at a field of a form its label says the same in words.
                self.add_error(field.name, text.replace(field.path[-1], str(field.label), 1))


def base_of(solution: Solution, data: Any) -> documents.Json:
    """The document of the revision named in ``data``; the present one where there is none."""
    number = (data or {}).get("base_revision", "")
    if str(number).isdecimal() and len(str(number)) < 10:
        revision = solution.revisions.filter(number=int(number)).first()
        if revision is not None:
            found: documents.Json = revision.document
            return found
    present: documents.Json = solution.document
    return present


def _field_of(finding: publiccode.Finding) -> Field | None:
    """``categories[2]`` and ``legal.license`` belong to the fields that hold them."""
    for field in FIELDS:
        if field.holds(finding.key):
            return field
    return None


def form_field(field: Field) -> forms.Field:
    options: dict[str, Any] = {
        "label": field.label,
        "help_text": field.hint,
        "required": field.is_required,
    }
    match field.kind:
        case Kind.LONG:
            widget = forms.Textarea(attrs={"rows": 10})
            return forms.CharField(
                max_length=LONGEST_TEXT, widget=widget, validators=HONEST, **options
            )
        case Kind.LINES:
            widget = forms.Textarea(attrs={"rows": 5})
            return forms.CharField(
                max_length=LONGEST_TEXT, widget=widget, validators=HONEST, **options
            )
        case Kind.URL:
            return HttpsURLField(max_length=500, **options)
        case Kind.DATE:
            return forms.DateField(widget=DateInput, **options)
        case Kind.CHOICE:
            choices = [("", _("Please choose")), *_CHOICES[field.name]]
            return forms.ChoiceField(choices=choices, **options)
        case Kind.CHOICES:
            labels = sorted(
                ((value, str(label)) for value, label in vocabulary_labels.CATEGORIES.items()),
                key=lambda choice: choice[1].lower(),
            )
            return forms.MultipleChoiceField(
                choices=labels, widget=forms.CheckboxSelectMultiple, **options
            )
        case Kind.TEXT:
            return forms.CharField(max_length=1_000, validators=HONEST, **options)


def for_form(field: Field, value: Any) -> Any:
    if value is None:
        return [] if field.kind == Kind.CHOICES else ""
    if field.kind == Kind.LINES:
        return "\n".join(value)
    return value.strip() if isinstance(value, str) else value


def for_document(field: Field, value: Any) -> Any:
    """The value as publiccode.yml writes it; None removes the key."""
    if field.kind == Kind.LINES:
        return [line.strip() for line in value.splitlines() if line.strip()][:MOST_LINES] or None
    if field.kind == Kind.CHOICES:
        return list(value) or None
    if field.kind == Kind.DATE:
        return value.isoformat() if value else None
    return value.replace("\r\n", "\n").strip() or None


def _comparable(value: Any) -> Any:
    """What an untouched form would send: without the white space around texts."""
    return (value.strip() or None) if isinstance(value, str) else value


def _merged(chosen: list[str] | None, present: list[str] | None) -> list[str] | None:
    """A choice of many has no order of its own: what stays keeps its place, what is new comes last."""
    kept = [value for value in present or () if value in (chosen or ())]
    return [*kept, *(value for value in chosen or () if value not in kept)] or None


class WithdrawalForm(forms.Form):
    """Why an entry should leave the catalog."""

    reason = forms.CharField(
        label=_("Why should the entry be withdrawn?"),
        help_text=_("The OSK reads it, and your organisation. It is not published."),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Say why the entry should be withdrawn.")},
    )
    base_revision = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)


class ObjectionForm(forms.Form):
    reason = forms.CharField(
        label=_("Why do you object?"),
        help_text=_("Say what the OSK has overlooked. The Leitung reads it."),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Say why you object.")},
    )


class CommentForm(forms.Form):
    """What who maintains an entry says of a proposal of others."""

    text = forms.CharField(
        label=_("What do you think of it?"),
        help_text=_("The OSK and the author read it."),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write what you think of it.")},
    )


class DecisionForm(forms.Form):
    """An advisor's decision: a radio a field, a comment, and which button was pressed."""

    ACCEPT, RETURN = "accept", "return"
    comment = forms.CharField(required=False, max_length=LONGEST_REASON, strip=True)
    seen_revision = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    decision = forms.ChoiceField(
        choices=[(value, value) for value in ("fields", "all", "none", "refuse", "grant", "reject")]
    )

    def __init__(self, *, proposal: Proposal, data: Any) -> None:
        super().__init__(data)
        for name in proposal.changes:
            self.fields[f"field-{name}"] = forms.ChoiceField(
                choices=[(self.ACCEPT, ""), (self.RETURN, "")], required=False
            )
        self.names = list(proposal.changes)

    @property
    def accepted(self) -> list[str]:
        return [n for n in self.names if self.cleaned_data.get(f"field-{n}") == self.ACCEPT]
