"""What the last searches found: the pages of a search, its filters and its orders ask for the same words."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

from django.conf import settings

from catalog.search import Found, find

MOST_KEYS: Final = 1_000_000
"""Of all searches that are remembered: less than 8 MB a process."""
MOST_SEARCHES: Final = 500

_known: OrderedDict[str, tuple[Hashable, float, Found]] = OrderedDict()
_lock = threading.Lock()


def remembered(query: str, state: Hashable) -> Found:
    """As ``find``. ``state``: of the catalog; of another one, or when it is too old, it is searched again."""
    seconds = settings.OSK_FACETS_SECONDS
    now = time.monotonic()
    with _lock:
        known = _known.get(query)
        if known is not None and known[0] == state and now - known[1] < seconds:
            _known.move_to_end(query)
            return known[2]
    found = find(query)
    if seconds <= 0:
        return found
    with _lock:
        _known[query] = (state, now, found)
        _known.move_to_end(query)
        while sum(len(kept.hits) for _state, _time, kept in _known.values()) > MOST_KEYS:
            _known.popitem(last=False)
        while len(_known) > MOST_SEARCHES:
            _known.popitem(last=False)
    return found


def forget() -> None:
    """What a process that has just started does not know either; for measurements."""
    with _lock:
        _known.clear()
