import json

import pytest
from celery import current_app
from django.db import DatabaseError, connection
from django.test import Client

from osk_portal.pages import health


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_all_applied", False)


def test_the_process_is_alive_without_a_database(client: Client) -> None:
    response = client.get("/healthz")

    assert response.status_code == 200
    assert response.content == b"ok"


@pytest.mark.django_db
def test_ready_with_database_migrations_and_broker(client: Client) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "checks": {"database": "ok", "migrations": "ok", "broker": "ok"},
    }
    assert response["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_without_the_broker_the_portal_is_ready_but_degraded(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://127.0.0.1:1/0")

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["checks"]["broker"] == "down"


def test_without_the_database_it_is_not_ready(
    client: Client, monkeypatch: pytest.MonkeyPatch, expect_errors: None
) -> None:
    def refuse() -> None:
        raise DatabaseError("connection refused")

    monkeypatch.setattr(connection, "cursor", refuse)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["status"] == "unready"
    assert response.json()["checks"]["migrations"] == "down"


@pytest.mark.django_db
def test_a_missing_migration_makes_it_unready_until_it_is_applied(
    client: Client, expect_errors: None
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'pages'")

    response = client.get("/readyz")

    assert response.status_code == 503
    assert json.loads(response.content)["checks"]["migrations"] == "down"


@pytest.mark.django_db
def test_applied_migrations_are_not_asked_for_again(
    client: Client, django_assert_num_queries: object
) -> None:
    client.get("/readyz")

    with django_assert_num_queries(1):
        client.get("/readyz")
