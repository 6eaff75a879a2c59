from importlib import import_module

from django.db import migrations

FORGET = "DROP FUNCTION catalog_candidates(tsquery, tsquery, tsquery, tsquery, text, text, int);"
# What fits a common word is gone through once: what says it in front is looked for only where few names hold it, and
# of thousands that do the first are looked at.
# All that fits is sent as it lies in memory (array_send); see catalog.candidates.
CANDIDATES = """
CREATE FUNCTION catalog_candidates(
    wanted tsquery, wide tsquery, telling tsquery, named tsquery, beginning text, within text, most int,
    OUT best bigint[], OUT fitting bytea, OUT possible bigint[]
) LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
DECLARE
    names bigint[] := '{}';
    hits bigint[];
    missing int;
BEGIN
    hits := ARRAY(SELECT solution_id FROM catalog_searchentry WHERE is_published AND words @@ wanted);
    IF beginning <> '' THEN
        names := ARRAY(
            SELECT solution_id FROM catalog_solutiondocument
            JOIN catalog_searchentry entry USING (solution_id)
            WHERE is_published AND left(folded_names, 200) ~>=~ beginning
            AND left(folded_names, 200) ~<~ (beginning || U&'\\+10FFFF')
            ORDER BY left(folded_names, 200) USING ~<~ LIMIT most / 4
        );
    END IF;
    IF within <> '' THEN
        names := names || ARRAY(
            SELECT solution_id FROM catalog_solutiondocument
            JOIN catalog_searchentry entry USING (solution_id)
            WHERE is_published AND folded_names LIKE within LIMIT most / 4
        );
    END IF;
    IF cardinality(hits) <= most THEN
        best := names || hits;
    ELSE
        best := names || ARRAY(
            SELECT solution_id FROM catalog_searchentry WHERE is_published AND words @@ named
            ORDER BY length, solution_id LIMIT most
        );
        missing := most - (SELECT count(DISTINCT key) FROM unnest(best) AS key);
        IF missing > most / 2 THEN
            best := best || ARRAY(
                SELECT solution_id FROM (
                    SELECT solution_id, length FROM catalog_searchentry
                    WHERE is_published AND words @@ telling LIMIT most * 4
                ) AS front ORDER BY length, solution_id LIMIT missing
            );
            missing := most - (SELECT count(DISTINCT key) FROM unnest(best) AS key);
        END IF;
        best := best || hits[1:missing];
    END IF;
    IF wide IS NOT NULL THEN
        possible := ARRAY(
            SELECT solution_id FROM catalog_searchentry
            WHERE is_published AND words @@ CASE WHEN wanted IS NULL THEN wide ELSE wide && !!wanted END
            LIMIT most
        );
    END IF;
    fitting := array_send(hits);
END $$;
"""
BEFORE: str = import_module("catalog.migrations.0020_scale").CANDIDATES


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0020_scale"),
    ]

    operations = [
        migrations.RunSQL(FORGET + CANDIDATES, FORGET + BEFORE),
    ]
