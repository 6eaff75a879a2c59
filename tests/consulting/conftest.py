"""The world of consulting: a requester, her colleagues, a stranger, the OSK."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage

from consulting import seen
from consulting.enums import CaseState
from consulting.models import CaseFile, ConsultingRequest, Participant, StagedFile
from network.models import Organisation
from osk_portal.accounts.models import User
from tests.consulting.factories import case_in
from tests.factories import MembershipFactory, OrganisationFactory, staff


def shown(case: ConsultingRequest) -> dict[str, Any]:
    """What the requester's side sends along from a page of ``case`` as it is now."""
    case = ConsultingRequest.objects.get(pk=case.pk)
    return {"version": case.version, "seen": seen.token(case)}


@dataclass
class World:
    authority: Organisation
    requester: User
    writer: User
    """Works along in the case."""
    reader: User
    """Reads along."""
    deputy: User
    colleague: User
    """Of the same authority, without a share."""
    manager: User
    """Organisationsverwaltung."""
    stranger: User
    """Of another authority."""
    advisor: User
    """The assignee."""
    other_advisor: User
    lead: User
    operator: User

    def person(self, role: str) -> User:
        person: User = getattr(self, role)
        # Roles and memberships are read once a request; each question here is a new one.
        return User.objects.get(pk=person.pk)

    def case(self, state: CaseState = CaseState.SUBMITTED, **fields: Any) -> ConsultingRequest:
        if state != CaseState.DRAFT and "deputy" not in fields:
            fields["deputy"] = self.deputy
        case = case_in(
            state,
            assignee=self.advisor,
            author=fields.pop("author", self.requester),
            organisation=fields.pop("organisation", self.authority),
            **fields,
        )
        Participant.objects.create(case=case, user=self.writer, may_write=True)
        Participant.objects.create(case=case, user=self.reader)
        return ConsultingRequest.objects.get(pk=case.pk)


ROLES = (
    "requester", "writer", "reader", "deputy", "colleague", "manager", "stranger", "advisor",
    "other_advisor", "lead", "operator",
)  # fmt: skip


@pytest.fixture
def world(db: None) -> World:
    authority = OrganisationFactory(authority=True, name="Bezirksamt Musterbezirk")

    def member(name: str, **fields: Any) -> User:
        return MembershipFactory(organisation=authority, user__name=name, **fields).user

    return World(
        authority=authority,
        requester=member("Alex Muster"),
        writer=member("Toni Probe"),
        reader=member("Luca Leserin"),
        deputy=member("Robin Vertretung"),
        colleague=member("Sam Kollege"),
        manager=member("Mika Verwaltung", manager=True),
        stranger=MembershipFactory(user__name="Fremd Behörde").user,
        advisor=staff("advisor", name="Kim Beispiel"),
        other_advisor=staff("advisor", name="Jo Berater"),
        lead=staff("lead", name="Eike Leitung"),
        operator=staff("operator", name="Ode Betrieb"),
    )


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty disk for the files of cases."""
    storage = FileSystemStorage(location=tmp_path)
    for model in (CaseFile, StagedFile):
        monkeypatch.setattr(model._meta.get_field("content"), "storage", storage)
    monkeypatch.setattr("consulting.services.files.private_storage", lambda: storage)
    return tmp_path
