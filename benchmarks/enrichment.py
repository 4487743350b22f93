"""How fast transitions become alerts: `python -m benchmarks.enrichment`. Starts a broker, a registry, a store and one worker of
its own; `--sink` adds the sink, which then writes what passes beside it, as in a whole stack.

The store knows five jobs in a chain and a fan of a hundred behind it: predictions, each validated by one job and read by
another, a month of daily runs, each with a new version of its input and now and then a commit, twenty metrics of each
prediction, log lines of the failing runs, and owners.
Alerts/s: from before the first of a burst of transitions is sent to the running worker until the last alert was consumed.
Latency: from before the send of one transition, while nothing else happens, until its alert was consumed.
"""

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from clickhouse_connect.driver.client import Client
from confluent_kafka import Consumer, Producer
from msgspec import json

from leadline.core.clock import DAY, isoformat
from leadline.core.settings import Settings
from leadline.events.codec import Codec
from leadline.events.kafka import consumer_config, producer_config
from leadline.events.messages import to_message
from leadline.events.records import (
    Alert,
    ChangeDetected,
    EdgeObserved,
    EntityReported,
    Event,
    LogLine,
    LogsReported,
    MetricsReported,
    Reading,
    RunEvent,
    RunIo,
    Transition,
)
from leadline.events.registry import RegistryClient
from leadline.events.topics import ALERTS
from leadline.history.connection import connect
from leadline.history.document import document
from leadline.local import Stack

from .machine import describe

NOON = 1_795_262_400_000_000
CHAIN, FAN, DAYS, METRICS, LINES = 5, 100, 30, 20, 20
JOBS, LAKE, PRODUCER = "airflow://prod", "s3://lake", "bench/1"
_BLOCK = 2_000
_DEADLINE_SECONDS = 300.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--burst", type=int, default=FAN * METRICS, help="transitions in one go")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--samples", type=int, default=50, help="single transitions whose latency is taken")
    parser.add_argument("--sink", action="store_true", help="with the sink beside it")
    parser.add_argument("--port-base", type=int, default=20_760)
    options = parser.parse_args()
    services = ("broker", "registry", "store", *(["sink"] if options.sink else []))
    sys.stdout.write(describe() + "\n")
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder) / "stack", options.port_base, only=services) as settings,
    ):
        load(connect(settings), history())
        with worker(settings, Path(folder) / "worker.log"), closing(Bench(settings)) as bench:
            bench.burst(1)  # until then it starts
            _show("latency of one transition, ms", [bench.burst(1)[0] * 1000 for _ in range(options.samples)])
            rounds = [bench.burst(options.burst) for _ in range(options.rounds)]
        _show(f"alerts/s, burst of {options.burst:,}", [options.burst / seconds for seconds, _ in rounds])
        sys.stdout.write(f"{'alerts with something missing':40} {sum(thin for _, thin in rounds):,}\n")
    return 0


def history() -> Iterator[Event]:
    """What the store knows before the first transition."""
    chain = [f"stage-{number}" for number in range(CHAIN)]
    for made_from, made in itertools.pairwise(chain):
        yield from _pipeline(f"make-{made}", made_from, made)
    for number in range(FAN):
        yield from _pipeline(f"score-{number}", chain[-1], f"predictions-{number}")
        yield from _pipeline(f"campaign-{number}", f"predictions-{number}", f"letters-{number}")
        yield from _pipeline(f"validate-{number}", f"predictions-{number}", "")
        yield _owner("DATASET", LAKE, f"predictions-{number}")
        for day in range(DAYS):
            yield _readings(number, day)
        yield _log(number)


def _pipeline(job: str, made_from: str, made: str) -> Iterator[Event]:
    """A job's month, its owner, and the edge that it makes."""
    yield _owner("JOB", JOBS, job)
    for day in range(DAYS):
        yield _run(job, made_from, made, day)
        yield _change(job, "input_version", day)
        if day % 7 == 0:
            yield _change(job, "code.commit", day)
    if made:
        yield _owner("DATASET", LAKE, made)
        yield _edge(job, made_from, made)


def _run(job: str, made_from: str, made: str, day: int) -> RunEvent:
    return RunEvent(
        event_id=f"{job}/{day}", event_time=NOON - day * DAY, producer=PRODUCER, source="airflow", run_id=f"run-{day}",
        job_namespace=JOBS, job_name=job, event_type="FAIL" if day == 0 and not made else "COMPLETE", host="worker-7",
        code_commit="0123456789abcdef", error_message="mean too high" if day == 0 and not made else "",
        inputs=[RunIo(kind="DATASET", namespace=LAKE, name=made_from)],
        outputs=[RunIo(kind="DATASET", namespace=LAKE, name=made)] if made else [],
    )  # fmt: skip


def _change(job: str, what: str, day: int) -> ChangeDetected:
    return ChangeDetected(
        event_id=f"{job}/{what}/{day}", event_time=NOON - day * DAY, producer=PRODUCER, kind="JOB", namespace=JOBS, name=job,
        what=what, before=f"v{day + 1}", after=f"v{day}", job_namespace=JOBS, job_name=job, run_id=f"run-{day}",
        previous_run_id=f"run-{day + 1}", revision=1,
    )  # fmt: skip


def _edge(job: str, made_from: str, made: str) -> EdgeObserved:
    return EdgeObserved(
        event_id=f"{made_from}>{made}", event_time=NOON - DAYS * DAY, producer=PRODUCER, granularity="JOB",
        source_kind="DATASET", source_namespace=LAKE, source_name=made_from, target_kind="DATASET", target_namespace=LAKE,
        target_name=made, job_namespace=JOBS, job_name=job, valid_from=NOON - DAYS * DAY, last_seen=NOON, revision=1,
    )  # fmt: skip


