"""One reading as the evaluator keeps it."""

import msgspec

from leadline.core.clock import Micros
from leadline.events.records import MetricsReported

Identity = tuple[str, int]
"""Event id, and which of the event's readings of the series it is."""
Key = tuple[Micros, int, str, int]
"""What readings of one series are ordered by: event time, attempt, event id, which of the event's."""


class Report:
    """What one message says about all its readings, which share it. No struct, so that `state.py` can write it once."""

    __slots__ = ("attempt", "event_id", "event_time", "job_name", "job_namespace", "run_id", "slot", "version")

    def __init__(
        self,
        event_time: Micros,
        attempt: int,
        event_id: str,
        *,
        slot: Micros | None,
        run_id: str,
        job_namespace: str,
        job_name: str,
        version: str,
    ) -> None:
        self.event_time = event_time
        self.attempt = attempt
        self.event_id = event_id
        self.slot = slot
        self.run_id = run_id
        self.job_namespace = job_namespace
        self.job_name = job_name
        self.version = version

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Report) and all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash(self.event_id)


def report_of(event: MetricsReported, latest: Micros) -> Report:
    """Times beyond `latest` count as `latest`: one clock that is years ahead would make all later readings late."""
    return Report(
        min(event.event_time, latest),
        event.attempt,
        event.event_id,
        slot=event.slot,
        run_id=event.run_id,
        job_namespace=event.job_namespace,
        job_name=event.job_name,
        version=event.version,
    )


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """`index` counts the event's readings of this series, from 0: an event may be sent again with some of its readings only.

    `first` is the try that this one replaces: the slot's place in time and its identity stay with its first try.
    """

    report: Report
    index: int
    value: float
    level: int
    first: "Sample | None" = None

    @property
    def identity(self) -> Identity:
        origin = self.first or self
        return origin.report.event_id, origin.index

    @property
    def time(self) -> Micros:
        return (self.first or self).report.event_time

    @property
    def key(self) -> Key:
        report = self.report
        return report.event_time, report.attempt, report.event_id, self.index
