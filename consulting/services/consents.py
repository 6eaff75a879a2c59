"""The requester's side is asked before partners are, and says yes, no, or not any more (product.md 1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from consulting import confidential, permissions, releases
from consulting.enums import CaseEventKind, ConsentState
from consulting.models import CaseFile, ConsultingRequest, PartnerConsent
from consulting.notifications import tell, tell_consent
from consulting.services.common import check_version, locked, record, touch
from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed


@transaction.atomic
def ask_consent(
    *,
    case_id: int,
    actor: User,
    partners: Sequence[Organisation],
    question: str,
    answer_by: date,
    files: Sequence[CaseFile] = (),
    names_authority: bool = False,
    expected_version: int | None = None,
) -> PartnerConsent:
    """Show the requester's side what ``partners`` would be told. An older proposal that was not used yet
    and goes to one of them is withdrawn: only the last text counts.

    Raises PermissionDenied, TransitionNotAllowed.
    """
    case = locked(case_id)
    if not permissions.can_ask_consent(actor, case):
        raise PermissionDenied("ask_consent")
    check_version(case, "ask_consent", expected_version)
    if not case.is_open:
        raise _refused(case, "ask_consent", _("This request is not worked on any more."))
    if not partners or not question.strip() or answer_by <= clock.today():
        raise _refused(case, "ask_consent", _("Name partners, a question and a date to come."))
    if not set(files) <= set(releases.releasable_files(case)):
        raise _refused(case, "ask_consent", _("One of the files cannot be released."))
    refuse_unsuitable(case, partners, "ask_consent")
    shown = releases.release(
        case,
        partners=partners,
        question=question,
        files=files,
        names_authority=names_authority,
    )
    for older in _unused(case):
        if set(releases.of(older).partner_ids) & set(shown.partner_ids):
            _withdraw(older, actor)
    consent = PartnerConsent.objects.create(
        case=case,
        released=shown.as_json,
        sha256=shown.sha256,
        answer_by=answer_by,
        asked_by=actor,
        asked_at=clock.now(),
    )
    touch(case)
    event = record(
        case, CaseEventKind.CONSENT_ASKED, actor, consent=consent.pk, sha256=consent.sha256
    )
    tell_consent(consent, event)
    return consent


@transaction.atomic
def give_consent(
    *, consent_id: int, actor: User, seen_sha256: str, knows_prejudice: bool = False
) -> PartnerConsent:
    """Permit exactly what was shown: ``seen_sha256`` is the sum of the page that was read.

    ``knows_prejudice``: has read the note on Vorbefassung; a company needs it in a confidential case.
    Given twice is given once.
    """
    case, consent = _begin("give_consent", consent_id, actor)
    if consent.state == ConsentState.GIVEN and consent.decided_by_id == actor.pk:
        return consent
    _check_asked(case, consent, "give_consent")
    partners = partners_of(consent)
    refuse_changed(case, consent, partners, "give_consent")
    if seen_sha256 != consent.sha256:
        raise _refused(
            case, "give_consent", _("The page showed something else. Please read again.")
        )
    refuse_unsuitable(case, partners, "give_consent")
    if needs_warning(case, partners) and not knows_prejudice:
        raise _refused(
            case, "give_consent", _("Confirm that you have read the note on Vorbefassung.")
        )
    consent.state = ConsentState.GIVEN
    consent.decided_by = actor
    consent.decided_at = clock.now()
    consent.knows_prejudice = knows_prejudice
    consent.save(update_fields=["state", "decided_by", "decided_at", "knows_prejudice"])
    _say(case, consent, CaseEventKind.CONSENT_GIVEN, actor)
    return consent


@transaction.atomic
def refuse_consent(*, consent_id: int, actor: User, reason: str = "") -> PartnerConsent:
    """Nothing is released. The reason may be left out."""
    case, consent = _begin("refuse_consent", consent_id, actor)
    if consent.state == ConsentState.REFUSED and consent.decided_by_id == actor.pk:
        return consent
    _check_asked(case, consent, "refuse_consent")
    consent.state = ConsentState.REFUSED
    consent.decided_by = actor
    consent.decided_at = clock.now()
    consent.refusal = reason
    consent.save(update_fields=["state", "decided_by", "decided_at", "refusal"])
    _say(case, consent, CaseEventKind.CONSENT_REFUSED, actor)
    return consent


@transaction.atomic
def withdraw_consent(*, consent_id: int, actor: User) -> PartnerConsent:
    """Take back what was permitted, until a partner was asked."""
    case, consent = _begin("withdraw_consent", consent_id, actor)
    if consent.state == ConsentState.WITHDRAWN:
        return consent
    if consent.state != ConsentState.GIVEN or consent.questions.exists():
        raise _refused(
            case,
            "withdraw_consent",
            _("The partners were asked already, or nothing was permitted."),
        )
    _withdraw(consent, actor)
    _say(case, consent, CaseEventKind.CONSENT_WITHDRAWN, actor)
    return consent


def partners_of(consent: PartnerConsent) -> list[Organisation]:
    """Those that may still be asked; one that is gone makes another sum."""
    ids = releases.of(consent).partner_ids
    return list(Organisation.objects.published().filter(public_id__in=ids).order_by("pk"))


def refuse_changed(
    case: ConsultingRequest,
    consent: PartnerConsent,
    partners: Sequence[Organisation],
    action: str,
) -> None:
    """Raise TransitionNotAllowed when files, partners or the authority's name are others than shown."""
    if releases.now(case, releases.of(consent), partners).sha256 != consent.sha256:
        raise _refused(
            case,
            action,
            _("Something has changed since the authority was shown this. Ask for a new consent."),
        )


