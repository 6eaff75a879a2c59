"""The proof of deletion, to take along."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from osk_portal.toolkit import clock
from osk_portal.toolkit.access import LOGIN, AuthenticatedRequest, access, no_store
from sandbox import removal_record
from sandbox.views.bookings import visible_booking


@require_safe
@access(LOGIN)
def removal_proof(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """For who booked and the Organisationsverwaltung, once everything is gone."""
    booking = visible_booking(request, public_id)
    if not removal_record.is_complete(booking):
        messages.info(request, _("The proof of deletion is ready once everything is removed."))
        return redirect(booking)
    content = removal_record.as_pdf(booking, clock.now())
    name = _("%(product)s-proof-of-deletion.pdf") % {
        "product": booking.blueprint_version.blueprint.slug
    }
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return no_store(response)
