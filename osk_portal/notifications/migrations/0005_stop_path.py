from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_squashed_0004_mail_answers")]

    operations = [
        migrations.AddField(
            model_name="outgoingmail",
            name="stop_path",
            field=models.CharField(
                blank=True, max_length=300, verbose_name="page to end such mails"
            ),
        ),
    ]
