"""Forms in KERN markup, from one renderer; and the few fields that Django has no equal of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_CLASSES = {
    "checkbox": "kern-form-check__checkbox",
    "radio": "kern-form-check__radio",
    "select": "kern-form-input__select",
}
_BOX = "kern-form-input__input"


class KernRenderer(TemplatesSetting):
    """Label, hint, error and field as KERN writes them: templates/django/forms/."""


class HttpsURLField(forms.URLField):
    """An address that gets ``https://`` when the scheme is left out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(assume_scheme="https", **options)


class DateInput(forms.DateInput):
    """The browser's own date control; its value is always ISO 8601 (HTML, 2.3.5.2)."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DateTimeInput(forms.DateTimeInput):
    """The browser's own control for a date with a time, in Berlin's local time."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


def widget_attributes(widget: Mapping[str, Any], kind: str) -> SafeString:
    """The attributes of one control, KERN's class first.

    ``required`` becomes ``aria-required``: the server says in words what is missing, the browser does
    not interrupt (KERN, forms). A single choice of a group carries neither: the group is what is required.
    """
    attributes = dict(widget["attrs"])
    required = attributes.pop("required", False)
    kern = _CLASSES.get(kind, _BOX)
    classes = [kern]
    if attributes.get("aria-invalid") == "true":
        classes.append(f"{kern}--error")
        if kind == "radio":
            del attributes["aria-invalid"]  # ARIA 1.2: the group may be invalid, a radio may not
    classes.append(str(attributes.pop("class", "")))
    if required and kind != "radio":
        attributes.setdefault("aria-required", "true")
    pairs = (
        format_html(" {}", name) if value is True else format_html(' {}="{}"', name, value)
        for name, value in attributes.items()
        if value is not False and value is not None
    )
    return format_html(
        ' class="{}"{}',
        " ".join(name for name in classes if name),
        format_html_join("", "{}", ((pair,) for pair in pairs)),
    )
