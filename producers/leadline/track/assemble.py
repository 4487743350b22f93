"""Queue items to events: readings of one node and time become one event, lines of one run another. Pure: time is passed in."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import msgspec

from leadline.core.clock import Micros
from leadline.events.ids import derived_id, new_id
from leadline.events.records import Event, LogLine, LogsReported, MetricsReported, Reading, RunEvent

from .definitions import defined
from .logs import Logged
from .metrics import Metric
from .pending import LISTS

if TYPE_CHECKING:
    from leadline.events.records import BoundSpec
    from leadline.events.records import MetricDefinition as Record

    from .definitions import MetricDefinition
    from .nodes import Node
    from .run import Run

MAX_READINGS = 1_000
MAX_LINES = 500
MAX_LOG_CHARACTERS = 500_000
MAX_KNOWN = 10_000
"""Definitions of metrics of nodes; more are sent again."""
MAX_LIST = 1_000
"""Inputs, outputs or columns of one event; more are sent in further events, which accumulate."""


_NO_DIMS: frozenset[tuple[str, str]] = frozenset()


class LateBound(msgspec.Struct):
    """A bound declared on a reading that was sent already."""

    metric: Metric
    spec: BoundSpec


class _Group:
    """Readings of one node at one time."""

    __slots__ = ("metrics", "series", "time")

    def __init__(self, time: Micros) -> None:
        self.time = time
        self.metrics: list[Metric] = []
        self.series: set[tuple[str, frozenset[tuple[str, str]]]] = set()


class Assembler:
    """Holds readings for `hold` microseconds, so that bounds declared on them and their neighbours travel with them.

    `lock` is the outbox's: a handle's bounds are read under it, so none is added unseen.
    """

    def __init__(self, hold: Micros, lock: threading.Lock) -> None:
        self._hold = hold
        self._lock = lock
        self._known: dict[tuple[str, str, str, str], MetricDefinition] = {}
        self._groups: dict[tuple[int, Node, Micros | None], _Group] = {}
        self._lines: dict[int, tuple[Run, list[LogLine], int, int]] = {}

    def __len__(self) -> int:
        return len(self._groups)

    def add(self, items: list[Any]) -> list[Event]:
        """Events that are ready, in order."""
        ready: list[Event] = []
        for item in items:
            if type(item) is Metric:
                self._add_reading(item, ready)
            elif type(item) is Logged:
                self._add_line(item, ready)
            elif type(item) is LateBound:
                ready += self._late(item)
            else:
                ready += self._add_event(item)
        return ready + self._take_lines()

    def due(self, now: Micros | None) -> list[Event]:
        """Readings that have waited long enough; all where `now` is None."""
        keys = [key for key, group in self._groups.items() if now is None or not 0 <= now - group.time < self._hold]
        return [self._close(key) for key in keys]

    def _add_reading(self, metric: Metric, ready: list[Event]) -> None:
        key = (id(metric.run), metric.node, metric.slot)
        series = (metric.name, frozenset(metric.dims.items()) if metric.dims else _NO_DIMS)
        group = self._groups.get(key)
        if group is not None and (
            series in group.series or len(group.metrics) >= MAX_READINGS or not 0 <= metric.time - group.time < self._hold
        ):
            ready.append(self._close(key))
            group = None
        if group is None:
            group = self._groups[key] = _Group(metric.time)
        group.metrics.append(metric)
        group.series.add(series)

    def _close(self, key: tuple[int, Node, Micros | None]) -> MetricsReported:
        metrics = self._groups[key].metrics
        event = msgspec.structs.replace(
            _reported(metrics[0], self._groups.pop(key).time),
            readings=[Reading(metric=m.name, value=m.value, unit=m.unit, dims=m.dims) for m in metrics],
            definitions=self._definitions(metrics) if defined else [],
        )
        bounds: dict[str, BoundSpec] = {}
        with self._lock:
            for metric in metrics:
                bounds |= metric.bounds or {}
                metric.event = event
        return msgspec.structs.replace(event, bounds=list(bounds.values()))

    def _definitions(self, metrics: list[Metric]) -> list[Record]:
        """Of each node once, and again where it was changed; an event that cannot be sent is spooled, not lost."""
        new: dict[str, MetricDefinition] = {}
        for metric in metrics:
            definition = defined.get(metric.name)
            node = metric.node
            key = (node.kind, node.namespace, node.name, metric.name)
            if definition is not None and self._known.get(key) != definition:
                if len(self._known) >= MAX_KNOWN:
                    self._known.clear()
                self._known[key] = new[metric.name] = definition
        return [definition.record() for definition in new.values()]

    def _late(self, late: LateBound) -> list[Event]:
        """The same event again under the same id, so that it is stored once and judged by the new bound."""
        event = late.metric.event
        return [] if event is None else [msgspec.structs.replace(event, bounds=[late.spec])]

    def _add_event(self, event: Event) -> list[Event]:
        if isinstance(event, RunEvent):
            # What the run reported comes before its end.
            return [*self.due(None), *self._take_lines(), *split(event)]
        return [event]

    def _add_line(self, logged: Logged, ready: list[Event]) -> None:
        run, line, cut = logged
        _, lines, size, dropped = self._lines.get(id(run), (run, [], 0, 0))
        lines.append(line)
        size += len(line.message) + len(line.exception)
        self._lines[id(run)] = (run, lines, size, dropped + cut)
        if len(lines) >= MAX_LINES or size >= MAX_LOG_CHARACTERS:
            ready += self._take_lines()

    def _take_lines(self) -> list[Event]:
        taken, self._lines = self._lines, {}
        return [
            LogsReported(
                event_id=new_id(),
                event_time=lines[0].time,
                producer="",
                source="python",
                **run.identity,
                lines=lines,
                dropped=dropped,
            )
            for run, lines, _, dropped in taken.values()
        ]


def _reported(metric: Metric, time: Micros) -> MetricsReported:
    run, node = metric.run, metric.node
    return MetricsReported(
        event_id=new_id(),
        event_time=time,
        producer="",
        source="python",
        kind=node.kind,
        namespace=node.namespace,
        name=node.name,
        version=node.version,
        slot=metric.slot,
        **({**run.identity, "mode": run.mode, "attempt": run.attempt} if run else {}),
    )


def split(event: RunEvent) -> list[RunEvent]:
    """The event, before it further ones with what its lists have over MAX_LIST. Ids are derived: a retry keeps them."""
    parts = []
    for field in LISTS:
        values = getattr(event, field)
        for start in range(MAX_LIST, len(values), MAX_LIST):
            more: dict[str, Any] = {**{key: [] for key in LISTS}, field: values[start : start + MAX_LIST]}
            identity = derived_id(event.event_id, field, start)
            parts.append(msgspec.structs.replace(event, event_id=identity, event_type="RUNNING", **more))
        if len(values) > MAX_LIST:
            event = msgspec.structs.replace(event, **{field: values[:MAX_LIST]})
    return [event, *parts] if event.event_type == "START" else [*parts, event]
