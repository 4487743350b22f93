"""Everything that was captured, typed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, TypeVar

from leadline.events.records import DecisionRecorded, EntityReported, Event

from ..nodes import Node
from ..stats import Counters
from ..worker import Worker
from . import decisions
from .lookup import Snapshot, one, wanted
from .metrics import CapturedMetric, MetricFilter, metrics_of, named
from .runs import CapturedRun, runs_of
from .topics import Topics
from .versions import CapturedVersion, asked_version, versions_of

E = TypeVar("E", bound=Event)

FLUSH_SECONDS = 60.0


class Source(NamedTuple):
    """What a client works with while it is captured."""

    worker: Worker
    counters: Counters
    warned: dict[str, str]


class Captured:
    """What was reported so far, by every client of this process, in the order in which Kafka would have got it.

    In the singular (`run`, `metric` ...) exactly one is found, else an AssertionError says what there was; in the plural all.
    """

    def __init__(self, topics: Topics, sources: Sequence[Source]) -> None:
        self._topics = topics
        self._sources = sources
        self._events: list[Event] = []

    def __repr__(self) -> str:
        return f"<captured {len(self.events())} events of {len(self.runs())} runs>"

    def events(self) -> list[Event]:
        """All events, as a consumer decodes them (the records of `leadline.events.records`)."""
        for source in list(self._sources):
            if not source.worker.flush(FLUSH_SECONDS):
                raise AssertionError(f"events are stuck: {source.warned or source.counters.dropped}")
        self._events += self._topics.decoded(len(self._events))
        return list(self._events)

    def of(self, kind: type[E]) -> list[E]:
        """The events of one type: `captured.of(RunEvent)`."""
        return [event for event in self.events() if isinstance(event, kind)]

    @property
    def dropped(self) -> dict[str, dict[str, int]]:
        """What was reported and would never reach Kafka, such as an invalid unit: record type to reason to number."""
        self.events()
        total: dict[str, dict[str, int]] = {}
        for source in list(self._sources):
            for record, reasons in source.counters.dropped.items():
                for reason, number in reasons.items():
                    counts = total.setdefault(record, {})
                    counts[reason] = counts.get(reason, 0) + number
        return total

    def runs(self, name: str = "", namespace: str = "") -> list[CapturedRun]:
        """In the order in which they started; an empty text means any."""
        return [run for run in runs_of(self._snapshot()) if name in ("", run.name) and namespace in ("", run.namespace)]

    def run(self, name: str = "", namespace: str = "") -> CapturedRun:
        __tracebackhide__ = True
        return one(self.runs(name, namespace), wanted("run", name, namespace=namespace), self.runs(), self._note())

    def metrics(
        self,
        name: str = "",
        *,
        of: Node | None = None,
        dims: Mapping[str, object] | None = None,
        slot: datetime | date | None = None,
    ) -> list[CapturedMetric]:
        """Of all runs, and those outside a run."""
        return MetricFilter(name, of, dims, slot).among(metrics_of(self.events()))

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
        return one(asked.among(self.metrics()), str(asked), self.metrics(), self._note())

    def decisions(self, action: str = "", *, of: Node | None = None) -> list[DecisionRecorded]:
        return decisions.decided(self.events(), action, of)

    def decision(self, action: str = "", *, of: Node | None = None) -> DecisionRecorded:
        __tracebackhide__ = True
        asked = wanted("decision", action, of=of and named(of))
        return one(self.decisions(action, of=of), asked, self.decisions(), self._note(), decisions.show)

    def versions(self, name: str = "", *, of: Node | None = None) -> list[CapturedVersion]:
        """Of all runs, and those outside a run; what a version of a node holds, where the job gave `data=`."""
        return versions_of(self.events(), name, of)

    def version(self, name: str = "", *, of: Node | None = None) -> CapturedVersion:
        """`name` is the node's: `captured.version("features").rows == 1_000`."""
        __tracebackhide__ = True
        return one(self.versions(name, of=of), asked_version(name, of), self.versions(), self._note())

    def aspect(self, node: Node, aspect: str) -> dict[str, str]:
        """What was last said of a node: `captured.aspect(model, "ownership")["owner"]`; or "documentation", or "tags"."""
        __tracebackhide__ = True
        reported = self.of(EntityReported)
        asked = (node.kind, node.namespace, node.name, aspect)
        found = [event for event in reported if (event.kind, event.namespace, event.name, event.aspect) == asked]
        return one(found[-1:], f"{wanted('aspect', aspect)} of {node}", reported, self._note(), _show_aspect).values

    def _snapshot(self) -> Snapshot:
        return Snapshot(self.events(), self._note())

    def _note(self) -> str:
        dropped = self.dropped
        warnings = [sentence for source in self._sources for sentence in source.warned.values()]
        return f"\ndropped: {dropped}; {'; '.join(warnings)}" if dropped else ""


def _show_aspect(event: EntityReported) -> str:
    return f"<aspect {event.aspect!r} of {event.kind.lower()}:{event.namespace}/{event.name}: {event.values}>"
