"""Builds run events, plays them to the pure function, and says what holds in the end."""

from collections.abc import Iterable
from typing import Any

import msgspec

from leadline.core.clock import SECOND
from leadline.events.ids import derived_id
from leadline.events.records import (
    ChangeDetected,
    ColumnEdge,
    EdgeObserved,
    Event,
    JobDeclared,
    JobDependency,
    MetricsReported,
    RunEvent,
    RunIo,
    Tick,
    Transformation,
)
from leadline.lineage.graph import step
from leadline.lineage.state import Job

T0 = 1_760_000_000 * SECOND


def at(seconds: float) -> int:
    return T0 + round(seconds * SECOND)


def io(name: str, version: str = "", kind: str = "DATASET", schema: str = "") -> RunIo:
    return RunIo(kind=kind, namespace="s3://lake", name=name, version=version, schema_version=schema)


def column(source: str, target: str, *how: str) -> ColumnEdge:
    """`source` and `target` as NAME.FIELD, each of `how` as TYPE/SUBTYPE."""
    (source_name, source_field), (target_name, target_field) = source.split("."), target.split(".")
    return ColumnEdge(
        source_namespace="s3://lake",
        source_name=source_name,
        source_field=source_field,
        target_namespace="s3://lake",
        target_name=target_name,
        target_field=target_field,
        transformations=[Transformation(type=one.split("/")[0], subtype=one.split("/")[1]) for one in how],
    )


def waits_for(name: str) -> JobDependency:
    return JobDependency(direction="UPSTREAM", job_namespace="ns", job_name=name)


def declared(seconds: float, **fields: Any) -> JobDeclared:
    return JobDeclared(
        event_id=derived_id("declared", seconds, sorted(map(str, fields.items()))),
        event_time=at(seconds),
        producer="test/1",
        job_namespace="ns",
        job_name="job",
        **fields,
    )


def run_event(kind: str, run: str, seconds: float, **fields: Any) -> RunEvent:
    return RunEvent(
        event_id=derived_id(kind, run, seconds, sorted(map(str, fields.items()))),
        event_time=at(seconds),
        producer="test/1",
        run_id=run,
        job_namespace="ns",
        job_name="job",
        event_type=kind,
        **fields,
    )


def whole_run(run: str, start: float, end: float, kind: str = "COMPLETE", **fields: Any) -> list[RunEvent]:
    return [run_event("START", run, start, **fields), run_event(kind, run, end)]


def tick(seconds: float) -> Tick:
    return Tick(event_id=derived_id("tick", seconds), event_time=at(seconds), producer="test/1")


def _seconds(micros: int) -> float:
    return (micros - T0) / SECOND


class Told:
    """Plays events; what they gave is in `events`, in order. Recorded when they happened, unless said otherwise."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.job: Job | None = None
        self.events: list[Event] = []
        self.play(*events)

    def play(self, *events: Event, recorded_at: int | None = None) -> list[Event]:
        new: list[Event] = []
        for event in events:
            self.job, outputs = step(self.job, event, event.event_time if recorded_at is None else recorded_at)
            new += outputs
        self.events += new
        return new

    def edges(self, granularity: str) -> dict[tuple[str, ...], tuple[int, int, int | None]]:
        """Source and target (with versions and run at run level) and start, to last seen and end."""
        return {
            (e.source_name, e.source_version, e.target_name, e.target_version, e.run_id, str(e.valid_from - T0)): (
                e.valid_from,
                e.last_seen,
                e.valid_to,
            )
            for e in latest(e for e in self.events if isinstance(e, EdgeObserved) and e.granularity == granularity)
        }

    def intervals(self) -> dict[tuple[str, str, float], float | None]:
        """Of the job's edges: source, target, start in seconds to end in seconds."""
        return {
            (e.source_name, e.target_name, (e.valid_from - T0) / SECOND): None
            if e.valid_to is None
            else (e.valid_to - T0) / SECOND
            for e in latest(e for e in self.events if isinstance(e, EdgeObserved) and e.granularity == "JOB")
        }

    def columns(self) -> dict[tuple[str, str, float], tuple[float | None, list[str]]]:
        """Source and target as NAME.FIELD and start in seconds, to end in seconds and transformations."""
        return {
            (f"{e.source_name}.{e.source_field}", f"{e.target_name}.{e.target_field}", _seconds(e.valid_from)): (
                None if e.valid_to is None else _seconds(e.valid_to),
                [f"{how.type}/{how.subtype}" for how in e.transformations],
            )
            for e in latest(e for e in self.events if isinstance(e, EdgeObserved) and e.granularity == "COLUMN")
        }

    def controls(self) -> dict[tuple[str, str, float], float | None]:
        """The job before, the job after and start in seconds, to end in seconds."""
        return {
            (e.source_name, e.target_name, _seconds(e.valid_from)): None if e.valid_to is None else _seconds(e.valid_to)
            for e in latest(e for e in self.events if isinstance(e, EdgeObserved) and e.granularity == "CONTROL")
        }

    def changes(self) -> dict[tuple[str, str], tuple[str, str]]:
        return {
            (e.run_id, e.what): (e.before, e.after) for e in latest(e for e in self.events if isinstance(e, ChangeDetected))
        }

    def reading(self, run: str, metric: str = "run.succeeded") -> float | None:
        """The newest by event_time."""
        found = [
            (e.event_time, r.value)
            for e in self.events
            if isinstance(e, MetricsReported) and e.run_id == run
            for r in e.readings
            if r.metric == metric
        ]
        return max(found)[1] if found else None

    def outcome(self) -> object:
        """All that must not depend on the order of the events."""
        edges = [strip(e) for e in latest(e for e in self.events if isinstance(e, EdgeObserved))]
        changes = [strip(e) for e in latest(e for e in self.events if isinstance(e, ChangeDetected))]
        runs = self.job.runs if self.job else ()
        return (
            sorted(edges, key=str),
            sorted(changes, key=str),
            {run.run_id: (self.reading(run.run_id), run.ending and run.ending.type) for run in runs},
        )


def identity(event: EdgeObserved | ChangeDetected) -> tuple[object, ...]:
    if isinstance(event, ChangeDetected):
        return (event.run_id, event.what, event.subject)
    return (
        event.granularity,
        (event.source_kind, event.source_namespace, event.source_name, event.source_version, event.source_field),
        (event.target_kind, event.target_namespace, event.target_name, event.target_version, event.target_field),
        event.run_id,
        event.valid_from,
    )


def latest(events: Iterable[Any]) -> list[Any]:
    """The newest revision of each, without what was retracted."""
    found: dict[tuple[object, ...], Any] = {}
    for event in events:
        before = found.get(identity(event))
        if before is None or event.revision >= before.revision:
            found[identity(event)] = event
    return [event for event in found.values() if not event.retracted]


def strip(event: Event) -> dict[str, Any]:
    """Without what says only when it became known."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    return {name: value for name, value in fields.items() if name not in ("event_id", "revision")}
