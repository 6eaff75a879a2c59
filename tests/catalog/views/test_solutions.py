from __future__ import annotations

import re

import pytest
from django.urls import reverse

from catalog import presentation, publiccode, variants
from catalog.enums import SolutionState
from catalog.importing import import_publiccode
from catalog.models import Solution, Support
from catalog.services import set_additions
from osk_portal.toolkit import clock
from tests.catalog.factories import ReuseFactory, SolutionFactory
from tests.catalog.files import publiccode_file
from tests.factories import MembershipFactory, OrganisationFactory, staff
from tests.sandbox.factories import BlueprintFactory, BlueprintVersionFactory

pytestmark = pytest.mark.django_db
LIST = reverse("catalog:solution_list")
BACKEND = "django.contrib.auth.backends.ModelBackend"


def page(client, query=""):
    response = client.get(LIST + query)
    assert response.status_code == 200
    return response


def shown(response):
    return [row.solution.slug for row in response.context["rows"]]


def make(number):
    for n in range(number):
        solution = import_publiccode(
            publiccode_file(name=f"Planer {n}", url=f"https://example.org/p{n}"), publish=True
        ).solution
        ReuseFactory(solution=solution)
        ReuseFactory(solution=solution, organisation=OrganisationFactory(other_land=True))
        Support.objects.create(solution=solution, organisation=OrganisationFactory(company=True))


def test_the_list_shows_published_entries_by_name(client):
    for name in ("Zettel", "Äpfel", "Birnen"):
        SolutionFactory(name=name, slug=name[0].lower().replace("ä", "a"))
    SolutionFactory(draft=True)

    assert shown(page(client)) == ["a", "b", "z"]


def test_search_sorts_by_fit_and_keeps_filters_in_the_address(client):
    make(2)
    import_publiccode(
        publiccode_file(("legal.license", "MIT"), name="Termin", url="https://example.org/t"),
        publish=True,
    )

    response = page(client, "?q=termin")
    assert shown(response)[0] == "termin"
    assert "3 Lösungen gefunden" in response.content.decode()

    response = page(client, "?q=termin&licence=permissive")
    assert shown(response) == ["termin"]
    assert "?q=termin" in response.content.decode()


def test_every_order(client):
    make(2)
    ReuseFactory(solution=Solution.objects.get(slug="planer-1"))

    assert shown(page(client, "?sort=name")) == ["planer-0", "planer-1"]
    assert shown(page(client, "?sort=newest")) == ["planer-1", "planer-0"]
    assert shown(page(client, "?sort=reused")) == ["planer-1", "planer-0"]
    assert shown(page(client, "?q=planer&sort=reused")) == ["planer-1", "planer-0"]


def test_pages(client):
    for _n in range(25):
        SolutionFactory()

    assert len(shown(page(client))) == 20
    assert len(shown(page(client, "?page=2"))) == 5
    assert len(shown(page(client, "?page=99999999999999999999"))) == 5
    assert len(shown(page(client, "?page=%00"))) == 20


def test_an_empty_result_leads_to_a_request_with_the_words(client):
    make(1)

    text = page(client, "?q=Friedhofsverwaltung+%26+mehr").content.decode()

    assert "haben wir noch keine Lösung" in text
    assert "/beratung/anfrage/neu/?q=Friedhofsverwaltung+%26+mehr" in text
    assert "Terminvergabe" in text  # where to go on


def test_an_empty_result_leads_who_may_book_to_a_wish(client):
    """With the name, and nobody else: not visitors, not members of what is not entitled."""
    make(1)
    search = "?q=Friedhofsverwaltung+%26+mehr"
    wish = "/testumgebung/wuensche/neu/?produkt=Friedhofsverwaltung+%26+mehr"
    assert wish not in page(client, search).text
    outsider = MembershipFactory(organisation=OrganisationFactory(other_land=True)).user
    client.force_login(outsider, backend="django.contrib.auth.backends.ModelBackend")
    assert wish not in page(client, search).text
    client.force_login(
        MembershipFactory().user, backend="django.contrib.auth.backends.ModelBackend"
    )
    assert wish in page(client, search).text
    assert "wuensche/neu" not in page(client, "?q=Terminvergabe").text
    form = client.get(wish).context["form"]
    assert form["name"].value() == "Friedhofsverwaltung & mehr"
    assert "wuensche/neu/?produkt=" in page(client, f"?q={'Ä' * 200}").text


