"""What the catalog offers to the shared pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import claim_portal, demo_world, own_data, presentation, statistics
from catalog.exports import nightly
from catalog.models import (
    Follow,
    Intake,
    NoticeReceipt,
    Proposal,
    Reuse,
    Solution,
    Statement,
    Support,
)
from catalog.notifications import (
    INTAKE_PUBLISHED,
    LINK_DEAD,
    NOTICE,
    NOTICE_SECURITY,
    REUSE_ASKED,
    SOURCE_FAILING,
    SOURCE_STALE,
    STATEMENT,
    SUPPORT_DECIDED,
    SUPPORT_OFFERED,
)
from catalog.search import clean, search
from catalog.services import confirming, hand_over_reuse, links, pictures, refresh, silence_contact
from catalog.services.synonyms import ensure_shipped
from network.models import Organisation
from osk_portal import portal
from osk_portal.accounts.models import User
from osk_portal.toolkit.prepared import TODAY

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MOST_HITS = 10
MOST_ON_HOME = 3
MOST_ON_ORGANISATION = 50
MOST_TO_READ = 10
_SOLUTIONS: _StrPromise = gettext_lazy("Solutions")


def _search(query: str, request: HttpRequest) -> Iterable[portal.Hit]:
    keys = search(clean(query), among=Solution.objects.published())[:MOST_HITS]
    found = Solution.objects.in_bulk(keys)
    for key in keys:
        row = presentation.row(found[key])
        yield portal.Hit(row.solution.name, row.solution.get_absolute_url(), row.text)


def _tasks(user: User) -> Iterable[portal.Task]:
    """A returned proposal waits for the Redaktion of its organisation."""
    for proposal in (
        Proposal.objects.for_maintainer(user)
        .open()
        .filter(maintainer_comment="")
        .of_others()
        .select_related("solution", "organisation")[:MOST_TO_READ]
    ):
        yield portal.Task(
            _("Proposal of %(organisation)s for %(name)s")
            % {"organisation": proposal.organisation, "name": proposal.solution.name},
            _("You can say what you think of it, until the OSK decides."),
            proposal.get_absolute_url(),
            action=_("Read"),
        )
    for proposal in Proposal.objects.returned_to(user):
        yield portal.Task(
            _("Revise the proposal for %(name)s") % {"name": proposal.solution.name},
            _("The OSK has returned it with a comment."),
            proposal.get_absolute_url(),
            badge="warning",
            action=_("Revise"),
        )


def _to_confirm(user: User) -> Iterable[portal.Task]:
    """Reuses that somebody of the organisation is asked about."""
    waiting = Reuse.objects.filter(pk__in=Reuse.objects.waiting_for(user).values("pk"))
    found = waiting.select_related("solution", "organisation").order_by("asked_on", "pk")
    for reuse in found[:MOST_TO_READ]:
        yield portal.Task(
            _("Does your organisation still use %(name)s?") % {"name": reuse.solution.name},
            reuse.organisation.name,
            reuse.get_absolute_url(),
            badge="warning",
            action=_("Confirm or change"),
        )


def _to_read(user: User) -> Iterable[portal.Task]:
    """Notices that the person was told of and has not confirmed."""
    mine = NoticeReceipt.objects.filter(user=user).unconfirmed()
    for receipt in mine.select_related("notice__solution").order_by("-told_at")[:MOST_TO_READ]:
        notice = receipt.notice
        yield portal.Task(
            f"{notice.solution.name}: {notice.title}",
            _("Please confirm that you have read the notice of the OSK."),
            notice.get_absolute_url(),
            badge=notice.badge,
            action=_("Read"),
        )


def _home() -> dict[str, object]:
    """Those that Berlin uses most."""
    rows = Solution.objects.published().with_reuse_counts().with_test()
    most_used = rows.order_by(F("berlin_count").desc(), "sort_key", "pk")[:MOST_ON_HOME]
    return {"rows": [presentation.row(solution) for solution in most_used]}


def _of_organisation(organisation: Organisation, request: HttpRequest) -> dict[str, object] | None:
    """What an organisation maintains, supports and, where it may be said, uses."""
    published = Solution.objects.published()
    groups = {
        "maintained": published.filter(maintainer=organisation),
        "supported": published.filter(pk__in=organisation.supports.shown().values("solution")),
        "published": published.filter(berlin_body=organisation),
        "used": published.filter(
            pk__in=organisation.reuses.in_use().filter(show_name=True).values("solution")
        ),
    }
    shown = {name: list(found[:MOST_ON_ORGANISATION]) for name, found in groups.items()}
    return dict(shown) if any(shown.values()) else None


def _sitemap(start: int, most: int) -> Iterable[portal.SitemapEntry]:
    rows = Solution.objects.published().order_by("pk").values_list("slug", "updated_at")
    for slug, updated_at in rows[start : start + most]:
        yield portal.SitemapEntry(reverse("catalog:solution_detail", args=[slug]), updated_at)


def _work(user: User) -> Iterable[portal.WorkEntry]:
    if not user.is_advisor:
        return
    yield portal.WorkEntry(
        gettext_lazy("Proposals"),
        reverse("admin:catalog_proposal_changelist") + "?state__exact=open",
        Proposal.objects.open,
        _late_proposals,
    )
    if user.is_lead:
        yield portal.WorkEntry(
            gettext_lazy("Objections"),
            reverse("admin:catalog_proposal_changelist") + "?moderation=objected",
            Proposal.objects.objected,
            _late_objections,
        )
    yield portal.WorkEntry(
        gettext_lazy("Support offers to check"),
        reverse("admin:catalog_support_changelist") + "?state__exact=waiting",
        Support.objects.waiting,
    )
    yield portal.WorkEntry(
        gettext_lazy("Proposed statements"),
        reverse("admin:catalog_statement_changelist") + "?state__exact=proposed",
        Statement.objects.proposed,
        _late_statements,
    )
    yield from claim_portal.work(user)


def _late_statements() -> QuerySet[Statement]:
    return Statement.objects.proposed().filter(promised_on__lt=TODAY)


def _late_proposals() -> QuerySet[Proposal]:
    return Proposal.objects.open().filter(promised_on__lt=TODAY)


def _late_objections() -> QuerySet[Proposal]:
    return Proposal.objects.objected().filter(objection__promised_on__lt=TODAY)


def _may_still_read(user_id: int, kind: str, subject_key: str) -> bool:
    """Who follows the entry; author and advisors, as long as they may open the proposal."""
    if kind.startswith("catalog.entry_"):
        return Follow.objects.filter(user=user_id, solution__public_id=subject_key).exists()
    if (may_read := claim_portal.may_still_read(user_id, kind, subject_key)) is not None:
        return may_read
    if kind in (NOTICE, NOTICE_SECURITY):
        told = NoticeReceipt.objects.filter(user=user_id, notice__public_id=subject_key)
        return told.filter(notice__solution__in=Solution.objects.published()).exists()
    user = User.objects.filter(pk=user_id).first()
    if kind == INTAKE_PUBLISHED:
        intakes = Intake.objects.visible_to(user or AnonymousUser())
        return intakes.filter(public_id=subject_key).exists()
    if kind in (SOURCE_FAILING, SOURCE_STALE, LINK_DEAD):
        entries = Solution.objects.visible_to(user or AnonymousUser())
        return entries.filter(public_id=subject_key).exists()
    if kind == REUSE_ASKED:  # whoever has answered, or a colleague: nothing to ask any more
        return (
            user is not None
            and Reuse.objects.of_member(user)
            .filter(public_id=subject_key, asked_on__isnull=False)
            .exists()
        )
    if kind in (SUPPORT_OFFERED, SUPPORT_DECIDED):
        return Support.objects.visible_to(user or AnonymousUser()).filter(pk=subject_key).exists()
    if kind.startswith(f"{STATEMENT}_"):
        statements = Statement.objects.visible_to(user or AnonymousUser())
        return statements.filter(public_id=subject_key).exists()
    proposals = Proposal.objects.visible_to(user or AnonymousUser())
    return proposals.filter(public_id=subject_key).exists()


def _reuses_of(person: User, organisation: Any, viewer: User) -> Iterable[portal.HandoverRow]:
    found = Reuse.objects.to_hand_over(person, organisation).select_related("solution")
    for reuse in found.order_by("pk"):
        yield portal.HandoverRow(reuse.public_id, reuse.solution.name)


def _lapse_reuses() -> None:
    confirming.lapse()


def _watch_repositories() -> None:
    refresh.ensure_sources()


def _watch_links() -> None:
    links.ensure_links()


def _look_after_pictures() -> None:
    pictures.ensure_pictures()
    pictures.forget_files()


portal.figures.register(
    portal.Figure(
        "catalog",
        10,
        _SOLUTIONS,
        lambda: Solution.objects.published().count(),
        "catalog:solution_list",
    )
)
portal.search_sources.register(portal.SearchSource("catalog", 10, _SOLUTIONS, _search))
portal.my_areas.register(
    portal.MyArea(
        "catalog",
        30,
        _tasks,
        label=gettext_lazy("Proposals"),
        url_name="catalog:proposal_list",
    )
)
portal.my_areas.register(
    portal.MyArea(
        "catalog_follows",
        31,
        lambda user: (),
        label=gettext_lazy("Entries that I follow"),
        url_name="catalog:follow_list",
    )
)
portal.my_areas.register(
    portal.MyArea(
        "catalog_claims",
        33,
        claim_portal.tasks,
        label=gettext_lazy("Maintained entries"),
        url_name="catalog:claim_list",
    )
)
portal.handovers.register(claim_portal.HANDOVER)
portal.daily_jobs.register(portal.DailyJob("catalog.claims", 31, claim_portal.every_day))
portal.my_areas.register(
    portal.MyArea(
        "catalog_comparisons",
        32,
        lambda user: (),
        label=gettext_lazy("Saved comparisons"),
        url_name="catalog:comparison_list",
    )
)
portal.my_areas.register(
    portal.MyArea(
        "catalog_reuses",
        29,
        _to_confirm,
        label=gettext_lazy("Reuses of my organisation"),
        url_name="catalog:reuse_list",
    )
)
portal.handovers.register(
    portal.Handover(
        "catalog_reuse",
        30,
        gettext_lazy("Contact of a reuse"),
        Reuse.objects.to_hand_over,
        _reuses_of,
        hand_over_reuse,
    )
)
portal.departures.register(
    portal.Departure(
        "catalog_reuse",
        30,
        lambda person, organisation, actor: silence_contact(
            person=person, organisation=organisation, actor=actor
        ),
    )
)
portal.my_areas.register(portal.MyArea("catalog_notices", 5, _to_read))
portal.home_sections.register(portal.HomeSection("catalog", 20, "catalog/_home.html", _home))
portal.panels.register(
    portal.Panel(
        "catalog", 10, "network.organisation", "catalog/_organisation.html", _of_organisation
    )
)
portal.work_lists.register(portal.WorkList("catalog", 30, gettext_lazy("Keep the catalog"), _work))
portal.mail_guards.register(portal.MailGuard("catalog", 30, _may_still_read))
portal.reference_data.register(portal.ReferenceData("catalog", 30, ensure_shipped))
portal.daily_jobs.register(portal.DailyJob("catalog.sources", 30, _watch_repositories))
portal.daily_jobs.register(portal.DailyJob("catalog.links", 32, _watch_links))
portal.daily_jobs.register(portal.DailyJob("catalog.pictures", 31, _look_after_pictures))
portal.demo_steps.register(portal.DemoStep("catalog", 20, demo_world.load))
portal.daily_jobs.register(portal.DailyJob("catalog-reuse", 30, _lapse_reuses))
portal.daily_jobs.register(portal.DailyJob("catalog-giving", 30, nightly.run))
portal.sitemap_sections.register(
    portal.SitemapSection("loesungen", 20, lambda: Solution.objects.published().count(), _sitemap)
)
portal.personal_data.register(own_data.OFFER)
portal.statistics.register(statistics.SOLUTIONS)
