"""Where the publiccode.yml of a repository can be read, from the repository's address alone.

Asks nobody and needs no token: each forge has an address that follows the default branch by itself
(``HEAD`` with GitHub and GitLab, no branch at all with Forgejo and Gitea).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from catalog import repositories

FILE: Final = "publiccode.yml"
_DEFAULT: Final = "HEAD"
"""Git's own name for the tip of the default branch."""
_STEP: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_HOST: Final = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_RAW_OF_GITHUB: Final = "raw.githubusercontent.com"
_DEEPEST: Final = 21
"""GitLab allows 20 groups one in another, and the project."""
# First steps that are pages of the forge and no owner of repositories.
_PAGES: Final = frozenset(
    {"about", "api", "dashboard", "explore", "features", "groups", "help", "login", "marketplace", "orgs",
     "search", "settings", "topics", "user", "users"}
)  # fmt: skip


class Forge(StrEnum):
    GITHUB = "github"
    GITLAB = "gitlab"
    FORGEJO = "forgejo"
    """Gitea too; its addresses are the same."""


class NotARepository(ValueError):
    """The text is no address of a repository that we could read."""


@dataclass(frozen=True, slots=True)
class Place:
    """``repository``: the address as one writes it. ``files``: where to look, the best first."""

    forge: Forge
    repository: str
    files: tuple[str, ...]

    @property
    def identity(self) -> str:
        """The spelling by which entries are told apart."""
        return repositories.normalise(self.repository) or ""


def find(address: str) -> Place:
    """The repository that an address is of, also that of a folder, a file or an issue in it.

    Raises NotARepository. Which hosts may be asked is not decided here (``is_known``).
    """
    host, steps = _parts(address)
    if host == _RAW_OF_GITHUB:
        host, steps = "github.com", steps[:2]
    forge = _forge_of(host, steps)
    # What follows is a page inside the repository.
    end = 2 if forge is not Forge.GITLAB else [*steps, "-"].index("-")
    steps = steps[:end]
    if steps:
        steps[-1] = steps[-1].removesuffix(".git")
    is_sound = all(_STEP.fullmatch(step) and not step.endswith(".") for step in steps)
    if not 2 <= len(steps) <= _DEEPEST or not is_sound or steps[0].lower() in _PAGES:
        raise NotARepository(address[:200])
    path = "/".join(steps)
    repository = f"https://{host}/{path}"
    if len(repository) > repositories.LONGEST:
        raise NotARepository(address[:200])
    return Place(forge, repository, _files(forge, host, path))


def picture(repository: str, source: str) -> tuple[str, ...]:
    """Where a picture lies that a file names by its path in the repository, or by an address.

    The address of a forge's page about a file becomes that of the file. Nowhere (empty) for what leads out
    of the repository or is no https address.
    """
    source = source.strip()
    if "://" in source:
        return _raw_of(source)
    steps = [step for step in source.split("/") if step not in ("", ".")]
    if not steps or ".." in steps or re.search(r"[\\\x00-\x1f:?#]", source):
        return ()
    try:
        place = find(repository)
    except NotARepository:
        return ()
    path = "/".join(quote(step) for step in steps)
    return tuple(url.removesuffix(FILE) + path for url in place.files)


def _raw_of(address: str) -> tuple[str, ...]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ()
    if parts.scheme != "https" or not parts.hostname or parts.netloc.lower() != parts.hostname:
        return ()
    host, steps = parts.hostname, parts.path.split("/")[1:]
    if host == "github.com" and len(steps) > 4 and steps[2] in ("blob", "raw"):
        host, steps = _RAW_OF_GITHUB, [*steps[:2], *steps[3:]]
    elif "-" in steps:
        after = steps.index("-") + 1
        steps[after : after + 1] = ["raw" if s == "blob" else s for s in steps[after : after + 1]]
    elif len(steps) > 4 and steps[2:4] == ["src", "branch"]:
        steps[2] = "raw"
    path = "/".join(quote(unquote(step)) for step in steps)
    return (f"https://{host}/{path}",)


def is_known(place: Place, hosts: Collection[str]) -> bool:
    """Whether the operator has named the host of the repository and every host that would be asked."""
    asked = {urlsplit(url).hostname for url in (place.repository, *place.files)}
    return asked <= set(hosts)


def beside(place: Place, name: str) -> tuple[str, ...]:
    """Where another file can be read that lies beside the publiccode.yml; ``name`` without a folder."""
    return tuple(url.removesuffix(FILE) + name for url in place.files)


def _parts(address: str) -> tuple[str, list[str]]:
    text = address.strip()
    if (
        len(text) > 2 * repositories.LONGEST
        or not text.isascii()
        or re.search(r"[\s\\\x00-\x1f%]", text)
    ):
        raise NotARepository(address[:200])
    text = text.removeprefix("git+")
    if text.startswith("git@") and ":" in text and "://" not in text:
        host, _colon, path = text.removeprefix("git@").partition(":")
        text = f"https://{host}/{path}"
    elif text.startswith("ssh://git@"):
        text = "https://" + text.removeprefix("ssh://git@")
    elif "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise NotARepository(address[:200]) from error
    host = host.removeprefix("www.")
    is_web = parts.scheme in ("https", "http") and "@" not in parts.netloc
    if not is_web or port not in (None, 80, 443) or not _HOST.fullmatch(host):
        raise NotARepository(address[:200])
    return host, [step for step in parts.path.split("/") if step]


def _forge_of(host: str, steps: list[str]) -> Forge:
    """By the host's name; of one that says nothing, only GitLab has groups in groups and ``/-/``."""
    if host == "github.com":
        return Forge.GITHUB
    if "gitlab" in host.split(".") or "-" in steps:
        return Forge.GITLAB
    return Forge.FORGEJO


def _files(forge: Forge, host: str, path: str) -> tuple[str, ...]:
    match forge:
        case Forge.GITHUB:
            return (f"https://{_RAW_OF_GITHUB}/{path}/{_DEFAULT}/{FILE}",)
        case Forge.GITLAB:
            return (f"https://{host}/{path}/-/raw/{_DEFAULT}/{FILE}",)
        case Forge.FORGEJO:
            # Without "ref" the API answers with the default branch; older servers only know branches.
            return (
                f"https://{host}/api/v1/repos/{path}/raw/{FILE}",
                f"https://{host}/{path}/raw/branch/main/{FILE}",
                f"https://{host}/{path}/raw/branch/master/{FILE}",
            )
