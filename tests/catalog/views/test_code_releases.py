"""Publishing own code: the organisation's list, saved point by point, ending in a draft of the catalog."""

from __future__ import annotations

import io
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from odfdo import Document

from catalog.code_release import FILE_STEP, STEPS
from catalog.enums import IntakeState, SolutionState
from catalog.grants import CURRENT
from catalog.models import CodeRelease, CodeReleaseEvent, Intake, Solution
from catalog.services import code_releases as service
from catalog.services.entries import RESERVED_SLUGS
from osk_portal.notifications.models import Notification
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.files import publiccode_file
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory, staff

pytestmark = pytest.mark.django_db
HOME = reverse("catalog:code_release_home")
BEGIN = reverse("catalog:code_release_begin")
BACKEND = "django.contrib.auth.backends.ModelBackend"
FILE = publiccode_file().decode()


class House:
    """An entitled authority with a Redaktion; a company of which one member has no role; a stranger."""

    def __init__(self):
        self.authority = OrganisationFactory(authority=True, name="Amt für Muster")
        self.author = MembershipFactory(organisation=self.authority).user
        self.editor = MembershipFactory(organisation=self.authority, editor=True).user
        self.stranger = MembershipFactory(editor=True).user
        self.advisor = staff("advisor")
        self.release = service.begin_code_release(
            public_id=uuid4(), author=self.author, organisation=self.authority, name="Terminplaner"
        )
        self.url = self.release.get_absolute_url()

    def at(self, name, *arguments):
        return reverse(f"catalog:{name}", args=[self.release.public_id, *arguments])

    def settle(self, but=()):
        """Everything done, with a valid file."""
        for step in STEPS:
            if step.slug not in but:
                answers = {p.key: {"answer": "done", "note": "Geklärt"} for p in step.points}
                service.answer_step(
                    self.release.pk,
                    actor=self.author,
                    step=step.slug,
                    expected_version=0,
                    answers=answers,
                )
        service.keep_file(self.release.pk, actor=self.author, text=FILE, expected_version=0)


@pytest.fixture
def house(db):
    return House()


@pytest.fixture
def enter(client):
    def as_user(user):
        client.force_login(user, backend=BACKEND)
        return client

    return as_user


def typed(slug, version=0, answer="done", note="", **fields):
    step = next(step for step in STEPS if step.slug == slug)
    sent = {"version": version}
    for point in step.points:
        sent |= {f"{point.key}-answer": answer, f"{point.key}-note": note}
    return sent | fields


def kinds(release):
    return list(release.events.values_list("kind", flat=True))


def test_everybody_reads_what_is_to_be_settled(client, house):
    response = client.get(HOME)

    html = response.content.decode()
    assert HOME == "/loesungen/code-veroeffentlichen/"
    assert "code-veroeffentlichen" in RESERVED_SLUGS
    assert "EUPL-1.2" in html
    assert "Terminplaner" not in html
    assert "Anmelden und beginnen" in html
    assert "topic=publishing_code" in html
    assert client.post(HOME).status_code == 405
    assert HOME in client.get(reverse("catalog:solution_list")).content.decode()


@pytest.mark.parametrize(("who", "status"), [("author", 200), ("visitor", 403), ("other", 403)])
def test_who_may_begin(enter, house, who, status):
    company = MembershipFactory(organisation=OrganisationFactory(company=True)).user
    people = {"author": house.author, "visitor": UserFactory(), "other": company}

    client = enter(people[who])

    assert client.get(BEGIN).status_code == status
    assert ("Liste beginnen" in client.get(HOME).content.decode()) == (status == 200)


def test_beginning_twice_is_one_list(enter, house):
    sent = {
        "public_id": str(uuid4()),
        "name": " Neues\u202e  Werkzeug ",
        "organisation": house.authority.pk,
    }
    client = enter(house.author)

    first, second = (client.post(BEGIN, sent) for _ in range(2))

    assert first["Location"] == second["Location"]
    release = CodeRelease.objects.get(name="Neues Werkzeug")
    assert (release.organisation, release.author, kinds(release)) == (
        house.authority,
        house.author,
        ["begin"],
    )
    foreign = client.post(
        BEGIN, {**sent, "public_id": str(uuid4()), "organisation": OrganisationFactory().pk}
    )
    assert foreign.status_code == 422
    empty = client.post(BEGIN, {**sent, "name": "\u202e"})
    assert empty.status_code == 422
    # Somebody else's list is not begun over.
    enter(house.stranger)
    taken = {"public_id": str(house.release.public_id), "name": "X"}
    mine = house.stranger.memberships.get().organisation_id
    assert client.post(BEGIN, {**taken, "organisation": mine}).status_code == 403


