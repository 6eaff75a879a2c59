from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sandbox", "0012_rights"),
    ]

    operations = [
        migrations.AddField(
            model_name="environment",
            name="other_addresses",
            field=models.JSONField(blank=True, default=dict, verbose_name="further addresses"),
        ),
    ]
