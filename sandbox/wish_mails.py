"""What those who wish for a test environment are told, and the people of a product that is blocked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from network.enums import MembershipState
from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify
from sandbox import participant_mails
from sandbox.enums import BlockCause, WishState
from sandbox.models import Blueprint, Booking, Wish
from sandbox.wish_texts import TEXTS

TO_CHECK: Final = "sandbox.wish_to_check"
WISH_KINDS: Final = frozenset(
    {
        "sandbox.wish_received",
        "sandbox.wish_changed",
        "sandbox.wish_merged",
        "sandbox.prototype_ends",
        "sandbox.prototype_renewed",
    }
)
"""Their ``subject_key`` is the key of a wish."""
_ASKED = _("You asked for this test environment.")
_DECIDES = _("You decide on wishes for test environments.")
_BOOKED = _("You booked a test environment.")


def wish_received(wish: Wish, person: User) -> None:
    newest = wish.asks.filter(person=person).latest("pk")
    _tell(
        wish,
        "wish_received",
        [person],
        # A member of two organisations may ask for both: this is the one made now.
        dedupe=f"received:{newest.pk}",
    )


def wish_to_check(wish: Wish) -> None:
    """To the advisors: somebody waits for an answer."""
    notify(
        Message(
            kind=TO_CHECK,
            template="sandbox/email/wish_to_check",
            url=reverse("admin:sandbox_wish_page", args=[wish.public_id]),
            dedupe=f"{TO_CHECK}:{wish.public_id}",
            subject_key=str(wish.public_id),
            context={"name": wish.name, "is_prototype": wish.is_prototype},
            reason=_DECIDES,
        ),
        User.objects.advisors(),
    )


def wish_changed(wish: Wish) -> None:
    """Each step, to all who ask for it. What can be booked leads straight to its page."""
    is_bookable = wish.state == WishState.BOOKABLE and wish.blueprint is not None
    # A wish may be declined, taken up again, and declined once more.
    step = wish.events.count()
    _tell(
        wish,
        "wish_changed",
        _people(wish),
        dedupe=f"step:{step}",
        url=wish.blueprint.get_absolute_url() if is_bookable and wish.blueprint else "",
        state=WishState(wish.state).label,
        text=TEXTS[wish.state][1],
        is_bookable=is_bookable,
        has_answer=bool(wish.answer),
    )


def wish_merged(wish: Wish, target: Wish, people: Iterable[User]) -> None:
    """``people``: who asked for ``wish``; they ask for ``target`` now."""
    _tell(
        target,
        "wish_merged",
        people,
        dedupe=f"merged:{wish.public_id}",
        name=wish.name,
        target=target.name,
    )


def prototype_ends(wish: Wish, product: Blueprint, *, is_over: bool) -> None:
    _tell(
        wish,
        "prototype_ends",
        _people(wish),
        dedupe=f"ends:{product.expires_on}:{is_over}",
        day=product.expires_on,
        is_over=is_over,
    )


def prototype_renewed(wish: Wish, product: Blueprint) -> None:
    _tell(
        wish,
        "prototype_renewed",
        _people(wish),
        dedupe=f"renewed:{product.expires_on}",
        url=product.get_absolute_url(),
        day=product.expires_on,
    )


def product_blocked(product: Blueprint, cause: BlockCause) -> None:
    """To those who have a test environment of it, or will have one, and to those who test along."""
    is_critical = cause == BlockCause.CRITICAL
    _tell_bookers(product, "product_blocked", is_critical=is_critical)
    participant_mails.product_blocked(product, step=product.events.count(), is_critical=is_critical)


def product_unblocked(product: Blueprint) -> None:
    _tell_bookers(product, "product_unblocked")
    participant_mails.product_unblocked(product, step=product.events.count())


def _tell_bookers(product: Blueprint, event: str, **context: object) -> None:
    step = product.events.count()
    bookings = Booking.objects.holding().filter(blueprint_version__blueprint=product)
    for booking in bookings.select_related("booked_by", "deputy", "taken_over_by"):
        notify(
            Message(
                kind=f"sandbox.{event}",
                template=f"sandbox/email/{event}",
                url=booking.get_absolute_url(),
                dedupe=f"sandbox.{event}:{booking.public_id}:{step}",
                subject_key=str(booking.public_id),
                context={"product": product.name, **context},
                reason=_BOOKED,
            ),
            booking.side,
        )


def _people(wish: Wish) -> list[User]:
    """Who asks for it and still belongs to that organisation. One query, however many they are."""
    there = wish.asks.filter(
        person__memberships__organisation=F("organisation"),
        person__memberships__state=MembershipState.ACTIVE,
    )
    return list(dict.fromkeys(ask.person for ask in there.select_related("person")))


def _tell(
    wish: Wish,
    event: str,
    people: Iterable[User],
    *,
    dedupe: str,
    url: str = "",
    **context: object,
) -> None:
    notify(
        Message(
            kind=f"sandbox.{event}",
            template=f"sandbox/email/{event}",
            url=url or wish.get_absolute_url(),
            dedupe=f"sandbox.{event}:{wish.public_id}:{dedupe}",
            subject_key=str(wish.public_id),
            context={"name": wish.name, **context},
            reason=_ASKED,
        ),
        people,
    )
