"""How fast bounds are judged: `python -m benchmarks.bounds`. Starts a broker, a registry and one worker of its own.

Readings/s: messages of 20 readings, each under a bound, are put into Kafka first; then `leadline worker bounds` starts. The
time is taken from the first transition, of the first messages, to the last one, of the last messages: on the clock, and the
processor time of the worker, which says what it would reach on a machine that does nothing else.
Latency: from before the send of a reading until its transition was consumed, alone and with 5,000 readings/s beside it.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from confluent_kafka import Consumer, Producer

from leadline.core.clock import system_clock
from leadline.core.settings import Settings
from leadline.events.codec import Codec
from leadline.events.ids import new_id
from leadline.events.kafka import consumer_config, producer_config
from leadline.events.messages import to_message
from leadline.events.records import BoundSpec, MetricsReported, Reading, Transition
from leadline.events.registry import RegistryClient
from leadline.events.topics import TRANSITIONS
from leadline.local import Stack

from .machine import describe

READINGS, NODES, GOOD, BAD = 20, 100, 1.0, 0.0
BOUNDS = [BoundSpec(bound_id=f"m{index}", metric=f"m{index}", warn_lower=0.6, error_lower=0.5) for index in range(READINGS)]
_DEADLINE_SECONDS = 300.0


def report(node: str, value: float, *, bounds: bool, readings: int = READINGS) -> MetricsReported:
    return MetricsReported(
        event_id=new_id(),
        event_time=system_clock(),
        producer="bench/1",
        kind="MODEL",
        namespace="bench",
        name=node,
        mode="LIVE",
        run_id="run-1",
        job_namespace="bench",
        job_name="score",
        # One of them leaves its bound, the others stay within.
        readings=[Reading(metric=f"m{index}", value=GOOD if index else value) for index in range(readings)],
        bounds=BOUNDS[:readings] if bounds else [],
    )


class Bench:
    def __init__(self, settings: Settings, log: Path) -> None:
        self._settings, self._log = settings, log
        self._codec = Codec(RegistryClient(settings.schema_registry))
        self._producer = Producer(producer_config(settings))
        self._consumer = Consumer(consumer_config(settings, "bench", **{"fetch.wait.max.ms": 10}))
        self._consumer.subscribe([TRANSITIONS])

    @contextmanager
    def worker(self) -> Iterator[psutil.Process]:
        addresses = {"KAFKA": self._settings.kafka, "SCHEMA_REGISTRY": self._settings.schema_registry}
        with self._log.open("ab") as out:
            command = [sys.executable, "-m", "leadline.cli", "worker", "bounds"]
            process = subprocess.Popen(command, env={**os.environ, **addresses}, stdout=out, stderr=out)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=60)

    def send(self, event: MetricsReported) -> None:
        message = to_message(self._codec, event)
        while True:
            try:
                self._producer.produce(message.topic, key=message.key, value=message.value, headers=message.headers)
                break
            except BufferError:
                self._producer.poll(0.1)
        self._producer.poll(0)

    def flush(self) -> None:
        assert self._producer.flush(60) == 0

    def next_transition(self) -> Transition:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while time.monotonic() < deadline:
            message = self._consumer.poll(1.0)
            if message is not None and message.error() is None:
                event = self._codec.decode(message.value(), "Transition")
                assert isinstance(event, Transition)
                return event
        raise TimeoutError(f"no transition within {_DEADLINE_SECONDS:.0f} s; see {self._log}")

    def throughput(self, run: str, messages: int, *, bounds: bool) -> tuple[float, float]:
        """Readings per second, and per second of processor time, of one worker that finds them waiting."""
        for number in range(messages):
            # One series of each node is outside from the first message to the last but one.
            value = GOOD if number >= messages - NODES else BAD
            self.send(report(f"{run}-{number % NODES}", value, bounds=bounds or number < NODES))
        self.flush()
        with self.worker() as process:
            self._await(run, "opened")
            begin, busy = time.perf_counter(), _busy(process)
            for _ in range(NODES):
                self._await(run, "resolved")
            readings = messages * READINGS
            return readings / (time.perf_counter() - begin), readings / (_busy(process) - busy)

    def latencies(self, count: int, background: int) -> list[float]:
        """Milliseconds from a reading to its transition; `background` messages/s go by meanwhile."""
        stop = threading.Event()
        noise = threading.Thread(target=self._noise, args=(background, stop))
        with self.worker():
            node = f"latency-{background}"
            self.send(report(node, BAD, bounds=True, readings=1))
            self._await(node)
            if background:
                noise.start()
            found = []
            for number in range(count):
                time.sleep(0.02)
                begin = time.perf_counter()
                self.send(report(node, GOOD if number % 2 == 0 else BAD, bounds=False, readings=1))
                self._await(node)
                found.append((time.perf_counter() - begin) * 1000)
            stop.set()
            if background:
                noise.join()
        return found

    def _await(self, name: str, transition: str = "") -> None:
        while True:
            found = self.next_transition()
            if found.name.startswith(name) and found.transition.startswith(transition):
                return

    def _noise(self, rate: int, stop: threading.Event) -> None:
        begin, sent = time.monotonic(), 0
        while not stop.wait(0.01):
            while sent < (time.monotonic() - begin) * rate:
                self.send(report(f"noise-{sent % NODES}", GOOD, bounds=sent < NODES))
                sent += 1


def _busy(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000, help="messages of 20 readings a run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--samples", type=int, default=300, help="latencies taken")
    parser.add_argument("--port-base", type=int, default=20_400)
    options = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder) / "stack", options.port_base, only=("broker", "registry"))
        with stack as settings:
            bench = Bench(settings, Path(folder) / "worker.log")
            for title, bounds in (("bounds declared once", False), ("20 bounds in every message", True)):
                rates = [bench.throughput(f"{run}-{bounds}", options.messages, bounds=bounds) for run in range(options.runs)]
                show(f"readings/s, one worker, {title}", [clock for clock, _ in rates])
                show(f"readings per second of processor time, {title}", [busy for _, busy in rates])
            for background in (0, 250):
                show(
                    f"event -> transition, ms, at {background * READINGS} readings/s",
                    bench.latencies(options.samples, background),
                )
    return 0


def show(title: str, figures: list[float]) -> None:
    p99 = sorted(figures)[int(len(figures) * 0.99)] if len(figures) >= 100 else max(figures)
    print(
        f"{title}: min {min(figures):,.1f}, median {statistics.median(figures):,.1f}, p99 {p99:,.1f}, max {max(figures):,.1f}",
        flush=True,
    )


if __name__ == "__main__":
    raise SystemExit(main())
