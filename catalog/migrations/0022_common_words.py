import django.db.models.deletion
from django.db import migrations, models

# Which transaction wrote a row last; what a list of common words does not know yet is found by it.
KEEP_CHANGES = """
ALTER TABLE catalog_searchentry ADD COLUMN changed_by xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX search_entry_changed_by ON catalog_searchentry (changed_by);
CREATE FUNCTION catalog_keep_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_by := pg_current_xact_id();
    RETURN NEW;
END $$;
CREATE TRIGGER catalog_keep_change BEFORE UPDATE ON catalog_searchentry
FOR EACH ROW EXECUTE FUNCTION catalog_keep_change();
CREATE FUNCTION catalog_forget_common_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM gone) THEN
        -- A list that is being made now would know what is deleted here (catalog.common_words).
        PERFORM pg_advisory_xact_lock(7203441);
        DELETE FROM catalog_commonword;
        DELETE FROM catalog_commonwordlist;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER catalog_forget_common_words AFTER DELETE ON catalog_searchentry
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION catalog_forget_common_words();
"""
FORGET_CHANGES = """
DROP TRIGGER catalog_forget_common_words ON catalog_searchentry;
DROP FUNCTION catalog_forget_common_words();
DROP TRIGGER catalog_keep_change ON catalog_searchentry;
DROP FUNCTION catalog_keep_change();
ALTER TABLE catalog_searchentry DROP COLUMN changed_by;
"""
# Bitmaps are compressed already.
AS_IT_IS = "ALTER TABLE catalog_commonword ALTER COLUMN entries SET STORAGE EXTERNAL;"
# As catalog_candidates: reading one table after the other looks cheaper than it is.
FUNCTIONS = """
CREATE FUNCTION catalog_holding(wanted tsquery) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
BEGIN
    RETURN ARRAY(SELECT solution_id FROM catalog_searchentry WHERE is_published AND words @@ wanted);
END $$;
CREATE FUNCTION catalog_names(beginning text, within text, most int) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
DECLARE
    names bigint[] := '{}';
BEGIN
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
    RETURN names;
END $$;
CREATE FUNCTION catalog_shortest(keys bigint[], most int) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
BEGIN
    RETURN ARRAY(
        SELECT solution_id FROM catalog_searchentry WHERE solution_id = ANY(keys)
        ORDER BY length, solution_id LIMIT most
    );
END $$;
-- Rows, since an array of long values takes longer to read. None at all where the list is gone, or more has changed
-- since than is worth looking at.
CREATE FUNCTION catalog_common_sets(
    list bigint, lexemes text[], wanted tsquery[], whole tsquery[], most_changed int
) RETURNS TABLE (kind text, place bigint, entries bytea)
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    seen pg_snapshot;
    since bigint[];
BEGIN
    SELECT snapshot::pg_snapshot INTO seen FROM catalog_commonwordlist WHERE id = list;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    since := ARRAY(
        SELECT solution_id FROM catalog_searchentry
        WHERE changed_by >= pg_snapshot_xmin(seen) AND NOT pg_visible_in_snapshot(changed_by, seen)
        LIMIT most_changed + 1
    );
    IF cardinality(since) > most_changed THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT 'changed', 0::bigint, array_send(since);
    RETURN QUERY
        SELECT 'common', asked.place, word.entries
        FROM unnest(lexemes) WITH ORDINALITY AS asked (lexeme, place)
        JOIN catalog_commonword AS word USING (lexeme) WHERE word.list_id = list;
    RETURN QUERY
        SELECT 'rare', asked.place, array_send(catalog_holding(asked.query))
        FROM unnest(wanted) WITH ORDINALITY AS asked (query, place);
    IF since <> '{}' THEN
        RETURN QUERY
            SELECT 'fitting', asked.place, array_send(ARRAY(
                SELECT solution_id FROM (
                    SELECT solution_id, words FROM catalog_searchentry
                    WHERE solution_id = ANY(since) AND is_published OFFSET 0
                ) AS one_by_one WHERE words @@ asked.query
            )) FROM unnest(whole) WITH ORDINALITY AS asked (query, place);
    END IF;
END $$;
"""
FORGET_FUNCTIONS = """
DROP FUNCTION catalog_common_sets(bigint, text[], tsquery[], tsquery[], int);
DROP FUNCTION catalog_shortest(bigint[], int);
DROP FUNCTION catalog_names(text, text, int);
DROP FUNCTION catalog_holding(tsquery);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0021_growth"),
    ]

    operations = [
        migrations.CreateModel(
            name="CommonWordList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("snapshot", models.TextField()),
                ("cluster", models.BigIntegerField()),
                ("entries", models.PositiveIntegerField()),
                ("made_at", models.DateTimeField()),
                ("seconds", models.FloatField(default=0)),
            ],
            options={
                "verbose_name": "list of common words",
                "verbose_name_plural": "lists of common words",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="CommonWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lexeme", models.TextField()),
                ("entries", models.BinaryField()),
                (
                    "list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="words",
                        to="catalog.commonwordlist",
                    ),
                ),
            ],
            options={
                "verbose_name": "common word",
                "verbose_name_plural": "common words",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("list", "lexeme"), name="common_word_unique")
                ],
            },
        ),
        migrations.RunSQL(AS_IT_IS, migrations.RunSQL.noop),
        migrations.RunSQL(KEEP_CHANGES, FORGET_CHANGES),
        migrations.RunSQL(FUNCTIONS, FORGET_FUNCTIONS),
    ]
