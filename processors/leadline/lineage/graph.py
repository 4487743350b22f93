"""The lineage of one job as a pure function: state and event to state and events. No clock, no I/O."""

from collections.abc import Sequence
from typing import cast

from msgspec.structs import replace

from leadline.core.clock import SECOND, Micros
from leadline.events.records import Event, RunEvent, Tick

from .accumulate import accumulate
from .lost import lost_at
from .publish import differences, lost
from .readings import duration
from .state import Job, Run
from .window import fold


def step(job: Job | None, event: Event, recorded_at: Micros) -> tuple[Job, Sequence[Event]]:
    """The job after the event, and what followed from it; the very same job where nothing changed.

    Takes RunEvent and Tick, raises TypeError for other records.
    """
    if isinstance(event, Tick) and job is not None:
        return _declare_lost(job, recorded_at)
    if not isinstance(event, RunEvent):
        raise TypeError(f"lineage is made of RunEvent, not of {type(event).__name__}")
    before = job or Job(namespace=event.job_namespace, name=event.job_name)
    was = before.run(event.run_id)
    run, described = accumulate(before, event, recorded_at)
    if run == was:
        return before, []
    after = replace(
        before,
        runs=_with(before.runs, run),
        descriptions=before.descriptions | described,
        longest=max(before.longest, _micros(run)),
        revision=before.revision + 1,
    )
    events = differences(before, after, was, run)
    return fold(after if events else replace(after, revision=before.revision)), events


def _with(runs: tuple[Run, ...], run: Run) -> tuple[Run, ...]:
    """In the order of their start."""
    others = [other for other in runs if other.run_id != run.run_id]
    at = len(others)
    while at and others[at - 1].order > run.order:
        at -= 1
    return (*others[:at], run, *others[at:])


def _micros(run: Run) -> Micros:
    seconds = (duration(run, ending) for ending in run.endings if ending.type != "LOST")
    return round(max((found for found in seconds if found is not None), default=0.0) * SECOND)


def _declare_lost(job: Job, now: Micros) -> tuple[Job, Sequence[Event]]:
    due = {run.run_id: at for run in job.runs if (at := lost_at(job, run)) is not None and at <= now}
    if not due:
        return job, []
    runs = tuple(replace(run, declared_lost=True) if run.run_id in due else run for run in job.runs)
    return replace(job, runs=runs), [lost(job, cast(Run, job.run(run_id)), at) for run_id, at in due.items()]
