"""Comparing: the address holds everything, unknown is never a no, nothing adds up to a score."""

from __future__ import annotations

import io
from datetime import date
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.http import QueryDict
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from odfdo import Document

from catalog.comparison.wanted import LONGEST_QUERY, MOST_ROWS, OwnRow, Wanted
from catalog.enums import OwnAnswer, OwnWeight, StatementTopic
from catalog.importing import import_publiccode
from catalog.models import SavedComparison, Statement, Support
from catalog.services import change_comparison, issue_notice, set_additions, withdraw_solution
from catalog.services.entries import RESERVED_SLUGS
from osk_portal.toolkit import clock
from osk_portal.toolkit.clock import BERLIN
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.factories import ReuseFactory, SolutionFactory
from tests.catalog.files import publiccode_file
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory, staff

pytestmark = pytest.mark.django_db
PAGE = reverse("catalog:comparison")
ODS = reverse("catalog:comparison_ods")
LIST = reverse("catalog:comparison_list")
BACKEND = "django.contrib.auth.backends.ModelBackend"


def make(n, *paths, **top):
    file = publiccode_file(
        *paths, **{"name": f"Planer {n}", "url": f"https://example.org/p{n}", **top}
    )
    return import_publiccode(file, publish=True).solution


def rows_of(response):
    return {row.label: row for group in response.context["comparison"].groups for row in group.rows}


def texts(response, label):
    return [cell.text for cell in rows_of(response)[label].cells]


def typed(*slugs, **fields):
    """What the form sends; ``text1`` and so on."""
    sent = {"loesung": list(slugs)}
    for n in range(1, 1 + sum(name.startswith("text") for name in fields)):
        sent |= {f"weight{n}": "muss", f"note{n}": ""}
        sent |= {f"answer{n}-{slug}": "unknown" for slug in slugs}
    return sent | fields


def test_the_page_without_solutions_leads_on_and_its_word_is_no_entry(client):
    response = client.get(PAGE)

    assert response.status_code == 200
    assert PAGE == "/loesungen/vergleich/"
    assert "vergleich" in RESERVED_SLUGS
    assert response.context["comparison"].groups == ()
    assert "noindex" in response.content.decode()
    assert client.put(PAGE).status_code == 405


def test_the_list_offers_checkboxes_of_one_form(client):
    solution = make(1)

    html = client.get(reverse("catalog:solution_list")).content.decode()

    assert 'id="vergleichen" method="get" action="/loesungen/vergleich/"' in html
    assert f'name="loesung" value="{solution.slug}" form="vergleichen"' in html
    entry = client.get(solution.get_absolute_url()).content.decode()
    assert f"{PAGE}?loesung={solution.slug}" in entry


def test_solutions_stand_side_by_side_in_the_order_of_the_address(client):
    first = make(
        1,
        ("maintenance.type", "contract"),
        ("maintenance.contractors", [{"name": "Muster GmbH", "until": "2027-12-31"}]),
        (
            "dependsOn",
            {
                "open": [
                    {"name": "PostgreSQL", "versionMin": "14"},
                    {"name": "Redis", "versionMax": "7"},
                    {"name": "Python", "versionMin": "3.11", "versionMax": "3.13"},
                    {"name": "Node", "version": "22"},
                ],
                "hardware": [{"name": "Kartenleser"}],
                "proprietary": [{"name": "Oracle", "optional": True}],
            },
        ),
    )
    second = make(2, ("legal.license", "MIT"), usedBy=["Stadt Musterstadt"])
    set_additions(first.pk, alternatives=["Outlook"])
    ReuseFactory(solution=first)
    Support.objects.create(solution=second, organisation=OrganisationFactory(name="Hilfe GmbH"))

    response = client.get(
        f"{PAGE}?loesung={second.slug}&loesung={first.slug}&loesung={second.slug}"
    )

    assert [s.slug for s in response.context["comparison"].solutions] == [second.slug, first.slug]
    assert texts(response, "Lizenz") == ["MIT", "EUPL-1.2"]
    assert texts(response, "Vertragsende") == ["kein Vertrag", "Fr,\N{NO-BREAK SPACE}31.12.2027"]
    assert texts(response, "Was die Lösung braucht") == [
        "keine Angabe",
        "PostgreSQL ab 14; Redis bis 7; Python 3.11 bis 3.13; Node 22;"
        " Oracle (proprietär, optional); Kartenleser (Hardware)",
    ]
    entry = " ".join(client.get(first.get_absolute_url()).text.split())
    assert all(words in entry for words in ("PostgreSQL ab 14", "Python 3.11 bis 3.13"))
    assert "Hardware" in entry.partition("Kartenleser")[2][:200]
    assert texts(response, "Alternative zu") == ["keine Angabe", "Outlook"]
    assert texts(response, "Nutzung in Berlin") == [
        "In Berlin noch nicht gemeldet",
        "1-mal in Berlin genutzt",
    ]
    assert texts(response, "Support angeboten von") == [
        "Hilfe GmbH",
        "Muster GmbH (per Vertrag bis 31.12.2027)",
    ]
    assert texts(response, "Testumgebung") == ["noch nicht vorbereitet"] * 2
    assert "Stadt Musterstadt" in texts(response, "Nutzung außerhalb von Berlin")[0]


