"""Readings: one series as it was measured, with the bound as it was then, and the metrics that a node has."""

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from .node import NodeRef
from .query import MOMENT, TEXT_MAP, fetch, text_map, where

_OF_NODE = "kind = {kind:String} AND namespace = {namespace:String} AND name = {name:String}"


class Point(msgspec.Struct, frozen=True):
    """One reading of a series; `time` is the slot, else event_time: what it is drawn over."""

    time: Micros
    event_time: Micros
    slot: Micros | None
    value: float
    mode: str
    version: str
    job_namespace: str
    job_name: str
    run_id: str
    recorded_at: Micros


class MetricSummary(msgspec.Struct, frozen=True):
    """One series of a node: how many readings, and the last."""

    metric: str
    dims: dict[str, str]
    unit: str
    readings: int
    last_value: float
    last_time: Micros
    last_slot: Micros | None


def series(
    client: Client,
    node: NodeRef,
    metric: str,
    *,
    dims: dict[str, str] | None = None,
    since: Micros | None = None,
    until: Micros | None = None,
    as_known_at: Micros | None = None,
    limit: int = 100_000,
) -> list[Point]:
    """The newest `limit` readings of one series in the order of `time`; `dims` must match exactly, none: no dims.

    `as_known_at`: only what the store knew then.
    """
    newest = fetch(
        client,
        Point,
        "FROM leadline.readings "
        + where(
            _OF_NODE,
            "metric = {metric:String}",
            f"dims = {TEXT_MAP % 'dims'}",
            f"time >= {MOMENT % 'since'}" if since is not None else "",
            f"time <= {MOMENT % 'until'}" if until is not None else "",
            f"recorded_at <= {MOMENT % 'known'}" if as_known_at is not None else "",
        )
        + " ORDER BY time DESC, event_time DESC, run_id LIMIT {limit:UInt32}",
        **msgspec.structs.asdict(node),
        metric=metric,
        dims=text_map(dims or {}),
        since=since,
        until=until,
        known=as_known_at,
        limit=limit,
    )
    return newest[::-1]


def metrics_of(client: Client, node: NodeRef) -> list[MetricSummary]:
    """Every series of the node, by name."""
    return fetch(
        client,
        MetricSummary,
        f"FROM leadline.readings WHERE {_OF_NODE} GROUP BY metric, dims ORDER BY metric, toString(dims)",
        {
            "unit": "argMax(unit, event_time)",
            "readings": "count()",
            "last_value": "argMax(value, (time, event_time))",
            "last_time": "argMax(event_time, (time, event_time))",
            "last_slot": "argMax(tuple(slot), (time, event_time)).1",
        },
        **msgspec.structs.asdict(node),
    )
