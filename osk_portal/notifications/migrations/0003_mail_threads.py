from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0002_mail_attachments"),
    ]

    operations = [
        migrations.AddField(
            model_name="outgoingmail",
            name="bounce_status",
            field=models.CharField(blank=True, max_length=20, verbose_name="came back with"),
        ),
        migrations.AddField(
            model_name="outgoingmail",
            name="bounced_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="came back at"),
        ),
        migrations.AddField(
            model_name="outgoingmail",
            name="reply_to",
            field=models.EmailField(blank=True, max_length=254, verbose_name="replies to"),
        ),
        migrations.AddField(
            model_name="outgoingmail",
            name="thread_key",
            field=models.CharField(blank=True, max_length=80, verbose_name="thread"),
        ),
    ]
