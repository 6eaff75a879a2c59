"""Where things stand in a file, as the reference parser counts."""

from catalog.publiccode.nodes import NOWHERE, Mapping, Mark, Node, Path, Sequence


def place_of(root: Node, path: Path) -> Mark:
    """Where the reference parser would put a finding on `path`.

    A missing last key is placed at its first sibling (or the brace of a flow mapping), a
    missing section nowhere, anything below a scalar at that scalar.
    """
    node, rest = root, path
    while rest:
        if not isinstance(node, Mapping):
            return node.mark
        entry = next((entry for entry in node.entries if entry.key.value == rest[0]), None)
        if entry is None:
            if node.is_flow:
                return node.mark
            return node.entries[0].key.mark if len(_steps(rest)) == 1 and node.entries else NOWHERE
        if len(rest) > 1 and isinstance(rest[1], int):
            if not isinstance(entry.value, Sequence) or rest[1] >= len(entry.value.items):
                return entry.key.mark
            node, rest = entry.value.items[rest[1]], rest[2:]
            if not rest:
                return node.mark
            continue
        if len(rest) == 1:
            return entry.key.mark
        node, rest = entry.value, rest[1:]
    return node.mark


def _steps(path: Path) -> list[str]:
    """The path in dotted steps: an index belongs to the key before it."""
    return [step for step in path if isinstance(step, str)]


def keys_by_line(root: Node) -> dict[int, str]:
    """For each line the first dotted key that begins on it, outermost first."""
    found: dict[int, str] = {}

    def walk(node: Node, prefix: str) -> None:
        if isinstance(node, Mapping):
            for entry in node.entries:
                key = f"{prefix}.{entry.key.value}" if prefix else entry.key.value
                found.setdefault(entry.key.mark.line, key)
                walk(entry.value, key)
        elif isinstance(node, Sequence):
            for index, item in enumerate(node.items):
                key = f"{prefix}[{index}]"
                found.setdefault(item.mark.line, key)
                walk(item, key)

    walk(root, "")
    return found
