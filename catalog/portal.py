"""What the catalog offers to the shared pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import (
    claim_portal,
    demo_world,
    own_data,
    presentation,
    proposal_portal,
    reuse_portal,
    statistics,
)
from catalog.exports import nightly
from catalog.models import (
    Assessment,
    EntryReport,
    Follow,
    FollowSetting,
    Intake,
    Notice,
    NoticeReceipt,
    Proposal,
    Solution,
    Statement,
)
from catalog.notifications import (
    ASSESSMENT,
    CORRECTED,
    INTAKE_PUBLISHED,
    LINK_DEAD,
    NOTICE,
    NOTICE_SECURITY,
    REPORT_ADDRESS,
    REPORT_OUTCOME,
    REPORTER_KEY,
    SOURCE_FAILING,
    SOURCE_STALE,
    STATEMENT,
    TAKEN_OUT,
)
from catalog.permissions import belongs_to_maintainer, edited_organisations
from catalog.search import clean, search
from catalog.services import (
    badges,
    drafts,
    entries,
    forget_report_addresses,
    index_renamed,
    links,
    pictures,
    refresh,
    staleness,
)
from catalog.services.criteria import ensure_lists
from catalog.services.digests import DIGEST, GATHERED
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
    keys = search(clean(query))[:MOST_HITS]
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


def _to_answer(user: User) -> Iterable[portal.Task]:
    """Reported statements on which the Redaktion has said nothing yet."""
    edited = [organisation.pk for organisation in edited_organisations(user)]
    if not edited:
        return
    waiting = EntryReport.objects.undecided().filter(
        solution__maintainer__in=edited,
        solution__in=Solution.objects.published(),
        answered_at=None,
        objected_at=None,
    )
    for report in waiting.select_related("solution")[:MOST_TO_READ]:
        yield portal.Task(
            _("Reported as wrong: %(field)s, %(name)s")
            % {"field": report.field_label, "name": report.solution.name},
            _("You can answer before the OSK decides."),
            report.get_absolute_url(),
            due_on=report.promised_on,
            action=_("Look at it"),
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


def _sitemap_of_notices(start: int, most: int) -> Iterable[portal.SitemapEntry]:
    rows = Notice.objects.published().order_by("pk").values_list("public_id", "changed_at")
    for public_id, changed_at in rows[start : start + most]:
        yield portal.SitemapEntry(reverse("catalog:notice_detail", args=[public_id]), changed_at)


def _work(user: User) -> Iterable[portal.WorkEntry]:
    if not user.is_advisor:
        return
    yield portal.WorkEntry(
        gettext_lazy("Proposals"),
        reverse("admin:catalog_proposal_changelist") + "?state__exact=open",
        Proposal.objects.open,
        _late_proposals,
    )
    yield portal.WorkEntry(
        gettext_lazy("Objections"),
        reverse("admin:catalog_proposal_changelist") + "?moderation=objected",
        Proposal.objects.objected if user.is_lead else _objected_without_lead,
        _late_objections if user.is_lead else False,
    )
    yield portal.WorkEntry(
        gettext_lazy("Reported statements"),
        reverse("admin:catalog_entryreport_changelist"),
        EntryReport.objects.undecided,
        _late_reports,
    )
    yield portal.WorkEntry(
        gettext_lazy("Assessments to decide"),
        reverse("admin:catalog_assessment_changelist") + "?state__exact=sent",
        _decided_by_others,
        _asked_for_correction,
    )
    yield portal.WorkEntry(
        gettext_lazy("Proposed statements"),
        reverse("admin:catalog_statement_changelist") + "?state__exact=proposed",
        Statement.objects.proposed,
        _late_statements,
    )
    yield from reuse_portal.work(user)
    yield from claim_portal.work(user)


def _objected_without_lead() -> QuerySet[Proposal]:
    """Objections that an advisor decides, for no Leitung may (``permissions.stands_in``)."""
    impartial = User.objects.leads()
    for involved in ("decided_by", "author"):
        impartial = impartial.exclude(pk=Coalesce(OuterRef(involved), 0))
    return Proposal.objects.objected().filter(~Exists(impartial))


def _decided_by_others() -> QuerySet[Assessment]:
    """With the maintainer, whose time is over or who has asked for a correction: the OSK's turn."""
    over = Q(publish_from__lte=TODAY) | ~Q(correction="") & Q(correction_answer="")
    return Assessment.objects.with_maintainer().filter(over)


def _asked_for_correction() -> QuerySet[Assessment]:
    return Assessment.objects.with_open_correction().filter(correction_until__lt=TODAY)


def _late_statements() -> QuerySet[Statement]:
    return Statement.objects.proposed().filter(promised_on__lt=TODAY)


def _late_proposals() -> QuerySet[Proposal]:
    return Proposal.objects.open().filter(promised_on__lt=TODAY)


def _late_reports() -> QuerySet[EntryReport]:
    return EntryReport.objects.undecided().filter(promised_on__lt=TODAY)


def _reporter_still_hears(user_id: int, kind: str, subject_key: str) -> bool:
    """The account, or an address that is still kept; for the outcome one whose link was opened."""
    found = EntryReport.objects.filter(public_id=subject_key.removeprefix(REPORTER_KEY))
    if user_id:
        return found.filter(reported_by=user_id).exists()
    if kind == REPORT_OUTCOME:
        found = found.exclude(email_confirmed_at=None)
    return found.exclude(email="").exists()


def _late_objections() -> QuerySet[Proposal]:
    return Proposal.objects.objected().filter(objection__promised_on__lt=TODAY)


