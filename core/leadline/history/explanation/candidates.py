"""Changes upstream that could have touched a measurement, each with the first row that it could touch."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from ..node import NodeRef
from .facts import Alert, Change, RunKey
from .reach import Reach
from .series import Table

_PRIORS = {
    "code": 1.0,
    "parameter": 0.5,
    "package": 0.4,
    "schema": 0.5,
    "engine": 0.3,
    "container": 0.4,
    "input": 0.5,
    "output": 0.3,
    "input_version": 0.3,
}
_OTHER_PRIOR = 0.3
"""How often a change of this kind is to blame, beside 1.0 of a commit."""


class Candidate(NamedTuple):
    """`row` of the table is the first that it could touch."""

    change: Change
    row: int
    path: list[NodeRef]
    prior: float


def find_candidates(changes: Iterable[Change], table: Table, reach: Reach, alert: Alert) -> list[Candidate]:
    """The changes whose job is upstream of the one that measured, at the row that each first could touch."""
    rows = {run: index for index, run in reversed(list(enumerate(table.runs)))}
    measuring = NodeRef("JOB", alert.job_namespace, alert.job_name)
    ordered = sorted(changes, key=lambda change: change.event_time)
    changed = {change.run for change in ordered}
    seen: dict[tuple[NodeRef, str, str], int] = {}
    found = []
    for change in ordered:
        identity = (change.job, change.what, change.subject)
        seen[identity] = seen.get(identity, 0) + 1
        path = reach.path(change.job, measuring)
        index = _first_row(change, rows, table, reach) if path else None
        if path is None or index is None or index == 0 or _follows(change, changed, reach):
            continue
        # What happened many times without harm is not the first to be suspected.
        prior = _PRIORS.get(change.what.partition(".")[0], _OTHER_PRIOR) / seen[identity]
        found.append(Candidate(change, index, path, prior))
    return found


def _first_row(change: Change, rows: dict[RunKey, int], table: Table, reach: Reach) -> int | None:
    """By the versions that went from run to run; where none are known, the first reading taken after the change."""
    touched = [rows[run] for run in reach.reached(change.run) if run in rows]
    if touched:
        return min(touched)
    if change.mode == "BACKFILL":
        return None
    later = (index for index, run in enumerate(table.runs) if (reach.started(run) or 0) >= change.event_time)
    return next(later, None)


def _follows(change: Change, changed: set[RunKey], reach: Reach) -> bool:
    """A new input version whose making run itself changed: that one is the cause to look at."""
    if change.what != "input_version" or not change.subject:
        return False
    node = NodeRef(*msgspec.json.decode(change.subject, type=tuple[str, str, str]))
    makers = {reach.maker(node, version) for version in change.after.split(", ")}
    return bool(makers & (changed - {change.run}))
