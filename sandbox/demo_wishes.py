"""The demo world's wished test environments, and a prototype that waits for the OSK."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from network.models import Membership
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from sandbox.enums import WishEventKind, WishKind, WishState
from sandbox.models import Wish, WishAsk
from sandbox.services.wishes import key_of

WISHES = Path(__file__).parent / "demo" / "wishes.json"
DECIDES = "beratung@demo.osk.example"


def load() -> None:
    """Each once; without the people who ask, none."""
    for row in json.loads(WISHES.read_text(encoding="utf-8")):
        asks = []
        for login, why in row["asks"]:
            membership = Membership.objects.active().filter(user__email=login).first()
            if membership is not None:
                asks.append((membership, why))
        known = Wish.objects.filter(key=key_of(row["name"]), kind=row.get("kind", "product"))
        if asks and not known.exists():
            _wish(row, asks)


def _wish(row: dict[str, Any], asks: list[tuple[Membership, str]]) -> None:
    created = clock.now() - timedelta(days=row["days_ago"])
    state = WishState(row["state"])
    advisor = User.objects.filter(email=DECIDES).first()
    if state != WishState.ASKED and advisor is None:
        return
    is_prototype = row.get("kind") == WishKind.PROTOTYPE
    wish = Wish.objects.create(
        kind=WishKind.PROTOTYPE if is_prototype else WishKind.PRODUCT,
        name=row["name"],
        key=key_of(row["name"]),
        website=row.get("website", ""),
        state=state,
        answer=row.get("answer", ""),
        decided_at=None if state == WishState.ASKED else created + timedelta(days=2),
        decided_by=None if state == WishState.ASKED else advisor,
        organisation=asks[0][0].organisation if is_prototype else None,
        image=row.get("image", ""),
        port=row.get("port"),
        licence=row.get("licence", ""),
        supporter=row.get("supporter", ""),
        data_statement=row.get("data_statement", ""),
        created_at=created,
    )
    for number, (membership, why) in enumerate(asks):
        WishAsk.objects.create(
            wish=wish,
            organisation=membership.organisation,
            person=membership.user,
            why=why,
            created_at=created + timedelta(days=number),
        )
        kind = WishEventKind.JOIN if number else WishEventKind.ASK
        wish.record(kind, actor=membership.user, organisation=membership.organisation_id)
