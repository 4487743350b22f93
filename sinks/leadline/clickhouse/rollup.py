"""The hourly rollup: every touched hour is counted anew from the deduplicated readings, before the offsets are committed.

A view that sums at insert would count a re-sent block twice; and a refresh in the background could be forgotten by a crash.
Here a crash in between repeats the messages, and with them the refresh.
"""

import time
from collections.abc import Callable

from leadline.events.topics import METRICS

from .insert import Inserter
from .message import Group

_KEY = "kind, namespace, name, metric, dims_key, hour"
_REFRESH = f"""
INSERT INTO leadline_internal.trends_hourly
SELECT {_KEY}, any(r.dims), max(r.unit), count(), countIf(isFinite(value)), sumIf(value, isFinite(value)),
    minIf(value, isFinite(value)), maxIf(value, isFinite(value)),
    minIf((time, value), isFinite(value)), maxIf((time, value), isFinite(value))
FROM leadline_internal.readings AS r FINAL
WHERE mode != 'TEST' AND ({_KEY}) GLOBAL IN (
    SELECT {_KEY} FROM leadline_internal.touched_hours
    WHERE _partition = {{partition:Int32}} AND last_offset >= {{first:Int64}} AND first_offset <= {{last:Int64}})
GROUP BY {_KEY}
"""  # noqa: S608 - constants of ours

Ranges = dict[int, tuple[int, int]]
"""Partition of leadline.metrics to its first and last offset."""

_REST = 5.0
"""After a refresh that took t seconds the next one waits five times that: hours with many readings cost more to count."""


class Rollup:
    """Collects what was touched until a refresh is due. One thread."""

    def __init__(self, store: Inserter, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._ranges: Ranges = {}
        self._due_at = 0.0

    def touch(self, group: Group) -> None:
        """Nothing, where the group is of another topic."""
        for body in group.bodies if group.topic == METRICS else ():
            first, last = self._ranges.get(body.partition, (body.offset, body.offset))
            self._ranges[body.partition] = (min(first, body.offset), max(last, body.offset))

    @property
    def due(self) -> bool:
        return self._monotonic() >= self._due_at

    def refresh(self) -> None:
        """Counts anew what was touched since the last refresh. Raises Refused, Unavailable; then it is to be called again."""
        started = self._monotonic()
        for partition, (first, last) in self._ranges.items():
            self._store.command(_REFRESH, {"partition": partition, "first": first, "last": last})
        self._ranges.clear()
        self._due_at = self._monotonic() + _REST * (self._monotonic() - started)
