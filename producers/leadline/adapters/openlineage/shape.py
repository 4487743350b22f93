"""Parts of JSON that may be missing or of another kind than they should be: then they are empty."""

from collections.abc import Iterator
from typing import Any

import msgspec

Facet = dict[str, Any]
"""Read only: it is a part of the event."""

CONTAINERS = (dict, list)
NUMBERS = (int, float)
"""As tuples: `dict | list` would be made anew at each of many thousand looks."""
MAX_TEXT = 64 * 1024
"""Characters of one value; the whole is in openlineage_events."""
_NOTHING: Facet = {}


def facet(facets: object, name: str) -> Facet:
    """The facet of that name; empty where there is none, it is no object, or it says that it was deleted."""
    found = facets.get(name) if isinstance(facets, dict) else None
    return found if isinstance(found, dict) and found.get("_deleted") is not True else _NOTHING


def obj(parent: Facet, name: str) -> Facet:
    found = parent.get(name)
    return found if isinstance(found, dict) else _NOTHING


def objects(parent: Facet, name: str) -> Iterator[Facet]:
    """The objects in an array."""
    found = parent.get(name)
    return (part for part in found if isinstance(part, dict)) if isinstance(found, list) else iter(())


def text(parent: Facet, name: str) -> str:
    found = parent.get(name)
    return found if isinstance(found, str) else ""


def as_text(value: object) -> str:
    """A text as it is, anything else as JSON; nothing: empty."""
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value, order="deterministic").decode()


def cut(value: str) -> str:
    """At most MAX_TEXT, with a mark where something was left out."""
    return value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]} [cut: {len(value):,} characters, see openlineage_events]"


def number(parent: Facet, name: str) -> float | None:
    found = parent.get(name)
    if isinstance(found, bool) or not isinstance(found, NUMBERS):
        return None
    try:
        return float(found)
    except OverflowError:
        return None


def dict_of(facets: object) -> Facet:
    """Facets by name; empty where they are no object."""
    return facets if isinstance(facets, dict) else _NOTHING