def _may_still_read(user_id: int, kind: str, subject_key: str) -> bool:
    """Who follows the entry; author and advisors, as long as they may open the proposal."""
    if kind == DIGEST:
        return FollowSetting.objects.filter(user=user_id, rhythm__in=GATHERED).exists()
    if kind.startswith("catalog.entry_"):
        return Follow.objects.filter(user=user_id, solution__public_id=subject_key).exists()
    if (may_read := claim_portal.may_still_read(user_id, kind, subject_key)) is not None:
        return may_read
    if (may_read := reuse_portal.may_still_read(user_id, kind, subject_key)) is not None:
        return may_read
    if kind in (NOTICE, NOTICE_SECURITY):
        told = NoticeReceipt.objects.filter(user=user_id, notice__public_id=subject_key)
        return told.filter(notice__solution__in=Solution.objects.published()).exists()
    if kind in (REPORT_ADDRESS, REPORT_OUTCOME):
        return _reporter_still_hears(user_id, kind, subject_key)
    user = User.objects.filter(pk=user_id).first()
    if kind.startswith("catalog.report_"):
        reports = EntryReport.objects.visible_to(user or AnonymousUser())
        return reports.filter(public_id=subject_key).exists()
    if kind == INTAKE_PUBLISHED:
        intakes = Intake.objects.visible_to(user or AnonymousUser())
        return intakes.filter(public_id=subject_key).exists()
    if kind in (SOURCE_FAILING, SOURCE_STALE, LINK_DEAD, CORRECTED):
        entries = Solution.objects.visible_to(user or AnonymousUser())
        return entries.filter(public_id=subject_key).exists()
    if kind == TAKEN_OUT:
        entry = Solution.objects.filter(public_id=subject_key).first()
        return user is not None and entry is not None and belongs_to_maintainer(user, entry)
    if kind.startswith(f"{ASSESSMENT}_"):
        return _may_read_assessment(user, subject_key)
    if kind.startswith(f"{STATEMENT}_"):
        statements = Statement.objects.visible_to(user or AnonymousUser())
        return statements.filter(public_id=subject_key).exists()
    proposals = Proposal.objects.visible_to(user or AnonymousUser())
    return proposals.filter(public_id=subject_key).exists()


def _may_read_assessment(user: User | None, subject_key: str) -> bool:
    """Advisors and whoever sees it; the maintainer's people also hear that it was taken back."""
    found = Assessment.objects.filter(public_id=subject_key).select_related("solution").first()
    if user is None or found is None:
        return False
    return user.is_advisor or belongs_to_maintainer(user, found.solution)


def _tell_of_age() -> None:
    staleness.tell()


def _watch_badges() -> None:
    badges.ensure_jobs()


def _watch_repositories() -> None:
    refresh.ensure_sources()


def _forget_addresses() -> None:
    forget_report_addresses()


def _index_names() -> None:
    index_renamed()


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
portal.handovers.register(proposal_portal.PROPOSALS)
portal.handovers.register(proposal_portal.DRAFTS)
portal.handovers.register(proposal_portal.STATEMENTS)
portal.my_areas.register(
    portal.MyArea(
        "catalog_reuses",
        29,
        reuse_portal.tasks,
        label=gettext_lazy("Reuses of my organisation"),
        url_name="catalog:reuse_list",
    )
)
portal.handovers.register(reuse_portal.HANDOVER)
portal.departures.register(reuse_portal.DEPARTURE)
portal.daily_jobs.register(portal.DailyJob("catalog-reuse", 30, reuse_portal.every_day))
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
portal.my_areas.register(portal.MyArea("catalog_notices", 5, _to_read))
portal.my_areas.register(
    portal.MyArea(
        "catalog_reports",
        32,
        _to_answer,
    )
)
portal.home_sections.register(portal.HomeSection("catalog", 20, "catalog/_home.html", _home))
portal.panels.register(
    portal.Panel(
        "catalog", 10, "network.organisation", "catalog/_organisation.html", _of_organisation
    )
)
portal.work_lists.register(portal.WorkList("catalog", 30, gettext_lazy("Keep the catalog"), _work))
portal.mail_guards.register(portal.MailGuard("catalog", 30, _may_still_read))
portal.reference_data.register(portal.ReferenceData("catalog", 30, ensure_shipped))
portal.reference_data.register(portal.ReferenceData("catalog.criteria", 31, ensure_lists))
portal.daily_jobs.register(portal.DailyJob("catalog.badges", 31, _watch_badges))
portal.daily_jobs.register(portal.DailyJob("catalog.sources", 30, _watch_repositories))
portal.daily_jobs.register(portal.DailyJob("catalog.staleness", 32, _tell_of_age))
portal.daily_jobs.register(portal.DailyJob("catalog.links", 32, _watch_links))
portal.daily_jobs.register(portal.DailyJob("catalog.pictures", 31, _look_after_pictures))
portal.daily_jobs.register(portal.DailyJob("catalog.names", 33, _index_names))
portal.daily_jobs.register(portal.DailyJob("catalog.drafts", 33, drafts.forget_drafts))
portal.demo_steps.register(portal.DemoStep("catalog", 20, demo_world.load))
portal.daily_jobs.register(portal.DailyJob("catalog.addresses", 30, _forget_addresses))
portal.daily_jobs.register(portal.DailyJob(entries.FILES_JOB, 30, nightly.run))
portal.sitemap_sections.register(
    portal.SitemapSection("loesungen", 20, lambda: Solution.objects.published().count(), _sitemap)
)
portal.sitemap_sections.register(
    portal.SitemapSection(
        "hinweise", 21, lambda: Notice.objects.published().count(), _sitemap_of_notices
    )
)
portal.personal_data.register(own_data.OFFER)
portal.statistics.register(statistics.SOLUTIONS)
