"""Trends: a series by the hour, from the rollup that the store keeps."""

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from .node import NodeRef
from .query import MOMENT, TEXT_MAP, fetch, text_map, where


class Hour(msgspec.Struct, frozen=True):
    """One hour (UTC) of slots, else of event times; the values are None where no reading of it was valid."""

    time: Micros
    readings: int
    invalid: int
    mean: float | None
    minimum: float | None
    maximum: float | None
    last: float | None


def hourly(
    client: Client, node: NodeRef, metric: str, *, dims: dict[str, str] | None = None, since: Micros | None = None
) -> list[Hour]:
    """In the order of time; hours without readings are left out."""
    return fetch(
        client,
        Hour,
        "FROM leadline.trends_hourly "
        + where(
            "kind = {kind:String} AND namespace = {namespace:String} AND name = {name:String} AND metric = {metric:String}",
            f"dims = {TEXT_MAP % 'dims'}",
            f"time >= {MOMENT % 'since'}" if since is not None else "",
        )
        + " ORDER BY time",
        **msgspec.structs.asdict(node),
        metric=metric,
        dims=text_map(dims or {}),
        since=since,
    )
