from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.utils import translation

OURS = ("catalog", "sandbox", "consulting")
SAME = {"Name", "Version", "Status"}
"""Words that are the same in both languages."""

ADMINS = [made for model, made in admin.site._registry.items() if model._meta.app_label in OURS]


@pytest.mark.parametrize("made", ADMINS, ids=lambda made: made.model._meta.label)
def test_lists_of_the_work_area_have_german_headings(made: admin.ModelAdmin) -> None:
    for name in made.list_display:
        if name in ("__str__", "action_checkbox"):
            continue
        with translation.override("de"):
            german = str(label_for_field(name, made.model, made))
        with translation.override("en"):
            english = str(label_for_field(name, made.model, made))
        assert german != english or german in SAME, f"{name}: {german}"
