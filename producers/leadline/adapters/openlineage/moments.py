"""OpenLineage's times."""

from datetime import UTC, datetime

from leadline.core.clock import Micros, from_datetime
from leadline.events.validate import MAX_TIME, MIN_TIME


def moment(value: object) -> Micros | None:
    """Microseconds of an ISO 8601 date-time, in UTC where it has no zone; None for what is none, or outside 1970 to 2200."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        micros = from_datetime(found if found.tzinfo else found.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
    return micros if MIN_TIME <= micros < MAX_TIME else None


def has_zone(value: str) -> bool:
    """Of a text that `moment` reads."""
    return datetime.fromisoformat(value).tzinfo is not None
