"""The demo world's wished test environments, one in each state, and a prototype that waits for the OSK.

Told through the services with the clock in the past.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils.text import slugify

from network.enums import MembershipState
from network.models import Membership, Organisation
from osk_portal.accounts.demo import DOMAIN, ensure_login
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.search_text import fold
from sandbox.enums import WishState
from sandbox.models import Blueprint, Wish
from sandbox.services import wishes

WISHES = Path(__file__).parent / "demo" / "wishes.json"
DECIDES = f"beratung@{DOMAIN}"


def load() -> None:
    """Each once; without the people who ask, none."""
    for row in json.loads(WISHES.read_text(encoding="utf-8")):
        known = Wish.objects.filter(key=wishes.key_of(row["name"]), kind=row.get("kind", "product"))
        if known.exists():
            continue
        asks = []
        for who, why in row["asks"]:
            membership = _asking(who)
            if membership is not None:
                asks.append((membership, why))
        advisor = User.objects.filter(email=DECIDES).first()
        if asks and (advisor is not None or row["state"] == WishState.ASKED):
            _wish(row, asks, advisor)


def _asking(who: str) -> Membership | None:
    """By login, or an invented person of an authority that is named by its short name."""
    if "@" in who:
        return Membership.objects.active().filter(user__email=who).first()
    organisation = Organisation.objects.filter(short_name=who).first()
    if organisation is None:
        return None
    person = ensure_login(f"Beispielperson {who}", slugify(fold(who)))
    found, _new = Membership.objects.get_or_create(
        user=person,
        organisation=organisation,
        defaults={"state": MembershipState.ACTIVE, "confirmed_at": clock.now()},
    )
    return found


def _wish(row: dict[str, Any], asks: list[tuple[Membership, str]], advisor: User | None) -> None:
    asked_at = clock.now() - timedelta(days=row["days_ago"])
    (first, why), *others = asks
    with clock.moved_to(asked_at):
        wish = _ask(row, first, why)
    for number, (membership, words) in enumerate(others, start=1):
        with clock.moved_to(asked_at + timedelta(days=number)):
            wishes.join_wish(
                wish_id=wish.pk,
                actor=membership.user,
                organisation=membership.organisation,
                why=words,
            )
    if advisor is not None and row["state"] != WishState.ASKED:
        with clock.moved_to(asked_at + timedelta(days=2)):
            wishes.check_wish(wish_id=wish.pk, actor=advisor)
        with clock.moved_to(asked_at + timedelta(days=row.get("decided_after", 2), hours=1)):
            _decide(row, wish, advisor)


def _ask(row: dict[str, Any], asking: Membership, why: str) -> Wish:
    if row.get("kind") != "prototype":
        return wishes.ask_for(
            user=asking.user,
            organisation=asking.organisation,
            name=row["name"],
            website=row["website"],
            why=why,
        )
    prototype = wishes.Prototype(
        name=row["name"],
        image=row["image"],
        port=row["port"],
        repository="",
        licence=row["licence"],
        supporter=row["supporter"],
        data_statement=row["data_statement"],
    )
    return wishes.propose_prototype(
        user=asking.user, organisation=asking.organisation, prototype=prototype, why=why
    )


def _decide(row: dict[str, Any], wish: Wish, advisor: User) -> None:
    match row["state"]:
        case WishState.MANUAL:
            wishes.answer_by_hand(wish_id=wish.pk, actor=advisor, answer=row["answer"])
        case WishState.REFUSED:
            wishes.refuse_wish(wish_id=wish.pk, actor=advisor, answer=row["answer"])
        case WishState.BOOKABLE:
            product = Blueprint.objects.get(slug=row["product"])
            wishes.offer_wish(wish_id=wish.pk, actor=advisor, blueprint=product)
