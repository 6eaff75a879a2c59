"""Wunschumgebungen and prototypes: asked for, joined, decided, merged, taken back (product.md 3).

All raise ``PermissionDenied`` when the actor may not, and ``TransitionNotAllowed`` when the wish has moved
on: its text is for people. Of two wishes the one with the smaller key is locked first.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from psycopg.errors import UniqueViolation

from network.models import Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.search_text import fold
from osk_portal.toolkit.transitions import TransitionNotAllowed
from sandbox import permissions, prototypes, quotas, wish_mails
from sandbox.enums import BlueprintEventKind, WishAction, WishEventKind, WishKind, WishState
from sandbox.models import Blueprint, BlueprintVersion, Pool, Wish, WishAsk

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prototype:
    """What is said of one; ``image`` (by digest) or ``repository``, or both."""

    name: str
    image: str
    port: int | None
    repository: str
    licence: str
    supporter: str
    data_statement: str


def key_of(name: str) -> str:
    """The same for "Nextcloud Hub" and "nextcloud-hub": what is not a letter or a digit does not count."""
    return "".join(c for c in fold(name) if c.isalnum())[:100]


def ask_for(*, user: User, organisation: Organisation, name: str, website: str, why: str) -> Wish:
    """Ask for a product. Where somebody asks for the same one already, this joins."""
    _speaks_for(user, organisation)
    key = key_of(name)
    if not key:
        raise ValueError("a name has a letter or a digit")
    with transaction.atomic():
        known = _open_product(key)
        if known is None:
            try:
                with transaction.atomic():
                    wish = Wish.objects.create(name=name, key=key, website=website)
            except IntegrityError as error:
                if not isinstance(error.__cause__, UniqueViolation):
                    raise
                known = _open_product(key)  # two asked at once
            else:
                _ask(wish, user, organisation, why, WishEventKind.ASK)
                wish_mails.wish_to_check(wish)
                return wish
        if known is None:
            raise TransitionNotAllowed(
                "ask",
                "",
                _("The OSK has just decided on this product. Please send your wish again."),
            )
        _ask(known, user, organisation, why, WishEventKind.JOIN)
        return known


def _open_product(key: str) -> Wish | None:
    rows = Wish.objects.open().filter(kind=WishKind.PRODUCT, key=key)
    return rows.select_for_update(of=("self",)).first()


@transaction.atomic
def propose_prototype(
    *, user: User, organisation: Organisation, prototype: Prototype, why: str
) -> Wish:
    """Ask for a test environment of one's own prototype. The same form again is nothing new.

    Raises TransitionNotAllowed where the organisation has one of this name that is not decided.
    """
    # Two of the same form at once: the second one waits here.
    quotas.lock(organisation.pk)
    _speaks_for(user, organisation)
    key = key_of(prototype.name)
    known = (
        Wish.objects.open()
        .filter(kind=WishKind.PROTOTYPE, organisation=organisation, key=key)
        .first()
    )
    if known is not None:
        is_same = (known.image, known.repository) == (prototype.image, prototype.repository)
        if is_same and known.asks.filter(person=user).exists():
            return known
        raise TransitionNotAllowed(
            "ask",
            known.state,
            _("Your organisation has asked for a prototype of this name already."),
        )
    wish = Wish.objects.create(
        kind=WishKind.PROTOTYPE,
        organisation=organisation,
        key=key,
        name=prototype.name,
        image=prototype.image,
        port=prototype.port,
        repository=prototype.repository,
        licence=prototype.licence,
        supporter=prototype.supporter,
        data_statement=prototype.data_statement,
    )
    _ask(wish, user, organisation, why, WishEventKind.ASK)
    wish_mails.wish_to_check(wish)
    return wish


@transaction.atomic
def join_wish(*, wish_id: int, actor: User, organisation: Organisation, why: str = "") -> Wish:
    """Ask for it too. Who asks already changes nothing."""
    wish = _locked(wish_id)
    _speaks_for(actor, organisation)
    if wish.organisation_id not in (None, organisation.pk):
        raise PermissionDenied("join a prototype of others")
    if not wish.is_open:
        raise TransitionNotAllowed("join", wish.state)
    _ask(wish, actor, organisation, why, WishEventKind.JOIN)
    return wish


@transaction.atomic
def take_back(*, wish_id: int, actor: User) -> Wish:
    """One's own asking, for whichever organisation; the last one takes the wish with it. Twice is once."""
    wish = _locked(wish_id)
    gone, _rows = wish.asks.filter(person=actor).delete()
    if not gone:
        return wish
    wish.record(WishEventKind.LEAVE, actor=actor)
    if wish.can(WishAction.WITHDRAW) and not wish.asks.exists():
        wish.withdraw(actor=actor)
    return wish


