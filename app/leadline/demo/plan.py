"""What one seed plants, decided before anything runs."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from .commits import HARMFUL, HARMLESS, PACKAGE, PARAMETERS, Commit
from .quarter import JOBS, Week, weeks

BREAKS = {
    "ingest": "landing/weather/{day}.csv",
    "features": "weather/{day}.arrow",
    "score": "features/{day}.arrow",
    "validate": "predictions/{day}.arrow",
}
"""The file that is gone when the job wants it."""


@dataclass(frozen=True)
class Switch:
    """From `day` on the job runs with another commit, parameter or package."""

    day: date
    job: str
    commit: Commit | None = None
    parameter: tuple[str, str] | None = None
    package: str | None = None
    """The version of PACKAGE."""


@dataclass(frozen=True)
class Breakage:
    """`file` in the lake is deleted before `job` runs for `day`."""

    day: date
    job: str
    file: str


@dataclass(frozen=True)
class Plan:
    seed: int
    weeks: list[Week]
    culprit: Switch | None
    decoys: list[Switch] = field(default_factory=list)
    breakage: Breakage | None = None

    @property
    def switches(self) -> list[Switch]:
        """In the order of their days."""
        return sorted([*([self.culprit] if self.culprit else []), *self.decoys], key=lambda switch: switch.day)


def make_plan(seed: int, week_count: int = 13, *, with_culprit: bool = True) -> Plan:
    """The same for the same arguments."""
    chance = random.Random(f"leadline demo {seed} {week_count} {with_culprit}")
    calendar = weeks(week_count)
    total = (calendar[-1].end - calendar[0].first).days
    begin = calendar[0].first + timedelta(days=chance.randint(total // 4, total // 2))
    culprit = _culprit(chance, begin, calendar) if with_culprit else None
    anchor = culprit.day if culprit else begin
    return Plan(seed, calendar, culprit, _decoys(chance, anchor, culprit), _breakage(chance, calendar[-1]))


def _culprit(chance: random.Random, begin: date, calendar: list[Week]) -> Switch:
    job = chance.choice(sorted({commit.job for commit in HARMFUL}))
    commit = chance.choice([commit for commit in HARMFUL if commit.job == job])
    # The model is fitted on the first day of a week, so its code changes then.
    day = next(week.first for week in calendar if week.first >= begin) if job == "train" else begin
    return Switch(day, job, commit=commit)


def _decoys(chance: random.Random, anchor: date, culprit: Switch | None) -> list[Switch]:
    """After the culprit, so that each of them lies nearer to the alert."""
    others = [job for job in JOBS if not culprit or job != culprit.job]
    commits = chance.sample([commit for commit in HARMLESS if commit.job in others], 2)
    parameter = chance.choice(others)
    switches = [Switch(_later(chance, anchor), commit.job, commit=commit) for commit in commits]
    switches.append(Switch(_later(chance, anchor), parameter, parameter=PARAMETERS[parameter]))
    switches.append(Switch(_later(chance, anchor), "features", package=PACKAGE[2]))
    return switches


def _later(chance: random.Random, anchor: date) -> date:
    return anchor + timedelta(days=chance.randint(2, 8))


def _breakage(chance: random.Random, last: Week) -> Breakage:
    job = chance.choice(sorted(BREAKS))
    day = chance.choice(last.days[2:5])
    return Breakage(day, job, BREAKS[job].format(day=day.isoformat()))
