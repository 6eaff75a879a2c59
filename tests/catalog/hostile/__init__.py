"""publiccode.yml files as somebody writes them who wants to break out of a page or a format.

``files()`` makes them: each payload stands in every field that takes text or an address.
"""

from __future__ import annotations

import json
from typing import Any

RUN = "window.pwned=1;alert(1)"
TEXTS = {
    "script": f"<script>{RUN}</script>",
    "image": f'"><img src=x onerror="{RUN}">',
    "svg": f"<svg/onload='{RUN}'>",
    "style": f"</style><style>*{{background:url(//evil.example/x)}}</style><a style=x onclick={RUN}>",
    "comment": f"--><script>{RUN}</script><!--",
    "template": "{{ solution.document }}{% debug %}${7*7}",
    "markdown": f"[a](javascript:{RUN}) ![b](https://evil.example/b.png) <https://evil.example> "
    f"[c]: data:text/html,<script>{RUN}</script>\n\n[c]",
    "bidi": "abc\u202egnp.exe\u2066\u200f\ufeffx",
    "control": "a\u0001b\u0008c\u001b[31md\u0085e\u2028f\u2029g",
    "formula": '=cmd|"/c calc"!A1',
    "formula2": '+1;@SUM(A1)\t"\r\n=2',
    "xml": '&amp;&#x41;]]><a xmlns="evil"/><!DOCTYPE x [<!ENTITY y "z">]>&y;',
    "turtle": '"""@prefix : <evil> . \\u0022 " . <a> <b> <c> ; \\',
    "jsonld": f'</script><script>{RUN}</script>","@context":"https://evil.example/',
    "surrogate": "\U0001f469\u200d\U0001f469\u200d\U0001f467 " + "e\u0301" * 400,
    "url": f"javascript:{RUN}",
}
ADDRESSES = {
    "script": f"javascript:{RUN}",
    "data": f"data:text/html,<script>{RUN}</script>",
    "vbscript": "vbscript:msgbox(1)",
    "quote": f'https://evil.example/"onmouseover="{RUN}',
    "angle": "https://evil.example/<script>x</script>",
    "spaces": "https://evil.example/ a\n> <b> .",
    "login": "https://osk@evil.example:99999/",
    "bracket": "https://[::1",
    "file": "file:///etc/passwd",
    "relative": "//evil.example/x",
    "tab": f"java\tscript:{RUN}",
    "upper": f" JaVaScRiPt:{RUN}",
}


def document(text: str, address: str, number: int) -> dict[str, Any]:
    """``text`` in every field for people, ``address`` in every one for machines."""
    described = {
        "localisedName": text,
        "shortDescription": text,
        "longDescription": text * 3,
        "documentation": address,
        "apiDocumentation": address,
        "features": [text, address],
        "screenshots": [address, f"{number}.svg"],
        "videos": [address],
        "awards": [text],
    }
    return {
        "publiccodeYmlVersion": "0",
        "name": f"{text} {number}",
        "applicationSuite": text,
        "url": address,
        "landingURL": address,
        "roadmap": address,
        "logo": address,
        "isBasedOn": [address],
        "softwareVersion": text,
        "releaseDate": text,
        "platforms": ["web", text[:40]],
        "categories": ["it-security", text[:40]],
        "usedBy": [text],
        "developmentStatus": "stable",
        "softwareType": "standalone/web",
        "intendedAudience": {"scope": [text[:40]], "countries": [text[:2]]},
        "description": {"de": described, "en": described},
        "legal": {"license": text[:100], "mainCopyrightOwner": text, "repoOwner": text},
        "organisation": {"name": text, "uri": address},
        "maintenance": {
            "type": "contract",
            "contractors": [{"name": text, "until": text, "website": address, "email": text}],
            "contacts": [{"name": text, "email": text, "phone": text}],
        },
        "localisation": {"localisationReady": True, "availableLanguages": ["de", text[:30]]},
        "fundedBy": [{"name": text, "uri": address}],
        "supports": [{"id": address}, {"id": text}],
        "dependsOn": {
            kind: [{"name": text, "version": text, "versionMin": text, "optional": True}]
            for kind in ("open", "proprietary", "hardware")
        },
    }


def files() -> dict[str, bytes]:
    """Name (for a folder of it) and content of every hostile file."""
    made = {}
    addresses = list(ADDRESSES.values())
    for number, (name, text) in enumerate(TEXTS.items(), 1):
        address = addresses[number % len(addresses)]
        made[f"text-{name}"] = _bytes(document(text, address, number))
    for number, (name, address) in enumerate(ADDRESSES.items(), 100):
        made[f"address-{name}"] = _bytes(document(f"Adresse {name}", address, number))
    huge = document("Riese", "https://git.example.org/a/huge", 200)
    huge["description"]["de"]["features"] = [f"Funktion {n} <b>" for n in range(10_000)]
    made["features"] = _bytes(huge)
    long_name = document("Lang", "https://git.example.org/a/long", 201)
    long_name["name"] = "N" * 400_000
    made["long"] = _bytes(long_name)
    endless = document("Wort", "https://git.example.org/a/word", 202)
    endless["description"]["de"]["longDescription"] = ">" * 5_000 + "[" * 5_000 + "*" * 5_000
    made["nested"] = _bytes(endless)
    made["tags"] = _bytes(document("Marken", "https://git.example.org/a/tags", 203)).replace(
        b'"name"', b'!!python/object/apply:os.system "name"', 1
    )
    return made


def _bytes(content: dict[str, Any]) -> bytes:
    return json.dumps(content).encode()