def refuse_unsuitable(
    case: ConsultingRequest, partners: Sequence[Organisation], action: str
) -> None:
    """Raise TransitionNotAllowed for an organisation that is hidden, the authority itself, or a company
    at the wrong moment."""
    if any(p.pk == case.organisation_id or not p.is_published for p in partners):
        raise _refused(case, action, _("Choose an organisation from the list."))
    refusal = confidential.refusal_of_companies(case)
    if refusal and any(map(confidential.is_company, partners)):
        raise _refused(case, action, refusal)


def needs_warning(case: ConsultingRequest, partners: Sequence[Organisation]) -> bool:
    return confidential.needs_inquiry(case) and any(map(confidential.is_company, partners))


def _begin(action: str, consent_id: int, actor: User) -> tuple[ConsultingRequest, PartnerConsent]:
    case = locked(PartnerConsent.objects.values_list("case_id", flat=True).get(pk=consent_id))
    consent = PartnerConsent.objects.select_for_update(of=("self",)).get(pk=consent_id)
    if not permissions.is_requester_side(actor, case):
        raise PermissionDenied(f"{action} {consent.pk}")
    return case, consent


def _check_asked(case: ConsultingRequest, consent: PartnerConsent, action: str) -> None:
    if consent.state != ConsentState.ASKED or not case.is_open:
        raise _refused(case, action, _("There is nothing to decide at the moment."))


def _unused(case: ConsultingRequest) -> list[PartnerConsent]:
    live = case.consents.filter(state__in=(ConsentState.ASKED, ConsentState.GIVEN), questions=None)
    return list(live)


def _withdraw(consent: PartnerConsent, actor: User) -> None:
    consent.state = ConsentState.WITHDRAWN
    consent.withdrawn_by = actor
    consent.withdrawn_at = clock.now()
    consent.save(update_fields=["state", "withdrawn_by", "withdrawn_at"])


def _say(
    case: ConsultingRequest, consent: PartnerConsent, kind: CaseEventKind, actor: User
) -> None:
    tell(record(case, kind, actor, consent=consent.pk, sha256=consent.sha256))


def _refused(case: ConsultingRequest, action: str, why: str) -> TransitionNotAllowed:
    return TransitionNotAllowed(action, case.state, why)
