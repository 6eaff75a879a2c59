from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.test import Client
from django.urls import reverse

from catalog import services
from catalog.models import Follow, FollowNews
from catalog.services import digests
from osk_portal import portal
from osk_portal.notifications.models import Notification, OutgoingMail
from osk_portal.toolkit.clock import BERLIN
from tests.catalog.factories import SolutionFactory

MONDAY = datetime(2026, 11, 23, 10, tzinfo=BERLIN)
BACKEND = "django.contrib.auth.backends.ModelBackend"


def address(name, world):
    return reverse(f"catalog:{name}", args=[world.solution.slug])


def test_a_visitor_is_sent_to_sign_in(client, world):
    assert "/konto/" in client.post(address("follow", world)).url
    assert not Follow.objects.exists()
    page = client.get(world.solution.get_absolute_url()).content.decode()
    assert "Zum Folgen anmelden" in page


def test_follow_twice_list_and_end(client, world):
    client.force_login(world.visitor, backend=BACKEND)
    assert client.get(address("follow", world)).status_code == 405
    for _n in range(2):
        assert client.post(address("follow", world)).url == world.solution.get_absolute_url()
    assert Follow.objects.get().user == world.visitor
    assert "Nicht mehr folgen" in client.get(world.solution.get_absolute_url()).content.decode()

    listed = client.get(reverse("catalog:follow_list"))
    assert "Terminplaner" in listed.content.decode()
    assert listed["Cache-Control"] == "no-store"

    assert client.post(address("unfollow", world)).status_code == 302
    assert client.post(address("unfollow", world)).status_code == 404  # not followed any more
    assert not Follow.objects.exists()
    assert "noch keinem Eintrag" in client.get(reverse("catalog:follow_list")).content.decode()


def test_nobody_sees_whom_others_follow(client, world):
    services.follow_solution(world.solution.pk, user=world.stranger)
    client.force_login(world.visitor, backend=BACKEND)

    assert "Terminplaner" not in client.get(reverse("catalog:follow_list")).content.decode()
    assert client.post(address("unfollow", world)).status_code == 404


def test_a_withdrawn_entry_cannot_be_followed_but_left(client, world):
    services.follow_solution(world.solution.pk, user=world.visitor)
    services.withdraw_solution(world.solution.pk, actor=world.advisor)

    client.force_login(world.visitor, backend=BACKEND)
    assert client.post(address("follow", world)).status_code == 404
    assert "nicht mehr im Katalog" in client.get(reverse("catalog:follow_list")).content.decode()
    assert client.post(address("unfollow", world)).status_code == 302


def kinds(user):
    return sorted(Notification.objects.filter(user=user).values_list("kind", flat=True))


def test_who_follows_hears_of_changes_once_a_day_and_of_the_end(world):
    services.follow_solution(world.solution.pk, user=world.visitor)
    services.follow_solution(world.solution.pk, user=world.advisor)

    for product in ("Qmatic", "TEVIS"):
        services.set_additions(
            world.solution.pk, alternatives=[product], actor=world.second_advisor
        )
    assert kinds(world.visitor) == ["catalog.entry_changed"]
    mail = OutgoingMail.objects.get(user=world.visitor)
    assert mail.subject == "Terminplaner hat sich im Katalog geändert"
    assert "weil Sie diesem Eintrag folgen" in mail.body

    services.withdraw_solution(world.solution.pk, actor=world.advisor)
    assert kinds(world.visitor) == ["catalog.entry_changed", "catalog.entry_withdrawn"]
    last = Notification.objects.get(user=world.visitor, kind="catalog.entry_withdrawn")
    assert last.url == reverse("catalog:follow_list")
    assert kinds(world.advisor) == ["catalog.entry_changed"]  # who did it knows
    assert kinds(world.stranger) == []


def test_an_accepted_proposal_is_a_change(world):
    services.follow_solution(world.solution.pk, user=world.visitor)
    proposal = services.submit_proposal(
        solution_id=world.solution.pk,
        author=world.editor,
        organisation=world.company,
        changes={"name": "Terminplaner 2"},
        base_revision=1,
    )
    services.accept_proposal(proposal.pk, actor=world.advisor, seen_revision=1)

    assert kinds(world.visitor) == ["catalog.entry_changed"]


def test_a_mail_goes_only_to_who_still_follows(world):
    allowed = portal.mail_guards.get("catalog").still_allowed
    key = str(world.solution.public_id)
    services.follow_solution(world.solution.pk, user=world.visitor)

    assert allowed(world.visitor.pk, "catalog.entry_changed", key)
    assert not allowed(world.stranger.pk, "catalog.entry_changed", key)
    services.unfollow_solution(world.solution.pk, user=world.visitor)
    assert not allowed(world.visitor.pk, "catalog.entry_changed", key)


def test_it_goes_with_the_account(world):
    services.follow_solution(world.solution.pk, user=world.visitor)
    portal.personal_data.get("catalog").erase(world.visitor)

    assert not Follow.objects.exists()


