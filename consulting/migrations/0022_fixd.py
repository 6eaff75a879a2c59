from django.db import migrations, models

SHIPPED = (
    "Nachvollziehbarkeit der Beratung, danach Speicherbegrenzung (Art. 5 Abs. 1 Buchst. e DSGVO)"
)


def until_contract_end(apps, schema_editor):
    """The shipped rule for procurement, where nobody has written another one."""
    rules = apps.get_model("consulting", "RetentionRule").objects
    rules.filter(record_type="procurement", years=3, legal_reason=SHIPPED).update(years=0)


def three_years(apps, schema_editor):
    rules = apps.get_model("consulting", "RetentionRule").objects
    rules.filter(record_type="procurement", years=0).update(years=3)


class Migration(migrations.Migration):
    dependencies = [
        ("consulting", "0021_fixb"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="retentionrule",
            name="retention_years",
        ),
        migrations.AddField(
            model_name="caseresult",
            name="offers",
            field=models.JSONField(editable=False, null=True, verbose_name="support offers"),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("years__range", (1, 30)),
                    models.Q(("record_type", "procurement"), ("years", 0)),
                    _connector="OR",
                ),
                name="retention_years",
                violation_error_message="Enter 1 to 30 years; for procurement also 0: until the end of the contract.",
            ),
        ),
        migrations.RunPython(until_contract_end, three_years),
    ]
