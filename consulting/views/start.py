"""The start page, and the first two steps before there is a draft."""

from __future__ import annotations

from datetime import date
from typing import cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalog.models import Solution
from consulting import deadlines, intake, permissions, services
from consulting.enums import Topic
from consulting.forms import StartForm, SubjectForm
from consulting.models import ConsultingRequest
from consulting.views import hints
from osk_portal.accounts.models import User
from osk_portal.pages.models import LegalPage
from osk_portal.toolkit import clock
from osk_portal.toolkit.access import PUBLIC, access
from sandbox.models import Booking

LONGEST_PREFILL = 200
COSTS = "beratung-kosten"
"""The operator's text on what the consulting costs (product.md 1.1); its first paragraph stands on the start page."""
_NO_DRAFT: dict[str, object] = {"case": None, "back_url": "", "returns_to_check": False}
"""What the page of a step shows of a draft, while there is none."""


@access(PUBLIC)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    today = clock.today()
    context = {
        "costs": LegalPage.objects.in_language(COSTS, get_language() or "de"),
        "steps": _in_words(len(intake.steps_of(None))),
        "most_steps": _in_words(len(intake.STEPS)),
        "first_response_days": settings.OSK_FIRST_RESPONSE_DAYS,
        "answer_days": settings.OSK_ANSWER_DAYS,
        "first_response_on": deadlines.first_response_due(today),
        "answer_on": deadlines.answer_due(today),
        "crumbs": [(_("Home"), reverse("pages:home")), (_("Consulting"), None)],
    }
    return render(request, "consulting/home.html", context)


@access(PUBLIC)
def request_start(request: HttpRequest) -> HttpResponse:
    """Step 1. For a signed-in person it makes the draft; a visitor's choice is kept in the session."""
    refusal = refused(request)
    if refusal:
        return refusal
    visitor = intake.Visitor(request.session)
    form = StartForm(
        data=request.POST if request.method == "POST" else None,
        initial={**visitor.values(), "draft_id": visitor.draft_id, "version": 1},
    )
    if request.method == "POST" and form.is_valid():
        was_typed_before = visitor.has_words
        title, solutions = _prefill(request)
        values = {**visitor.values(), "kind": form.cleaned_data["kind"]}
        if title and not values.get("title"):
            values["title"] = title
        topics = [topic for topic in request.GET.getlist("topic") if topic in Topic.values]
        if topics and not values.get("topics"):
            values["topics"] = topics
        old = _continued(request)
        if old is not None:
            values |= {
                "continues": old,
                "title": values.get("title") or old.title,
                "description": values.get("description")
                or _("This goes on from %(reference)s.") % {"reference": old.reference},
            }
            case = services.create_draft(
                actor=cast("User", request.user),
                values=values,
                solutions=[*old.solutions.all()],
                draft_id=form.cleaned_data["draft_id"],
            )
            visitor.became(case.public_id)
            return redirect("consulting:request_subject", case.public_id)
        visitor.keep(
            values,
            solutions=solutions or None,
            bookings=_booked(request) or None,
            draft_id=form.cleaned_data["draft_id"],
        )
        if not request.user.is_authenticated or was_typed_before:
            # What was typed before the login is looked at before it becomes somebody's draft.
            return redirect("consulting:request_new_subject")
        case = _make_draft(request, visitor)
        if case.is_draft and case.kind != values["kind"]:
            # The same form once more, with another choice: somebody went back. Its version tells the step
            # whether the draft was written on since, elsewhere.
            return redirect("consulting:request_kind", case.public_id, preserve_request=True)
        return redirect("consulting:request_subject", case.public_id)
    context = {
        **_NO_DRAFT,
        "form": form,
        "places": intake.progress(intake.KIND, None),
        "number": 1,
        "crumbs": crumbs(),
    }
    return render(request, "consulting/request_kind.html", context)


