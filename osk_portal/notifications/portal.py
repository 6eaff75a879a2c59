"""What the messages offer to the shared pages."""

from osk_portal import portal
from osk_portal.notifications import own_data

portal.personal_data.register(own_data.OFFER)
