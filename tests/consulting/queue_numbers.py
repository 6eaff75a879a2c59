from __future__ import annotations

from django.test import RequestFactory

from consulting import queues
from osk_portal.accounts.models import User


def numbers(user: User) -> dict[str, int]:
    """How many cases stand in each queue, as the side list says it to ``user``."""
    request = RequestFactory().get("/")
    request.user = user
    return {queue.name: queues.waiting_in(queue, request) for queue in queues.QUEUES}