@transaction.atomic
def check_wish(*, wish_id: int, actor: User) -> Wish:
    """The OSK has read it and looks whether it is possible; from here on a product stands on the list."""
    wish = _to_decide(wish_id, actor)
    wish.check_it(actor=actor)
    wish_mails.wish_changed(wish)
    return wish


@transaction.atomic
def try_wish(*, wish_id: int, actor: User) -> Wish:
    wish = _to_decide(wish_id, actor)
    wish.try_it(actor=actor)
    wish_mails.wish_changed(wish)
    return wish


@transaction.atomic
def offer_wish(*, wish_id: int, actor: User, blueprint: Blueprint) -> Wish:
    """It can be booked. Of a prototype this is the OSK's approval: only now can its organisation book it.

    Raises TransitionNotAllowed where the product cannot be booked, or is not for those who asked.
    """
    wish = _to_decide(wish_id, actor)
    product = Blueprint.objects.select_for_update(of=("self",)).get(pk=blueprint.pk)
    if product.organisation_id != wish.organisation_id:
        raise TransitionNotAllowed(
            WishAction.OFFER, wish.state, _("This test product is not for those who asked.")
        )
    wish.offer(product, actor=actor)
    if wish.is_prototype:
        _open_prototype(product)
    if product.published_version() is None or not product.is_open:
        raise TransitionNotAllowed(
            WishAction.OFFER,
            wish.state,
            _("This test product cannot be booked yet. Publish a version of it first."),
        )
    wish_mails.wish_changed(wish)
    return wish


@transaction.atomic
def renew_prototype(*, wish_id: int, actor: User) -> Wish:
    """Another time for a prototype, from today on. Raises TransitionNotAllowed (not approved)."""
    wish = _to_decide(wish_id, actor)
    if not wish.is_prototype or wish.state != WishState.BOOKABLE or wish.blueprint_id is None:
        raise TransitionNotAllowed("renew", wish.state)
    product = Blueprint.objects.select_for_update(of=("self",)).get(pk=wish.blueprint_id)
    if product.expires_on != _last_day() or not product.is_bookable:
        _open_prototype(product)
        wish.record(WishEventKind.RENEW, actor=actor)
        wish_mails.prototype_renewed(wish, product)
    return wish


@transaction.atomic
def answer_by_hand(*, wish_id: int, actor: User, answer: str) -> Wish:
    """No engine can do it, a person does; ``answer`` says how."""
    return _answer(wish_id, actor, answer, is_refusal=False)


@transaction.atomic
def refuse_wish(*, wish_id: int, actor: User, answer: str) -> Wish:
    """``answer``: the reason, which those who asked read."""
    return _answer(wish_id, actor, answer, is_refusal=True)


def _answer(wish_id: int, actor: User, answer: str, *, is_refusal: bool) -> Wish:
    if not answer.strip():
        raise ValueError("those who asked are told why")
    wish = _to_decide(wish_id, actor)
    if is_refusal:
        wish.refuse(actor=actor, answer=answer)
    else:
        wish.by_hand(actor=actor, answer=answer)
    wish_mails.wish_changed(wish)
    return wish


@transaction.atomic
def reopen_wish(*, wish_id: int, actor: User) -> Wish:
    """A decision is taken back. Raises TransitionNotAllowed where a newer wish of the same name is open."""
    wish = _to_decide(wish_id, actor)
    try:
        with transaction.atomic():
            wish.reopen(actor=actor)
    except IntegrityError as error:
        if not isinstance(error.__cause__, UniqueViolation):
            raise
        raise TransitionNotAllowed(
            WishAction.REOPEN,
            WishState.REFUSED,
            _("Somebody has asked for the same product anew. Look after that wish."),
        ) from error
    wish_mails.wish_changed(wish)
    return wish


