"""The history of an entry: its revisions, each as it was, two compared, and one restored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalog import addition_history, documents, locks, provenance
from catalog.documents import Json
from catalog.history import shown_document, shown_revisions, without_persons
from catalog.models import Solution, SolutionRevision
from catalog.permissions import can_decide
from catalog.restore_form import RestoreForm
from catalog.services import restore_revision
from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed

PAGE_SIZE = 20
MOST_CHOICES = 100


@dataclass(frozen=True)
class ShownRevision:
    """A revision for a page; ``reason`` is for advisors only."""

    number: int
    created_at: datetime
    words: str
    reason: str
    before: int | None = None
    """Number of the one before it that the person sees."""


@access(PUBLIC)
@require_safe
def revision_list(request: HttpRequest, slug: str) -> HttpResponse:
    """The newest first. The form below compares any two."""
    solution = _solution(request, slug)
    found = shown_revisions(solution, request.user)
    before = [*(revision.number for revision in found[1:]), None]
    revisions = [_shown(*each) for each in zip(found, before, strict=True)]
    context = {
        "solution": solution,
        "page": Paginator(revisions, PAGE_SIZE).get_page(request.GET.get("page")),
        "revisions": revisions[:MOST_CHOICES],
        "additions": addition_history.changes_of(solution, request.user),
        "is_advisor": request.user.is_authenticated and can_decide(request.user),
        "crumbs": _crumbs(solution, (_("Revisions"), None)),
    }
    return render(request, "catalog/revision_list.html", context)


@access(PUBLIC)
@require_safe
def revision_detail(request: HttpRequest, slug: str, number: str) -> HttpResponse:
    """The entry as it was then. 404 for a revision that has never been public."""
    solution = _solution(request, slug)
    revisions = shown_revisions(solution, request.user)
    place = _place(revisions, number)
    revision = revisions[place]
    is_current = revision.number == solution.revision
    document = shown_document(_document(revision), is_current=is_current, user=request.user)
    language, description = documents.description(document)
    name = str(document.get("name") or solution.name)
    is_advisor = request.user.is_authenticated and can_decide(request.user)
    context = {
        "solution": solution,
        "revision": _shown(revision),
        "is_current": is_current,
        "name": name,
        "language": language,
        "description": description,
        "statements": provenance.statements(document),
        "older": revisions[place + 1] if place + 1 < len(revisions) else None,
        "newer": revisions[place - 1] if place else None,
        "can_restore": is_advisor and not is_current,
        "reason": revision.reason if is_advisor else "",
        "crumbs": _crumbs(
            solution,
            (_("Revisions"), reverse("catalog:revision_list", args=[slug])),
            (str(revision.number), None),
        ),
    }
    return render(request, "catalog/revision_detail.html", context)


@access(PUBLIC)
@require_safe
def revision_compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Any two, ``?von=…&bis=…``, field by field; the older one stands left, however they are named."""
    solution = _solution(request, slug)
    revisions = shown_revisions(solution, request.user)
    one = revisions[_place(revisions, request.GET.get("von", ""))]
    other = revisions[_place(revisions, request.GET.get("bis", ""))]
    old, new = sorted((one, other), key=lambda revision: revision.number)
    context = {
        "solution": solution,
        "old": _shown(old),
        "new": _shown(new),
        "revisions": [
            _shown(revision)
            for place, revision in enumerate(revisions)
            if place < MOST_CHOICES or revision in (one, other)
        ],
        "changes": provenance.changes(
            *(_comparable(request, _document(revision)) for revision in (old, new))
        ),
        "crumbs": _crumbs(
            solution,
            (_("Revisions"), reverse("catalog:revision_list", args=[slug])),
            (_("Compare"), None),
        ),
    }
    return render(request, "catalog/revision_compare.html", context)


@access(LOGIN)
def revision_restore(request: AuthenticatedRequest, slug: str, number: str) -> HttpResponse:
    """What would change, and the reason; then the revision is written anew."""
    solution = _solution(request, slug)
    if not can_decide(request.user):
        raise PermissionDenied
    revisions = shown_revisions(solution, request.user)
    revision = revisions[_place(revisions, number)]
    form = RestoreForm(
        request.POST if request.method == "POST" else None,
        initial={"seen_revision": solution.revision},
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                written = restore_revision(
                    solution.pk,
                    number=revision.number,
                    actor=request.user,
                    reason=form.cleaned_data["reason"],
                    seen_revision=form.cleaned_data["seen_revision"],
                )
            except TransitionNotAllowed as error:
                form.add_error(None, str(error))
                # The next try is made on what this page compares now; the reason stays as typed.
                form.data = {**request.POST.dict(), "seen_revision": str(solution.revision)}
                status = 409
            else:
                messages.success(
                    request,
                    _("Restored as revision %(n)s. The public page shows it now.")
                    % {"n": written.number}
                    if solution.is_published
                    else _("Restored as revision %(n)s.") % {"n": written.number},
                )
                return redirect("catalog:revision_list", slug=slug)
    document = _document(revision)
    context = {
        "solution": solution,
        "revision": _shown(revision),
        "form": form,
        "changes": provenance.changes(solution.document, document),
        "fixed": locks.labels(locks.differing(solution, document)),
        "crumbs": _crumbs(
            solution,
            (_("Revisions"), reverse("catalog:revision_list", args=[slug])),
            (_("Restore"), None),
        ),
    }
    return no_store(render(request, "catalog/revision_restore.html", context, status=status))


def _solution(request: HttpRequest, slug: str) -> Solution:
    return get_object_or_404(Solution.objects.visible_to(request.user), slug=slug)


def _place(revisions: list[SolutionRevision], number: str) -> int:
    """Where the revision stands in the list that the person sees; 404 where it does not."""
    for place, revision in enumerate(revisions):
        if str(revision.number) == number:
            return place
    raise Http404(number)


def _document(revision: SolutionRevision) -> Json:
    found: Json = SolutionRevision.objects.values_list("document", flat=True).get(pk=revision.pk)
    return found


def _comparable(request: HttpRequest, document: Json) -> Json:
    """Both sides without persons, for all but advisors: the present one would show who is new."""
    is_advisor = request.user.is_authenticated and request.user.is_advisor
    return document if is_advisor else without_persons(document)


def _shown(revision: SolutionRevision, before: int | None = None) -> ShownRevision:
    said = provenance.in_words(revision.origin, provenance.public_name(revision.organisation))
    if revision.restored_from:
        said = _("Revision %(n)s restored by the OSK") % {"n": revision.restored_from}
    return ShownRevision(revision.number, revision.created_at, said, revision.reason, before)


def _crumbs(solution: Solution, *more: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    return [
        (_("Solutions"), reverse("catalog:solution_list")),
        (solution.name, solution.get_absolute_url()),
        *more,
    ]
