"""Recorded events to facts, through the processors' pure functions and without a stack."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leadline.bounds.evaluate import evaluate
from leadline.bounds.node import Node, new_node
from leadline.demo.record import HISTORY_FILE, load
from leadline.events.keys import key_of
from leadline.events.records import ChangeDetected, EntityReported, Event, MetricsReported, RunEvent, Transition
from leadline.history.explanation import facts
from leadline.lineage.graph import step
from leadline.lineage.state import Job

FOLDER = Path(__file__).parents[2] / "fixtures" / "demo"
_TERMINAL = ("COMPLETE", "FAIL", "ABORT", "LOST")


@dataclass
class Replayed:
    """What the processors made of the events."""

    runs: list[RunEvent] = field(default_factory=list)
    metrics: list[MetricsReported] = field(default_factory=list)
    owners: list[EntityReported] = field(default_factory=list)
    changes: dict[tuple[str, str, str], ChangeDetected] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)

    @property
    def episodes(self) -> dict[str, list[Transition]]:
        found: dict[str, list[Transition]] = {}
        for transition in self.transitions:
            found.setdefault(transition.episode_id, []).append(transition)
        return found


def replay(name: str, folder: Path = FOLDER) -> Replayed:
    """January to June, then the seed's weeks."""
    return processed([*load(folder / HISTORY_FILE), *load(folder / name)])


def processed(events: Iterable[Event]) -> Replayed:
    found = Replayed()
    jobs: dict[bytes, Job] = {}
    nodes: dict[bytes, Node] = {}
    for event in events:
        derived: list[Event] = [event]
        if isinstance(event, RunEvent):
            job, more = step(jobs.get(key_of(event)), event, event.event_time)
            jobs[key_of(event)] = job
            derived += more
        for one in derived:
            _take(found, one, nodes)
    return found


def _take(found: Replayed, event: Event, nodes: dict[bytes, Node]) -> None:
    match event:
        case RunEvent():
            found.runs.append(event)
        case EntityReported():
            found.owners.append(event)
        case ChangeDetected():
            found.changes[event.run_id, event.what, event.subject] = event
        case MetricsReported():
            found.metrics.append(event)
            node = nodes.get(key_of(event)) or new_node(event.kind, event.namespace, event.name)
            outcome = evaluate(node, event, event.event_time)
            nodes[key_of(event)] = outcome.node
            found.transitions += [record for record in outcome.transitions if type(record) is Transition]


def facts_of(replayed: Replayed, transition: Transition) -> facts.Facts:
    """As the store would answer for that alert."""
    return facts.Facts(
        alert=_alert(transition),
        readings=[
            facts.Reading(**_fields(event, facts.Reading), **_fields(reading, facts.Reading))
            for event in replayed.metrics
            for reading in event.readings
        ],
        runs=_runs(replayed.runs),
        run_io=_run_io(replayed.runs),
        changes=[facts.Change(**_fields(change, facts.Change)) for change in replayed.changes.values() if not change.retracted],
        contacts=_contacts(replayed.owners),
    )


def _alert(transition: Transition) -> facts.Alert:
    return facts.Alert(alert_id=transition.event_id, **_fields(transition, facts.Alert))


def _fields(record: object, kind: type[facts.Fact]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in kind.__struct_fields__ if hasattr(record, name)}


def _runs(events: list[RunEvent]) -> list[facts.Run]:
    found: dict[facts.RunKey, dict[str, Any]] = {}
    for event in events:
        key = (event.job_namespace, event.job_name, event.run_id)
        known = found.setdefault(key, {"state": "RUNNING"})
        known |= {name: value for name, value in _fields(event, facts.Run).items() if value not in (None, "")}
        if event.event_type == "START":
            known["started_at"] = event.event_time
        if event.event_type in _TERMINAL:
            known |= {"ended_at": event.event_time, "state": event.event_type}
    return [facts.Run(**fields) for fields in found.values()]


def _run_io(events: list[RunEvent]) -> list[facts.RunIo]:
    return [
        facts.RunIo(direction=direction, **_fields(event, facts.RunIo), **_fields(io, facts.RunIo))
        for event in events
        for direction, ios in (("INPUT", event.inputs), ("OUTPUT", event.outputs))
        for io in ios
    ]


def _contacts(events: list[EntityReported]) -> list[facts.Contact]:
    newest = {(event.kind, event.namespace, event.name): event.values for event in events if event.aspect == "ownership"}
    return [facts.Contact(kind=key[0], namespace=key[1], name=key[2], **values) for key, values in newest.items()]
