"""The statements of an entry as advisors see them: value, origin, since when; and the fields that the OSK sets."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from catalog import locks, provenance
from catalog.all_fields import EVERY
from catalog.models import Solution
from catalog.permissions import can_decide
from catalog.services.locking import LONGEST_REASON, lock_field, unlock_field
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.transitions import TransitionNotAllowed


class LockForm(forms.Form):
    field = forms.ChoiceField(label=gettext_lazy("Field"))
    reason = forms.CharField(
        label=gettext_lazy("Why does the OSK set this field?"),
        help_text=gettext_lazy("The Redaktion that maintains the entry reads this."),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Give the reason.")},
    )

    seen_revision = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *, solution: Solution, data: dict[str, str] | None = None) -> None:
        super().__init__(data, initial={"seen_revision": solution.revision})
        free = [(f.name, f.label) for f in EVERY.values() if f.name not in solution.locks]
        self.fields["field"].choices = [("", _("Please choose")), *free]  # type: ignore[attr-defined] # a ChoiceField


@access(can_decide)
def field_page(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Every statement; POST sets a field."""
    solution = get_object_or_404(Solution, slug=slug)
    form = LockForm(
        solution=solution, data=request.POST.dict() if request.method == "POST" else None
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                lock_field(
                    solution.pk,
                    field=form.cleaned_data["field"],
                    reason=form.cleaned_data["reason"],
                    actor=request.user,
                    seen_revision=form.cleaned_data["seen_revision"],
                )
            except TransitionNotAllowed as error:
                form.data = {**request.POST.dict(), "seen_revision": str(solution.revision)}
                form.add_error(None, str(error))
                status = 409
            else:
                messages.success(request, _("The field is set. Only an advisor changes it now."))
                return redirect("admin:catalog_solution_fields", slug=slug)
    origins = provenance.origins_of(solution.origins)
    in_file = locks.differing_in_file(solution)
    context = {
        **admin.site.each_context(request),
        "title": solution.name,
        "solution": solution,
        "form": form,
        "rows": [(s, origins.get(s.key)) for s in provenance.statements(solution.document)],
        "locked": [
            {
                "name": field.name,
                "label": field.label,
                "text": field.as_text(field.of(solution.document)),
                "reason": solution.locks[field.name]["reason"],
                "at": parse_datetime(solution.locks[field.name]["at"]),
                "in_file": field in in_file,
            }
            for field in locks.locked(solution)
        ],
    }
    return render(request, "admin/catalog/solution_fields.html", context, status=status)


@access(can_decide)
@require_POST
def field_unlock(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    solution = get_object_or_404(Solution, slug=slug)
    try:
        unlock_field(solution.pk, field=request.POST.get("field", ""), actor=request.user)
    except TransitionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("The field is free. Files and proposals may change it."))
    return redirect("admin:catalog_solution_fields", slug=slug)


def urls(site: admin.AdminSite) -> list[URLPattern]:
    """Before the addresses of the entries' own admin."""
    wrap = site.admin_view
    return [
        path("<slug:slug>/fields/", wrap(field_page), name="catalog_solution_fields"),
        path("<slug:slug>/fields/free/", wrap(field_unlock), name="catalog_solution_unlock"),
    ]


def link(solution: Solution) -> str:
    """How many fields are set, leading to the page of the statements."""
    url = reverse("admin:catalog_solution_fields", args=[solution.slug])
    fixed = locks.labels(locks.locked(solution))
    text = _("Set by the OSK: %(fields)s") % {"fields": fixed} if fixed else _("No field is set")
    return format_html('<a href="{}">{}</a>', url, text)
