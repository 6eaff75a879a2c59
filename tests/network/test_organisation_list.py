import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from network.models import OrganisationExpertise
from network.profile import save_expertise, save_organisation
from tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db

URL = "/netzwerk/"


@pytest.fixture
def berlin():
    organisation = OrganisationFactory(authority=True, name="Bezirksamt Probe")
    save_organisation(organisation, actor=None)
    topic = save_expertise(slug="vergabe", name_de="Vergaberecht", name_en="Procurement law")
    OrganisationExpertise.objects.create(organisation=organisation, expertise=topic)
    return organisation


@pytest.fixture
def hamburg():
    return save_organisation(
        OrganisationFactory.build(other_land=True, name="Amt Elbe"), actor=None
    )


def test_anybody_reads_the_network(client, berlin, hamburg) -> None:
    response = client.get(URL)

    assert response.status_code == 200
    assert [o.name for o in response.context["page"]] == ["Amt Elbe", "Bezirksamt Probe"]
    assert "Vergaberecht" in response.text


def test_an_unpublished_organisation_is_not_shown(client) -> None:
    hidden = OrganisationFactory(is_published=False)

    assert hidden.name not in client.get(URL).text
    assert client.get(hidden.get_absolute_url()).status_code == 404


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?q=vergaberecht", ["Bezirksamt Probe"]),
        ("?kind=other_public_administration", ["Amt Elbe"]),
        ("?land=Hamburg&land=Berlin", ["Amt Elbe", "Bezirksamt Probe"]),
        ("?topic=vergabe", ["Bezirksamt Probe"]),
        ("?topic=vergabe&land=Hamburg", []),
        ("?kind=unknown", ["Amt Elbe", "Bezirksamt Probe"]),
        ("?page=9999", ["Amt Elbe", "Bezirksamt Probe"]),
        ("?q=%00", ["Amt Elbe", "Bezirksamt Probe"]),
        ("?q=" + "x" * 5000, []),
        ("?land=%00x&topic=%00", ["Amt Elbe", "Bezirksamt Probe"]),
        ("?q=%25_'\";--", []),
    ],
)
def test_the_address_holds_the_filter_and_hostile_values_are_calm(
    client, berlin, hamburg, query, names
) -> None:
    response = client.get(URL + query)

    assert response.status_code == 200
    assert [o.name for o in response.context["page"]] == names


def test_counts_of_a_facet_stay_right_under_the_others(client, berlin, hamburg) -> None:
    facets = {f.name: f for f in client.get(f"{URL}?topic=vergabe").context["facets"]}

    assert [(c.value, c.count) for c in facets["land"].choices] == [("Berlin", 1)]
    assert [(c.value, c.checked) for c in facets["topic"].choices] == [("vergabe", True)]


def test_an_empty_result_says_what_to_do(client, berlin) -> None:
    assert "Versuchen Sie es mit weniger Wörtern" in client.get(f"{URL}?q=nichts").text


@pytest.mark.parametrize("page", ["list", "detail"])
def test_queries_do_not_grow_with_the_rows(client, berlin, page) -> None:
    address = URL if page == "list" else berlin.get_absolute_url()
    with CaptureQueriesContext(connection) as with_one:
        client.get(address)

    for number in range(3):
        topic = save_expertise(slug=f"t{number}", name_de=f"Thema {number}", name_en="")
        other = OrganisationFactory(authority=True, name=f"Amt {number}")
        for organisation in (other, berlin):
            OrganisationExpertise.objects.create(organisation=organisation, expertise=topic)
    with CaptureQueriesContext(connection) as with_more:
        client.get(address)

    assert len(with_more) == len(with_one) <= 12
