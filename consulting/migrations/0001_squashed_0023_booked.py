import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import consulting.models.feedback
import consulting.models.files
import consulting.models.text_module
import osk_portal.toolkit.clock


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("consulting", "0001_initial"),
        ("consulting", "0002_case_ground"),
        ("consulting", "0003_files"),
        ("consulting", "0004_partners"),
        ("consulting", "0005_intake"),
        ("consulting", "0006_recording"),
        ("consulting", "0007_record"),
        ("consulting", "0008_working"),
        ("consulting", "0009_knowledge"),
        ("consulting", "0010_market"),
        ("consulting", "0011_dates"),
        ("consulting", "0012_synergy"),
        ("consulting", "0013_keeping"),
        ("consulting", "0014_mailbox"),
        ("consulting", "0015_tools"),
        ("consulting", "0016_scan"),
        ("consulting", "0017_speed"),
        ("consulting", "0018_people"),
        ("consulting", "0019_mailbits"),
        ("consulting", "0020_fixa"),
        ("consulting", "0021_fixb"),
        ("consulting", "0022_fixd"),
        ("consulting", "0023_booked"),
    ]

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("catalog", "0001_squashed_0017_reuse"),
        ("network", "0001_squashed_0003_people"),
        ("sandbox", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="IncomingMail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("sha256", models.CharField(editable=False, max_length=64, verbose_name="SHA-256")),
                ("reply_address", models.CharField(blank=True, editable=False, max_length=320)),
                ("recipient", models.CharField(blank=True, max_length=320, verbose_name="to")),
                (
                    "received_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="received"
                    ),
                ),
                ("size", models.PositiveBigIntegerField(verbose_name="size in bytes")),
                (
                    "sender_email",
                    models.CharField(blank=True, max_length=320, verbose_name="sender"),
                ),
                (
                    "sender_name",
                    models.CharField(blank=True, max_length=300, verbose_name="name of the sender"),
                ),
                (
                    "reply_to",
                    models.CharField(blank=True, max_length=320, verbose_name="answers go to"),
                ),
                ("subject", models.CharField(blank=True, max_length=500, verbose_name="subject")),
                (
                    "header_id",
                    models.CharField(
                        blank=True, editable=False, max_length=260, verbose_name="Message-ID"
                    ),
                ),
                ("new_text", models.TextField(blank=True, verbose_name="text")),
                ("quoted_text", models.TextField(blank=True, verbose_name="quoted text")),
                ("signature", models.TextField(blank=True, verbose_name="signature")),
                (
                    "attachments",
                    models.JSONField(blank=True, default=list, verbose_name="attachments"),
                ),
                (
                    "flags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("auto", "Automatic reply or mailing list"),
                                ("away", "Out of office"),
                                ("bounce", "Not delivered"),
                                ("loop", "Loop: a mail of our own came back"),
                                ("signed", "Signed; the signature was not checked"),
                                ("encrypted", "Encrypted: the portal cannot read it"),
                                ("winmail", "Holds winmail.dat: attachments may be hidden in it"),
                                ("incomplete", "Not read completely: too large or damaged"),
                            ],
                            max_length=20,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("files_refused", models.PositiveSmallIntegerField(default=0, editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("joined", "Added to a request"),
                            ("made", "Made into a request"),
                            ("answered", "Answered"),
                            ("discarded", "Discarded"),
                            ("automatic", "Automatic mail"),
                        ],
                        default="new",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("announced_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "hint",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("broken", "The reply address is damaged or was not made by us."),
                            (
                                "other_sender",
                                "The reply address belongs to another person than the sender.",
                            ),
                            (
                                "not_allowed",
                                "The person to whom the reply address belongs may not write in this request.",
                            ),
                            (
                                "mailbox",
                                "The Funktionspostfach to which the reply address belongs may not write in this request.",
                            ),
                            ("closed", "The request is closed."),
                            ("ended", "The request takes no more messages."),
                            ("no_text", "The mail holds no text that could become a message."),
                            ("unreadable", "The mail could not be read completely."),
                            ("named", "It answers a mail of ours, but not to a reply address."),
                            ("reference", "Its subject names a reference."),
                        ],
                        max_length=20,
                    ),
                ),
                ("routed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("answer", models.TextField(blank=True, verbose_name="answer")),
                ("discard_reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided on"),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "verbose_name": "incoming mail",
                "verbose_name_plural": "incoming mails",
                "ordering": ["-received_at", "-pk"],
                "indexes": [
                    models.Index(fields=["state", "received_at"], name="incoming_mail_by_state"),
                    models.Index(
                        condition=models.Q(("routed_at", None)),
                        fields=["received_at"],
                        name="incoming_mail_to_route",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("sha256", "reply_address"), name="incoming_mail_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                        name="incoming_mail_has_sum",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", "discarded"),
                                models.Q(("discard_reason", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "discarded"), _negated=True),
                                ("discard_reason", ""),
                            ),
                            _connector="OR",
                        ),
                        name="incoming_mail_discarded_has_reason",
                        violation_error_message="A discarded mail has a reason.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "answered"), _negated=True),
                            models.Q(("answer", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="incoming_mail_answered_has_text",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MailboxPosition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=400, unique=True, verbose_name="mailbox")),
                ("uidvalidity", models.PositiveBigIntegerField()),
                ("last_uid", models.PositiveBigIntegerField(default=0)),
                (
                    "read_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="read at"
                    ),
                ),
            ],
            options={
                "verbose_name": "position in a mailbox",
                "verbose_name_plural": "positions in mailboxes",
            },
        ),
        migrations.CreateModel(
            name="CaseResult",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField(verbose_name="answer")),
                ("created_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                (
                    "offers",
                    models.JSONField(editable=False, null=True, verbose_name="support offers"),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "result",
                "verbose_name_plural": "results",
                "ordering": ["created_at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True),
                        name="result_has_text",
                        violation_error_message="Write an answer.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsultingRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "reference",
                    models.CharField(
                        blank=True,
                        editable=False,
                        max_length=20,
                        null=True,
                        unique=True,
                        verbose_name="reference",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("question", "Question"),
                            ("idea", "Idea"),
                            ("project", "Concrete project"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=200, verbose_name="title")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                (
                    "topics",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("introduction", "Introduction"),
                                ("operation", "Operation"),
                                ("procurement", "Procurement"),
                                ("reuse", "Reuse"),
                                ("licence_law", "Licence and law"),
                                ("security", "Security"),
                                ("data_protection", "Data protection"),
                                ("accessibility", "Accessibility"),
                                ("publishing_code", "Publishing own code"),
                                ("migration", "Migration"),
                                ("cooperation", "Cooperation"),
                            ],
                            max_length=30,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="topics",
                    ),
                ),
                (
                    "phase",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("idea", "First idea"),
                            ("planning", "Planning"),
                            ("selection", "Selection"),
                            ("introduction", "Introduction"),
                            ("operation", "In operation"),
                        ],
                        max_length=20,
                        verbose_name="phase",
                    ),
                ),
                ("wished_on", models.DateField(blank=True, null=True, verbose_name="wished date")),
                (
                    "own_reference",
                    models.CharField(blank=True, max_length=100, verbose_name="your reference"),
                ),
                (
                    "users_count",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="number of users"
                    ),
                ),
                ("software_in_use", models.TextField(blank=True, verbose_name="software in use")),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("web", "Portal"),
                            ("mail", "Mail"),
                            ("phone", "Telephone"),
                            ("roadshow", "Roadshow"),
                            ("talk", "Conversation"),
                        ],
                        default="web",
                        editable=False,
                        max_length=20,
                        verbose_name="channel",
                    ),
                ),
                (
                    "urgency",
                    models.CharField(
                        choices=[
                            ("normal", "Not urgent"),
                            ("wished", "Marked as urgent"),
                            ("confirmed", "Urgent"),
                            ("answered", "Not handled as urgent"),
                        ],
                        default="normal",
                        max_length=20,
                        verbose_name="urgency",
                    ),
                ),
                (
                    "urgency_reason",
                    models.TextField(blank=True, verbose_name="reason for the urgency"),
                ),
                (
                    "urgency_answer",
                    models.TextField(blank=True, verbose_name="answer to the urgency"),
                ),
                (
                    "urgency_reminded_at",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "procedure_state",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("none", "No procedure"),
                            ("planned", "Planned"),
                            ("running", "Running"),
                        ],
                        max_length=20,
                        verbose_name="state of the procedure",
                    ),
                ),
                (
                    "is_confidential",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="Procurement, with a procedure that is planned, running or not yet named.",
                        verbose_name="confidential",
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[
                            ("only_me", "Only me"),
                            ("selected", "Selected colleagues"),
                            ("organisation", "All members of my authority"),
                        ],
                        default="only_me",
                        max_length=20,
                        verbose_name="visible for",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "Received"),
                            ("triage", "In triage"),
                            ("assigned", "Assigned"),
                            ("in_progress", "In progress"),
                            ("waiting_requester", "Waiting for the authority"),
                            ("waiting_third", "Information requested"),
                            ("answered", "Answered"),
                            ("closed", "Closed"),
                            ("declined", "Not taken on"),
                            ("duplicate", "Merged"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="draft",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                (
                    "state_before_waiting",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "Received"),
                            ("triage", "In triage"),
                            ("assigned", "Assigned"),
                            ("in_progress", "In progress"),
                            ("waiting_requester", "Waiting for the authority"),
                            ("waiting_third", "Information requested"),
                            ("answered", "Answered"),
                            ("closed", "Closed"),
                            ("declined", "Not taken on"),
                            ("duplicate", "Merged"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        editable=False,
                        max_length=20,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("settled", "Settled"),
                            ("automatic", "Closed after the time for questions"),
                            ("no_reply", "No reply"),
                        ],
                        max_length=20,
                        verbose_name="outcome",
                    ),
                ),
                ("decline_reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "decline_referral",
                    models.TextField(blank=True, verbose_name="where to get help"),
                ),
                (
                    "snoozed_until",
                    models.DateField(blank=True, null=True, verbose_name="follow-up date"),
                ),
                (
                    "snooze_note",
                    models.TextField(blank=True, verbose_name="note on the follow-up date"),
                ),
                ("hides_hints", models.BooleanField(default=False, editable=False)),
                (
                    "passed_steps",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        blank=True,
                        default=list,
                        editable=False,
                        size=None,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, editable=False, verbose_name="changed"
                    ),
                ),
                (
                    "expiry_announced_at",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "submitted_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="received"),
                ),
                (
                    "first_response_due_on",
                    models.DateField(blank=True, null=True, verbose_name="first response by"),
                ),
                (
                    "first_responded_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="first response"),
                ),
                (
                    "answer_due_on",
                    models.DateField(blank=True, null=True, verbose_name="answer by"),
                ),
                (
                    "paused_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="time rests since"),
                ),
                (
                    "paused_working_days",
                    models.PositiveIntegerField(default=0, verbose_name="rested working days"),
                ),
                ("reply_due_on", models.DateField(blank=True, null=True, verbose_name="reply by")),
                ("closes_on", models.DateField(blank=True, null=True, verbose_name="closed after")),
                ("reminded_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "follow_up_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="follow-up question"),
                ),
                (
                    "answered_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="answered"),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="withdrawn"),
                ),
                (
                    "anonymised_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="anonymised"
                    ),
                ),
                (
                    "assignee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assigned_requests",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="contact person at the OSK",
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consulting_requests",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
                (
                    "bookings",
                    models.ManyToManyField(
                        blank=True,
                        related_name="consulting_requests",
                        to="sandbox.booking",
                        verbose_name="test environments",
                    ),
                ),
                (
                    "continues",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="continued_by",
                        to="consulting.consultingrequest",
                        verbose_name="continues",
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
                    "duplicate_of",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="duplicates",
                        to="consulting.consultingrequest",
                        verbose_name="continued as",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consulting_requests",
                        to="network.organisation",
                        verbose_name="organisation",
                    ),
                ),
                (
                    "result",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consulting.caseresult",
                        verbose_name="result",
                    ),
                ),
                (
                    "solutions",
                    models.ManyToManyField(
                        blank=True,
                        related_name="consulting_requests",
                        to="catalog.solution",
                        verbose_name="solutions",
                    ),
                ),
            ],
            options={
                "verbose_name": "request",
                "verbose_name_plural": "requests",
                "ordering": ["-updated_at", "-pk"],
                "indexes": [
                    models.Index(fields=["state", "answer_due_on"], name="case_by_promise"),
                    models.Index(fields=["assignee", "state"], name="case_by_assignee"),
                    models.Index(fields=["organisation", "state"], name="case_by_organisation"),
                    models.Index(fields=["author", "state"], name="case_by_author"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.search.CombinedSearchVector(
                            django.contrib.postgres.search.SearchVector(
                                "title", config="german", weight="A"
                            ),
                            "||",
                            django.contrib.postgres.search.SearchVector(
                                "description", config="german", weight="B"
                            ),
                            django.contrib.postgres.search.SearchConfig("german"),
                        ),
                        name="case_by_words",
                    ),
                    models.Index(
                        condition=models.Q(
                            (
                                "state__in",
                                (
                                    "submitted",
                                    "triage",
                                    "assigned",
                                    "in_progress",
                                    "waiting_requester",
                                    "waiting_third",
                                    "answered",
                                ),
                            ),
                            ("snoozed_until__isnull", False),
                            _connector="OR",
                        ),
                        fields=["state", "assignee"],
                        include=(
                            "id",
                            "author",
                            "urgency",
                            "snoozed_until",
                            "first_responded_at",
                            "first_response_due_on",
                            "answer_due_on",
                        ),
                        name="case_at_work",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reference", None), ("state", "draft")),
                            models.Q(
                                models.Q(("state", "draft"), _negated=True),
                                ("reference__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="case_reference_iff_sent",
                        violation_error_message="A request has a reference once it was sent.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "draft"),
                            models.Q(
                                models.Q(("kind", ""), _negated=True),
                                models.Q(("title", ""), _negated=True),
                                models.Q(("description", ""), _negated=True),
                                ("answer_due_on__isnull", False),
                                ("first_response_due_on__isnull", False),
                                ("organisation__isnull", False),
                                ("submitted_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="case_sent_is_complete",
                        violation_error_message="A sent request is complete and has its promises.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "assigned"), _negated=True),
                            ("assignee__isnull", False),
                            _connector="OR",
                        ),
                        name="case_assigned_has_assignee",
                        violation_error_message="An assigned request has a contact person.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("paused_at__isnull", False),
                                ("reply_due_on__isnull", False),
                                ("state", "waiting_requester"),
                                models.Q(("state_before_waiting", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "waiting_requester"), _negated=True),
                                ("paused_at", None),
                                ("state_before_waiting", ""),
                            ),
                            _connector="OR",
                        ),
                        name="case_waiting_is_paused",
                        violation_error_message="The time rests exactly while the OSK waits for a reply.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "answered"), _negated=True),
                            models.Q(("answered_at__isnull", False), ("result__isnull", False)),
                            _connector="OR",
                        ),
                        name="case_answered_has_result",
                        violation_error_message="An answered request has a result.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "closed"), _negated=True),
                            models.Q(
                                ("closed_at__isnull", False),
                                models.Q(("outcome", ""), _negated=True),
                                models.Q(
                                    ("outcome", "no_reply"),
                                    ("result__isnull", False),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="case_closed_has_outcome",
                        violation_error_message="A closed request has an outcome.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", "declined"),
                                models.Q(("decline_reason", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "declined"), _negated=True),
                                ("decline_reason", ""),
                                ("decline_referral", ""),
                            ),
                            _connector="OR",
                        ),
                        name="case_declined_has_reason",
                        violation_error_message="A request that is not taken on has a reason.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("duplicate_of__isnull", False), ("state", "duplicate")),
                            models.Q(
                                models.Q(("state", "duplicate"), _negated=True),
                                ("duplicate_of", None),
                            ),
                            _connector="OR",
                        ),
                        name="case_duplicate_has_target",
                        violation_error_message="A merged request names the one that continues it.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("duplicate_of", models.F("pk")), _negated=True),
                        name="case_not_its_own_duplicate",
                        violation_error_message="A request is not merged with itself.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "withdrawn"), _negated=True),
                            ("withdrawn_at__isnull", False),
                            _connector="OR",
                        ),
                        name="case_withdrawn_has_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseRetention",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_on", models.DateField(null=True, verbose_name="anonymised on")),
                (
                    "first_told_at",
                    models.DateTimeField(null=True, verbose_name="announced 60 days ahead"),
                ),
                (
                    "second_told_at",
                    models.DateTimeField(null=True, verbose_name="announced 14 days ahead"),
                ),
                ("filed_at", models.DateTimeField(null=True, verbose_name="taken into the e-file")),
                (
                    "contract_ends_on",
                    models.DateField(null=True, verbose_name="end of the contract"),
                ),
                (
                    "filed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="retention",
                        to="consulting.consultingrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "retention of a request",
                "verbose_name_plural": "retention of requests",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("due_on", None), ("first_told_at", None)),
                            models.Q(("due_on__isnull", False), ("first_told_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="retention_told_has_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("second_told_at", None),
                            ("first_told_at__isnull", False),
                            _connector="OR",
                        ),
                        name="retention_told_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("filed_at", None), ("filed_by", None)),
                            models.Q(("filed_at__isnull", False), ("filed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="retention_filed_by_somebody",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="caseresult",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="results",
                to="consulting.consultingrequest",
            ),
        ),
        migrations.CreateModel(
            name="CaseRelation",
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
                            ("linked", "Nobody is asked"),
                            ("asked", "Both are asked"),
                            ("half", "One has agreed"),
                            ("agreed", "Both agree to merging"),
                            ("refused", "Merging is not wanted"),
                        ],
                        default="linked",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("at", models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False)),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="linked by",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="relations",
                        to="consulting.consultingrequest",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="relations_to",
                        to="consulting.consultingrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "linked requests",
                "verbose_name_plural": "linked requests",
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("case", models.F("other")), _negated=True),
                        name="case_relation_of_two",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("case", "other"),
                        name="case_relation_once",
                        violation_error_message="These requests are linked already.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("by_osk", models.BooleanField(default=False, verbose_name="by the OSK")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("message", "Message"),
                            ("question", "Question"),
                            ("reply", "Reply to the question"),
                            ("call", "Telephone note"),
                            ("mail", "Mail"),
                            ("follow_up", "Follow-up question"),
                            ("reason", "Reason"),
                            ("note", "Internal note"),
                        ],
                        default="message",
                        max_length=20,
                    ),
                ),
                (
                    "is_internal",
                    models.BooleanField(default=False, verbose_name="internal, OSK only"),
                ),
                ("body", models.TextField(verbose_name="text")),
                ("quoted_text", models.TextField(blank=True, verbose_name="quoted text")),
                ("form_id", models.UUIDField(blank=True, editable=False, null=True)),
                ("created_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("edited_at", models.DateTimeField(editable=False, null=True)),
                (
                    "spoken_with",
                    models.CharField(blank=True, max_length=200, verbose_name="spoken with"),
                ),
                (
                    "spoken_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="spoken at"),
                ),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "mailbox_of",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="network.organisation",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="consulting.consultingrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages",
                "ordering": ["created_at", "pk"],
                "indexes": [models.Index(fields=["case", "created_at"], name="message_of_case")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("case", "author", "form_id"),
                        name="message_once_a_form",
                        violation_error_message="This was sent already.",
                    ),
                    models.UniqueConstraint(
                        fields=("case", "mailbox_of", "form_id"),
                        name="message_once_a_mailbox",
                        violation_error_message="This was sent already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("mailbox_of", None),
                            models.Q(("author", None), ("by_osk", False), ("is_internal", False)),
                            _connector="OR",
                        ),
                        name="message_of_mailbox_names_nobody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_internal", True), ("kind", "note")),
                            ("kind__in", ("reason", "call", "mail")),
                            models.Q(
                                models.Q(
                                    ("kind__in", ("note", "reason", "call", "mail")), _negated=True
                                ),
                                ("is_internal", False),
                            ),
                            _connector="OR",
                        ),
                        name="message_note_is_internal",
                        violation_error_message="A note is internal, a message is public.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_internal", True), _negated=True),
                            ("by_osk", True),
                            _connector="OR",
                        ),
                        name="message_internal_by_osk",
                        violation_error_message="Only the OSK writes internal notes.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("by_osk", True),
                                ("kind__in", ("call", "mail")),
                                ("spoken_at__isnull", False),
                                models.Q(("spoken_with", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("kind__in", ("call", "mail")), _negated=True),
                                ("spoken_at", None),
                                ("spoken_with", ""),
                            ),
                            _connector="OR",
                        ),
                        name="message_call_is_named",
                        violation_error_message="A telephone note says who spoke, and when.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("body", ""), _negated=True),
                        name="message_has_text",
                        violation_error_message="Write a text.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("made_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="consulting.consultingrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "link",
                "verbose_name_plural": "links",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="CaseFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("by_osk", models.BooleanField(default=False, verbose_name="by the OSK")),
                (
                    "is_internal",
                    models.BooleanField(default=False, verbose_name="internal, OSK only"),
                ),
                ("name", models.CharField(max_length=150, verbose_name="file name")),
                (
                    "content",
                    models.FileField(
                        blank=True,
                        storage=consulting.models.files.private_storage,
                        upload_to=consulting.models.files.random_name,
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
                            ("refused", "refused"),
                        ],
                        default="quarantined",
                        max_length=20,
                    ),
                ),
                ("created_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("scanned_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("leased_until", models.DateTimeField(null=True)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=300, verbose_name="last error"),
                ),
                (
                    "finding",
                    models.CharField(blank=True, max_length=200, verbose_name="what was found"),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="consulting.casemessage",
                    ),
                ),
                (
                    "result",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="consulting.caseresult",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="consulting.consultingrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "file",
                "verbose_name_plural": "files",
                "ordering": ["created_at", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "quarantined")),
                        fields=["next_attempt_at"],
                        name="file_to_scan",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_internal", True), _negated=True),
                            ("by_osk", True),
                            _connector="OR",
                        ),
                        name="file_internal_by_osk",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("message", None), ("result", None), _connector="OR"),
                        name="file_of_one_text",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_internal", True), _negated=True),
                            ("result", None),
                            _connector="OR",
                        ),
                        name="file_of_answer_public",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("finding", ""), ("state", "infected"), _connector="OR"),
                        name="file_finding_when_infected",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("size__gt", 0)), name="file_has_content"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="file_has_name"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")), name="file_has_sum"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("content", ""), ("state__in", ("infected", "refused"))),
                            models.Q(
                                ("state__in", ("quarantined", "clean")),
                                models.Q(("content", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="file_bad_is_removed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseEvent",
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
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="consulting.consultingrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "event",
                "verbose_name_plural": "events",
                "ordering": ["at", "pk"],
                "abstract": False,
                "indexes": [models.Index(fields=["case", "at"], name="event_of_case")],
            },
        ),
        migrations.CreateModel(
            name="Appointment",
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
                            ("offered", "Offered"),
                            ("fixed", "Fixed"),
                            ("refused", "Nothing fits"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="offered",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("video", "Video conference"),
                            ("phone", "Telephone"),
                            ("on_site", "On site"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("place", models.CharField(max_length=500, verbose_name="place, link or number")),
                ("note", models.TextField(blank=True, verbose_name="note")),
                ("offered_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("form_id", models.UUIDField(blank=True, editable=False, null=True)),
                ("starts_at", models.DateTimeField(blank=True, null=True, verbose_name="begin")),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="end")),
                ("set_at", models.DateTimeField(blank=True, null=True)),
                ("sequence", models.PositiveIntegerField(default=0)),
                ("reminded_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
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
                    "offered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "picked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
                        to="consulting.consultingrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "appointment",
                "verbose_name_plural": "appointments",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "fixed")),
                        fields=["starts_at"],
                        name="appointment_fixed_by_time",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "offered")),
                        fields=("case",),
                        name="appointment_one_offer",
                        violation_error_message="There is an offer already that waits for a choice.",
                    ),
                    models.UniqueConstraint(
                        fields=("case", "offered_by", "form_id"),
                        name="appointment_once_a_form",
                        violation_error_message="This was sent already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ends_at__gt", models.F("starts_at")),
                                ("picked_by__isnull", False),
                                ("set_at__isnull", False),
                                ("starts_at__isnull", False),
                            ),
                            models.Q(
                                ("ends_at", None),
                                ("picked_by", None),
                                ("set_at", None),
                                ("starts_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="appointment_time_is_whole",
                        violation_error_message="An appointment ends after it begins.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("starts_at__isnull", False), ("state", "fixed")),
                            ("state", "cancelled"),
                            models.Q(
                                ("sequence", 0),
                                ("starts_at", None),
                                ("state__in", ["offered", "refused"]),
                            ),
                            _connector="OR",
                        ),
                        name="appointment_fixed_has_time",
                        violation_error_message="A fixed appointment has its time.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", False), ("state__in", ["refused", "cancelled"])
                            ),
                            models.Q(
                                ("ended_at", None),
                                ("ended_by", None),
                                ("state__in", ["offered", "fixed"]),
                            ),
                            _connector="OR",
                        ),
                        name="appointment_ended_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("place", ""), _negated=True),
                        name="appointment_has_place",
                        violation_error_message="Enter where the talk takes place.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContractType",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="counts from")),
                (
                    "valid_until",
                    models.DateField(blank=True, null=True, verbose_name="counts until"),
                ),
                (
                    "checked_on",
                    models.DateField(
                        blank=True,
                        help_text="When somebody last compared it with its source.",
                        null=True,
                        verbose_name="checked on",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "version_on",
                    models.DateField(
                        blank=True,
                        help_text="Date of the version of the model contract, as its publisher names it.",
                        null=True,
                        verbose_name="version of",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
            ],
            options={
                "verbose_name": "EVB-IT type",
                "verbose_name_plural": "EVB-IT types",
                "ordering": ["position", "name", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("name", "version_on"),
                        name="contract_type_once",
                        nulls_distinct=False,
                        violation_error_message="There is this type in this version already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until", None),
                            ("valid_until__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="contract_type_dates",
                        violation_error_message="It ends after it begins.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Counter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=30)),
                ("year", models.PositiveSmallIntegerField()),
                ("value", models.PositiveIntegerField(default=0)),
            ],
            options={
                "ordering": ["name", "year"],
                "constraints": [
                    models.UniqueConstraint(fields=("name", "year"), name="counter_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="DeadlineNotice",
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
                ("is_first_response", models.BooleanField()),
                ("promised_on", models.DateField()),
                ("at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deadline_notices",
                        to="consulting.consultingrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice of a deadline",
                "verbose_name_plural": "notices of deadlines",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("case", "kind", "is_first_response", "promised_on"),
                        name="deadline_notice_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IncomingMailContent",
            fields=[
                (
                    "mail",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="content",
                        serialize=False,
                        to="consulting.incomingmail",
                    ),
                ),
                ("raw", models.BinaryField(verbose_name="raw mail")),
            ],
            options={
                "verbose_name": "raw mail",
                "verbose_name_plural": "raw mails",
            },
        ),
        migrations.AddField(
            model_name="incomingmail",
            name="case",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="incoming_mails",
                to="consulting.consultingrequest",
                verbose_name="request",
            ),
        ),
        migrations.AddField(
            model_name="incomingmail",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="decided by",
            ),
        ),
        migrations.AddField(
            model_name="incomingmail",
            name="message",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="incoming_mails",
                to="consulting.casemessage",
            ),
        ),
        migrations.AddField(
            model_name="incomingmail",
            name="suggested_case",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="suggested_mails",
                to="consulting.consultingrequest",
                verbose_name="perhaps about",
            ),
        ),
        migrations.CreateModel(
            name="IncomingMailEvent",
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
                    "mail",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="consulting.incomingmail",
                    ),
                ),
            ],
            options={
                "verbose_name": "event of a mail",
                "verbose_name_plural": "events of mails",
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Introduction",
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
                            ("asked", "Both are asked"),
                            ("half", "One has agreed"),
                            ("introduced", "Introduced"),
                            ("refused", "Refused"),
                            ("expired", "No answer in time"),
                            ("called_off", "Called off"),
                        ],
                        default="asked",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("text", models.TextField(verbose_name="text for both")),
                ("expires_on", models.DateField(verbose_name="answer by")),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="proposed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "introduction",
                "verbose_name_plural": "introductions",
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("state__in", ("asked", "half"))),
                            models.Q(
                                models.Q(("state__in", ("asked", "half")), _negated=True),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="introduction_open_or_ended",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IntroductionSide",
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
                        choices=[("asked", "Asked"), ("agreed", "Agreed"), ("refused", "Refused")],
                        default="asked",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("released", models.TextField(blank=True, verbose_name="what the other may read")),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="introductions",
                        to="consulting.consultingrequest",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="contact person",
                    ),
                ),
                (
                    "introduction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sides",
                        to="consulting.introduction",
                    ),
                ),
            ],
            options={
                "verbose_name": "side of an introduction",
                "verbose_name_plural": "sides of introductions",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("introduction", "case"), name="introduction_side_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("contact__isnull", False),
                                ("state", "agreed"),
                                models.Q(("released", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "agreed"), _negated=True),
                                ("contact", None),
                                ("released", ""),
                            ),
                            _connector="OR",
                        ),
                        name="introduction_side_released_iff_agreed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LegalStatement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "reference",
                    models.CharField(
                        editable=False, max_length=20, unique=True, verbose_name="reference"
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("text", models.TextField(max_length=5000, verbose_name="text")),
                (
                    "source",
                    models.CharField(
                        help_text="Law, section and version, as precise as can be.",
                        max_length=300,
                        verbose_name="source",
                    ),
                ),
                ("source_url", models.URLField(blank=True, verbose_name="address of the source")),
                (
                    "binds",
                    models.CharField(
                        help_text="For example: the Federation. Say also whom it does not bind.",
                        max_length=300,
                        verbose_name="who is bound",
                    ),
                ),
                ("checked_on", models.DateField(verbose_name="checked on")),
                (
                    "ended_on",
                    models.DateField(
                        blank=True,
                        help_text="When it is no longer right and nothing replaces it.",
                        null=True,
                        verbose_name="no longer cited since",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                (
                    "checked_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="checked by",
                    ),
                ),
                (
                    "replaced_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaces",
                        to="consulting.legalstatement",
                        verbose_name="replaced by",
                    ),
                ),
            ],
            options={
                "verbose_name": "legal statement",
                "verbose_name_plural": "legal statements",
                "ordering": ["-reference"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reference__regex", "^RA-\\d{4}-\\d{3,}$")),
                        name="legal_reference",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("title", ""), _negated=True),
                            models.Q(("text", ""), _negated=True),
                            models.Q(("source", ""), _negated=True),
                            models.Q(("binds", ""), _negated=True),
                        ),
                        name="legal_is_complete",
                        violation_error_message="A legal statement names its source and who is bound.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("replaced_by", None),
                            models.Q(("replaced_by", models.F("pk")), _negated=True),
                            _connector="OR",
                        ),
                        name="legal_not_its_own_successor",
                        violation_error_message="A statement does not replace itself.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ListExport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, verbose_name="at"),
                ),
                ("source", models.CharField(max_length=30, verbose_name="list")),
                (
                    "words",
                    models.CharField(blank=True, max_length=200, verbose_name="search words"),
                ),
                ("file_kind", models.CharField(max_length=10, verbose_name="file")),
                ("count", models.PositiveIntegerField(verbose_name="requests")),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
            options={
                "verbose_name": "export",
                "verbose_name_plural": "exports",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="MarketInquiry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.TextField(verbose_name="reason")),
                ("scope", models.TextField(verbose_name="scope")),
                ("decided_on", models.DateField(verbose_name="decided on")),
                ("created_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="market_inquiry",
                        to="consulting.consultingrequest",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "Markterkundung",
                "verbose_name_plural": "Markterkundungen",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), _negated=True),
                            models.Q(("scope", ""), _negated=True),
                        ),
                        name="inquiry_has_reason_and_scope",
                        violation_error_message="Say why and how far companies are asked.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MessageVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("body", models.TextField(verbose_name="text")),
                ("written_at", models.DateTimeField()),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="consulting.casemessage",
                    ),
                ),
            ],
            options={
                "verbose_name": "earlier version",
                "verbose_name_plural": "earlier versions",
                "ordering": ["written_at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("body", ""), _negated=True), name="version_has_text"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Need",
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
                            ("published", "Published"),
                            ("ended", "Ended"),
                            ("taken_down", "Taken down by the OSK"),
                        ],
                        default="published",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("text", models.TextField(verbose_name="text")),
                (
                    "topics",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("introduction", "Introduction"),
                                ("operation", "Operation"),
                                ("procurement", "Procurement"),
                                ("reuse", "Reuse"),
                                ("licence_law", "Licence and law"),
                                ("security", "Security"),
                                ("data_protection", "Data protection"),
                                ("accessibility", "Accessibility"),
                                ("publishing_code", "Publishing own code"),
                                ("migration", "Migration"),
                                ("cooperation", "Cooperation"),
                            ],
                            max_length=30,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="topics",
                    ),
                ),
                (
                    "shows_organisation",
                    models.BooleanField(default=False, verbose_name="names the organisation"),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason of the OSK")),
                ("announced_at", models.DateTimeField(editable=False, null=True)),
                ("joint_step", models.TextField(blank=True, verbose_name="joint step")),
                ("joint_link", models.URLField(blank=True, max_length=500, verbose_name="link")),
                ("proposed_at", models.DateTimeField(null=True, verbose_name="proposed")),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now,
                        editable=False,
                        verbose_name="published on",
                    ),
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
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="needs",
                        to="consulting.consultingrequest",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="needs",
                        to="network.organisation",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "need",
                "verbose_name_plural": "needs",
                "ordering": ["-created_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "ended"), _negated=True),
                        fields=("case",),
                        name="need_one_of_a_case",
                        violation_error_message="There is a need from this request already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("title", ""), _negated=True),
                            models.Q(("text", ""), _negated=True),
                        ),
                        name="need_is_complete",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("joint_link", ""), ("joint_step", ""), ("proposed_at", None)),
                            models.Q(
                                models.Q(("joint_step", ""), _negated=True),
                                ("proposed_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="need_proposed_has_step",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "taken_down"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="need_taken_down_has_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NeedEvent",
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
                    "need",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="consulting.need",
                    ),
                ),
            ],
            options={
                "verbose_name": "event of a need",
                "verbose_name_plural": "events of needs",
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="NeedSupport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "shows_contact",
                    models.BooleanField(default=False, verbose_name="shows the contact"),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                (
                    "need",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="supports",
                        to="consulting.need",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="network.organisation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "“we too”",
                "verbose_name_plural": "“we too”",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("need", "organisation"),
                        name="need_joined_once",
                        violation_error_message="Your organisation has joined already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Participant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("may_write", models.BooleanField(default=False, verbose_name="works along")),
                (
                    "has_taken_over",
                    models.BooleanField(
                        default=False,
                        help_text="Works along for the Organisationsverwaltung, whatever the sharing says.",
                        verbose_name="has taken over",
                    ),
                ),
                ("was_reader", models.BooleanField(default=False)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="participants",
                        to="consulting.consultingrequest",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="participations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "via_duplicate",
                    models.ForeignKey(
                        blank=True,
                        help_text="Takes part because this request was merged.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="consulting.consultingrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "participant",
                "verbose_name_plural": "participants",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("case", "user"),
                        name="participant_once",
                        violation_error_message="This person takes part already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerConsent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("released", models.JSONField(verbose_name="what would be released")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("answer_by", models.DateField(verbose_name="partners answer by")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "To be decided"),
                            ("given", "Permitted"),
                            ("refused", "Not permitted"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="asked",
                        max_length=20,
                    ),
                ),
                ("asked_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "knows_prejudice",
                    models.BooleanField(
                        default=False, verbose_name="has read the note on Vorbefassung"
                    ),
                ),
                ("refusal", models.TextField(blank=True, verbose_name="reason")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consents",
                        to="consulting.consultingrequest",
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
                    "withdrawn_by",
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
                "verbose_name": "consent to a question to partners",
                "verbose_name_plural": "consents to questions to partners",
                "ordering": ["asked_at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                        name="consent_has_sum",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at", None), ("decided_by", None), ("state", "asked")
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("state__in", ("given", "refused")),
                            ),
                            ("state", "withdrawn"),
                            _connector="OR",
                        ),
                        name="consent_decided_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "withdrawn"), ("withdrawn_at__isnull", False)),
                            models.Q(
                                models.Q(("state", "withdrawn"), _negated=True),
                                ("withdrawn_at", None),
                                ("withdrawn_by", None),
                            ),
                            _connector="OR",
                        ),
                        name="consent_withdrawn_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "refused"), ("refusal", ""), _connector="OR"),
                        name="consent_reason_of_refusal",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerQuestion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("question", models.TextField(verbose_name="question")),
                ("due_on", models.DateField(verbose_name="answer by")),
                ("consented_on", models.DateField(verbose_name="permitted by the requester on")),
                (
                    "consent_source",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="where the requester permitted it"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("answered", "Answered"),
                            ("refused", "Refused"),
                            ("missed", "No answer in time"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=20,
                    ),
                ),
                ("asked_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("answer", models.TextField(blank=True, verbose_name="answer")),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("refusal", models.TextField(blank=True, verbose_name="reason")),
                (
                    "names_authority",
                    models.BooleanField(
                        default=False, verbose_name="the partner may know the authority"
                    ),
                ),
                (
                    "waits_since",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="the partner waits for the OSK since"
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
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="partner_questions",
                        to="consulting.consultingrequest",
                    ),
                ),
                (
                    "consent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questions",
                        to="consulting.partnerconsent",
                    ),
                ),
                (
                    "consent_document",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="proves",
                        to="consulting.casefile",
                        verbose_name="document of the consent",
                    ),
                ),
                (
                    "files",
                    models.ManyToManyField(
                        blank=True,
                        related_name="+",
                        to="consulting.casefile",
                        verbose_name="released files",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="network.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "question to a partner",
                "verbose_name_plural": "questions to partners",
                "ordering": ["asked_at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("waits_since", None), ("state", "open"), _connector="OR"
                        ),
                        name="partner_waits_while_open",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("case", "organisation"),
                        name="partner_one_open_question",
                        violation_error_message="This partner has an open question already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "answered"), _negated=True),
                            models.Q(
                                ("answered_at__isnull", False),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="partner_answered_has_answer",
                        violation_error_message="An answered question has an answer.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), _negated=True),
                            models.Q(
                                ("answered_at__isnull", False),
                                models.Q(("refusal", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="partner_refused_has_reason",
                        violation_error_message="A refused question has a reason.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerContact",
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
                            ("asked", "Question sent"),
                            ("file_read", "File downloaded"),
                            ("asked_back", "Query of the partner"),
                            ("replied", "Reply of the OSK"),
                            ("answered", "Answer received"),
                            ("refused", "No answer given"),
                            ("withdrawn", "Question withdrawn"),
                        ],
                        max_length=20,
                    ),
                ),
                ("is_company", models.BooleanField(verbose_name="with a company")),
                ("at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("text", models.TextField(blank=True, verbose_name="text")),
                ("files", models.JSONField(blank=True, default=list, verbose_name="files")),
                ("form_id", models.UUIDField(blank=True, editable=False, null=True)),
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
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contacts",
                        to="consulting.partnerquestion",
                    ),
                ),
            ],
            options={
                "verbose_name": "contact with a partner",
                "verbose_name_plural": "contacts with partners",
                "ordering": ["at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("question", "actor", "form_id"),
                        name="contact_once_a_form",
                        violation_error_message="This was sent already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind__in", ("asked_back", "replied")),
                                models.Q(("text", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("kind__in", ("asked_back", "replied")), _negated=True),
                                ("text", ""),
                            ),
                            _connector="OR",
                        ),
                        name="contact_has_text",
                        violation_error_message="Write a text.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "file_read"), models.Q(("files", []), _negated=True)),
                            ("kind", "asked"),
                            models.Q(models.Q(("kind", "file_read"), _negated=True), ("files", [])),
                            _connector="OR",
                        ),
                        name="contact_names_the_file",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProcurementOutcome",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "occasion",
                    models.CharField(
                        choices=[("at_closing", "At closing"), ("half_year", "After six months")],
                        max_length=20,
                        verbose_name="asked",
                    ),
                ),
                ("asked_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("reminded_at", models.DateTimeField(null=True)),
                (
                    "what",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("open_source", "Open source"),
                            ("proprietary", "Proprietary"),
                            ("mixed", "Mixed"),
                            ("nothing", "Not bought"),
                        ],
                        max_length=20,
                        verbose_name="what was procured",
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "contract_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("licence", "EVB-IT licence"),
                            ("care", "EVB-IT care"),
                            ("service", "EVB-IT service"),
                            ("creation", "EVB-IT creation"),
                            ("system", "EVB-IT system"),
                            ("cloud", "EVB-IT cloud"),
                            ("other", "Another contract"),
                            ("unknown", "I do not know"),
                        ],
                        max_length=20,
                        verbose_name="type of contract",
                    ),
                ),
                (
                    "contract_ends_on",
                    models.DateField(blank=True, null=True, verbose_name="end of the contract"),
                ),
                ("told_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="procured",
                        to="consulting.consultingrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "outcome of a procurement",
                "verbose_name_plural": "outcomes of procurements",
                "ordering": ["asked_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("case", "occasion"), name="outcome_once_an_occasion"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("told_at", None), ("what", "")),
                            models.Q(
                                models.Q(("what", ""), _negated=True), ("told_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="outcome_told_has_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PublishedAnswer",
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
                            ("draft", "Draft"),
                            ("review", "In review"),
                            ("objection", "Time to object"),
                            ("published", "Published"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="draft",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=200, verbose_name="title")),
                ("question", models.TextField(blank=True, verbose_name="question")),
                ("answer", models.TextField(blank=True, verbose_name="answer")),
                (
                    "topics",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("introduction", "Introduction"),
                                ("operation", "Operation"),
                                ("procurement", "Procurement"),
                                ("reuse", "Reuse"),
                                ("licence_law", "Licence and law"),
                                ("security", "Security"),
                                ("data_protection", "Data protection"),
                                ("accessibility", "Accessibility"),
                                ("publishing_code", "Publishing own code"),
                                ("migration", "Migration"),
                                ("cooperation", "Cooperation"),
                            ],
                            max_length=30,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="topics",
                    ),
                ),
                (
                    "comment",
                    models.TextField(blank=True, verbose_name="comment of the second advisor"),
                ),
                ("objection", models.TextField(blank=True, verbose_name="objection")),
                (
                    "objection_until",
                    models.DateField(
                        blank=True, null=True, verbose_name="objection possible until"
                    ),
                ),
                (
                    "reviewed_on",
                    models.DateField(blank=True, null=True, verbose_name="reviewed on"),
                ),
                (
                    "published_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="published on"),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, editable=False),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="published_answers",
                        to="consulting.consultingrequest",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="responsible",
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="second advisor",
                    ),
                ),
                (
                    "solutions",
                    models.ManyToManyField(
                        blank=True,
                        related_name="+",
                        to="catalog.solution",
                        verbose_name="solutions",
                    ),
                ),
            ],
            options={
                "verbose_name": "published answer",
                "verbose_name_plural": "published answers",
                "ordering": ["-reviewed_on", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "withdrawn"), _negated=True),
                        fields=("case",),
                        name="answer_one_of_a_case",
                        violation_error_message="There is an answer from this request already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ("draft", "withdrawn")),
                            models.Q(
                                models.Q(("title", ""), _negated=True),
                                models.Q(("question", ""), _negated=True),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="answer_is_complete",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("objection", "published")), _negated=True),
                            models.Q(
                                ("objection_until__isnull", False),
                                ("reviewer__isnull", False),
                                models.Q(("reviewer", models.F("owner")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="answer_was_reviewed_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "published"), _negated=True),
                            models.Q(
                                ("published_at__isnull", False), ("reviewed_on__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="answer_published_has_dates",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PublishedAnswerEvent",
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
                    "answer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="consulting.publishedanswer",
                    ),
                ),
            ],
            options={
                "verbose_name": "event of an answer",
                "verbose_name_plural": "events of answers",
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Recommendation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "uptake",
                    models.CharField(
                        choices=[
                            ("open", "Not decided yet"),
                            ("taken_up", "We take it up"),
                            ("not_for_us", "Not for us"),
                        ],
                        default="open",
                        max_length=20,
                        verbose_name="what becomes of it",
                    ),
                ),
                ("uptake_reason", models.TextField(blank=True, verbose_name="why not")),
                ("uptake_at", models.DateTimeField(blank=True, null=True)),
                (
                    "blueprint",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sandbox.blueprint",
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
                    "result",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recommendations",
                        to="consulting.caseresult",
                    ),
                ),
                (
                    "solution",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.solution",
                    ),
                ),
            ],
            options={
                "verbose_name": "recommendation",
                "verbose_name_plural": "recommendations",
                "ordering": ["position", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("blueprint", None),
                                ("organisation", None),
                                ("solution__isnull", False),
                            ),
                            models.Q(
                                ("blueprint__isnull", False),
                                ("organisation", None),
                                ("solution", None),
                            ),
                            models.Q(
                                ("blueprint", None),
                                ("organisation__isnull", False),
                                ("solution", None),
                            ),
                            _connector="OR",
                        ),
                        name="recommendation_one_target",
                        violation_error_message="Recommend exactly one: a solution, a test environment or a partner.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("uptake", "open"), ("uptake_at", None)),
                            models.Q(
                                models.Q(("uptake", "open"), _negated=True),
                                ("uptake_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="recommendation_uptake_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("uptake", "not_for_us"), ("uptake_reason", ""), _connector="OR"
                        ),
                        name="recommendation_reason_of_refusal",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RelationSide",
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
                            ("not_asked", "Not asked"),
                            ("asked", "Asked"),
                            ("agreed", "Agreed"),
                            ("refused", "Refused"),
                        ],
                        default="not_asked",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="relation_sides",
                        to="consulting.consultingrequest",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "relation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sides",
                        to="consulting.caserelation",
                    ),
                ),
            ],
            options={
                "verbose_name": "side of linked requests",
                "verbose_name_plural": "sides of linked requests",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("relation", "case"), name="relation_side_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", False), ("state__in", ("agreed", "refused"))
                            ),
                            models.Q(
                                models.Q(("state__in", ("agreed", "refused")), _negated=True),
                                ("decided_at", None),
                                ("decided_by", None),
                            ),
                            _connector="OR",
                        ),
                        name="relation_side_decided_has_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RetentionHold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("reason", models.TextField(verbose_name="reason")),
                ("until", models.DateField(blank=True, null=True, verbose_name="until")),
                ("set_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="consulting.consultingrequest",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "hold",
                "verbose_name_plural": "holds",
                "ordering": ["asked_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("case",),
                        name="hold_one_of_a_case",
                        violation_error_message="There is a hold for this request already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="hold_has_reason",
                        violation_error_message="Write a reason.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("set_at", None), ("set_by", None)),
                            models.Q(("set_at__isnull", False), ("set_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="hold_set_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RetentionRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "record_type",
                    models.CharField(
                        choices=[
                            ("closed", "Closed requests"),
                            (
                                "procurement",
                                "Closed procurement requests, from the end of the contract",
                            ),
                            ("declined", "Requests not taken on"),
                            ("duplicate", "Merged requests"),
                            ("withdrawn", "Withdrawn requests"),
                        ],
                        max_length=20,
                        verbose_name="record type",
                    ),
                ),
                ("years", models.PositiveSmallIntegerField(verbose_name="years")),
                (
                    "legal_reason",
                    models.TextField(
                        help_text="Provision or decision from which the period follows.",
                        max_length=1000,
                        verbose_name="legal reason",
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="counts from")),
                (
                    "valid_until",
                    models.DateField(blank=True, null=True, verbose_name="counts until"),
                ),
            ],
            options={
                "verbose_name": "period of retention",
                "verbose_name_plural": "periods of retention",
                "ordering": ["record_type", "-valid_from"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("years__range", (1, 30)),
                            models.Q(("record_type", "procurement"), ("years", 0)),
                            _connector="OR",
                        ),
                        name="retention_years",
                        violation_error_message="Enter 1 to 30 years; for procurement also 0: until the end of the contract.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("legal_reason", ""), _negated=True),
                        name="retention_has_reason",
                        violation_error_message="Enter the legal reason.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until", None),
                            ("valid_until__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="retention_dates",
                        violation_error_message="It ends after it begins.",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("record_type", "="),
                            (
                                models.Func(
                                    "valid_from",
                                    "valid_until",
                                    models.Value("[]"),
                                    function="daterange",
                                    output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="retention_one_at_a_time",
                        violation_error_message="Another period counts for this record type at that time. End it first.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Anonymisation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=20, verbose_name="reference")),
                (
                    "at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, verbose_name="anonymised at"
                    ),
                ),
                (
                    "record_type",
                    models.CharField(
                        choices=[
                            ("closed", "Closed requests"),
                            (
                                "procurement",
                                "Closed procurement requests, from the end of the contract",
                            ),
                            ("declined", "Requests not taken on"),
                            ("duplicate", "Merged requests"),
                            ("withdrawn", "Withdrawn requests"),
                        ],
                        max_length=20,
                        verbose_name="record type",
                    ),
                ),
                ("ended_on", models.DateField(verbose_name="period began on")),
                ("years", models.PositiveSmallIntegerField(verbose_name="years")),
                ("legal_reason", models.TextField(verbose_name="legal reason")),
                ("counts", models.JSONField(default=dict, verbose_name="rows")),
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="anonymisation",
                        to="consulting.consultingrequest",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consulting.retentionrule",
                    ),
                ),
            ],
            options={
                "verbose_name": "anonymising",
                "verbose_name_plural": "anonymisings",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="RevisionGrant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "period_of",
                    models.CharField(
                        blank=True,
                        choices=[("submitted", "Day of receipt"), ("closed", "Day of closing")],
                        max_length=20,
                        verbose_name="period of",
                    ),
                ),
                ("period_from", models.DateField(blank=True, null=True, verbose_name="from")),
                ("period_until", models.DateField(blank=True, null=True, verbose_name="until")),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("valid_until", models.DateField(verbose_name="valid until")),
                ("reason", models.TextField(verbose_name="reason")),
                ("proposed_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "cases",
                    models.ManyToManyField(
                        blank=True,
                        related_name="revision_grants",
                        to="consulting.consultingrequest",
                        verbose_name="requests",
                    ),
                ),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revision_grants",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "right of the Revision",
                "verbose_name_plural": "rights of the Revision",
                "ordering": ["-proposed_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_until__gte", models.F("valid_from"))),
                        name="grant_dates",
                        violation_error_message="It ends after it begins.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("period_from", None), ("period_of", ""), ("period_until", None)
                            ),
                            models.Q(
                                models.Q(("period_of", ""), _negated=True),
                                ("period_from__isnull", False),
                                ("period_until__gte", models.F("period_from")),
                            ),
                            _connector="OR",
                        ),
                        name="grant_period",
                        violation_error_message="A period has a first and a last day.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="grant_has_reason",
                        violation_error_message="Write a reason.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at", None), ("confirmed_by", None)),
                            models.Q(
                                ("confirmed_at__isnull", False),
                                ("confirmed_by__isnull", False),
                                models.Q(("confirmed_by", models.F("proposed_by")), _negated=True),
                                models.Q(("confirmed_by", models.F("person")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="grant_confirmed_by_another",
                        violation_error_message="Another person confirms it.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("proposed_by", models.F("person")), _negated=True),
                        name="grant_not_to_oneself",
                        violation_error_message="Nobody proposes this for himself or herself.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AccessRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("list", "List of requests"),
                            ("case", "Request with notes and history"),
                            ("file", "File"),
                            ("record", "Record (PDF)"),
                            ("proofs", "Proofs"),
                            ("report", "Report on retention"),
                        ],
                        max_length=20,
                        verbose_name="what",
                    ),
                ),
                ("file", models.UUIDField(null=True, verbose_name="file")),
                (
                    "at",
                    models.DateTimeField(default=osk_portal.toolkit.clock.now, verbose_name="at"),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accesses",
                        to="consulting.consultingrequest",
                        verbose_name="request",
                    ),
                ),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accesses",
                        to="consulting.revisiongrant",
                        verbose_name="right",
                    ),
                ),
            ],
            options={
                "verbose_name": "access of the Revision",
                "verbose_name_plural": "accesses of the Revision",
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["case", "at"], name="access_of_case")],
            },
        ),
        migrations.CreateModel(
            name="SavedFilter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("queue", models.CharField(max_length=30, verbose_name="queue")),
                ("values", models.JSONField(default=dict)),
                ("is_shared", models.BooleanField(default=False, verbose_name="for all advisors")),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_filters",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "saved filter",
                "verbose_name_plural": "saved filters",
                "ordering": ["name", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "name"),
                        name="saved_filter_once",
                        violation_error_message="You have a filter with this name already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True),
                        name="saved_filter_has_name",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StagedFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("form_id", models.UUIDField(editable=False)),
                (
                    "is_internal",
                    models.BooleanField(default=False, verbose_name="internal, OSK only"),
                ),
                ("name", models.CharField(max_length=150, verbose_name="file name")),
                (
                    "content",
                    models.FileField(
                        storage=consulting.models.files.private_storage,
                        upload_to=consulting.models.files.random_name,
                        verbose_name="content",
                    ),
                ),
                ("kind", models.CharField(max_length=10, verbose_name="kind of content")),
                ("size", models.PositiveBigIntegerField(verbose_name="size in bytes")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("created_at", models.DateTimeField(default=osk_portal.toolkit.clock.now)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staged_files",
                        to="consulting.consultingrequest",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "file of a form",
                "verbose_name_plural": "files of forms",
                "ordering": ["created_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("case", "owner", "form_id", "name", "sha256"),
                        name="staged_once_a_form",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("size__gt", 0)), name="staged_has_content"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SurveyAnswer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("month", models.DateField(default=consulting.models.feedback.this_month)),
                (
                    "topics",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("introduction", "Introduction"),
                                ("operation", "Operation"),
                                ("procurement", "Procurement"),
                                ("reuse", "Reuse"),
                                ("licence_law", "Licence and law"),
                                ("security", "Security"),
                                ("data_protection", "Data protection"),
                                ("accessibility", "Accessibility"),
                                ("publishing_code", "Publishing own code"),
                                ("migration", "Migration"),
                                ("cooperation", "Cooperation"),
                            ],
                            max_length=30,
                        ),
                        default=list,
                        size=None,
                    ),
                ),
                ("helped", models.PositiveSmallIntegerField(verbose_name="did it help")),
                ("clear", models.PositiveSmallIntegerField(verbose_name="was it clear")),
                ("comment", models.TextField(blank=True, verbose_name="comment")),
            ],
            options={
                "verbose_name": "answer to the survey",
                "verbose_name_plural": "answers to the survey",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("clear__range", (1, 4)), ("helped__range", (1, 4))),
                        name="survey_in_range",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SurveyInvitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("is_used", models.BooleanField(default=False)),
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="survey",
                        to="consulting.consultingrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation to the survey",
                "verbose_name_plural": "invitations to the survey",
            },
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=40, verbose_name="label")),
                (
                    "cases",
                    models.ManyToManyField(
                        related_name="tags",
                        to="consulting.consultingrequest",
                        verbose_name="requests",
                    ),
                ),
            ],
            options={
                "verbose_name": "label",
                "verbose_name_plural": "labels",
                "ordering": [django.db.models.functions.text.Lower("name"), "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"),
                        name="tag_name_once",
                        violation_error_message="This label exists already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="tag_has_name"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TextModule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=100, unique=True, verbose_name="name")),
                (
                    "text",
                    models.TextField(
                        help_text="Placeholders: {anrede}, {aktenzeichen}, {ansprechperson}, {frist}.",
                        max_length=10000,
                        validators=[consulting.models.text_module.check_placeholders],
                        verbose_name="text",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="offered")),
                (
                    "updated_at",
                    models.DateTimeField(
                        default=osk_portal.toolkit.clock.now, editable=False, verbose_name="changed"
                    ),
                ),
            ],
            options={
                "verbose_name": "text module",
                "verbose_name_plural": "text modules",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True),
                        name="text_module_has_text",
                        violation_error_message="Write a text.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ValueBand",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="counts from")),
                (
                    "valid_until",
                    models.DateField(blank=True, null=True, verbose_name="counts until"),
                ),
                (
                    "checked_on",
                    models.DateField(
                        blank=True,
                        help_text="When somebody last compared it with its source.",
                        null=True,
                        verbose_name="checked on",
                    ),
                ),
                (
                    "lower",
                    models.DecimalField(
                        decimal_places=2, default=0, max_digits=12, verbose_name="from (euros)"
                    ),
                ),
                (
                    "upper",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=12,
                        null=True,
                        verbose_name="below (euros)",
                    ),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True,
                        help_text="For example which threshold begins here, and where that is written.",
                        max_length=200,
                        verbose_name="note",
                    ),
                ),
            ],
            options={
                "verbose_name": "value band",
                "verbose_name_plural": "value bands",
                "ordering": ["valid_from", "lower", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("lower", "valid_from"),
                        name="value_band_once",
                        violation_error_message="There is a band that begins here already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lower__gte", 0),
                            models.Q(
                                ("upper", None), ("upper__gt", models.F("lower")), _connector="OR"
                            ),
                        ),
                        name="value_band_limits",
                        violation_error_message="The upper limit is above the lower one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until", None),
                            ("valid_until__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="value_band_dates",
                        violation_error_message="It ends after it begins.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProcurementBlock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "contract_type_unknown",
                    models.BooleanField(default=False, verbose_name="EVB-IT type not known"),
                ),
                (
                    "deadline",
                    models.DateField(
                        blank=True, null=True, verbose_name="deadline of the procedure"
                    ),
                ),
                (
                    "awarding",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("single", "One order without lots"),
                            ("lots", "Lots"),
                            ("framework", "Framework contract"),
                            ("framework_lots", "Framework contract with lots"),
                            ("open", "Not decided yet"),
                        ],
                        max_length=20,
                        verbose_name="lots or framework contract",
                    ),
                ),
                (
                    "reuse_contract",
                    models.CharField(
                        blank=True,
                        choices=[("no", "No"), ("planned", "Planned"), ("yes", "Signed")],
                        max_length=20,
                        verbose_name="reuse contract",
                    ),
                ),
                (
                    "architecture",
                    models.CharField(
                        blank=True,
                        choices=[("yes", "Yes"), ("exempt", "Exempt"), ("open", "Open")],
                        max_length=20,
                        verbose_name="ITDZ/IKT architecture checked",
                    ),
                ),
                (
                    "staff_council",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("involved", "Involved"),
                            ("to_be_involved", "To be involved"),
                            ("not_needed", "Not needed"),
                        ],
                        max_length=20,
                        verbose_name="Personalrat",
                    ),
                ),
                (
                    "womens_representative",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("involved", "Involved"),
                            ("to_be_involved", "To be involved"),
                            ("not_needed", "Not needed"),
                        ],
                        max_length=20,
                        verbose_name="Frauenvertretung",
                    ),
                ),
                (
                    "disability_representative",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("involved", "Involved"),
                            ("to_be_involved", "To be involved"),
                            ("not_needed", "Not needed"),
                        ],
                        max_length=20,
                        verbose_name="Schwerbehindertenvertretung",
                    ),
                ),
                (
                    "data_protection",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("open", "Open"),
                            ("started", "In progress"),
                            ("done", "Done"),
                            ("not_needed", "Not needed"),
                        ],
                        max_length=20,
                        verbose_name="data protection",
                    ),
                ),
                (
                    "accessibility",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("open", "Open"),
                            ("started", "In progress"),
                            ("done", "Done"),
                            ("not_needed", "Not needed"),
                        ],
                        max_length=20,
                        verbose_name="accessibility",
                    ),
                ),
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="procurement",
                        to="consulting.consultingrequest",
                    ),
                ),
                (
                    "contract_type",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consulting.contracttype",
                        verbose_name="EVB-IT type",
                    ),
                ),
                (
                    "value_band",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consulting.valueband",
                        verbose_name="estimated value",
                    ),
                ),
            ],
            options={
                "verbose_name": "procurement block",
                "verbose_name_plural": "procurement blocks",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("contract_type", None),
                            ("contract_type_unknown", False),
                            _connector="OR",
                        ),
                        name="procurement_type_known_or_not",
                        violation_error_message="The EVB-IT type is either known or not.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Absence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="first day")),
                ("ends_on", models.DateField(verbose_name="last day")),
                (
                    "deputy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stands_in_for",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="deputy",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="absence",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "absence",
                "verbose_name_plural": "absences",
                "ordering": ["ends_on", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_on__gte", models.F("starts_on"))),
                        name="absence_ends_after_start",
                        violation_error_message="The last day lies before the first one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("deputy", models.F("user")), _negated=True),
                        name="absence_deputy_is_another",
                        violation_error_message="Choose somebody else as the deputy.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AppointmentSlot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("starts_at", models.DateTimeField(verbose_name="begin")),
                ("ends_at", models.DateTimeField(verbose_name="end")),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="slots",
                        to="consulting.appointment",
                    ),
                ),
            ],
            options={
                "verbose_name": "slot",
                "verbose_name_plural": "slots",
                "ordering": ["starts_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("appointment", "starts_at"),
                        name="appointment_slot_once",
                        violation_error_message="Offer each time only once.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="appointment_slot_ends_later",
                        violation_error_message="An appointment ends after it begins.",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="incomingmail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ("joined", "made")), ("case__isnull", False)),
                    models.Q(
                        models.Q(("state__in", ("joined", "made")), _negated=True),
                        ("case", None),
                        ("message", None),
                    ),
                    _connector="OR",
                ),
                name="incoming_mail_of_a_case",
            ),
        ),
        migrations.AddConstraint(
            model_name="incomingmail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ("made", "answered", "discarded")), _negated=True),
                    models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                    _connector="OR",
                ),
                name="incoming_mail_decided_by_somebody",
            ),
        ),
    ]
