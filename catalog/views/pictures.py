"""The pictures of entries: the files themselves, and the page where they are described and blocked."""

from __future__ import annotations

import re
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from catalog.models import Picture, Solution
from catalog.permissions import can_block_pictures, can_describe_pictures
from catalog.picture_forms import PicturesForm
from catalog.pictures import files
from catalog.services import PictureChanged, block_picture, describe_pictures
from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed

# The name is the content, so it never changes; a week, so that a blocked picture leaves the caches.
CACHED = "public, max-age=604800, immutable"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@require_safe
@access(PUBLIC)
def picture(request: HttpRequest, digest: str, *, small: bool = False) -> HttpResponse:
    """A picture that some entry shows to this reader, or that the reader looks after."""
    if not _DIGEST.fullmatch(digest):
        raise Http404
    visible = Picture.objects.filter(
        digest=digest, is_blocked=False, solution__in=Solution.objects.visible_to(request.user)
    )
    found = list(visible.select_related("solution"))
    is_public = any(p.is_shown and p.solution.is_published for p in found)
    if not is_public and not any(can_describe_pictures(request.user, p.solution) for p in found):
        raise Http404
    path = files.path_of(digest, small=small)
    if small and not path.exists():  # a logo has one size
        path = files.path_of(digest)
    try:
        response = HttpResponse(path.read_bytes(), content_type="image/webp")
    except FileNotFoundError:
        raise Http404 from None
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"  # the API names these addresses
    response["Cache-Control"] = CACHED if is_public else "private, no-store"
    return response


@access(LOGIN)
def picture_list(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Every picture that the entry's file names, with what is wrong; the texts of the screenshots."""
    solution = _get(request, slug)
    form = _form(request, solution)
    if form.is_valid():
        try:
            describe_pictures(
                solution.pk,
                texts=form.texts,
                seen=form.seen,
                actor=request.user,
                wording=form.wording,
            )
        except PictureChanged as error:
            now = _form(request, solution)  # beside the picture that is there now
            if now.is_valid():
                form.add_error(None, str(error))
            else:
                form = now
        except TransitionNotAllowed as error:  # the role is gone meanwhile
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved. Described screenshots stand on the entry's page."))
            return redirect("catalog:picture_list", slug=solution.slug)
    context = {
        "solution": solution,
        "form": form,
        "can_block": can_block_pictures(request.user),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (solution.name, solution.get_absolute_url()),
            (_("Pictures"), None),
        ],
    }
    status = 422 if form.errors else 200
    return no_store(render(request, "catalog/picture_list.html", context, status=status))


@require_POST
@access(can_block_pictures)
def picture_block(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Take a picture out of the portal."""
    return _block(request, public_id, is_blocked=True)


@require_POST
@access(can_block_pictures)
def picture_allow(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    return _block(request, public_id, is_blocked=False)


def _block(request: AuthenticatedRequest, public_id: UUID, *, is_blocked: bool) -> HttpResponse:
    found = get_object_or_404(Picture.objects.select_related("solution"), public_id=public_id)
    done = _("The picture is blocked.") if is_blocked else _("The picture is fetched again.")
    try:
        block_picture(found.pk, is_blocked=is_blocked, actor=request.user)
    except TransitionNotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("catalog:picture_list", slug=found.solution.slug)


def _form(request: AuthenticatedRequest, solution: Solution) -> PicturesForm:
    data = request.POST if request.method == "POST" else None
    return PicturesForm(solution, data, needs_grant=not request.user.is_advisor)


def _get(request: AuthenticatedRequest, slug: str) -> Solution:
    solution = get_object_or_404(Solution.objects.visible_to(request.user), slug=slug)
    if not can_describe_pictures(request.user, solution):
        raise PermissionDenied
    return solution
