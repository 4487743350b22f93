"""Events into the store through the sink's inlets, many at a time."""

import json
from collections import defaultdict
from collections.abc import Iterable

from clickhouse_connect.driver.client import Client

from leadline.cli.output import document
from leadline.core.clock import isoformat
from leadline.events.records import Event

BLOCK = 5_000


def load(client: Client, events: Iterable[Event]) -> None:
    """Recorded when they happened."""
    by_inlet: dict[str, list[bytes]] = defaultdict(list)
    for event in events:
        row = {"_partition": 0, "_offset": 0, "recorded_at": isoformat(event.event_time), **document(event)}
        by_inlet[type(event).__name__].append(json.dumps(row).encode())
    for inlet, rows in by_inlet.items():
        for first in range(0, len(rows), BLOCK):
            client.raw_insert(
                f"leadline_internal.in_{inlet}",
                insert_block=b"\n".join(rows[first : first + BLOCK]),
                fmt="JSONEachRow",
                settings={"date_time_input_format": "best_effort"},
            )
