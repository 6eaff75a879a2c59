"""What consulting offers to the shared pages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Avg, DurationField, ExpressionWrapper, F, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from consulting import (
    booking_panel,
    calendar_entries,
    concerned,
    demo_legal,
    demo_mails,
    demo_results,
    demo_synergy,
    demo_tests,
    demo_world,
    handover,
    keeping,
    own_data,
    permissions,
    queues,
    shared_copies,
    statistics,
    synergy_portal,
)
from consulting.enums import (
    AnswerState,
    AppointmentState,
    CaseState,
    ConsentState,
    PartnerQuestionState,
)
from consulting.keeping_mails import RETENTION_KINDS
from consulting.matching import similar_answers
from consulting.models import (
    Absence,
    Appointment,
    ConsultingRequest,
    IncomingMail,
    Need,
    PartnerConsent,
    PartnerQuestion,
    PublishedAnswer,
    RevisionGrant,
)
from consulting.models.published import OLDEST
from consulting.notifications import MAIL_ANSWER, STAFF_ABSENT, STAFF_MAILS
from consulting.presentation import Standing
from consulting.services import daily, succession
from consulting.services.procurement import ensure_procurement_lists
from consulting.services.retention import ensure_retention_rules
from osk_portal import portal
from osk_portal.accounts.enums import StaffRole
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.prepared import USER

MOST_HITS = 10
MOST_ROWS = 5
MOST_TASKS = 10
FEW = 5
"""Below this many answers no mean is shown: it would tell about single cases (product.md 5)."""

_REFERENCE = re.compile(r"OSK[- ]?(\d{4})[- ]?(\d{1,5})", re.IGNORECASE)


def _tasks(user: User) -> Iterable[portal.Task]:
    """What waits for the requester's side: our question, our answer, an unfinished draft."""
    waiting = Q(state=CaseState.WAITING_REQUESTER) | Q(state=CaseState.ANSWERED, follow_up_at=None)
    writing = (
        Q(author=user)
        | Q(deputy=user)
        | Q(
            pk__in=ConsultingRequest.objects.filter(
                participants__user=user, participants__may_write=True
            ).values("pk")
        )
    )
    mine = ConsultingRequest.objects.shared_with(user)
    for case in mine.filter(waiting & writing).order_by("closes_on", "pk")[:MOST_TASKS]:
        text = f"{case.reference} · {case.title}"
        if case.state == CaseState.WAITING_REQUESTER:
            yield portal.Task(
                _("Your reply is missing"),
                text,
                case.get_absolute_url(),
                due_on=case.reply_due_on,
                badge="warning",
                action=_("Reply"),
            )
        else:
            yield portal.Task(
                _("Is everything settled?"),
                text,
                case.get_absolute_url(),
                due_on=case.closes_on,
                badge="success",
                action=_("Read the answer"),
            )
    asked = PartnerConsent.objects.filter(
        state=ConsentState.ASKED, case__in=mine.open().filter(writing)
    )
    for consent in asked.select_related("case")[:MOST_TASKS]:
        yield portal.Task(
            _("Your consent"),
            f"{consent.case.reference} · {consent.case.title}",
            consent.get_absolute_url(),
            badge="info",
            action=_("Read and decide"),
        )
    open_questions = PartnerQuestion.objects.visible_to(user).filter(
        state=PartnerQuestionState.OPEN, due_on__gte=clock.today(), waits_since=None
    )
    for question in open_questions.select_related("organisation").order_by("due_on", "pk")[
        :MOST_TASKS
    ]:
        yield portal.Task(
            _("The OSK asks you a question"),
            str(question.organisation),
            question.get_absolute_url(),
            due_on=question.due_on,
            action=_("Answer the question"),
        )
    for answer in PublishedAnswer.objects.filter(
        state=AnswerState.OBJECTION, case__in=mine.filter(writing)
    ).select_related("case")[:MOST_TASKS]:
        yield portal.Task(
            _("May we publish this answer?"),
            f"{answer.case.reference} · {answer.title}",
            reverse("consulting:answer_objection", args=[answer.case.public_id]),
            due_on=answer.objection_until,
            badge="info",
            action=_("Read the text"),
        )
    offered = Appointment.objects.filter(
        state=AppointmentState.OFFERED,
        slots__starts_at__gt=clock.now(),
        case__in=mine.filter(writing),
    )
    for appointment in offered.select_related("case").distinct()[:MOST_TASKS]:
        yield portal.Task(
            _("Choose an appointment"),
            f"{appointment.case.reference} · {appointment.case.title}",
            f"{appointment.case.get_absolute_url()}#termin",
            badge="info",
            action=_("View the appointments"),
        )
    yield from synergy_portal.tasks(user, writing)
    for draft in mine.drafts()[:MOST_TASKS]:
        yield portal.Task(
            _("Finish your draft"),
            draft.title or _("Draft without a title"),
            draft.get_absolute_url(),
            due_on=draft.expires_on,
            badge="none",
            action=_("Go on writing"),
        )


