import django.contrib.postgres.indexes
from django.db import migrations, models

# Words come into the list by a trigger, so that whatever writes documents cannot forget it. What stands there is not
# written again, and nothing forbids a word to stand there twice: else two who write the same new word would wait
# for one another.
KEEP_WORDS = """
CREATE FUNCTION catalog_keep_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_searchword (word)
    SELECT found.lexeme FROM unnest(NEW.simple) AS found
    WHERE NOT EXISTS (SELECT 1 FROM catalog_searchword known WHERE known.word = found.lexeme);
    RETURN NULL;
END $$;
CREATE TRIGGER catalog_keep_words AFTER INSERT OR UPDATE ON catalog_solutiondocument
FOR EACH ROW EXECUTE FUNCTION catalog_keep_words();
INSERT INTO catalog_searchword (word)
SELECT DISTINCT found.lexeme FROM catalog_solutiondocument, unnest(simple) AS found;
"""
FORGET_WORDS = """
DROP TRIGGER catalog_keep_words ON catalog_solutiondocument;
DROP FUNCTION catalog_keep_words();
"""
# PostgreSQL would compare what is searched for with a hundred long texts to guess how many fit: that takes longer
# than the search.
LONG_TEXTS = ("folded", "folded_names", "long", "short")
NO_STATISTICS = ";".join(
    f"ALTER TABLE catalog_solutiondocument ALTER COLUMN {name} SET STATISTICS 0"
    for name in LONG_TEXTS
)
STATISTICS = ";".join(
    f"ALTER TABLE catalog_solutiondocument ALTER COLUMN {name} SET STATISTICS -1"
    for name in LONG_TEXTS
)


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0013_einschaetzung"),
        ("network", "0003_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("word", models.TextField()),
            ],
            options={
                "verbose_name": "search word",
                "verbose_name_plural": "search words",
                "ordering": ["pk"],
            },
        ),
        migrations.AddIndex(
            model_name="solution",
            index=models.Index(
                condition=models.Q(("state", "published")), fields=["id"], name="solution_published"
            ),
        ),
        migrations.AddIndex(
            model_name="searchword",
            index=models.Index(fields=["word"], name="search_word_word"),
        ),
        migrations.AddIndex(
            model_name="searchword",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass("word", "gin_trgm_ops"),
                name="search_word_trigrams",
            ),
        ),
        migrations.RunSQL(KEEP_WORDS, FORGET_WORDS),
        migrations.RunSQL(NO_STATISTICS, STATISTICS),
    ]
