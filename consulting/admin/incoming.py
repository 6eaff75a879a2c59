"""Posteingang: mail that waits for a decision, and what became of the rest (product.md 1.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from consulting import queues, services
from consulting.admin.common import page
from consulting.answer_forms import VersionForm
from consulting.mail_forms import (
    DiscardForm,
    JoinForm,
    MailAnswerForm,
    MailRecordForm,
    MailSearchForm,
)
from consulting.models import IncomingMail
from consulting.models.incoming import IncomingMailQuerySet, MailAction, MailState
from consulting.services.incoming import read_mail
from consulting.services.mail_files import checked_attachment, note_attachment_read
from osk_portal.accounts.models import User
from osk_portal.accounts.permissions import is_advisor
from osk_portal.toolkit import uploads
from osk_portal.toolkit.access import AuthenticatedRequest, access
from osk_portal.toolkit.admin import ReadOnlyAdmin
from osk_portal.toolkit.transitions import TransitionNotAllowed

PAGE_SIZE: Final = 25


@dataclass(frozen=True)
class Tab:
    name: str
    label: Promise
    states: tuple[MailState, ...]
    order: str = "-received_at"

    @property
    def url(self) -> str:
        if self.name == "new":
            return str(queues.MAILS_URL)
        return reverse("admin:consulting_incomingmail_tab", args=[self.name])

    @property
    def mails(self) -> IncomingMailQuerySet:
        found = IncomingMail.objects.filter(state__in=self.states).for_list()
        return found.order_by(self.order, "pk")


TABS: Final = (
    # What came first waits longest.
    Tab("new", gettext_lazy("To be decided"), (MailState.NEW,), "received_at"),
    Tab(
        "done",
        gettext_lazy("Decided"),
        (MailState.JOINED, MailState.MADE, MailState.ANSWERED, MailState.DISCARDED),
    ),
    Tab("automatic", gettext_lazy("Automatic mails"), (MailState.AUTOMATIC,)),
)
BY_NAME: Final = {tab.name: tab for tab in TABS}


@dataclass(frozen=True)
class Step:
    """One thing to do with a mail, on a page of its own."""

    name: str
    action: MailAction
    label: Promise
    intro: Promise
    form: Callable[..., Any]
    service: Callable[..., services.Decided]
    done: Promise


STEPS: Final = (
    Step(
        "make",
        MailAction.MAKE,
        gettext_lazy("Make a request of it"),
        gettext_lazy(
            "Check what the mail says: the sender is a claim. The person gets the receipt with the reference."
        ),
        MailRecordForm,
        services.record_from_mail,
        gettext_lazy("The mail has become the request %(reference)s."),
    ),
    Step(
        "join",
        MailAction.JOIN,
        gettext_lazy("Add to a request"),
        gettext_lazy(
            "If the sender takes part in the request, the text counts as said by that person. Any other"
            " mail is marked as added by the OSK."
        ),
        JoinForm,
        services.join_mail,
        gettext_lazy("The mail stands in the request %(reference)s."),
    ),
    Step(
        "answer",
        MailAction.ANSWER,
        gettext_lazy("Answer the mail"),
        gettext_lazy("For what needs no request."),
        MailAnswerForm,
        services.answer_mail,
        gettext_lazy("Your answer goes out."),
    ),
    Step(
        "discard",
        MailAction.DISCARD,
        gettext_lazy("Discard"),
        gettext_lazy("The mail stays under “Decided” and can be put back."),
        DiscardForm,
        services.discard_mail,
        gettext_lazy("The mail is discarded."),
    ),
)
STEP_BY_NAME: Final = {step.name: step for step in STEPS}


@access(is_advisor)
@require_safe
def mail_list(request: AuthenticatedRequest, name: str = "new") -> HttpResponse:
    """One list, or what fits the words of a search in all of them; a reference leads to its request."""
    tab = BY_NAME.get(name)
    if tab is None:
        raise Http404
    form = MailSearchForm(data=request.GET)
    query = form.cleaned_data["q"] if form.is_valid() else ""
    case = queues.case_named(request.user, query)
    if case is not None:
        return redirect(queues.case_url(case))
    mails = IncomingMail.objects.matching(query).for_list() if query else tab.mails
    found = Paginator(mails, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"tab": tab, "tabs": TABS, "form": form, "query": query, "page_obj": found}
    return page(request, "mails.html", context)


@access(is_advisor)
@require_safe
def mail_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    mail = _find(public_id)
    steps = [step for step in STEPS if mail.can(step.action)]
    if not mail.answer_to:
        steps = [step for step in steps if step.action != MailAction.ANSWER]
    if mail.suggested_case:  # then adding is what is next
        steps.sort(key=lambda step: step.action != MailAction.JOIN)
    context = {
        "steps": steps,
        "may_restore": mail.can(MailAction.RESTORE),
        "events": mail.events.select_related("actor"),
    }
    return page(request, "mail.html", {"mail": mail, "tab": _tab_of(mail), **context})


@access(is_advisor)
@require_http_methods(["GET", "HEAD", "POST"])
def mail_step(request: AuthenticatedRequest, public_id: UUID, name: str) -> HttpResponse:
    """One decision with its form; "restore" has none and is a button of the page."""
    step = STEP_BY_NAME.get(name)
    if step is None:
        raise Http404
    mail = _find(public_id)
    user = request.user
    if request.method != "POST":
        if not mail.can(step.action):
            messages.warning(request, _("This mail has been handled in the meantime."))
            return redirect(mail)
        return _show_step(request, mail, step, step.form(mail=mail, user=user))
    form = step.form(mail=mail, user=user, data=request.POST)
    if isinstance(form, MailAnswerForm) and form.is_inserting:
        again = MailAnswerForm(mail=mail, user=user, **form.options_with_module(user))
        return _show_step(request, mail, step, again)
    if not form.is_valid():
        return _show_step(request, mail, step, form, status=422)
    try:
        decided = step.service(
            mail_id=mail.pk,
            actor=user,
            expected_version=form.cleaned_data["version"],
            **form.values(),
        )
    except services.NotRecordable as refusal:
        form.add_error(refusal.field, str(refusal.text))
        return _show_step(request, mail, step, form, status=422)
    except services.MailMoved as moved:
        messages.warning(request, str(moved))
        return _show_step(request, _find(public_id), step, form, status=409)
    except TransitionNotAllowed as refusal:
        form.add_error(None, str(refusal))
        return _show_step(request, mail, step, form, status=409)
    case = decided.mail.case
    messages.success(request, str(step.done) % {"reference": case.reference if case else ""})
    if decided.files_refused:
        messages.warning(request, _refused(decided.files_refused))
    return redirect(queues.case_url(case) if case else queues.MAILS_URL)


@access(is_advisor)
@require_http_methods(["POST"])
def mail_restore(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    mail = _find(public_id)
    form = VersionForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Please load the page again."))
        return redirect(mail)
    try:
        services.restore_mail(
            mail_id=mail.pk, actor=request.user, expected_version=form.cleaned_data["version"]
        )
    except services.MailMoved:
        messages.warning(request, _("This mail has been handled in the meantime."))
    else:
        messages.success(request, _("The mail is back in the mail queue."))
    return redirect(mail)


@access(is_advisor)
@require_safe
def mail_attachment(request: AuthenticatedRequest, public_id: UUID, number: str) -> HttpResponse:
    """One attachment, if its content passes the checks of an upload: always saved, never shown."""
    mail = _find(public_id)
    if not number.isdecimal() or int(number) >= len(mail.attachments):
        raise Http404
    try:
        checked, content = checked_attachment(read_mail(mail), int(number))
    except uploads.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(mail)
    if request.method == "GET":
        note_attachment_read(mail=mail, position=int(number), actor=request.user)
    response = HttpResponse(
        content,
        content_type="application/octet-stream",
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, no-store",
        },
    )
    response["Content-Disposition"] = content_disposition_header(True, checked.name) or "attachment"
    return response


def _show_step(
    request: AuthenticatedRequest, mail: IncomingMail, step: Step, form: Any, *, status: int = 200
) -> HttpResponse:
    context = {
        "mail": mail,
        "step": step,
        "form": form,
        "can_send": mail.can(step.action),
        "tab": _tab_of(mail),
    }
    return page(request, "mail_step.html", context, status=status)


def _refused(count: int) -> str:
    return ngettext(
        "%(count)d attachment did not pass the checks. It stays in the mail.",
        "%(count)d attachments did not pass the checks. They stay in the mail.",
        count,
    ) % {"count": count}


def _tab_of(mail: IncomingMail) -> Tab:
    return next(tab for tab in TABS if mail.state in tab.states)


def _find(public_id: UUID) -> IncomingMail:
    return get_object_or_404(IncomingMail.objects.for_list(), public_id=public_id)


@admin.register(IncomingMail)
class IncomingMailAdmin(ReadOnlyAdmin):
    def has_module_permission(self, request: HttpRequest) -> bool:
        return False  # the side list has its entry, with the count

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return isinstance(request.user, User) and request.user.is_advisor

    def get_urls(self) -> list[URLPattern]:
        prefix, wrap = "consulting_incomingmail", self.admin_site.admin_view
        own = "<uuid:public_id>/"
        return [
            path("", wrap(mail_list), name=f"{prefix}_changelist"),
            path("list/<slug:name>/", wrap(mail_list), name=f"{prefix}_tab"),
            path(own, wrap(mail_page), name=f"{prefix}_page"),
            path(f"{own}restore/", wrap(mail_restore), name=f"{prefix}_restore"),
            path(f"{own}file/<slug:number>/", wrap(mail_attachment), name=f"{prefix}_file"),
            path(f"{own}<slug:name>/", wrap(mail_step), name=f"{prefix}_step"),
        ]
