import importlib
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.test import Client
from django.urls import clear_url_caches

from osk_portal.embedded.mailcatcher import Keeper
from osk_portal.pages import urls


@pytest.fixture
def caught(settings: object, tmp_path: Path) -> Path:
    settings.OSK_VAR = tmp_path
    folder = tmp_path / "mail"
    folder.mkdir()
    mail = EmailMessage()
    mail["Subject"] = "Ihre Anfrage <b>OSK-2026-00001</b>"
    mail["From"] = "portal@osk.example"
    mail.set_content("Hallo,\nlesen Sie http://localhost:8000/mein/ <script>")
    return Keeper(folder).keep(["a@b.example"], mail.as_bytes())


def test_caught_mails_are_listed_and_read(client: Client, caught: Path, db: None) -> None:
    listing = client.get("/dev/mail/").content.decode()
    assert "Ihre Anfrage &lt;b&gt;OSK-2026-00001&lt;/b&gt;" in listing
    assert "a@b.example" in listing

    html = client.get(f"/dev/mail/{caught.name}").content.decode()
    assert '<a href="http://localhost:8000/mein/"' in html
    assert "&lt;script&gt;" in html


def test_an_empty_folder_is_fine(
    client: Client, settings: object, tmp_path: Path, db: None
) -> None:
    settings.OSK_VAR = tmp_path

    assert "Es gibt noch keine E-Mails." in client.get("/dev/mail/").content.decode()


@pytest.mark.parametrize(
    "name", ["x.eml", "..", "%2e%2e%2frun.env", "20260101T000000000000Z-000001.eml"]
)
def test_other_names_are_not_found(client: Client, caught: Path, name: str, db: None) -> None:
    assert client.get(f"/dev/mail/{name}").status_code == 404


def test_production_has_no_such_page(settings: object) -> None:
    settings.PRODUCTION = True
    try:
        names = {pattern.name for pattern in importlib.reload(urls).urlpatterns}
    finally:
        settings.PRODUCTION = False
        importlib.reload(urls)
        clear_url_caches()

    assert "home" in names
    assert not {name for name in names if name.startswith("dev_")}
