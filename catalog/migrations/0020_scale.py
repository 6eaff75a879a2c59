import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

# The row holds what is read of each hit; its words are only asked for by their index, so they lie elsewhere.
NARROW = """
ALTER TABLE catalog_searchentry ALTER COLUMN words SET STORAGE EXTERNAL;
ALTER TABLE catalog_searchentry ALTER COLUMN words SET STATISTICS 0;
ALTER TABLE catalog_searchentry SET (toast_tuple_target = 128);
"""
KEEP_ENTRIES = """
CREATE FUNCTION catalog_search_words(german tsvector, english tsvector, simple tsvector)
RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT array_to_tsvector(coalesce(array_agg(mark || left(lexeme, 250)), '{}'))
    FROM (
        SELECT lexeme, unnest(CASE WHEN weights && '{A,B}' THEN '{d,D}'::text[] ELSE '{d}' END)
        FROM unnest(german)
        UNION ALL
        SELECT lexeme, unnest(CASE WHEN weights && '{A,B}' THEN '{e,E}'::text[] ELSE '{e}' END)
        FROM unnest(english)
        UNION ALL
        SELECT lexeme, unnest(CASE WHEN weights && '{A}' THEN '{s,S}'::text[] ELSE '{s}' END)
        FROM unnest(simple)
    ) AS found (lexeme, mark)
$$;
CREATE FUNCTION catalog_keep_search_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_searchentry (solution_id, is_published, length, words)
    SELECT NEW.solution_id, state = 'published', length(NEW.german),
        catalog_search_words(NEW.german, NEW.english, NEW.simple)
    FROM catalog_solution WHERE id = NEW.solution_id
    ON CONFLICT (solution_id) DO UPDATE
    SET is_published = EXCLUDED.is_published, length = EXCLUDED.length, words = EXCLUDED.words;
    RETURN NULL;
END $$;
CREATE TRIGGER catalog_keep_search_entry AFTER INSERT OR UPDATE ON catalog_solutiondocument
FOR EACH ROW EXECUTE FUNCTION catalog_keep_search_entry();
CREATE FUNCTION catalog_keep_search_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE catalog_searchentry SET is_published = (NEW.state = 'published')
    WHERE solution_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER catalog_keep_search_state AFTER UPDATE OF state ON catalog_solution
FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
EXECUTE FUNCTION catalog_keep_search_state();
INSERT INTO catalog_searchentry (solution_id, is_published, length, words)
SELECT solution_id, state = 'published', length(german), catalog_search_words(german, english, simple)
FROM catalog_solutiondocument JOIN catalog_solution ON id = solution_id;
"""
FORGET_ENTRIES = """
DROP TRIGGER catalog_keep_search_state ON catalog_solution;
DROP FUNCTION catalog_keep_search_state();
DROP TRIGGER catalog_keep_search_entry ON catalog_solutiondocument;
DROP FUNCTION catalog_keep_search_entry();
DROP FUNCTION catalog_search_words(tsvector, tsvector, tsvector);
"""
# Reading one table after the other would be cheaper in PostgreSQL's books, which do not know that each row must be
# unpacked for it.
CANDIDATES = """
CREATE FUNCTION catalog_candidates(
    wanted tsquery, wide tsquery, telling tsquery, named tsquery, beginning text, within text, most int,
    OUT best bigint[], OUT fitting text, OUT possible bigint[]
) LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
DECLARE
    names bigint[] := '{}';
    hits bigint[];
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
            ORDER BY length, solution_id LIMIT most / 4
        ) || ARRAY(
            SELECT solution_id FROM catalog_searchentry WHERE is_published AND words @@ telling
            ORDER BY length, solution_id LIMIT most
        );
        best := best || hits[1:most - cardinality(best)];
    END IF;
    IF wide IS NOT NULL THEN
        possible := ARRAY(
            SELECT solution_id FROM catalog_searchentry
            WHERE is_published AND words @@ CASE WHEN wanted IS NULL THEN wide ELSE wide && !!wanted END
            LIMIT most
        );
    END IF;
    fitting := array_to_string(hits, ',');
END $$;
"""
FORGET_CANDIDATES = """
DROP FUNCTION catalog_candidates(tsquery, tsquery, tsquery, tsquery, text, text, int);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0019_following"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "solution",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_entry",
                        serialize=False,
                        to="catalog.solution",
                    ),
                ),
                ("is_published", models.BooleanField()),
                ("length", models.IntegerField()),
                ("words", django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                "verbose_name": "search entry",
                "verbose_name_plural": "search entries",
                "ordering": ["pk"],
            },
        ),
        migrations.AddIndex(
            model_name="solutiondocument",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Left("folded_names", 200), "text_pattern_ops"
                ),
                name="solution_document_begins",
            ),
        ),
        migrations.AddIndex(
            model_name="solution",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["alternatives"], name="solution_alternatives"
            ),
        ),
        migrations.RunSQL(NARROW, migrations.RunSQL.noop),
        migrations.RunSQL(KEEP_ENTRIES, FORGET_ENTRIES),
        migrations.AddIndex(
            model_name="searchentry",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("is_published", True)),
                fields=["words"],
                name="search_entry_words",
            ),
        ),
        migrations.RunSQL(CANDIDATES, FORGET_CANDIDATES),
    ]
