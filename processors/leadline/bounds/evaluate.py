"""The bounds of one node, as a pure function: state and event to state and transitions. No clock, no I/O.

The same function runs in the worker, in tests and over history. Time is the readings' own (`event_time`) and, where an event
says nothing about its mode, the time at which Kafka took it.
"""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from leadline.core.clock import DAY, Micros
from leadline.events.records import BoundDeclared, BoundSpec, Event, MetricsReported, Reading, Transition

from .declared import Declared, InForce, declare
from .judge import judge
from .node import Dims, Node, SeriesKey, bound_in_force, with_bound, with_series
from .sample import Sample, report_of
from .series import ALLOWED_LATENESS, Observed, Series, close, ignore, observe, respecify
from .transitions import published

LIVE_MAX_AGE: Micros = DAY
MAX_SERIES = 5_000
"""Of one node: all of them are one record of the changelog, which Kafka takes up to 8 MB."""
_NEVER_DECLARED = Declared()


class Outcome(NamedTuple):
    """`node` is the very same object where nothing changed.

    `late` counts readings that came too late to be judged, `unjudged` those of series beyond MAX_SERIES.
    """

    node: Node
    transitions: list[Transition]
    late: int = 0
    unjudged: int = 0


def mode_of(event: MetricsReported, recorded_at: Micros) -> str:
    """LIVE, BACKFILL or TEST. Where the event does not say: BACKFILL if measured, and its run ended, a day before it came."""
    if event.mode:
        return event.mode
    known = max(event.event_time, event.run_ended_at or 0)
    return "BACKFILL" if recorded_at - known > LIVE_MAX_AGE else "LIVE"


def evaluate(node: Node, event: MetricsReported, recorded_at: Micros) -> Outcome:
    """One message of readings. Bounds that it declares hold from its own readings on.

    A backfill opens, resolves and ends nothing; a test does not even declare bounds.
    """
    mode = mode_of(event, recorded_at)
    transitions: list[Transition] = []
    if event.bounds and mode != "TEST":
        node, transitions = _declared(node, "CODE", event.event_time, event.bounds, event)
    if mode != "LIVE" or not node.watched:
        return Outcome(node, transitions)
    report = report_of(event, recorded_at + ALLOWED_LATENESS)
    changed: dict[SeriesKey, Series] = {}
    late = unjudged = 0
    for reading in event.readings:
        for bound in node.watched.get(reading.metric, ()):
            level = judge(bound.spec, reading.value)
            if level is None or not bound.spec.dims.items() <= reading.dims.items():
                continue
            seen = _observe(node, changed, bound, reading, Sample(report, 0, reading.value, level))
            if seen is None:
                unjudged += 1
                continue
            transitions += seen[0]
            late += seen[1]
    return Outcome(with_series(node, changed), transitions, late, unjudged)


def redeclare(node: Node, event: BoundDeclared) -> Outcome:
    """A bound set, changed, paused or deleted; repeating it changes nothing."""
    return Outcome(*_declared(node, event.origin, event.version, (event.spec,), event))


def _observe(
    node: Node, changed: dict[SeriesKey, Series], bound: InForce, reading: Reading, sample: Sample
) -> tuple[list[Transition], bool] | None:
    """What one reading gives under one bound, and whether it came too late to count; None where there is no room for it.

    Puts the series into `changed`.
    """
    dims: Dims = tuple(sorted(reading.dims.items())) if reading.dims else ()
    key = (bound.spec.bound_id, dims)
    series = changed.get(key) or node.series.get(key)
    if series is None and len(node.series) + len(changed) >= MAX_SERIES:
        return None
    if series is None or series.metric != reading.metric:
        series = Series(reading.metric)
    if key in changed:
        sample = replace(sample, index=sum(earlier.report is sample.report for earlier in series.ring))
    after, steps, late = observe(series, sample, bound.spec) if bound.spec.state == "ACTIVE" else ignore(series, sample)
    if after is series:
        return [], late
    if after.unit != reading.unit:
        after = replace(after, unit=reading.unit)
    changed[key] = after
    return [record for step in steps for record in published(node, bound, dims, after, step)], late


def _declared(node: Node, origin: str, version: int, specs: Iterable[BoundSpec], event: Event) -> tuple[Node, list[Transition]]:
    """The node with the bounds in that origin's slots, and what that does to open episodes."""
    transitions: list[Transition] = []
    for spec in specs:
        before = node.bounds.get(spec.bound_id, _NEVER_DECLARED)
        after = declare(before, origin, version, spec)
        if after is not before:
            old = bound_in_force(node, spec.bound_id)
            node = with_bound(node, spec.bound_id, after)
            node, steps = _reconsidered(node, old, bound_in_force(node, spec.bound_id), event)
            transitions += steps
    return node, transitions


def _reconsidered(node: Node, old: InForce | None, new: InForce | None, event: Event) -> tuple[Node, list[Transition]]:
    """After a bound in force went from `old` to `new`."""
    if old is None or old.spec.state != "ACTIVE" or (new is not None and new.spec == old.spec):
        return node, []
    series = dict(node.series)
    transitions: list[Transition] = []
    for key, before in node.series.items():
        if key[0] == old.spec.bound_id:
            bound, (after, steps, _) = _judged_anew(before, dict(key[1]), old, new, event)
            series[key] = after
            transitions += [record for step in steps for record in published(node, bound, key[1], before, step)]
    return replace(node, series=series), transitions


def _judged_anew(
    series: Series, dims: dict[str, str], old: InForce, new: InForce | None, event: Event
) -> tuple[InForce, Observed]:
    """What becomes of a series, and the bound that says so."""
    if new is None:
        return old, close(series, "deleted", event.event_time)
    if new.spec.state != "ACTIVE":
        return old, close(series, "paused", event.event_time)
    if series.metric != new.spec.metric or not new.spec.dims.items() <= dims.items():
        return old, close(series, "spec_changed", event.event_time)
    return new, respecify(series, new.spec, event.event_time, event.event_id)