def _revision_tasks(user: User) -> Iterable[portal.Task]:
    """The way to the cases that this person inspects, while the right counts."""
    grant = RevisionGrant.objects.of(user).order_by("-valid_until").first()
    if grant is not None:
        yield portal.Task(
            _("You inspect requests as the Revision"),
            _("Every access is recorded."),
            reverse("revision:case_list"),
            due_on=grant.valid_until,
            badge="none",
            action=_("To the requests"),
        )


def _panel(user: User) -> dict[str, object]:
    mine = ConsultingRequest.objects.shared_with(user)
    rows = [(case, Standing(case)) for case in mine.for_list()[:MOST_ROWS]]
    return {
        "rows": rows,
        "count": mine.count(),
        "may_begin": permissions.may_begin_request(user),
        "is_inside": synergy_portal.is_inside(user),
    }


def _search(query: str, request: HttpRequest) -> Iterable[portal.Hit]:
    """Cases that the reader may open: a reference jumps to its case, words are looked for in the text."""
    user = request.user
    if not user.is_authenticated:
        return
    visible = ConsultingRequest.objects.visible_to(user).sent()
    reference = _REFERENCE.fullmatch(query.strip())
    if reference:
        found = visible.filter(reference=f"OSK-{reference[1]}-{int(reference[2]):05d}")
    else:
        found = visible.filter(
            Q(title__icontains=query)
            | Q(description__icontains=query)
            | Q(own_reference__icontains=query)
        )
    for case in found.for_list()[:MOST_HITS]:
        at_work = user.is_advisor and case.author_id != user.pk
        url = queues.case_url(case) if at_work else case.get_absolute_url()
        yield portal.Hit(f"{case.reference} {case.title}", url, Standing(case).badge)


def _search_answers(query: str, request: HttpRequest) -> Iterable[portal.Hit]:
    """Published answers: the same for everybody."""
    for answer in similar_answers(query, most=MOST_HITS):
        yield portal.Hit(answer.title, answer.get_absolute_url(), ", ".join(answer.topic_labels))


def _answers_at_work(user: User) -> Iterable[portal.WorkEntry]:
    """What waits with answers for everybody: a second look, or a new one after 24 months."""
    if user.is_advisor:
        url = reverse("admin:consulting_publishedanswer_changelist")
        yield portal.WorkEntry(gettext_lazy("Published answers"), url, _answers_to_look_at)


def _answers_to_look_at() -> QuerySet[PublishedAnswer]:
    review = Q(state=AnswerState.REVIEW) & ~Q(owner=USER)
    return PublishedAnswer.objects.filter(review) | PublishedAnswer.objects.to_check(OLDEST)


def _answered() -> int | None:
    return ConsultingRequest.objects.filter(answered_at__isnull=False).count()


def _mean_days() -> int | None:
    """Mean time to the answer in whole days, at least one; none while there are few answers."""
    answered = ConsultingRequest.objects.filter(answered_at__isnull=False)
    if answered.count() < FEW:
        return None
    took = ExpressionWrapper(F("answered_at") - F("submitted_at"), output_field=DurationField())
    mean: timedelta = answered.aggregate(mean=Avg(took))["mean"]
    return max(round(mean.total_seconds() / 86_400), 1)


def _may_still_read(user_id: int, kind: str, subject_key: str) -> bool:
    """A receipt or a message about a case only goes to people who may open it at that moment."""
    if kind == MAIL_ANSWER:
        return True
    if kind == shared_copies.KIND:
        return shared_copies.still_wanted(subject_key)
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return False
    if kind == STAFF_MAILS:
        return user.is_advisor and IncomingMail.objects.waiting().exists()
    if kind == STAFF_ABSENT:
        return Absence.objects.filter(user=user).exclude(entered_by=None).exists()
    if kind == "consulting.staff_deputy":
        return Absence.objects.filter(user__public_id=subject_key, deputy=user).exists()
    if kind in ("consulting.partner_asked", "consulting.partner_replied"):
        asked = PartnerQuestion.objects.visible_to(user).filter(public_id=subject_key)
        return asked.filter(state=PartnerQuestionState.OPEN).exists()
    if kind == "consulting.partner_withdrawn":
        return PartnerQuestion.objects.visible_to(user).filter(public_id=subject_key).exists()
    about_need = synergy_portal.may_still_read(user, kind, subject_key)
    if about_need is not None:
        return about_need
    if kind.startswith("consulting.grant_"):
        return user.is_active
    if kind in (*RETENTION_KINDS, "consulting.take_over_ended"):
        managed = ConsultingRequest.objects.of_managed_organisations(user)
        if managed.filter(public_id=subject_key).exists():
            return True
    return ConsultingRequest.objects.visible_to(user).filter(public_id=subject_key).exists()


