from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0003_mail_threads"),
    ]

    operations = [
        migrations.AddField(
            model_name="outgoingmail",
            name="answers",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
