"""The pages of reported statements: the visitor's form, the maintainer's answer, the OSK's decision."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog import reports, services
from catalog.models import EntryReport, Solution, Statement, TextGrant
from catalog.services.reports import token_of
from osk_portal.notifications.models import OutgoingMail
from osk_portal.toolkit import clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.factories import SolutionFactory
from tests.catalog.test_reports import ADDRESS, accept, answer, check, reject, report
from tests.catalog.views.test_whole_entry import fill
from tests.factories import staff

BACKEND = "django.contrib.auth.backends.ModelBackend"
HOSTILE = '"><script>alert(1)</script> javascript:alert(1) \u202e {{ 7*7 }} \r\nBcc: x@example.org'
pytestmark = pytest.mark.django_db


def login(client, user):
    client.force_login(user, backend=BACKEND)


def form_url(world):
    return reverse("catalog:report_create", args=[world.solution.slug])


def words(**more):
    return {"field": "licence", "wrong": "Die Lizenz ist MIT.", **more}


def member_url(name, found):
    return reverse(f"catalog:report_{name}", args=[found.public_id])


def admin_url(name, found):
    return reverse(f"admin:catalog_entryreport_{name}", args=[found.public_id])


# Visitors


def test_a_visitor_reports_from_the_entry_without_an_account(client, world):
    assert form_url(world) in client.get(world.solution.get_absolute_url()).text
    page = client.get(form_url(world), {"angabe": "licence"})
    assert '<option value="licence" selected>' in page.text

    first, second = (client.post(form_url(world), words(email=ADDRESS)) for _n in range(2))

    found = EntryReport.objects.get()
    assert first["Location"] == second["Location"] == found.sent_url
    sent = client.get(found.sent_url)
    assert "Ihre Meldung ist angekommen" in sent.text
    assert "Wir haben Ihnen einen Link" in sent.text or "einen Link an Ihre Adresse" in sent.text
    assert found.wrong not in sent.text
    assert ADDRESS not in sent.text
    assert sent["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"field": ""}, "field"),
        ({"field": "<script>"}, "field"),
        ({"wrong": " "}, "wrong"),
        ({"wrong": "x" * 2_001}, "wrong"),
        ({"wrong": "x\x00"}, "wrong"),
        ({"right": "x" * 2_001}, "right"),
        ({"evidence": "javascript:alert(1)"}, "evidence"),
        ({"evidence": "http://example.org/"}, "evidence"),
        ({"email": "kein.name"}, "email"),
        ({"email": "a@example.org\nBcc: b@example.org"}, "email"),
        ({"website": "https://spam.example"}, "website"),
    ],
)
def test_what_cannot_be_taken_is_told_and_kept(client, world, data, field):
    response = client.post(form_url(world), words(**{"right": "Behalten", **data}))

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert "<title>Fehler: " in response.text
    assert "<script>alert" not in response.text
    assert not EntryReport.objects.exists()


def test_a_text_for_the_description_is_taken_only_once_it_is_released(client, world):
    said = words(field="short_description", right="Termine vergeben.")
    response = client.post(form_url(world), said)
    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {"cc0"}
    assert "Termine vergeben." in response.text
    assert not EntryReport.objects.exists()

    assert client.post(form_url(world), {**said, "cc0": "on"}).status_code == 302
    grant = TextGrant.objects.get()
    assert (grant.report, grant.person) == (EntryReport.objects.get(), None)
    assert client.post(form_url(world), {**said, "cc0": "on"}).status_code == 302  # the same twice
    assert TextGrant.objects.count() == 1
    with pytest.raises(TransitionNotAllowed, match="CC0"):
        services.report_entry(
            solution_id=world.solution.pk, field="features", wrong="Fehlt.", right="Aufruf"
        )


def test_only_entries_of_the_catalog(client, world):
    draft = SolutionFactory(draft=True)
    address = reverse("catalog:report_create", args=[draft.slug])
    login(client, world.advisor)
    assert client.get(address).status_code == client.post(address, words()).status_code == 404


def test_who_is_signed_in_is_asked_for_no_address(client, world):
    login(client, world.visitor)
    assert "email" not in client.get(form_url(world)).context["form"].fields
    client.post(form_url(world), words(email=ADDRESS))

    found = EntryReport.objects.get()
    assert (found.reported_by, found.email) == (world.visitor, "")


def test_nobody_floods_the_list_or_a_foreign_mailbox(client, world):
    for n in range(3):
        client.post(form_url(world), words(wrong=str(n), email=ADDRESS))
    fourth = client.post(form_url(world), words(wrong="4", email=ADDRESS.upper()))
    assert fourth.status_code == 422
    assert "email" in fourth.context["form"].errors
    assert OutgoingMail.objects.filter(address=ADDRESS).count() == 3
    assert client.post(form_url(world), words(wrong="5")).status_code == 302
    sixth = client.post(form_url(world), words(wrong="Lang getippt."))
    assert sixth.status_code == 429
    assert "Lang getippt." in sixth.text
    assert EntryReport.objects.count() == 4


def test_hostile_words_run_nowhere(client, world):
    client.post(form_url(world), words(wrong=HOSTILE, right=HOSTILE, email=ADDRESS))
    found = EntryReport.objects.get()
    check(found, world)
    answer(found, world, text=HOSTILE)
    services.confirm_report_address(token=token_of(found))
    reject(found, world, decision=HOSTILE)
    for who, address in (
        (None, found.sent_url),
        (None, world.solution.get_absolute_url()),
        (world.editor, found.get_absolute_url()),
        (world.advisor, admin_url("page", found)),
    ):
        browser = Client()
        if who:
            login(browser, who)
        response = browser.get(address)
        assert response.status_code == 200
        assert "<script>alert" not in response.text
    for mail in OutgoingMail.objects.all():
        assert "\n" not in mail.subject


def test_the_link_asks_first_and_confirms_on_a_click(client, world):
    found = report(world, email=ADDRESS)
    address = reverse("catalog:report_confirm", args=[token_of(found)])
    page = client.get(address)
    assert ADDRESS in page.text
    assert page["Cache-Control"] == "no-store"
    found.refresh_from_db()
    assert found.email_confirmed_at is None

    for _n in range(2):
        assert client.post(address)["Location"] == found.sent_url
    found.refresh_from_db()
    assert found.email_confirmed_at is not None
    for token in ("x", token_of(found)[:-1] + "!"):
        other = reverse("catalog:report_confirm", args=[token])
        assert client.get(other).status_code == client.post(other).status_code == 404


def test_the_page_of_the_report_tells_the_outcome(client, world):
    found = report(world)
    check(found, world)
    assert "dass die Angabe geprüft wird" in client.get(found.sent_url).text
    accept(found, world, decision="Danke.")
    assert "Sie hatten recht" in client.get(found.sent_url).text
    assert "Danke." in client.get(found.sent_url).text
    unknown = reverse("catalog:report_sent", args=[uuid.uuid4()])
    assert client.get(unknown).status_code == 404
    assert client.post(found.sent_url).status_code == 405


def test_the_entry_says_at_the_field_that_it_is_checked(client, world):
    address = world.solution.get_absolute_url()
    before = client.get(address).text
    with CaptureQueriesContext(connection) as without:
        client.get(address)
    for field in ("licence", "other", "support", "long_description"):
        check(report(world, field=field), world)

    with CaptureQueriesContext(connection) as with_some:
        text = client.get(address).text
    assert "Angabe wird geprüft" not in before
    assert text.count("Angabe wird geprüft") == 3
    assert "Gerade geprüft: " in text
    assert "Lizenz" in text.partition("Gerade geprüft: ")[2][:80]
    assert len(without) == len(with_some)


def test_every_statement_that_can_be_reported_says_so_at_its_place(client, world):
    """Not only below the table: beside the words that it is about."""
    solution = world.solution
    solution.document |= {
        "landingURL": "https://example.org/",
        "roadmap": "https://example.org/plan",
        "softwareVersion": "2.1",
        "releaseDate": "2026-01-02",
        "supports": [{"id": "alias:gdpr"}],
        "intendedAudience": {"scope": ["justice"]},
    }
    solution.document["description"]["de"]["documentation"] = "https://example.org/doc"
    solution.save(update_fields=["document"])
    fill(world, 1)
    statement = {"topic": "itdz", "stated_on": clock.today(), "value": "Ja.", "origin": "osk"}
    Statement.objects.create(solution=solution, state="standing", **statement)
    names = [name for name, _words in reports.choices() if name != reports.OTHER]
    assert {"statement_ozg", "assessment", "badges", "pictures", "standards"} <= set(names)

    unmarked = []
    for name in names:
        Solution.objects.filter(pk=solution.pk).update(checked_fields=[name])
        text = client.get(solution.get_absolute_url()).text
        if text.count("Angabe wird geprüft") != 1:
            unmarked.append(name)
    assert unmarked == []
    assert 'value="statement_efa"' in client.get(form_url(world)).text


# The maintainer


@pytest.mark.parametrize(
    ("who", "seen", "answered"),
    [
        (None, 302, 302),
        ("visitor", 404, 404),
        ("stranger", 404, 404),
        ("colleague", 200, 403),
        ("advisor", 200, 403),
        ("editor", 200, 302),
    ],
)
def test_who_reads_and_answers(client, world, who, seen, answered):
    found = report(world, email=ADDRESS)
    check(found, world)
    if who:
        login(client, getattr(world, who))

    page = client.get(found.get_absolute_url())
    assert page.status_code == seen
    assert ADDRESS not in page.text
    assert client.get(member_url("answer", found)).status_code == (405 if who else 302)
    sent = client.post(member_url("answer", found), {"answer": "Nein."})
    objected = client.post(member_url("object", found), {"objection": "Nein."})
    assert (sent.status_code, objected.status_code) == (answered, answered)
    found.refresh_from_db()
    assert (found.answer, found.objection) == (("Nein.", "Nein.") if who == "editor" else ("", ""))


def test_what_came_too_late_is_kept_and_what_is_empty_is_told(client, world):
    found = report(world)
    login(client, world.editor)
    assert client.post(member_url("answer", found), {"answer": ""}).status_code == 422
    check(found, world)
    assert client.post(member_url("object", found), {"objection": " "}).status_code == 422
    reject(found, world)
    for name, key in (("answer", "answer"), ("object", "objection")):
        late = client.post(member_url(name, found), {key: "Zu spät gesagt"})
        assert late.status_code == 409
        assert "Zu spät gesagt" in late.text


def test_the_list_of_the_maintainer(client, world):
    found = report(world)
    address = reverse("catalog:report_list")
    login(client, world.colleague)
    assert found.get_absolute_url() in client.get(address).text
    with CaptureQueriesContext(connection) as one:
        client.get(address)
    report(world, wrong="2")
    report(world, wrong="3")
    with CaptureQueriesContext(connection) as three:
        client.get(address)
    assert len(one) == len(three)
    login(client, world.stranger)
    assert "Niemand hat etwas gemeldet" in client.get(address).text


def test_a_maintainer_of_before_sees_nothing_any_more(client, world):
    found = report(world)
    Solution.objects.update(maintainer=None)
    login(client, world.editor)
    assert client.get(found.get_absolute_url()).status_code == 404


# The OSK


@pytest.mark.parametrize(("who", "status"), [(None, 302), ("editor", 302), ("operator", 403)])
def test_only_advisors_come_to_the_work_pages(client, world, who, status):
    found = report(world)
    if who:
        login(client, staff("operator") if who == "operator" else getattr(world, who))
    assert client.get(admin_url("page", found)).status_code == status
    for name in ("check", "accept", "reject"):
        assert client.post(admin_url(name, found), {"reason": "x"}).status_code == status
    found.refresh_from_db()
    assert found.state == "open"


def test_an_advisor_marks_and_mends(client, world):
    found = report(world, email=ADDRESS)
    login(client, world.advisor)
    changelist = client.get(reverse("admin:catalog_entryreport_changelist"))
    assert admin_url("page", found) in changelist.text
    page = client.get(admin_url("page", found))
    assert "EUPL-1.2" in page.text
    assert ADDRESS not in page.text
    assert client.get(admin_url("check", found)).status_code == 405
    for _n in range(2):
        assert client.post(admin_url("check", found)).status_code == 302
    assert found.events.filter(kind="check").count() == 1

    data = {"value": "gibt es nicht", "decision": "Danke", "seen_revision": 1}
    broken = client.post(admin_url("accept", found), data)
    assert broken.status_code == 409
    assert "gibt es nicht" in broken.text
    old = client.post(admin_url("accept", found), {**data, "value": "MIT", "seen_revision": 0})
    assert old.status_code == 409
    done = client.post(admin_url("accept", found), {**data, "value": "MIT"})
    assert done["Location"] == admin_url("page", found)
    again = client.post(admin_url("accept", found), {**data, "value": "GPL-3.0-only"})
    assert again.status_code == 409
    world.solution.refresh_from_db()
    assert (world.solution.licence, world.solution.checked_fields) == ("MIT", [])
    assert "MIT" in client.get(world.solution.get_absolute_url()).text


def test_an_advisor_accepts_what_is_no_field_and_rejects_with_a_reason(client, world):
    found, other = report(world, field="support"), report(world)
    login(client, world.advisor)
    assert "value" not in client.get(admin_url("page", found)).context["accept"].fields
    client.post(admin_url("accept", found), {"decision": "", "seen_revision": 1})
    assert client.post(admin_url("reject", other), {"reason": ""}).status_code == 422
    client.post(admin_url("reject", other), {"reason": "Es stimmt."})

    states = EntryReport.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["accepted", "rejected"]
    assert Solution.objects.get(pk=world.solution.pk).revision == 1
    assert client.get(admin_url("page", other)).context["reject"] is None


def test_the_work_list_counts_what_waits(client, world):
    report(world)
    login(client, world.advisor)
    page = client.get(reverse("admin:catalog_entryreport_changelist"))
    assert "Gemeldete Angaben" in page.text
