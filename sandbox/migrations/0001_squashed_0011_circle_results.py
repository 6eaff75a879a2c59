import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.operations
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import osk_portal.toolkit.clock
import sandbox.models.report_files


class Migration(migrations.Migration):
    replaces = [
        ("sandbox", "0001_initial"),
        ("sandbox", "0002_engines"),
        ("sandbox", "0003_booking"),
        ("sandbox", "0004_reminders"),
        ("sandbox", "0005_people"),
        ("sandbox", "0006_circle"),
        ("sandbox", "0007_kube"),
        ("sandbox", "0008_ops"),
        ("sandbox", "0009_wishes"),
        ("sandbox", "0010_access"),
        ("sandbox", "0011_circle_results"),
    ]

    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("catalog", "0020_scale"),
        ("network", "0001_squashed_0003_people"),
    ]

    operations = [
        django.contrib.postgres.operations.BtreeGistExtension(),
        migrations.CreateModel(
            name="EngineHealth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("backend", models.CharField(max_length=30, unique=True, verbose_name="engine")),
                ("is_ok", models.BooleanField(verbose_name="works")),
                ("detail", models.CharField(blank=True, max_length=500, verbose_name="in detail")),
                ("checked_at", models.DateTimeField(verbose_name="measured at")),
                ("since", models.DateTimeField(verbose_name="since")),
            ],
            options={
                "verbose_name": "engine",
                "verbose_name_plural": "engines",
                "ordering": ["backend"],
            },
        ),
        migrations.CreateModel(
            name="Pool",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=60, unique=True, verbose_name="key")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "lead_minutes",
                    models.PositiveSmallIntegerField(
                        default=10,
                        help_text="The set-up begins this much earlier, so that all is ready at the start.",
                        validators=[django.core.validators.MaxValueValidator(10080)],
                        verbose_name="minutes before the start",
                    ),
                ),
                (
                    "buffer_minutes",
                    models.PositiveSmallIntegerField(
                        default=30,
                        help_text="The place stays reserved for the removal.",
                        validators=[django.core.validators.MaxValueValidator(10080)],
                        verbose_name="minutes after the end",
                    ),
                ),
            ],
            options={
                "verbose_name": "capacity",
                "verbose_name_plural": "capacities",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Blackout",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "during",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(verbose_name="period"),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="Reason")),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                (
                    "lifted_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="lifted at"),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lifted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="blackouts",
                        to="sandbox.pool",
                        verbose_name="capacity",
                    ),
                ),
            ],
            options={
                "verbose_name": "planned maintenance",
                "verbose_name_plural": "planned maintenance",
                "ordering": ["-created_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("during__isempty", False),
                            ("during__lower_inc", True),
                            ("during__lower_inf", False),
                            ("during__upper_inc", False),
                            ("during__upper_inf", False),
                        ),
                        name="blackout_half_open",
                        violation_error_message="Begin and end are both needed.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="blackout_has_reason",
                        violation_error_message="Enter the reason.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Blueprint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=60, unique=True, verbose_name="address")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("summary", models.CharField(max_length=200, verbose_name="in one sentence")),
                (
                    "description",
                    models.TextField(blank=True, help_text="Markdown", verbose_name="description"),
                ),
                (
                    "first_steps",
                    models.TextField(
                        blank=True,
                        help_text="One step a line, shown at the hand-over.",
                        verbose_name="first steps",
                    ),
                ),
                (
                    "longest_days",
                    models.PositiveSmallIntegerField(
                        default=14,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(90),
                        ],
                        verbose_name="longest duration in days",
                    ),
                ),
                ("is_bookable", models.BooleanField(default=False, verbose_name="can be booked")),
                (
                    "needs_approval",
                    models.BooleanField(
                        default=False,
                        help_text="The OSK approves each booking. Until then its place is held.",
                        verbose_name="with approval",
                    ),
                ),
                (
                    "expires_on",
                    models.DateField(
                        blank=True, editable=False, null=True, verbose_name="last day"
                    ),
                ),
                (
                    "accessibility_status",
                    models.CharField(
                        choices=[
                            ("unknown", "not known"),
                            ("full", "fully conformant"),
                            ("partly", "partly conformant"),
                            ("not", "not conformant"),
                        ],
                        default="unknown",
                        help_text="Measured by BITV 2.0 or WCAG, as the statement of the product says.",
                        max_length=10,
                        verbose_name="accessibility of the product",
                    ),
                ),
                (
                    "accessibility_text",
                    models.TextField(
                        blank=True, max_length=2000, verbose_name="what is known of it"
                    ),
                ),
                (
                    "accessibility_url",
                    models.URLField(
                        blank=True, max_length=300, verbose_name="address of its statement"
                    ),
                ),
                (
                    "accessibility_on",
                    models.DateField(blank=True, null=True, verbose_name="date of that statement"),
                ),
                (
                    "scanned_on",
                    models.DateField(
                        blank=True, editable=False, null=True, verbose_name="scanned on"
                    ),
                ),
                (
                    "scan_result",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("clean", "no known holes"),
                            ("some", "known holes, none of them critical"),
                            ("critical", "a critical hole is known"),
                        ],
                        editable=False,
                        max_length=10,
                        verbose_name="result of the scan",
                    ),
                ),
                (
                    "scan_note",
                    models.TextField(
                        blank=True, editable=False, max_length=2000, verbose_name="note on the scan"
                    ),
                ),
                (
                    "blocked_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="blocked since"
                    ),
                ),
                (
                    "block_cause",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("staff", "by a decision"),
                            ("critical", "because of a critical hole"),
                            ("outdated", "because the last scan is too old"),
                        ],
                        editable=False,
                        max_length=10,
                    ),
                ),
                (
                    "block_reason",
                    models.TextField(
                        blank=True,
                        editable=False,
                        max_length=2000,
                        verbose_name="reason of the block",
                    ),
                ),
                (
                    "blocked_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="blueprints",
                        to="network.organisation",
                        verbose_name="only for",
                    ),
                ),
                (
                    "solution",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="blueprints",
                        to="catalog.solution",
                        verbose_name="solution",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="blueprints",
                        to="sandbox.pool",
                        verbose_name="capacity",
                    ),
                ),
            ],
            options={
                "verbose_name": "test product",
                "verbose_name_plural": "test products",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("longest_days__gte", 1), ("longest_days__lte", 90)),
                        name="blueprint_duration_in_bounds",
                        violation_error_message="Choose 1 to 90 days.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("expires_on", None), ("organisation", None)),
                            models.Q(
                                ("expires_on__isnull", False),
                                ("organisation__isnull", False),
                                ("solution", None),
                            ),
                            _connector="OR",
                        ),
                        name="blueprint_prototype_stays_inside",
                        violation_error_message="A prototype belongs to no entry of the catalog.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("scan_result", ""), ("scanned_on", None)),
                            models.Q(
                                ("scanned_on__isnull", False),
                                models.Q(("scan_result", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="blueprint_scan_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("block_cause", ""), ("blocked_at", None)),
                            models.Q(
                                ("blocked_at__isnull", False),
                                models.Q(("block_cause", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="blueprint_block_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BlueprintEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=50)),
                ("from_state", models.CharField(blank=True, max_length=30)),
                ("to_state", models.CharField(blank=True, max_length=30)),
                ("at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("data", models.JSONField(blank=True, default=dict)),
                ("request_id", models.CharField(blank=True, max_length=40)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "blueprint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="sandbox.blueprint",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="BlueprintVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(verbose_name="version")),
                ("spec", models.JSONField(verbose_name="specification")),
                (
                    "published_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="published at"),
                ),
                (
                    "publish_reason",
                    models.TextField(
                        blank=True,
                        editable=False,
                        max_length=2000,
                        verbose_name="why without a trial run",
                    ),
                ),
                (
                    "withdrawn_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="withdrawn at"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                (
                    "blueprint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="sandbox.blueprint",
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "version",
                "verbose_name_plural": "versions",
                "ordering": ["blueprint", "-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("blueprint", "number"),
                        name="blueprint_version_unique",
                        violation_error_message="There is a version of this number already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("withdrawn_at", None), ("published_at__isnull", False), _connector="OR"
                        ),
                        name="blueprint_version_withdrawn_was_published",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Booking",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "takeover_reason",
                    models.TextField(
                        blank=True, max_length=1000, verbose_name="reason of the take-over"
                    ),
                ),
                (
                    "occasion",
                    models.CharField(blank=True, max_length=200, verbose_name="for the event"),
                ),
                ("purpose", models.TextField(max_length=2000, verbose_name="purpose")),
                (
                    "test_data_acknowledged_at",
                    models.DateTimeField(verbose_name="only test data, promised at"),
                ),
                (
                    "window",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(verbose_name="window"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("requested", "Requested"),
                            ("approved", "Approved"),
                            ("active", "Active"),
                            ("ended", "Ended"),
                            ("cancelled", "Cancelled"),
                            ("failed", "Failed"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                        ],
                        default="approved",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                (
                    "hold_expires_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="held until"),
                ),
                (
                    "is_outside_quota",
                    models.BooleanField(default=False, verbose_name="outside the quota"),
                ),
                ("is_trial", models.BooleanField(default=False, verbose_name="trial run")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                ),
                (
                    "decision_reason",
                    models.TextField(
                        blank=True, max_length=2000, verbose_name="reason of the decision"
                    ),
                ),
                (
                    "approved_days",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="approved days"
                    ),
                ),
                (
                    "asked_end",
                    models.DateTimeField(blank=True, null=True, verbose_name="asked to run until"),
                ),
                (
                    "result_given_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="result given to the OSK at"
                    ),
                ),
                ("sequence", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                (
                    "blueprint_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookings",
                        to="sandbox.blueprintversion",
                    ),
                ),
                (
                    "booked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sandbox_bookings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "deputy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="deputy",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sandbox_bookings",
                        to="network.organisation",
                    ),
                ),
                (
                    "taken_over_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="taken over by",
                    ),
                ),
            ],
            options={
                "verbose_name": "booking",
                "verbose_name_plural": "bookings",
                "ordering": ["-created_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("window__isempty", False),
                            ("window__lower_inc", True),
                            ("window__lower_inf", False),
                            ("window__upper_inc", False),
                            ("window__upper_inf", False),
                        ),
                        name="booking_window_half_open",
                        violation_error_message="Begin and end are both needed.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", False),
                            models.Q(
                                ("state__in", ["ended", "cancelled", "rejected", "expired"]),
                                _negated=True,
                            ),
                            _connector="OR",
                        ),
                        name="booking_over_has_time",
                        violation_error_message="An ended booking needs the time of its end.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("hold_expires_at__isnull", False),
                                ("state__in", ["draft", "requested"]),
                            ),
                            models.Q(
                                models.Q(("state__in", ["draft", "requested"]), _negated=True),
                                ("hold_expires_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="booking_undecided_is_held",
                        violation_error_message="What is not decided yet is held until a date.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "rejected"), _negated=True),
                            models.Q(
                                models.Q(("decision_reason", ""), _negated=True),
                                ("decided_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="booking_rejected_has_reason",
                        violation_error_message="A rejection needs a reason.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("taken_over_by__isnull", True),
                            models.Q(("takeover_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="booking_taken_over_has_reason",
                        violation_error_message="A take-over needs a reason.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Application",
            fields=[],
            options={
                "verbose_name": "application",
                "verbose_name_plural": "To approve",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("sandbox.booking",),
        ),
        migrations.CreateModel(
            name="BookingEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=50)),
                ("from_state", models.CharField(blank=True, max_length=30)),
                ("to_state", models.CharField(blank=True, max_length=30)),
                ("at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("data", models.JSONField(blank=True, default=dict)),
                ("request_id", models.CharField(blank=True, max_length=40)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="sandbox.booking",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Environment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "generation",
                    models.PositiveSmallIntegerField(default=1, verbose_name="generation"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("provisioning", "Being set up"),
                            ("starting", "Starting"),
                            ("ready", "Ready"),
                            ("degraded", "Disturbed"),
                            ("failed", "Failed"),
                            ("quarantined", "Quarantined"),
                            ("tearing_down", "Being removed"),
                            ("gone", "Removed"),
                            ("abandoned", "Given up by an operator"),
                        ],
                        default="pending",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                (
                    "state_since",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="since"
                    ),
                ),
                (
                    "desired",
                    models.CharField(
                        choices=[("present", "Present"), ("absent", "Absent")],
                        default="present",
                        max_length=10,
                        verbose_name="desired",
                    ),
                ),
                (
                    "next_action_at",
                    models.DateTimeField(
                        db_index=True,
                        default=osk_portal.toolkit.clock.now,
                        verbose_name="next action at",
                    ),
                ),
                (
                    "lease_owner",
                    models.CharField(blank=True, max_length=100, verbose_name="worker"),
                ),
                (
                    "lease_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="leased until"),
                ),
                ("lease_token", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        default=0, verbose_name="attempts in this state"
                    ),
                ),
                ("backend", models.CharField(max_length=30, verbose_name="engine")),
                ("backend_key", models.CharField(max_length=60, verbose_name="name at the engine")),
                ("endpoint", models.CharField(blank=True, max_length=200, verbose_name="address")),
                ("expires_at", models.DateTimeField(verbose_name="ends at")),
                ("ready_at", models.DateTimeField(blank=True, null=True, verbose_name="ready at")),
                (
                    "checked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last answered at"),
                ),
                (
                    "restart_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="restart asked for at"
                    ),
                ),
                ("gone_at", models.DateTimeField(blank=True, null=True, verbose_name="removed at")),
                (
                    "error_for_user",
                    models.CharField(blank=True, max_length=300, verbose_name="error in words"),
                ),
                (
                    "error_for_operator",
                    models.TextField(blank=True, verbose_name="error in detail"),
                ),
                (
                    "abandoned_reason",
                    models.TextField(blank=True, verbose_name="reason of the operator"),
                ),
                (
                    "quarantined_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="kept until"),
                ),
                (
                    "isolated_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="stopped and cut off at"
                    ),
                ),
                ("log_tail", models.TextField(blank=True, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="environments",
                        to="sandbox.booking",
                    ),
                ),
            ],
            options={
                "verbose_name": "environment",
                "verbose_name_plural": "environments",
                "ordering": ["-created_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("booking", "generation"), name="environment_generation_unique"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["gone", "abandoned"]), _negated=True),
                        fields=("booking",),
                        name="environment_one_existing_per_booking",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lease_token__isnull", True), ("lease_until__isnull", True)),
                            models.Q(
                                ("lease_token__isnull", False), ("lease_until__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="environment_lease_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "ready"), _negated=True),
                            models.Q(
                                ("ready_at__isnull", False),
                                models.Q(("endpoint", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="environment_ready_has_endpoint",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("gone_at__isnull", False),
                            models.Q(("state", "gone"), _negated=True),
                            _connector="OR",
                        ),
                        name="environment_gone_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("quarantined_until__isnull", False),
                            models.Q(("state", "quarantined"), _negated=True),
                            _connector="OR",
                        ),
                        name="environment_quarantine_has_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Credential",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("role", models.SlugField(max_length=40, verbose_name="role")),
                ("label", models.CharField(max_length=60, verbose_name="name of the role")),
                ("username", models.CharField(blank=True, max_length=60, verbose_name="user name")),
                ("secret", models.TextField(blank=True, editable=False)),
                ("wiped_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credentials",
                        to="sandbox.environment",
                    ),
                ),
            ],
            options={
                "verbose_name": "credential",
                "verbose_name_plural": "credentials",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("environment", "role"), name="credential_one_per_role"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("wiped_at__isnull", True), ("secret", ""), _connector="OR"
                        ),
                        name="credential_wiped_is_empty",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaughtMail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "received_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="caught at"
                    ),
                ),
                ("sender", models.CharField(max_length=320, verbose_name="sender")),
                ("recipients", models.CharField(max_length=1000, verbose_name="recipients")),
                ("subject", models.CharField(blank=True, max_length=300, verbose_name="subject")),
                ("text", models.TextField(blank=True, verbose_name="text")),
                ("size", models.PositiveIntegerField(verbose_name="size")),
                ("attachments", models.PositiveSmallIntegerField(default=0, verbose_name="files")),
                ("is_cut", models.BooleanField(default=False, verbose_name="shortened")),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="caught_mails",
                        to="sandbox.environment",
                    ),
                ),
            ],
            options={
                "verbose_name": "caught message",
                "verbose_name_plural": "caught messages",
                "ordering": ["-received_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="EnvironmentEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=50)),
                ("from_state", models.CharField(blank=True, max_length=30)),
                ("to_state", models.CharField(blank=True, max_length=30)),
                ("at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("data", models.JSONField(blank=True, default=dict)),
                ("request_id", models.CharField(blank=True, max_length=40)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="sandbox.environment",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Measure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("retry", "Tried again"),
                            ("end", "Ended"),
                            ("forget", "Forgotten"),
                            ("quarantine", "Put into quarantine"),
                            ("confirm", "State after a restore confirmed"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("reason", models.TextField(blank=True, max_length=1000, verbose_name="reason")),
                ("at", models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False)),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "environment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="measures",
                        to="sandbox.environment",
                    ),
                ),
            ],
            options={
                "verbose_name": "measure",
                "verbose_name_plural": "measures",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="OperatorTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("set_up", "Set up"), ("remove", "Remove")],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("begun", "In progress"),
                            ("done", "Done"),
                            ("refused", "Not possible"),
                            ("withdrawn", "No longer needed"),
                        ],
                        default="open",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("instance", models.CharField(max_length=100)),
                ("due_at", models.DateTimeField(db_index=True, verbose_name="due")),
                ("expires_at", models.DateTimeField(verbose_name="ends at")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done at")),
                ("steps_done", models.JSONField(blank=True, default=list)),
                ("endpoint", models.CharField(blank=True, max_length=200, verbose_name="address")),
                ("things", models.JSONField(blank=True, default=list)),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("reminded_on", models.DateField(blank=True, editable=False, null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                (
                    "assignee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="taken on by",
                    ),
                ),
                (
                    "done_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tasks",
                        to="sandbox.environment",
                    ),
                ),
            ],
            options={
                "verbose_name": "task for operators",
                "verbose_name_plural": "tasks for operators",
                "ordering": ["due_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["open", "begun"])),
                        fields=("environment", "kind"),
                        name="operator_task_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["done", "refused"]), _negated=True),
                            models.Q(("done_at__isnull", False), ("done_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="operator_task_done_is_signed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "set_up"), ("state", "done"), _negated=True),
                            models.Q(("endpoint", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="operator_task_set_up_has_address",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrganisationQuota",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "concurrent",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Empty: as set for all organisations.",
                        null=True,
                        verbose_name="at the same time",
                    ),
                ),
                (
                    "days_per_quarter",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Empty: as set for all organisations.",
                        null=True,
                        verbose_name="days a quarter",
                    ),
                ),
                (
                    "horizon_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Empty: as set for all organisations.",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(730)],
                        verbose_name="days ahead",
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="Reason")),
                (
                    "organisation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sandbox_quota",
                        to="network.organisation",
                        verbose_name="organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "quota",
                "verbose_name_plural": "quotas",
                "ordering": ["organisation__name"],
            },
        ),
        migrations.CreateModel(
            name="PublishedResult",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("text", models.TextField(max_length=3000, verbose_name="summary")),
                ("tasks", models.JSONField(blank=True, default=list)),
                ("reports", models.PositiveSmallIntegerField(default=0, verbose_name="reports")),
                (
                    "names_organisation",
                    models.BooleanField(
                        default=False, verbose_name="with the name of the organisation"
                    ),
                ),
                ("consented_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "booking",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="published_result",
                        to="sandbox.booking",
                    ),
                ),
                (
                    "consented_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "solution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="published_test_results",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "published test result",
                "verbose_name_plural": "published test results",
                "ordering": ["-consented_at", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=["solution"],
                        name="result_shown",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("three_days", "3 days before"),
                            ("day", "1 day before"),
                            ("hour", "1 hour before"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("ends_at", models.DateTimeField(verbose_name="end")),
                (
                    "sent_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="sandbox.booking",
                    ),
                ),
            ],
            options={
                "verbose_name": "reminder",
                "verbose_name_plural": "reminders",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("booking", "kind", "ends_at"), name="reminder_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RemovalProof",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("process", "Program"),
                            ("folder", "Folder with all data"),
                            ("container", "Container"),
                            ("network", "Network of its own"),
                            ("volume", "Volume with data"),
                            ("secret", "File with passwords"),
                            ("port", "Network address"),
                            ("credential", "Password in the portal"),
                            ("mail", "E-mails caught by the portal"),
                            ("namespace", "Area in the cluster"),
                            ("by_hand", "Set up by hand"),
                        ],
                        max_length=20,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("found_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proofs",
                        to="sandbox.environment",
                    ),
                ),
            ],
            options={
                "verbose_name": "proof of deletion",
                "verbose_name_plural": "proofs of deletion",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("environment", "kind", "name"), name="proof_one_per_thing"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Restore",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "evidence",
                    models.CharField(
                        choices=[
                            ("marker", "The portal's own marker is newer than the database."),
                            (
                                "unknown_object",
                                "An engine has an environment that the database never knew.",
                            ),
                            ("later_end", "An engine knows a later end than the database."),
                        ],
                        max_length=20,
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=200)),
                ("found_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "restored database",
                "verbose_name_plural": "restored databases",
                "ordering": ["-found_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        models.Value(1),
                        condition=models.Q(("confirmed_at__isnull", True)),
                        name="restore_one_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RestoreMarker",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "marker",
                "verbose_name_plural": "markers",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="restore_marker_single"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Slot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                (
                    "backend",
                    models.CharField(default="process", max_length=30, verbose_name="engine"),
                ),
                (
                    "is_for_trials",
                    models.BooleanField(
                        default=False,
                        help_text="Nobody can book it: operators try new versions here.",
                        verbose_name="only for trial runs",
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True, verbose_name="in use")),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="slots",
                        to="sandbox.pool",
                    ),
                ),
            ],
            options={
                "verbose_name": "slot",
                "verbose_name_plural": "places",
                "ordering": ["pool", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("pool", "name"),
                        name="slot_name_unique_in_pool",
                        violation_error_message="There is a place of this name already.",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="environment",
            name="slot",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="environments",
                to="sandbox.slot",
            ),
        ),
        migrations.CreateModel(
            name="Allocation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "occupies",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(
                        verbose_name="occupies"
                    ),
                ),
                (
                    "released_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="released at"),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                (
                    "blackout",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="sandbox.blackout",
                    ),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="sandbox.booking",
                    ),
                ),
                (
                    "slot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="sandbox.slot",
                    ),
                ),
            ],
            options={
                "verbose_name": "allocation",
                "verbose_name_plural": "allocations",
                "ordering": ["pk"],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("released_at__isnull", True)),
                        expressions=[("slot", "="), ("occupies", "&&")],
                        name="allocation_no_overlap",
                        violation_error_message="This place is taken in that time.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("occupies__isempty", False),
                            ("occupies__lower_inc", True),
                            ("occupies__lower_inf", False),
                            ("occupies__upper_inc", False),
                            ("occupies__upper_inf", False),
                        ),
                        name="allocation_range_half_open",
                        violation_error_message="Begin and end are both needed.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("blackout__isnull", False), ("booking__isnull", True)),
                            models.Q(("blackout__isnull", True), ("booking__isnull", False)),
                            _connector="OR",
                        ),
                        name="allocation_one_reason",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("released_at__isnull", True)),
                        fields=("booking",),
                        name="allocation_one_held_per_booking",
                        violation_error_message="This booking has a place already.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Stray",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("backend", models.CharField(max_length=30, verbose_name="engine")),
                ("name", models.CharField(max_length=60, verbose_name="name at the engine")),
                ("env", models.CharField(blank=True, max_length=60)),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("grace", "Goes after ten minutes"),
                            ("later_end", "Known, but the engine has a later end"),
                            ("held", "Kept until the state after the restore is confirmed"),
                            ("damaged", "Its label does not fit: look at it yourself"),
                            ("stuck", "The removal did not work, and is tried again"),
                            ("leaving", "Being removed"),
                            ("removed", "Removed"),
                        ],
                        max_length=20,
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=500)),
                ("made_at", models.DateTimeField(blank=True, null=True)),
                ("first_seen_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("last_seen_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
            ],
            options={
                "verbose_name": "stray object",
                "verbose_name_plural": "stray objects",
                "ordering": ["-last_seen_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("backend", "name"), name="stray_one_per_object")
                ],
            },
        ),
        migrations.CreateModel(
            name="TestParticipant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(blank=True, max_length=120, verbose_name="name")),
                (
                    "email",
                    models.EmailField(blank=True, max_length=254, verbose_name="email address"),
                ),
                ("link_key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "link_made_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("invited", "Invited"),
                            ("active", "Takes part"),
                            ("declined", "Declined"),
                            ("removed", "Removed"),
                        ],
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="participants",
                        to="sandbox.booking",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        help_text="Takes part as a member of it, and no longer than that.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="network.organisation",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sandbox_participations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "participant",
                "verbose_name_plural": "participants",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["invited", "active"])),
                        fields=("booking", "user"),
                        name="participant_person_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("email", ""), ("name", ""), ("user__isnull", False)),
                            models.Q(("user__isnull", True), models.Q(("name", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="participant_person_or_guest",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", True), ("state__in", ["invited", "active"])
                            ),
                            models.Q(
                                models.Q(("state__in", ["invited", "active"]), _negated=True),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="participant_over_has_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TestReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "findings",
                    models.TextField(blank=True, max_length=5000, verbose_name="findings"),
                ),
                ("overall", models.TextField(blank=True, max_length=2000, verbose_name="overall")),
                (
                    "submitted_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="handed in at"),
                ),
                ("updated_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sandbox_reports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="sandbox.booking",
                    ),
                ),
                (
                    "guest",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="report",
                        to="sandbox.testparticipant",
                    ),
                ),
            ],
            options={
                "verbose_name": "test report",
                "verbose_name_plural": "test reports",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("booking", "author"), name="report_one_per_author"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("author__isnull", False), ("guest__isnull", True)),
                            models.Q(("author__isnull", True), ("guest__isnull", False)),
                            _connector="OR",
                        ),
                        name="report_of_person_or_guest",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=150, verbose_name="file name")),
                (
                    "content",
                    models.FileField(
                        blank=True,
                        storage=sandbox.models.report_files.private_storage,
                        upload_to=sandbox.models.report_files.random_name,
                        verbose_name="content",
                    ),
                ),
                ("kind", models.CharField(max_length=10, verbose_name="kind of content")),
                ("size", models.PositiveBigIntegerField(verbose_name="size in bytes")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("quarantined", "being checked"),
                            ("clean", "checked"),
                            ("infected", "malware found, removed"),
                        ],
                        default="quarantined",
                        max_length=20,
                    ),
                ),
                ("created_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
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
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="sandbox.testreport",
                    ),
                ),
            ],
            options={
                "verbose_name": "file of a test report",
                "verbose_name_plural": "files of test reports",
                "ordering": ["created_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("report", "name", "sha256"), name="report_file_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("size__gt", 0)), name="report_file_has_content"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("content", ""), ("state", "infected")),
                            models.Q(
                                ("state__in", ("quarantined", "clean")),
                                models.Q(("content", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="report_file_bad_is_removed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TestTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("position", models.PositiveSmallIntegerField(verbose_name="position")),
                ("task", models.CharField(max_length=200, verbose_name="task")),
                (
                    "expected",
                    models.CharField(blank=True, max_length=500, verbose_name="expected result"),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tasks",
                        to="sandbox.booking",
                    ),
                ),
            ],
            options={
                "verbose_name": "task of the test plan",
                "verbose_name_plural": "test plan",
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="TaskResult",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("untested", "not checked"),
                            ("met", "met"),
                            ("partly", "partly met"),
                            ("failed", "not met"),
                        ],
                        max_length=20,
                        verbose_name="result",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="results",
                        to="sandbox.testreport",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="results",
                        to="sandbox.testtask",
                    ),
                ),
            ],
            options={
                "verbose_name": "result of a task",
                "verbose_name_plural": "results of tasks",
                "constraints": [
                    models.UniqueConstraint(fields=("report", "task"), name="result_one_per_task")
                ],
            },
        ),
        migrations.CreateModel(
            name="WaitlistEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(90),
                        ],
                        verbose_name="days",
                    ),
                ),
                ("purpose", models.TextField(max_length=2000, verbose_name="purpose")),
                (
                    "test_data_acknowledged_at",
                    models.DateTimeField(verbose_name="only test data, promised at"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("offered", "Offered"),
                            ("taken", "Accepted"),
                            ("declined", "Declined"),
                            ("lapsed", "Lapsed"),
                            ("left", "Left"),
                        ],
                        default="waiting",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                (
                    "blueprint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waiting",
                        to="sandbox.blueprint",
                    ),
                ),
                (
                    "booking",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waitlist_entry",
                        to="sandbox.booking",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sandbox_waiting",
                        to="network.organisation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sandbox_waiting",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "waitlist entry",
                "verbose_name_plural": "waitlist",
                "ordering": ["created_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["waiting", "offered"])),
                        fields=("blueprint", "organisation", "person"),
                        name="waitlist_once",
                        violation_error_message="You are on this waitlist already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("booking__isnull", True), ("state__in", ["waiting", "left"])),
                            models.Q(
                                models.Q(("state__in", ["waiting", "left"]), _negated=True),
                                ("booking__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="waitlist_offer_has_booking",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", True), ("state__in", ["waiting", "offered"])
                            ),
                            models.Q(
                                models.Q(("state__in", ["waiting", "offered"]), _negated=True),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="waitlist_over_has_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WaitlistEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=50)),
                ("from_state", models.CharField(blank=True, max_length=30)),
                ("to_state", models.CharField(blank=True, max_length=30)),
                ("at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("data", models.JSONField(blank=True, default=dict)),
                ("request_id", models.CharField(blank=True, max_length=40)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="sandbox.waitlistentry",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Wish",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("product", "Product"), ("prototype", "Prototype")],
                        default="product",
                        editable=False,
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("key", models.CharField(editable=False, max_length=100)),
                ("website", models.URLField(blank=True, max_length=300, verbose_name="website")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Received"),
                            ("checking", "Being checked"),
                            ("trial", "Trial run"),
                            ("bookable", "Can be booked"),
                            ("manual", "Set up by hand"),
                            ("refused", "Declined"),
                            ("merged", "Merged"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="asked",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("answer", models.TextField(blank=True, max_length=2000, verbose_name="answer")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                ),
                ("image", models.CharField(blank=True, max_length=300, verbose_name="image")),
                (
                    "port",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(65535),
                        ],
                        verbose_name="port",
                    ),
                ),
                (
                    "repository",
                    models.URLField(blank=True, max_length=300, verbose_name="repository"),
                ),
                ("licence", models.CharField(blank=True, max_length=100, verbose_name="licence")),
                (
                    "supporter",
                    models.CharField(blank=True, max_length=200, verbose_name="who supports it"),
                ),
                (
                    "data_statement",
                    models.TextField(blank=True, max_length=2000, verbose_name="statement on data"),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                (
                    "blueprint",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="wishes",
                        to="sandbox.blueprint",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="sandbox.wish",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sandbox_prototypes",
                        to="network.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "wished test environment",
                "verbose_name_plural": "wished test environments",
                "ordering": ["-created_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("kind", "product"),
                            ("state__in", ["asked", "checking", "trial", "manual"]),
                        ),
                        fields=("key",),
                        name="wish_product_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("kind", "prototype"),
                            ("state__in", ["asked", "checking", "trial", "manual"]),
                        ),
                        fields=("organisation", "key"),
                        name="wish_prototype_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("image", ""),
                                ("kind", "product"),
                                ("organisation", None),
                                ("repository", ""),
                            ),
                            models.Q(
                                ("kind", "prototype"),
                                ("organisation__isnull", False),
                                models.Q(
                                    models.Q(("image", ""), _negated=True),
                                    models.Q(("repository", ""), _negated=True),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="wish_prototype_has_source",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["refused", "manual"]), _negated=True),
                            models.Q(
                                models.Q(("answer", ""), _negated=True),
                                ("decided_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="wish_answered_has_text",
                        violation_error_message="Enter the reason.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "bookable"), _negated=True),
                            ("blueprint__isnull", False),
                            _connector="OR",
                        ),
                        name="wish_bookable_has_product",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("merged_into__isnull", False), ("state", "merged")),
                            models.Q(
                                models.Q(("state", "merged"), _negated=True), ("merged_into", None)
                            ),
                            _connector="OR",
                        ),
                        name="wish_merged_has_target",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WishAsk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "why",
                    models.TextField(
                        blank=True, max_length=2000, verbose_name="What do you test for?"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sandbox_wishes",
                        to="network.organisation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sandbox_wishes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "wish",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="asks",
                        to="sandbox.wish",
                    ),
                ),
            ],
            options={
                "verbose_name": "wish of a person",
                "verbose_name_plural": "wishes of people",
                "ordering": ["created_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("wish", "organisation", "person"), name="wish_asked_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WishEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=50)),
                ("from_state", models.CharField(blank=True, max_length=30)),
                ("to_state", models.CharField(blank=True, max_length=30)),
                ("at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("data", models.JSONField(blank=True, default=dict)),
                ("request_id", models.CharField(blank=True, max_length=40)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "wish",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="sandbox.wish",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
    ]
