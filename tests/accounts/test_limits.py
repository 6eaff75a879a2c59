import pytest

pytestmark = pytest.mark.django_db


def test_too_many_attempts_get_a_page_that_says_so(client, settings):
    for _ in range(21):
        page = client.post("/konto/password/reset/", {"email": "jemand@amt.example"})

    assert page.status_code == 429
    assert "Versuchen Sie es in 10 Minuten erneut" in page.text


def test_a_forged_header_does_not_pass_the_limit(client):
    """Without a proxy in front, X-Forwarded-For is what the visitor wants it to be."""
    for number in range(21):
        page = client.post(
            "/konto/password/reset/",
            {"email": f"jemand{number}@amt.example"},
            headers={"X-Forwarded-For": f"192.0.2.{number}"},
        )

    assert page.status_code == 429
