"""A valid file in blocks, one a top-level key, that tests change."""

LONG = "Bürgerinnen und Bürger buchen damit Termine bei ihrer Behörde. " * 3

BLOCKS = {
    "publiccodeYmlVersion": 'publiccodeYmlVersion: "0"',
    "name": "name: Terminheft",
    "url": "url: https://git.example.org/berlin/terminheft.git",
    "platforms": "platforms:\n  - web",
    "developmentStatus": "developmentStatus: stable",
    "softwareType": "softwareType: standalone/web",
    "description": (
        "description:\n"
        "  de:\n"
        "    shortDescription: Termine bei Behörden buchen und verwalten\n"
        f"    longDescription: {LONG.strip()}\n"
        "    features:\n"
        "      - Termine buchen"
    ),
    "legal": "legal:\n  license: EUPL-1.2",
    "maintenance": "maintenance:\n  type: none",
    "localisation": (
        "localisation:\n  localisationReady: true\n  availableLanguages:\n    - de\n    - en"
    ),
}


def text(**blocks: str | None) -> str:
    """The file with some blocks replaced, added at the end, or (None) left out."""
    merged = {**BLOCKS, **blocks}
    return "\n".join(block for block in merged.values() if block is not None) + "\n"


def data(**blocks: str | None) -> bytes:
    return text(**blocks).encode()


def line_of(source: str, part: str) -> int:
    """The number of the first line that holds `part`."""
    return next(number for number, line in enumerate(source.split("\n"), 1) if part in line)


def description(tag: str = "de", **lines: str | None) -> str:
    """The description block; `lines` replaces, adds or (None) removes a key's line."""
    keys = {
        "shortDescription": "shortDescription: Termine buchen",
        "longDescription": f"longDescription: {LONG.strip()}",
        "features": "features: [Termine buchen]",
        **lines,
    }
    body = "".join(f"\n    {line}" for line in keys.values() if line is not None)
    return f"description:\n  {tag}:{body}"
