"""The inbox of a member: "Nachrichten"."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from osk_portal.notifications import services
from osk_portal.notifications.models import Notification
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access

PAGE_SIZE = 20


@access(LOGIN)
@require_safe
def notification_list(request: AuthenticatedRequest) -> HttpResponse:
    mine = Notification.objects.visible_to(request.user)
    page = Paginator(mine, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "unread_count": mine.unread().count(),
        "crumbs": [(_("My area"), reverse("pages:my_area")), (_("Messages"), "")],
    }
    return render(request, "notifications/notification_list.html", context)


@access(LOGIN)
@require_POST
def notification_read(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Mark one message as read and come back to the page of the list."""
    notification = get_object_or_404(
        Notification.objects.visible_to(request.user), public_id=public_id
    )
    services.mark_read(user=request.user, notification=notification)
    return redirect("notifications:notification_list")


@access(LOGIN)
@require_POST
def notification_read_all(request: AuthenticatedRequest) -> HttpResponse:
    services.mark_all_read(user=request.user)
    messages.success(request, _("All messages are marked as read."))
    return redirect("notifications:notification_list")