def test_notices_of_the_osk_stand_in_it_with_their_day(client):
    a, b = make(1), make(2)
    notice = issue_notice(
        solution_id=a.pk,
        actor=staff("advisor"),
        kind="security",
        text_de="Bitte auf 2.1 aktualisieren.",
        valid_from=clock.today(),
    )

    response = client.get(PAGE, {"loesung": [a.slug, b.slug]})

    today = notice.issued_at.astimezone(BERLIN).strftime("%d.%m.%Y")
    assert texts(response, "Hinweise des OSK") == [f"Sicherheit ({today})", "kein Hinweis"]
    assert notice.get_absolute_url() in response.content.decode()


def test_statements_for_administrations_stand_in_it_with_origin_and_day(client):
    a, b = make(1), make(2)
    for solution, answer, day in ((a, "yes", clock.today()), (b, "yes", date(2020, 1, 2))):
        Statement.objects.create(
            solution=solution,
            topic="processing",
            answer=answer,
            stated_on=day,
            origin="osk",
            state="standing",
        )

    response = client.get(PAGE, {"loesung": [a.slug, b.slug]})

    today = clock.today().strftime("%d.%m.%Y")
    label = str(StatementTopic.PROCESSING.label)
    assert texts(response, label) == [
        f"Ja (OSK, {today})",
        "Ja (OSK, 02.01.2020, älter als 12 Monate)",
    ]
    # The same answer: origin and day make no difference.
    assert not rows_of(response)[label].differs
    assert texts(response, str(StatementTopic.OZG.label)) == ["keine Angabe"] * 2
    assert str(StatementTopic.ITDZ.label) not in rows_of(response)


def test_differences_stand_in_words_and_can_be_shown_alone(client):
    a = make(1, ("legal.license", "MIT"), softwareVersion="1")
    b = make(2)
    address = f"{PAGE}?loesung={a.slug}&loesung={b.slug}"

    response = client.get(address)
    rows = rows_of(response)
    assert rows["Lizenz"].differs
    assert not rows["Lizenz"].is_partly_open
    assert rows["Version und Datum"].is_partly_open
    assert not rows["Sprachen"].differs
    html = response.content.decode()
    assert "unterscheidet sich" in html
    assert "teils keine Angabe" in html

    only = client.get(response.context["toggle_url"])
    assert "Sprachen" not in rows_of(only)
    assert {"Lizenz", "Version und Datum"} <= set(rows_of(only))
    assert only.context["comparison"].hidden == len(rows) - len(rows_of(only))
    assert only.context["toggle_url"] == address
    # Of one solution nothing differs: everything is shown.
    assert "Sprachen" in rows_of(client.get(f"{PAGE}?loesung={a.slug}&nur=unterschiede"))


