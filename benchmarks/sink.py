"""How fast the sink is: `python benchmarks/sink.py` against an empty stack whose sink is not running (KAFKA, CLICKHOUSE ...).

Events are put into Kafka first; then `leadline worker sink` starts, and the time from the first row in the store to the last is
taken. Latency is taken with nothing else running, and at 5,000 events/s: from before the send until a SELECT finds it.
"""

import argparse
import os
import platform
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.client import Client
from confluent_kafka import Producer

from leadline.clickhouse.store import writing
from leadline.core.clock import system_clock
from leadline.core.settings import Settings, load_settings
from leadline.events.codec import Codec, encode_body, frame
from leadline.events.ids import new_id
from leadline.events.kafka import create_topics, producer_config
from leadline.events.keys import key_of
from leadline.events.records import Event, LogLine, LogsReported, MetricsReported, Reading
from leadline.events.registry import RegistryClient
from leadline.events.topics import home_topic

_DEADLINE_SECONDS = 300.0


def log_line(number: int) -> Event:
    """Eight columns of its own: id, time, run, job, level, logger, message."""
    now = system_clock()
    return LogsReported(
        event_id=new_id(), event_time=now, producer="bench/1", run_id=f"run-{number % 100}", job_namespace="bench",
        job_name=f"job-{number % 10}", lines=[LogLine(time=now, level="INFO", logger="bench", message=f"line {number}")],
    )  # fmt: skip


def one_reading(number: int) -> Event:
    return _metrics(number, 1)


def twenty_readings(number: int) -> Event:
    return _metrics(number, 20)


def _metrics(number: int, readings: int) -> Event:
    return MetricsReported(
        event_id=new_id(), event_time=system_clock(), producer="bench/1", kind="DATASET", namespace="bench",
        name=f"table-{number % 100}", readings=[Reading(metric=f"m{i}", value=float(number)) for i in range(readings)],
    )  # fmt: skip


def produce(settings: Settings, events: Iterator[Event], rate: float = 0.0) -> None:
    """`rate`: events a second; 0: as fast as it goes."""
    producer = Producer(producer_config(settings, **{"queue.buffering.max.messages": 1_000_000}))
    codec = Codec(RegistryClient(settings.schema_registry))
    started = time.perf_counter()
    for number, event in enumerate(events):
        topic = home_topic(type(event))
        value = frame(codec.schema_id(type(event).__name__, topic), encode_body(event))
        while True:
            try:
                producer.produce(topic, key=key_of(event), value=value)
                break
            except BufferError:
                producer.poll(0.1)
        if rate and number % 50 == 0:
            producer.poll(0)
            time.sleep(max(0.0, started + number / rate - time.perf_counter()))
    producer.flush()


@contextmanager
def sink() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", "leadline.cli", "worker", "sink"], env=os.environ)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def until(client: Client, sql: str, wanted: int) -> float:
    """When the count was reached."""
    deadline = time.perf_counter() + _DEADLINE_SECONDS
    while int(client.command(sql)) < wanted:  # type: ignore[arg-type]
        if time.perf_counter() > deadline:
            raise TimeoutError(sql)
        time.sleep(0.02)
    return time.perf_counter()


def throughput(
    settings: Settings, client: Client, make: Callable[[int], Event], *, table: str, events: int, rows: int
) -> float:
    """Events a second, from the first row in the store to the last."""
    count = f"SELECT count() FROM leadline_internal.{table}"
    before = int(client.command(count))  # type: ignore[arg-type]
    produce(settings, map(make, range(events)))
    with sink():
        started = until(client, count, before + 1)
        ahead = int(client.command(count)) - before  # type: ignore[arg-type]
        ended = until(client, count, before + events * rows)
    return (events - ahead / rows) / (ended - started)


def latency(settings: Settings, client: Client, samples: int) -> list[float]:
    """Milliseconds from before the send until a SELECT finds the event."""
    producer = Producer(producer_config(settings, **{"linger.ms": 0}))
    codec = Codec(RegistryClient(settings.schema_registry))
    found = []
    for number in range(samples):
        event = log_line(number)
        value = codec.encode(event)
        time.sleep(0.31 + number % 7 / 50)
        started = time.perf_counter()
        producer.produce(home_topic(type(event)), key=key_of(event), value=value)
        producer.poll(0)
        while not client.command(f"SELECT count() FROM leadline_internal.logs WHERE event_id = '{event.event_id}'"):
            time.sleep(0.005)
        found.append((time.perf_counter() - started) * 1000)
    return found


def row(name: str, values: list[float], unit: str) -> str:
    low, mid, high = (f"{value:,.0f}" for value in (min(values), statistics.median(values), max(values)))
    p99 = f"{sorted(values)[int(len(values) * 0.99) - 1 if len(values) >= 100 else -1]:,.0f}"
    return f"| {name} | {low} | {mid} | {p99 if len(values) > 5 else '-'} | {high} | {unit} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--samples", type=int, default=50)
    options = parser.parse_args()
    settings = load_settings()
    create_topics(settings)
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print("| what | min | median | p99 | max | unit |\n|---|---|---|---|---|---|")
    with writing(settings) as client:
        cases = [
            ("eight-column events into the store", log_line, "logs", options.events, 1),
            ("messages of one reading", one_reading, "readings", options.events // 2, 1),
            ("messages of twenty readings", twenty_readings, "readings", options.events // 10, 20),
        ]
        for name, make, table, events, rows in cases:
            rates = [throughput(settings, client, make, table=table, events=events, rows=rows) for _ in range(options.repeats)]
            print(row(name, rates, "events/s"), flush=True)
        with sink():
            time.sleep(5)
            print(row("visible in SQL, idle", latency(settings, client, options.samples), "ms"), flush=True)
            load = threading.Thread(target=produce, args=(settings, map(log_line, range(5_000 * options.samples)), 5_000.0))
            load.start()
            print(row("visible in SQL, at 5,000 events/s", latency(settings, client, options.samples), "ms"), flush=True)
            load.join()


if __name__ == "__main__":
    main()
