"""After a rotation everything opens with the newest key alone."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from osk_portal import portal
from osk_portal.management.commands import rotate_keys
from osk_portal.notifications.models import Heartbeat, OutgoingMail
from osk_portal.notifications.services import post_secret
from osk_portal.pages.own_calendar import address_of, renew_address
from osk_portal.toolkit import clock, encryption
from sandbox import services
from sandbox.models import Credential, Snapshot
from tests.factories import UserFactory
from tests.sandbox.factories import EnvironmentFactory

pytestmark = pytest.mark.django_db

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def rotate(*words: str) -> str:
    out = StringIO()
    call_command("rotate_keys", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def secrets(settings):
    """One of each kind, under the old key."""
    settings.OSK_ENCRYPTION_KEYS = [OLD]
    environment = EnvironmentFactory()
    version = environment.booking.blueprint_version
    services.ensure_credentials(environment, version.parsed)
    user = UserFactory()
    Authenticator.objects.create(
        user=user, type="totp", data={"secret": encryption.encrypt("JBSWY3DP"), "x": 1}
    )
    renew_address(user=user)
    post_secret(
        kind="account.code", address="a@example.org", user=None, language="de", subject="Code",
        body="Ihr Code: 4711", lifetime=timedelta(hours=1),
    )  # fmt: skip
    Snapshot.objects.create(
        environment=environment, asked_by=user, state="clean", content="a", taken_at=clock.now(),
        key=encryption.encrypt("Schlüssel der Datei"),
    )  # fmt: skip
    return environment, user


def test_everything_is_under_the_new_key_and_the_old_one_can_go(settings, secrets, caplog) -> None:
    environment, user = secrets
    plain, address = services.plain_credentials(environment), address_of(user)
    settings.OSK_ENCRYPTION_KEYS = [NEW, OLD]
    before = Credential.objects.get().secret

    assert "credentials: 1 to do" in rotate("--check")
    assert Credential.objects.get().secret == before
    report = rotate()
    for sealed in portal.sealed_values:
        assert f"{sealed.key}: 1 encrypted anew" in report

    settings.OSK_ENCRYPTION_KEYS = [NEW]
    assert services.plain_credentials(environment) == plain
    assert address_of(user) == address
    assert OutgoingMail.objects.get().text == "Ihr Code: 4711"
    assert encryption.decrypt(Snapshot.objects.get().key) == "Schlüssel der Datei"
    data = Authenticator.objects.get().data
    assert (encryption.decrypt(data["secret"]), data["x"]) == ("JBSWY3DP", 1)
    assert Heartbeat.objects.filter(name=rotate_keys.ROTATED).exists()
    [line] = [r for r in caplog.records if r.getMessage() == "keys rotated"]
    assert plain["test"] not in str(line.__dict__)
    assert "credentials: 0 encrypted anew, 1 were" in rotate()


def test_interrupted_it_goes_on_where_it_was(settings, monkeypatch) -> None:
    settings.OSK_ENCRYPTION_KEYS = [OLD]
    for _number in range(3):
        environment = EnvironmentFactory()
        services.ensure_credentials(environment, environment.booking.blueprint_version.parsed)
    settings.OSK_ENCRYPTION_KEYS = [NEW, OLD]
    monkeypatch.setattr(rotate_keys, "BATCH", 1)
    last = Credential.objects.latest("pk")
    real = encryption.rotate

    def stop_at_the_last(token: str) -> str:
        if token == last.secret:
            raise KeyboardInterrupt
        return real(token)

    monkeypatch.setattr(encryption, "rotate", stop_at_the_last)
    with pytest.raises(KeyboardInterrupt):
        rotate()
    assert [encryption.is_current(c.secret) for c in Credential.objects.order_by("pk")] == [
        True,
        True,
        False,
    ]
    monkeypatch.undo()

    assert "credentials: 1 encrypted anew, 2 were" in rotate()


def test_what_no_key_opens_is_told_and_stays(settings, secrets) -> None:
    settings.OSK_ENCRYPTION_KEYS = [NEW]
    before = Credential.objects.get().secret

    with pytest.raises(CommandError, match="none of the keys"):
        rotate()

    assert Credential.objects.get().secret == before