def _owner(kind: str, namespace: str, name: str) -> EntityReported:
    return EntityReported(
        event_id=f"{kind}/{name}", event_time=NOON - DAYS * DAY, producer=PRODUCER, kind=kind, namespace=namespace, name=name,
        aspect="ownership", values={"owner": f"team of {name}", "on_call": "+49 30 1234"},
    )  # fmt: skip


def _readings(number: int, day: int) -> MetricsReported:
    return MetricsReported(
        event_id=f"metrics-{number}/{day}", event_time=NOON - day * DAY, producer=PRODUCER, kind="DATASET", namespace=LAKE,
        name=f"predictions-{number}", readings=[Reading(metric=f"m{index}", value=float(day)) for index in range(METRICS)],
        slot=NOON - (day + 1) * DAY, run_id=f"run-{day}", job_namespace=JOBS, job_name=f"validate-{number}",
    )  # fmt: skip


def _log(number: int) -> LogsReported:
    lines = [
        LogLine(time=NOON + line, level="ERROR" if line % 7 == 6 else "INFO", logger="validate", message=f"line {line}")
        for line in range(LINES)
    ]
    return LogsReported(
        event_id=f"log-{number}", event_time=NOON, producer=PRODUCER, run_id="run-0", job_namespace=JOBS,
        job_name=f"validate-{number}", lines=lines,
    )  # fmt: skip


def transition(event_id: str, number: int) -> Transition:
    """Of one of the metrics of one of the predictions: 0 today, 3 when it was last good."""
    return Transition(
        event_id=event_id, event_time=NOON, producer=PRODUCER, episode_id=f"episode-{event_id}", series=f"series-{number}",
        bound_id="bench", bound_version=1, bound_origin="CODE", transition="opened", ordinal=1, severity="error",
        kind="DATASET", namespace=LAKE, name=f"predictions-{number % FAN}", metric=f"m{number // FAN % METRICS}", value=0.0,
        opened_at=NOON, condition="error below 1", last_good_value=3.0, last_good_time=NOON - 3 * DAY, mode="LIVE",
        job_namespace=JOBS, job_name=f"validate-{number % FAN}", run_id="run-0",
    )  # fmt: skip


def load(store: Client, events: Iterable[Event]) -> None:
    """Into the store as the sink would have, many at a time."""
    for kind, found in itertools.groupby(sorted(events, key=lambda event: type(event).__name__), key=type):
        for block in _blocks(found):
            store.raw_insert(
                f"leadline_internal.in_{kind.__name__}",
                insert_block=b"\n".join(json.encode(_row(event)) for event in block),
                fmt="JSONEachRow",
                settings={"date_time_input_format": "best_effort"},
            )


def _blocks(events: Iterator[Event]) -> Iterator[list[Event]]:
    while block := list(itertools.islice(events, _BLOCK)):
        yield block


def _row(event: Event) -> dict[str, object]:
    return {"_partition": 0, "_offset": 0, "recorded_at": isoformat(event.event_time), **document(event)}


class Bench:
    def __init__(self, settings: Settings) -> None:
        self._codec = Codec(RegistryClient(settings.schema_registry))
        self._producer = Producer(producer_config(settings, **{"linger.ms": 0}))
        self._consumer = Consumer(consumer_config(settings, "bench", **{"fetch.wait.max.ms": 10}))
        self._consumer.subscribe([ALERTS])
        self._sent = 0

    def close(self) -> None:
        self._consumer.close()

    def burst(self, size: int) -> tuple[float, int]:
        """Seconds until all of them are alerts, and how many of those have something missing."""
        ids = [f"t-{number}" for number in range(self._sent, self._sent + size)]
        messages = [to_message(self._codec, transition(event_id, number)) for number, event_id in enumerate(ids, self._sent)]
        self._sent += size
        begin = time.perf_counter()
        for message in messages:
            self._producer.produce(message.topic, key=message.key, value=message.value, headers=list(message.headers))
        self._producer.poll(0)
        found = self._alerts(set(ids))
        return time.perf_counter() - begin, sum(bool(alert.missing) for alert in found)

    def _alerts(self, wanted: set[str]) -> list[Alert]:
        deadline, found = time.monotonic() + _DEADLINE_SECONDS, []
        while wanted:
            self._producer.poll(0)
            for message in self._consumer.consume(500, timeout=0.005):
                alert = self._codec.decode(message.value(), "Alert")
                assert isinstance(alert, Alert)
                wanted.discard(alert.event_id)
                found.append(alert)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(wanted)} alerts are missing after {_DEADLINE_SECONDS:.0f} s")
        return found


@contextmanager
def worker(settings: Settings, log: Path) -> Iterator[None]:
    environment = {
        **os.environ, "KAFKA": settings.kafka, "SCHEMA_REGISTRY": settings.schema_registry, "CLICKHOUSE": settings.clickhouse,
        "CLICKHOUSE_USER": settings.clickhouse_user, "CLICKHOUSE_PASSWORD": settings.clickhouse_password,
        "LEADLINE_DATA": str(settings.data),
    }  # fmt: skip
    with log.open("ab") as out:
        command = [sys.executable, "-m", "leadline.cli", "worker", "enrichment"]
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def _show(title: str, figures: list[float]) -> None:
    low, middle, high = min(figures), statistics.median(figures), max(figures)
    sys.stdout.write(f"{title:40} min {low:,.1f}  median {middle:,.1f}  max {high:,.1f}  n={len(figures)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
