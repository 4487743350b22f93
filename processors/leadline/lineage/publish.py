"""The difference between what followed from the runs before an event and what follows after it, as events.

Ids are derived from what they are about and the job's revision, so a replay sends the same events.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import TypeVar

from leadline.events.ids import derived_id
from leadline.events.records import ChangeDetected, EdgeObserved, Event, MetricsReported, Reading, RunEvent

from .changes import ChangeKey, Difference, changes, followers
from .edges import EdgeKey, Validity, run_edges, speaks_of_edges, validities, words
from .readings import UNITS, ReadingKey, readings
from .state import Job, Run

PRODUCER = f"leadline-lineage/{version('leadline')}"
SOURCE = "leadline"

Key = TypeVar("Key")
Value = TypeVar("Value")


def differences(before: Job, after: Job, was: Run | None, run: Run) -> list[Event]:
    """What is new or corrected by one run's step from `was` to `run`. `after.revision` is the new revision."""
    return [
        *_edges(after, run.run_id, run_edges(was) if was else {}, run_edges(run)),
        *_job_edges(before, after, was, run),
        *_changes(before, after, was, run),
        *_readings(after, run, readings(was) if was else {}, readings(run)),
    ]


def lost(job: Job, run: Run, at: int) -> RunEvent:
    """The event by which everyone learns that the run is LOST."""
    return RunEvent(
        event_id=derived_id("lost", job.namespace, job.name, run.run_id, at),
        event_time=at,
        producer=PRODUCER,
        source=SOURCE,
        run_id=run.run_id,
        job_namespace=job.namespace,
        job_name=job.name,
        event_type="LOST",
        nominal_at=run.nominal_at,
        mode=run.mode,
        attempt=run.attempt,
    )


def _job_edges(before: Job, after: Job, was: Run | None, run: Run) -> list[Event]:
    spoke = was is not None and speaks_of_edges(before, was)
    return job_edges(before, after) if spoke or speaks_of_edges(after, run) else []


def job_edges(before: Job, after: Job) -> list[Event]:
    """What is new or corrected of the edges of the job as a whole."""
    said, says = words(before), words(after)
    return [] if said == says else list(_edges(after, "", *validities(after.past, said, says)))


def _edges(job: Job, run_id: str, was: Mapping[EdgeKey, Validity], now: Mapping[EdgeKey, Validity]) -> Iterator[Event]:
    for key, validity, retracted in _different(was, now):
        yield _edge(job, run_id, key, validity, retracted=retracted)


def _edge(job: Job, run_id: str, key: EdgeKey, validity: Validity, *, retracted: bool) -> EdgeObserved:
    edge = key.edge
    granularity = "RUN" if run_id else edge.granularity
    columns = (edge.source_field, edge.target_field) if granularity == "COLUMN" else ()
    return EdgeObserved(
        event_id=derived_id(
            "edge",
            granularity,
            *edge.source,
            key.source_version,
            *edge.target,
            key.target_version,
            job.namespace,
            job.name,
            run_id,
            key.valid_from,
            job.revision,
            *columns,
        ),
        event_time=validity.last_seen,
        producer=PRODUCER,
        source=SOURCE,
        granularity=granularity,
        source_kind=edge.source.kind,
        source_namespace=edge.source.namespace,
        source_name=edge.source.name,
        source_version=key.source_version,
        source_field=edge.source_field,
        target_kind=edge.target.kind,
        target_namespace=edge.target.namespace,
        target_name=edge.target.name,
        target_version=key.target_version,
        target_field=edge.target_field,
        job_namespace=job.namespace,
        job_name=job.name,
        run_id=run_id,
        valid_from=key.valid_from,
        valid_to=validity.valid_to,
        last_seen=validity.last_seen,
        revision=job.revision,
        retracted=retracted,
        transformations=list(validity.transformations),
    )


def _changes(before: Job, after: Job, was: Run | None, run: Run) -> Iterator[Event]:
    if was is not None and _compared_by(was) == _compared_by(run):
        return
    affected = followers(after, run) | (followers(before, was) if was else set()) | {run.run_id}
    for run_id in sorted(affected):
        then, now = before.run(run_id), after.run(run_id)
        assert now is not None
        for key, difference, retracted in _different(changes(before, then) if then else {}, changes(after, now)):
            yield _change(after, key, difference, retracted=retracted)


def _compared_by(run: Run) -> tuple[object, ...]:
    return (
        run.order,
        run.descriptions,
        run.mode,
        run.nominal_at,
        run.succeeded,
        run.inputs,
        run.outputs,
        run.started_at is None,
    )


def _change(job: Job, key: ChangeKey, difference: Difference, *, retracted: bool) -> ChangeDetected:
    return ChangeDetected(
        event_id=derived_id("change", job.namespace, job.name, key.run_id, key.what, key.subject, job.revision),
        event_time=difference.event_time,
        producer=PRODUCER,
        source=SOURCE,
        kind="JOB",
        namespace=job.namespace,
        name=job.name,
        what=key.what,
        subject=key.subject,
        before=difference.before,
        after=difference.after,
        job_namespace=job.namespace,
        job_name=job.name,
        run_id=key.run_id,
        previous_run_id=difference.previous_run_id,
        revision=job.revision,
        actor=difference.actor,
        mode=difference.mode,
        slot=difference.slot,
        retracted=retracted,
    )


def _readings(
    job: Job, run: Run, was: Mapping[ReadingKey, float], now: Mapping[ReadingKey, float]
) -> Iterator[MetricsReported]:
    """One report for each end of the run, of what was not said of it before."""
    new: dict[tuple[int, int], dict[str, float]] = defaultdict(dict)
    for key, value in sorted(now.items()):
        if was.get(key) != value:
            new[key.event_time, key.ended_at][key.metric] = value
    for (event_time, ended_at), values in new.items():
        said = (f"{metric}={value!r}" for metric, value in values.items())
        yield MetricsReported(
            event_id=derived_id("run-readings", job.namespace, job.name, run.run_id, event_time, ended_at, *said),
            event_time=event_time,
            producer=PRODUCER,
            source=SOURCE,
            kind="JOB",
            namespace=job.namespace,
            name=job.name,
            job_namespace=job.namespace,
            job_name=job.name,
            run_id=run.run_id,
            slot=run.nominal_at,
            mode=run.mode,
            attempt=run.attempt,
            run_ended_at=ended_at,
            readings=[Reading(metric=metric, value=value, unit=UNITS[metric]) for metric, value in values.items()],
        )


def _different(was: Mapping[Key, Value], now: Mapping[Key, Value]) -> Iterator[tuple[Key, Value, bool]]:
    """What is new or other than it was, and what is no more (retracted), in a fixed order."""
    for key in was:
        if key not in now:
            yield key, was[key], True
    for key, value in now.items():
        if was.get(key) != value:
            yield key, value, False
