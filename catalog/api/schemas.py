"""The shapes of the API. Their names and keys are a promise to others: version 1 only ever gets more."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_noop
from ninja import Schema
from pydantic import Field, StringConstraints

from catalog.enums import (
    CriterionAnswer,
    DevelopmentStatus,
    LicenceFamily,
    MaintenanceType,
    NoticeKind,
    NoticeState,
    RevisionOrigin,
    SoftwareType,
    StatementAnswer,
    StatementOrigin,
    StatementTopic,
    SupportKind,
)
from catalog.facets import MOST_VALUES
from catalog.terms import LONGEST_QUERY
from network.enums import OrganisationKind

MOST_ROWS = 100
ROWS = 20

Word = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class PageQuery(Schema):
    limit: int = Field(
        ROWS, ge=1, le=MOST_ROWS, description=gettext_noop("How many rows a page has.")
    )
    cursor: str = Field(
        "",
        description=gettext_noop("next_cursor of the page before; empty: the first page."),
    )


class SolutionFilters(Schema):
    """The search and the facets of the catalog's page, under the same names."""

    q: str = Field(
        "",
        max_length=LONGEST_QUERY,
        description=gettext_noop("Words to search for: forgiving, in German and English."),
    )
    category: list[Word] = Field(
        [],
        max_length=MOST_VALUES,
        description=gettext_noop("Areas of use; several widen the search."),
    )
    audience: list[Word] = Field(
        [], max_length=MOST_VALUES, description=gettext_noop("Fields it is made for (scopes).")
    )
    origin: list[OrganisationKind] = Field(
        [],
        max_length=MOST_VALUES,
        description=gettext_noop("Kind of organisation that it comes from."),
    )
    status: list[DevelopmentStatus] = Field(
        [], max_length=MOST_VALUES, description=gettext_noop("Development status.")
    )
    licence: list[LicenceFamily] = Field(
        [], max_length=MOST_VALUES, description=gettext_noop("Licence family.")
    )
    maintenance: list[MaintenanceType] = Field(
        [], max_length=MOST_VALUES, description=gettext_noop("Who maintains the software.")
    )
    platform: list[Word] = Field([], max_length=MOST_VALUES, description=gettext_noop("Platform."))
    reuse: list[Literal["berlin", "published", "test", "support"]] = Field(
        [],
        max_length=MOST_VALUES,
        description=gettext_noop(
            "Used in Berlin, published by a Berlin body, test environment, support offered;"
            " several narrow the search."
        ),
    )


class SolutionQuery(SolutionFilters, PageQuery):
    sort: Literal["relevance", "name", "newest", "reused"] | None = Field(
        None, description=gettext_noop("Order; relevance needs q, without it the order is by name.")
    )


class Licence(Schema):
    id: str
    url: str


class Body(Schema):
    """An organisation of the network, by name."""

    slug: str
    name: str
    url: str


class Screenshot(Schema):
    """Drawn anew by the portal; it keeps its licence."""

    url: str
    width: int
    height: int
    text: str = Field(description=gettext_noop("What can be seen, in German."))


class Links(Schema):
    self: str
    html: str
    publiccode: str
    jsonld: str
    turtle: str
    revisions: str


class Solution(Schema):
    id: str
    slug: str
    name: str
    short_description: dict[str, str] = Field(description=gettext_noop("By language tag."))
    repository: str | None
    landing_page: str | None
    development_status: DevelopmentStatus | None
    software_type: SoftwareType | None
    licence: str | None = Field(description=gettext_noop("SPDX expression."))
    licence_family: LicenceFamily | None
    maintenance_type: MaintenanceType | None
    version: str | None
    release_date: str | None
    categories: list[str]
    platforms: list[str]
    languages: list[str]
    alternatives: list[str] = Field(
        description=gettext_noop("Names of proprietary products that it can replace.")
    )
    maintainer: Body | None = Field(
        description=gettext_noop(
            "Who maintains the entry; null: the OSK, or an organisation that is not shown in the network."
        )
    )
    berlin_body: Body | None
    notice_kinds: list[NoticeKind] = Field(
        description=gettext_noop("Kinds of the OSK's notices that stand on the entry.")
    )
    being_checked: list[str] = Field(
        description=gettext_noop(
            "Statements that somebody has reported as wrong and that the OSK is checking."
        )
    )
    logo: str | None = Field(
        description=gettext_noop(
            "Address of the logo, drawn anew by the portal; it keeps its licence."
        )
    )
    is_incomplete: bool = Field(description=gettext_noop("The publiccode.yml has errors."))
    revision: int
    published_at: datetime | None
    updated_at: datetime
    links: Links


class Successor(Schema):
    """Another entry of the catalog."""

    slug: str
    name: str
    url: str


class Notice(Schema):
    """A dated notice of the OSK; one that was withdrawn says why."""

    id: str
    kind: NoticeKind
    state: NoticeState
    text: dict[str, str] = Field(
        description=gettext_noop("Markdown by language: de, and en where there is one.")
    )
    evidence: str | None
    valid_from: date
    issued_at: datetime
    changed_at: datetime
    withdrawn_at: datetime | None
    withdrawal_reason: str | None
    successor: Successor | None
    url: str


