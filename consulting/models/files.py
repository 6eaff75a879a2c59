from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from osk_portal.toolkit import clock
from osk_portal.toolkit.addressed import Addressed
from osk_portal.toolkit.scan_queue import Scanned

# After this time a file that still waits is said to be held up, whatever the reason is.
_USUAL_WAIT: Final = timedelta(minutes=10)


class FileState(models.TextChoices):
    QUARANTINED = "quarantined", _("being checked")
    CLEAN = "clean", _("checked")
    INFECTED = "infected", _("malware found, removed")
    REFUSED = "refused", _("refused")


def private_storage() -> Storage:
    """Outside every public folder; named by a function so that migrations hold no path."""
    return storages["private"]


def random_name(instance: CaseFile | None, filename: str) -> str:
    """Nothing of the name that somebody chose reaches the file system."""
    return f"consulting/{uuid.uuid4().hex}"


class CaseFile(Scanned, Addressed):
    """A file of a case: of the case itself, or attached to one of its messages or answers.

    Only a clean one is ever given out. The row stays when malware was found, with the name of the finding
    for the OSK; its content does not.
    """

    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="files"
    )
    message = models.ForeignKey(
        "consulting.CaseMessage", on_delete=models.PROTECT, null=True, related_name="files"
    )
    result = models.ForeignKey(
        "consulting.CaseResult", on_delete=models.PROTECT, null=True, related_name="files"
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    by_osk = models.BooleanField(_("by the OSK"), default=False)
    is_internal = models.BooleanField(_("internal, OSK only"), default=False)
    name = models.CharField(_("file name"), max_length=150)
    content = models.FileField(
        _("content"), storage=private_storage, upload_to=random_name, max_length=100, blank=True
    )
    kind = models.CharField(_("kind of content"), max_length=10)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    state = models.CharField(max_length=20, choices=FileState, default=FileState.QUARANTINED)
    created_at = models.DateTimeField(default=clock.now)
    finding = models.CharField(_("what was found"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state="quarantined"),
                name="file_to_scan",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(is_internal=True) | Q(by_osk=True), name="file_internal_by_osk"
            ),
            models.CheckConstraint(
                condition=Q(message=None) | Q(result=None), name="file_of_one_text"
            ),
            models.CheckConstraint(
                condition=~Q(is_internal=True) | Q(result=None), name="file_of_answer_public"
            ),
            models.CheckConstraint(
                condition=Q(finding="") | Q(state="infected"), name="file_finding_when_infected"
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="file_has_content"),
            models.CheckConstraint(condition=~Q(name=""), name="file_has_name"),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="file_has_sum"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("infected", "refused"), content="")
                | (Q(state__in=("quarantined", "clean")) & ~Q(content="")),
                name="file_bad_is_removed",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_unscanned(self) -> bool:
        """Given out without a scan: there was no scanner, or the operator has released it."""
        return self.state == FileState.CLEAN and self.scanned_at is None

    @property
    def state_label(self) -> str:
        """What became of its check, as everybody may read it."""
        if self.is_unscanned:
            return gettext("not checked for malware")
        return str(self.get_state_display())

    @property
    def is_held_up(self) -> bool:
        """It waits for a scanner that does not answer, or longer than a check takes."""
        if self.state != FileState.QUARANTINED:
            return False
        return bool(self.last_error) or self.created_at < clock.now() - _USUAL_WAIT


class StagedFile(Addressed):
    """A file that came with a form which was not sent yet: kept while the text is corrected or looked at.

    Nobody but who brought it ever sees it, and only in that form. Sending makes a ``CaseFile`` of it; the
    daily job forgets the rest.
    """

    case = models.ForeignKey(
        "consulting.ConsultingRequest", on_delete=models.PROTECT, related_name="staged_files"
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    form_id = models.UUIDField(editable=False)
    is_internal = models.BooleanField(_("internal, OSK only"), default=False)
    name = models.CharField(_("file name"), max_length=150)
    content = models.FileField(
        _("content"), storage=private_storage, upload_to=random_name, max_length=100
    )
    kind = models.CharField(_("kind of content"), max_length=10)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("file of a form")
        verbose_name_plural = _("files of forms")
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "owner", "form_id", "name", "sha256"], name="staged_once_a_form"
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="staged_has_content"),
        ]

    def __str__(self) -> str:
        return self.name
