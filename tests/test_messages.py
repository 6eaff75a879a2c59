"""The German catalogues: one text, one translation."""

from __future__ import annotations

from babel.messages import Catalog

from osk_portal.management.commands.messages import differing


def test_two_areas_say_the_same_text_in_the_same_words() -> None:
    one, other = Catalog(locale="de"), Catalog(locale="de")
    one.add("Remove", "Entfernen")
    one.add("Access", "Zugang")
    other.add("Remove", "Abbauen")
    other.add("Remove", "Abbauen", context="step")
    other.add("Access", "Zugang")
    assert differing({"one": one, "other": other}) == ["other: 'Remove' is 'Entfernen' in one"]