def test_own_rows_go_into_the_address_and_are_summed_up_in_words(client):
    a, b = make(1), make(2)

    response = client.post(
        PAGE,
        typed(
            a.slug,
            b.slug,
            text1="Balkenplan",
            text2="Zeiterfassung",
            text3="Tafeln",
            text4="",
            note2="Für den Fördergeber",
            weight3="soll",
            **{f"answer1-{a.slug}": "yes", f"answer1-{b.slug}": "no", f"answer2-{a.slug}": "yes"},
            **{f"answer3-{b.slug}": "partly"},
        ),
    )

    assert response.status_code == 302
    shared = client.get(response["Location"])
    comparison = shared.context["comparison"]
    assert [s.musts for s in comparison.summaries] == [
        "2 Muss erfüllt",
        "0 Muss erfüllt, 1 nicht erfüllt, 1 offen",
    ]
    assert [s.shoulds for s in comparison.summaries] == [
        "0 Soll erfüllt, 1 offen",
        "0 Soll erfüllt, 1 teilweise",
    ]
    assert texts(shared, "Zeiterfassung") == ["Ja", "keine Angabe"]
    assert rows_of(shared)["Zeiterfassung"].note == "Für den Fördergeber"
    # Emptied, a row is gone; a removed column takes its answers along.
    again = client.post(
        PAGE,
        typed(b.slug, text1="", text2="Zeiterfassung", note1="weg", **{f"answer2-{b.slug}": "no"}),
    )
    assert parse_qs(urlsplit(again["Location"]).query) == {
        "loesung": [b.slug],
        "zeile": ["muss.n.Zeiterfassung"],
    }


def test_a_note_without_a_requirement_is_asked_about_and_kept(client):
    a = make(1)

    response = client.post(PAGE, typed(a.slug, text1="", note1="Nur eine Notiz"))

    assert response.status_code == 422
    assert response.content.decode().count("Geben Sie die Anforderung ein") == 2
    assert 'value="Nur eine Notiz"' in response.content.decode()


def test_removing_and_adding_keeps_everything_else(client):
    a, b, c = make(1), make(2), make(3, name="Wartemarke")
    address = f"{PAGE}?loesung={a.slug}&loesung={b.slug}&zeile=muss.jn.Plan&nur=unterschiede"

    response = client.get(address + "&suche=Wartemarke")

    assert (
        response.context["columns"][0][1]
        == f"{PAGE}?loesung={b.slug}&zeile=muss.n.Plan&nur=unterschiede"
    )
    [(hit, add)] = response.context["hits"]
    assert hit == c
    assert [s.slug for s in client.get(add).context["comparison"].solutions] == [
        a.slug,
        b.slug,
        c.slug,
    ]
    assert parse_qs(urlsplit(add).query)["zeile"] == ["muss.jn-.Plan"]
    # Compared already: not found once more.
    assert client.get(address + "&suche=Planer+1").context["hits"] == []


@pytest.mark.parametrize("state", ["withdrawn", "draft", "unknown"])
def test_what_is_not_in_the_catalog_is_named_calmly_whoever_asks(client, state):
    here, gone = make(1), make(2)
    slug = "gibt-es-nicht"
    advisor = staff("advisor")
    if state == "withdrawn":
        withdraw_solution(gone.pk, actor=advisor)
        slug = gone.slug
    elif state == "draft":
        slug = SolutionFactory(draft=True, name="Geheimer Entwurf").slug
    pages = []
    for user in (None, advisor):
        if user:
            client.force_login(user, backend=BACKEND)
        response = client.get(f"{PAGE}?loesung={slug}&loesung={here.slug}&zeile=muss.nj.Plan")
        assert response.status_code == 200
        assert response.context["comparison"].missing == (slug,)
        assert texts(response, "Plan") == ["Ja"]
        pages.append(response.content.decode())
    assert all("unter dieser Adresse keinen Eintrag" in page for page in pages)
    assert not any("Geheimer Entwurf" in page for page in pages)


