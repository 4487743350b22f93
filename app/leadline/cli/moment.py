"""Times as people give them on the command line."""

from typing import Any

import click

from leadline.core.clock import Micros, system_clock
from leadline.core.moment import parse_moment


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