@transaction.atomic
def merge_wishes(*, wish_id: int, target_id: int, actor: User) -> Wish:
    """Two wishes for the same product: those who ask for ``wish_id`` ask for the other one from now on."""
    if not permissions.can_decide(actor):
        raise PermissionDenied("merge wishes")
    rows = {
        wish.pk: wish
        for wish in Wish.objects.filter(pk__in=(wish_id, target_id))
        .select_for_update(of=("self",))
        .order_by("pk")
    }
    wish, target = rows[wish_id], rows.get(target_id)
    is_possible = (
        target is not None
        and target.pk != wish.pk
        and not (wish.is_prototype or target.is_prototype)
        and (target.is_open or target.state == WishState.BOOKABLE)
    )
    if target is None or not is_possible:
        raise TransitionNotAllowed(
            WishAction.MERGE, wish.state, _("These two wishes cannot be merged.")
        )
    wish.merge(target, actor=actor)
    there = set(target.asks.values_list("organisation", "person"))
    people = [ask.person for ask in wish.asks.select_related("person")]
    for ask in wish.asks.all():
        if (ask.organisation_id, ask.person_id) in there:
            ask.delete()
        else:
            ask.wish = target
            ask.save(update_fields=["wish"])
    target.record(WishEventKind.JOIN, actor=actor, merged=wish.pk)
    wish_mails.wish_merged(wish, target, people)
    return target


@transaction.atomic
def draft_prototype(*, wish_id: int, actor: User, pool: Pool) -> Blueprint:
    """An operator makes a closed test product of a prototype, seen by its organisation once published.

    With an image there is a first version of it, as a draft. A second time it is the one that is there.
    """
    if not actor.is_operator:
        raise PermissionDenied("draft a prototype")
    wish = _locked(wish_id)
    if wish.blueprint_id is not None:
        return Blueprint.objects.get(pk=wish.blueprint_id)
    if not wish.is_prototype or not wish.can(WishAction.OFFER):
        raise TransitionNotAllowed("draft", wish.state)
    product = Blueprint.objects.create(
        # Its address tells nothing of what it is.
        slug=f"prototyp-{uuid.uuid4().hex[:12]}",
        name=wish.name,
        organisation_id=wish.organisation_id,
        expires_on=_last_day(),
        pool=pool,
        summary="Ein Prototyp Ihrer Organisation.",
    )
    if wish.image:
        BlueprintVersion.objects.create(
            blueprint=product,
            number=1,
            spec=prototypes.draft_of(wish.image, wish.port or 8080),
        )
        product.record(BlueprintEventKind.DRAFTED, actor=actor, version=1)
    wish.blueprint = product
    wish.save(update_fields=["blueprint"])
    wish.record(WishEventKind.DRAFT, actor=actor)
    return product


WARN_DAYS = 14
"""So long before a prototype ends its organisation is told."""


def end_prototypes() -> None:
    """Daily: what is over can no longer be booked; what ends soon is told, each once."""
    today = clock.today()
    rows = Wish.objects.filter(
        kind=WishKind.PROTOTYPE, state=WishState.BOOKABLE, blueprint__is_bookable=True
    )
    for wish in rows.filter(blueprint__expires_on__lte=today + timedelta(days=WARN_DAYS)):
        if wish.blueprint_id is None:
            continue
        with transaction.atomic():
            product = Blueprint.objects.select_for_update(of=("self",)).get(pk=wish.blueprint_id)
            if product.expires_on is None or not product.is_bookable:
                continue
            if product.expires_on < today:
                product.is_bookable = False
                product.save(update_fields=["is_bookable"])
                logger.info("sandbox: prototype over", extra={"blueprint": product.slug})
            wish_mails.prototype_ends(wish, product, is_over=product.expires_on < today)


def _open_prototype(product: Blueprint) -> None:
    product.expires_on, product.is_bookable = _last_day(), True
    product.save(update_fields=["expires_on", "is_bookable"])


def _last_day() -> date:
    day: date = clock.today() + timedelta(days=settings.OSK_SANDBOX_PROTOTYPE_DAYS)
    return day


def _ask(wish: Wish, user: User, organisation: Organisation, why: str, kind: str) -> None:
    """``wish`` is locked or new."""
    _row, is_new = WishAsk.objects.get_or_create(
        wish=wish, organisation=organisation, person=user, defaults={"why": why}
    )
    if is_new:
        wish.record(kind, actor=user, organisation=organisation.pk)
        wish_mails.wish_received(wish, user)


def _locked(wish_id: int) -> Wish:
    return Wish.objects.select_for_update(of=("self",)).get(pk=wish_id)


def _to_decide(wish_id: int, actor: User) -> Wish:
    if not permissions.can_decide(actor):
        raise PermissionDenied("decide on a wish")
    return _locked(wish_id)


def _speaks_for(user: User, organisation: Organisation) -> None:
    if not permissions.may_book_for(permissions.as_of_now(user), organisation):
        raise PermissionDenied("ask for this organisation")
