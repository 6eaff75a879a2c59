"""On the page of a test environment: the requests to which it belongs, for who may read them."""

from __future__ import annotations

from django.http import HttpRequest

from consulting import queues
from consulting.models import ConsultingRequest
from osk_portal.accounts.models import User
from sandbox.models import Booking


def of_booking(booking: Booking, request: HttpRequest) -> dict[str, object] | None:
    """One query. Of a request that the reader may not read not even its existence is said."""
    if not isinstance(request.user, User):
        return None
    readable = ConsultingRequest.objects.visible_to(request.user)
    cases = readable.filter(bookings=booking).only(
        "public_id", "reference", "title", "state", "author", "organisation"
    )
    rows = [
        (
            f"{case.reference or ''} {case.title}".strip(),
            queues.case_url(case) if request.user.is_advisor else case.get_absolute_url(),
        )
        for case in cases
    ]
    return {"cases": rows} if rows else None
