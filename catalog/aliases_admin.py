"""Former addresses of repositories: added and removed by advisors, each through the service."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import RepositoryAlias, Solution
from catalog.permissions import can_keep_aliases
from catalog.services import aliases
from osk_portal.toolkit.access import staff_user
from osk_portal.toolkit.admin import column


class AliasForm(forms.ModelForm[RepositoryAlias]):
    entry = forms.CharField(
        label=gettext_lazy("Entry"),
        help_text=gettext_lazy("The address of its page, or the last part of it."),
        max_length=500,
    )
    address = forms.CharField(
        label=gettext_lazy("Former address of the repository"), max_length=500
    )

    class Meta:
        model = RepositoryAlias
        fields: list[str] = []

    def clean_entry(self) -> Solution:
        slug = urlsplit(self.cleaned_data["entry"].strip()).path.rstrip("/").rpartition("/")[2]
        found = Solution.objects.filter(slug=slug).first()
        if found is None:
            raise ValidationError(_("There is no entry with this address."))
        return found

    def clean_address(self) -> str:
        """What the service would refuse is said at the field; it asks again under the lock."""
        address: str = self.cleaned_data["address"]
        solution = self.cleaned_data.get("entry")
        if solution is not None and (problem := aliases.problem(solution.pk, address)):
            raise ValidationError(problem)
        return address


@admin.register(RepositoryAlias)
class RepositoryAliasAdmin(admin.ModelAdmin[RepositoryAlias]):
    """Never changed: what is wrong is removed and added anew."""

    form = AliasForm
    fields = ["entry", "address"]
    list_display = ["shown_address", column("solution", gettext_lazy("solution"))]
    list_select_related = ["solution"]
    search_fields = ["repository_url", "solution__name"]

    @admin.display(description=gettext_lazy("repository, normalised"), ordering="repository_url")
    def shown_address(self, alias: RepositoryAlias) -> str:
        """Long ones break, so that the list fits a narrow screen."""
        return format_html('<span class="osk-code">{}</span>', alias.repository_url)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return can_keep_aliases(staff_user(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can_keep_aliases(staff_user(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can_keep_aliases(staff_user(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can_keep_aliases(staff_user(request))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().add_view(request, form_url, extra_context)
        except aliases.AliasRefused as error:  # somebody was faster by a moment
            messages.error(request, str(error))
            return redirect(request.path)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["repository_url", "solution"] if obj else ["entry", "address"]

    def save_model(
        self,
        request: HttpRequest,
        obj: RepositoryAlias,
        form: forms.ModelForm[RepositoryAlias],
        change: bool,
    ) -> None:
        saved = aliases.add_alias(
            form.cleaned_data["entry"].pk,
            address=form.cleaned_data["address"],
            actor=staff_user(request),
        )
        obj.pk, obj.solution = saved.pk, saved.solution
        obj.repository_url = saved.repository_url

    def delete_model(self, request: HttpRequest, obj: RepositoryAlias) -> None:
        aliases.remove_alias(obj.pk, actor=staff_user(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RepositoryAlias]) -> None:
        for alias in queryset:
            aliases.remove_alias(alias.pk, actor=staff_user(request))