PAGES = [
    ("code_release", ()),
    ("code_release_step", ("rechte",)),
    ("code_release_delete", ()),
    ("code_release_record", ()),
]


@pytest.mark.parametrize(("name", "arguments"), PAGES)
def test_the_list_is_the_organisations(enter, client, house, name, arguments):
    url = house.at(name, *arguments)
    assert client.get(url).status_code == 302
    seen = {
        who: enter(getattr(house, who)).get(url).status_code
        for who in ("author", "editor", "stranger", "advisor")
    }
    assert seen == {"author": 200, "editor": 200, "stranger": 404, "advisor": 404}


def test_who_has_left_sees_it_no_longer(enter, house):
    house.author.memberships.update(state="ended")

    assert enter(house.author).get(house.url).status_code == 404
    assert "Terminplaner" not in enter(house.author).get(HOME).content.decode()


def test_a_member_without_a_role_reads_only(enter, house):
    """Of an organisation that is not entitled, the Redaktion alone changes."""
    company = OrganisationFactory(company=True)
    editor = MembershipFactory(organisation=company, editor=True).user
    reader = MembershipFactory(organisation=company).user
    release = service.begin_code_release(
        public_id=uuid4(), author=editor, organisation=company, name="X"
    )
    client = enter(reader)
    step = reverse("catalog:code_release_step", args=[release.public_id, "rechte"])

    assert "Speichern und weiter" not in client.get(step).content.decode()
    for name, data in (
        ("step", typed("rechte")),
        ("file", {"text": FILE}),
        ("draft", {}),
        ("delete", {}),
    ):
        arguments = [release.public_id, *(["rechte"] if name == "step" else [])]
        url = reverse(f"catalog:code_release_{name}", args=arguments)
        assert client.post(url, data).status_code == 403
    release.refresh_from_db()
    assert kinds(release) == ["begin"]


def test_a_step_is_saved_for_all_and_leads_on(enter, house):
    url = house.at("code_release_step", "rechte")

    response = enter(house.author).post(url, typed("rechte", note="Vertrag § 3"))

    assert response["Location"] == house.at("code_release_step", "lizenz")
    page = enter(house.editor).get(url)
    assert "Vertrag § 3" in page.content.decode()
    tasks = enter(house.editor).get(house.url).context["tasks"]
    assert [task.is_open for task in tasks] == [False, *[True] * 8]
    back = enter(house.editor).post(url, typed("rechte", version=1, answer="open", list="1"))
    assert back["Location"] == house.url
    # The same once more: no further event.
    enter(house.editor).post(url, typed("rechte", version=1, answer="open"))
    assert kinds(house.release) == ["begin", "answer", "answer"]
    assert not any(
        "Vertrag" in str(data) for data in house.release.events.values_list("data", flat=True)
    )


def test_not_needed_asks_why_and_keeps_what_was_typed(enter, house):
    url = house.at("code_release_step", "sbom")
    sent = typed("sbom", answer="not_needed", **{"made-note": "Ein einziges Skript"})

    response = enter(house.author).post(url, sent)

    html = response.content.decode()
    assert response.status_code == 422
    assert html.count("warum dieser Punkt nicht nötig ist") == 2
    assert "Ein einziges Skript" in html
    assert not house.release.steps.exists()
    sent["holes-note"] = "Keine Teile"
    assert enter(house.author).post(url, sent).status_code == 302
    assert "sbom" not in service.open_steps(house.release)


