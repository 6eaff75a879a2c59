"""What the work area calls things: where neither model nor list has a word of its own, it would be English."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, label_for_field
from django.test import RequestFactory
from django.utils import translation

from osk_portal.toolkit.admin import OwnPages
from tests.factories import staff

pytestmark = pytest.mark.django_db

APPS = ("network", "notifications", "sandbox")
SAME = {"Redaktion", "Organisationsverwaltung", "Land"}
"""Words of the administration that have no English one here."""


def labels_of(site_admin: Any, request: Any, language: str) -> list[str]:
    names = [*site_admin.get_list_display(request)]
    if not isinstance(site_admin, OwnPages):  # whose rows lead to pages of our own
        names += flatten_fieldsets(site_admin.get_fieldsets(request))
    with translation.override(language):
        return [str(label_for_field(name, site_admin.model, site_admin)) for name in names]


def test_lists_and_pages_of_the_work_area_name_their_fields_in_german(rf: RequestFactory) -> None:
    request = rf.get("/admin/")
    request.user = staff("operator")
    left = {
        f"{model._meta.label}: {german}"
        for model, site_admin in admin.site._registry.items()
        if model._meta.app_label in APPS
        for german, english in zip(
            labels_of(site_admin, request, "de"),
            labels_of(site_admin, request, "en"),
            strict=True,
        )
        if german == english and german not in SAME
    }
    assert left == set()
