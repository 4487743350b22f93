"""Times as people give them, on the command line and in queries."""

import re
from datetime import UTC, datetime

from .clock import SECOND, Micros, from_datetime

_UNITS = {"s": SECOND, "m": 60 * SECOND, "h": 3_600 * SECOND, "d": 86_400 * SECOND, "w": 604_800 * SECOND}


def parse_moment(text: str, now: Micros) -> Micros:
    """`2026-11-21`, `2026-11-21T08:00`, with a zone or in UTC, or how long ago: `90s`, `30m`, `12h`, `7d`, `2w`.

    Raises ValueError for what is no time.
    """
    length = re.fullmatch(r"(\d{1,9})([smhdw])", text)
    if length:
        return now - int(length[1]) * _UNITS[length[2]]
    moment = datetime.fromisoformat(text)
    return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
