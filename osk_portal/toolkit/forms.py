"""Forms in KERN markup, from one renderer."""

from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class KernRenderer(TemplatesSetting):
    """Label, hint, error and field as KERN writes them: templates/django/forms/."""
