import pytest
from hypothesis import given
from hypothesis import strategies as st

from osk_portal.toolkit.search_text import fold, sort_key


@pytest.mark.parametrize(
    "spelling", ["Bürgerbüro", "Buergerbuero", "BÜRGERBÜRO", "Bu\u0308rgerbu\u0308ro"]
)
def test_spellings_of_umlauts_fold_to_one(spelling: str) -> None:
    assert fold(spelling) == "buergerbuero"


def test_names_of_europe_keep_their_letters() -> None:
    assert fold("Łukasiewicz-Şahin ẞ") == "lukasiewicz-sahin ss"


def test_sorting_follows_din_5007() -> None:
    names = ["Zoo", "Äpfel", "Apfelsaft", "öl", "Otto", "Straße", "Strasse 2"]

    assert sorted(names, key=sort_key) == [
        "Äpfel", "Apfelsaft", "öl", "Otto", "Straße", "Strasse 2", "Zoo",
    ]  # fmt: skip


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
