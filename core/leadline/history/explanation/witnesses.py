"""What other jobs upstream measured: they tell where on the way a shift began."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from leadline.core.clock import Micros

from ..node import NodeRef
from .facts import Reading, RunKey
from .pattern import Patterns
from .reach import Reach
from .series import SeriesName, Table, name_of, position, table
from .shift import independence, whitened

MAX_WITNESSES = 40
"""The nearest; more take time and say little."""
MIN_USUAL = 30
"""Rows that tell what is usual, where there are so many before the alert."""


class Witness(NamedTuple):
    """A job that measured, with the table of its readings up to the alert's."""

    job: NodeRef
    table: Table
    patterns: Patterns
    rows: dict[RunKey, int]


def witness(job: NodeRef, found: Table, usual: int) -> Witness:
    """`usual`: so many rows tell what is usual."""
    white = whitened(found.rows, usual)
    weights = [independence(column[:usual]) for column in zip(*white, strict=True)]
    rows = {run: index for index, run in reversed(list(enumerate(found.runs)))}
    return Witness(job, found, Patterns(white, weights), rows)


def find_witnesses(
    readings: Iterable[Reading], measuring: NodeRef, since: Micros, until: Micros, reach: Reach
) -> list[Witness]:
    """Of the jobs upstream of the one that measured the alert's metric, the nearest first."""
    by_job: dict[NodeRef, list[Reading]] = defaultdict(list)
    for one in readings:
        if one.kind != "JOB" and one.job_name and since <= position(one) <= until:
            by_job[NodeRef("JOB", one.job_namespace, one.job_name)].append(one)
    by_job.pop(measuring, None)
    paths = {job: path for job in by_job if (path := reach.path(job, measuring))}
    nearest = sorted(paths, key=lambda job: (len(paths[job]), job))[:MAX_WITNESSES]
    tables = ((job, table(job, _main(by_job[job]), by_job[job])) for job in nearest)
    return [witness(job, found, usual_rows(len(found.rows))) for job, found in tables if found]


def usual_rows(count: int) -> int:
    return max(min(MIN_USUAL, count), count * 2 // 3)


def _main(readings: list[Reading]) -> SeriesName:
    """The series that was measured most often."""
    counts: dict[SeriesName, int] = defaultdict(int)
    for one in readings:
        counts[name_of(one)] += 1
    return max(sorted(counts), key=lambda name: counts[name])
