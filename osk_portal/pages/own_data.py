"""Meine Daten: the copy of everything about one person, and the end of the account (Art. 15, 17, 20 GDPR).

Made while the person waits, not by a job: it is text from indexed rows, at most MOST_ROWS a list and one
query a list, no files; a finished copy that waits on a disk would be one more place to protect and to empty.
Files stay on the page of their request, where they are downloaded one by one or with the full record.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import FieldDoesNotExist
from django.db import models, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from osk_portal import portal
from osk_portal.accounts import own_data as account
from osk_portal.accounts.models import User
from osk_portal.notifications.services import Message, notify_address
from osk_portal.templatetags.osk import berlin_date, berlin_datetime
from osk_portal.toolkit import clock
from osk_portal.toolkit.deadlocks import without_deadlock

MOST_ROWS: Final = 20_000
"""Of one list; the copy says where a list was cut."""
FORMAT: Final = "osk-portal/personal-data/1"


@dataclass(frozen=True)
class Listed:
    """One list of the copy. ``rows`` as stored, ``shown`` the same in words."""

    of: str
    label: str
    headings: list[str]
    rows: list[dict[str, object]]
    shown: list[list[str]]
    is_cut: bool


@dataclass(frozen=True)
class Area:
    offer: portal.PersonalData
    lists: list[Listed]

    @property
    def count(self) -> int:
        return sum(len(listed.rows) for listed in self.lists)


class NotYet(Exception):
    """The account cannot go before ``obstacles`` are settled."""

    def __init__(self, obstacles: list[portal.Obstacle]) -> None:
        self.obstacles = obstacles
        super().__init__(" ".join(obstacle.text for obstacle in obstacles))


def areas_of(user: User) -> list[Area]:
    """Everything that the apps store about ``user``: one query a list."""
    return [
        Area(offer, [_listed(rows, user) for rows in offer.rows]) for offer in portal.personal_data
    ]


@transaction.atomic
def copy_for(user: User) -> bytes:
    """The copy as a ZIP: one JSON file an area, and a page that people read. Its making is recorded."""
    account.note_export(user=user)
    areas, made_at = areas_of(user), clock.now()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        context = {
            "areas": areas,
            "person": user,
            "made_at": made_at,
            "site_name": settings.OSK_SITE_NAME,
            "contact_email": settings.OSK_CONTACT_EMAIL,
        }
        page = render_to_string("pages/own_data_copy.html", context).lstrip()
        archive.writestr(_("overview.html"), page)
        for area in areas:
            archive.writestr(f"{area.offer.key}.json", _as_json(area, made_at))
    return out.getvalue()


def obstacles_of(user: User) -> list[portal.Obstacle]:
    """What must be settled before the account can go."""
    return [
        obstacle
        for offer in portal.personal_data
        if offer.obstacles is not None
        for obstacle in offer.obstacles(user)
    ]


def end_account(*, user_id: int) -> bool:
    """End the account now, at the person's own word. False when it had ended already.

    Upper floors go first: what a person may still do follows from the floors below. The last word goes to the
    address that was the account's. Raises NotYet, and TransitionNotAllowed where something has moved on.
    """

    def work() -> bool:
        with transaction.atomic():
            return _end_account(user_id)

    return without_deadlock(work)


def _end_account(user_id: int) -> bool:
    # Rows of others that name the person (a message in a case) need not wait for this lock.
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user_id)
    if user.anonymised_at is not None:
        return False
    if found := obstacles_of(user):
        raise NotYet(found)
    address, language, name = user.email, user.language, str(user)
    for offer in reversed(list(portal.personal_data)):
        if offer.erase is not None:
            offer.erase(user)
    farewell = Message(
        kind="accounts.ended",
        template="pages/email/account_ended",
        url=reverse("pages:home"),
        dedupe=f"account-ended:{user.public_id}",
        context={"name": name, "ended_at": user.anonymised_at},
        reason=gettext_lazy("You had an account here until just now."),
    )
    notify_address(farewell, address=address, language=language)
    return True


def _listed(rows: portal.Rows, user: User) -> Listed:
    label, _dot, path = rows.of.rpartition(".")
    model = apps.get_model(label)
    # The rows as they are stored: a manager of the model's own might leave some out.
    found: models.QuerySet[Any] = model._base_manager.all()  # noqa: SLF001 # Django's documented API
    if rows.only is None or _leads_to_person(model, path):
        found = found.filter(**{path: user})
    if rows.only is not None:
        found = rows.only(found, user)
    values = list(found.order_by("pk").values(*rows.fields)[: MOST_ROWS + 1])
    words = {lookup: _Words.of(model, lookup, rows.words.get(lookup)) for lookup in rows.fields}
    return Listed(
        of=rows.of,
        label=str(rows.label),
        headings=[str(heading) for heading in rows.fields.values()],
        rows=values[:MOST_ROWS],
        shown=[[words[key].say(row[key]) for key in rows.fields] for row in values[:MOST_ROWS]],
        is_cut=len(values) > MOST_ROWS,
    )


def _leads_to_person(model: type[models.Model], path: str) -> bool:
    """Whether ``path`` ends at a person; a list by another way narrows itself."""
    name, _more, rest = path.partition("__")
    if name == "pk":
        return False
    found = model._meta.get_field(name)  # noqa: SLF001 # Django's documented API
    target = found.related_model
    if target is None or isinstance(target, str):
        return False
    return _leads_to_person(target, rest) if rest else target is User


@dataclass(frozen=True)
class _Words:
    """How the values of one column read."""

    choices: Mapping[object, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, model: type[models.Model], lookup: str, words: Mapping[str, portal.Text] | None
    ) -> _Words:
        pairs = words.items() if words is not None else _choices(model, lookup)
        return cls({key: str(label) for key, label in pairs})

    def say(self, value: object) -> str:
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, datetime):
            return berlin_datetime(value)
        if isinstance(value, date):
            return berlin_date(value)
        if isinstance(value, list):
            return ", ".join(self.say(each) for each in value)
        if isinstance(value, dict):
            return json.dumps(value, ensure_ascii=False, default=str)
        return self.choices.get(value, str(value))


def _choices(model: type[models.Model], lookup: str) -> list[tuple[object, object]]:
    """The choices of the field at the end of ``lookup``, also of an array's elements."""
    name, _more, rest = lookup.partition("__")
    try:
        found = model._meta.get_field(name)  # noqa: SLF001 # Django's documented API
    except FieldDoesNotExist:
        return []
    if rest and isinstance(found.related_model, type):
        return _choices(found.related_model, rest)
    if isinstance(found, ArrayField):
        found = found.base_field
    return list(getattr(found, "flatchoices", []))


def _as_json(area: Area, made_at: datetime) -> str:
    data = {
        "format": FORMAT,
        "area": area.offer.key,
        "made_at": made_at.isoformat(),
        "lists": [
            {
                "of": listed.of,
                "label": listed.label,
                "complete": not listed.is_cut,
                "rows": listed.rows,
            }
            for listed in area.lists
        ],
    }
    return json.dumps(data, ensure_ascii=False, indent=2, default=_plain)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)
