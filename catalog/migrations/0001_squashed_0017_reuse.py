import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations, models

import catalog.models.claims
import osk_portal.toolkit.clock

# Words come into the list by a trigger, so that whatever writes documents cannot forget it. What stands there is not
# written again, and nothing forbids a word to stand there twice: else two who write the same new word would wait
# for one another.
KEEP_WORDS = """
CREATE FUNCTION catalog_keep_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_searchword (word)
    SELECT found.lexeme FROM unnest(NEW.simple) AS found
    WHERE NOT EXISTS (SELECT 1 FROM catalog_searchword known WHERE known.word = found.lexeme);
    RETURN NULL;
END $$;
CREATE TRIGGER catalog_keep_words AFTER INSERT OR UPDATE ON catalog_solutiondocument
FOR EACH ROW EXECUTE FUNCTION catalog_keep_words();
"""
FORGET_WORDS = """
DROP TRIGGER catalog_keep_words ON catalog_solutiondocument;
DROP FUNCTION catalog_keep_words();
"""
# PostgreSQL would compare what is searched for with a hundred long texts to guess how many fit: that takes longer
# than the search.
LONG_TEXTS = ("folded", "folded_names", "long", "short")
NO_STATISTICS = ";".join(
    f"ALTER TABLE catalog_solutiondocument ALTER COLUMN {name} SET STATISTICS 0"
    for name in LONG_TEXTS
)
STATISTICS = ";".join(
    f"ALTER TABLE catalog_solutiondocument ALTER COLUMN {name} SET STATISTICS -1"
    for name in LONG_TEXTS
)


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("catalog", "0001_initial"),
        ("catalog", "0002_fetching"),
        ("catalog", "0003_finding"),
        ("catalog", "0004_giving"),
        ("catalog", "0005_notices"),
        ("catalog", "0006_comparison"),
        ("catalog", "0007_claims"),
        ("catalog", "0008_assessment"),
        ("catalog", "0009_revisions"),
        ("catalog", "0010_pictures"),
        ("catalog", "0011_moderation"),
        ("catalog", "0012_code_release"),
        ("catalog", "0013_einschaetzung"),
        ("catalog", "0014_scale"),
        ("catalog", "0015_reports"),
        ("catalog", "0016_entry_drafts"),
        ("catalog", "0017_reuse"),
    ]

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("network", "0001_squashed_0003_people"),
    ]

    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        migrations.CreateModel(
            name="ApiUse",
            fields=[
                ("who", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("minute", models.DateTimeField(db_index=True)),
                ("number", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name": "use of the API",
                "verbose_name_plural": "uses of the API",
                "ordering": ["who"],
            },
        ),
        migrations.CreateModel(
            name="RepositoryCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="next try"
                    ),
                ),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=100, verbose_name="last error"),
                ),
                ("repository", models.CharField(max_length=500, verbose_name="repository")),
                ("content", models.BinaryField(null=True)),
                (
                    "problem",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not_found", "No file found"),
                            ("too_large", "File too large"),
                            ("unreadable", "File not readable"),
                            ("fork", "File of another repository"),
                        ],
                        max_length=20,
                        verbose_name="problem",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_index=True,
                        default=osk_portal.toolkit.clock.now,
                        verbose_name="created at",
                    ),
                ),
                ("done_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "check of a repository",
                "verbose_name_plural": "checks of repositories",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="Solution",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("slug", models.SlugField(max_length=100, unique=True, verbose_name="address")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("published", "Published"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="draft",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("is_incomplete", models.BooleanField(default=False, verbose_name="incomplete")),
                ("revision", models.PositiveIntegerField(default=0, verbose_name="revision")),
                ("document", models.JSONField(default=dict, verbose_name="publiccode.yml")),
                ("findings", models.JSONField(blank=True, default=list, verbose_name="findings")),
                (
                    "origins",
                    models.JSONField(
                        blank=True, default=dict, verbose_name="origin of the statements"
                    ),
                ),
                (
                    "locks",
                    models.JSONField(
                        blank=True, default=dict, verbose_name="fields set by the OSK"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("sort_key", models.CharField(db_index=True, editable=False, max_length=200)),
                (
                    "repository_url",
                    models.CharField(
                        blank=True,
                        help_text="Identity of the solution; the address as written stands in the document.",
                        max_length=500,
                        null=True,
                        unique=True,
                        verbose_name="repository, normalised",
                    ),
                ),
                (
                    "development_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("concept", "Idea"),
                            ("development", "In development"),
                            ("beta", "In trial"),
                            ("stable", "In productive use"),
                            ("obsolete", "No longer maintained"),
                        ],
                        max_length=20,
                        verbose_name="development status",
                    ),
                ),
                (
                    "software_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("standalone/web", "Web application"),
                            ("standalone/desktop", "Desktop program"),
                            ("standalone/mobile", "App for phones and tablets"),
                            ("standalone/backend", "Service in the background"),
                            ("standalone/iot", "Software for devices"),
                            ("standalone/other", "Other program"),
                            ("addon", "Add-on"),
                            ("library", "Library"),
                            ("configurationFiles", "Configuration files"),
                        ],
                        max_length=30,
                        verbose_name="kind of software",
                    ),
                ),
                (
                    "maintenance_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("internal", "By own staff"),
                            ("contract", "By a contractor"),
                            ("community", "By a community"),
                            ("none", "None"),
                        ],
                        max_length=20,
                        verbose_name="maintenance",
                    ),
                ),
                ("licence", models.CharField(blank=True, max_length=200, verbose_name="licence")),
                (
                    "licence_family",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("copyleft", "Copyleft (EUPL, GPL, AGPL)"),
                            ("weak_copyleft", "Weak copyleft (LGPL, MPL)"),
                            ("permissive", "Permissive (MIT, Apache)"),
                            ("other", "Other licence"),
                        ],
                        max_length=20,
                        verbose_name="licence family",
                    ),
                ),
                (
                    "categories",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="categories",
                    ),
                ),
                (
                    "platforms",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="platforms",
                    ),
                ),
                (
                    "audiences",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="made for",
                    ),
                ),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=35),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="languages",
                    ),
                ),
                (
                    "alternatives",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        blank=True,
                        default=list,
                        help_text="Names of proprietary products that this can replace.",
                        size=None,
                        verbose_name="alternative to",
                    ),
                ),
                (
                    "keywords",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="search words",
                    ),
                ),
                (
                    "checked_fields",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        editable=False,
                        size=None,
                        verbose_name="statements that are being checked",
                    ),
                ),
                (
                    "notice_kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("security", "Security"),
                                ("licence", "Licence"),
                                ("maintenance_end", "End of maintenance"),
                                ("successor", "Successor"),
                                ("other", "Other notice"),
                            ],
                            max_length=20,
                        ),
                        blank=True,
                        default=list,
                        editable=False,
                        size=None,
                        verbose_name="kinds of notices that stand",
                    ),
                ),
                ("shown_pictures", models.JSONField(blank=True, default=list, editable=False)),
                (
                    "dead_links",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=2000),
                        blank=True,
                        default=list,
                        editable=False,
                        size=None,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now,
                        editable=False,
                        verbose_name="created at",
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_index=True,
                        default=osk_portal.toolkit.clock.now,
                        verbose_name="changed at",
                    ),
                ),
                (
                    "published_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="published at"),
                ),
                (
                    "berlin_body",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="published_solutions",
                        to="network.organisation",
                        verbose_name="published by the Berlin body",
                    ),
                ),
                (
                    "maintainer",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the OSK looks after the entry.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="maintained_solutions",
                        to="network.organisation",
                        verbose_name="entry maintained by",
                    ),
                ),
            ],
            options={
                "verbose_name": "solution",
                "verbose_name_plural": "solutions",
                "ordering": ["sort_key", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "published")),
                        fields=["id"],
                        name="solution_published",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["categories"], name="solution_categories"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["platforms"], name="solution_platforms"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["audiences"], name="solution_audiences"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "published"), _negated=True),
                            ("published_at__isnull", False),
                            _connector="OR",
                        ),
                        name="solution_published_has_date",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("repository_url__isnull", True),
                            models.Q(("repository_url", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="solution_repository_null_not_empty",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SynonymGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.SlugField(
                        blank=True,
                        editable=False,
                        null=True,
                        unique=True,
                        verbose_name="shipped as",
                    ),
                ),
                (
                    "terms",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), size=None, verbose_name="words"
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="used by the search")),
                (
                    "updated_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now,
                        editable=False,
                        verbose_name="changed at",
                    ),
                ),
            ],
            options={
                "verbose_name": "group of synonyms",
                "verbose_name_plural": "synonyms",
                "ordering": ["terms", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Assessment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("sent", "With the maintainer"),
                            ("published", "Published"),
                            ("superseded", "Replaced"),
                            ("discarded", "Discarded"),
                        ],
                        default="draft",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("summary", models.TextField(blank=True, max_length=5000, verbose_name="summary")),
                (
                    "software_version",
                    models.CharField(
                        blank=True, max_length=60, verbose_name="version of the software"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="created at"
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                (
                    "publish_from",
                    models.DateField(
                        blank=True, null=True, verbose_name="published at the earliest on"
                    ),
                ),
                (
                    "published_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="published at"),
                ),
                (
                    "reply",
                    models.TextField(
                        blank=True, max_length=5000, verbose_name="reply of the maintainer"
                    ),
                ),
                (
                    "replied_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="replied at"),
                ),
                (
                    "hidden_reason",
                    models.TextField(blank=True, verbose_name="why the reply was taken off"),
                ),
                (
                    "correction",
                    models.TextField(
                        blank=True, max_length=5000, verbose_name="correction asked for"
                    ),
                ),
                (
                    "correction_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="asked at"),
                ),
                (
                    "correction_until",
                    models.DateField(blank=True, null=True, verbose_name="answer promised by"),
                ),
                (
                    "correction_answer",
                    models.TextField(blank=True, verbose_name="answer of the OSK"),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "correction_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "replied_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reply_of",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="network.organisation",
                    ),
                ),
                (
                    "sent_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="network.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "assessment of the OSK",
                "verbose_name_plural": "assessments of the OSK",
                "ordering": ["-number"],
                "indexes": [
                    models.Index(
                        models.F("publish_from"),
                        condition=models.Q(("state", "sent")),
                        name="assessment_waiting",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "sent"), _negated=True),
                            models.Q(
                                ("publish_from__isnull", False),
                                ("sent_at__isnull", False),
                                ("sent_to__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="assessment_sent_has_date",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["published", "superseded"]), _negated=True),
                            ("published_at__isnull", False),
                            _connector="OR",
                        ),
                        name="assessment_published_has_date",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AssessmentEvent",
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
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="catalog.assessment",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="next try"
                    ),
                ),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=100, verbose_name="last error"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Being checked"),
                            ("accepted", "Accepted"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                (
                    "proof",
                    models.CharField(
                        choices=[
                            ("code", "A code in the repository"),
                            ("named", "Our name in the publiccode.yml"),
                            ("letter", "A letter"),
                        ],
                        max_length=20,
                        verbose_name="proof",
                    ),
                ),
                ("statement", models.TextField(verbose_name="reason")),
                (
                    "submitted_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="submitted at"
                    ),
                ),
                ("lapses_on", models.DateField(verbose_name="proof needed by")),
                (
                    "promised_on",
                    models.DateField(blank=True, null=True, verbose_name="decision promised by"),
                ),
                ("code", models.CharField(blank=True, editable=False, max_length=64)),
                (
                    "checked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last looked up"),
                ),
                (
                    "found_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="code found"),
                ),
                ("found_in", models.CharField(blank=True, max_length=500, verbose_name="found in")),
                (
                    "letter",
                    models.FileField(
                        blank=True,
                        storage=catalog.models.claims.private_storage,
                        upload_to="",
                        verbose_name="letter",
                    ),
                ),
                (
                    "letter_name",
                    models.CharField(blank=True, max_length=150, verbose_name="file name"),
                ),
                (
                    "letter_state",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "No file"),
                            ("quarantined", "Being checked for malware"),
                            ("clean", "Can be read"),
                            ("infected", "Malware found, removed"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="file",
                    ),
                ),
                (
                    "letter_received_on",
                    models.DateField(blank=True, null=True, verbose_name="letter received on"),
                ),
                ("answer_by", models.DateField(blank=True, null=True, verbose_name="answer by")),
                ("answer", models.TextField(blank=True, verbose_name="answer")),
                (
                    "answered_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="answered at"),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason of the OSK")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
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
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
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
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="network.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "claim",
                "verbose_name_plural": "claims",
                "ordering": ["promised_on", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["next_attempt_at"],
                        name="claim_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("code", ""), _negated=True),
                        fields=("code",),
                        name="claim_code_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["accepted", "refused"]), _negated=True),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="claim_decided_has_reason",
                        violation_error_message="Say why.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("proof", "code"), models.Q(("code", ""), _negated=True)),
                            models.Q(models.Q(("proof", "code"), _negated=True), ("code", "")),
                            _connector="OR",
                        ),
                        name="claim_code_where_it_is_the_proof",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("letter", ""), ("letter_state__in", ["", "infected"])),
                            models.Q(
                                ("letter_state__in", ["quarantined", "clean"]),
                                models.Q(("letter", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="claim_bad_letter_is_removed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ClaimEvent",
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
                    "claim",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="catalog.claim",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CodeRelease",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=150, verbose_name="name of the software")),
                ("file", models.TextField(blank=True, verbose_name="publiccode.yml")),
                (
                    "file_errors",
                    models.PositiveIntegerField(default=0, verbose_name="errors in the file"),
                ),
                ("file_version", models.PositiveIntegerField(default=0)),
                (
                    "file_checked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="file checked at"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="created at"
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="changed at"
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="code_releases",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="code_releases",
                        to="network.organisation",
                        verbose_name="organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "publication of own code",
                "verbose_name_plural": "publications of own code",
                "ordering": ["-updated_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="CodeReleaseEvent",
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
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="catalog.coderelease",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CriteriaList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("key", models.SlugField(max_length=40, verbose_name="key")),
                (
                    "number",
                    models.PositiveSmallIntegerField(
                        default=1, verbose_name="number of the version"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("publisher", models.CharField(max_length=200, verbose_name="publisher")),
                (
                    "version_name",
                    models.CharField(max_length=60, verbose_name="name of the version"),
                ),
                ("issued_on", models.DateField(verbose_name="issued on")),
                ("source", models.URLField(blank=True, max_length=500, verbose_name="source")),
                ("is_shipped", models.BooleanField(default=False, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="created at"
                    ),
                ),
            ],
            options={
                "verbose_name": "list of criteria",
                "verbose_name_plural": "lists of criteria",
                "ordering": ["name", "-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("key", "number"), name="criteria_list_version_unique"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="assessment",
            name="criteria_list",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="assessments",
                to="catalog.criterialist",
            ),
        ),
        migrations.CreateModel(
            name="CriteriaListEvent",
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
                    "criteria_list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="catalog.criterialist",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Criterion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("title", models.CharField(max_length=200, verbose_name="criterion")),
                ("text", models.TextField(blank=True, max_length=5000, verbose_name="explanation")),
                (
                    "criteria_list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="criteria",
                        to="catalog.criterialist",
                    ),
                ),
            ],
            options={
                "verbose_name": "criterion",
                "verbose_name_plural": "criteria",
                "ordering": ["position", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("criteria_list", "position"), name="criterion_position_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CriterionFinding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        choices=[
                            ("met", "Met"),
                            ("partly", "Partly met"),
                            ("not_met", "Not met"),
                            ("not_applicable", "Does not apply"),
                            ("not_checked", "Not checked"),
                        ],
                        default="not_checked",
                        max_length=20,
                        verbose_name="answer",
                    ),
                ),
                ("text", models.TextField(blank=True, max_length=5000, verbose_name="in words")),
                ("evidence", models.CharField(blank=True, max_length=500, verbose_name="evidence")),
                ("checked_on", models.DateField(blank=True, null=True, verbose_name="checked on")),
                (
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="findings",
                        to="catalog.assessment",
                    ),
                ),
                (
                    "criterion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.criterion",
                    ),
                ),
            ],
            options={
                "verbose_name": "finding",
                "verbose_name_plural": "findings",
                "ordering": ["criterion__position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("assessment", "criterion"), name="criterion_finding_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answer", "not_checked"),
                            models.Q(
                                ("checked_on__isnull", False), models.Q(("text", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="criterion_finding_is_founded",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EntryReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("field", models.CharField(max_length=60, verbose_name="statement")),
                ("wrong", models.TextField(max_length=2000, verbose_name="what is wrong")),
                (
                    "right",
                    models.TextField(blank=True, max_length=2000, verbose_name="what is right"),
                ),
                ("evidence", models.URLField(blank=True, max_length=500, verbose_name="evidence")),
                (
                    "email",
                    models.EmailField(blank=True, max_length=254, verbose_name="e-mail address"),
                ),
                ("email_confirmed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "language",
                    models.CharField(
                        choices=[("de", "German"), ("en", "English")],
                        default="de",
                        max_length=5,
                        verbose_name="language",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "New"),
                            ("checking", "Being checked"),
                            ("accepted", "Mended"),
                            ("rejected", "Left as it is"),
                        ],
                        default="open",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                (
                    "submitted_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="received at"
                    ),
                ),
                ("promised_on", models.DateField(verbose_name="decision promised by")),
                (
                    "answer",
                    models.TextField(
                        blank=True, max_length=2000, verbose_name="answer of the maintainer"
                    ),
                ),
                (
                    "answered_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="answered at"),
                ),
                (
                    "objection",
                    models.TextField(
                        blank=True, max_length=2000, verbose_name="objection of the maintainer"
                    ),
                ),
                (
                    "objected_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="objected at"),
                ),
                (
                    "decision",
                    models.TextField(
                        blank=True, max_length=2000, verbose_name="reason of the decision"
                    ),
                ),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reported_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entry_reports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "solution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entry_reports",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "reported statement",
                "verbose_name_plural": "reported statements",
                "ordering": ["promised_on", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["open", "checking"])),
                        fields=["solution"],
                        name="report_undecided",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", False),
                                ("state__in", ["accepted", "rejected"]),
                            ),
                            models.Q(("decided_at", None), ("state__in", ["open", "checking"])),
                            _connector="OR",
                        ),
                        name="report_decided_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "rejected"), _negated=True),
                            models.Q(("decision", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="report_rejection_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("email", ""), ("reported_by", None), _connector="OR"),
                        name="report_reported_by_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("email", ""), _negated=True),
                            ("email_confirmed_at", None),
                            _connector="OR",
                        ),
                        name="report_confirmed_has_address",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EntryReportEvent",
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
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="catalog.entryreport",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Intake",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="next try"
                    ),
                ),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=100, verbose_name="last error"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Being fetched"),
                            ("taken", "Taken in as a draft"),
                            ("known", "In the catalog already"),
                            ("refused", "Not taken in"),
                        ],
                        default="waiting",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                (
                    "problem",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not_found", "No file found"),
                            ("too_large", "File too large"),
                            ("unreadable", "File not readable"),
                            ("fork", "File of another repository"),
                        ],
                        max_length=20,
                        verbose_name="problem",
                    ),
                ),
                (
                    "repository",
                    models.CharField(blank=True, max_length=500, verbose_name="repository"),
                ),
                ("file_name", models.CharField(blank=True, max_length=150, verbose_name="file")),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                (
                    "named_repository",
                    models.CharField(
                        blank=True, max_length=500, verbose_name="repository that the file names"
                    ),
                ),
                ("findings", models.JSONField(blank=True, default=list, verbose_name="findings")),
                ("based_on", models.JSONField(blank=True, default=list, verbose_name="based on")),
                (
                    "created_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="created at"
                    ),
                ),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done at")),
                (
                    "requester",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="intakes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "solution",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="intakes",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "wanted solution",
                "verbose_name_plural": "wanted solutions",
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["next_attempt_at"],
                        name="intake_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("requester", "repository"),
                        name="intake_one_waiting_per_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "waiting"), ("done_at__isnull", False), _connector="OR"
                        ),
                        name="intake_done_has_date",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("problem__gt", ""), ("state", "refused")),
                            models.Q(
                                models.Q(("state", "refused"), _negated=True), ("problem", "")
                            ),
                            _connector="OR",
                        ),
                        name="intake_refused_has_problem",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EntryDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("values", models.JSONField(blank=True, default=dict, verbose_name="values")),
                ("version", models.PositiveIntegerField(default=0)),
                (
                    "created_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="created at"
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="changed at"
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entry_drafts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "intake",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="draft",
                        to="catalog.intake",
                    ),
                ),
            ],
            options={
                "verbose_name": "begun description",
                "verbose_name_plural": "begun descriptions",
                "ordering": ["-updated_at", "-pk"],
            },
        ),
        migrations.AddField(
            model_name="coderelease",
            name="intake",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="code_releases",
                to="catalog.intake",
                verbose_name="draft in the catalog",
            ),
        ),
        migrations.CreateModel(
            name="Maintainership",
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
                            ("active", "Active"),
                            ("contested", "Contested"),
                            ("handed_over", "Handed over"),
                            ("lost", "Expired"),
                        ],
                        default="active",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                (
                    "started_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="since"
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                (
                    "end",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("given_back", "Given back"),
                            ("unreachable", "The organisation does not answer"),
                            ("closed", "The organisation exists no more"),
                            ("contest", "Another organisation has taken it on"),
                            ("other", "Another reason"),
                        ],
                        max_length=20,
                        verbose_name="end",
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "offered_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="offered at"),
                ),
                (
                    "offered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "offered_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="network.organisation",
                        verbose_name="offered to",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="maintainerships",
                        to="network.organisation",
                    ),
                ),
                (
                    "solution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="maintainerships",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "maintained entry",
                "verbose_name_plural": "maintained entries",
                "ordering": ["-started_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["active", "contested"])),
                        fields=("solution",),
                        name="maintainership_one_per_entry",
                        violation_error_message="This entry has a maintainer already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("end", ""),
                                ("ended_at", None),
                                ("state__in", ["active", "contested"]),
                            ),
                            models.Q(
                                ("end", ""), ("ended_at__isnull", False), ("state", "handed_over")
                            ),
                            models.Q(
                                ("ended_at__isnull", False),
                                ("state", "lost"),
                                models.Q(("end", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="maintainership_end_is_dated",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("offered_at", None), ("offered_by", None), ("offered_to", None)
                            ),
                            models.Q(
                                ("offered_at__isnull", False),
                                ("offered_by__isnull", False),
                                ("offered_to__isnull", False),
                                ("state__in", ["active", "contested"]),
                            ),
                            _connector="OR",
                        ),
                        name="maintainership_offer_is_whole",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="claim",
            name="against",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="contests",
                to="catalog.maintainership",
            ),
        ),
        migrations.CreateModel(
            name="MaintainershipEvent",
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
                    "maintainership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="catalog.maintainership",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Notice",
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
                        choices=[
                            ("security", "Security"),
                            ("licence", "Licence"),
                            ("maintenance_end", "End of maintenance"),
                            ("successor", "Successor"),
                            ("other", "Other notice"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("text_de", models.TextField(max_length=5000, verbose_name="text in German")),
                (
                    "text_en",
                    models.TextField(blank=True, max_length=5000, verbose_name="text in English"),
                ),
                ("evidence", models.URLField(blank=True, max_length=500, verbose_name="evidence")),
                ("valid_from", models.DateField(verbose_name="valid from")),
                (
                    "state",
                    models.CharField(
                        choices=[("standing", "Stands"), ("withdrawn", "Withdrawn")],
                        default="standing",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("version", models.PositiveSmallIntegerField(default=1, verbose_name="version")),
                (
                    "issued_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="issued at"
                    ),
                ),
                (
                    "changed_at",
                    models.DateTimeField(
                        db_index=True,
                        default=osk_portal.toolkit.clock.now,
                        verbose_name="changed at",
                    ),
                ),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="withdrawn at"),
                ),
                (
                    "withdrawal_reason",
                    models.TextField(blank=True, verbose_name="reason of the withdrawal"),
                ),
                (
                    "told_on",
                    models.DateField(
                        default=osk_portal.toolkit.clock.today, verbose_name="last told on"
                    ),
                ),
                ("told_version", models.PositiveSmallIntegerField(default=1)),
                (
                    "issued_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "solution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="catalog.solution",
                    ),
                ),
                (
                    "successor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.solution",
                        verbose_name="successor",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice",
                "verbose_name_plural": "notices",
                "ordering": ["-issued_at", "-pk"],
                "indexes": [
                    models.Index(
                        models.OrderBy(models.F("issued_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="notice_newest",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", "withdrawn"),
                                ("withdrawn_at__isnull", False),
                                models.Q(("withdrawal_reason", ""), _negated=True),
                            ),
                            models.Q(
                                ("state", "standing"),
                                ("withdrawal_reason", ""),
                                ("withdrawn_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="notice_withdrawn_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "successor"), _negated=True),
                            ("successor__isnull", False),
                            _connector="OR",
                        ),
                        name="notice_of_successor_names_it",
                        violation_error_message="Name the successor.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("successor", None),
                            models.Q(("successor", models.F("solution")), _negated=True),
                            _connector="OR",
                        ),
                        name="notice_successor_is_another",
                        violation_error_message="An entry cannot follow itself.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NoticeEvent",
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
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="catalog.notice",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="NoticeReceipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30), default=list, size=None
                    ),
                ),
                ("version", models.PositiveSmallIntegerField()),
                (
                    "told_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="told at"
                    ),
                ),
                (
                    "confirmed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="confirmed at"),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="receipts",
                        to="catalog.notice",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="network.organisation",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notice_receipts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "confirmation of reading",
                "verbose_name_plural": "confirmations of reading",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("notice", "user"), name="notice_receipt_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="NoticeTelling",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="next try"
                    ),
                ),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=100, verbose_name="last error"),
                ),
                (
                    "news",
                    models.CharField(
                        choices=[
                            ("issued", "Issued"),
                            ("corrected", "Corrected"),
                            ("withdrawn", "Withdrawn"),
                            ("reminder", "Reminded"),
                        ],
                        max_length=20,
                    ),
                ),
                ("version", models.PositiveSmallIntegerField()),
                ("cursor", models.BigIntegerField(default=0)),
                (
                    "created_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="created at"
                    ),
                ),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done at")),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tellings",
                        to="catalog.notice",
                    ),
                ),
            ],
            options={
                "verbose_name": "telling of a notice",
                "verbose_name_plural": "tellings of notices",
                "ordering": ["pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None)),
                        fields=["next_attempt_at"],
                        name="notice_telling_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("notice", "news", "version"), name="notice_telling_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Proposal",
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
                            ("open", "Being checked"),
                            ("accepted", "Accepted"),
                            ("returned", "Returned"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("change", "Change"),
                            ("new", "New entry"),
                            ("withdrawal", "Withdrawal of the entry"),
                        ],
                        default="change",
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("base_revision", models.PositiveIntegerField(verbose_name="based on revision")),
                ("changes", models.JSONField(blank=True, default=dict, verbose_name="changes")),
                (
                    "accepted_fields",
                    models.JSONField(blank=True, default=list, verbose_name="accepted fields"),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "submitted_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="submitted at"
                    ),
                ),
                ("promised_on", models.DateField(verbose_name="decision promised by")),
                ("comment", models.TextField(blank=True, verbose_name="comment of the OSK")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                ),
                (
                    "maintainer_comment",
                    models.TextField(blank=True, verbose_name="comment of who maintains the entry"),
                ),
                ("maintainer_commented_at", models.DateTimeField(blank=True, null=True)),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposals",
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
                    ),
                ),
                (
                    "maintainer_commented_by",
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposals",
                        to="network.organisation",
                    ),
                ),
                (
                    "solution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposals",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "proposal",
                "verbose_name_plural": "proposals",
                "ordering": ["promised_on", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state__in", ["accepted", "returned", "refused"]), _negated=True
                            ),
                            models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="proposal_decided_has_decision",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["returned", "refused"]), _negated=True),
                            models.Q(("comment", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="proposal_refusal_has_comment",
                        violation_error_message="Say why.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["open", "returned"])),
                        fields=("solution", "organisation"),
                        name="proposal_one_open_per_organisation",
                        violation_error_message="There is an open proposal for this entry already.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("organisation", None), ("state__in", ["open", "returned"])
                        ),
                        fields=("solution",),
                        name="proposal_one_open_of_the_file",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("author", None), ("organisation", None)),
                            models.Q(("author__isnull", False), ("organisation__isnull", False)),
                            _connector="OR",
                        ),
                        name="proposal_author_has_organisation",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "change"), ("author__isnull", False), _connector="OR"
                        ),
                        name="proposal_of_file_is_change",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "withdrawal"), _negated=True),
                            models.Q(models.Q(("reason", ""), _negated=True), ("changes", {})),
                            _connector="OR",
                        ),
                        name="proposal_withdrawal_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("maintainer_comment", ""), ("maintainer_commented_at", None)),
                            models.Q(
                                ("maintainer_comment__gt", ""),
                                ("maintainer_commented_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="proposal_comment_has_date",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Objection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Being checked by the Leitung"),
                            ("granted", "Granted"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Taken back"),
                        ],
                        default="open",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("reason", models.TextField(verbose_name="reason")),
                (
                    "submitted_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="submitted at"
                    ),
                ),
                ("promised_on", models.DateField(verbose_name="decision promised by")),
                ("answer", models.TextField(blank=True, verbose_name="answer of the Leitung")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="objections",
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
                    ),
                ),
                (
                    "proposal",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="objection",
                        to="catalog.proposal",
                    ),
                ),
            ],
            options={
                "verbose_name": "objection",
                "verbose_name_plural": "objections",
                "ordering": ["promised_on", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="objection_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["granted", "rejected"]), _negated=True),
                            models.Q(
                                ("answer__gt", ""),
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="objection_decided_has_decision",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProposalEvent",
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
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="catalog.proposal",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ProposalReminder",
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
                        choices=[("due_soon", "Due soon"), ("overdue", "Overdue")], max_length=20
                    ),
                ),
                ("of_objection", models.BooleanField(default=False)),
                ("promised_on", models.DateField()),
                ("at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                (
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reminders",
                        to="catalog.proposal",
                    ),
                ),
            ],
            options={
                "verbose_name": "reminder of a promise",
                "verbose_name_plural": "reminders of promises",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("proposal", "kind", "of_objection", "promised_on"),
                        name="proposal_reminder_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reuse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("interest", "Interest"),
                            ("test", "Test"),
                            ("pilot", "Pilot"),
                            ("production", "Production"),
                            ("replaced", "Replaced"),
                        ],
                        max_length=20,
                        verbose_name="stage",
                    ),
                ),
                ("since", models.DateField(blank=True, null=True, verbose_name="since")),
                (
                    "show_name",
                    models.BooleanField(default=False, verbose_name="show the name to everybody"),
                ),
                ("version", models.CharField(blank=True, max_length=60, verbose_name="version")),
                (
                    "users",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="number of users or workplaces"
                    ),
                ),
                (
                    "hosting",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("own", "Own data centre"),
                            ("itdz", "ITDZ Berlin"),
                            ("public", "Other public IT provider"),
                            ("company", "Company"),
                            ("cloud", "Cloud service"),
                        ],
                        max_length=20,
                        verbose_name="hosting",
                    ),
                ),
                (
                    "contact_address",
                    models.EmailField(blank=True, max_length=254, verbose_name="function address"),
                ),
                (
                    "contact_agrees",
                    models.BooleanField(default=False, verbose_name="others may ask the contact"),
                ),
                (
                    "procedure_name",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="name of the IT procedure"
                    ),
                ),
                (
                    "procedure_number",
                    models.CharField(
                        blank=True, max_length=60, verbose_name="number of the IT procedure"
                    ),
                ),
                (
                    "replaced_by_name",
                    models.CharField(blank=True, max_length=200, verbose_name="replaced by"),
                ),
                (
                    "declared_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="declared at"
                    ),
                ),
                (
                    "confirmed_on",
                    models.DateField(
                        default=osk_portal.toolkit.clock.today, verbose_name="confirmed on"
                    ),
                ),
                ("asked_on", models.DateField(blank=True, null=True, verbose_name="asked on")),
                (
                    "unconfirmed_since",
                    models.DateField(blank=True, null=True, verbose_name="not confirmed since"),
                ),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="withdrawn at"),
                ),
                (
                    "withdrawal_reason",
                    models.TextField(blank=True, verbose_name="reason of the withdrawal"),
                ),
                ("revision", models.PositiveIntegerField(default=1)),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reuse_contacts",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="contact",
                    ),
                ),
                (
                    "declared_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reuses",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="declared by",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reuses",
                        to="network.organisation",
                    ),
                ),
                (
                    "replaced_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="catalog.solution",
                        verbose_name="replaced by",
                    ),
                ),
                (
                    "solution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reuses",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "reuse",
                "verbose_name_plural": "reuses",
                "ordering": ["-since", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("withdrawn_at", None), models.Q(("stage", "replaced"), _negated=True)
                        ),
                        fields=("solution", "organisation"),
                        name="reuse_unique",
                        violation_error_message="This organisation has declared its reuse already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stage", "replaced"),
                            models.Q(("replaced_by", None), ("replaced_by_name", "")),
                            _connector="OR",
                        ),
                        name="reuse_replaced_by_only_when_replaced",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("contact_agrees", False),
                            ("contact__isnull", False),
                            models.Q(("contact_address", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="reuse_agreement_has_contact",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReuseEvent",
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
                    "reuse",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="catalog.reuse",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ReuseStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("interest", "Interest"),
                            ("test", "Test"),
                            ("pilot", "Pilot"),
                            ("production", "Production"),
                            ("replaced", "Replaced"),
                        ],
                        max_length=20,
                        verbose_name="stage",
                    ),
                ),
                ("since", models.DateField(blank=True, null=True, verbose_name="since")),
                (
                    "recorded_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="recorded at"
                    ),
                ),
                (
                    "struck_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="corrected at"),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reuse",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="catalog.reuse",
                    ),
                ),
            ],
            options={
                "verbose_name": "stage of a reuse",
                "verbose_name_plural": "stages of reuses",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="SavedComparison",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("title", models.CharField(max_length=150, verbose_name="title")),
                (
                    "slugs",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="solutions",
                    ),
                ),
                (
                    "rows",
                    models.JSONField(blank=True, default=list, verbose_name="own requirements"),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="created at"
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="changed at"
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="comparisons",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="comparisons",
                        to="network.organisation",
                        verbose_name="shared with the organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved comparison",
                "verbose_name_plural": "saved comparisons",
                "ordering": ["-updated_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("slugs__len__lte", 4)), name="comparison_of_up_to_four"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("word", models.TextField()),
            ],
            options={
                "verbose_name": "search word",
                "verbose_name_plural": "search words",
                "ordering": ["pk"],
                "indexes": [
                    models.Index(fields=["word"], name="search_word_word"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass("word", "gin_trgm_ops"),
                        name="search_word_trigrams",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SolutionDocument",
            fields=[
                (
                    "solution",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_document",
                        serialize=False,
                        to="catalog.solution",
                    ),
                ),
                ("names", models.TextField(default="")),
                ("short", models.TextField(default="")),
                ("long", models.TextField(default="")),
                ("labels", models.TextField(default="")),
                ("organisations", models.TextField(default="")),
                ("alternatives", models.TextField(default="")),
                ("folded_names", models.TextField(default="")),
                ("folded", models.TextField(default="")),
                (
                    "german",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.contrib.postgres.search.CombinedSearchVector(
                            django.contrib.postgres.search.CombinedSearchVector(
                                django.contrib.postgres.search.CombinedSearchVector(
                                    django.contrib.postgres.search.SearchVector(
                                        "names", config="german", weight="A"
                                    ),
                                    "||",
                                    django.contrib.postgres.search.SearchVector(
                                        "alternatives",
                                        "labels",
                                        "short",
                                        config="german",
                                        weight="B",
                                    ),
                                    django.contrib.postgres.search.SearchConfig("german"),
                                ),
                                "||",
                                django.contrib.postgres.search.SearchVector(
                                    "organisations", config="german", weight="C"
                                ),
                                django.contrib.postgres.search.SearchConfig("german"),
                            ),
                            "||",
                            django.contrib.postgres.search.SearchVector(
                                "long", config="german", weight="D"
                            ),
                            django.contrib.postgres.search.SearchConfig("german"),
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
                (
                    "english",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.contrib.postgres.search.CombinedSearchVector(
                            django.contrib.postgres.search.CombinedSearchVector(
                                django.contrib.postgres.search.CombinedSearchVector(
                                    django.contrib.postgres.search.SearchVector(
                                        "names", config="english", weight="A"
                                    ),
                                    "||",
                                    django.contrib.postgres.search.SearchVector(
                                        "alternatives",
                                        "labels",
                                        "short",
                                        config="english",
                                        weight="B",
                                    ),
                                    django.contrib.postgres.search.SearchConfig("english"),
                                ),
                                "||",
                                django.contrib.postgres.search.SearchVector(
                                    "organisations", config="english", weight="C"
                                ),
                                django.contrib.postgres.search.SearchConfig("english"),
                            ),
                            "||",
                            django.contrib.postgres.search.SearchVector(
                                "long", config="english", weight="D"
                            ),
                            django.contrib.postgres.search.SearchConfig("english"),
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
                (
                    "simple",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.contrib.postgres.search.CombinedSearchVector(
                            django.contrib.postgres.search.SearchVector(
                                "folded_names", config="simple", weight="A"
                            ),
                            "||",
                            django.contrib.postgres.search.SearchVector(
                                "folded", config="simple", weight="B"
                            ),
                            django.contrib.postgres.search.SearchConfig("simple"),
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
            ],
            options={
                "verbose_name": "search document",
                "verbose_name_plural": "search documents",
                "ordering": ["pk"],
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["german"], name="solution_document_german"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["english"], name="solution_document_english"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["simple"], name="solution_document_simple"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass("folded", "gin_trgm_ops"),
                        name="solution_document_trigrams",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass("folded_names", "gin_trgm_ops"),
                        name="solution_document_names",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RepositoryAlias",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "repository_url",
                    models.CharField(
                        max_length=500, unique=True, verbose_name="repository, normalised"
                    ),
                ),
                (
                    "solution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="aliases",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "former repository",
                "verbose_name_plural": "former repositories",
                "ordering": ["repository_url"],
            },
        ),
        migrations.CreateModel(
            name="Picture",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="next try"
                    ),
                ),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=100, verbose_name="last error"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("logo", "Logo"), ("screenshot", "Screenshot")],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                (
                    "source",
                    models.CharField(max_length=500, verbose_name="place that the file names"),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("file_url", models.CharField(blank=True, max_length=1500)),
                ("etag", models.CharField(blank=True, max_length=200)),
                ("last_modified", models.CharField(blank=True, max_length=60)),
                ("digest", models.CharField(blank=True, db_index=True, max_length=64)),
                ("width", models.PositiveSmallIntegerField(default=0)),
                ("height", models.PositiveSmallIntegerField(default=0)),
                ("is_light", models.BooleanField(default=False)),
                (
                    "alt",
                    models.CharField(blank=True, max_length=300, verbose_name="alternative text"),
                ),
                ("described_digest", models.CharField(blank=True, max_length=64)),
                ("is_blocked", models.BooleanField(default=False, verbose_name="blocked")),
                (
                    "problem",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not_found", "The picture cannot be fetched."),
                            ("unreadable", "The file is no picture that we can read."),
                            ("too_large", "The picture is too large."),
                            ("text", "The SVG holds text. Convert the text into paths."),
                            ("stretched", "The picture is too long and narrow."),
                        ],
                        max_length=20,
                        verbose_name="problem",
                    ),
                ),
                (
                    "fetched_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last fetched"),
                ),
                (
                    "failing_since",
                    models.DateTimeField(blank=True, null=True, verbose_name="fails since"),
                ),
                (
                    "solution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pictures",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "picture",
                "verbose_name_plural": "pictures",
                "ordering": ["kind", "position", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_blocked", False)),
                        fields=["next_attempt_at"],
                        name="picture_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("solution", "kind", "source"), name="picture_named_once_per_kind"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NoticeVersion",
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
                            ("security", "Security"),
                            ("licence", "Licence"),
                            ("maintenance_end", "End of maintenance"),
                            ("successor", "Successor"),
                            ("other", "Other notice"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("text_de", models.TextField(max_length=5000, verbose_name="text in German")),
                (
                    "text_en",
                    models.TextField(blank=True, max_length=5000, verbose_name="text in English"),
                ),
                ("evidence", models.URLField(blank=True, max_length=500, verbose_name="evidence")),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("number", models.PositiveSmallIntegerField(verbose_name="version")),
                ("reason", models.TextField(verbose_name="what was corrected")),
                (
                    "replaced_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="replaced at"
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="catalog.notice",
                    ),
                ),
                (
                    "successor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.solution",
                        verbose_name="successor",
                    ),
                ),
            ],
            options={
                "verbose_name": "earlier version of a notice",
                "verbose_name_plural": "earlier versions of notices",
                "ordering": ["-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("notice", "number"), name="notice_version_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="next try"
                    ),
                ),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=100, verbose_name="last error"),
                ),
                ("url", models.CharField(max_length=2000, verbose_name="address")),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                (
                    "failing_since",
                    models.DateTimeField(blank=True, null=True, verbose_name="fails since"),
                ),
                (
                    "dead_since",
                    models.DateTimeField(blank=True, null=True, verbose_name="dead since"),
                ),
                (
                    "alive_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last reached"),
                ),
                (
                    "solution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "link",
                "verbose_name_plural": "links",
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["next_attempt_at"], name="link_due")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("solution", "url"), name="link_once_per_solution"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Follow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="since"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="follows",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "solution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="follows",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "followed entry",
                "verbose_name_plural": "followed entries",
                "ordering": ["-created_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("solution", "user"), name="follow_unique")
                ],
            },
        ),
        migrations.AddField(
            model_name="claim",
            name="solution",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="claims",
                to="catalog.solution",
            ),
        ),
        migrations.CreateModel(
            name="BadgeJob",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="next try"
                    ),
                ),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=100, verbose_name="last error"),
                ),
                ("repository", models.CharField(max_length=500, verbose_name="repository")),
                (
                    "fetched_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last fetched"),
                ),
                (
                    "solution",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="badge_job",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "fetching of badges",
                "verbose_name_plural": "fetching of badges",
                "ordering": ["next_attempt_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Badge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("badge", models.CharField(max_length=30)),
                ("level", models.CharField(max_length=60)),
                ("url", models.CharField(max_length=700)),
                ("fetched_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                (
                    "solution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="badges",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "badge of openCode",
                "verbose_name_plural": "badges of openCode",
                "ordering": ["badge"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("solution", "badge"), name="badge_of_opencode_unique"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="assessment",
            name="solution",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="assessments",
                to="catalog.solution",
            ),
        ),
        migrations.CreateModel(
            name="SolutionEvent",
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
                    "solution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SolutionRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="revision")),
                ("document", models.JSONField(verbose_name="publiccode.yml")),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("import", "Import"),
                            ("proposal", "Proposal"),
                            ("file", "File in the repository"),
                            ("form", "Form"),
                            ("osk", "OSK"),
                            ("restored", "Restored"),
                        ],
                        max_length=20,
                        verbose_name="origin",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="created at"
                    ),
                ),
                (
                    "restored_from",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="restored from"
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "author",
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="network.organisation",
                    ),
                ),
                (
                    "solution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="revisions",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "revision",
                "verbose_name_plural": "revisions",
                "ordering": ["-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("solution", "number"), name="solution_revision_number_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="next try"
                    ),
                ),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=100, verbose_name="last error"),
                ),
                ("repository", models.CharField(max_length=500, verbose_name="repository")),
                (
                    "file_url",
                    models.CharField(
                        blank=True, max_length=700, verbose_name="address of the file"
                    ),
                ),
                ("etag", models.CharField(blank=True, max_length=200)),
                ("last_modified", models.CharField(blank=True, max_length=60)),
                ("document", models.JSONField(blank=True, null=True, verbose_name="last file")),
                (
                    "is_trusted",
                    models.BooleanField(
                        default=False,
                        help_text="Without it a changed file becomes a proposal.",
                        verbose_name="take over changes at once",
                    ),
                ),
                (
                    "tried_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last tried"),
                ),
                (
                    "fetched_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last fetched"),
                ),
                (
                    "changed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="file last changed"),
                ),
                (
                    "failing_since",
                    models.DateTimeField(blank=True, null=True, verbose_name="fails since"),
                ),
                ("failure_told_at", models.DateTimeField(editable=False, null=True)),
                ("stale_told_at", models.DateTimeField(editable=False, null=True)),
                (
                    "solution",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="source",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "source",
                "verbose_name_plural": "sources",
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["next_attempt_at"], name="source_due")],
            },
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "topic",
                    models.CharField(
                        choices=[
                            ("ozg", "Service under the Online Access Act (OZG)"),
                            ("leika", "LeiKa keys"),
                            ("efa", "One for all (EfA)"),
                            ("accessibility", "Accessibility (BITV, EN 301 549)"),
                            ("security", "IT-Grundschutz"),
                            ("processing", "Data processing agreement (AVV)"),
                            ("impact", "Data protection impact assessment (DSFA)"),
                            ("itdz", "Operation at the ITDZ"),
                        ],
                        max_length=20,
                        verbose_name="topic",
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("yes", "Yes"),
                            ("no", "No"),
                            ("planned", "Planned"),
                            ("open", "Being clarified"),
                        ],
                        max_length=20,
                        verbose_name="answer",
                    ),
                ),
                (
                    "value",
                    models.CharField(
                        blank=True, max_length=1000, verbose_name="statement in words"
                    ),
                ),
                (
                    "said_by",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="tested or stated by"
                    ),
                ),
                ("stated_on", models.DateField(verbose_name="date of the statement")),
                ("evidence", models.CharField(blank=True, max_length=500, verbose_name="evidence")),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("file", "Repository's file"),
                            ("maintainer", "Maintainer of the entry"),
                            ("osk", "OSK"),
                            ("organisation", "An organisation"),
                        ],
                        max_length=20,
                        verbose_name="origin",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Being checked"),
                            ("standing", "In force"),
                            ("superseded", "Replaced"),
                            ("retracted", "Taken off"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="created at"
                    ),
                ),
                (
                    "promised_on",
                    models.DateField(blank=True, null=True, verbose_name="decision promised by"),
                ),
                ("comment", models.TextField(blank=True, verbose_name="comment of the OSK")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                ),
                (
                    "ended_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="in force until"),
                ),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
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
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="network.organisation",
                    ),
                ),
                (
                    "solution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="statements",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "administration statement",
                "verbose_name_plural": "administration statements",
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "proposed")),
                        fields=["promised_on"],
                        name="statement_waiting",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "standing")),
                        fields=("solution", "topic"),
                        name="statement_one_in_force",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "proposed")),
                        fields=("solution", "topic", "organisation"),
                        name="statement_one_proposed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), _negated=True),
                            models.Q(("value", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="statement_says_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("organisation", None), ("origin__in", ["file", "osk"])),
                            models.Q(
                                ("organisation__isnull", False),
                                ("origin__in", ["maintainer", "organisation"]),
                            ),
                            _connector="OR",
                        ),
                        name="statement_origin_is_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "proposed"), _negated=True),
                            models.Q(
                                ("author__isnull", False),
                                ("organisation__isnull", False),
                                ("promised_on__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="statement_proposed_has_promise",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["refused", "retracted"]), _negated=True),
                            models.Q(("comment", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="statement_end_has_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatementEvent",
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
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="catalog.statement",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Support",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "text",
                    models.CharField(blank=True, max_length=300, verbose_name="what is offered"),
                ),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("operation", "Operation"),
                                ("adaptation", "Adaptation"),
                                ("training", "Training"),
                                ("contract", "Support contract"),
                            ],
                            max_length=20,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="kinds of support",
                    ),
                ),
                (
                    "link",
                    models.URLField(blank=True, max_length=500, verbose_name="page of the offer"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Being checked"),
                            ("shown", "Shown"),
                            ("refused", "Not shown"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="shown",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                (
                    "offered_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="offered at"
                    ),
                ),
                ("comment", models.TextField(blank=True, verbose_name="comment of the OSK")),
                ("revision", models.PositiveIntegerField(default=1)),
                (
                    "offered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="support_offers",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="offered by",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="supports",
                        to="network.organisation",
                    ),
                ),
                (
                    "solution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="supports",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "support offer",
                "verbose_name_plural": "support offers",
                "ordering": ["organisation__sort_key"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("solution", "organisation"), name="support_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), _negated=True),
                            models.Q(("comment", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="support_refusal_has_comment",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="solution",
            name="supporters",
            field=models.ManyToManyField(
                related_name="supported_solutions",
                through="catalog.Support",
                to="network.organisation",
                verbose_name="support offered by",
            ),
        ),
        migrations.CreateModel(
            name="SupportEvent",
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
                    "support",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="catalog.support",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SynonymGroupEvent",
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
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="catalog.synonymgroup",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="TextGrant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("wording", models.CharField(max_length=20, verbose_name="wording")),
                (
                    "granted_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="granted at"
                    ),
                ),
                (
                    "intake",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grants",
                        to="catalog.intake",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="text_grants",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grants",
                        to="catalog.proposal",
                    ),
                ),
            ],
            options={
                "verbose_name": "grant of texts",
                "verbose_name_plural": "grants of texts",
                "ordering": ["granted_at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("proposal__isnull", False), ("intake__isnull", False), _connector="OR"
                        ),
                        name="text_grant_is_for_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("wording", ""), _negated=True),
                        name="text_grant_has_wording",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CodeReleaseStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.CharField(max_length=20, verbose_name="step")),
                ("answers", models.JSONField(blank=True, default=dict, verbose_name="answers")),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="catalog.coderelease",
                    ),
                ),
            ],
            options={
                "verbose_name": "step",
                "verbose_name_plural": "steps",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("release", "slug"), name="code_release_step_once"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("solution", "organisation"),
                name="claim_one_open_per_organisation",
                violation_error_message="Your organisation has claimed this entry already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("against", None), ("answer_by__isnull", False), _connector="OR"
                ),
                name="claim_contest_has_term",
            ),
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.UniqueConstraint(
                fields=("solution", "number"), name="assessment_number_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "published")),
                fields=("solution",),
                name="assessment_one_published",
            ),
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["draft", "sent"])),
                fields=("solution",),
                name="assessment_one_in_work",
            ),
        ),
        migrations.RunSQL(KEEP_WORDS, FORGET_WORDS),
        migrations.RunSQL(NO_STATISTICS, STATISTICS),
    ]
