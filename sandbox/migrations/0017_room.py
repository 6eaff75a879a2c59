from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sandbox", "0016_snapshots"),
    ]

    operations = [
        migrations.AddField(
            model_name="enginehealth",
            name="short_since",
            field=models.DateTimeField(blank=True, null=True, verbose_name="lacks it since"),
        ),
        migrations.AddField(
            model_name="enginehealth",
            name="shortage",
            field=models.CharField(blank=True, max_length=200, verbose_name="lacks"),
        ),
        migrations.AlterField(
            model_name="measure",
            name="kind",
            field=models.CharField(
                choices=[
                    ("retry", "Tried again"),
                    ("end", "Ended"),
                    ("forget", "Forgotten"),
                    ("quarantine", "Put into quarantine"),
                    ("release", "Quarantine lifted"),
                    ("confirm", "State after a restore confirmed"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
    ]
