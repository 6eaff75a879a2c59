"""What the shared pages themselves need."""

from __future__ import annotations

from osk_portal import portal
from osk_portal.pages import own_data_offer, sitemap
from osk_portal.pages.services import ensure_legal_pages

portal.reference_data.register(portal.ReferenceData("legal_pages", 20, ensure_legal_pages))
portal.sitemap_sections.register(sitemap.OWN_PAGES)
portal.personal_data.register(own_data_offer.OFFER)
