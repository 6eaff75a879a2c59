"""Writing an organisation's profile: the one place that keeps sort key and folded text right."""

from __future__ import annotations

from django.db import transaction

from network.models import Expertise, Organisation, OrganisationEvent
from osk_portal.accounts.models import User
from osk_portal.toolkit.search_text import fold, sort_key


@transaction.atomic
def save_organisation(
    organisation: Organisation, *, actor: User | None, changed: list[str] | None = None
) -> Organisation:
    """Save ``organisation`` and write down who changed which fields; null means the system."""
    is_new = organisation.pk is None
    organisation.sort_key = sort_key(organisation.name)
    organisation.folded = fold(
        " ".join(
            (
                organisation.name,
                organisation.short_name,
                organisation.subkind,
                organisation.district,
                organisation.city,
                organisation.land,
            )
        )
    )
    # What is made from the name is no field that people fill in: it may be empty.
    organisation.full_clean(exclude=["sort_key", "folded"])
    organisation.save()
    OrganisationEvent.objects.create(
        organisation=organisation,
        kind="created" if is_new else "changed",
        actor=actor,
        data={"fields": sorted(changed or [])},
    )
    return organisation


@transaction.atomic
def save_expertise(*, slug: str, name_de: str, name_en: str) -> Expertise:
    """Write a topic of the controlled list; an existing slug is renamed."""
    expertise, _created = Expertise.objects.update_or_create(
        slug=slug,
        defaults={"name_de": name_de, "name_en": name_en, "folded": fold(f"{name_de} {name_en}")},
    )
    return expertise
