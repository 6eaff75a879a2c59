"""The filter of the network page (unknown or hostile values are ignored), and the domain of an organisation."""

from __future__ import annotations

from dataclasses import dataclass, field

from django import forms
from django.core.validators import validate_domain_name
from django.http import QueryDict
from django.utils.translation import gettext as _

from network.enums import OrganisationKind
from network.models import Expertise, OrganisationDomain
from network.querysets import OrganisationQuerySet

LONGEST_QUERY = 200


@dataclass(frozen=True)
class Choice:
    """One checkbox of a facet."""

    value: str
    label: str
    count: int
    checked: bool
    id: str


@dataclass(frozen=True)
class Facet:
    name: str
    label: str
    choices: list[Choice]


@dataclass
class OrganisationFilter:
    """What the address asks for: words, kinds, Länder, topics."""

    query: str = ""
    kinds: list[str] = field(default_factory=list)
    lands: list[str] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)

    @classmethod
    def from_query(cls, data: QueryDict) -> OrganisationFilter:
        def clean(name: str) -> list[str]:
            return [v for v in data.getlist(name)[:50] if 0 < len(v) <= 80 and "\x00" not in v]

        return cls(
            query=data.get("q", "").replace("\x00", "")[:LONGEST_QUERY].strip(),
            kinds=[v for v in clean("kind") if v in OrganisationKind.values],
            lands=clean("land"),
            topics=clean("topic"),
        )

    @property
    def is_active(self) -> bool:
        return bool(self.query or self.kinds or self.lands or self.topics)

    def apply(self, base: OrganisationQuerySet, *, without: str = "") -> OrganisationQuerySet:
        """The organisations asked for; ``without`` leaves one facet out, to count its own choices."""
        found = base.matching(self.query)
        if self.kinds and without != "kind":
            found = found.filter(kind__in=self.kinds)
        if self.lands and without != "land":
            found = found.filter(land__in=self.lands)
        if self.topics and without != "topic":
            found = found.filter(
                pk__in=base.model.objects.filter(expertise__expertise__slug__in=self.topics)
            )
        return found

    def facets(self, base: OrganisationQuerySet) -> list[Facet]:
        """Facets with counts that stay right under the other facets: one query each."""
        kinds = self.apply(base, without="kind").counts_by("kind")
        lands = self.apply(base, without="land").counts_by("land")
        topics = self.apply(base, without="topic").counts_by("expertise__expertise__slug")
        topic_names = {e.slug: str(e) for e in Expertise.objects.all()}
        return [
            _facet(
                "kind",
                _("Kind"),
                {k.value: str(k.label) for k in OrganisationKind},
                kinds,
                self.kinds,
            ),
            _facet("land", _("Place"), {land: land for land in sorted(lands)}, lands, self.lands),
            _facet("topic", _("Expertise"), topic_names, topics, self.topics),
        ]


def _facet(
    name: str, label: str, labels: dict[str, str], counts: dict[str, int], chosen: list[str]
) -> Facet:
    choices = [
        Choice(value, str(text), counts.get(value, 0), value in chosen, f"{name}-{number}")
        for number, (value, text) in enumerate(labels.items())
        if counts.get(value) or value in chosen
    ]
    return Facet(name, label, choices)


class DomainForm(forms.ModelForm[OrganisationDomain]):
    """A mail domain as addresses are kept: in small letters, without the @ that people copy along."""

    class Meta:
        model = OrganisationDomain
        fields = ["domain"]

    def clean_domain(self) -> str:
        domain: str = self.cleaned_data["domain"].lower().removeprefix("@")
        validate_domain_name(domain)
        return domain
