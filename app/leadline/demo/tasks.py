"""The processes of a plan: which program, with which code, settings and package, for which days, after which others."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from .commits import PACKAGE, Commit
from .plan import Plan
from .quarter import HISTORY, JOBS, SCORED_FROM, Week

NEEDS = {
    "ingest": (),
    "features": ("ingest",),
    "train": (),
    "score": ("features", "train"),
    "validate": ("score",),
}
"""What must be done with the same week first."""


@dataclass(frozen=True)
class Task:
    """One process. `after`: the keys of the tasks that it waits for."""

    key: str
    job: str
    first: date
    end: date
    mode: str
    commit: Commit | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    package: str = PACKAGE[1]
    after: tuple[str, ...] = ()
    removes: str = ""
    """A file of the lake that is deleted before it starts."""

    def arguments(self, lake: Path) -> list[str]:
        days = ["--from", self.first.isoformat(), "--to", self.end.isoformat()]
        settings = [part for name, value in self.parameters for part in (f"--{name}", value)]
        return ["--lake", str(lake), *days, "--mode", self.mode, *settings]


def backfill() -> list[Task]:
    """January to June in one go, one process for each job."""
    first, end = HISTORY
    found: list[Task] = []
    for job in JOBS:
        begin = first if job in ("ingest", "features") else SCORED_FROM
        after = (found[-1].key,) if found else ()
        found.append(Task(f"{job} history", job, begin, end, "BACKFILL", after=after))
    return found


def replay(plan: Plan) -> list[Task]:
    """Every job for every week, a process for each stretch of days with the same code, settings and packages."""
    return [task for week in plan.weeks for job in JOBS for task in _week(plan, week, job)]


def _week(plan: Plan, week: Week, job: str) -> list[Task]:
    stretches = _stretches(plan, week, job)
    after = tuple(_key(need, week.number) for need in NEEDS[job])
    after += (_key("features" if job == "train" else job, week.number - 1),) if week.number else ()
    found: list[Task] = []
    for begin, end in stretches:
        last = end == stretches[-1][1]
        found.append(
            Task(
                key=_key(job, week.number) if last else f"{_key(job, week.number)} from {begin}",
                job=job,
                first=begin,
                end=end,
                mode="LIVE",
                after=(found[-1].key,) if found else after,
                removes=_removed(plan, job, begin, end),
                commit=_newest(plan, job, begin, "commit"),
                parameters=tuple(filter(None, [_newest(plan, job, begin, "parameter")])),
                package=_newest(plan, job, begin, "package") or PACKAGE[1],
            )
        )
    return found


def _key(job: str, week: int) -> str:
    return f"{job} week {week + 1}"


def _stretches(plan: Plan, week: Week, job: str) -> list[tuple[date, date]]:
    """First days and the days after the last; training is one run a week."""
    switched = {switch.day for switch in plan.switches if switch.job == job and job != "train"}
    begins = sorted({week.first} | (switched & set(week.days)))
    return list(zip(begins, [*begins[1:], week.end], strict=True))


def _newest(plan: Plan, job: str, day: date, field: str) -> Any:
    """What the switches so far set it to; None where none did."""
    given = [getattr(switch, field) for switch in plan.switches if switch.job == job and switch.day <= day]
    return next((value for value in reversed(given) if value is not None), None)


def _removed(plan: Plan, job: str, begin: date, end: date) -> str:
    broken = plan.breakage
    return broken.file if broken and broken.job == job and begin <= broken.day < end else ""
