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


def replay(events: Iterable[Event]) -> Iterator[Event]:
    """Known as soon as they happened."""
    jobs: dict[bytes, Job] = {}
    nodes: dict[bytes, Node] = {}
    for event in events:
        yield event
        if isinstance(event, RunEvent):
            jobs[key_of(event)], derived = step(jobs.get(key_of(event)), event, event.event_time)
            yield from derived
            for one in derived:
                if isinstance(one, MetricsReported):
                    yield from _judged(one, nodes)
        elif isinstance(event, MetricsReported):
            yield from _judged(event, nodes)


def _judged(event: MetricsReported, nodes: dict[bytes, Node]) -> Iterator[Event]:
    node = nodes.get(key_of(event)) or new_node(event.kind, event.namespace, event.name)
    outcome = evaluate(node, event, event.event_time)
    nodes[key_of(event)] = outcome.node
    yield from (one for one in outcome.transitions if type(one) is Transition)
