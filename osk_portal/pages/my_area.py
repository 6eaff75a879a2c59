""" "Mein Bereich": what waits for a person, put together from what the apps offer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.pages.navigation import Item, reverse_or_empty
from osk_portal.toolkit import clock
from osk_portal.toolkit.working_days import working_days_between

SOON_WORKING_DAYS = 5


@dataclass(frozen=True)
class DueTask:
    """A task with the words of its date. ``due_kind``: over, soon, ok; empty without a date."""

    task: portal.Task
    due_kind: str
    due_text: str


def due_in_words(due_on: date) -> tuple[str, str]:
    """How urgent a date is (over, soon, ok), and that in working days."""
    left = working_days_between(clock.today(), due_on)
    if due_on < clock.today():
        late = max(-left, 1)
        return "over", ngettext("%d day overdue", "%d days overdue", late) % late
    if due_on == clock.today():
        return "soon", _("today")
    kind = "soon" if left <= SOON_WORKING_DAYS else "ok"
    return kind, ngettext("%d working day left", "%d working days left", left) % left


def tasks_of(user: User) -> list[DueTask]:
    """Everything that waits for ``user``, the nearest date first, then what has no date."""
    tasks = [task for area in portal.my_areas for task in area.tasks(user)]
    tasks.sort(key=lambda task: (task.due_on is None, task.due_on or date.max))
    return [
        DueTask(task, *due_in_words(task.due_on)) if task.due_on else DueTask(task, "", "")
        for task in tasks
    ]


def panels_of(user: User, request: HttpRequest) -> list[SafeString]:
    return [
        render_to_string(area.template, area.panel(user), request)
        for area in portal.my_areas
        if area.panel is not None
    ]


def navigation(request: HttpRequest) -> list[Item]:
    """The account's own navigation: overview, the apps' lists, calendar, messages."""
    entries = [(_("Overview"), reverse("pages:my_area"))]
    entries += [
        (str(area.label), reverse_or_empty(area.url_name)) for area in portal.my_areas if area.label
    ]
    entries.append((_("Calendar"), reverse("pages:calendar")))
    entries.append((_("Messages"), reverse("notifications:notification_list")))
    entries.append((_("My data"), reverse("pages:own_data")))
    entries.append((_("Data and security"), reverse("account_email")))
    return [Item(label, url, _current(url, request.path)) for label, url in entries if url]


def _current(url: str, path: str) -> str:
    """ "page" on the page itself, "true" on the other pages about the own account (/konto/…)."""
    if url == path:
        return "page"
    account = reverse("account_email").removesuffix("email/")
    return "true" if url.startswith(account) and path.startswith(account) else ""
