"""The whole way: readings from `track` to SQL, and how long one event takes to be visible, on a stack of its own.

python -m benchmarks.end_to_end [--readings 400000] [--events 60] [--rate 5000]
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from clickhouse_connect.driver.client import Client as ClickHouse
from confluent_kafka import Producer

from leadline import track
from leadline.core.clock import system_clock
from leadline.core.settings import Settings
from leadline.events.codec import Codec
from leadline.events.ids import new_id
from leadline.events.kafka import producer_config
from leadline.events.messages import to_message
from leadline.events.records import MetricsReported, Reading
from leadline.events.registry import RegistryClient
from leadline.history.connection import connect
from leadline.local import Stack

from .machine import describe


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readings", type=int, default=400_000)
    parser.add_argument("--events", type=int, default=60, help="single events whose visibility is timed")
    parser.add_argument("--rate", type=float, default=5000, help="events a second of the load behind them")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--port-base", type=int, default=29_000)
    arguments = parser.parse_args()
    sys.stdout.write(describe() + "\n")
    with tempfile.TemporaryDirectory() as data, Stack(Path(data), port_base=arguments.port_base) as settings:
        store = connect(settings)
        rates = [_throughput(settings, store, arguments.readings, Path(data)) for _ in range(arguments.rounds)]
        _row("readings/s from track to SQL", rates, "{:,.0f}")
        _latencies("event to SQL, idle", settings, store, arguments.events, pause=0.5)
        load = _Load(settings, arguments.rate)
        with load:
            _latencies(f"event to SQL, at {arguments.rate:,.0f} events/s", settings, store, arguments.events)
        sys.stdout.write(f"{'load really sent, events/s':44} {load.rate:,.0f}\n")
    return 0


def _throughput(settings: Settings, store: ClickHouse, readings: int, spool: Path) -> float:
    """Readings a second, from the first call to the last row; twenty metrics a step, as a training loop has them."""
    name = f"bench-{new_id()}"
    client = track.configure(settings, spool=spool / "spool")
    began = time.perf_counter()
    with track.run(name, "bench") as run:
        model = track.model("bench", name)
        for step in range(readings // 20):
            for metric in range(20):
                run.metric(f"metric-{metric}", float(step), of=model)
            if step % 1000 == 999:
                client.flush(60)  # a loop that does nothing else would outrun any delivery, and drop
    client.flush(120)
    _wait(lambda: _count(store, name) >= readings, f"{readings} readings", seconds=180)
    return readings / (time.perf_counter() - began)


def _count(store: ClickHouse, name: str) -> int:
    sql = "SELECT count() FROM leadline.readings WHERE namespace = 'bench' AND name = {name:String}"
    return int(store.query(sql, parameters={"name": name}).result_rows[0][0])


def _latencies(what: str, settings: Settings, store: ClickHouse, events: int, pause: float = 0.0) -> None:
    """`pause`: seconds between two events; the sink flushes at most every 0.2 s, so without one nothing is idle."""
    producer, codec = Producer(producer_config(settings, **{"linger.ms": 0})), Codec(RegistryClient(settings.schema_registry))
    seconds = []
    for _ in range(events):
        name = f"probe-{new_id()}"
        time.sleep(pause)
        began = time.perf_counter()
        _send(producer, codec, name)
        producer.flush(10)
        _wait(lambda name=name: _count(store, name) == 1, name, seconds=30)  # type: ignore[misc]
        seconds.append(time.perf_counter() - began)
    _row(f"{what}, ms", [s * 1000 for s in seconds], "{:.0f}")


def _send(producer: Producer, codec: Codec, name: str) -> None:
    event = MetricsReported(
        event_id=new_id(),
        event_time=system_clock(),
        producer="bench/1",
        kind="MODEL",
        namespace="bench",
        name=name,
        readings=[Reading(metric="auc", value=0.9)],
    )
    message = to_message(codec, event)
    producer.produce(message.topic, message.value, message.key, headers=message.headers)


class _Load:
    """Sends events at a steady rate from a thread of its own while it is entered."""

    def __init__(self, settings: Settings, rate: float) -> None:
        self._settings, self._wanted = settings, rate
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.rate = 0.0

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        producer = Producer(producer_config(self._settings))
        codec = Codec(RegistryClient(self._settings.schema_registry))
        began, sent = time.perf_counter(), 0
        while not self._stop.wait(0.02):
            while sent < (time.perf_counter() - began) * self._wanted:
                _send(producer, codec, f"load-{sent % 200}")
                sent += 1
            producer.poll(0)
        self.rate = sent / (time.perf_counter() - began)
        producer.flush(30)


def _wait(condition: Callable[[], bool], what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds:g} s for {what}")
        time.sleep(0.002)


def _row(what: str, values: list[float], shape: str) -> None:
    ordered = sorted(values)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    cells = [shape.format(value) for value in (ordered[0], statistics.median(ordered), ordered[-1], p99)]
    sys.stdout.write(
        f"{what:44} min {cells[0]:>9}  median {cells[1]:>9}  max {cells[2]:>9}  p99 {cells[3]:>9}  n={len(values)}\n"
    )


if __name__ == "__main__":
    raise SystemExit(main())