@pytest.mark.parametrize(
    "change", [{"owner-answer": "vielleicht"}, {"owner-note": "x" * 2001}, {"version": ""}]
)
def test_what_no_page_sends(enter, house, change):
    response = enter(house.author).post(
        house.at("code_release_step", "rechte"), typed("rechte") | change
    )

    assert response.status_code == 422
    assert not house.release.steps.exists()
    assert enter(house.author).get(house.at("code_release_step", "nichts")).status_code == 404


def test_two_tabs_never_overwrite_silently(enter, house):
    url = house.at("code_release_step", "kontakt")
    enter(house.author).post(url, typed("kontakt", note="Aus dem ersten Fenster"))

    response = enter(house.editor).post(url, typed("kontakt", note="Aus dem zweiten Fenster"))

    html = response.content.decode()
    assert response.status_code == 409
    assert "Aus dem ersten Fenster" in html
    assert "Aus dem zweiten Fenster" in html
    assert "erneut speichern" in html or "noch einmal speichern" in html
    row = house.release.steps.get()
    assert (row.version, row.answers["contact"]["note"]) == (1, "Aus dem ersten Fenster")
    # Other steps are not concerned; saved again, it counts.
    other = house.at("code_release_step", "pflege")
    assert enter(house.editor).post(other, typed("pflege")).status_code == 302
    assert (
        enter(house.editor)
        .post(url, typed("kontakt", 1, note="Aus dem zweiten Fenster"))
        .status_code
        == 302
    )
    row.refresh_from_db()
    assert row.answers["contact"]["note"] == "Aus dem zweiten Fenster"


def test_the_file_is_checked_kept_and_shown_with_its_lines(enter, house):
    url = house.at("code_release_file")
    client = enter(house.author)

    client.post(url, {"text": "name: X\nurl: kein\n", "version": 0})
    house.release.refresh_from_db()
    assert house.release.file_errors > 0
    page = client.get(house.at("code_release_step", FILE_STEP))
    assert "Die Datei mit Zeilennummern" in page.content.decode()
    assert FILE_STEP in service.open_steps(house.release)

    for _ in range(2):  # the second time it is the same file
        response = client.post(
            url, {"upload": SimpleUploadedFile("publiccode.yml", publiccode_file()), "version": 1}
        )
    assert response["Location"] == house.at("code_release_step", FILE_STEP)
    house.release.refresh_from_db()
    assert house.release.is_file_valid
    assert (house.release.file, kinds(house.release)) == (
        FILE,
        ["begin", "check_file", "check_file"],
    )
    assert client.get(url).status_code == 405


def test_two_files_never_overwrite_silently(enter, house):
    url = house.at("code_release_file")
    client = enter(house.author)
    client.post(url, {"text": FILE, "version": 0})

    response = client.post(url, {"text": "name: Anders\n", "version": 0})

    assert response.status_code == 409
    assert "Nichts wurde überschrieben" in response.content.decode()
    assert "name: Anders" in response.content.decode()
    house.release.refresh_from_db()
    assert house.release.file == FILE
    client.post(url, {"text": "name: Anders\n", "version": 1})
    house.release.refresh_from_db()
    assert house.release.file == "name: Anders\n"


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"a\0b", b"x" * (512 * 1024 + 1)], ids=["empty", "utf-16", "nul", "large"]
)  # fmt: skip
def test_what_cannot_be_kept_is_said(enter, house, content):
    response = enter(house.author).post(
        house.at("code_release_file"),
        {"upload": SimpleUploadedFile("publiccode.yml", content), "version": 0},
    )

    house.release.refresh_from_db()
    assert house.release.file == ""
    assert response.status_code in (302, 422)


