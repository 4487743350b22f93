"""Models: all of them, and which one a person means."""

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.core.errors import LeadlineError, UsageError
from leadline.events.records.event import Micros

from .node import NodeRef, parse_exact
from .nodes import Node, search
from .query import NODE_SET, fetch, node_set

MODEL = "MODEL"
_LISTED = 20
_METRICS = 50
_AMONG = f"(kind, namespace, name) IN {NODE_SET % 'nodes'}"
_LAST = "argMax(%s, (time, at, position))"


class Decision(msgspec.Struct, frozen=True):
    """What a person or a policy did to a version of a model; version empty: to the model."""

    version: str
    action: str
    actor: str
    reason: str
    event_time: Micros


class LastValue(msgspec.Struct, frozen=True):
    """The last reading of one series, in its unit, and of which version it was; empty: not known."""

    metric: str
    dims: dict[str, str]
    unit: str
    value: float
    version: str
    event_time: Micros


class ModelSummary(msgspec.Struct, frozen=True):
    """`promoted`, `deployed`: the newest decision of that kind; None: there was none."""

    node: NodeRef
    owner: str
    newest_version: str
    """That was made last; empty: none is known."""
    versions: int
    promoted: Decision | None
    deployed: Decision | None
    metrics: list[LastValue]
    """By name, at most 50."""
    last_seen: Micros


def list_models(client: Client, words: tuple[str, ...] = (), limit: int = 50) -> list[ModelSummary]:
    """The models that have every word in their name or namespace; those that were seen last come first."""
    models = search(client, words, MODEL, limit)
    nodes = [model.ref for model in models]
    versions = {row.ref: row for row in _versions(client, nodes)}
    promoted, deployed = (_newest_decisions(client, nodes, action) for action in ("PROMOTE", "DEPLOY"))
    metrics = _metrics(client, nodes)
    return [
        ModelSummary(
            node=ref,
            owner=model.owner,
            newest_version=versions[ref].newest if ref in versions else "",
            versions=versions[ref].versions if ref in versions else 0,
            promoted=promoted.get(ref),
            deployed=deployed.get(ref),
            metrics=metrics.get(ref, []),
            last_seen=model.last_seen,
        )
        for ref, model in zip(nodes, models, strict=True)
    ]


def find_model(client: Client, text: str) -> Node:
    """The model that a person means: a name, NAMESPACE/NAME, a part that fits one only, or exactly a node as JSON.

    Raises UsageError where several fit, LeadlineError where none does.
    """
    exact = parse_exact(text)
    words = (exact.name,) if exact else (text,)
    found = search(client, words, MODEL, 1_000 if exact else _LISTED + 1)
    if exact:
        found = [node for node in found if node.ref == exact]
    named = [node for node in found if text in (node.name, f"{node.namespace}/{node.name}")]
    found = named or found
    if not found:
        raise LeadlineError(f"no model fits {text!r}; `leadline models` lists them")
    if len(found) > 1:
        listed = "\n".join(f"  '{node.ref}'" for node in found[:_LISTED])
        raise UsageError(f"several models fit {text!r}; name one of them exactly:\n{listed}")
    return found[0]


class _Of(msgspec.Struct, frozen=True):
    kind: str
    namespace: str
    name: str

    @property
    def ref(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


class _Versions(_Of, frozen=True):
    newest: str
    versions: int


class _DecisionOf(_Of, frozen=True):
    version: str
    action: str
    actor: str
    reason: str
    event_time: Micros


class _LastOf(_Of, frozen=True):
    metric: str
    dims: dict[str, str]
    unit: str
    value: float
    version: str
    event_time: Micros


def _versions(client: Client, nodes: list[NodeRef]) -> list[_Versions]:
    return fetch(
        client,
        _Versions,
        f"FROM leadline.versions WHERE {_AMONG} GROUP BY kind, namespace, name",
        {"newest": "argMax(version, (event_time, version))", "versions": "count()"},
        nodes=node_set(nodes),
    )


def _newest_decisions(client: Client, nodes: list[NodeRef], action: str) -> dict[NodeRef, Decision]:
    rows = fetch(
        client,
        _DecisionOf,
        f"FROM leadline.decisions WHERE {_AMONG} AND action = {{action:String}} "
        "ORDER BY event_time DESC, decision_id LIMIT 1 BY kind, namespace, name",
        nodes=node_set(nodes),
        action=action,
    )
    return {row.ref: Decision(row.version, row.action, row.actor, row.reason, row.event_time) for row in rows}


def _metrics(client: Client, nodes: list[NodeRef]) -> dict[NodeRef, list[LastValue]]:
    found: dict[NodeRef, list[LastValue]] = {}
    for row in fetch(
        client,
        _LastOf,
        "FROM (SELECT kind, namespace, name, metric, dims, unit AS of, value AS one, version AS seen, "  # noqa: S608
        f"time, event_time AS at, position FROM leadline.readings WHERE {_AMONG} AND mode != 'TEST') "
        "GROUP BY kind, namespace, name, metric, dims ORDER BY kind, namespace, name, metric, toString(dims) "
        f"LIMIT {_METRICS} BY kind, namespace, name",
        {"unit": _LAST % "of", "value": _LAST % "one", "version": _LAST % "seen", "event_time": _LAST % "at"},
        nodes=node_set(nodes),
    ):
        value = LastValue(row.metric, row.dims, row.unit, row.value, row.version, row.event_time)
        found.setdefault(row.ref, []).append(value)
    return found
