"""Reported events through the processors' pure functions: with all that followed from them, in that order.

Without states of alerts, which the store does not take.
"""

from collections.abc import Iterable, Iterator

from leadline.bounds.evaluate import evaluate
from leadline.bounds.node import Node, new_node
from leadline.events.keys import key_of
from leadline.events.records import Event, MetricsReported, RunEvent, Transition
from leadline.lineage.graph import step
from leadline.lineage.state import Job


class Replay:
    """Goes on where it stopped; everything is known as soon as it happened."""

    def __init__(self) -> None:
        self._jobs: dict[bytes, Job] = {}
        self._nodes: dict[bytes, Node] = {}

    def all(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            for one in (event, *self._derived(event)):
                yield one
                if isinstance(one, MetricsReported):
                    yield from self._judged(one)

    def _derived(self, event: Event) -> Iterable[Event]:
        if not isinstance(event, RunEvent):
            return ()
        key = key_of(event)
        self._jobs[key], derived = step(self._jobs.get(key), event, event.event_time)
        return derived

    def _judged(self, event: MetricsReported) -> Iterator[Event]:
        node = self._nodes.get(key_of(event)) or new_node(event.kind, event.namespace, event.name)
        outcome = evaluate(node, event, event.event_time)
        self._nodes[key_of(event)] = outcome.node
        yield from (one for one in outcome.transitions if type(one) is Transition)
