"""Bounds: what metrics must stay within, by whom, and what that was at any time."""

from collections.abc import Iterable, Iterator

import msgspec
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from leadline.events.records import BoundSpec
from leadline.events.records.event import Micros

from .node import NodeRef
from .query import fetch, where


class Bound(msgspec.Struct, frozen=True):
    """One slot of a bound; `effective` is true for the one that counts."""

    bound_id: str
    origin: str
    effective: bool
    state: str
    version: int
    kind: str
    namespace: str
    name: str
    metric: str
    dims: dict[str, str]
    warn_lower: float | None
    warn_upper: float | None
    error_lower: float | None
    error_upper: float | None
    inclusive: str
    on_invalid: str
    owner: str
    message: str
    runbook_url: str
    actor: str
    reason: str
    event_time: Micros

    @property
    def ref(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)

    @property
    def spec(self) -> BoundSpec:
        return BoundSpec(**{field: getattr(self, field) for field in BoundSpec.__struct_fields__})


def list_bounds(
    client: Client, *, bound_id: str = "", node: NodeRef | None = None, deleted: bool = False, limit: int = 10_000
) -> list[Bound]:
    """Both slots of every bound, the effective one first; deleted ones only where asked for."""
    return fetch(
        client,
        Bound,
        "FROM leadline.bounds "
        + where(
            "bound_id = {bound_id:String}" if bound_id else "",
            "kind = {kind:String} AND namespace = {namespace:String} AND name = {name:String}" if node else "",
            "" if deleted else "state != 'DELETED'",
        )
        + " ORDER BY namespace, name, metric, bound_id, effective DESC, origin LIMIT {limit:UInt32}",
        bound_id=bound_id or None,
        kind=node.kind if node else None,
        namespace=node.namespace if node else None,
        name=node.name if node else None,
        limit=limit,
    )


class BoundVersion(msgspec.Struct, frozen=True):
    """One content of one slot of a bound, and from when to when it held; valid_to is None where it still does."""

    bound_id: str
    origin: str
    version: int
    state: str
    kind: str
    namespace: str
    name: str
    metric: str
    dims: dict[str, str]
    warn_lower: float | None
    warn_upper: float | None
    error_lower: float | None
    error_upper: float | None
    inclusive: str
    on_invalid: str
    owner: str
    message: str
    runbook_url: str
    actor: str
    reason: str
    valid_from: Micros
    valid_to: Micros | None
    recorded_at: Micros

    def holds_at(self, moment: Micros) -> bool:
        return self.valid_from <= moment and (self.valid_to is None or moment < self.valid_to)


def bound_versions(client: Client, node: NodeRef) -> list[BoundVersion]:
    """Every content of both slots of every bound of the node, oldest first."""
    return fetch(
        client,
        BoundVersion,
        "FROM leadline.bound_versions "
        "WHERE kind = {kind:String} AND namespace = {namespace:String} AND name = {name:String} "
        "ORDER BY valid_from, bound_id, origin",
        **msgspec.structs.asdict(node),
    )


def bounds_of_series(client: Client, node: NodeRef, metric: str, dims: dict[str, str]) -> list[BoundVersion]:
    """The bounds that judged the series, each for as long as it did; what was measured at `event_time` was judged by those
    that held then."""
    return [
        version
        for version in in_force(bound_versions(client, node))
        if version.state == "ACTIVE" and version.metric == metric and version.dims.items() <= dims.items()
    ]


def in_force(versions: Iterable[BoundVersion]) -> list[BoundVersion]:
    """The versions cut to when they counted: code's only while there is no word of an operator. Pure; oldest first.

    Takes versions of one node, each slot without overlaps. A paused one counts, and judges nothing.
    """
    slots: dict[str, list[BoundVersion]] = {}
    for version in versions:
        if version.state != "DELETED":
            slots.setdefault(version.bound_id, []).append(version)
    found = [part for slot in slots.values() for part in _in_force(slot)]
    return sorted(found, key=lambda version: (version.valid_from, version.bound_id))


def _in_force(versions: list[BoundVersion]) -> Iterator[BoundVersion]:
    """Of one bound: the code's versions are left with the time that the operator's do not take."""
    operator = sorted((v for v in versions if v.origin == "OPERATOR"), key=lambda version: version.valid_from)
    yield from operator
    for version in versions:
        if version.origin != "OPERATOR":
            yield from _without(version, operator)


def _without(version: BoundVersion, taken: list[BoundVersion]) -> Iterator[BoundVersion]:
    """The version in parts, with the time of the others left out; these are in order."""
    left, end = version.valid_from, version.valid_to
    for other in taken:
        if end is not None and other.valid_from >= end:
            break
        if other.valid_from > left:
            yield replace(version, valid_from=left, valid_to=other.valid_from)
        if other.valid_to is None:
            return
        left = max(left, other.valid_to)
    if end is None or left < end:
        yield replace(version, valid_from=left, valid_to=end)
