"""The network's part of the demo world, from the files in network/demo/."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from network.enums import MembershipState, OrganisationKind
from network.models import (
    Expertise,
    Membership,
    Organisation,
    OrganisationDomain,
    OrganisationExpertise,
)
from network.profile import save_expertise, save_organisation
from osk_portal.accounts.demo import ensure_login
from osk_portal.accounts.enums import StaffRole
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock

FOLDER = Path(__file__).parent / "demo"
DISTRICT_PREFIX = "Bezirksamt "


@transaction.atomic
def load() -> str:
    for topic in _read("expertise.json"):
        save_expertise(slug=topic["slug"], name_de=topic["de"], name_en=topic["en"])
    authorities = [_authority(row) for row in _authorities()]
    partners = [_partner(entry) for entry in _read("organisations.json")]
    logins = _logins(partners)
    return f"{len(authorities)} authorities, {len(partners)} partners, {logins} logins"


def _read(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return found


def _authorities() -> list[dict[str, str]]:
    with (FOLDER / "berlin-authorities.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def _authority(row: dict[str, str]) -> Organisation:
    slug = slugify(row["short_name"].replace("ö", "oe").replace("ü", "ue").replace("ä", "ae"))
    known = Organisation.objects.filter(slug=slug).first()
    if known:
        return known
    district = ""
    if row["name"].startswith(DISTRICT_PREFIX):
        district = row["name"].removeprefix(DISTRICT_PREFIX).removesuffix(" von Berlin")
    organisation = Organisation(
        slug=slug,
        name=row["name"],
        short_name=row["short_name"],
        kind=OrganisationKind.BERLIN_ADMINISTRATION,
        subkind=row["kind"],
        is_entitled=True,
        land="Berlin",
        city="Berlin",
        district=district,
        languages=["de"],
    )
    save_organisation(organisation, actor=None)
    for domain in row["email_domains"].split(","):
        OrganisationDomain.objects.create(organisation=organisation, domain=domain.strip())
    return organisation


def _partner(entry: dict[str, Any]) -> Organisation:
    known = Organisation.objects.filter(slug=entry["slug"]).first()
    if known:
        return known
    place = entry["place"]
    organisation = Organisation(
        slug=entry["slug"],
        name=entry["name"],
        short_name=entry["short_name"] or "",
        kind=entry["kind"],
        land=place["land"] or "",
        city=place["city"] or "",
        district=place["district"] or "",
        description=entry["description"],
        description_en=entry["description_en"],
        website=entry["website"] or "",
        languages=entry["languages"],
        is_invented=entry["invented"],
    )
    save_organisation(organisation, actor=None)
    topics = {e.slug: e for e in Expertise.objects.all()}
    OrganisationExpertise.objects.bulk_create(
        OrganisationExpertise(
            organisation=organisation, expertise=topics[item["topic"]], evidence=item["evidence"]
        )
        for item in entry["expertise"]
    )
    return organisation


def _logins(partners: list[Organisation]) -> int:
    by_login = {
        entry.get("demo_login"): entry["slug"]
        for entry in _read("organisations.json")
        if entry.get("demo_login")
    }
    by_slug = {partner.slug: partner for partner in partners}
    mitte = Organisation.objects.get(short_name="BA Mitte")
    pankow = Organisation.objects.get(short_name="BA Pankow")
    _join(ensure_login("Alex Muster", "behoerde"), mitte, is_manager=True)
    _join(ensure_login("Toni Probe", "behoerde2"), pankow)
    for local_part, name in (("land", "Robin Beispiel"), ("partner", "Kai Vorlage")):
        organisation = by_slug[by_login[f"{local_part}@demo.osk.example"]]
        _join(ensure_login(name, local_part), organisation, is_editor=local_part == "partner")
    ensure_login("Kim Beispiel", "beratung", StaffRole.ADVISOR)
    ensure_login("Sascha Vorlage", "leitung", StaffRole.LEAD)
    ensure_login("Jo Musterbetrieb", "betrieb", StaffRole.OPERATOR)
    return 7


def _join(user: User, organisation: Organisation, **roles: bool) -> None:
    Membership.objects.get_or_create(
        user=user,
        organisation=organisation,
        defaults={"state": MembershipState.ACTIVE, "confirmed_at": clock.now(), **roles},
    )
