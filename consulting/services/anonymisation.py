"""Anonymising one case: texts, names, files and mails go, figures stay (product.md 1.6)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from django.apps import apps
from django.core.files.storage import Storage
from django.db import models, transaction
from django.db.models import Case as Choice
from django.db.models import F, Q, Value, When

from consulting.anonymising import EVENT_DATA, TEXT, TREATMENTS, Becomes, Treatment
from consulting.enums import (
    AnswerAction,
    AnswerState,
    CaseEventKind,
    NeedAction,
    NeedState,
    Visibility,
)
from consulting.models import (
    Anonymisation,
    ConsultingRequest,
    IncomingMail,
    IncomingMailContent,
    IncomingMailEvent,
    Need,
    PublishedAnswer,
    RetentionRule,
    Tag,
)
from consulting.models.incoming import MailState
from consulting.retention import Plan
from consulting.services.common import record
from consulting.services.introductions import end_introductions_of
from consulting.services.relations import end_relations_of
from osk_portal.accounts.models import User
from osk_portal.accounts.services import anonymous_person
from osk_portal.notifications.services import forget
from osk_portal.toolkit import clock

logger = logging.getLogger(__name__)

Content = tuple[Storage, str]


def anonymise(plan: Plan, rule: RetentionRule) -> Anonymisation:
    """Empty ``plan.case`` by the table of ``consulting.anonymising``. The caller holds the row's lock.

    All of it in the caller's transaction: after a crash the case is whole. The contents of files go when
    that is certain; what a crash leaves on the disk then, the daily sweep of the files takes.
    """
    if plan.ended_on is None:
        raise ValueError("a case whose period has not begun")
    case, placeholder = plan.case, anonymous_person()
    _withdraw_unpublished(case)
    _end_need(case)
    end_introductions_of(case)
    end_relations_of(case)
    _forget_tags(case)
    counts: dict[str, int] = {"mails": forget(_subject_keys(case))}
    if suggested := _forget_suggested_mails(case):
        counts["suggested_mails"] = suggested
    contents: list[Content] = []
    for name, treatment in TREATMENTS.items():
        rows = _rows(name, treatment, case)
        if treatment.goes:
            contents += _contents(rows)
            count = rows.count()
            rows.delete()
        else:
            count = _empty(rows, treatment, placeholder)
        if count:
            counts[name] = count
    now = clock.now()
    ConsultingRequest.objects.filter(pk=case.pk).update(
        visibility=Visibility.ONLY_ME, anonymised_at=now, updated_at=now, version=F("version") + 1
    )
    case.refresh_from_db()
    record(case, CaseEventKind.ANONYMISED, None, record_type=plan.record_type)
    done = Anonymisation.objects.create(
        case=case,
        reference=case.reference or "",
        at=now,
        rule=rule,
        record_type=plan.record_type,
        ended_on=plan.ended_on,
        years=rule.years,
        legal_reason=rule.legal_reason,
        counts=counts,
    )
    transaction.on_commit(lambda: _remove(contents))
    logger.info("consulting: case anonymised", extra={"case": case.pk, "rule": rule.pk})
    return done


def lock_mails_about(case_id: int) -> None:
    """For who will anonymise the case, before its lock: whoever decides a mail locks the mail first."""
    mails = IncomingMail.objects.filter(Q(case=case_id) | Q(suggested_case=case_id))
    list(mails.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))


def _rows(
    name: str, treatment: Treatment, case: ConsultingRequest
) -> models.QuerySet[models.Model]:
    """Also of the contents of a queryset's own manager: nothing is filtered away."""
    model = apps.get_model("consulting", name)
    base: models.QuerySet[models.Model] = model._base_manager.all()  # noqa: SLF001 # Django's documented API
    return base.filter(**{treatment.path: case.pk})


def _empty(rows: models.QuerySet[models.Model], treatment: Treatment, placeholder: User) -> int:
    """Of how many rows. Events are append-only for everybody else."""
    count = rows.count()
    values: dict[str, Any] = {}
    for name, becomes in treatment.emptied.items():
        if becomes is Becomes.FIGURES:
            _keep_figures(rows, name)
        else:
            values[name] = _NEW_VALUE[becomes](name, placeholder)
    if values and count:
        rows.update(**values)
    return count if treatment.emptied else 0


