from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.differences import Piece, compare, words


def test_words_that_differ_are_marked_on_their_own_side():
    old, new = words("Formulare in den Bezirken anbieten.", "Formulare überall anbieten.")

    assert old == [
        Piece("Formulare ", False),
        Piece("in den Bezirken", True),
        Piece(" anbieten.", False),
    ]
    assert new[1] == Piece("überall", True)


@given(st.text(max_size=80), st.text(max_size=80))
@settings(deadline=None, max_examples=60)
def test_the_pieces_make_up_the_texts(old, new):
    left, right = words(old, new)

    assert "".join(piece.text for piece in left) == old
    assert "".join(piece.text for piece in right) == new
    assert not any(p.is_changed for p in left + right) or old != new


def test_huge_texts_are_shown_whole():
    old, new = words("a " * 5_000, "b " * 5_000)

    assert len(old) == len(new) == 1
    assert old[0].is_changed


def test_a_conflict_is_a_change_by_somebody_else_to_something_else():
    def kinds(base, now, wanted):
        [found] = compare(
            {"name": wanted}, base={"name": base} if base else {}, published={"name": now}
        )
        return found.is_conflict, found.is_settled

    assert kinds("A", "A", "B") == (False, False)
    assert kinds("A", "C", "B") == (True, False)
    assert kinds("A", "B", "B") == (False, True)
    assert kinds(None, "C", "B") == (True, False)


def test_lists_are_compared_in_the_words_of_the_pages():
    [found] = compare({"platforms": ["web", "linux"]}, base={}, published={"platforms": ["web"]})

    assert found.published_text == "Web"
    assert found.proposed_text == "Web\nLinux"
