"""What ``check --deploy`` tells an operator."""

from django.core.checks import run_checks


def ids(settings, **changes) -> set[str]:
    for name, value in changes.items():
        setattr(settings, name, value)
    found = run_checks(tags=["security"], include_deployment_checks=True)
    return {str(message.id) for message in found if str(message.id).startswith("osk_portal.")}


def test_a_good_set_up_is_silent(settings):
    assert ids(settings, OSK_PROXY_COUNT=1, OSK_BASE_URL="https://osk.example") == set()


def test_limits_behind_an_unknown_proxy(settings):
    assert "osk_portal.W001" in ids(settings, OSK_PROXY_COUNT=0)


def test_links_without_https(settings):
    assert "osk_portal.W002" in ids(settings, OSK_BASE_URL="http://osk.example")


def test_a_broken_key(settings):
    good = settings.OSK_ENCRYPTION_KEYS[0]

    assert "osk_portal.E001" in ids(settings, OSK_ENCRYPTION_KEYS=[good, "kein-Schlüssel"])


def test_an_address_for_answers_that_no_token_fits_in(settings):
    assert ids(settings, OSK_REPLY_ADDRESS="antwort@osk.example", OSK_PROXY_COUNT=1) == {
        "osk_portal.W002"
    }
    for wrong in (
        "antwort",
        "antwort@",
        "OSK <antwort@osk.example>",
        "antworten-an-das-osk@osk.example",
    ):
        assert "osk_portal.E002" in ids(settings, OSK_REPLY_ADDRESS=wrong)


def test_a_mailbox_that_would_give_its_password_away(settings):
    for wrong in (
        "imap://osk@mail.example/INBOX",
        "imaps://osk:geheim@mail.example/INBOX",
        "imaps://mail.example",
        "https://osk@mail.example",
        "imaps://osk@mail.example:x/INBOX",
        "osk@mail.example",
    ):
        assert "osk_portal.E003" in ids(settings, OSK_IMAP_URL=wrong), wrong
    for good in ("imaps://osk%40x.example@mail.example/In%20Box", "imap://osk@127.0.0.1:1143"):
        assert "osk_portal.E003" not in ids(settings, OSK_IMAP_URL=good), good


def test_a_domain_of_test_environments_is_apart_from_the_portals(settings):
    settings.OSK_BASE_URL = "https://portal.osk.example"
    settings.OSK_PROXY_COUNT, settings.OSK_SANDBOX_GATE_KEY = 1, "k" * 32
    for domain, told in {
        "": set(),
        "osk-test.example": set(),
        "osk-test.example:8443": set(),
        "osk.example": {"osk_portal.E004"},
        "test.portal.osk.example": {"osk_portal.E004"},
        "portal.osk.example": {"osk_portal.E004"},
        "test.osk.example": {"osk_portal.W003"},
    }.items():
        assert ids(settings, OSK_SANDBOX_DOMAIN=domain) == told, domain


def test_a_gate_without_a_key(settings):
    assert "osk_portal.E005" in ids(
        settings, OSK_SANDBOX_DOMAIN="osk-test.example", OSK_SANDBOX_GATE_KEY="short"
    )


def test_a_cluster_without_a_gate(settings):
    settings.OSK_PROXY_COUNT, settings.OSK_BASE_URL = 1, "https://osk.example"
    settings.OSK_SANDBOX_KUBERNETES_SERVER = "https://10.0.0.1:6443"
    assert ids(settings) == set()
    assert ids(settings, PRODUCTION=True) == {"osk_portal.E006"}
    assert "osk_portal.E006" not in ids(
        settings, OSK_SANDBOX_DOMAIN="osk-test.example", OSK_SANDBOX_GATE_KEY="k" * 32
    )
