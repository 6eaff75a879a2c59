import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from network.demo_world import load
from network.models import Membership, Organisation
from network.permissions import is_editor_of, is_entitled, is_manager_of
from osk_portal.accounts.demo import ensure_login
from osk_portal.accounts.models import User

pytestmark = pytest.mark.django_db


def test_the_demo_world_has_the_promised_people() -> None:
    load()

    people = {u.email.partition("@")[0]: u for u in User.objects.all()}
    assert set(people) == {
        "behoerde", "behoerde2", "land", "partner", "beratung", "leitung", "betrieb",
    }  # fmt: skip
    mitte = Organisation.objects.get(short_name="BA Mitte")
    assert is_manager_of(people["behoerde"], mitte)
    assert is_entitled(people["behoerde2"])
    assert not is_entitled(people["land"])
    company = people["partner"].memberships.get().organisation
    assert is_editor_of(people["partner"], company)
    assert company.is_invented
    assert people["beratung"].is_advisor
    assert people["leitung"].is_lead
    assert people["betrieb"].is_operator


def test_loading_twice_changes_nothing() -> None:
    load()
    before = (Organisation.objects.count(), Membership.objects.count(), User.objects.count())

    load()

    assert before == (
        Organisation.objects.count(),
        Membership.objects.count(),
        User.objects.count(),
    )


def test_production_refuses_the_demo_world(settings) -> None:
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="refused in production"):
        call_command("demo")
    with pytest.raises(ImproperlyConfigured):
        ensure_login("X", "x")
