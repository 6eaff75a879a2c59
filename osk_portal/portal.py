"""What an app can offer to the shared pages.

The ground knows no app: each app registers its offers in its own ``portal.py``, which Django finds at
start-up as it finds ``admin.py``. An offer is a frozen dataclass with a unique key and an explicit order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import Model, QuerySet
    from django.http import HttpRequest
    from django.utils.functional import _StrPromise

    from osk_portal.accounts.models import User
    from osk_portal.toolkit.ics import Entry

    Text: TypeAlias = str | _StrPromise
    Waiting: TypeAlias = Callable[[], QuerySet[Any]]
    """A function of a module, asked once a process: who looks and the day are the parameters USER and TODAY
    of toolkit/prepared.py."""


class Offer(Protocol):
    @property
    def key(self) -> str: ...

    @property
    def order(self) -> int: ...


O = TypeVar("O", bound=Offer)  # noqa: E741 # one letter, as type variables have


class Registry(Generic[O]):
    """Offers of one kind, unique by key, read in their order."""

    def __init__(self) -> None:
        self._offers: dict[str, O] = {}

    def register(self, offer: O) -> O:
        if offer.key in self._offers:
            raise ValueError(f"{offer.key!r} is registered already")
        self._offers[offer.key] = offer
        return offer

    def __iter__(self) -> Iterator[O]:
        return iter(sorted(self._offers.values(), key=lambda offer: (offer.order, offer.key)))

    def get(self, key: str) -> O | None:
        return self._offers.get(key)

    def clear(self) -> None:
        """For tests."""
        self._offers.clear()


@dataclass(frozen=True)
class Figure:
    """A number on the home page, computed when the page is made; ``url_name`` is where it leads."""

    key: str
    order: int
    label: Text
    value: Callable[[], int | None]
    url_name: str


@dataclass(frozen=True)
class Hit:
    """A result of the search over everything."""

    title: str
    url: str
    text: str


@dataclass(frozen=True)
class SearchSource:
    """One app's part of the search over everything, already limited to what ``user`` may see."""

    key: str
    order: int
    label: Text
    search: Callable[[str, HttpRequest], Iterable[Hit]]


@dataclass(frozen=True)
class Task:
    """Something that waits for a person: shown first in "Mein Bereich".

    ``action``: the words of its button, "Antworten"; without them "Ansehen".
    """

    title: str
    text: str
    url: str
    due_on: date | None = None
    badge: str = "info"
    action: Text = ""


@dataclass(frozen=True)
class MyArea:
    """One app's part of "Mein Bereich": its open tasks, and a panel rendered from ``template``.

    ``label`` and ``url_name``: its own list, a link in the account's navigation.
    """

    key: str
    order: int
    tasks: Callable[[User], Iterable[Task]]
    panel: Callable[[User], dict[str, object]] | None = None
    template: str = ""
    label: Text = ""
    url_name: str = ""


@dataclass(frozen=True)
class CalendarSource:
    """One app's part of a person's own calendar: only what ``user`` may see at that moment.

    ``entries`` is asked at each fetch, in the person's language, with nobody signed in: nothing
    confidential belongs into it, a calendar program keeps it. ``url`` of an entry is a path.
    """

    key: str
    order: int
    entries: Callable[[User], Iterable[Entry]]


@dataclass(frozen=True)
class Span:
    """From one day to another, which is the first that no longer belongs to it."""

    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class Part:
    """One row of a table of figures: what is counted, and how many in each of the spans that were asked for."""

    label: Text
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Statistic:
    """One table of the public statistics (product.md 5). What is too small to be shown is the page's to decide.

    ``count``: the parts in each span, or today where ``is_today``; in one query, the same parts for every span.
    It must count the same for a span that is over, whatever is anonymised or deleted later. Never by advisor or
    authority. ``adds_up``: each thing is in exactly one part, so that a total makes sense. ``share``: words for
    the share of the first part in all of them. ``is_series``: one part only, whose quarters are told one below
    the other. ``since``: the first day of which there are figures.
    """

    key: str
    order: int
    title: Text
    definition: Text
    head: Text
    count: Callable[[Sequence[Span]], Sequence[Part]]
    adds_up: bool = True
    is_today: bool = False
    is_series: bool = False
    share: Text = ""
    since: Callable[[], date | None] | None = None


@dataclass(frozen=True)
class HomeSection:
    """One app's section on the home page, rendered from ``template`` with ``context()``."""

    key: str
    order: int
    template: str
    context: Callable[[], dict[str, object]]


