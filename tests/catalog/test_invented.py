"""The catalog of invented entries: valid files, always the same, unequal as in life; never in production."""

from __future__ import annotations

from collections import Counter
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from catalog import documents, publiccode
from catalog.invented.making import invent
from catalog.models import NoticeTelling, Proposal, Reuse, Solution, SolutionDocument
from catalog.search import search
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from tests.catalog.factories import SolutionFactory

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("demo_catalog", *arguments, stdout=out)
    return out.getvalue()


def test_every_entry_is_a_valid_file_and_the_same_each_time() -> None:
    for number in range(200):
        entry = invent(number)
        assert entry == invent(number)
        result = publiccode.read(documents.as_file(entry.document).encode())
        assert result.findings == (), number


def test_no_name_stands_twice() -> None:
    numbers = [*range(3_000), *range(49_000, 50_000), *range(105_000, 107_000)]
    names = Counter(invent(number).document["name"] for number in numbers)
    assert names.most_common(1)[0][1] == 1


def test_a_tenth_has_all_that_others_add(client) -> None:
    run("--size", "28")

    rich = Solution.objects.exclude(maintainer=None)
    assert set(rich.values_list("slug", flat=True)) == {f"erfunden-{n}" for n in (7, 17, 27)}
    entry = rich.get(slug="erfunden-7")
    assert entry.maintainerships.get().organisation == entry.maintainer
    assert entry.statements.standing().count() >= 4
    assert entry.supports.shown().count() == 2
    assert entry.reuses.count() >= 8
    assert [notice.kind for notice in entry.notices.all()] == entry.notice_kinds != []
    assert not NoticeTelling.objects.exists()
    page = client.get(entry.get_absolute_url()).text
    for words in ("Erfundene Angabe", "passen an und schulen", "erfundene"):
        assert words in page
    run("--clear")
    assert not User.objects.filter(email__contains="erfunden").exists()


def test_categories_are_unequal() -> None:
    entries = [invent(number).document for number in range(1_000)]
    categories = Counter(c for document in entries for c in document["categories"])
    [(_first, most), *_rest, (_last, least)] = categories.most_common()

    assert most > 20 * least
    assert all({"de", "en"} & document["description"].keys() for document in entries)


def test_a_second_run_adds_what_is_missing_and_clear_takes_all_away() -> None:
    own = SolutionFactory()
    assert "3 invented entries are there." in run("--size", "3")
    before = list(Solution.objects.values_list("pk", "updated_at"))
    run("--size", "3")
    assert list(Solution.objects.values_list("pk", "updated_at")) == before
    run("--size", "60")

    assert Solution.objects.published().count() == 61
    assert Reuse.objects.filter(solution__slug__startswith="erfunden-").exists()
    entry = Solution.objects.get(slug="erfunden-7")
    assert entry.revisions.get().number == entry.revision == 1
    assert [event.kind for event in entry.events.order_by("pk")] == ["created", "published"]
    assert entry.pk in search(entry.name)

    assert "60 invented entries deleted." in run("--clear")
    assert list(Solution.objects.all()) == [own]
    assert not SolutionDocument.objects.exclude(solution=own).exists()
    assert not Organisation.objects.filter(slug__startswith="erfunden-").exists()


@pytest.mark.parametrize("arguments", [(), ("--size", "0"), ("--size", "2000000"), ("--size", "x")])
def test_what_makes_no_sense_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)


def test_not_in_production(settings) -> None:
    settings.OSK_ENV = "production"

    with pytest.raises(CommandError, match="rely on"):
        run("--size", "1")
    assert not Solution.objects.exists()


def test_what_somebody_worked_with_is_not_deleted() -> None:
    run("--size", "2")
    solution = Solution.objects.get(slug="erfunden-1")
    Proposal.objects.create(
        solution=solution, base_revision=1, changes={"name": "Anders"}, promised_on=clock.today()
    )

    with pytest.raises(CommandError, match="Nothing was deleted"):
        run("--clear")
    assert Solution.objects.count() == 2
