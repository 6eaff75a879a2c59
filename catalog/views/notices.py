"""Notices of the OSK (Hinweise): the list, a notice with its history, the feed, the confirmation of reading."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.syndication.views import Feed
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import http_date, quote_etag
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from catalog import presentation
from catalog.enums import NoticeKind
from catalog.exports.xml import readable
from catalog.models import Notice
from catalog.notices import for_reader
from catalog.permissions import can_issue_notices
from catalog.services import confirm_notice
from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access
from osk_portal.toolkit.markdown import to_html

PAGE_SIZE = 20
MOST_ENTRIES = 50


@require_safe
@access(PUBLIC)
def notice_list(request: HttpRequest) -> HttpResponse:
    """All notices on published entries, the newest first; ``art`` narrows them to one kind."""
    kind = request.GET.get("art", "")
    rows = Notice.objects.published().newest_first()
    if kind in NoticeKind.values:
        rows = rows.filter(kind=kind)
    else:
        kind = ""
    context = {
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "kinds": NoticeKind.choices,
        "kind": kind,
        "crumbs": [(_("Solutions"), reverse("catalog:solution_list")), (_("Notices"), None)],
    }
    return render(request, "catalog/notice_list.html", context)


@require_safe
@access(PUBLIC)
def notice_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What it says now, what it said before, and for who was told of it the confirmation."""
    visible = Notice.objects.visible_to(request.user).newest_first()
    notice = get_object_or_404(for_reader(visible, request.user), public_id=public_id)
    context = {
        "notice": notice,
        "solution": notice.solution,
        "evidence": presentation.link(notice.evidence, notice.solution.dead_links),
        "versions": notice.versions.select_related("successor") if notice.is_corrected else [],
        "may_manage": can_issue_notices(request.user),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (notice.solution.name, notice.solution.get_absolute_url()),
            (notice.title, None),
        ],
    }
    return render(request, "catalog/notice_detail.html", context)


@require_POST
@access(LOGIN)
def notice_confirm(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Gelesen: once; who was not told of it has nothing to confirm."""
    notice = get_object_or_404(Notice.objects.visible_to(request.user), public_id=public_id)
    if not confirm_notice(notice=notice, user=request.user):
        raise Http404
    messages.success(request, _("Thank you. You have confirmed that you have read the notice."))
    return redirect(notice)


class NoticeFeed(Feed[Notice, None]):
    feed_type = Atom1Feed

    def __init__(self, notices: Sequence[Notice]) -> None:
        self.notices = notices

    def title(self) -> str:
        return _("Notices of the OSK on solutions")

    def subtitle(self) -> str:
        return _(
            "Security, licence, end of maintenance, successors. Data of the catalog: %(licence)s."
        ) % {"licence": settings.OSK_DATA_LICENCE}

    def author_name(self) -> str:
        """The twin of SolutionFeed's."""
        return settings.OSK_SITE_NAME

    def link(self) -> str:
        return reverse("catalog:notice_list")

    def feed_url(self) -> str:
        return reverse("catalog:notice_feed")

    def items(self) -> Sequence[Notice]:
        return self.notices

    def item_title(self, item: Notice) -> str:
        title = (
            item.title if item.is_standing else _("Withdrawn: %(title)s") % {"title": item.title}
        )
        return readable(f"{item.solution.name}: {title}")

    def item_description(self, item: Notice) -> str:
        """Atom calls a summary HTML; the house's renderer has cleaned it."""
        text = item.text if item.is_standing else item.withdrawal_reason
        return readable(to_html(text))

    def item_guid(self, item: Notice) -> str:
        return f"urn:uuid:{item.public_id}"

    def item_pubdate(self, item: Notice) -> datetime:
        return item.issued_at

    def item_updateddate(self, item: Notice) -> datetime:
        return item.changed_at

    def item_categories(self, item: Notice) -> list[str]:
        return [str(NoticeKind(item.kind).label)]


@require_safe
@access(PUBLIC)
def notice_feed(request: HttpRequest) -> HttpResponse:
    """At most MOST_ENTRIES, what changed last first; 304 to whoever has them already."""
    rows = Notice.objects.published().select_related("solution")
    notices = list(rows.order_by("-changed_at", "-pk")[:MOST_ENTRIES])
    state = [f"{n.public_id} {n.changed_at.timestamp()} {n.solution.name}" for n in notices]
    said = "\n".join([request.build_absolute_uri(), get_language() or "", *state])
    etag = quote_etag(hashlib.sha256(said.encode()).hexdigest()[:32])
    modified = int(notices[0].changed_at.timestamp()) if notices else None
    response = get_conditional_response(request, etag=etag, last_modified=modified) or NoticeFeed(
        notices
    )(request)
    response["ETag"] = etag
    if modified is not None:
        response["Last-Modified"] = http_date(modified)
    return response
