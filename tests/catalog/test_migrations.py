"""What a migration keeps of the rows that are there, on the way back too."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from catalog.models import Solution, Source
from osk_portal.toolkit import clock
from tests.catalog.factories import SolutionFactory

BEFORE = ("catalog", "0024_by_length")


def test_who_was_told_that_an_entry_is_old_is_told_once_whichever_way_it_goes(db):
    told_at = clock.now()
    solution = SolutionFactory(stale_told_at=told_at)
    source = Source.objects.create(solution=solution, repository="https://example.org/a")
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

        MigrationExecutor(connection).migrate([BEFORE])

        cursor.execute("SELECT stale_told_at FROM catalog_source WHERE id = %s", [source.pk])
        assert cursor.fetchone() == (told_at,)
        MigrationExecutor(connection).migrate(newest)
    assert Solution.objects.get(pk=solution.pk).stale_told_at == told_at
