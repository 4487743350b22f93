"""Captured metrics: single readings, each with the bounds that travelled with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from leadline.core.clock import to_datetime
from leadline.events.records import BoundSpec, Event, MetricDefinition, MetricsReported, Reading

from ..moments import to_micros
from ..nodes import Node
from ..texts import to_texts
from .lookup import one, wanted


@dataclass(frozen=True, repr=False)
class CapturedMetric:
    """One value. `run_id` is empty outside a run, `slot` None where none was given."""

    name: str
    value: float
    of: Node
    unit: str = ""
    dims: Mapping[str, str] = field(default_factory=dict)
    slot: datetime | None = None
    run_id: str = ""
    bounds: tuple[BoundSpec, ...] = ()
    definitions: tuple[MetricDefinition, ...] = ()
    """What was said of it, with this value or another of its node: one, or nothing."""

    def __repr__(self) -> str:
        dims = ", ".join(f"{key}={value}" for key, value in self.dims.items())
        unit = f" {self.unit}" if self.unit else ""
        slot = f" at {self.slot.isoformat()}" if self.slot else ""
        return f"<metric {self.name!r}{f' {{{dims}}}' if dims else ''} {self.value:g}{unit} of {named(self.of)}{slot}>"

    @property
    def bound(self) -> BoundSpec:
        """Its one bound, for example `bound.error_lower == 0.85`. Raises AssertionError where it has none or several."""
        __tracebackhide__ = True
        return one(self.bounds, f"a bound on {self!r}", self.bounds)

    @property
    def definition(self) -> MetricDefinition:
        """For example `definition.direction == "HIGHER_IS_BETTER"`. Raises AssertionError where it has none."""
        __tracebackhide__ = True
        return one(self.definitions, f"a definition of {self!r}", self.definitions)


def named(node: Node) -> str:
    return f"{node}@{node.version}" if node.version else str(node)


def metrics_of(events: Iterable[Event], everything: Iterable[Event] | None = None) -> list[CapturedMetric]:
    """In the order of measurement. An event that was sent again with a later bound counts once, with all its bounds.

    `everything`: where definitions are looked for, since only the first reading of a node carries them.
    """
    events = list(events)
    reports: dict[str, MetricsReported] = {}
    bounds: dict[str, dict[str, BoundSpec]] = {}
    for event in events:
        if isinstance(event, MetricsReported):
            reports.setdefault(event.event_id, event)
            bounds.setdefault(event.event_id, {}).update({spec.bound_id: spec for spec in event.bounds})
    defined = {
        (*_identity(event), definition.metric): definition
        for event in (events if everything is None else everything)
        if isinstance(event, MetricsReported)
        for definition in event.definitions
    }
    return [
        _metric(report, reading, bounds[report.event_id].values(), defined.get((*_identity(report), reading.metric)))
        for report in reports.values()
        for reading in report.readings
    ]


def _identity(report: MetricsReported) -> tuple[str, str, str]:
    return report.kind, report.namespace, report.name


def _metric(
    report: MetricsReported, reading: Reading, bounds: Iterable[BoundSpec], definition: MetricDefinition | None
) -> CapturedMetric:
    return CapturedMetric(
        name=reading.metric,
        value=reading.value,
        of=Node(report.kind, report.namespace, report.name, report.version),
        unit=reading.unit,
        dims=reading.dims,
        slot=None if report.slot is None else to_datetime(report.slot),
        run_id=report.run_id,
        bounds=tuple(spec for spec in bounds if spec.metric == reading.metric and spec.dims.items() <= reading.dims.items()),
        definitions=() if definition is None else (definition,),
    )


@dataclass(frozen=True)
class MetricFilter:
    """None: whatever it is. `of` without a version means any version, `dims` are all dimensions that the metric has."""

    name: str
    of: Node | None
    dims: Mapping[str, object] | None
    slot: datetime | date | None

    def __str__(self) -> str:
        of = self.of and named(self.of)
        return wanted("metric", self.name, of=of, dims=self.dims, slot=self.slot)

    def among(self, metrics: Iterable[CapturedMetric]) -> list[CapturedMetric]:
        dims = None if self.dims is None else to_texts(self.dims, "dims")
        slot = to_micros(self.slot, "slot")
        moment = None if slot is None else to_datetime(slot)
        return [
            metric
            for metric in metrics
            if self.name in ("", metric.name)
            and (self.of is None or is_node(metric.of, self.of))
            and (dims is None or dims == metric.dims)
            and (moment is None or moment == metric.slot)
        ]


def is_node(node: Node, asked: Node) -> bool:
    """Whether it is the node that was asked for, in the version that was asked for, if one was."""
    same = (node.kind, node.namespace, node.name) == (asked.kind, asked.namespace, asked.name)
    return same and asked.version in ("", node.version)
