"""What happened upstream and could have touched a measurement, with the runs that it could touch first."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from leadline.core.clock import Micros

from ..node import NodeRef
from .facts import Alert, Change, RunKey
from .happened import DECISION, RUN_FAILED
from .reach import Reach
from .witnesses import Witness

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
    "input_late": 0.5,
    "run": 0.5,
    "decision": 0.5,
}
_OTHER_PRIOR = 0.3
"""How often a change of this kind is to blame, beside 1.0 of a commit."""


class Candidate(NamedTuple):
    """`touched` are the runs that it could touch, directly or not; `row` is the first of the main table.

    `passed`: it was over at some time, and `touched` are all runs before that; else it goes on.
    """

    change: Change
    touched: frozenset[RunKey]
    row: int
    path: list[NodeRef]
    prior: float
    passed: bool


def find_candidates(changes: Iterable[Change], main: Witness, reach: Reach, alert: Alert) -> list[Candidate]:
    """The changes whose job is upstream of the one that measured, at the row that each first could touch."""
    measuring = NodeRef("JOB", alert.job_namespace, alert.job_name)
    ordered = sorted(changes, key=lambda change: change.event_time)
    changed = {change.run for change in ordered if change.run_id}
    seen: dict[tuple[NodeRef, str, str], int] = {}
    found = []
    for change in ordered:
        identity = (change.job, change.what, change.subject)
        seen[identity] = seen.get(identity, 0) + 1
        path = reach.path(change.job, measuring)
        if path is None or follows(change, changed, reach):
            continue
        until = reach.succeeded_after(change.job, change.event_time) if change.what == RUN_FAILED else None
        touched = frozenset(reach.reached(_runs(change, until, reach)))
        row = first_row(change, touched, main, reach)
        if row:
            # What happened many times without harm is not the first to be suspected.
            prior = _PRIORS.get(change.what.partition(".")[0], _OTHER_PRIOR) / seen[identity]
            found.append(Candidate(change, touched, row, path, prior, until is not None))
    return found


def first_row(change: Change, touched: frozenset[RunKey], of: Witness, reach: Reach) -> int | None:
    """By the versions that went from run to run; where none are known, the first reading taken after the change."""
    rows = [of.rows[run] for run in touched if run in of.rows]
    if rows:
        return min(rows)
    if change.mode == "BACKFILL":
        return None
    later = (index for index, run in enumerate(of.table.runs) if (reach.started(run) or 0) >= change.event_time)
    return next(later, None)


def _runs(change: Change, until: Micros | None, reach: Reach) -> set[RunKey]:
    """The run that changed; of a failure those that had to do without, of a decision those that used the node after it."""
    if change.what == RUN_FAILED:
        return reach.users(reach.written_by(change.job), change.event_time, until, writers=False)
    if change.what.startswith(DECISION):
        return reach.users([_node(change.subject)], change.event_time, None, writers=True)
    return {change.run}


def follows(change: Change, changed: set[RunKey], reach: Reach) -> bool:
    """A new version or schema of an input whose making run itself changed: that one is the cause to look at."""
    if change.what not in {"input_version", "schema"} or not change.subject:
        return False
    node = _node(change.subject)
    makers = {reach.maker(node, version) for read, version in reach.inputs(change.run) if read == node}
    return bool(makers & (changed - {change.run}))


def _node(text: str) -> NodeRef:
    return NodeRef(*msgspec.json.decode(text, type=tuple[str, str, str]))
