"""What could not be read, counted."""

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from .query import fetch


class DeadLetterCount(msgspec.Struct, frozen=True):
    topic: str
    reason: str
    count: int
    last: Micros


def count_by_reason(client: Client) -> list[DeadLetterCount]:
    """The largest groups first."""
    return fetch(
        client,
        DeadLetterCount,
        "FROM (SELECT topic, reason, recorded_at AS known FROM leadline.dead_letters) GROUP BY topic, reason "
        "ORDER BY count() DESC, topic, reason",
        {"count": "count()", "last": "max(known)"},
    )
