"""What the pages do with a composer before its text is sent: its files are kept, its preview is shown."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from consulting import services
from consulting.file_forms import ATTACHMENTS, PREVIEW, UNSTAGE, ComposerMixin
from consulting.legal import citations_of
from consulting.models import ConsultingRequest, StagedFile
from consulting.text_modules import ModuleMixin
from osk_portal.accounts.models import User
from osk_portal.toolkit import uploads
from osk_portal.toolkit.transitions import TransitionNotAllowed


def receive(
    form: ComposerMixin, case: ConsultingRequest, actor: User, *, is_internal: bool = False
) -> list[str]:
    """Keep the files that came with ``form``, a bound one. Returns why others are not taken.

    The good ones stay with the form, whatever becomes of its text: a browser sends a chosen file once.
    """
    form_id = form.form_id
    if form_id is None:
        return []
    refusals = []
    removed = _uuid(form.data.get(UNSTAGE))
    if removed:
        try:
            services.unstage_file(case_id=case.pk, actor=actor, form_id=form_id, public_id=removed)
        except TransitionNotAllowed as moved:  # anonymised in this moment: the form only is left
            refusals.append(str(moved))
    for upload in form.files.getlist(ATTACHMENTS):
        name = upload.name or ""
        try:
            if (upload.size or 0) > settings.OSK_FILE_MOST_MB * 1024 * 1024:
                raise uploads.too_large(settings.OSK_FILE_MOST_MB * 1024 * 1024)
            services.stage_file(
                case_id=case.pk,
                actor=actor,
                form_id=form_id,
                name=name,
                data=upload.read(),
                is_internal=is_internal,
            )
        except uploads.Refused as error:
            refusals.append(_("“%(name)s”: %(reason)s") % {"name": name, "reason": error})
        except TransitionNotAllowed:
            break  # the case takes nothing any more, which is said when the text is sent
    form.staged = list(StagedFile.objects.filter(case=case, owner=actor, form_id=form_id))
    return refusals


def is_valid(form: ComposerMixin, refusals: list[str]) -> bool:
    """The text is good, and so were all files. What is wrong stands at the fields."""
    good = form.is_valid()
    for refusal in refusals:
        form.add_error(ATTACHMENTS, refusal)
    return good and not refusals


def is_aside(form: ComposerMixin, refusals: list[str]) -> bool:
    """The text was only looked at, or a file taken out: nothing is sent, the page shows the form again.

    What is not filled in yet is no error then; a text that cannot be shown is one.
    """
    if PREVIEW not in form.data and UNSTAGE not in form.data:
        return False
    form.is_valid()
    if PREVIEW in form.data:
        if form.text_field in form.errors:
            return True
        form.preview = form.cleaned_data[form.text_field]
        if isinstance(form, ModuleMixin):
            form.citations = citations_of(form.preview)
    form.initial.update({name: form.data[name] for name in form.data})
    form.is_bound = False
    form.full_clean()  # forgets the errors
    for refusal in refusals:
        form.add_error(ATTACHMENTS, refusal)
    return True


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None