def test_a_list_ends_in_a_draft_made_once(enter, house):
    house.settle()
    page = enter(house.author).get(house.url)
    assert "Alles ist geklärt" in page.content.decode()
    # An entitled member without the role does not suggest entries: the Redaktion does.
    assert "Entwurf anlegen" not in page.content.decode()
    assert enter(house.author).post(house.at("code_release_draft")).status_code == 403
    client = enter(house.editor)
    assert "Entwurf anlegen" in client.get(house.url).content.decode()

    refused = client.post(house.at("code_release_draft"))
    assert refused.status_code == 422
    assert "CC0" in refused.content.decode()
    assert not Intake.objects.exists()
    responses = [client.post(house.at("code_release_draft"), {"cc0": "on"}) for _ in range(2)]

    intake = Intake.objects.get()
    assert [r["Location"] for r in responses] == [intake.get_absolute_url()] * 2
    assert (intake.requester, intake.state) == (house.editor, IntakeState.TAKEN)
    assert Solution.objects.get().state == SolutionState.DRAFT
    assert list(Notification.objects.filter(user=house.advisor).values_list("kind", flat=True)) == [
        "catalog.proposal_of_new"
    ]
    assert kinds(house.release).count("make_draft") == 1
    # Colleagues hear that it is done; the wish itself is its author's.
    html = enter(house.author).get(house.url).content.decode()
    assert "Der Entwurf ist angelegt" in html
    assert intake.get_absolute_url() not in html
    second = MembershipFactory(organisation=house.authority, editor=True).user
    assert (
        enter(second).post(house.at("code_release_draft"), {"cc0": "on"})["Location"] == house.url
    )
    assert Intake.objects.count() == 1


@pytest.mark.parametrize("missing", ["step", "file"])
def test_no_draft_while_a_point_is_open(enter, house, missing):
    house.settle(but=["freigabe"] if missing == "step" else [])
    if missing == "file":
        service.keep_file(house.release.pk, actor=house.author, text="name: X", expected_version=1)

    response = enter(house.editor).post(house.at("code_release_draft"), {"cc0": "on"}, follow=True)

    assert "Einige Punkte sind noch offen" in response.content.decode()
    assert not Intake.objects.exists()


def test_a_refused_file_is_mended_and_tried_again(house):
    house.settle()
    refused = Intake.objects.create(
        requester=house.editor,
        state="refused",
        problem="unreadable",
        done_at=house.release.created_at,
    )
    CodeRelease.objects.update(intake=refused)

    assert service.make_draft(house.release.pk, actor=house.editor, wording=CURRENT) != refused


def test_deleting_asks_first_and_leaves_the_entry(enter, house):
    house.settle()
    service.make_draft(house.release.pk, actor=house.editor, wording=CURRENT)
    client = enter(house.author)
    url = house.at("code_release_delete")

    assert "endgültig weg" in client.get(url).content.decode()
    assert client.post(url)["Location"] == HOME
    assert client.post(url).status_code == 404
    assert not CodeRelease.objects.exists()
    assert not CodeReleaseEvent.objects.exists()
    assert Solution.objects.count() == 1
    with pytest.raises(TransitionNotAllowed):
        service.keep_file(house.release.pk, actor=house.author, text="", expected_version=1)


def test_the_record_holds_every_point_and_no_formula(enter, house):
    enter(house.author).post(house.at("code_release_step", "rechte"), typed("rechte", note="=1+1"))

    response = enter(house.author).get(house.at("code_release_record"))

    [table] = Document(io.BytesIO(response.content)).body.get_tables()
    rows = table.get_values()
    assert len(rows) == 1 + sum(len(step.points) for step in STEPS)
    assert rows[1][2:] == ["Erledigt", "'=1+1"]
    assert rows[-1][2] == "Offen"


def test_the_question_to_the_osk_comes_with_title_and_topic(enter, house):
    client = enter(house.author)
    url = client.get(house.url).context["ask_url"]
    page = client.get(url)
    draft = page.context["form"].initial["draft_id"]

    response = client.post(url, {"kind": "question", "draft_id": str(draft)}, follow=True)

    form = response.context["form"]
    assert form.initial["title"] == "Eigenen Code veröffentlichen: Terminplaner"
    assert form.initial["topics"] == ["publishing_code"]


def test_queries_stay_the_same(enter, house, django_assert_max_num_queries):
    client = enter(house.editor)
    client.get(HOME)
    pages = [HOME, house.url, house.at("code_release_step", FILE_STEP)]
    counts = []
    for settled in (False, True):
        if settled:
            house.settle()
            for n in range(2):
                service.begin_code_release(
                    public_id=uuid4(),
                    author=house.author,
                    organisation=house.authority,
                    name=f"L{n}",
                )
        for page in pages:
            with django_assert_max_num_queries(12) as seen:
                client.get(page)
            counts.append(len(seen))
    assert counts[:3] == counts[3:]
