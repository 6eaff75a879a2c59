import pytest
from django.core.exceptions import ValidationError

from network.models import Organisation, OrganisationExpertise
from network.profile import save_expertise, save_organisation
from tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


def _organisation(**fields: object) -> Organisation:
    values = {"slug": "amt", "name": "Ämter für Bürgerdienste", "kind": "berlin_administration"}
    return Organisation(**{**values, **fields})


def test_saving_folds_the_name_and_writes_who_did_it() -> None:
    actor = UserFactory()

    saved = save_organisation(_organisation(), actor=actor, changed=["name"])

    assert saved.sort_key == "amter fur burgerdienste"
    event = saved.events.get()
    assert (event.kind, event.actor, event.data) == ("created", actor, {"fields": ["name"]})


def test_a_second_save_is_a_change() -> None:
    saved = save_organisation(_organisation(), actor=None)

    save_organisation(saved, actor=None, changed=["city"])

    assert [e.kind for e in saved.events.all()] == ["created", "changed"]


def test_a_taken_address_is_refused_and_nothing_written() -> None:
    save_organisation(_organisation(), actor=None)

    with pytest.raises(ValidationError):
        save_organisation(_organisation(name="Anderes Amt"), actor=None)

    assert Organisation.objects.count() == 1


@pytest.mark.parametrize(
    "query",
    [
        "Bürgerdienste",
        "buergerdienste",
        "BUERGERDIENSTE",
        "mitte bürger",
        "Vergaberecht",
        "procurement",
    ],
)
def test_search_forgives_spelling_and_finds_by_place_and_topic(query: str) -> None:
    saved = save_organisation(_organisation(district="Mitte", city="Berlin"), actor=None)
    topic = save_expertise(slug="vergabe", name_de="Vergaberecht", name_en="Procurement law")
    OrganisationExpertise.objects.create(organisation=saved, expertise=topic)
    OrganisationFactory(name="Etwas anderes")

    assert list(Organisation.objects.matching(query)) == [saved]


def test_renaming_a_topic_keeps_its_holders() -> None:
    saved = save_organisation(_organisation(), actor=None)
    topic = save_expertise(slug="vergabe", name_de="Vergabe", name_en="Procurement")
    OrganisationExpertise.objects.create(organisation=saved, expertise=topic)

    save_expertise(slug="vergabe", name_de="Vergaberecht", name_en="Procurement law")

    assert [str(h.expertise) for h in saved.expertise.all()] == ["Vergaberecht"]
