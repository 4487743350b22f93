"""Why a run failed: what failed upstream of it before, and what failed after it for want of what it should have made."""

from collections.abc import Iterable

from leadline.core.clock import Micros

from ..node import NodeRef
from .answer import Failure
from .facts import FAILED, Facts, Run, RunKey
from .reach import Reach


def explain_failure(facts: Facts, failed: RunKey, reach: Reach) -> Failure | None:
    """None where the run is not known or did not fail."""
    run = reach.runs.get(failed)
    if run is None or run.state not in FAILED:
        return None
    broken = [other for other in facts.runs if other.state in FAILED and other.key != run.key and _same_slot(other, run)]
    upstream = _related(run, broken, reach, up=True)
    chain = [*upstream, run]
    return Failure(
        run=run,
        root=upstream[0] if upstream else None,
        chain=chain,
        followers=_related(run, broken, reach, up=False),
        last_success=_last_success(facts.runs, run),
        later_try=_later_try(facts.runs, run),
    )


def _same_slot(other: Run, run: Run) -> bool:
    """About the same nominal time; where one has none, not after it has ended."""
    if other.nominal_at is not None and run.nominal_at is not None:
        return other.nominal_at == run.nominal_at
    return True


def _related(run: Run, broken: Iterable[Run], reach: Reach, *, up: bool) -> list[Run]:
    """In the order in which they failed: of each job upstream the last failure before the run, downstream the first after."""
    found: dict[NodeRef, Run] = {}
    for other in sorted(broken, key=_moment, reverse=up):
        path = reach.path(other.job, run.job) if up else reach.path(run.job, other.job)
        in_time = _moment(other) <= _moment(run) if up else _moment(other) >= _moment(run)
        if path and len(path) > 1 and in_time:
            found.setdefault(other.job, other)
    return sorted(found.values(), key=_moment)


def _last_success(runs: Iterable[Run], run: Run) -> Run | None:
    """Of the same job, before it."""
    good = (other for other in runs if other.job == run.job and other.state == "COMPLETE" and _moment(other) < _moment(run))
    return max(good, key=_moment, default=None)


def _later_try(runs: Iterable[Run], run: Run) -> Run | None:
    """Of the same job about the same slot, begun after it; one that succeeded before all others."""
    if run.nominal_at is None:
        return None
    mode = run.mode == "TEST"
    tries = (
        other
        for other in runs
        if (other.job, other.nominal_at, other.mode == "TEST") == (run.job, run.nominal_at, mode)
        and (other.started_at or 0) > (run.started_at or 0)
    )
    return max(tries, key=lambda other: (other.state == "COMPLETE", other.started_at or 0), default=None)


def _moment(run: Run) -> Micros:
    return run.ended_at or run.started_at or 0
