"""Captured runs: everything that the events of one run say together."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TypeGuard

from leadline.core.clock import to_datetime
from leadline.events.records import (
    DecisionRecorded,
    Event,
    LogLine,
    LogPointer,
    LogsReported,
    MetricsReported,
    RunEvent,
    VersionDescribed,
)
from leadline.events.records.run import TERMINAL_TYPES

from ..column import Column, source_of
from ..logs import LEVELS, level_name
from ..nodes import Node
from . import decisions
from .lookup import Snapshot, one, wanted
from .metrics import CapturedMetric, MetricFilter, metrics_of, named
from .versions import CapturedVersion, asked_version, versions_of


class CapturedRun:
    """A run as far as it had come when it was asked for; ask again to see more.

    Inputs, outputs, parameters and tags of a run that still goes on come with its next event, as they do in production.

    In the singular (`metric`, `input` ...) exactly one is found, else an AssertionError says what there was; in the plural all.
    """

    def __init__(self, events: Sequence[RunEvent], snapshot: Snapshot) -> None:
        self.events = list(events)
        """Its RunEvents in order; the first has host, code, packages and the like."""
        self._snapshot = snapshot

    def __repr__(self) -> str:
        counts = {"input": len(self.inputs()), "output": len(self.outputs()), "metric": len(self.metrics())}
        said = ", ".join(f"{number} {what}{'s' if number > 1 else ''}" for what, number in counts.items() if number)
        error = f" ({self.error_type}: {self.error_message})" if self.error_type else ""
        return f"<run {self.name!r} in {self.namespace!r} {self.state}{error}{f': {said}' if said else ''}>"

    # -- what it is

    @property
    def name(self) -> str:
        return self.events[0].job_name

    @property
    def namespace(self) -> str:
        return self.events[0].job_namespace

    @property
    def run_id(self) -> str:
        return self.events[0].run_id

    @property
    def state(self) -> str:
        """RUNNING, or how it ended: COMPLETE, FAIL or ABORT."""
        return self._end.event_type if self._end else "RUNNING"

    @property
    def error_type(self) -> str:
        """The exception's class; empty where it did not fail."""
        return self._end.error_type if self._end else ""

    @property
    def error_message(self) -> str:
        return self._end.error_message if self._end else ""

    @property
    def error_stack(self) -> str:
        return self._end.error_stack if self._end else ""

    @property
    def slot(self) -> datetime | None:
        """The nominal time that it is about, UTC."""
        moment = self.events[0].nominal_at
        return None if moment is None else to_datetime(moment)

    @property
    def mode(self) -> str:
        return self.events[0].mode

    @property
    def attempt(self) -> int:
        return self.events[0].attempt

    @property
    def owner(self) -> str:
        return self.events[0].owner

    @property
    def parameters(self) -> dict[str, str]:
        return {name: value for event in self.events for name, value in event.parameters.items()}

    @property
    def tags(self) -> dict[str, str]:
        return {name: value for event in self.events for name, value in event.tags.items()}

    # -- what it read and wrote

    def inputs(self, name: str = "") -> list[Node]:
        return self._ios("inputs", name)

    def input(self, name: str = "") -> Node:
        """For example `run.input("churn") == track.model("mlflow://prod", "churn", version="7")`."""
        __tracebackhide__ = True
        return one(self.inputs(name), f"{wanted('input', name)} of {self!r}", self.inputs(), self._snapshot.note, named)

    def outputs(self, name: str = "") -> list[Node]:
        return self._ios("outputs", name)

    def output(self, name: str = "") -> Node:
        __tracebackhide__ = True
        return one(self.outputs(name), f"{wanted('output', name)} of {self!r}", self.outputs(), self._snapshot.note, named)

    def columns(self, output: str = "") -> dict[str, list[Column]]:
        """By the output's column, the columns that it was made from; under an empty name those that decided on its rows.

        `run.columns("features")["delay"] == [track.column(flights, "dep_delay")]`
        """
        found: dict[str, list[Column]] = {}
        for edge in (edge for event in self.events for edge in event.columns if output in ("", edge.target_name)):
            sources, source = found.setdefault(edge.target_field, []), source_of(edge)
            if source not in sources:
                sources.append(source)
        return found

    def _ios(self, field: str, name: str) -> list[Node]:
        ios = dict.fromkeys(io for event in self.events for io in getattr(event, field))
        nodes = [Node(io.kind, io.namespace, io.name, io.version, io.schema_version) for io in ios]
        return [node for node in nodes if name in ("", node.name)]

    # -- what it said

    def metrics(
        self,
        name: str = "",
        *,
        of: Node | None = None,
        dims: Mapping[str, object] | None = None,
        slot: datetime | date | None = None,
    ) -> list[CapturedMetric]:
        return MetricFilter(name, of, dims, slot).among(metrics_of(self._own(), self._snapshot.events))

    def metric(
        self,
        name: str = "",
        *,
        of: Node | None = None,
        dims: Mapping[str, object] | None = None,
        slot: datetime | date | None = None,
    ) -> CapturedMetric:
        """`of` is the node, of any version unless it names one; `dims` are all its dimensions."""
        __tracebackhide__ = True
        asked = MetricFilter(name, of, dims, slot)
        return one(asked.among(self.metrics()), f"{asked} of {self!r}", self.metrics(), self._snapshot.note)

    def logs(self, text: str = "", *, level: int | str = "DEBUG") -> list[LogLine]:
        """The lines that contain `text`, from `level` on."""
        lines = [line for event in self._own() if isinstance(event, LogsReported) for line in event.lines]
        lowest = _rank(level_name(level))
        return [line for line in lines if text in line.message and _rank(line.level) >= lowest]

    def log(self, text: str = "", *, level: int | str = "DEBUG") -> LogLine:
        __tracebackhide__ = True
        asked = f"{wanted('log line', text)} from {level_name(level)} on of {self!r}"
        return one(self.logs(text, level=level), asked, self.logs(), self._snapshot.note, _show_line)

    def log_pointers(self, kind: str = "") -> list[LogPointer]:
        """Where more of its log is; `kind` is file, s3, gcs, cloudwatch or url."""
        pointers = [pointer for event in self._own() if isinstance(event, LogsReported) for pointer in event.pointers]
        return [pointer for pointer in pointers if kind in ("", pointer.kind)]

    def log_pointer(self, kind: str = "") -> LogPointer:
        __tracebackhide__ = True
        asked = f"{wanted('log pointer', kind)} of {self!r}"
        return one(self.log_pointers(kind), asked, self.log_pointers(), self._snapshot.note, _show_pointer)

    def decisions(self, action: str = "", *, of: Node | None = None) -> list[DecisionRecorded]:
        return decisions.decided(self._own(), action, of)

    def decision(self, action: str = "", *, of: Node | None = None) -> DecisionRecorded:
        __tracebackhide__ = True
        asked = wanted("decision", action, of=of and named(of))
        found = self.decisions(action, of=of)
        return one(found, f"{asked} of {self!r}", self.decisions(), self._snapshot.note, decisions.show)

    def versions(self, name: str = "", *, of: Node | None = None) -> list[CapturedVersion]:
        """What its inputs, outputs and artifacts hold, of those that were given with `data=`."""
        return versions_of(self._own(), name, of)

    def version(self, name: str = "", *, of: Node | None = None) -> CapturedVersion:
        """`name` is the node's: `run.version("features").column("price").null_share`."""
        __tracebackhide__ = True
        asked = f"{asked_version(name, of)} of {self!r}"
        return one(self.versions(name, of=of), asked, self.versions(), self._snapshot.note)

    # -- whose it is

    @property
    def parent(self) -> "CapturedRun | None":
        """The run around it; None where there is none, or none of this process."""
        return next((run for run in runs_of(self._snapshot) if _above(self) == run._identity), None)

    def children(self, name: str = "") -> list["CapturedRun"]:
        """The runs within it."""
        nested = [run for run in runs_of(self._snapshot) if _above(run) == self._identity]
        return [run for run in nested if name in ("", run.name)]

    def trials(self) -> list["CapturedRun"]:
        """Those of a sweep."""
        return self.children(f"{self.name}.trial")

    def child(self, name: str = "") -> "CapturedRun":
        __tracebackhide__ = True
        asked = f"{wanted('run', name)} within {self!r}"
        return one(self.children(name), asked, self.children() or runs_of(self._snapshot), self._snapshot.note)

    def _own(self) -> list[MetricsReported | LogsReported | DecisionRecorded | VersionDescribed]:
        return [
            event
            for event in self._snapshot.events
            if _belongs(event) and (event.job_namespace, event.job_name, event.run_id) == self._identity
        ]

    @property
    def _identity(self) -> tuple[str, str, str]:
        return self.namespace, self.name, self.run_id

    @property
    def _end(self) -> RunEvent | None:
        return next((event for event in self.events if event.event_type in TERMINAL_TYPES), None)


def _belongs(event: Event) -> TypeGuard[MetricsReported | LogsReported | DecisionRecorded | VersionDescribed]:
    return isinstance(event, MetricsReported | LogsReported | DecisionRecorded | VersionDescribed)


def _above(run: CapturedRun) -> tuple[str, str, str]:
    start = run.events[0]
    return start.parent_job_namespace, start.parent_job_name, start.parent_run_id


def _show_line(line: LogLine) -> str:
    return f"<log line {line.level} {line.logger}: {line.message}>"


def _show_pointer(pointer: LogPointer) -> str:
    return f"<log pointer {pointer.kind}: {pointer.location}>"


def _rank(level: str) -> int:
    return LEVELS.index(level)


def runs_of(snapshot: Snapshot) -> list[CapturedRun]:
    """In the order in which they started."""
    events: dict[tuple[str, str, str], list[RunEvent]] = {}
    for event in snapshot.events:
        if isinstance(event, RunEvent):
            events.setdefault((event.job_namespace, event.job_name, event.run_id), []).append(event)
    # By time, since several clients do not deliver in one order.
    return sorted((CapturedRun(own, snapshot) for own in events.values()), key=lambda run: run.events[0].event_time)
