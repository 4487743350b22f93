"""The lineage of one job as a pure function: state and event to state and events. No clock, no I/O."""

from collections.abc import Sequence
from typing import cast

from msgspec.structs import replace

from leadline.core.clock import SECOND, Micros
from leadline.events.records import Event, JobDeclared, RunEvent, Tick

from .accumulate import accumulate, to_columns
from .lost import lost_at
from .publish import differences, job_edges, lost
from .readings import duration
from .state import Design, Job, Run
from .window import fold


def step(job: Job | None, event: Event, recorded_at: Micros) -> tuple[Job, Sequence[Event]]:
    """The job after the event, and what followed from it; the very same job where nothing changed.

    Takes RunEvent, JobDeclared and Tick, raises TypeError for other records.
    """
    if isinstance(event, Tick) and job is not None:
        return _declare_lost(job, recorded_at)
    if isinstance(event, JobDeclared):
        return _declare(job or Job(namespace=event.job_namespace, name=event.job_name), event)
    if not isinstance(event, RunEvent):
        raise TypeError(f"lineage is made of RunEvent and JobDeclared, not of {type(event).__name__}")
    before = job or Job(namespace=event.job_namespace, name=event.job_name)
    was = before.run(event.run_id)
    run, described, columns = accumulate(before, event, recorded_at)
    if run == was:
        return before, []
    after = replace(
        before,
        runs=_with(before.runs, run),
        descriptions=before.descriptions | described,
        columns=before.columns if columns.keys() <= before.columns.keys() else before.columns | columns,
        longest=max(before.longest, _micros(run)),
        revision=before.revision + 1,
    )
    events = differences(before, after, was, run)
    return fold(after if events else replace(after, revision=before.revision)), events


def _declare(before: Job, event: JobDeclared) -> tuple[Job, Sequence[Event]]:
    columns = to_columns(event.columns)
    inputs, outputs = frozenset(event.inputs), frozenset(event.outputs)
    design = Design(event.event_time, event.event_id, inputs, outputs, next(iter(columns), ""))
    if design in before.designs or not before.is_later(design):
        return before, []
    after = replace(
        before,
        designs=tuple(sorted((*before.designs, design), key=lambda one: one.order)),
        columns=before.columns | columns,
        revision=before.revision + 1,
    )
    return fold(after), job_edges(before, after)


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
