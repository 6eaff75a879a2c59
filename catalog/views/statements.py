"""The administration statements of an entry: their history for everybody, proposing for the maintainer."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from catalog.enums import StatementTopic
from catalog.models import Solution, Statement
from catalog.permissions import belongs_to_maintainer, can_propose
from catalog.services import propose_statement, withdraw_statement
from catalog.statement_forms import ProposeStatementForm, initial_of
from catalog.statements import row_for
from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed

MOST_SHOWN = 200


@require_safe
@access(PUBLIC)
def statement_list(request: HttpRequest, slug: str) -> HttpResponse:
    """What was and is stated, newest first; to members of the maintainer also what they have proposed."""
    solution = get_object_or_404(Solution.objects.visible_to(request.user), slug=slug)
    found = Statement.objects.filter(solution=solution)
    rows = found.ever_public().select_related("organisation")[:MOST_SHOWN]
    may_propose = solution.is_published and can_propose(request.user, solution)
    proposals: list[Statement] = []
    if request.user.is_authenticated and belongs_to_maintainer(request.user, solution):
        own = found.never_public().filter(organisation=solution.maintainer_id)
        proposals = list(own.select_related("organisation")[:MOST_SHOWN])
    context = {
        "solution": solution,
        "rows": [(statement, row_for(statement)) for statement in rows],
        "proposals": [(statement, row_for(statement)) for statement in proposals],
        "may_propose": may_propose,
        "topics": StatementTopic if may_propose else (),
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (solution.name, solution.get_absolute_url()),
            (_("Statements for administrations"), None),
        ],
    }
    response = render(request, "catalog/statement_list.html", context)
    return no_store(response) if request.user.is_authenticated else response


@access(LOGIN)
def statement_propose(request: AuthenticatedRequest, slug: str, topic: str) -> HttpResponse:
    """The maintainer's Redaktion says something on one topic."""
    solution = get_object_or_404(
        Solution.objects.published().select_related("maintainer"), slug=slug
    )
    organisation = solution.maintainer
    if topic not in StatementTopic or organisation is None:
        raise Http404
    if not belongs_to_maintainer(request.user, solution):
        raise Http404
    if not can_propose(request.user, solution):
        raise PermissionDenied
    wanted = StatementTopic(topic)
    found = Statement.objects.filter(solution=solution, topic=wanted)
    if request.method != "POST":
        if found.proposed().filter(organisation=organisation).exists():
            messages.info(request, _("A statement on this topic is being checked already."))
            return redirect("catalog:statement_list", solution.slug)
        initial = initial_of(found.standing().select_related("organisation").first())
        form = ProposeStatementForm(topic=wanted, initial=initial)
        return _form_page(request, solution, wanted, form, 200)
    form = ProposeStatementForm(request.POST, topic=wanted)
    if not form.is_valid():
        return _form_page(request, solution, wanted, form, 422)
    try:
        made = propose_statement(
            solution_id=solution.pk,
            author=request.user,
            organisation=organisation,
            words=form.words,
            wording=form.wording,
        )
    except TransitionNotAllowed as error:
        form.add_error(None, str(error))
        return _form_page(request, solution, wanted, form, 409)
    messages.success(request, _("Thank you. The OSK has received your proposal."))
    return redirect(made)


@require_POST
@access(LOGIN)
def statement_withdraw(request: AuthenticatedRequest, slug: str, public_id: UUID) -> HttpResponse:
    rows = Statement.objects.visible_to(request.user).select_related("solution", "organisation")
    statement = get_object_or_404(rows, public_id=public_id, solution__slug=slug)
    try:
        withdraw_statement(statement_id=statement.pk, actor=request.user)
    except TransitionNotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("You have withdrawn the proposal."))
    return redirect(statement)


def _form_page(
    request: AuthenticatedRequest,
    solution: Solution,
    topic: StatementTopic,
    form: ProposeStatementForm,
    status: int,
) -> HttpResponse:
    context = {
        "solution": solution,
        "topic": topic,
        "form": form,
        "crumbs": [
            (_("Solutions"), reverse("catalog:solution_list")),
            (solution.name, solution.get_absolute_url()),
            (
                _("Statements for administrations"),
                reverse("catalog:statement_list", args=[solution.slug]),
            ),
            (topic.label, None),
        ],
    }
    return no_store(render(request, "catalog/statement_form.html", context, status=status))
