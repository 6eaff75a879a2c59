import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import osk_portal.toolkit.clock

FILL_AUDIENCES = """
UPDATE catalog_solution
SET audiences = ARRAY(
    SELECT DISTINCT scope
    FROM jsonb_array_elements_text(document #> '{intendedAudience,scope}') AS scope
    WHERE length(scope) <= 60
)
WHERE jsonb_typeof(document #> '{intendedAudience,scope}') = 'array'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_fetching"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Follow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="since"
                    ),
                ),
            ],
            options={
                "verbose_name": "followed entry",
                "verbose_name_plural": "followed entries",
                "ordering": ["-created_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="SynonymGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.SlugField(
                        blank=True,
                        editable=False,
                        null=True,
                        unique=True,
                        verbose_name="shipped as",
                    ),
                ),
                (
                    "terms",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), size=None, verbose_name="words"
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="used by the search")),
                (
                    "updated_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now,
                        editable=False,
                        verbose_name="changed at",
                    ),
                ),
            ],
            options={
                "verbose_name": "group of synonyms",
                "verbose_name_plural": "synonyms",
                "ordering": ["terms", "pk"],
            },
        ),
        migrations.CreateModel(
            name="SynonymGroupEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=50)),
                ("from_state", models.CharField(blank=True, max_length=30)),
                ("to_state", models.CharField(blank=True, max_length=30)),
                ("at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("data", models.JSONField(blank=True, default=dict)),
                ("request_id", models.CharField(blank=True, max_length=40)),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="solution",
            name="audiences",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=60),
                blank=True,
                default=list,
                size=None,
                verbose_name="made for",
            ),
        ),
        migrations.AddIndex(
            model_name="solution",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["audiences"], name="solution_audiences"
            ),
        ),
        migrations.AddField(
            model_name="follow",
            name="solution",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="follows",
                to="catalog.solution",
            ),
        ),
        migrations.AddField(
            model_name="follow",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="follows",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="synonymgroupevent",
            name="actor",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="synonymgroupevent",
            name="group",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="events",
                to="catalog.synonymgroup",
            ),
        ),
        migrations.AddConstraint(
            model_name="follow",
            constraint=models.UniqueConstraint(fields=("solution", "user"), name="follow_unique"),
        ),
        migrations.RunSQL(FILL_AUDIENCES, migrations.RunSQL.noop),
    ]