class NoticeOnSolution(Notice):
    solution: Successor


class NoticeQuery(PageQuery):
    kind: list[NoticeKind] = Field(
        [], max_length=MOST_VALUES, description=gettext_noop("What it is about; several widen.")
    )
    state: NoticeState | None = Field(
        None, description=gettext_noop("Only those that stand, or that were withdrawn.")
    )
    solution: str = Field(
        "",
        max_length=100,
        pattern=r"^[-\w]*$",
        description=gettext_noop("Only those of the entry with this slug."),
    )


class Statement(Schema):
    """A statement for administrations that is in force; a topic that is missing is unknown, never a no."""

    topic: StatementTopic
    answer: StatementAnswer | None
    text: str | None
    said_by: str | None = Field(description=gettext_noop("Who tested or decided it."))
    stated_on: date
    evidence: str | None = Field(description=gettext_noop("An address, or the name of a document."))
    origin: StatementOrigin
    organisation: str | None


class Finding(Schema):
    """What the OSK says of one criterion."""

    criterion: str
    answer: CriterionAnswer
    text: str | None
    evidence: str | None = Field(description=gettext_noop("An address, or the name of a document."))
    checked_on: date | None


class Reply(Schema):
    """What the maintainer says to it, unchanged."""

    text: str
    organisation: str | None
    replied_at: datetime


class Assessment(Schema):
    """The OSK's Einschätzung by criteria; it has no total."""

    number: int
    criteria: str = Field(description=gettext_noop("Name of the list of criteria."))
    summary: str
    published_at: datetime
    findings: list[Finding]
    reply: Reply | None
    url: str


class Badge(Schema):
    """A badge as openCode gave it on the day it was fetched; never computed here."""

    badge: str
    level: str
    url: str
    fetched_at: datetime


class Supporter(Schema):
    """Somebody who offers support; outside of the network only a contractor's name."""

    name: str
    slug: str | None
    url: str | None
    kinds: list[SupportKind]
    is_contractor: bool = Field(description=gettext_noop("By the publiccode.yml."))
    contract_until: date | None


class SolutionDetail(Solution):
    statements: list[Statement] = Field(
        description=gettext_noop("For administrations: what is missing is unknown, it is no “No”.")
    )
    assessment: Assessment | None
    badges: list[Badge] = Field(description=gettext_noop("Badges of openCode."))
    supporters: list[Supporter] = Field(
        description=gettext_noop(
            "Who offers support, and the contractors that the publiccode.yml names."
        )
    )
    screenshots: list[Screenshot] = Field(
        description=gettext_noop("Those that somebody has described.")
    )
    notices: list[Notice] = Field(
        description=gettext_noop("Newest first, at most 20; also withdrawn ones.")
    )
    publiccode: dict[str, Any] = Field(
        description=gettext_noop("The whole publiccode.yml as JSON.")
    )
    data_licence: Licence


class Page(Schema):
    total: int = Field(description=gettext_noop("Rows on all pages together."))
    next: str | None = Field(
        description=gettext_noop("Address of the next page; null on the last one.")
    )
    next_cursor: str | None
    data_licence: Licence


class SolutionPage(Page):
    data: list[Solution]


class NoticePage(Page):
    data: list[NoticeOnSolution]


class Choice(Schema):
    value: str
    label: str
    count: int


class Facet(Schema):
    name: str
    label: str
    choices: list[Choice]


class FacetList(Schema):
    data: list[Facet]
    data_licence: Licence


class Revision(Schema):
    number: int
    origin: RevisionOrigin
    created_at: datetime
    organisation: Body | None
    is_current: bool
    url: str


class RevisionList(Schema):
    data: list[Revision]
    data_licence: Licence


class RevisionDetail(Revision):
    publiccode: dict[str, Any] = Field(
        description=gettext_noop(
            "As it was then; persons only where the current revision names them."
        )
    )
    data_licence: Licence


class Category(Choice):
    pass


class CategoryList(Schema):
    data: list[Category]
    data_licence: Licence


class LicenceCount(Schema):
    licence: str = Field(description=gettext_noop("SPDX expression."))
    family: LicenceFamily | None
    family_label: str
    count: int


class LicenceList(Schema):
    data: list[LicenceCount]
    data_licence: Licence


class Organisation(Body):
    short_name: str
    kind: OrganisationKind
    land: str
    place: str
    website: str
    is_invented: bool = Field(description=gettext_noop("Invented for the demo."))


class OrganisationPage(Page):
    data: list[Organisation]


class BerlinReuse(Schema):
    test: int
    pilot: int
    production: int
    total: int


class ReuseCount(Schema):
    slug: str
    name: str
    berlin: BerlinReuse
    elsewhere: int
    url: str


class ReusePage(Page):
    data: list[ReuseCount]


class Wrong(Schema):
    parameter: str
    message: str


class Problem(Schema):
    """RFC 9457, in the language of Accept-Language (German or English)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[Wrong] | None = None
    request_id: str | None = None
