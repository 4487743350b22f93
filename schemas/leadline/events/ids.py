"""Event ids: time-ordered for what happens, derived for what is computed, so that a repeat has the same id."""

import hashlib

import uuid_utils

_LEADLINE = uuid_utils.UUID("6c656164-6c69-5e65-8000-000000000001")


def new_id() -> str:
    """A UUIDv7: sorts by time."""
    return str(uuid_utils.uuid7())


def derived_id(*parts: object) -> str:
    """A UUIDv5 of the parts: the same parts give the same id, in any process, for ever."""
    return str(uuid_utils.uuid5(_LEADLINE, "\x1f".join(str(part).replace("\x1f", "\x1f\x1f") for part in parts)))


def digest(*parts: object) -> str:
    """16 hexadecimal digits that stand for the parts, for names of series and versions of content."""
    text = "\x1f".join(str(part).replace("\x1f", "\x1f\x1f") for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
