import django.db.models.deletion
from django.db import migrations, models

import osk_portal.toolkit.clock

# Of entries that are there: the last revision; without one, when they came. Who was told is not told again.
REVISED = """
UPDATE catalog_solution SET revised_at = coalesce(
    (SELECT max(created_at) FROM catalog_solutionrevision WHERE solution_id = catalog_solution.id),
    created_at
), stale_told_at = (
    SELECT stale_told_at FROM catalog_source WHERE solution_id = catalog_solution.id
);
"""
# Back: the column of the source is there again by then, and that of the entry still.
TOLD = """
UPDATE catalog_source SET stale_told_at = (
    SELECT stale_told_at FROM catalog_solution WHERE id = catalog_source.solution_id
);
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0024_by_length")]

    operations = [
        migrations.AddField(
            model_name="solution",
            name="revised_at",
            field=models.DateTimeField(
                default=osk_portal.toolkit.clock.now, editable=False, verbose_name="last version"
            ),
        ),
        migrations.AddField(
            model_name="solution",
            name="stale_told_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunSQL(REVISED, TOLD),
        migrations.RemoveField(model_name="source", name="stale_told_at"),
        migrations.CreateModel(
            name="PromiseReminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "about",
                    models.CharField(
                        choices=[
                            ("statement", "Proposed statement"),
                            ("report", "Reported statement"),
                            ("claim", "Claim to an entry"),
                            ("correction", "Correction of an assessment"),
                        ],
                        max_length=20,
                    ),
                ),
                ("subject", models.UUIDField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("due_soon", "Due soon"), ("overdue", "Overdue")], max_length=20
                    ),
                ),
                ("promised_on", models.DateField()),
                ("at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
            ],
            options={
                "verbose_name": "reminder of a promise",
                "verbose_name_plural": "reminders of promises",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject", "kind", "promised_on"), name="promise_reminder_once"
                    )
                ],
            },
        ),
        migrations.RemoveConstraint(model_name="textgrant", name="text_grant_is_for_something"),
        migrations.AddField(
            model_name="textgrant",
            name="support",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="grants",
                to="catalog.support",
            ),
        ),
        migrations.AddConstraint(
            model_name="textgrant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("proposal__isnull", False),
                    ("intake__isnull", False),
                    ("report__isnull", False),
                    ("statement__isnull", False),
                    ("assessment__isnull", False),
                    ("support__isnull", False),
                    _connector="OR",
                ),
                name="text_grant_is_for_something",
            ),
        ),
    ]