def test_an_empty_result_asks_what_was_meant(client):
    make(1)

    text = page(client, "?q=Wartannumer").content.decode()
    assert (
        "Meinten Sie" not in text
    )  # near enough to be found, or nothing like it is a name or label

    text = page(client, "?q=Terminfergaaabe").content.decode()
    assert "Meinten Sie" in text
    assert "?q=Terminvergabe" in text


def test_near_hits_are_named_as_such(client):
    make(1)

    assert "kommt ihnen nahe" in page(client, "?q=Planr").content.decode()
    assert "kommt ihnen nahe" not in page(client, "?q=Planer").content.decode()


def test_filters_without_hits_can_be_removed(client):
    make(1)

    text = page(client, "?category=blog").content.decode()

    assert "Entfernen Sie einen Filter" in text
    assert "Alle Filter zurücksetzen" in text


def test_searched_words_are_escaped(client):
    text = page(client, "?q=<script>alert(1)</script>").content.decode()

    assert "<script>alert" not in text


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?q=planer",
        "?q=planer&sort=reused&category=crm",
        "?q=Terminplaanr",
        "?q=qwertzasdf+yxcvbnm+kuchenwerkzeug",
    ],
)
def test_the_list_costs_the_same_with_one_and_three_rows(
    client, query, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    make(1)
    with CaptureQueriesContext(connection) as one:
        page(client, query)
    make(3)
    with CaptureQueriesContext(connection) as three:
        page(client, query)

    assert len(three) == len(one)
    assert len(one) <= 10


def test_a_choice_exchanges_hits_and_figures_of_the_same_page(client):
    make(1)
    live = {"HX-Request": "true"}

    text = client.get("/loesungen/?q=planer&category=crm", headers=live).content.decode()
    [wanted] = re.findall('hx-select-oob="([^"]*)"', text)
    for target in ["#results", *(part.partition(":")[0] for part in wanted.split(","))]:
        assert f'id="{target[1:]}"' in text, target
    nothing = client.get("/loesungen/?q=qwertzasdf", headers=live)
    assert nothing["HX-Redirect"] == "/loesungen/?q=qwertzasdf"
    assert "HX-Redirect" not in client.get("/loesungen/?q=qwertzasdf")


def test_the_detail_page_tells_what_the_file_says(client):
    make(1)
    solution = Solution.objects.get()
    set_additions(solution.pk, alternatives=["Qmatic"])

    text = client.get(solution.get_absolute_url()).content.decode()

    for words in (
        "Termine in Bürgerbüros vergeben.",
        "Wartenummern aufrufen",
        "EUPL-1.2",
        "Sie müssen beim Weitergeben",
        "1-mal in Berlin genutzt",
        "ist eine Alternative zu: Qmatic.",
        "/beratung/anfrage/neu/?solution=planer-0",
        "Deutsch, Englisch",
    ):
        assert words in text, words
    assert "Testumgebung buchen" not in text
    assert "Änderung vorschlagen" not in text


def test_names_of_users_only_where_they_agreed(client):
    solution = import_publiccode(publiccode_file(), publish=True).solution
    ReuseFactory(solution=solution, organisation__name="Amt Offen", show_name=True)
    ReuseFactory(solution=solution, organisation__name="Amt Geheim")

    text = client.get(solution.get_absolute_url()).content.decode()

    assert "Amt Offen" in text
    assert "Amt Geheim" not in text


def test_similar_is_never_itself(client):
    make(2)

    response = client.get(reverse("catalog:solution_detail", args=["planer-0"]))

    assert [row.solution.slug for row in response.context["similar"]] == ["planer-1"]


def test_the_detail_page_costs_the_same_with_one_and_three(client):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    make(2)
    url = reverse("catalog:solution_detail", args=["planer-0"])
    solution = Solution.objects.get(slug="planer-0")
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    for _n in range(3):
        ReuseFactory(solution=solution, show_name=True)
        Support.objects.create(solution=solution, organisation=OrganisationFactory(company=True))
    make(4)
    with CaptureQueriesContext(connection) as three:
        client.get(url)

    assert len(three) == len(one)
    assert len(one) <= 12


def test_an_incomplete_entry_says_so(client):
    data = publiccode_file(("legal.license", "Frei"))
    solution = import_publiccode(data, publish_incomplete=True).solution

    text = client.get(solution.get_absolute_url()).content.decode()

    assert "Dieser Eintrag ist unvollständig" in text
    assert "legal.license" in text


@pytest.mark.parametrize("state", [SolutionState.DRAFT, SolutionState.WITHDRAWN])
@pytest.mark.parametrize("name", ["solution_detail", "solution_publiccode"])
def test_only_advisors_see_what_is_not_published(client, state, name):
    solution = import_publiccode(publiccode_file(), publish=True).solution
    Solution.objects.update(state=state)
    url = reverse(f"catalog:{name}", args=[solution.slug])

    is_gone = state == SolutionState.WITHDRAWN and name == "solution_detail"
    assert client.get(url).status_code == (410 if is_gone else 404)

    client.force_login(staff("advisor"), backend=BACKEND)
    assert client.get(url).status_code == 200


def test_standards_and_the_end_of_the_contract_are_said(client):
    contractors = [
        {"name": "Musterwerk", "until": "2020-05-31"},
        {"name": "Alt", "until": "2019-01-01"},
    ]
    data = publiccode_file(
        ("maintenance", {"type": "contract", "contractors": contractors}),
        ("supports", [{"id": "urn:iso:std:iso-iec:26300"}]),
    )
    solution = import_publiccode(data, publish=True).solution

    text = client.get(solution.get_absolute_url()).content.decode()

    assert "31.05.2020" in text
    assert "Der Vertrag ist beendet." in text
    assert re.search(r"<dt>Standards</dt><dd>ISO/IEC 26300", text)


def test_a_standard_has_the_name_that_people_know_and_its_page():
    wanted = {
        "alias:gdpr": (
            "Datenschutz-Grundverordnung",
            "https://eur-lex.europa.eu/eli/reg/2016/679/oj",
        ),
        "urn:ietf:rfc:6749": ("RFC 6749", "https://www.rfc-editor.org/rfc/rfc6749"),
        "urn:iso:std:iso:19005:-3:ed-1": ("ISO 19005-3", None),
        "https://www.gesetze-im-internet.de/ozg/": (
            "gesetze-im-internet.de/ozg",
            "https://www.gesetze-im-internet.de/ozg/",
        ),
        "urn:x:y": ("urn:x:y", None),
        "javascript:alert(1)": ("javascript:alert(1)", None),
    }
    found = presentation.entry(
        SolutionFactory.build(document={"supports": [{"id": each} for each in wanted]})
    ).standards
    for standard, (name, url) in zip(found, wanted.values(), strict=True):
        assert standard.name.startswith(name)
        assert (standard.link and standard.link.url) == url


def test_what_few_files_say_stands_on_the_entry_too(client):
    """Of the contacts the organisations: a person is named to those who read the file."""
    contacts = [
        {
            "name": "Petra Muster",
            "email": "petra@example.org",
            "phone": "030",
            "affiliation": "Haus M",
        },
        {"name": "Team Plan"},
    ]
    data = publiccode_file(
        ("maintenance", {"type": "internal", "contacts": contacts}),
        ("description.de.apiDocumentation", "https://example.org/api"),
        ("description.de.videos", ["https://www.youtube.com/watch?v=x1"]),
        ("description.de.awards", ["Preis der Stadt"]),
        applicationSuite="Amtssoftware",
        fundedBy=[{"name": "Förderwerk", "uri": "https://example.org/f"}],
        intendedAudience={"countries": ["DE", "AT"], "unsupportedCountries": ["US"]},
    )
    solution = import_publiccode(data, publish_incomplete=True).solution

    text = " ".join(client.get(solution.get_absolute_url()).text.split())

    for words in (
        "<dt>Art der Software</dt><dd>",
        "Amtssoftware",
        'href="https://example.org/api"',
        'href="https://www.youtube.com/watch?v=x1"',
        '<dt>Auszeichnungen</dt><dd lang="de">Preis der Stadt',
        "Deutschland, Österreich",
        "Vereinigte Staaten",
        "<dt>Gefördert von</dt><dd>Förderwerk",
        "Haus M",
    ):
        assert words in text, words
    assert not any(words in text for words in ("Petra", "petra@", "Team Plan"))


def test_the_base_leads_to_its_variants_and_to_a_comparison(client, monkeypatch):
    monkeypatch.setattr(variants, "MOST_VARIANTS", 2)
    base = import_publiccode(publiccode_file(), publish=True).solution
    assert "Varianten" not in client.get(base.get_absolute_url()).text
    spelled = (
        "https://github.com/Muster/Terminplaner",
        ["https://github.com/muster/terminplaner.git"],
        ["https://example.org/x", "https://github.com/Muster/Terminplaner/"],
    )
    made = [
        import_publiccode(
            publiccode_file(
                name=f"Variante {n}", url=f"https://example.org/v/{n}", isBasedOn=address
            ),
            publish=True,
        ).solution
        for n, address in enumerate(spelled)
    ]
    Solution.objects.filter(pk=made[0].pk).update(state=SolutionState.DRAFT)

    text = client.get(base.get_absolute_url()).text

    assert made[0].get_absolute_url() not in text  # nobody sees a draft
    for variant in made[1:]:
        assert variant.get_absolute_url() in text
        assert f"loesung={base.slug}&amp;loesung=" in text
    assert f"loesung={made[2].slug}" in text
    own = client.get(made[1].get_absolute_url()).text
    assert f"?loesung={made[1].slug}&amp;loesung={base.slug}" in own
    assert "mehr Varianten" not in text
    Solution.objects.filter(pk=made[0].pk).update(state=SolutionState.PUBLISHED)
    assert "mehr Varianten" in client.get(base.get_absolute_url()).text


def test_without_a_test_product_who_may_book_can_wish_for_one(client):
    solution = import_publiccode(publiccode_file(), publish=True).solution
    wish = "/testumgebung/wuensche/neu/?produkt=Terminplaner"
    assert wish not in client.get(solution.get_absolute_url()).text
    member = MembershipFactory(organisation=OrganisationFactory(authority=True)).user
    client.force_login(member, backend=BACKEND)
    assert wish in client.get(solution.get_absolute_url()).text
    BlueprintVersionFactory(blueprint=BlueprintFactory(solution=solution))
    assert wish not in client.get(solution.get_absolute_url()).text


def test_hostile_texts_do_no_harm(client):
    solution = import_publiccode(
        publiccode_file(
            (
                "description.de.longDescription",
                "<script>alert(1)</script> [klick](javascript:alert(1)) ![b](https://e.example/x) "
                * 5,
            ),
            ("description.de.features", ['"><img src=x onerror=alert(1)>']),
            name="<b>Name</b>",
            landingURL="javascript:alert(1)",
            usedBy=["<script>"],
        ),
        publish_incomplete=True,
    ).solution

    text = client.get(solution.get_absolute_url()).content.decode()

    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert 'href="javascript' not in text
    assert 'src="https://e.example' not in text


def test_the_download_is_a_valid_file_that_says_the_same(client):
    solution = import_publiccode(publiccode_file(), publish=True).solution

    response = client.get(reverse("catalog:solution_publiccode", args=[solution.slug]))

    result = publiccode.read(response.content)
    assert response["Content-Type"] == "text/yaml; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="publiccode.yml"'
    assert result.findings == ()
    assert result.document == publiccode.read(publiccode_file()).document


def test_the_round_trip_changes_nothing(client):
    solution = import_publiccode(publiccode_file(), publish=True).solution
    data = client.get(reverse("catalog:solution_publiccode", args=[solution.slug])).content

    assert import_publiccode(data).status == "unchanged"


def test_a_test_product_leads_to_the_test_environment(client):
    solution = import_publiccode(publiccode_file(), publish=True).solution
    blueprint = BlueprintFactory(solution=solution, is_bookable=True)
    BlueprintVersionFactory(blueprint=blueprint, published_at=None)
    assert "Testumgebung buchen" not in client.get(solution.get_absolute_url()).content.decode()

    BlueprintVersionFactory(blueprint=blueprint, number=2, published_at=clock.now())
    BlueprintVersionFactory(blueprint=blueprint, number=3, published_at=clock.now())

    text = client.get(solution.get_absolute_url()).content.decode()
    assert "/testumgebung/?solution=terminplaner" in text
    assert shown(page(client, "?reuse=test")) == ["terminplaner"]  # once
