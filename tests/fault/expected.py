"""What a log gives by the pure functions alone: one log, one result."""

from collections.abc import Iterable

from leadline.bounds import app as bounds
from leadline.events.records import Tick, Transition
from leadline.lineage import app as lineage
from leadline.worker import Role

from .topics import Recorded


def expected_transitions(metrics: Iterable[Recorded]) -> set[str]:
    """Ids of the transitions that follow from leadline.metrics as it stands, control records included."""
    return _outputs(metrics, bounds.ROLE, Transition)


def expected_lineage(runs: Iterable[Recorded]) -> set[str]:
    """Ids of the edges, changes and readings that follow from leadline.runs, as long as no run is due to be LOST."""
    return _outputs(runs, lineage.ROLE)


def _outputs(log: Iterable[Recorded], role: Role, *only: type) -> set[str]:  # type: ignore[type-arg]
    states: dict[tuple[int, bytes], object] = {}
    found: set[str] = set()
    for partition, _, recorded_at, event in log:
        if isinstance(event, Tick):
            continue
        key = partition, role.entity(event)
        states[key], outputs = role.step(states.get(key), event, recorded_at)
        found |= {output.event_id for output in outputs if not only or type(output) in only}
    return found