@dataclass(frozen=True)
class Panel:
    """One app's part of another app's page, rendered from ``template`` with ``context(object, request)``.

    ``place`` names the page by its object ("network.organisation", "catalog.solution"), so that a lower
    floor's page shows what an upper floor knows. A context of None leaves the panel out.
    """

    key: str
    order: int
    place: str
    template: str
    context: Callable[[Any, HttpRequest], dict[str, object] | None]


@dataclass(frozen=True)
class Numbers:
    """Several numbers of one reading: ``query`` gives a single column, an array; no row stands for zeros."""

    query: Waiting


@dataclass(frozen=True)
class OneOf:
    numbers: Numbers
    position: int


@dataclass(frozen=True)
class WorkEntry:
    """A line of the staff area's side list: a queue or a page, with what waits there."""

    label: Text
    url: str
    count: int | Waiting | OneOf | None = None
    """A number, or the rows to count: the side list counts those of all apps in one query."""
    is_overdue: bool | Waiting | OneOf = False
    """Or the rows of which one makes it so."""


@dataclass(frozen=True)
class WorkList:
    """One app's part of the staff area's side list, only what this person may open."""

    key: str
    order: int
    label: Text
    entries: Callable[[User], Iterable[WorkEntry]]


@dataclass(frozen=True)
class WorkHome:
    """Where the work of a staff role begins, and where the search of the staff area's bar leads.

    Both give an empty text to whom the work is not for; ``search_url`` takes the words as ``q``.
    """

    key: str
    order: int
    url: Callable[[User], str]
    search_url: Callable[[User], str]


@dataclass(frozen=True)
class MailGuard:
    """Asked again when a mail is sent: may this address still read about this object?

    ``key`` is the first part of a message's kind ("consulting"); without a guard the mail goes out.
    """

    key: str
    order: int
    still_allowed: Callable[[int, str, str], bool]
    """(user id or 0, kind, subject key) -> may still be told"""


@dataclass(frozen=True)
class ReferenceData:
    """Groups, vocabularies and other rows that must always be there; written after each migrate."""

    key: str
    order: int
    ensure: Callable[[], None]


@dataclass(frozen=True)
class StaffRights:
    """What the staff roles may do in the admin with the models of one app.

    ``rights``: role ("advisor", "lead", "operator") → any of "view", "add", "change", "delete".
    """

    key: str
    order: int
    app_label: str
    rights: Mapping[str, Collection[str]]


@dataclass(frozen=True)
class DemoStep:
    """One app's part of the demo world; idempotent. Returns one line that says what it made."""

    key: str
    order: int
    load: Callable[[], str]


@dataclass(frozen=True)
class DailyJob:
    """Work once a day, due by comparison with the row PeriodicRun; idempotent."""

    key: str
    order: int
    run: Callable[[], None]


@dataclass(frozen=True)
class SealedValues:
    """A column that holds encrypted values: ``manage.py rotate_keys`` brings them under the newest key."""

    key: str
    order: int
    rows: Callable[[], QuerySet[Any]]
    """Those that hold one."""
    field: str
    """A text; or JSON, in which each text that is encrypted is looked for."""


@dataclass(frozen=True)
class SitemapEntry:
    """A public page; ``path`` without the host."""

    path: str
    changed_at: datetime | None = None


@dataclass(frozen=True)
class SitemapSection:
    """One app's public pages, for search engines; ``key`` is part of an address.

    ``entries(start, most)``: a part of them in an order that stays; all of them can be too many for one file.
    """

    key: str
    order: int
    count: Callable[[], int]
    entries: Callable[[int, int], Iterable[SitemapEntry]]


@dataclass(frozen=True)
class HandoverRow:
    """One object of somebody who leaves, in words that ``viewer`` may read."""

    public_id: UUID
    title: str


class HandOver(Protocol):
    """Give one object to ``successor``, under its own lock and after asking whether ``actor`` may.

    False when it is no longer ``person``'s to hand over: then nothing was written.
    """

    def __call__(self, *, public_id: UUID, person: User, successor: User, actor: User) -> bool: ...


@dataclass(frozen=True)
class Handover:
    """One app's objects that belong to an organisation and need somebody who looks after them.

    When a membership ends, each is given to a successor; what is left waits for the organisation's
    managers, or for the OSK (product.md, Leaving).
    """

    key: str
    order: int
    label: Text
    objects: Callable[[Any, Any], QuerySet[Any]]
    """(user, organisation): keys, or references to an outer query that counts them."""
    rows: Callable[[User, Model, User], Iterable[HandoverRow]]
    """(person, organisation, viewer) -> the same objects, named as ``viewer`` may read them."""
    hand_over: HandOver


