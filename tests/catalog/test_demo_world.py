from __future__ import annotations

import pytest

from catalog import demo_world
from catalog.enums import RevisionOrigin
from catalog.models import Reuse, Solution, SolutionRevision, Support
from catalog.services import write_document
from network import demo_world as network_demo

pytestmark = pytest.mark.django_db


def test_the_demo_world_is_whole_and_loads_once():
    network_demo.load()
    demo_world.load()
    zms = Solution.objects.get(slug="zms-eappointment")

    assert Solution.objects.published().count() >= 50
    assert not Solution.objects.filter(is_incomplete=True).exists()
    assert Solution.objects.filter(maintainer__slug="musterhaus-software").exists()
    assert Support.objects.exists()
    assert Reuse.objects.exists()
    assert zms.berlin_body is not None
    assert "Qmatic" in zms.alternatives

    # Somebody changes an entry; the next start of a try-out loads the demo world again.
    changed = {**zms.document, "name": "ZMS neu"}
    write_document(zms, changed, origin=RevisionOrigin.PROPOSAL, findings=[])
    counts = [m.objects.count() for m in (Solution, Reuse, Support, SolutionRevision)]

    demo_world.load()

    assert Solution.objects.get(slug="zms-eappointment").name == "ZMS neu"
    assert [m.objects.count() for m in (Solution, Reuse, Support, SolutionRevision)] == counts