def test_of_more_than_four_the_first_are_shown(client):
    slugs = [make(n).slug for n in range(5)]

    response = client.get(PAGE, {"loesung": slugs})

    assert [s.slug for s in response.context["comparison"].solutions] == slugs[:4]
    assert "Bis zu vier Lösungen" in response.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "loesung=%00&loesung=../x&loesung=" + "a" * 5000,
        "zeile=&zeile=muss&zeile=kann.j.Text&zeile=muss..&notiz=x",
        "zeile=muss.%s.X" % ("j" * 3000),
        "zeile=muss.j.%E2%80%AEtxet&zeile=muss.j.%00",
        "suche=%00%27%22%3Cscript%3E&nur=alles",
        "&".join("zeile=muss.j.x" for _ in range(200)),
    ],
)
def test_whatever_the_address_says(client, query):
    solution = make(1)

    response = client.get(f"{PAGE}?loesung={solution.slug}&{query}")

    assert response.status_code == 200
    assert len(response.context["comparison"].wanted.rows) <= MOST_ROWS
    assert "\u202e" not in response.content.decode()
    assert client.get(f"{ODS}?loesung={solution.slug}&{query}").status_code == 200


def test_own_words_are_text_and_nothing_else(client):
    solution = make(1)

    response = client.get(
        PAGE, {"loesung": solution.slug, "zeile": "muss.j.<script>alert(1)</script>"}
    )

    assert "<script>alert" not in response.content.decode()
    assert "&lt;script&gt;alert(1)" in response.content.decode()


@given(
    st.lists(
        st.tuples(st.text(max_size=60), st.text(max_size=60), st.sampled_from(OwnAnswer)),
        max_size=5,
    )
)
def test_an_address_read_again_is_the_same(said):
    given_rows = Wanted.from_query(
        QueryDict(
            Wanted(
                ("a",), tuple(OwnRow(t, OwnWeight.SHOULD, n, {"a": x}) for t, n, x in said)
            ).query
        )
    )
    assert Wanted.from_query(QueryDict(given_rows.query)) == given_rows
    assert Wanted.from_json(given_rows.slugs, given_rows.rows_as_json()) == given_rows


def test_queries_stay_the_same_with_one_and_four(client, django_assert_max_num_queries):
    slugs = []
    for n in range(4):
        solution = make(n)
        ReuseFactory(solution=solution)
        Support.objects.create(solution=solution, organisation=OrganisationFactory())
        slugs.append(solution.slug)
    client.force_login(MembershipFactory().user, backend=BACKEND)
    client.get(PAGE)  # the session is written once
    counts = []
    for some in (slugs[:1], slugs):
        with django_assert_max_num_queries(12) as seen:
            client.get(PAGE, {"loesung": some, "suche": "Planer"})
        counts.append(len(seen))
    # With four there is no search for a fifth.
    with django_assert_max_num_queries(12) as without:
        client.get(PAGE, {"loesung": slugs[:1]})
    assert counts[1] == len(without)


def test_the_file_has_headers_the_day_the_licence_and_no_formula(client, settings):
    a, b = make(1, name="=SUM(A1)"), make(2)
    query = {"loesung": [a.slug, b.slug], "zeile": "muss.j-.=cmd|x", "notiz": "@x"}

    response = client.get(ODS, query)

    assert response["Content-Type"] == "application/vnd.oasis.opendocument.spreadsheet"
    assert "vergleich.ods" in response["Content-Disposition"]
    document = Document(io.BytesIO(response.content))
    table, about = document.body.get_tables()
    xml = table.serialize()
    assert xml.count("table:table-header-rows") == xml.count("table:table-header-columns") == 2
    values = table.get_values()
    assert values[0] == ["Merkmal", "'=SUM(A1)", "Planer 2"]
    assert values[1][1] == f"{settings.OSK_BASE_URL}{a.get_absolute_url()}"
    assert ["'=cmd|x (Muss) – @x", "Ja", "keine Angabe"] in values
    assert "table:formula" not in xml
    said = dict(about.get_values())
    assert said["Lizenz der Daten"] == settings.OSK_DATA_LICENCE
    assert said["Stand"].count(".") == 2
    assert said["Adresse"].startswith(f"{settings.OSK_BASE_URL}{PAGE}?loesung=")


LONG = {f"text{n}": f"{n} " + "ä" * 190 for n in range(1, 8)}


