"""From a repository's address to the addresses of its file; nobody is asked."""

from __future__ import annotations

import pytest

from catalog import forges
from catalog.forges import Forge, NotARepository

HUB = "https://raw.githubusercontent.com/Muster/Werk.zeug/HEAD/publiccode.yml"
LAB = "https://gitlab.opencode.de/land/berlin/termine/-/raw/HEAD/publiccode.yml"
BERG = "https://codeberg.org/api/v1/repos/muster/werkzeug/raw/publiccode.yml"


@pytest.mark.parametrize(
    ("address", "repository", "first"),
    [
        ("https://github.com/Muster/Werk.zeug", "https://github.com/Muster/Werk.zeug", HUB),
        ("  https://github.com/Muster/Werk.zeug.git/ ", "https://github.com/Muster/Werk.zeug", HUB),
        ("http://www.github.com/Muster/Werk.zeug", "https://github.com/Muster/Werk.zeug", HUB),
        ("github.com/Muster/Werk.zeug", "https://github.com/Muster/Werk.zeug", HUB),
        ("HTTPS://GitHub.com/Muster/Werk.zeug", "https://github.com/Muster/Werk.zeug", HUB),
        ("git@github.com:Muster/Werk.zeug.git", "https://github.com/Muster/Werk.zeug", HUB),
        ("ssh://git@github.com/Muster/Werk.zeug.git", "https://github.com/Muster/Werk.zeug", HUB),
        ("git+https://github.com/Muster/Werk.zeug", "https://github.com/Muster/Werk.zeug", HUB),
        (
            "https://github.com/Muster/Werk.zeug/blob/main/publiccode.yml?plain=1#L3",
            "https://github.com/Muster/Werk.zeug",
            HUB,
        ),
        (HUB, "https://github.com/Muster/Werk.zeug", HUB),
        (
            "https://gitlab.opencode.de/land/berlin/termine",
            "https://gitlab.opencode.de/land/berlin/termine",
            LAB,
        ),
        (
            "https://gitlab.opencode.de/land/berlin/termine/-/tree/main/docs",
            "https://gitlab.opencode.de/land/berlin/termine",
            LAB,
        ),
        (LAB, "https://gitlab.opencode.de/land/berlin/termine", LAB),
        (
            "https://gitlab.com/a/b",
            "https://gitlab.com/a/b",
            "https://gitlab.com/a/b/-/raw/HEAD/publiccode.yml",
        ),
        (
            "https://git.example.org/a/b/c/-/issues",
            "https://git.example.org/a/b/c",
            "https://git.example.org/a/b/c/-/raw/HEAD/publiccode.yml",
        ),
        ("https://codeberg.org/muster/werkzeug", "https://codeberg.org/muster/werkzeug", BERG),
        (
            "https://codeberg.org/muster/werkzeug/src/branch/main/README.md",
            "https://codeberg.org/muster/werkzeug",
            BERG,
        ),
    ],
)
def test_the_file_of_a_repository(address: str, repository: str, first: str) -> None:
    place = forges.find(address)

    assert (place.repository, place.files[0]) == (repository, first)
    assert place.identity == repository.lower()


def test_a_repository_is_found_again_from_its_own_address() -> None:
    for address in (HUB, LAB, "https://codeberg.org/a/b"):
        place = forges.find(address)
        assert forges.find(place.repository) == place


def test_the_kind_of_forge() -> None:
    assert forges.find("https://github.com/a/b").forge is Forge.GITHUB
    assert forges.find("https://gitlab.opencode.de/a/b").forge is Forge.GITLAB
    assert forges.find("https://git.example.org/a/b").forge is Forge.FORGEJO


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        "Terminplaner",
        "https://github.com",
        "https://github.com/muster",
        "https://github.com/orgs/muster",
        "https://gitlab.com/explore/groups",
        "https://gitlab.com/-/user",
        "https://github.com/../../etc",
        "https://github.com/a/..",
        "https://github.com/a/b%2f..%2fc",
        "https://github.com/a/%62",
        "https://github.com/a/b c",
        "https://github.com/a/b\r\nX-Evil: 1",
        "https://github.com/a/b\x00",
        "https://github.com\\@evil.example/a/b",
        "https://anna:geheim@github.com/a/b",
        "https://github.com@evil.example/a/b",
        "https://github.com:8443/a/b",
        "https://github.com:99999/a/b",
        "https://gïthub.com/a/b",
        "https://127.0.0.1/a/b",
        "https://2130706433/a/b",
        "https://[::1]/a/b",
        "https://[::1/a/b",
        "https://localhost/a/b",
        "ftp://github.com/a/b",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "ssh://git@github.com:22/a/b",
        "https://github.com/" + "a" * 101 + "/b",
        "https://gitlab.com/" + "/".join("a" * 22),
        "https://gitlab.com/" + "/".join(["a" * 90] * 9),
        "https://github.com/a/b?" + "x" * 5000,
    ],
)
def test_what_is_no_repository_is_refused(address: str) -> None:
    with pytest.raises(NotARepository):
        forges.find(address)


@pytest.mark.parametrize(
    ("address", "hosts", "known"),
    [
        ("https://github.com/a/b", {"github.com", "raw.githubusercontent.com"}, True),
        ("https://github.com/a/b", {"github.com"}, False),
        ("https://github.com/a/b", {"raw.githubusercontent.com"}, False),
        ("https://codeberg.org/a/b", {"codeberg.org"}, True),
        ("https://codeberg.org.evil.example/a/b", {"codeberg.org"}, False),
        ("https://sub.codeberg.org/a/b", {"codeberg.org"}, False),
    ],
)
def test_only_named_hosts_are_known(address: str, hosts: set[str], known: bool) -> None:
    assert forges.is_known(forges.find(address), hosts) == known
