"""Versions of test products."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import backends
from sandbox.backends.base import BackendUnavailable
from sandbox.models import (
    BlueprintVersion,
)


def publish_version(*, version_id: int) -> BlueprintVersion:
    """From here on it is booked, and never changed.

    Raises TransitionNotAllowed, and ValidationError where an engine of its places could not follow it.
    """
    with transaction.atomic():
        version = BlueprintVersion.objects.select_for_update(of=("self",)).get(pk=version_id)
        if version.is_published:
            raise TransitionNotAllowed("publish", "published")
        version.full_clean()
        for key in sorted(set(version.blueprint.pool.slots.values_list("backend", flat=True))):
            try:
                problems = backends.get(key).validate(version.parsed)
            except BackendUnavailable as error:
                problems = [error.detail]
            if problems:
                raise ValidationError({"spec": problems})
        version.published_at = clock.now()
        version.save(update_fields=["published_at"])
        return version
