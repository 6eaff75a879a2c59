import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import osk_portal.toolkit.clock
import sandbox.models.report_files
import sandbox.models.snapshots


class Migration(migrations.Migration):
    dependencies = [
        ("sandbox", "0015_sheets"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "asked_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="asked for at"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "being saved"),
                            ("quarantined", "being checked"),
                            ("clean", "saved"),
                            ("infected", "malware found, removed"),
                            ("failed", "not saved"),
                            ("deleted", "deleted"),
                        ],
                        default="asked",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                (
                    "error",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("engine", "The machine for test environments does not answer."),
                            ("unreadable", "The files could not be read."),
                            ("empty", "There was nothing to save."),
                            ("ended", "The environment had ended or was not running."),
                            ("halted", "The OSK has halted the environment."),
                        ],
                        max_length=20,
                        verbose_name="why not",
                    ),
                ),
                (
                    "content",
                    models.FileField(
                        blank=True,
                        storage=sandbox.models.report_files.private_storage,
                        upload_to=sandbox.models.snapshots.random_name,
                        verbose_name="content",
                    ),
                ),
                ("key", models.TextField(blank=True, editable=False)),
                ("size", models.PositiveBigIntegerField(default=0, verbose_name="size in bytes")),
                ("files", models.PositiveIntegerField(default=0, verbose_name="files")),
                ("left_out", models.PositiveIntegerField(default=0, verbose_name="files left out")),
                ("taken_at", models.DateTimeField(blank=True, null=True, verbose_name="taken at")),
                (
                    "deleted_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="deleted at"),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("leased_until", models.DateTimeField(null=True)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("scanned_at", models.DateTimeField(null=True)),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=300, verbose_name="last error"),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked for by",
                    ),
                ),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="snapshots",
                        to="sandbox.environment",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved configuration",
                "verbose_name_plural": "saved configurations",
                "ordering": ["-asked_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "asked")),
                        fields=("environment",),
                        name="snapshot_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state__in", ["quarantined", "clean"]),
                                ("taken_at__isnull", False),
                                models.Q(("content", ""), _negated=True),
                                models.Q(("key", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state__in", ["quarantined", "clean"]), _negated=True),
                                ("content", ""),
                                ("key", ""),
                            ),
                            _connector="OR",
                        ),
                        name="snapshot_kept_has_content",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("deleted_at__isnull", False),
                            models.Q(("state", "deleted"), _negated=True),
                            _connector="OR",
                        ),
                        name="snapshot_deleted_has_time",
                    ),
                ],
            },
        ),
    ]
