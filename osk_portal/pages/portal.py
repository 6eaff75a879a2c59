"""What the shared pages themselves need."""

from __future__ import annotations

from allauth.mfa.models import Authenticator

from osk_portal import portal
from osk_portal.notifications.models import OutgoingMail
from osk_portal.pages import own_data_offer, sitemap
from osk_portal.pages.models import CalendarAddress
from osk_portal.pages.services import ensure_legal_pages

portal.reference_data.register(portal.ReferenceData("legal_pages", 20, ensure_legal_pages))
portal.sitemap_sections.register(sitemap.OWN_PAGES)
portal.personal_data.register(own_data_offer.OFFER)
portal.sealed_values.register(
    portal.SealedValues("second_factors", 10, Authenticator.objects.all, "data")
)
portal.sealed_values.register(
    portal.SealedValues(
        "mails", 20, lambda: OutgoingMail.objects.filter(is_secret=True).exclude(body=""), "body"
    )
)
portal.sealed_values.register(
    portal.SealedValues("calendars", 30, CalendarAddress.objects.all, "token_sealed")
)
