"""The answer, with what it recommends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from catalog.models import Solution
from consulting.fields import LineField, TextField
from consulting.file_forms import StepComposerMixin
from consulting.matching import find_solutions, similar_solutions
from consulting.services import Advice
from consulting.staff_forms.base import REASON_LENGTH, TEXT_LENGTH, StaffForm
from consulting.text_modules import ModuleMixin
from osk_portal.accounts.models import User
from sandbox.models import Blueprint

MOST_CANDIDATES: Final = 40


@dataclass(frozen=True)
class Candidate:
    """Something that the answer can recommend: a tick and a reason."""

    target: Solution | Blueprint
    pick: BoundField
    why: BoundField


class AnswerForm(StepComposerMixin, ModuleMixin, StaffForm):
    """The answer, with solutions that are searched for and test products; works without a script.

    Which solutions are offered follows from the form's own field names, so that ticks and reasons survive
    each search: first those that the request is about or that fit its title, then what was found.
    """

    target = "text"

    text = TextField(
        label=_("Answer to the authority"),
        help_text=_("You can use Markdown for lists and links."),
        max_length=TEXT_LENGTH,
        rows=12,
        error_messages={"required": _("Write an answer.")},
    )
    q = LineField(
        label=_("Search words"),
        help_text=_("What you have typed so far is kept."),
        max_length=200,
        required=False,
    )

    def __init__(self, *, typed: Mapping[str, Any] | None = None, **options: Any) -> None:
        initial = {**(options.pop("initial", None) or {}), **(typed or {})}
        super().__init__(initial=initial, **options)
        self.searched = ""
        self.number_of_hits = 0
        self._solutions: dict[str, Solution] = {}
        if self.is_bound or typed:
            self._offer_solutions(_named_solutions(typed or self.data))
        else:
            self._offer_solutions(self.case.solutions.filter(pk__in=Solution.objects.published()))
            self._offer_solutions(similar_solutions(self.case.title))
        self._blueprints = {b.slug: b for b in Blueprint.objects.bookable()[:MOST_CANDIDATES]}
        for slug, blueprint in self._blueprints.items():
            self._add_fields(f"blueprint-{slug}", blueprint)

    def options_with_module(self, writer: User) -> dict[str, Any]:
        return {"typed": self.typed_with_module(writer)}

    @property
    def is_searching(self) -> bool:
        return "search" in self.data

    def with_hits(self) -> AnswerForm:
        """The same page again with what was found, nothing checked and nothing lost."""
        typed = {name: self.data[name] for name in self.data}
        fresh = AnswerForm(case=self.case, user=self.user, typed=typed)
        query = " ".join(typed.get("q", "").replace("\x00", " ").split())[:200]
        fresh.searched = query
        if query:
            hits = find_solutions(query)
            fresh.number_of_hits = len(hits)
            fresh._offer_solutions(hits, first=True)
        return fresh

    @property
    def solutions(self) -> list[Candidate]:
        return list(self._candidates("solution", self._solutions))

    @property
    def blueprints(self) -> list[Candidate]:
        return list(self._candidates("blueprint", self._blueprints))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in list(cleaned):
            key = name.removeprefix("pick-")
            why = f"why-{key}"
            if key != name and cleaned[name] and not cleaned.get(why) and why not in self.errors:
                label = self.fields[name].label
                self.add_error(why, _("Say why you recommend %(name)s.") % {"name": label})
        return cleaned

    def values(self) -> dict[str, Any]:
        return {
            "text": self.cleaned_data["text"],
            "message_id": self.cleaned_data["message_id"],
            "recommendations": list(self._advice()),
        }

    def _advice(self) -> Iterator[Advice]:
        for slug, solution in self._solutions.items():
            if self.cleaned_data[f"pick-solution-{slug}"]:
                yield Advice(self.cleaned_data[f"why-solution-{slug}"], solution=solution)
        for slug, blueprint in self._blueprints.items():
            if self.cleaned_data[f"pick-blueprint-{slug}"]:
                yield Advice(self.cleaned_data[f"why-blueprint-{slug}"], blueprint=blueprint)

    def _offer_solutions(self, solutions: Iterable[Solution], first: bool = False) -> None:
        new = {s.slug: s for s in solutions if s.slug not in self._solutions}
        self._solutions = {**new, **self._solutions} if first else {**self._solutions, **new}
        for slug, solution in new.items():
            self._add_fields(f"solution-{slug}", solution)

    def _add_fields(self, key: str, target: Solution | Blueprint) -> None:
        self.fields[f"pick-{key}"] = forms.BooleanField(label=target.name, required=False)
        self.fields[f"why-{key}"] = TextField(
            label=_("Why %(name)s") % {"name": target.name},
            max_length=REASON_LENGTH,
            rows=2,
            required=False,
        )

    def _candidates(
        self, kind: str, targets: Mapping[str, Solution | Blueprint]
    ) -> Iterator[Candidate]:
        for slug, target in targets.items():
            yield Candidate(target, self[f"pick-{kind}-{slug}"], self[f"why-{kind}-{slug}"])


def _named_solutions(known: Mapping[str, Any]) -> Iterable[Solution]:
    """The published solutions that the fields of a form name; those ticked or reasoned stay for sure."""
    prefix = "why-solution-"
    slugs = [name.removeprefix(prefix) for name in known if name.startswith(prefix)]
    slugs = [slug for slug in slugs if "\x00" not in slug]
    slugs.sort(
        key=lambda slug: not (known.get(f"pick-solution-{slug}") or known.get(prefix + slug))
    )
    found = {
        s.slug: s for s in Solution.objects.published().filter(slug__in=slugs[:MOST_CANDIDATES])
    }
    return [found[slug] for slug in slugs if slug in found]
