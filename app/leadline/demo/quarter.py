"""The calendar of the demo: January to June is history, July to September is replayed by weeks."""

from dataclasses import dataclass
from datetime import date, timedelta

HISTORY = (date(2013, 1, 1), date(2013, 7, 1))
SCORED_FROM = date(2013, 2, 1)
"""The first model needs a month of flights."""
WEEKS = 13
SHORTEST = 4
"""Weeks: what is planted needs room before it shows."""

NAMESPACE = "cron://nyc"
"""Of the team's jobs."""
JOBS = ("ingest", "features", "train", "score", "validate")


@dataclass(frozen=True)
class Week:
    """`end` is the day after the last."""

    number: int
    first: date
    end: date

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=count) for count in range((self.end - self.first).days)]


def weeks(count: int = WEEKS) -> list[Week]:
    """The first `count` weeks of the replay; the last of thirteen ends with September."""
    start = HISTORY[1]
    last = date(2013, 10, 1) if count == WEEKS else start + timedelta(weeks=count)
    ends = [start + timedelta(weeks=number) for number in range(1, count)] + [last]
    return [Week(number, start + timedelta(weeks=number), end) for number, end in enumerate(ends)]
