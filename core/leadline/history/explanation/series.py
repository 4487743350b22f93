"""Readings of several metrics, taken together by the same job, as one vector for each slot."""

import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..node import NodeRef
from .facts import Alert, Reading, RunKey

MIN_POSITIONS = 12
"""Fewer say nothing about what is usual."""
MAX_SERIES = 8
"""More would only add noise: those that moved most closely with the alert's are the ones that it is judged by."""


class SeriesName(NamedTuple):
    node: NodeRef
    metric: str
    dims: tuple[tuple[str, str], ...]


class Table(NamedTuple):
    """`rows[i]` are the values at `positions[i]`, a slot, or where readings have none an event time. Column 0: the main one."""

    names: list[SeriesName]
    positions: list[int]
    rows: list[list[float]]
    runs: list[RunKey]
    modes: list[str]


def name_of(reading: Reading) -> SeriesName:
    return SeriesName(reading.node, reading.metric, tuple(sorted(reading.dims.items())))


def alert_series(alert: Alert) -> SeriesName:
    return SeriesName(alert.node, alert.metric, tuple(sorted(alert.dims.items())))


def position(reading: Reading) -> int:
    return reading.event_time if reading.slot is None else reading.slot


def table(job: NodeRef, name: SeriesName, readings: Iterable[Reading]) -> Table | None:
    """The series and those that the same job measured beside it; None where there is too little to say anything."""
    by_series: dict[SeriesName, dict[int, Reading]] = {}
    for reading in sorted(readings, key=lambda one: one.event_time):
        if (reading.job_namespace, reading.job_name) == (job.namespace, job.name) and reading.mode != "TEST":
            by_series.setdefault(name_of(reading), {})[position(reading)] = reading  # a repeated slot: the newest holds
    main = by_series.pop(name, {})
    if len(main) < MIN_POSITIONS:
        return None
    beside = {name: found for name, found in by_series.items() if _varies(found, main)}
    nearest = sorted(beside, key=lambda name: (-_likeness(beside[name], main), name))[: MAX_SERIES - 1]
    columns = [main, *(by_series[name] for name in nearest)]
    positions = sorted(where for where in main if all(where in column for column in columns))
    return Table(
        names=[name, *nearest],
        positions=positions,
        rows=[[column[where].value for column in columns] for where in positions],
        runs=[main[where].run for where in positions],
        modes=[main[where].mode for where in positions],
    )


def _varies(series: dict[int, Reading], main: dict[int, Reading]) -> bool:
    """Whether it has a value nearly wherever the main series has one, and more than one value."""
    shared = [series[where].value for where in main if where in series]
    return len(shared) >= 0.95 * len(main) and spread(shared) > 0


def _likeness(series: dict[int, Reading], main: dict[int, Reading]) -> float:
    """How closely they moved together, 0 to 1, by ranks: one wild day makes no likeness."""
    shared = [where for where in main if where in series]
    pairs = zip(_ranks([series[where].value for where in shared]), _ranks([main[where].value for where in shared]), strict=True)
    middle, variance = (len(shared) - 1) / 2, (len(shared) ** 2 - 1) / 12
    return abs(statistics.fmean((a - middle) * (b - middle) for a, b in pairs) / variance)


def _ranks(values: Sequence[float]) -> list[int]:
    ranks = [0] * len(values)
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        ranks[index] = rank
    return ranks


def spread(values: Sequence[float]) -> float:
    """A robust standard deviation: from the median distance to the median, else the plain one."""
    middle = statistics.median(values)
    robust = 1.4826 * statistics.median(abs(value - middle) for value in values)
    return robust or statistics.pstdev(values)
