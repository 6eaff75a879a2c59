"""The shared pages answer, in German and English, for visitors and members."""

import pytest
from django.test import Client
from django.urls import reverse

from osk_portal import portal
from osk_portal.accounts.models import User

PUBLIC_PAGES = [
    "home", "search", "statistics", "about", "contact", "easy_language", "sign_language", "imprint", "privacy",
    "accessibility", "security_report", "source_code", "interfaces", "barrier_report", "licences", "dev_mail_list",
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("name", PUBLIC_PAGES)
def test_every_page_is_there_for_visitors(client: Client, name: str) -> None:
    response = client.get(reverse(f"pages:{name}"))

    html = response.content.decode()
    assert response.status_code == 200
    assert '<html lang="de">' in html
    assert html.count("<h1") == 1
    assert "– OSK-Portal</title>" in html


@pytest.mark.django_db
@pytest.mark.parametrize("name", PUBLIC_PAGES)
def test_every_page_has_the_legal_links(client: Client, name: str) -> None:
    html = client.get(reverse(f"pages:{name}")).content.decode()

    for linked in ("imprint", "privacy", "accessibility", "barrier_report", "easy_language"):
        assert f'href="{reverse(f"pages:{linked}")}"' in html


@pytest.mark.django_db
def test_pages_change_nothing(client: Client) -> None:
    assert client.post(reverse("pages:home")).status_code == 405


@pytest.mark.django_db
def test_the_language_switch_leads_back_to_the_page(client: Client) -> None:
    response = client.post(
        reverse("set_language"), {"language": "en", "next": reverse("pages:about")}, follow=True
    )

    html = response.content.decode()
    assert response.redirect_chain == [(reverse("pages:about"), 302)]
    assert '<html lang="en">' in html
    assert "The Open Source Competence Centre" not in html.split("<main")[0]
    assert "What we do" in html


@pytest.mark.django_db
def test_the_language_switch_leads_nowhere_else(client: Client) -> None:
    response = client.post(
        reverse("set_language"), {"language": "en", "next": "https://elsewhere.example/"}
    )

    assert response["Location"] == "/"


@pytest.mark.django_db
def test_the_switch_ignores_a_language_that_we_do_not_speak(client: Client) -> None:
    client.post(reverse("set_language"), {"language": "xx", "next": "/"})

    assert '<html lang="de">' in client.get("/").content.decode()


@pytest.mark.django_db
def test_a_text_without_english_says_so_and_is_marked_as_german(client: Client) -> None:
    html = client.get(reverse("pages:imprint"), headers={"Accept-Language": "en"}).content.decode()

    assert "This text is available in German only." in html
    assert '<div class="osk-prose" lang="de">' in html


@pytest.mark.django_db
def test_visitors_may_sign_in_and_come_back(client: Client) -> None:
    html = client.get(reverse("pages:about")).content.decode()

    assert f"{reverse('account_login')}?next=/ueber-uns/" in html


def test_members_see_their_area_and_may_sign_out(client: Client, member: User) -> None:
    client.force_login(member, backend="django.contrib.auth.backends.ModelBackend")

    html = client.get(reverse("pages:home")).content.decode()

    assert f'href="{reverse("pages:my_area")}"' in html
    assert f'action="{reverse("account_logout")}" method="post"' in html
    assert "Arbeitsbereich" not in html


@pytest.mark.django_db
def test_the_menu_marks_where_one_is(client: Client) -> None:
    html = client.get(reverse("pages:about")).content.decode()

    assert '<a href="/ueber-uns/" aria-current="page">Über uns</a>' in html
    assert html.split("</nav>")[1].count("aria-current") == 1


@pytest.mark.django_db
def test_the_home_page_shows_what_the_apps_count(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures: portal.Registry[portal.Figure] = portal.Registry()
    figures.register(portal.Figure("a", 1, "Gezählte Dinge", lambda: 4711, "pages:about"))
    figures.register(portal.Figure("b", 2, "Noch nicht zählbar", lambda: None, "pages:about"))
    monkeypatch.setattr(portal, "figures", figures)

    html = client.get("/").content.decode()

    assert "<dt>Gezählte Dinge</dt><dd>4711</dd>" in html
    assert "Noch nicht zählbar" not in html


@pytest.mark.django_db
def test_no_page_asks_another_host(client: Client) -> None:
    response = client.get("/")

    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    html = response.content.decode()
    assert 'src="http' not in html
    assert "<link rel" in html
    assert 'stylesheet" href="http' not in html


@pytest.mark.django_db
def test_the_film_is_a_link_and_only_when_there_is_one(client: Client, settings: object) -> None:
    assert "Film beim Anbieter" not in client.get("/").content.decode()

    settings.OSK_FILM_URL = "https://film.example/osk"

    html = client.get("/").content.decode()
    assert 'href="https://film.example/osk"' in html
    assert "<iframe" not in html


@pytest.mark.django_db
def test_robots_stay_out_of_personal_pages(client: Client) -> None:
    text = client.get("/robots.txt").content.decode()

    assert "Disallow: /mein/" in text
    assert "Disallow: /\n" not in text


@pytest.mark.django_db
def test_the_old_address_of_the_icon_leads_to_the_drawing(client: Client) -> None:
    assert client.get("/favicon.ico")["Location"].endswith("marke.svg")


@pytest.mark.django_db
def test_the_licences_name_the_parts(client: Client) -> None:
    html = client.get(reverse("pages:licences")).content.decode()

    assert "EUPL-1.2" in html
    assert "OFL-1.1" in html
    assert ">Django<" in html or ">django<" in html
