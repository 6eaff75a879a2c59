from __future__ import annotations

import json
import threading
from copy import deepcopy

import pytest
from django.db import connection, transaction

from catalog import grants, provenance, services
from catalog.documents import Json
from catalog.enums import RevisionOrigin, SourceProblem
from catalog.importing import Status, import_publiccode, read_document
from catalog.models import Follow, Solution, Source
from catalog.services import refresh
from catalog.services.fetching import Fetched, Found
from osk_portal.notifications.models import Notification
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.conftest import World
from tests.catalog.files import publiccode_file

SHORT = "description.de.shortDescription"


def change(world, text="Termine vergeben und Wartende aufrufen."):
    """A proposal of the company, accepted."""
    world.solution.refresh_from_db()
    proposal = services.submit_proposal(
        solution_id=world.solution.pk,
        author=world.editor,
        organisation=world.company,
        changes={"short_description": text},
        base_revision=world.solution.revision,
        wording=grants.CURRENT,
    )
    services.accept_proposal(
        proposal.pk, actor=world.advisor, seen_revision=world.solution.revision
    )
    world.solution.refresh_from_db()
    return proposal


def restore(world, number=1, **other):
    wanted = {
        "number": number,
        "actor": world.advisor,
        "reason": "Die Änderung war falsch.",
        "seen_revision": Solution.objects.get(pk=world.solution.pk).revision,
        **other,
    }
    return services.restore_revision(world.solution.pk, **wanted)


def lock(world, field="short_description", **other):
    wanted = {
        "field": field,
        "reason": "Vom OSK geprüft.",
        "actor": world.advisor,
        "seen_revision": Solution.objects.get(pk=world.solution.pk).revision,
        **other,
    }
    event = services.lock_field(world.solution.pk, **wanted)
    world.solution.refresh_from_db()
    return event


# --- origins ------------------------------------------------------------------------------


def test_each_statement_keeps_where_it_comes_from_and_since_when(world, clock):
    since = world.solution.origins["legal.license"]["at"]
    change(world)
    origins = world.solution.origins

    assert origins["legal.license"] == {"origin": "import", "at": since}
    assert origins[SHORT]["origin"] == "proposal"
    assert origins[SHORT]["organisation"] == world.company.pk
    assert origins.keys() == provenance.leaves(world.solution.document).keys()


def test_a_statement_that_goes_and_comes_back_is_new(world):
    file = publiccode_file(usedBy=["Berlin"])
    import_publiccode(file)
    world.solution.refresh_from_db()
    first = world.solution.origins["usedBy"]["at"]
    import_publiccode(publiccode_file())
    import_publiccode(file)
    world.solution.refresh_from_db()

    assert world.solution.origins["usedBy"]["at"] > first


# --- restoring ----------------------------------------------------------------------------


def test_restoring_writes_a_new_revision_and_tells_followers_once_a_day(world):
    Follow.objects.create(user=world.visitor, solution=world.solution)
    before = deepcopy(world.solution.document)
    change(world)

    revision = restore(world)

    world.solution.refresh_from_db()
    assert world.solution.document == before
    assert (revision.number, revision.origin, revision.restored_from, revision.reason) == (
        3,
        "restored",
        1,
        "Die Änderung war falsch.",
    )
    assert world.solution.origins[SHORT]["origin"] == "restored"
    assert world.solution.origins["legal.license"]["origin"] == "import"
    event = world.solution.events.last()
    assert (event.kind, event.actor, event.data) == (
        "changed",
        world.advisor,
        {"revision": 3, "origin": "restored"},
    )
    told = Notification.objects.filter(user=world.visitor)
    assert told.count() == 1


@pytest.mark.parametrize(
    "other", [{"seen_revision": 1}, {"reason": " \n"}, {"number": 2}], ids=["stale", "why", "same"]
)
def test_restoring_is_refused_with_words(world, other):
    change(world)

    with pytest.raises(TransitionNotAllowed) as refused:
        restore(world, **other)

    assert len(str(refused.value)) > 15
    world.solution.refresh_from_db()
    assert world.solution.revision == 2


def test_only_an_advisor_restores(world):
    change(world)
    with pytest.raises(TransitionNotAllowed):
        restore(world, actor=world.editor)


def test_a_revision_with_the_repository_of_another_entry_is_not_restored(world):
    moved = json.loads(publiccode_file(url="https://github.com/Muster/Neu"))
    services.write_document(world.solution, moved, origin=RevisionOrigin.IMPORT, findings=[])
    world.solution.aliases.all().delete()  # an advisor: it has never been there
    import_publiccode(publiccode_file(name="Anderer"), publish=True)

    with pytest.raises(TransitionNotAllowed, match="Repository"):
        restore(world)


def test_a_field_that_the_osk_has_set_stops_restoring_until_it_is_free(world):
    change(world)
    lock(world)
    with pytest.raises(TransitionNotAllowed, match="Kurzbeschreibung"):
        restore(world)

    services.unlock_field(world.solution.pk, field="short_description", actor=world.advisor)
    assert restore(world).number == 3


# --- locks --------------------------------------------------------------------------------


def test_setting_and_freeing_a_field_leave_events_without_the_reason(world):
    event = lock(world)
    freed = services.unlock_field(world.solution.pk, field="short_description", actor=world.advisor)

    assert (event.kind, event.actor, event.data) == (
        "field_locked",
        world.advisor,
        {"fields": ["short_description"]},
    )
    assert freed.kind == "field_unlocked"
    world.solution.refresh_from_db()
    assert world.solution.locks == {}
    with pytest.raises(TransitionNotAllowed):
        services.unlock_field(world.solution.pk, field="short_description", actor=world.advisor)


