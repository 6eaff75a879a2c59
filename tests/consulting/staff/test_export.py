"""Lists to take away: for the lead, without formulas, confidential titles and people."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from odfdo import Document

from consulting import queues, services
from consulting.enums import CaseState, Topic
from consulting.models import ConsultingRequest, ListExport
from osk_portal.toolkit.tables import CSV, ODS

S = CaseState
PREFIX = "admin:consulting_consultingrequest"


def url(name: str = "open") -> str:
    return reverse(f"{PREFIX}_queue_export", args=[name])


def cells(response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))


def ods_values(content: bytes) -> list[list[object]]:
    table = Document(io.BytesIO(content)).body.get_table(0)
    return [list(row) for row in table.get_values()]


def test_ladder(world, sign_in):
    world.case(S.SUBMITTED)
    search = reverse(f"{PREFIX}_search_export")
    typed = {"format": "csv", "q": "Formularserver"}
    for address in (url(), search):
        for role in ("visitor", "requester", "stranger"):
            assert sign_in(role).post(address, typed).status_code in (302, 403, 404)
        for role in ("advisor", "other_advisor", "operator"):
            assert sign_in(role).post(address, typed).status_code == 403
        assert sign_in("lead").get(address).status_code == 405
    assert not ListExport.objects.exists()
    for address in (url(), search):
        assert sign_in("lead").post(address, typed).status_code == 200
    assert [(e.source, e.words, e.count) for e in ListExport.objects.order_by("pk")] == [
        ("open", "", 1), ("search", "Formularserver", 1),
    ]  # fmt: skip
    with pytest.raises(PermissionDenied):
        services.export_list(
            actor=world.advisor,
            cases=queues.all_cases(world.advisor),
            source="open",
            title="x",
            file_kind=CSV,
        )


def test_no_list_of_one_person(sign_in, world):
    world.case(S.IN_PROGRESS)
    assert sign_in("lead").post(url("mine"), {"format": "csv"}).status_code == 404
    for kind in (CSV, ODS):
        response = sign_in("lead").post(url(), {"format": kind})
        assert "no-store" in response.headers["Cache-Control"]
        found = cells(response) if kind == CSV else ods_values(response.content)
        assert "Kim Beispiel" not in str(found)
        assert "Alex Muster" not in str(found)
    assert "format" in sign_in("lead").get(queues.BY_NAME["open"].url).content.decode()
    assert url("mine") not in sign_in("lead").get(queues.BY_NAME["mine"].url).content.decode()
    assert url() not in sign_in("advisor").get(queues.BY_NAME["open"].url).content.decode()


@pytest.mark.parametrize("name", ["somewhere", "open"])
@pytest.mark.parametrize("kind", ["", "xlsx", "../csv"])
def test_unknown_lists_and_kinds_are_404(sign_in, name, kind):
    assert sign_in("lead").post(url(name), {"format": kind}).status_code == 404


def test_confidential_requests_show_nothing_of_what_they_are_about(world, sign_in):
    case = world.case(
        S.IN_PROGRESS,
        title="Rahmenvertrag Büro",
        topics=[Topic.PROCUREMENT, Topic.SECURITY],
        description="geheim",
        own_reference="Z 4 – 118/26",
    )
    assert case.is_confidential
    for kind in (CSV, ODS):
        response = sign_in("lead").post(url(), {"format": kind})
        found = str(cells(response) if kind == CSV else ods_values(response.content))
        assert case.reference in found
        assert case.own_reference in found  # the authority's own number stands in every export
        for secret in ("Rahmenvertrag", "geheim", "Beschaffung", "Procurement", "Sicherheit"):
            assert secret not in found


@pytest.mark.parametrize(
    "title",
    ["=1+1", "+49", "-2", "@SUM(A1)", "\tX", "\rX", '=HYPERLINK("x")', " =1", 'a;"b"\nc', "a\x0bb"],
)
def test_no_cell_is_a_formula(world, sign_in, title):
    case = world.case(S.SUBMITTED)
    ConsultingRequest.objects.filter(pk=case.pk).update(title=title)
    shown = cells(sign_in("lead").post(url(), {"format": CSV}))[1][1]
    assert shown.lstrip() == title.lstrip() or shown == f"'{title}"
    assert not shown.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))
    value = ods_values(sign_in("lead").post(url(), {"format": ODS}).content)[1][1]
    assert not str(value).lstrip().startswith(("=", "+", "-", "@"))


def test_too_many_are_said(world, sign_in, monkeypatch):
    monkeypatch.setattr("consulting.services.exports.MOST_ROWS", 1)
    world.case(S.SUBMITTED)
    world.case(S.SUBMITTED)
    response = sign_in("lead").post(url(), {"format": CSV})
    assert response.headers["Location"] == queues.BY_NAME["open"].url
    assert not ListExport.objects.exists()


def test_an_empty_search_exports_nothing(sign_in, world):
    response = sign_in("lead").post(reverse(f"{PREFIX}_search_export"), {"format": CSV, "q": ""})
    assert response.status_code == 302
    assert not ListExport.objects.exists()


def test_who_took_which_list_is_for_the_lead(sign_in, world):
    address = reverse("admin:consulting_listexport_changelist")
    assert sign_in("lead").get(address).status_code == 200
    assert sign_in("advisor").get(address).status_code == 403
