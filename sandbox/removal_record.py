"""The proof of deletion (Löschnachweis) as a tagged PDF: what was there, and when it was verified gone."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from osk_portal.templatetags.osk import berlin_datetime
from osk_portal.toolkit import pdf
from sandbox.enums import EnvironmentState
from sandbox.models import Booking, Environment, Snapshot

TEMPLATE: Final = "sandbox/removal.typ"


def is_complete(booking: Booking) -> bool:
    """Nothing of the booking is left to be removed, and something had been set up."""
    environments = list(booking.environments.all())
    is_over = not (booking.is_holding or booking.is_undecided)
    return is_over and bool(environments) and all(e.is_final for e in environments)


def as_pdf(booking: Booking, made_at: datetime) -> bytes:
    """Of every environment of the booking. What an operator gave up or nobody verified is said so.

    ``booking`` comes with its details. Raises ``pdf.PdfError``.
    """
    product = booking.blueprint_version.blueprint
    environments = list(booking.environments.order_by("generation").prefetch_related("proofs"))
    kept = _kept(booking)
    data: dict[str, pdf.Json] = {
        "publisher": _("Open Source Kompetenzzentrum (OSK)"),
        "header": "",
        "footer": _("Proof of deletion, as of %(moment)s") % {"moment": berlin_datetime(made_at)},
        "lossy_note": _("The sign � stands for a character that cannot be printed here."),
        "facts": [
            [_("Product"), product.name],
            [_("Organisation"), booking.organisation.name],
            [_("Booked by"), str(booking.booked_by)],
            [_("Booking"), str(booking.public_id)],
            [_("From"), berlin_datetime(booking.starts_at)],
            [_("Until"), berlin_datetime(booking.ended_at or booking.ends_at)],
        ],
        "intro": pdf.paragraphs(_introduction(environments)),
        "environments": [_environment(environment) for environment in environments],
        "kept": {
            "heading": _("Kept at the wish of the organisation"),
            "intro": _(
                "Copies of the configuration, encrypted in the portal. They are deleted at the latest on the day"
                " that stands here."
            ),
            "columns": [_("What"), _("Kept until"), _("Deleted")],
            "rows": kept,
        },
    }
    return pdf.render(
        TEMPLATE,
        data,
        title=_("Proof of deletion: %(product)s") % {"product": product.name},
        language=(get_language() or "de")[:2],
        made_at=made_at,
    )


def _kept(booking: Booking) -> list[pdf.Json]:
    """What was taken along and lies in the portal, or lay there."""
    rows: list[pdf.Json] = []
    taken = Snapshot.objects.of(booking).exclude(taken_at=None).order_by("taken_at", "pk")
    for snapshot in taken.select_related("environment"):
        snapshot.environment.booking = booking
        gone_at = snapshot.deleted_at or (None if snapshot.is_kept else snapshot.scanned_at)
        rows.append(
            [
                _("Saved configuration of %(moment)s")
                % {"moment": berlin_datetime(snapshot.taken_at)},
                berlin_datetime(snapshot.kept_until),
                berlin_datetime(gone_at) if gone_at else _("not yet"),
            ]
        )
    return rows


def _introduction(environments: list[Environment]) -> str:
    if not all(_is_verified(environment) for environment in environments):
        return _(
            "Not everything listed here was verified to be gone. What was not verified is marked."
            " Ask the OSK about it."
        )
    if any(environment.is_by_hand for environment in environments):
        return _(
            "Everything listed here was removed. What was set up by hand a person has removed by hand, looked"
            " for it and confirmed that it is gone; the time is that of the confirmation (Berlin time)."
        )
    return _(
        "Everything listed here was removed. After each removal the portal has asked the engine whether"
        " it is still there, and noted the time of the answer (Berlin time)."
    )


def _is_verified(environment: Environment) -> bool:
    return environment.state == EnvironmentState.GONE and all(
        proof.verified_at is not None for proof in environment.proofs.all()
    )


def _environment(environment: Environment) -> dict[str, pdf.Json]:
    rows: list[pdf.Json] = [
        [
            str(proof.get_kind_display()),
            proof.name,
            _("not verified") if proof.verified_at is None else berlin_datetime(proof.verified_at),
        ]
        for proof in environment.proofs.all()
    ]
    facts: list[pdf.Json] = [[_("State"), str(environment.get_state_display())]]
    if environment.gone_at is not None:
        facts.append([_("Removed"), berlin_datetime(environment.gone_at)])
    return {
        "heading": _("Environment %(key)s") % {"key": environment.backend_key},
        "facts": facts,
        "columns": [_("What"), _("Name"), _("Checked to be gone")],
        "rows": rows,
        "nothing": _("Nothing had been set up, so there was nothing to delete."),
    }