@access(PUBLIC)
def request_new_subject(request: HttpRequest) -> HttpResponse:
    """Step 2 without a draft. Saving needs a login; what was typed waits in the session."""
    refusal = refused(request)
    if refusal:
        return refusal
    visitor = intake.Visitor(request.session)
    kept = visitor.values()
    if "kind" not in kept:
        if request.method == "POST" and request.user.is_authenticated and visitor.made:
            # Sent twice, or once more after going back: it goes to the draft that was made of it.
            return redirect("consulting:request_subject", visitor.made, preserve_request=True)
        return redirect("consulting:request_start")
    as_draft = "save_draft" in request.POST
    form = SubjectForm(
        data=request.POST if request.method == "POST" else None,
        initial={**kept, "version": 1},
        as_draft=as_draft or hints.is_wanted(request),
    )
    if request.method == "POST" and form.is_valid():
        visitor.keep(form.values())
        if hints.is_wanted(request):
            return hints.follow(request, None, reverse("consulting:request_new_subject"))
        say_wished_earlier(request, form.cleaned_data["wished_on"])
        if not request.user.is_authenticated:
            return redirect("consulting:request_sign_in")
        case = _make_draft(request, visitor)
        if as_draft:
            return redirect("consulting:request_list")
        return redirect("consulting:request_context", case.public_id)
    context = {
        **_NO_DRAFT,
        "form": form,
        "places": intake.progress(intake.SUBJECT, None),
        "number": 2,
        "back_url": reverse("consulting:request_start"),
        "is_restored": request.user.is_authenticated and bool(kept.get("title")),
        **hints.shown(
            request.user,
            str(kept.get("title", "")),
            str(kept.get("description", "")),
            is_hidden=hints.are_hidden_here(request.session),
        ),
        "crumbs": crumbs(),
    }
    return render(request, "consulting/request_subject.html", context)


@access(PUBLIC)
@require_safe
def request_sign_in(request: HttpRequest) -> HttpResponse:
    """Asks for login or sign-up at the first save, and says that nothing is lost."""
    back = reverse("consulting:request_new_subject")
    if request.user.is_authenticated:
        return redirect(back)
    return render(request, "consulting/request_sign_in.html", {"next": back, "crumbs": crumbs()})


def crumbs(*more: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    if not more:
        more = ((_("New request"), None),)
    return [
        (_("Home"), reverse("pages:home")),
        (_("Consulting"), reverse("consulting:home")),
        *more,
    ]


def refused(request: HttpRequest) -> HttpResponse | None:
    """A page that says why for members of organisations that are not entitled to advice."""
    if not request.user.is_authenticated:
        return None
    if permissions.may_begin_request(request.user):
        return None
    return render(request, "consulting/not_entitled.html", {"crumbs": crumbs()}, status=403)


def _in_words(number: int) -> str:
    words = {4: _("four"), 5: _("five"), 6: _("six"), 7: _("seven")}
    return words.get(number, str(number))


def say_wished_earlier(request: HttpRequest, wished_on: date | None) -> None:
    """At once, not only on the check page (product.md 1.1)."""
    promised = deadlines.answer_due(clock.today())
    if wished_on is not None and wished_on < promised:
        messages.info(
            request,
            _(
                "Your wished date is before our promise, %(promised)s. Is it urgent? You can mark it"
                " before you send the request."
            )
            % {"promised": deadlines.long_date(promised)},
        )


def _make_draft(request: HttpRequest, visitor: intake.Visitor) -> ConsultingRequest:
    user = cast("User", request.user)
    case = services.create_draft(
        actor=user,
        values=visitor.values(),
        solutions=visitor.solutions(),
        bookings=visitor.bookings(user),
        draft_id=visitor.draft_id,
    )
    visitor.became(case.public_id)
    hints.remember(request.session, case)
    return case


def _continued(request: HttpRequest) -> ConsultingRequest | None:
    """``?continues=public_id`` from a request that takes no more messages; only one that is readable."""
    try:
        public_id = UUID(request.GET.get("continues", ""))
    except ValueError:
        return None
    if not request.user.is_authenticated:
        return None
    mine = ConsultingRequest.objects.sent().shared_with(request.user)
    return mine.filter(public_id=public_id).first()


def _booked(request: HttpRequest) -> list[str]:
    """``?booking=public_id`` from a test environment that the person may read."""
    try:
        public_id = UUID(request.GET.get("booking", ""))
    except ValueError:
        return []
    if not request.user.is_authenticated:
        return []
    found = Booking.objects.looked_after_by(request.user).filter(public_id=public_id)
    return [str(booking.public_id) for booking in found]


def _prefill(request: HttpRequest) -> tuple[str, list[str]]:
    """``?solution=slug`` from an entry of the catalog, ``?q=``/``?title=`` from an empty search."""
    title = " ".join((request.GET.get("title") or request.GET.get("q") or "").split())
    printable = "".join(c for c in title if c.isprintable())[:LONGEST_PREFILL]
    slugs = [s for s in request.GET.getlist("solution")[:5] if s and "\x00" not in s]
    known = Solution.objects.published().filter(slug__in=slugs) if slugs else []
    return printable, [solution.slug for solution in known]
