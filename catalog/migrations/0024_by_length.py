from django.db import migrations, models

# A list that was made without is of no use; the next run of the job makes one.
FORGET_LISTS = "DELETE FROM catalog_commonword; DELETE FROM catalog_commonwordlist;"
# The list says itself what is short.
FORGET_SHORTEST = "DROP FUNCTION catalog_shortest(bigint[], int);"
SHORTEST = """
CREATE FUNCTION catalog_shortest(keys bigint[], most int) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
BEGIN
    RETURN ARRAY(
        SELECT solution_id FROM catalog_searchentry WHERE solution_id = ANY(keys)
        ORDER BY length, solution_id LIMIT most
    );
END $$;
"""
AS_IT_IS = "ALTER TABLE catalog_commonwordlist ALTER COLUMN by_length SET STORAGE EXTERNAL;"


class Migration(migrations.Migration):
    dependencies = [("catalog", "0023_statements_of_files")]

    operations = [
        migrations.AddField(
            model_name="commonwordlist",
            name="by_length",
            field=models.BinaryField(default=b""),
            preserve_default=False,
        ),
        migrations.RunSQL(AS_IT_IS, migrations.RunSQL.noop),
        migrations.RunSQL(FORGET_SHORTEST, SHORTEST),
        # At last: a table whose rows go cannot be changed any more in the same transaction. The lock of the change
        # before keeps out whoever makes a list meanwhile.
        migrations.RunSQL(FORGET_LISTS, migrations.RunSQL.noop),
    ]
