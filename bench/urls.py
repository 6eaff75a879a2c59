"""The portal's addresses and a bare page beside them: what Django, middleware and one query cost here."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from network.models import Organisation
from osk_portal.toolkit.access import PUBLIC, access
from osk_portal.urls import urlpatterns as portal_urlpatterns


@access(PUBLIC)
@require_safe
def bare(request: HttpRequest) -> HttpResponse:
    name = Organisation.objects.order_by("pk").values_list("name", flat=True).first()
    return HttpResponse(name or "", content_type="text/plain")


urlpatterns = [path("bench/bare/", bare), *portal_urlpatterns]
