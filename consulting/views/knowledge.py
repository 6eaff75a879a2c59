"""Published answers, for everybody. Shows the texts written for it and nothing of the case."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalog.models import Solution
from catalog.search import clean
from consulting import legal
from consulting.enums import Topic
from consulting.matching import similar_answers
from consulting.models import PublishedAnswer
from osk_portal.toolkit.access import PUBLIC, access

PAGE_SIZE = 20
MOST_SIMILAR = 3


@access(PUBLIC)
@require_safe
def answer_list(request: HttpRequest) -> HttpResponse:
    query = clean(request.GET.get("q", ""))
    topic = request.GET.get("topic", "")
    answers = PublishedAnswer.objects.listed()
    if topic in Topic.values:
        answers = answers.filter(topics__contains=[topic])
    else:
        topic = ""
    if query:
        answers = answers.found(query)
    context = {
        "page": Paginator(answers, PAGE_SIZE).get_page(request.GET.get("page")),
        "query": query,
        "topic": topic,
        "topics": [
            choice for choice in Topic.choices if choice[0] not in ("procurement", "security")
        ],
        "crumbs": [(_("Home"), reverse("pages:home")), (_("Knowledge"), None)],
    }
    return render(request, "consulting/knowledge_list.html", context)


@access(PUBLIC)
@require_safe
def answer_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Stays at its address when its review is overdue, and says so; withdrawn ones are gone."""
    answer = get_object_or_404(PublishedAnswer.objects.published(), public_id=public_id)
    similar = similar_answers(answer.title, most=MOST_SIMILAR + 1)
    context = {
        "answer": answer,
        "solutions": Solution.objects.published().filter(pk__in=answer.solutions.values("pk")),
        "citations": legal.citations_of(answer.answer),
        "similar": [other for other in similar if other.pk != answer.pk][:MOST_SIMILAR],
        "is_old": not PublishedAnswer.objects.listed().filter(pk=answer.pk).exists(),
        "crumbs": [
            (_("Home"), reverse("pages:home")),
            (_("Knowledge"), reverse("knowledge:answer_list")),
            (answer.title, None),
        ],
    }
    return render(request, "consulting/knowledge_answer.html", context)
