import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import osk_portal.toolkit.clock


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("notifications", "0001_initial"),
        ("notifications", "0002_mail_attachments"),
        ("notifications", "0003_mail_threads"),
        ("notifications", "0004_mail_answers"),
    ]

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "heartbeat",
                "verbose_name_plural": "heartbeats",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="PeriodicRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
                ("last_on", models.DateField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "daily run",
                "verbose_name_plural": "daily runs",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("kind", models.CharField(max_length=80, verbose_name="kind")),
                ("subject", models.CharField(max_length=200, verbose_name="subject")),
                ("text", models.TextField(blank=True, verbose_name="text")),
                (
                    "url",
                    models.CharField(blank=True, max_length=300, verbose_name="path of the page"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="created at"
                    ),
                ),
                ("read_at", models.DateTimeField(blank=True, null=True, verbose_name="read at")),
                ("dedupe_key", models.CharField(max_length=250, unique=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "notification",
                "verbose_name_plural": "notifications",
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(
                        models.F("user"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        name="notification_of_user",
                    ),
                    models.Index(
                        condition=models.Q(("read_at", None)),
                        fields=["user"],
                        name="notification_unread_of_user",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutgoingMail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("address", models.EmailField(max_length=254, verbose_name="to")),
                ("language", models.CharField(default="de", max_length=5, verbose_name="language")),
                ("kind", models.CharField(max_length=80, verbose_name="kind")),
                (
                    "subject_key",
                    models.CharField(blank=True, max_length=80, verbose_name="is about"),
                ),
                ("subject", models.CharField(max_length=200, verbose_name="subject")),
                ("body", models.TextField(blank=True, verbose_name="text")),
                ("attachments", models.JSONField(blank=True, default=list)),
                ("thread_key", models.CharField(blank=True, max_length=80, verbose_name="thread")),
                ("answers", models.JSONField(blank=True, default=list)),
                (
                    "reply_to",
                    models.EmailField(blank=True, max_length=254, verbose_name="replies to"),
                ),
                ("is_secret", models.BooleanField(default=False, verbose_name="secret")),
                (
                    "expires_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="expires at"),
                ),
                (
                    "dedupe_key",
                    models.CharField(blank=True, max_length=250, null=True, unique=True),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("leased", "Being sent"),
                            ("sent", "Sent"),
                            ("dead", "Not deliverable"),
                            ("expired", "Expired"),
                            ("withheld", "Withheld"),
                        ],
                        default="pending",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("next_attempt_at", models.DateTimeField(verbose_name="next attempt at")),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("lease_token", models.UUIDField(blank=True, null=True)),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=300, verbose_name="last error"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="created at"
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                (
                    "bounced_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="came back at"),
                ),
                (
                    "bounce_status",
                    models.CharField(blank=True, max_length=20, verbose_name="came back with"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "outgoing mail",
                "verbose_name_plural": "outgoing mails",
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["pending", "leased"])),
                        fields=["next_attempt_at", "id"],
                        name="outgoing_mail_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("lease_token__isnull", False),
                                ("lease_until__isnull", False),
                                ("state", "leased"),
                            ),
                            models.Q(
                                models.Q(("state", "leased"), _negated=True),
                                ("lease_token__isnull", True),
                                ("lease_until__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="outgoing_mail_leased_has_lease",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sent_at__isnull", False), ("state", "sent")),
                            models.Q(
                                models.Q(("state", "sent"), _negated=True),
                                ("sent_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="outgoing_mail_sent_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_secret", False),
                            ("state__in", ["pending", "leased"]),
                            ("body", ""),
                            _connector="OR",
                        ),
                        name="outgoing_mail_secret_is_wiped",
                    ),
                ],
            },
        ),
    ]