# How often


def test_whoever_wants_it_gathered_gets_one_mail_a_week_and_ends_it_by_its_link(
    client, world, clock
):
    clock.move_to(MONDAY)
    reader = world.visitor
    other = SolutionFactory(name="Andere")
    for solution in (world.solution, other):
        services.follow_solution(solution.pk, user=reader)
    client.force_login(reader, backend=BACKEND)
    page = client.get(reverse("catalog:follow_list")).text
    assert "Wie oft sollen wir schreiben?" in page
    address = reverse("catalog:follow_rhythm")
    assert client.get(address).status_code == 405
    assert client.post(address, {"rhythm": "hourly"}).status_code == 422
    assert client.post(address, {"rhythm": "weekly"}).status_code == 302
    assert "weekly" in client.get(reverse("catalog:follow_list")).text.split("checked")[0]

    for keywords in (["eins"], ["zwei"]):
        services.set_additions(world.solution.pk, keywords=keywords)
    services.withdraw_solution(other.pk, actor=world.advisor)
    assert kinds(reader) == []
    assert FollowNews.objects.count() == 2
    assert digests.send() == 1
    assert digests.send() == 0

    mail = OutgoingMail.objects.get(user=reader)
    assert mail.subject == "2 Einträge, denen Sie folgen, haben sich geändert"
    assert "Terminplaner" in mail.body
    assert world.solution.get_absolute_url() in mail.body
    assert "Andere" in mail.body
    assert other.get_absolute_url() not in mail.body
    assert portal.mail_guards.get("catalog").still_allowed(reader.pk, mail.kind, mail.subject_key)

    services.set_additions(world.solution.pk, keywords=["drei"])
    for days, count in ((1, 0), (5, 0), (7, 1)):  # a Tuesday, a Saturday, the next Monday
        clock.move_to(MONDAY + timedelta(days=days))
        assert digests.send() == count

    link = re.search(r"http\S+(/loesungen/folgen/beenden/\S+)", mail.body)[1]
    assert mail.stop_path == link
    client.logout()
    assert "Keine Mails mehr" in client.get(link).text
    assert digests.rhythm_of(reader) == "weekly"  # a program that opens links ends nothing
    for _twice in range(2):
        assert "keine Mails mehr" in client.post(link).text
    assert digests.rhythm_of(reader) == "off"
    services.set_additions(world.solution.pk, keywords=["vier"])
    assert not FollowNews.objects.exists()
    assert OutgoingMail.objects.filter(user=reader).count() == 2
    assert client.get(link[:-3] + "abc/").status_code == 404
    assert not portal.mail_guards.get("catalog").still_allowed(
        reader.pk, mail.kind, mail.subject_key
    )


def test_one_click_of_a_mail_program_ends_the_mails(world):
    """Without a cookie, a token of a form or a sign-in (RFC 8058); each mail about followed entries offers it."""
    services.follow_solution(world.solution.pk, user=world.visitor)
    services.set_additions(world.solution.pk, keywords=["eins"])
    mail = OutgoingMail.objects.get(user=world.visitor)
    assert mail.kind == "catalog.entry_changed"
    program = Client(enforce_csrf_checks=True)
    assert program.get(mail.stop_path).status_code == 200
    assert digests.rhythm_of(world.visitor) == "at_once", "looking ends nothing"
    assert program.put(mail.stop_path).status_code == 405
    forged = mail.stop_path.replace("beenden/", "beenden/x")
    assert program.post(forged).status_code == 404
    for _twice in range(2):
        answer = program.post(mail.stop_path, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200  # no redirect (RFC 8058, 3.1)
    assert digests.rhythm_of(world.visitor) == "off"
    assert digests.rhythm_of(world.editor) == "at_once", "nobody else's"
    services.set_additions(world.solution.pk, keywords=["zwei"])
    assert OutgoingMail.objects.filter(user=world.visitor).count() == 1


def test_what_is_no_longer_followed_or_wanted_is_not_told(world, clock):
    clock.move_to(MONDAY)
    services.follow_solution(world.solution.pk, user=world.visitor)
    digests.set_rhythm(user=world.visitor, rhythm="daily")
    services.set_additions(world.solution.pk, keywords=["eins"])
    services.unfollow_solution(world.solution.pk, user=world.visitor)
    assert digests.send() == 0
    services.follow_solution(world.solution.pk, user=world.visitor)
    services.set_additions(world.solution.pk, keywords=["zwei"])
    clock.move_to(MONDAY.replace(hour=3))
    assert digests.send() == 0  # at night
    clock.move_to(MONDAY)
    digests.set_rhythm(user=world.visitor, rhythm="at_once")
    assert digests.send() == 0
    services.set_additions(world.solution.pk, keywords=["drei"])
    assert kinds(world.visitor) == ["catalog.entry_changed"]