@pytest.mark.parametrize(
    "other", [{"reason": " "}, {"field": "document"}, {"seen_revision": 0}, {"actor": "editor"}]
)
def test_setting_a_field_is_refused(world, other):
    if "actor" in other:
        other = {"actor": world.editor}
    with pytest.raises(TransitionNotAllowed):
        lock(world, **other)
    world.solution.refresh_from_db()
    assert world.solution.locks == {}


def test_a_field_is_set_once(world):
    lock(world)
    with pytest.raises(TransitionNotAllowed):
        lock(world)


def test_taking_in_a_file_again_keeps_what_the_osk_has_set(world):
    lock(world, "licence")

    import_publiccode(publiccode_file(("legal.license", "MIT"), name="Neuer Name"))

    world.solution.refresh_from_db()
    assert world.solution.name == "Neuer Name"
    assert world.solution.document["legal"]["license"] == "EUPL-1.2"
    assert world.solution.licence == "EUPL-1.2"
    again = import_publiccode(publiccode_file(("legal.license", "MIT"), name="Neuer Name"))
    assert (again.status, again.solution.revision) == (Status.UNCHANGED, 2)


def fetched(source, data):
    """The night's answer, without the network."""
    source.refresh_from_db()
    source.solution = Solution.objects.get(pk=source.solution_id)
    return refresh._take(source, Fetched(Found.FILE, body=data, url="https://example.org/p.yml"))


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_refresh_keeps_what_the_osk_has_set_and_proposes_the_rest(world, is_trusted):
    lock(world, "licence")
    document: Json = world.solution.document
    source = Source.objects.create(
        solution=world.solution,
        repository=document["url"],
        document=document,
        is_trusted=is_trusted,
    )

    data = publiccode_file(("legal.license", "MIT"), softwareVersion="2.0")
    assert fetched(source, data) is None

    world.solution.refresh_from_db()
    assert world.solution.licence == "EUPL-1.2"
    if is_trusted:
        assert world.solution.document["softwareVersion"] == "2.0"
        assert world.solution.origins["softwareVersion"]["origin"] == "file"
    else:
        assert world.solution.proposals.get().changes == {"software_version": "2.0"}


@pytest.mark.parametrize("is_trusted", [True, False])
def test_an_error_that_was_mended_here_does_not_stop_the_rest_of_the_file(world, is_trusted):
    broken = publiccode_file(("legal.license", "Frei"))
    source = Source.objects.create(
        solution=world.solution,
        repository=world.solution.document["url"],
        document=read_document(broken).document,
        is_trusted=is_trusted,
    )
    lock(world, "licence")

    data = publiccode_file(("legal.license", "Frei"), softwareVersion="2.0")
    assert fetched(source, data) is None

    world.solution.refresh_from_db()
    assert (world.solution.licence, world.solution.is_incomplete) == ("EUPL-1.2", False)
    if is_trusted:
        assert world.solution.document["softwareVersion"] == "2.0"
    else:
        assert world.solution.proposals.get().changes == {"software_version": "2.0"}
    worse = publiccode_file(("legal.license", "Frei"), developmentStatus="fertig")
    assert fetched(source, worse) == SourceProblem.BROKEN


def test_a_file_that_differs_in_a_set_field_only_proposes_nothing(world):
    lock(world, "licence")
    source = Source.objects.create(
        solution=world.solution,
        repository=world.solution.document["url"],
        document=world.solution.document,
    )

    fetched(source, publiccode_file(("legal.license", "MIT")))

    assert not world.solution.proposals.exists()


def test_a_proposal_cannot_change_what_the_osk_has_set(world):
    proposal = services.submit_proposal(
        solution_id=world.solution.pk,
        author=world.editor,
        organisation=world.company,
        changes={"short_description": "Anders.", "name": "Neuer Name"},
        base_revision=1,
        wording=grants.CURRENT,
    )
    lock(world)

    with pytest.raises(services.ProposalConflict, match="Kurzbeschreibung"):
        services.accept_proposal(proposal.pk, actor=world.advisor, seen_revision=1)
    services.decide_proposal(
        proposal.pk,
        actor=world.advisor,
        accepted=["name"],
        seen_revision=1,
        comment="Die Kurzbeschreibung legt das OSK fest.",
    )

    world.solution.refresh_from_db()
    assert world.solution.name == "Neuer Name"
    assert world.solution.document["description"]["de"]["shortDescription"] != "Anders."


@pytest.mark.django_db(transaction=True)
def test_another_entry_takes_the_repository_at_the_same_moment():
    """The other one is not committed when we look, and is when we write: words, and nothing is lost."""
    world = World()
    moved = json.loads(publiccode_file(url="https://github.com/Muster/Neu"))
    services.write_document(world.solution, moved, origin=RevisionOrigin.IMPORT, findings=[])
    world.solution.aliases.all().delete()
    written = threading.Event()

    def take():
        with transaction.atomic():
            import_publiccode(publiccode_file(name="Anderer"), publish=True)
            written.set()
            with connection.cursor() as cursor:
                for _again in range(2000):  # until we wait for it
                    cursor.execute("SELECT pg_sleep(0.005)")
                    cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
                    if cursor.fetchone():
                        break
        connection.close()

    other = threading.Thread(target=take)
    other.start()
    written.wait(timeout=30)
    with pytest.raises(TransitionNotAllowed, match="Repository"):
        restore(world)
    other.join(timeout=30)

    world.solution.refresh_from_db()
    assert (world.solution.revision, world.solution.revisions.count()) == (2, 2)
    assert world.solution.document["url"] == "https://github.com/Muster/Neu"
