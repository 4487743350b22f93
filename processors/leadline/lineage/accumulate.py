"""One run's events add up: any order, any repetition, the same run."""

from collections.abc import Iterable
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from leadline.core.clock import Micros
from leadline.events.ids import digest
from leadline.events.records import ColumnEdge, RunEvent, RunIo, Transformation
from leadline.events.records.run import TERMINAL_TYPES, JobDependency

from .state import Columns, Edge, Ending, Job, Node, Run, Said

_MAX_IO = 10_000
"""Nodes on one side of one event; more are in the store's run_io, but make no edges."""
_NOTHING = Said()
_MAX_COLUMNS = 20_000
"""Edges between columns that one event may say."""
_CENTURY_SECONDS = 100 * 366 * 86_400
_MAX_ENDINGS = 16
_ENDLESS = ("STREAMING", "SERVICE")

Comparable = TypeVar("Comparable", int, float, str)


def accumulate(job: Job, event: RunEvent, recorded_at: int) -> tuple[Run, dict[str, dict[str, str]], dict[str, Columns]]:
    """The run after the event, and the event's descriptions and columns by digest. Where nothing is new the run equals what it
    was."""
    columns = to_columns(event.columns)
    described = {digest(msgspec.json.encode(sorted(part.items()))): part for part in _describe(event) if part}
    before = job.run(event.run_id)
    run = _first(job, event, recorded_at) if before is None else before
    started = _least(run.started_at, event.event_time if event.event_type == "START" else None)
    return (
        replace(
            run,
            first_at=min(run.first_at, event.event_time),
            started_at=started,
            # Signs of life count for open runs only; after the end they would change the state for nothing.
            last_recorded_at=run.last_recorded_at if run.endings else max(run.last_recorded_at, recorded_at),
            endings=_endings(run, event),
            descriptions=_descriptions(run, described, event.event_time),
            said=_said(run.said, event, frozenset(columns)),
            endless=run.endless or event.processing_type in _ENDLESS,
            nominal_at=_greatest(run.nominal_at, event.nominal_at),
            mode=max(run.mode, event.mode),
            attempt=max(run.attempt, event.attempt),
            heartbeat_seconds=_greatest(run.heartbeat_seconds, _sensible(event.heartbeat_seconds)),
            deadline_at=_greatest(run.deadline_at, event.deadline_at),
        ),
        described,
        columns,
    )


def to_columns(edges: list[ColumnEdge]) -> dict[str, Columns]:
    """By digest; empty where there are none."""
    if not edges:
        return {}
    found: dict[Edge, dict[Transformation, None]] = {}
    for edge in edges:
        ends = Edge(
            Node(edge.source_kind, edge.source_namespace, edge.source_name),
            Node(edge.target_kind, edge.target_namespace, edge.target_name),
            edge.source_field,
            edge.target_field,
        )
        found.setdefault(ends, {}).update(dict.fromkeys(edge.transformations))
    ordered = sorted(found.items(), key=lambda column: column[0])[:_MAX_COLUMNS]
    columns = tuple((ends, tuple(transformations)) for ends, transformations in ordered)
    return {digest(msgspec.json.encode(columns)): columns}


def facts(job: Job, run: Run) -> dict[str, str]:
    """What is known of the run: code, parameters, packages, engine, container, actor. Later descriptions win."""
    found: dict[str, str] = {}
    for _, key in sorted((at, key) for key, at in run.descriptions.items()):
        found |= job.descriptions[key]
    return found


def _first(job: Job, event: RunEvent, recorded_at: int) -> Run:
    run = Run(run_id=event.run_id, first_at=event.event_time, last_recorded_at=recorded_at)
    return replace(run, late=job.past.until is not None and run.order <= job.past.until)


def _describe(event: RunEvent) -> Iterable[dict[str, str]]:
    """Packages apart: they are many and seldom change, so that the runs share them."""
    dirty = "" if event.code_dirty is None else str(event.code_dirty).lower()
    named = {
        "code.commit": event.code_commit,
        "code.dirty": dirty,
        "code.hash": event.code_hash,
        "engine": event.engine,
        "container": event.container,
        "actor": event.actor,
    }
    parameters = {f"parameter.{name}": value for name, value in event.parameters.items()}
    yield {name: value for name, value in named.items() if value} | parameters
    yield {f"package.{name}": value for name, value in event.packages.items()}


def _descriptions(run: Run, described: dict[str, dict[str, str]], at: int) -> dict[str, int]:
    newer = {key: at for key in described if run.descriptions.get(key, -1) < at}
    return run.descriptions | newer if newer else run.descriptions


def _sensible(seconds: float | None) -> float | None:
    """None for what is no duration of anything: NaN, which has no order, less than nothing, more than a century."""
    return seconds if seconds is not None and 0 <= seconds <= _CENTURY_SECONDS else None


def _endings(run: Run, event: RunEvent) -> tuple[Ending, ...]:
    if event.event_type not in (*TERMINAL_TYPES, "LOST"):
        return run.endings
    known = {(ending.type, ending.time): ending for ending in run.endings}
    key = (event.event_type, event.event_time)
    before = known.get(key)
    known[key] = Ending(
        event.event_type,
        event.event_time,
        _greatest(before.duration_seconds if before else None, _sensible(event.duration_seconds)),
        _greatest(before.peak_memory_bytes if before else None, event.peak_memory_bytes),
    )
    return tuple(sorted(known.values(), key=lambda ending: ending.standing)[-_MAX_ENDINGS:])


def _control(event: RunEvent, dependency: JobDependency) -> Edge:
    this = Node("JOB", event.job_namespace, event.job_name)
    other = Node("JOB", dependency.job_namespace, dependency.job_name)
    return Edge(other, this) if dependency.direction == "UPSTREAM" else Edge(this, other)


def _said(known: dict[Micros, Said], event: RunEvent, columns: frozenset[str]) -> dict[Micros, Said]:
    """With each part at the earliest time at which it was said; the very same where nothing is new."""
    new = Said(
        _bounded(event.inputs),
        _bounded(event.outputs),
        columns,
        frozenset(_control(event, dependency) for dependency in event.dependencies),
        event.partial,
    )
    at = event.event_time
    for earlier, said in known.items():
        if earlier <= at:
            new = _without(new, said)
    if new == _NOTHING:
        return known
    found = {time: _without(said, new) if time > at else said for time, said in known.items()}
    found[at] = _with(found[at], new) if at in found else new
    return {time: said for time, said in sorted(found.items()) if said != _NOTHING}


def _without(some: Said, others: Said) -> Said:
    return Said(
        some.inputs - others.inputs,
        some.outputs - others.outputs,
        some.columns - others.columns,
        some.controls - others.controls,
        some.partial and not others.partial,
    )


def _with(some: Said, others: Said) -> Said:
    return Said(
        some.inputs | others.inputs,
        some.outputs | others.outputs,
        some.columns | others.columns,
        some.controls | others.controls,
        some.partial or others.partial,
    )


def _bounded(ios: list[RunIo]) -> frozenset[RunIo]:
    return frozenset(ios if len(ios) <= _MAX_IO else sorted(ios, key=_by_text)[:_MAX_IO])


def _by_text(io: RunIo) -> tuple[str, ...]:
    return (io.kind, io.namespace, io.name, io.version, io.schema_version)


def _least(a: Comparable | None, b: Comparable | None) -> Comparable | None:
    return min((x for x in (a, b) if x is not None), default=None)


def _greatest(a: Comparable | None, b: Comparable | None) -> Comparable | None:
    return max((x for x in (a, b) if x is not None), default=None)
