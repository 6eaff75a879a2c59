import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import osk_portal.toolkit.clock


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("network", "0001_initial"),
        ("network", "0002_leaving"),
        ("network", "0003_people"),
    ]

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Expertise",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("name_de", models.CharField(max_length=100, verbose_name="German name")),
                ("name_en", models.CharField(max_length=100, verbose_name="English name")),
                ("folded", models.TextField(editable=False)),
            ],
            options={
                "verbose_name": "field of expertise",
                "verbose_name_plural": "fields of expertise",
                "ordering": ["name_de"],
            },
        ),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("slug", models.SlugField(max_length=80, unique=True, verbose_name="address")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "short_name",
                    models.CharField(blank=True, max_length=60, verbose_name="short name"),
                ),
                ("sort_key", models.CharField(db_index=True, editable=False, max_length=200)),
                ("folded", models.TextField(editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("berlin_administration", "Berlin administration"),
                            ("other_public_administration", "Other public administration"),
                            ("science", "Science"),
                            ("business", "Business"),
                            ("civil_society", "Civil society"),
                        ],
                        max_length=40,
                        verbose_name="kind",
                    ),
                ),
                (
                    "subkind",
                    models.CharField(blank=True, max_length=60, verbose_name="kind in detail"),
                ),
                (
                    "is_entitled",
                    models.BooleanField(default=False, verbose_name="entitled to advice"),
                ),
                (
                    "is_published",
                    models.BooleanField(default=True, verbose_name="shown in the network"),
                ),
                (
                    "is_invented",
                    models.BooleanField(default=False, verbose_name="invented for the demo"),
                ),
                ("land", models.CharField(blank=True, max_length=60, verbose_name="Land")),
                ("city", models.CharField(blank=True, max_length=80, verbose_name="place")),
                ("district", models.CharField(blank=True, max_length=80, verbose_name="district")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                (
                    "description_en",
                    models.TextField(blank=True, verbose_name="description in English"),
                ),
                ("website", models.URLField(blank=True, verbose_name="website")),
                ("languages", models.JSONField(blank=True, default=list, verbose_name="languages")),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
            ],
            options={
                "verbose_name": "organisation",
                "verbose_name_plural": "organisations",
                "ordering": ["sort_key", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "To be confirmed"),
                            ("active", "Active"),
                            ("refused", "Refused"),
                            ("suspended", "Suspended"),
                            ("ended", "Ended"),
                        ],
                        default="pending",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("is_editor", models.BooleanField(default=False, verbose_name="Redaktion")),
                (
                    "is_manager",
                    models.BooleanField(default=False, verbose_name="Organisationsverwaltung"),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                (
                    "confirmed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="confirmed at"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="network.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "membership",
                "verbose_name_plural": "memberships",
                "ordering": ["organisation__sort_key", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["pending", "active", "suspended"])),
                        fields=("organisation", "user"),
                        name="membership_one_open_per_organisation",
                        violation_error_message="This person is a member already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MembershipEvent",
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
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="network.membership",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="OrganisationDomain",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("domain", models.CharField(max_length=253, verbose_name="mail domain")),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="domains",
                        to="network.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "mail domain",
                "verbose_name_plural": "mail domains",
                "ordering": ["domain"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("domain"),
                        name="organisation_domain_unique",
                        violation_error_message="This domain belongs to an organisation already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OrganisationEvent",
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
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="network.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="OrganisationExpertise",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("evidence", models.TextField(blank=True, verbose_name="evidence")),
                (
                    "expertise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holders",
                        to="network.expertise",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="expertise",
                        to="network.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "expertise",
                "verbose_name_plural": "expertise",
                "ordering": ["expertise__name_de"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "expertise"), name="organisation_expertise_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PresenceQuestion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("bounced", "Mails to this person come back."),
                            ("silent", "This person has not signed in for 13 months."),
                        ],
                        max_length=20,
                        verbose_name="reason",
                    ),
                ),
                ("asked_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("still_there", "Is still there"),
                            ("signed_in", "Has signed in"),
                            ("over", "The membership rests or has ended"),
                        ],
                        max_length=20,
                        verbose_name="outcome",
                    ),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="presence_questions",
                        to="network.membership",
                    ),
                ),
            ],
            options={
                "verbose_name": "question “Still there?”",
                "verbose_name_plural": "questions “Still there?”",
                "ordering": ["asked_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("membership",),
                        name="presence_one_open_question",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_by", None), ("ended_at", None), ("outcome", "")),
                            models.Q(
                                ("ended_at__isnull", False),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="presence_ended_has_outcome",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", "still_there"), _negated=True),
                            ("answered_by__isnull", False),
                            _connector="OR",
                        ),
                        name="presence_confirmed_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SharedMailbox",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("address", models.EmailField(max_length=254, verbose_name="address")),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("question", "The OSK asks back"),
                                ("answer", "The OSK has answered"),
                                ("closing", "A request closes soon, or is closed"),
                            ],
                            max_length=20,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="copies of",
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="link sent at"
                    ),
                ),
                (
                    "confirmed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="confirmed at"),
                ),
                (
                    "organisation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shared_mailbox",
                        to="network.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "shared mailbox",
                "verbose_name_plural": "shared mailboxes",
                "ordering": ["pk"],
            },
        ),
    ]
