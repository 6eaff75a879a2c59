from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0022_common_words")]

    operations = [
        migrations.RemoveConstraint(
            model_name="statement",
            name="statement_proposed_has_promise",
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("organisation", None), ("state", "proposed")),
                fields=("solution", "topic"),
                name="statement_one_proposed_by_file",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "proposed"), _negated=True),
                    models.Q(
                        ("author__isnull", False),
                        ("organisation__isnull", False),
                        ("promised_on__isnull", False),
                    ),
                    models.Q(("origin", "file"), ("promised_on__isnull", False)),
                    _connector="OR",
                ),
                name="statement_proposed_has_promise",
            ),
        ),
    ]
