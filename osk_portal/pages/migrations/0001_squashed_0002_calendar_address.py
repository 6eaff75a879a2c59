import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import osk_portal.toolkit.clock


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("pages", "0001_initial"),
        ("pages", "0002_calendar_address"),
    ]

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarAddress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("token_sealed", models.TextField()),
                ("made_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calendar_address",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "calendar address",
                "verbose_name_plural": "calendar addresses",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="LegalPage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=60, verbose_name="address")),
                (
                    "language",
                    models.CharField(
                        choices=[("de", "German"), ("en", "English")],
                        max_length=5,
                        verbose_name="language",
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                (
                    "body",
                    models.TextField(
                        help_text="Markdown. Headings begin with #, links are [text](address).",
                        verbose_name="text",
                    ),
                ),
                (
                    "reviewed_on",
                    models.DateField(
                        help_text="The day on which you last checked the text.",
                        verbose_name="version of",
                    ),
                ),
            ],
            options={
                "verbose_name": "legal page",
                "verbose_name_plural": "legal pages",
                "ordering": ["slug", "language"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("slug", "language"), name="legal_page_once_a_language"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BarrierReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("page", models.CharField(blank=True, max_length=500, verbose_name="page")),
                (
                    "description",
                    models.TextField(max_length=5000, verbose_name="what does not work"),
                ),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                (
                    "email",
                    models.EmailField(blank=True, max_length=254, verbose_name="e-mail address"),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("de", "German"), ("en", "English")],
                        default="de",
                        editable=False,
                        max_length=5,
                        verbose_name="language",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now,
                        editable=False,
                        verbose_name="received at",
                    ),
                ),
                ("answer_by", models.DateField(editable=False, verbose_name="answer by")),
                ("answer", models.TextField(blank=True, max_length=5000, verbose_name="answer")),
                (
                    "answered_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="answered at"
                    ),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="answered by",
                    ),
                ),
            ],
            options={
                "verbose_name": "barrier report",
                "verbose_name_plural": "barrier reports",
                "ordering": ["answered_at", "answer_by", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("answer", ""),
                                ("answered_at__isnull", True),
                                ("answered_by__isnull", True),
                            ),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="barrier_report_answered_whole",
                        violation_error_message="An answered report needs the answer.",
                    )
                ],
            },
        ),
    ]
