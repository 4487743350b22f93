"""How far the store has read."""

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from .query import fetch


class Watermark(msgspec.Struct, frozen=True):
    """One topic, all its partitions together."""

    topic: str
    lag: int
    """Messages that were not in the store when the sink last looked."""
    checked_at: Micros
    """When the sink last looked at the partition that it has not looked at for longest."""
    complete_until: Micros | None
    """What was known by then is in the store; None: nothing of some partition is."""


class _Moment(msgspec.Struct, frozen=True):
    moment: Micros | None


_WORST = "if(countIf(complete_until IS NULL) > 0, NULL, min(complete_until))"


def watermarks(client: Client) -> list[Watermark]:
    """By topic; empty where the sink has never looked."""
    return fetch(
        client,
        Watermark,
        "FROM (SELECT topic, lag AS late, checked_at AS looked, complete_until FROM leadline.watermarks) "
        "GROUP BY topic ORDER BY topic",
        {"lag": "sum(late)", "checked_at": "min(looked)", "complete_until": _WORST},
    )


def complete_until(client: Client) -> Micros | None:
    """What was known by then is in the store, whatever the topic; None where that cannot be said."""
    found = fetch(client, _Moment, "FROM leadline.watermarks", {"moment": f"if(count() = 0, NULL, {_WORST})"})
    return found[0].moment