def _succession_panel(person: User, request: HttpRequest) -> dict[str, object] | None:
    """On the page of an account: the way to the hand-over, before the role is taken away."""
    user = request.user
    may = user.is_authenticated and permissions.can_pass_on(user, person)
    if not may or not succession.people_with_work().filter(pk=person.pk).exists():
        return None
    return {"url": reverse("admin:consulting_succession", args=[person.public_id])}


def _work_home(user: User) -> str:
    return queues.HOME.url if user.is_advisor else ""


def _work_search(user: User) -> str:
    return reverse("admin:consulting_consultingrequest_search") if user.is_advisor else ""


portal.figures.register(
    portal.Figure("consulting", 20, gettext_lazy("Requests answered"), _answered, "consulting:home")
)
portal.figures.register(
    portal.Figure(
        "consulting_time",
        21,
        gettext_lazy("Days to the answer, on average"),
        _mean_days,
        "consulting:home",
    )
)
portal.search_sources.register(
    portal.SearchSource("consulting", 40, gettext_lazy("Requests"), _search)
)
portal.search_sources.register(
    portal.SearchSource("knowledge", 35, gettext_lazy("Answers"), _search_answers)
)
portal.search_sources.register(
    portal.SearchSource("needs", 41, gettext_lazy("Needs"), synergy_portal.search)
)
portal.work_lists.register(
    portal.WorkList("synergy", 16, gettext_lazy("Together"), synergy_portal.at_work)
)
portal.work_lists.register(
    portal.WorkList("knowledge", 15, gettext_lazy("Knowledge"), _answers_at_work)
)
portal.my_areas.register(
    portal.MyArea(
        "consulting",
        10,
        _tasks,
        _panel,
        "consulting/_my_area.html",
        gettext_lazy("Requests"),
        "consulting:request_list",
    )
)
portal.audiences.register(
    portal.Audience(
        "consulting",
        30,
        "catalog.solution",
        pgettext_lazy("you get this because", "you have asked the OSK about it"),
        concerned.asking,
    )
)
portal.calendar_sources.register(portal.CalendarSource("consulting", 10, calendar_entries.entries))
portal.work_lists.register(
    portal.WorkList("consulting", 10, gettext_lazy("Requests"), queues.work_entries)
)
portal.work_homes.register(portal.WorkHome("consulting", 10, _work_home, _work_search))
portal.mail_guards.register(portal.MailGuard("consulting", 40, _may_still_read))
portal.daily_jobs.register(portal.DailyJob("consulting", 40, daily.run))
portal.reference_data.register(
    portal.ReferenceData("consulting_procurement", 40, ensure_procurement_lists)
)
portal.reference_data.register(
    portal.ReferenceData("consulting_retention", 41, ensure_retention_rules)
)
portal.my_areas.register(portal.MyArea("revision", 15, _revision_tasks))
portal.work_lists.register(
    portal.WorkList("keeping", 60, gettext_lazy("Keeping"), keeping.work_entries)
)
portal.handovers.register(
    portal.Handover(
        "consulting",
        10,
        gettext_lazy("Request"),
        ConsultingRequest.objects.to_hand_over,
        handover.rows,
        handover.hand_over,
    )
)
portal.handovers.register(
    portal.Handover(
        "consulting_deputy",
        11,
        gettext_lazy("Deputy in a request"),
        ConsultingRequest.objects.deputised_by,
        handover.deputy_rows,
        handover.hand_over_deputy,
    )
)
portal.handovers.register(
    portal.Handover(
        "consulting_need",
        12,
        gettext_lazy("Need"),
        Need.objects.to_hand_over,
        handover.need_rows,
        handover.hand_over_need,
    )
)
portal.departures.register(portal.Departure("consulting", 10, handover.end_shares))
portal.staff_exits.register(portal.StaffExit("consulting", 10, succession.release))
portal.panels.register(
    portal.Panel(
        "consulting_booking",
        10,
        "sandbox.booking",
        "consulting/_booking_cases.html",
        booking_panel.of_booking,
    )
)
portal.panels.register(
    portal.Panel(
        "consulting_succession",
        10,
        "accounts.user",
        "admin/consulting/_succession_panel.html",
        _succession_panel,
    )
)
portal.staff_rights.register(
    portal.StaffRights(
        "consulting",
        order=40,
        app_label="consulting",
        rights={StaffRole.ADVISOR: ("view",), StaffRole.LEAD: ("view", "add", "change")},
    )
)
portal.demo_steps.register(portal.DemoStep("consulting", 40, demo_world.load))
portal.demo_steps.register(portal.DemoStep("consulting_legal", 41, demo_legal.load))
portal.demo_steps.register(portal.DemoStep("consulting_synergy", 41, demo_synergy.load))
portal.demo_steps.register(portal.DemoStep("consulting_mails", 41, demo_mails.load))
portal.demo_steps.register(portal.DemoStep("consulting_results", 42, demo_results.load))
portal.demo_steps.register(portal.DemoStep("consulting_tests", 42, demo_tests.load))
portal.personal_data.register(own_data.OFFER)
for statistic in statistics.STATISTICS:
    portal.statistics.register(statistic)
