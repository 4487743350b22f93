"""OpenLineage's events a second from the topic until they are rows: `python -m benchmarks.openlineage_topic [--rounds 3]`.

On a stack of its own with the roles that they pass, `openlineage` and `sink`. The clock runs from the first event that is put
into the topic until all are in the views `runs` and `run_io`; putting them there takes its part of the machine too.
"""

import argparse
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path

from clickhouse_connect.driver.client import Client
from confluent_kafka import Producer

from leadline.core.settings import Settings
from leadline.events.kafka import producer_config
from leadline.events.topics import OPENLINEAGE_EVENTS
from leadline.history.connection import connect
from leadline.local import Stack

from .machine import describe
from .openlineage_events import maker

ROLES = ("broker", "registry", "store", "sink", "openlineage")
_STUCK_SECONDS = 300.0
_LAST = 200
_ROWS = """SELECT (SELECT count() FROM leadline.runs WHERE run_id IN {ids:Array(String)}),
    (SELECT count(DISTINCT run_id) FROM leadline.run_io WHERE run_id IN {ids:Array(String)})"""
_ALL = "SELECT count(DISTINCT run_id) FROM leadline.run_io"


def rate(settings: Settings, store: Client, size: int, numbers: range) -> float:
    """`numbers`: of the events, from the first that there was none of yet."""
    make = maker(size)
    bodies = [make(number) for number in numbers]
    producer = Producer(producer_config(settings))
    began = time.perf_counter()
    for number, body in zip(numbers, bodies, strict=True):
        producer.produce(OPENLINEAGE_EVENTS, body, f"run:bench/{number}".encode())
    producer.flush()
    last = {"ids": [str(uuid.UUID(int=number)) for number in numbers[-_LAST:]]}
    while min(store.query(_ROWS, last).result_rows[0]) < _LAST:  # of all partitions, so next to nothing is missing then
        if time.perf_counter() - began > _STUCK_SECONDS:
            raise SystemExit(f"gave up: of the last {_LAST} runs {store.query(_ROWS, last).result_rows[0]} have rows")
        time.sleep(0.1)
    took = time.perf_counter() - began
    if (found := store.query(_ALL).result_rows[0][0]) < numbers.stop:
        raise SystemExit(f"the last runs have rows, but only {found:,} of {numbers.stop:,} of all")
    return len(numbers) / took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=80, help="of events in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--port-base", type=int, default=29_120)
    arguments = parser.parse_args()
    sys.stdout.write(f"{describe()}\n{'events/s':20}  {'min':>9}  {'median':>9}  {'max':>9}\n")
    with tempfile.TemporaryDirectory() as data, Stack(Path(data), arguments.port_base, only=ROLES) as settings:
        store, sent = connect(settings), 0
        for size in (4_096, 65_536):
            number = arguments.megabytes * 1024 * 1024 // size
            rates = []
            for _ in range(arguments.rounds):
                rates.append(rate(settings, store, size, range(sent, sent + number)))
                sent += number
            cells = "  ".join(f"{value:9,.0f}" for value in (min(rates), statistics.median(rates), max(rates)))
            sys.stdout.write(f"{f'{size // 1024} KB':20}  {cells}\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
