"""A world of few people with names. Factories of an app's own rows live in tests/<app>/factories.py."""

from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from network.enums import MembershipState, OrganisationKind
from network.models import Membership, Organisation
from osk_portal.accounts.models import User
from osk_portal.toolkit import clock
from osk_portal.toolkit.search_text import sort_key


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    name = factory.Sequence(lambda n: f"Person {n}")
    password = factory.django.Password("ein-langes-Passwort")


class OrganisationFactory(DjangoModelFactory[Organisation]):
    class Meta:
        model = Organisation

    slug = factory.Sequence(lambda n: f"stelle-{n}")
    name = factory.Sequence(lambda n: f"Stelle {n}")
    sort_key = factory.LazyAttribute(lambda o: sort_key(o.name))
    kind = OrganisationKind.BERLIN_ADMINISTRATION

    class Params:
        authority = factory.Trait(is_entitled=True, land="Berlin", city="Berlin")
        company = factory.Trait(kind=OrganisationKind.BUSINESS)
        other_land = factory.Trait(
            kind=OrganisationKind.OTHER_PUBLIC_ADMINISTRATION, land="Hamburg"
        )


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    organisation = factory.SubFactory(OrganisationFactory, authority=True)
    user = factory.SubFactory(UserFactory)
    state = MembershipState.ACTIVE
    confirmed_at = factory.LazyAttribute(
        lambda m: (
            None if m.state in (MembershipState.PENDING, MembershipState.REFUSED) else clock.now()
        )
    )

    class Params:
        editor = factory.Trait(is_editor=True)
        manager = factory.Trait(is_manager=True)


def staff(role: str, **fields: object) -> User:
    """A member of OSK staff with one role and a code app: ``force_login`` counts it as used."""
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
    from django.contrib.auth.models import Group

    user = UserFactory(is_staff=True, **fields)
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    TOTP.activate(user, generate_totp_secret())
    return user
