"""The role `bounds`: leadline.metrics in, transitions and alert state out."""

from collections.abc import Sequence

from prometheus_client import Counter

from leadline.core.clock import Micros
from leadline.core.settings import Settings
from leadline.events.codec import Codec
from leadline.events.keys import node_key
from leadline.events.records import AlertState, BoundDeclared, Event, MetricsReported, Transition
from leadline.events.registry import RegistryClient
from leadline.events.topics import METRICS
from leadline.worker import Role, run_worker

from .evaluate import evaluate, redeclare
from .forward import Forwarder
from .node import Node, new_node
from .state import dump, load

_late = Counter("leadline_bounds_late_readings", "Readings that came too late to be judged; they are in the history only.")
_unjudged = Counter("leadline_bounds_unjudged_readings", "Readings of a node that has too many series under bounds.")
_transitions = Counter("leadline_bounds_transitions", "Transitions computed; a replay counts again.", ["transition"])


def main(settings: Settings, health_host: str, health_port: int) -> int:
    """Runs until SIGTERM or SIGINT and returns the exit code."""
    codec = Codec(RegistryClient.of(settings))
    return run_worker(ROLE, settings, health_host, health_port, beside=Forwarder(settings, codec))


def step(state: Node | None, event: Event, recorded_at: Micros) -> tuple[Node, Sequence[Event]]:
    """Readings, or a declaration that the forwarder brought."""
    assert isinstance(event, MetricsReported | BoundDeclared)
    node = state or new_node(event.kind, event.namespace, event.name)
    outcome = redeclare(node, event) if isinstance(event, BoundDeclared) else evaluate(node, event, recorded_at)
    _late.inc(outcome.late)
    _unjudged.inc(outcome.unjudged)
    for record in outcome.transitions:
        if type(record) is Transition:
            _transitions.labels(record.transition).inc()
    return outcome.node, outcome.transitions


def node_of(event: Event) -> bytes:
    assert isinstance(event, MetricsReported | BoundDeclared)
    return node_key(event.kind, event.namespace, event.name)


ROLE = Role(
    name="bounds",
    topic=METRICS,
    state=Node,
    step=step,
    entity=node_of,
    outputs=(Transition, AlertState),
    dump=dump,
    load=load,
)