@dataclass(frozen=True)
class Rows:
    """One list of the copy of somebody's data: the rows of one model that belong to the person.

    ``of``: the model and the way to its person, "network.Membership.user"; a way may lead over other rows
    ("case__author"). ``fields``: what stands in the copy, lookup → heading; never a secret, never what the
    person may not read on a page. ``only``: narrows the rows to what this person may still read.
    """

    of: str
    label: Text
    fields: Mapping[str, Text]
    only: Callable[[QuerySet[Any], User], QuerySet[Any]] | None = None
    words: Mapping[str, Mapping[str, Text]] = field(default_factory=dict)
    """For a stored key whose field knows no choices: lookup → key → words. The readable page shows these."""


@dataclass(frozen=True)
class Obstacle:
    """What must be settled before an account can go, and the page where that is done."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class PersonalData:
    """One app's part of "Meine Daten": what is stored, the copy of it, and what the end of the account does.

    ``stored``, ``kept`` (why and how long) and ``afterwards`` (what becomes of it with the account): plain
    words. ``rows``: the copy. ``left_out``: each relation to a person that is not in it,
    "network.OrganisationEvent.actor", with the reason. A test fails for a relation named in neither.
    ``obstacles``: asked when the page is shown, and again under the lock.
    ``erase``: in the transaction in which the account ends, upper floors (higher ``order``) first; idempotent.
    """

    key: str
    order: int
    label: Text
    stored: Text
    kept: Text
    afterwards: Text
    rows: tuple[Rows, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    obstacles: Callable[[User], Iterable[Obstacle]] | None = None
    erase: Callable[[User], None] | None = None


@dataclass(frozen=True)
class Concerned:
    """A person whom something concerns, and for whom: an organisation's key, or nobody but herself."""

    user_id: int
    organisation_id: int | None = None


@dataclass(frozen=True)
class Audience:
    """Whom an upper floor ties to a lower floor's object: who tests a solution, who asks about it.

    ``place`` names the object ("catalog.solution"). ``reason``: words that complete "You get this mail
    because …"; they name no other object, so that nothing confidential is said.
    """

    key: str
    order: int
    place: str
    reason: Text
    people: Callable[[Any], Iterable[Concerned]]


@dataclass(frozen=True)
class Departure:
    """What one app ends together with a membership, in the same transaction: shares and roles that a person had
    in objects of the organisation. What needs a successor is a ``Handover``."""

    key: str
    order: int
    end: Callable[[User, Any, User | None], None]
    """(person, organisation, actor)"""


@dataclass(frozen=True)
class StaffExit:
    """What one app does when somebody advises no more, in the transaction that takes the role away."""

    key: str
    order: int
    end: Callable[[User, User | None], None]
    """(person, actor); the person has the roles of afterwards."""


figures: Registry[Figure] = Registry()
search_sources: Registry[SearchSource] = Registry()
my_areas: Registry[MyArea] = Registry()
calendar_sources: Registry[CalendarSource] = Registry()
home_sections: Registry[HomeSection] = Registry()
panels: Registry[Panel] = Registry()
work_lists: Registry[WorkList] = Registry()
work_homes: Registry[WorkHome] = Registry()
mail_guards: Registry[MailGuard] = Registry()
reference_data: Registry[ReferenceData] = Registry()
staff_rights: Registry[StaffRights] = Registry()
demo_steps: Registry[DemoStep] = Registry()
daily_jobs: Registry[DailyJob] = Registry()
sealed_values: Registry[SealedValues] = Registry()
sitemap_sections: Registry[SitemapSection] = Registry()
handovers: Registry[Handover] = Registry()
personal_data: Registry[PersonalData] = Registry()
statistics: Registry[Statistic] = Registry()
audiences: Registry[Audience] = Registry()
departures: Registry[Departure] = Registry()
staff_exits: Registry[StaffExit] = Registry()


def work_home(user: User) -> str:
    """The page that the staff area opens with for ``user``; empty: its overview."""
    return next((url for home in work_homes if (url := home.url(user))), "")


def work_search(user: User) -> str:
    """What the bar of the staff area searches for ``user``; empty: the search over everything."""
    return next((url for home in work_homes if (url := home.search_url(user))), "")


def panels_for(place: str, obj: object, request: HttpRequest) -> list[dict[str, object]]:
    """The panels that apps offer for ``obj`` at ``place``: a list of {template, context}."""
    shown: list[dict[str, object]] = []
    for panel in panels:
        if panel.place == place:
            context = panel.context(obj, request)
            if context is not None:
                shown.append({"template": panel.template, "context": context})
    return shown
