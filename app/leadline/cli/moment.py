"""Times as people give them on the command line."""

import re
from datetime import UTC, datetime
from typing import Any

import click

from leadline.core.clock import SECOND, Micros, from_datetime, system_clock

_UNITS = {"s": SECOND, "m": 60 * SECOND, "h": 3_600 * SECOND, "d": 86_400 * SECOND, "w": 604_800 * SECOND}


class Moment(click.ParamType):
    """`2026-11-21`, `2026-11-21T08:00`, with a zone or in UTC, or how long ago: `90s`, `30m`, `12h`, `7d`, `2w`."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Micros:
        if isinstance(value, int):
            return value
        try:
            return parse_moment(value, system_clock())
        except ValueError:
            self.fail(f"{value!r} is no time; write 2026-11-21, 2026-11-21T08:00Z, or how long ago: 30m, 12h, 7d", param, ctx)


def parse_moment(text: str, now: Micros) -> Micros:
    """Raises ValueError for what is no time."""
    length = re.fullmatch(r"(\d{1,9})([smhdw])", text)
    if length:
        return now - int(length[1]) * _UNITS[length[2]]
    moment = datetime.fromisoformat(text)
    return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
