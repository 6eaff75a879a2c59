"""The page "Nachrichten": one's own messages, read by a button."""

from __future__ import annotations

import pytest

from osk_portal.notifications.models import Notification
from tests.factories import UserFactory
from tests.notifications.factories import NotificationFactory

pytestmark = pytest.mark.django_db
URL = "/mein/nachrichten/"


@pytest.fixture
def mina(client):
    user = UserFactory()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def test_anonymous_people_sign_in(client):
    assert client.get(URL)["Location"] == f"/konto/login/?next={URL}"


def test_it_shows_ones_own_newest_first(client, mina):
    NotificationFactory(user=mina, subject="Die ältere")
    NotificationFactory(user=mina, subject="Die <b>neuere</b>", url="/beratung/7/")
    NotificationFactory(subject="Eine fremde")

    text = client.get(URL).text

    assert text.index("Die &lt;b&gt;neuere") < text.index("Die ältere")
    assert 'href="/beratung/7/"' in text
    assert "Eine fremde" not in text
    assert "2 neue Nachrichten" in text


def test_an_empty_inbox_says_so(client, mina):
    assert "Noch keine Nachrichten" in client.get(URL).text


def test_pages_of_twenty(client, mina):
    NotificationFactory.create_batch(21, user=mina)

    first, second = client.get(URL), client.get(f"{URL}?page=2")

    assert len(first.context["page_obj"]) == 20
    assert len(second.context["page_obj"]) == 1
    assert client.get(f"{URL}?page=viel").status_code == 200


def test_the_same_queries_with_one_and_three(client, mina, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    NotificationFactory(user=mina)
    client.get(URL)
    with CaptureQueriesContext(connection) as with_one:
        client.get(URL)
    NotificationFactory.create_batch(2, user=mina)

    with django_assert_num_queries(len(with_one)):
        client.get(URL)
    assert len(with_one) <= 12


def test_marking_one_as_read(client, mina):
    notification = NotificationFactory(user=mina)
    url = f"{URL}{notification.public_id}/gelesen/"

    assert client.get(url).status_code == 405
    assert client.post(url)["Location"] == URL

    notification.refresh_from_db()
    first = notification.read_at
    assert first is not None
    client.post(url)
    notification.refresh_from_db()
    assert notification.read_at == first


def test_a_strangers_message_is_not_found(client, mina):
    notification = NotificationFactory()

    assert client.post(f"{URL}{notification.public_id}/gelesen/").status_code == 404

    notification.refresh_from_db()
    assert not notification.is_read


def test_marking_all_as_read(client, mina):
    NotificationFactory.create_batch(3, user=mina)
    other = NotificationFactory()

    assert client.get(f"{URL}gelesen/").status_code == 405
    page = client.post(f"{URL}gelesen/", follow=True)

    assert "0 neue Nachrichten" in page.text
    assert set(Notification.objects.filter(read_at=None)) == {other}
