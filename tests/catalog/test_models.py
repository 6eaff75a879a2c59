from __future__ import annotations

import pytest

from catalog.enums import SolutionAction, SolutionState
from catalog.models import Solution
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.factories import SolutionFactory
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", SolutionState)
@pytest.mark.parametrize("action", SolutionAction)
def test_transitions_follow_the_table(action, state):
    solution = SolutionFactory(state=state)
    if state in Solution.ALLOWED[action]:
        event = getattr(solution, action)(actor=UserFactory())
        assert event.from_state == state
        assert event.to_state == solution.state
    else:
        with pytest.raises(TransitionNotAllowed):
            getattr(solution, action)(actor=UserFactory())
        solution.refresh_from_db()
        assert solution.state == state


def test_published_shows_neither_drafts_nor_withdrawn():
    shown = SolutionFactory()
    SolutionFactory(draft=True)
    SolutionFactory(state=SolutionState.WITHDRAWN)

    assert list(Solution.objects.published()) == [shown]
