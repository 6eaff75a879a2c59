"""Addresses of repositories: one spelling each, so that one solution has one entry."""

from __future__ import annotations

from urllib.parse import urlsplit

LONGEST = 500


def normalise(url: str) -> str | None:
    """``HTTPS://www.GitHub.com/Acme/Tool.git/`` → ``https://github.com/acme/tool``; None without a host.

    Paths are lowered too: GitHub, GitLab and Forgejo find a repository in any case, and two repositories
    that differ by nothing else do not occur. This is an identity and no link: pages show the document's.
    """
    text = url.strip()
    if text.startswith("git@") and ":" in text:  # git@host:path, as `git remote -v` prints it
        host, _colon, path = text.removeprefix("git@").partition(":")
        text = f"https://{host}/{path}"
    try:
        parts = urlsplit(text.removeprefix("git+"))
        host = (parts.hostname or "").removeprefix("www.").rstrip(".")
        port = parts.port
    except ValueError:
        return None
    if not host:
        return None
    path = "/".join(step for step in parts.path.split("/") if step).lower().removesuffix(".git")
    where = host if port in (None, 80, 443) else f"{host}:{port}"
    result = f"https://{where}/{path}".rstrip("/")
    return result if len(result) <= LONGEST else None


def last_step(url: str) -> str:
    """The repository's own name, for an entry that says no other."""
    normalised = normalise(url) or ""
    path = normalised.removeprefix("https://")
    return path.rpartition("/")[2] if "/" in path else ""
