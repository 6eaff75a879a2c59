"""What an organisation's own prototype may be: where it comes from and what it may take (product.md 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from osk_portal.toolkit.outbound import Outbound, OutboundError
from sandbox.spec import Egress, EnvSpec

_DIGEST: Final = re.compile(
    r"(?P<registry>(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d{1,5})?)"
    r"(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+@sha256:[0-9a-f]{64}"
)


def registry_of(image: str) -> str:
    """The registry that an image's name begins with."""
    return image.partition("/")[0].lower()


def image_problem(image: str) -> str:
    """What is wrong with the name of a prototype's image; empty where nothing is.

    A digest always means the same content; a tag (``:latest``) can be moved, so none is taken.
    """
    name, _at, digest = image.partition("@")
    if not digest or ":" in name.rpartition("/")[2]:
        return _(
            "Name the image by its digest and without a tag, for example"
            " registry.example.org/team/name@sha256:… with 64 characters."
        )
    if not _DIGEST.fullmatch(image):
        return _("Enter the registry, the name and the digest in small letters.")
    if registry_of(image) not in settings.OSK_SANDBOX_REGISTRIES:
        return _("Images come from these registries only: %(names)s.") % {
            "names": ", ".join(settings.OSK_SANDBOX_REGISTRIES) or _("none")
        }
    return ""


def repository_problem(address: str) -> str:
    """What is wrong with the address of a repository; empty where nothing is. Nothing is fetched.

    By the rules of the client that would fetch it: https on port 443, a host by name, no user, no fragment.
    """
    try:
        host = urlsplit(address).hostname or ""
        Outbound(hosts=[host]).check(address)
    except (OutboundError, ValueError):
        return _("Enter an address that begins with https:// and names a public host.")
    return ""


def draft_of(image: str, port: int) -> Mapping[str, Any]:
    """The specification that a prototype begins with: one image, no way out, the smallest class."""
    return {
        "schema": 2,
        "components": [
            {
                "name": "app",
                "image": image,
                "ports": [{"name": "web", "number": port}],
                "tmpfs": ["/tmp"],  # noqa: S108 # inside the container
                "limits": {"memory_mb": 1024, "cpu_millis": 1000, "processes": 256},
                "readiness": {"port": "web"},
            }
        ],
        "endpoints": [{"port": "web"}],
        "egress": "none",
        "resources": "small",
        "ready_timeout": 120,
    }


def problems_of(spec: EnvSpec) -> list[str]:
    """What a prototype must not have, as "place: words"; asked before it is published."""
    found = []
    if spec.egress != Egress.NONE:
        found.append(_("egress: a prototype reaches nothing outside"))
    if spec.resources not in settings.OSK_SANDBOX_PROTOTYPE_CLASSES:
        found.append(
            _("resources: a prototype may name %(names)s only")
            % {"names": ", ".join(settings.OSK_SANDBOX_PROTOTYPE_CLASSES)}
        )
    memory = sum(component.limits.memory_mb for component in spec.components)
    if memory > settings.OSK_SANDBOX_PROTOTYPE_MEMORY_MB:
        found.append(
            _("components: a prototype may take %(most)d MB of memory, these take %(sum)d")
            % {"most": settings.OSK_SANDBOX_PROTOTYPE_MEMORY_MB, "sum": memory}
        )
    for number, component in enumerate(spec.components):
        where = f"components[{number}].image"
        is_local = component.image.startswith("localhost/")
        if not component.image:
            found.append(f"{where}: " + _("a prototype runs as an image"))
        elif not is_local and registry_of(component.image) not in settings.OSK_SANDBOX_REGISTRIES:
            found.append(f"{where}: " + _("this registry is not allowed"))
    return found
