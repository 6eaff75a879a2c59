"""The synonyms of the search: advisors write and change them, each change through the service."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from catalog.models import SynonymGroup
from catalog.permissions import can_keep_synonyms
from catalog.services.synonyms import save_synonyms, usable_terms
from osk_portal.toolkit.access import staff_user


class SynonymGroupForm(forms.ModelForm[SynonymGroup]):
    """One word a line."""

    terms = forms.CharField(
        label=_("Words that mean the same"),
        help_text=_(
            "One word or phrase a line. Who searches for one finds entries with the others."
        ),
        widget=forms.Textarea(attrs={"rows": 10}),
        max_length=4_000,
    )

    class Meta:
        model = SynonymGroup
        fields = ["is_active"]

    field_order = ["terms", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["terms"] = "\n".join(self.instance.terms or ())

    def clean_terms(self) -> list[str]:
        return usable_terms(self.cleaned_data["terms"].splitlines())


@admin.register(SynonymGroup)
class SynonymGroupAdmin(admin.ModelAdmin[SynonymGroup]):
    """Never deleted: what is not wanted is switched off."""

    form = SynonymGroupForm
    list_display = ["__str__", "is_active", "updated_at"]
    list_filter = ["is_active"]
    search_fields = ["terms"]
    fields = ["terms", "is_active"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return can_keep_synonyms(staff_user(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can_keep_synonyms(staff_user(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can_keep_synonyms(staff_user(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can_keep_synonyms(staff_user(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SynonymGroup], search_term: str
    ) -> tuple[QuerySet[SynonymGroup], bool]:
        """Words inside the list."""
        for word in search_term.split()[:8]:
            queryset = queryset.filter(terms__icontains=word)
        return queryset, False

    def save_model(
        self,
        request: HttpRequest,
        obj: SynonymGroup,
        form: forms.ModelForm[SynonymGroup],
        change: bool,
    ) -> None:
        saved = save_synonyms(
            obj.pk if change else None,
            terms=form.cleaned_data["terms"],
            is_active=form.cleaned_data["is_active"],
            actor=staff_user(request),
        )
        obj.pk, obj.terms = saved.pk, saved.terms
