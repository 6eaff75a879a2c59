"""A publiccode.yml that tests change where it matters."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

LONG = "Der Terminplaner vergibt Termine in Bürgerämtern. " * 5

DOCUMENT: dict[str, Any] = {
    "publiccodeYmlVersion": "0",
    "name": "Terminplaner",
    "url": "https://github.com/Muster/Terminplaner",
    "platforms": ["web"],
    "categories": ["appointment-scheduling"],
    "developmentStatus": "stable",
    "softwareType": "standalone/web",
    "description": {
        "de": {
            "shortDescription": "Termine in Bürgerbüros vergeben.",
            "longDescription": LONG,
            "features": ["Termine buchen", "Wartenummern aufrufen"],
        }
    },
    "legal": {"license": "EUPL-1.2"},
    "maintenance": {"type": "internal", "contacts": [{"name": "Team Terminplaner"}]},
    "localisation": {"localisationReady": True, "availableLanguages": ["de", "en"]},
}


def publiccode_file(*paths: tuple[str, Any], **top: Any) -> bytes:
    """The document as JSON (which is YAML): ``top`` replaces keys, None removes, paths go deeper.

    ``publiccode_file(("legal.license", "MIT"), name="Anders")``
    """
    document = deepcopy(DOCUMENT)
    for dotted, value in [*paths, *top.items()]:
        *steps, last = dotted.split(".")
        section = document
        for step in steps:
            section = section.setdefault(step, {})
        if value is None:
            section.pop(last, None)
        else:
            section[last] = value
    return json.dumps(document, ensure_ascii=False).encode()
