"""Readings as the tests write them, and what the evaluator made of a whole log of them."""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from leadline.bounds.evaluate import Outcome, evaluate, redeclare
from leadline.bounds.node import Node, new_node
from leadline.core.clock import SECOND, Micros
from leadline.events.records import AlertState, BoundDeclared, BoundSpec, Event, MetricsReported, Reading, Transition

START: Micros = 1_795_248_000 * SECOND
"""2026-11-21T08:00:00Z."""
ENDS = ("resolved", "closed", "retracted")

_numbers = itertools.count()


def bound(**spec: Any) -> BoundSpec:
    return BoundSpec(**{"bound_id": "churn/auc", "metric": "auc", **({} if spec else {"error_lower": 0.85}), **spec})


def reading(seconds: float, value: float, *bounds: BoundSpec, **more: Any) -> MetricsReported:
    """One reading of auc, `seconds` after the start; `name` may say which event it is."""
    fields = {
        "event_id": more.pop("event_id", f"event-{seconds:g}-{value!r}-{next(_numbers)}"),
        "event_time": START + round(seconds * SECOND),
        "producer": "test/1",
        "kind": "MODEL",
        "namespace": "mlflow://prod",
        "name": "churn",
        "mode": "LIVE",
        "run_id": f"run-{seconds:g}",
        "readings": [Reading(metric=more.pop("metric", "auc"), value=value, dims=more.pop("dims", {}))],
        "bounds": list(bounds),
    }
    return MetricsReported(**{**fields, **more})


def declared(spec: BoundSpec, version: int, origin: str = "OPERATOR", seconds: float = 0) -> BoundDeclared:
    return BoundDeclared(
        event_id=f"declared-{origin}-{version}",
        event_time=START + round(seconds * SECOND),
        producer="test/1",
        origin=origin,
        version=version,
        kind="MODEL",
        namespace="mlflow://prod",
        name="churn",
        spec=spec,
    )


class Watched:
    """Feeds events to the evaluator and keeps what it said."""

    def __init__(self) -> None:
        self.nodes: dict[tuple[str, str, str], Node] = {}
        self.records: list[Transition] = []
        self.late = self.unjudged = 0

    def feed(self, *events: MetricsReported | BoundDeclared, recorded_at: Micros | None = None) -> "Watched":
        for event in events:
            key = (event.kind, event.namespace, event.name)
            outcome = _apply(self.nodes.get(key) or new_node(*key), event, recorded_at)
            self.nodes[key] = outcome.node
            self.records += outcome.transitions
            self.late += outcome.late
            self.unjudged += outcome.unjudged
        return self

    @property
    def transitions(self) -> list[Transition]:
        return [record for record in self.records if not isinstance(record, AlertState)]

    @property
    def steps(self) -> list[str]:
        """The transitions in short, such as "opened error" or "resolved warn (late)"."""
        return [f"{t.transition} {t.severity}" + (f" ({t.reason})" if t.reason else "") for t in self.transitions]

    @property
    def open_state(self) -> dict[str, str]:
        """Series to its open episode, as a reader of the compacted topic sees it."""
        newest = {record.series: record for record in self.records if isinstance(record, AlertState)}
        return {series: state.episode_id for series, state in newest.items() if state.open}


def _apply(node: Node, event: Event, recorded_at: Micros | None) -> Outcome:
    if isinstance(event, BoundDeclared):
        return redeclare(node, event)
    assert isinstance(event, MetricsReported)
    return evaluate(node, event, event.event_time if recorded_at is None else recorded_at)


def final_episodes(transitions: Iterable[Transition]) -> Mapping[str, tuple[Any, ...]]:
    """What is known of each episode in the end: severity, since when, and the reading that ended it, if one did."""
    newest: dict[str, Transition] = {}
    for transition in transitions:
        if transition.episode_id not in newest or newest[transition.episode_id].ordinal < transition.ordinal:
            newest[transition.episode_id] = transition
    return {
        episode: (t.severity, t.opened_at, t.reading_event_id if t.transition in ENDS else "")
        for episode, t in newest.items()
        if t.transition != "retracted"
    }