def test_too_much_for_an_address_is_said_and_can_be_saved(client):
    a = make(1)

    response = client.post(PAGE, typed(a.slug, **LONG))
    html = response.content.decode()
    assert response.status_code == 422
    assert "zu lang für eine Adresse" in html
    assert "anmelden" in html
    assert html.count("ä" * 190) >= 7

    person = UserFactory()
    client.force_login(person, backend=BACKEND)
    response = client.post(PAGE, typed(a.slug, **LONG))
    assert response.status_code == 422
    key = uuid4()
    sent = typed(a.slug, **LONG, title="Planer für uns", public_id=str(key), save="1")
    for _ in range(2):
        response = client.post(PAGE, sent)
        assert response["Location"] == f"/loesungen/vergleich/{key}/#inhalt"
    saved = SavedComparison.objects.get()
    assert (saved.author, saved.title, len(saved.rows)) == (person, "Planer für uns", 7)
    page = client.get(saved.get_absolute_url())
    assert page.context["address"] == ""  # it does not fit
    assert len(Wanted.from_json(saved.slugs, saved.rows).query) > LONGEST_QUERY
    assert "no-store" in page["Cache-Control"]
    assert client.get(reverse("catalog:saved_comparison_ods", args=[key])).status_code == 200
    assert "Planer für uns" in client.get(LIST).content.decode()


def test_saving_needs_a_title_and_a_person(client):
    a = make(1)

    client.post(PAGE, typed(a.slug, text1="X", title="T", save="1"))
    assert not SavedComparison.objects.exists()
    client.force_login(UserFactory(), backend=BACKEND)
    response = client.post(PAGE, typed(a.slug, text1="X", title=" \u202e", save="1"))
    assert response.status_code == 422
    assert "Geben Sie einen Titel ein" in response.content.decode()
    assert not SavedComparison.objects.exists()


class Shared:
    def __init__(self):
        self.author = MembershipFactory()
        self.organisation = self.author.organisation
        self.colleague = MembershipFactory(organisation=self.organisation).user
        self.manager = MembershipFactory(organisation=self.organisation, manager=True).user
        self.stranger = MembershipFactory().user
        self.solution = make(1)
        self.saved = SavedComparison.objects.create(
            author=self.author.user,
            organisation=self.organisation,
            title="Unser Vergleich",
            slugs=[self.solution.slug],
            rows=Wanted((self.solution.slug,), (OwnRow("Plan"),)).rows_as_json(),
        )
        self.url = self.saved.get_absolute_url()


@pytest.fixture
def shared():
    return Shared()


ADDRESSES = ["saved_comparison", "saved_comparison_ods", "saved_comparison_delete"]


@pytest.mark.parametrize("name", ADDRESSES)
def test_who_sees_a_saved_comparison(client, shared, name):
    url = reverse(f"catalog:{name}", args=[shared.saved.public_id])
    assert client.get(url).status_code == 302
    seen = {}
    people = {
        "author": shared.author.user,
        "colleague": shared.colleague,
        "stranger": shared.stranger,
        "advisor": staff("advisor"),
    }
    for who, user in people.items():
        client.force_login(user, backend=BACKEND)
        seen[who] = client.get(url).status_code
    assert seen == {"author": 200, "colleague": 200, "stranger": 404, "advisor": 404}
    SavedComparison.objects.update(organisation=None)
    client.force_login(shared.colleague, backend=BACKEND)
    assert client.get(url).status_code == 404


def test_who_has_left_sees_what_was_shared_no_longer(client, shared):
    shared.author.state = "ended"
    shared.author.save()
    client.force_login(shared.author.user, backend=BACKEND)

    assert client.get(shared.url).status_code == 404
    assert "Unser Vergleich" not in client.get(LIST).content.decode()


def change(client, shared, version=1, **fields):
    slug = shared.solution.slug
    sent = {
        "text1": "Plan", "weight1": "muss", "note1": "", f"answer1-{slug}": "yes",
        "title": "Unser Vergleich", "version": version, **fields,
    }  # fmt: skip
    return client.post(shared.url, sent)


