"""Time is passed in, never read from within logic. All times are microseconds since 1970, UTC."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Micros = int
"""Microseconds since 1970-01-01T00:00:00Z."""

Clock = Callable[[], Micros]

SECOND: Micros = 1_000_000
HOUR: Micros = 3_600 * SECOND
DAY: Micros = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def system_clock() -> Micros:
    """The wall clock."""
    return time.time_ns() // 1_000


def to_datetime(micros: Micros) -> datetime:
    """An aware UTC datetime; exact, unlike a division into float seconds."""
    return _EPOCH + timedelta(microseconds=micros)


def from_datetime(moment: datetime) -> Micros:
    """Raises ValueError on a naive datetime: a time without a zone is a guess."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; write for example {moment.isoformat()}+00:00")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def isoformat(micros: Micros) -> str:
    """For example 2026-11-21T08:00:00.000001Z."""
    return to_datetime(micros).isoformat().replace("+00:00", "Z")
