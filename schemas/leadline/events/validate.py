"""Meaning that Avro's types do not hold. The sink's CHECK constraints carry the same reasons as names."""

from leadline.core.errors import Unreadable

from .records import (
    BoundDeclared,
    DecisionRecorded,
    EntityReported,
    Event,
    JobDeclared,
    LogsReported,
    MetricsReported,
    OpenLineageReceived,
    RunEvent,
    VersionDescribed,
)
from .records.bound import BOUND_STATES, INCLUSIVE, ON_INVALID, ORIGINS, BoundSpec
from .records.event import MODES, NODE_KINDS
from .records.metric import DIRECTIONS
from .records.openlineage import OPENLINEAGE_KINDS
from .records.run import DEPENDENCIES, EVENT_TYPES

MIN_TIME = 0
MAX_TIME = 7_258_118_400_000_000
"""2200-01-01: a time in seconds or nanoseconds taken for microseconds falls outside, or into 1970."""


def validate(event: Event) -> None:
    """Raises Unreadable with the reason that the dead letter will carry."""
    _time(event.event_time, "event_time")
    _name(event.event_id, "event_id")
    match event:
        case RunEvent():
            _run(event)
        case JobDeclared():
            _names(event, "job_namespace", "job_name")
            _data(event)
        case OpenLineageReceived():
            _names(event, "namespace", "name", "body")
            _known(event.kind, OPENLINEAGE_KINDS, "kind")
        case MetricsReported():
            _metrics(event)
        case VersionDescribed():
            _node(event)
            for column in event.columns:
                _names(column, "name")
        case LogsReported():
            _names(event, "run_id", "job_namespace", "job_name")
            for line in event.lines:
                _time(line.time, "time")
        case BoundDeclared():
            _node(event)
            _known(event.origin, ORIGINS, "origin")
            check_bound(event.spec)
        case EntityReported():
            _node(event)
            _names(event, "aspect")
        case DecisionRecorded():
            _node(event)
            _names(event, "action")


def _run(event: RunEvent) -> None:
    _names(event, "run_id", "job_namespace", "job_name")
    _known(event.event_type, EVENT_TYPES, "event_type")
    _known(event.mode, MODES, "mode")
    _data(event)
    for dependency in event.dependencies:
        _names(dependency, "job_namespace", "job_name")
        _known(dependency.direction, DEPENDENCIES, "direction")
    for field in ("nominal_at", "nominal_end_at", "deadline_at"):
        _time(getattr(event, field), field)


def _data(event: RunEvent | JobDeclared) -> None:
    for io in (*event.inputs, *event.outputs):
        _names(io, "namespace", "name")
        _known(io.kind, NODE_KINDS, "kind")
    for edge in event.columns:
        _names(edge, "source_namespace", "source_name", "source_field", "target_namespace", "target_name")
        _known(edge.source_kind, NODE_KINDS, "source_kind")
        _known(edge.target_kind, NODE_KINDS, "target_kind")


def _metrics(event: MetricsReported) -> None:
    _node(event)
    _known(event.mode, MODES, "mode")
    _time(event.slot, "slot")
    _time(event.run_ended_at, "run_ended_at")
    for reading in event.readings:
        _names(reading, "metric")
    for spec in event.bounds:
        check_bound(spec)
    for definition in event.definitions:
        _names(definition, "metric")
        _known(definition.direction, DIRECTIONS, "direction")


def check_bound(spec: BoundSpec) -> None:
    """Raises Unreadable for a bound that could never mean anything."""
    _names(spec, "bound_id", "metric")
    _known(spec.state, BOUND_STATES, "state")
    _known(spec.inclusive, INCLUSIVE, "inclusive")
    _known(spec.on_invalid, ON_INVALID, "on_invalid")
    limits = (spec.warn_lower, spec.warn_upper, spec.error_lower, spec.error_upper)
    if all(limit is None for limit in limits):
        raise Unreadable("refused", f"bound {spec.bound_id!r} has no limit; give lower= or upper=")
    if any(limit is not None and limit != limit for limit in limits):  # noqa: PLR0124 - NaN is the one value unlike itself
        raise Unreadable("refused", f"bound {spec.bound_id!r} has NaN as a limit")
    _ordered(spec, spec.error_lower, spec.warn_lower, "warn_lower lies below error_lower, so warn could never come first")
    _ordered(spec, spec.warn_upper, spec.error_upper, "warn_upper lies above error_upper, so warn could never come first")
    for lower in (spec.warn_lower, spec.error_lower):
        for upper in (spec.warn_upper, spec.error_upper):
            _ordered(spec, lower, upper, "a lower limit lies above an upper one, so every value would violate it")


def _ordered(spec: BoundSpec, smaller: float | None, larger: float | None, complaint: str) -> None:
    if smaller is not None and larger is not None and smaller > larger:
        raise Unreadable("refused", f"bound {spec.bound_id!r}: {complaint} ({smaller} > {larger})")


def _node(event: MetricsReported | BoundDeclared | EntityReported | DecisionRecorded | VersionDescribed) -> None:
    _names(event, "namespace", "name")
    _known(event.kind, NODE_KINDS, "kind")


def _names(record: object, *fields: str) -> None:
    for field in fields:
        _name(getattr(record, field), field)


def _name(value: str, field: str) -> None:
    if not value:
        raise Unreadable("empty_name", f"{field} is empty")


def _known(value: str, known: tuple[str, ...], field: str) -> None:
    if value not in known:
        raise Unreadable("unknown_state", f"{field} is {value!r}; it must be one of {', '.join(filter(None, known))}")


def _time(value: int | None, field: str) -> None:
    if value is not None and not MIN_TIME <= value < MAX_TIME:
        raise Unreadable("time_out_of_range", f"{field} is {value}: not in microseconds from 1970 to 2200")