def _keep_figures(rows: models.QuerySet[models.Model], name: str) -> None:
    changed = []
    for row in rows.exclude(**{name: {}}):
        setattr(row, name, {k: v for k, v in getattr(row, name).items() if k in EVENT_DATA})
        changed.append(row)
    rows.model._base_manager.bulk_update(changed, [name], batch_size=500)  # noqa: SLF001 # as above


_NEW_VALUE: Final[dict[Becomes, Callable[[str, User], Any]]] = {
    Becomes.BLANK: lambda name, placeholder: "",
    Becomes.TEXT: lambda name, placeholder: Choice(
        When(Q(**{name: ""}), then=Value("")), default=Value(TEXT)
    ),
    Becomes.NOBODY: lambda name, placeholder: None,
    Becomes.SOMEBODY: lambda name, placeholder: Choice(
        When(Q(**{f"{name}__isnull": False}), then=Value(placeholder.pk)), default=None
    ),
}


def _contents(rows: models.QuerySet[models.Model]) -> list[Content]:
    """Where the contents of the rows' files lie."""
    fields = [f for f in rows.model._meta.get_fields() if isinstance(f, models.FileField)]  # noqa: SLF001 # Django's documented API
    return [
        (file.storage, file.name)
        for row in rows
        for found in fields
        if (file := getattr(row, found.name))
    ]


def _remove(contents: list[Content]) -> None:
    for storage, name in contents:
        storage.delete(name)


def _subject_keys(case: ConsultingRequest) -> list[str]:
    """What mails about the case name as their subject: the case, and each of its rows with a page."""
    models_with_page = [
        (name, treatment)
        for name, treatment in TREATMENTS.items()
        if name != "RevisionGrant"
        and hasattr(apps.get_model("consulting", name), "get_absolute_url")
    ]
    return [
        str(key)
        for name, treatment in models_with_page
        for key in _rows(name, treatment, case).values_list("public_id", flat=True)
    ]


def _end_need(case: ConsultingRequest) -> None:
    """What colleagues elsewhere still read of it goes with its texts."""
    published = Need.objects.select_for_update().filter(case=case)
    for need in published.exclude(state=NeedState.ENDED):
        if need.can(NeedAction.END):
            need.act(NeedAction.END, NeedState.ENDED, actor=None)


def _forget_suggested_mails(case: ConsultingRequest) -> int:
    """Mails that were never added, but are about the case: they say what its texts have said. How many went.

    One that still waits is a person's to decide; it only names the case no more.
    """
    about = IncomingMail.objects.filter(suggested_case=case)
    never_added = about.filter(case=None).exclude(state=MailState.NEW)
    gone = dict(never_added.values_list("pk", "public_id"))
    forget([str(public_id) for public_id in gone.values()])
    IncomingMailContent.objects.filter(mail__in=gone).delete()
    IncomingMailEvent.objects.filter(mail__in=gone).delete()
    IncomingMail.objects.filter(pk__in=gone).delete()
    about.update(suggested_case=None)  # one that was added goes with the request it stands in
    return len(gone)


def _forget_tags(case: ConsultingRequest) -> None:
    """A label that no other case carries may be about this one: it goes."""
    worn = list(case.tags.values_list("pk", flat=True))
    case.tags.clear()
    for tag in Tag.objects.select_for_update().filter(pk__in=worn):
        if not tag.cases.exists():
            tag.delete()


def _withdraw_unpublished(case: ConsultingRequest) -> None:
    """An answer for everybody that was never published ends here, and its texts with it."""
    for answer in PublishedAnswer.objects.select_for_update(of=("self",)).filter(
        case=case, published_at=None
    ):
        if answer.state != AnswerState.WITHDRAWN:
            answer.move(AnswerAction.WITHDRAW, AnswerState.WITHDRAWN, actor=None)
        PublishedAnswer.objects.filter(pk=answer.pk).update(title="", question="", answer="")