def test_a_colleague_changes_it_and_it_stays_shared(client, shared):
    other = make(2)
    client.force_login(shared.colleague, backend=BACKEND)

    for _ in range(2):  # sent twice
        assert change(client, shared, add=other.slug)["Location"] == f"{shared.url}#inhalt"

    shared.saved.refresh_from_db()
    assert shared.saved.version == 2
    assert shared.saved.organisation == shared.organisation
    assert shared.saved.slugs == [shared.solution.slug, other.slug]
    assert shared.saved.rows[0]["answers"] == {shared.solution.slug: "yes"}
    change(client, shared, version=2, remove=other.slug)
    shared.saved.refresh_from_db()
    assert shared.saved.slugs == [shared.solution.slug]


def test_two_tabs_never_overwrite_silently(client, shared):
    client.force_login(shared.colleague, backend=BACKEND)
    change(client, shared, text1="Aus dem ersten Fenster")

    response = change(client, shared, text1="Aus dem zweiten Fenster")

    html = response.content.decode()
    assert response.status_code == 409
    assert "Aus dem ersten Fenster" in html
    assert "Aus dem zweiten Fenster" in html
    shared.saved.refresh_from_db()
    assert shared.saved.rows[0]["text"] == "Aus dem ersten Fenster"
    assert response.context["form"].data["version"] == "2"
    change(client, shared, version=2, text1="Aus dem zweiten Fenster")
    shared.saved.refresh_from_db()
    assert shared.saved.rows[0]["text"] == "Aus dem zweiten Fenster"


def test_nobody_shares_with_a_foreign_organisation(client, shared):
    client.force_login(shared.author.user, backend=BACKEND)

    response = change(client, shared, organisation=OrganisationFactory().pk)

    assert response.status_code == 422
    shared.saved.refresh_from_db()
    assert shared.saved.organisation == shared.organisation
    change(client, shared, organisation="")
    shared.saved.refresh_from_db()
    assert shared.saved.organisation is None


def test_deleting_asks_first_and_is_the_authors_and_the_managers(client, shared):
    url = reverse("catalog:saved_comparison_delete", args=[shared.saved.public_id])
    client.force_login(shared.colleague, backend=BACKEND)
    assert "Endgültig löschen" not in client.get(url).content.decode()
    assert client.post(url).status_code == 403
    client.force_login(shared.manager, backend=BACKEND)
    assert "Endgültig löschen" in client.get(url).content.decode()
    assert client.post(url)["Location"] == LIST
    assert client.post(url).status_code == 404
    assert not SavedComparison.objects.exists()
    with pytest.raises(TransitionNotAllowed):
        change_comparison(
            shared.saved.pk, actor=shared.manager, expected_version=1, title="x", wanted=Wanted()
        )


def test_lists_cost_the_same_with_three(client, shared, django_assert_max_num_queries):
    client.force_login(shared.author.user, backend=BACKEND)
    client.get(PAGE)  # the session is written once
    counts = []
    for more in (0, 2):
        for n in range(more):
            SavedComparison.objects.create(
                author=shared.author.user, organisation=shared.organisation, title=f"V{n}"
            )
        with django_assert_max_num_queries(12) as seen:
            client.get(LIST)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_solution_that_left_frees_its_place_and_keeps_its_answers(client, shared):
    gone, *others = (make(n) for n in (2, 3, 4))
    slugs = [shared.solution.slug, gone.slug, *(s.slug for s in others)]
    row = OwnRow("Plan", answers={gone.slug: OwnAnswer.YES})
    shared.saved.slugs, shared.saved.rows = slugs, Wanted(tuple(slugs), (row,)).rows_as_json()
    shared.saved.save()
    withdraw_solution(gone.pk, actor=staff("advisor"))
    client.force_login(shared.author.user, backend=BACKEND)

    change(client, shared)
    shared.saved.refresh_from_db()
    assert shared.saved.rows[0]["answers"] == {shared.solution.slug: "yes", gone.slug: "yes"}

    new = make(5)
    assert change(client, shared, version=2, add=new.slug).status_code == 302
    shared.saved.refresh_from_db()
    assert shared.saved.slugs == [shared.solution.slug, *(s.slug for s in others), new.slug]
