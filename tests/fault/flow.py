"""A flow of events with known ids, for tests that kill processes under it: the producer's own ledger."""

import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType

from confluent_kafka import Producer

from leadline.core.clock import Micros
from leadline.core.settings import Settings
from leadline.events.codec import Codec
from leadline.events.ids import derived_id
from leadline.events.kafka import producer_config
from leadline.events.messages import to_message
from leadline.events.records import (
    BoundSpec,
    Event,
    LogLine,
    LogsReported,
    MetricsReported,
    Reading,
    RunEvent,
    RunIo,
)
from leadline.events.registry import RegistryClient

PRODUCER = "fault-test/1"
NAMESPACE = "test://fault"
JOBS = 40
_LATE_SECONDS = 300
_BEYOND = 0.1
"""Of the rate."""


def events(seed: int, count: int, start: Micros, namespace: str = NAMESPACE) -> Iterator[Event]:
    """`count` events: runs of 40 jobs one after the other, each with a start, readings of its model, lines and an end.

    One run in forty fails; a model's auc leaves its bound for some runs now and then. Times grow by a millisecond an event.
    """
    chance = random.Random(seed)
    auc = dict.fromkeys(range(JOBS), 0.9)
    number = 0
    while number < count:
        run = number // 10
        job = run % JOBS
        if chance.random() < 0.05:
            auc[job] = chance.choice((0.9, 0.75, 0.65))
        for event in _run(seed, run, namespace, start + number * 1000, auc=auc[job], failed=chance.random() < 0.025):
            if number == count:
                return
            number += 1
            yield event


def _run(seed: int, run: int, namespace: str, time_: Micros, *, auc: float, failed: bool) -> Iterator[Event]:
    job = run % JOBS
    run_id = derived_id("fault-run", seed, run)
    job_name = f"job-{job}"
    where = {"job_namespace": namespace, "job_name": job_name, "run_id": run_id}

    def header(step: int) -> dict[str, object]:
        return {
            "event_id": derived_id(namespace, run_id, step),
            "event_time": time_ + step * 1000,
            "producer": PRODUCER,
            **where,
        }

    model = f"model-{job}"
    commit = f"{run // (JOBS * 2):040x}"
    source = RunIo(kind="DATASET", namespace=namespace, name=f"data-{job}", version=str(run))
    yield RunEvent(**header(0), event_type="START", code_commit=commit, inputs=[source])  # type: ignore[arg-type]
    for step in range(1, 8):
        bound = BoundSpec(bound_id=f"{model}/auc", metric="auc", warn_lower=0.8, error_lower=0.7)
        yield MetricsReported(
            **header(step),  # type: ignore[arg-type]
            kind="MODEL",
            namespace=namespace,
            name=model,
            readings=[Reading(metric="auc", value=auc), Reading(metric="step", value=float(step))],
            bounds=[bound],
        )
    line = LogLine(time=time_, level="INFO", logger="fault", message=f"run {run}")
    yield LogsReported(**header(8), lines=[line])  # type: ignore[arg-type]
    yield RunEvent(
        **header(9),  # type: ignore[arg-type]
        event_type="FAIL" if failed else "COMPLETE",
        outputs=[RunIo(kind="MODEL", namespace=namespace, name=model, version=run_id)],
        duration_seconds=0.009,
    )


class Flow:
    """Sends events on a thread of its own at a steady rate, through whatever happens to the broker.

    At least `count` of them, and on until the end of `with`, which returns when Kafka has acknowledged every one. Beyond the
    number that somebody waits for, and while he is not back, it flows ten times slower: what he does may take its time.
    """

    def __init__(self, settings: Settings, seed: int, count: int, per_second: float) -> None:
        self.ledger: list[Event] = []
        self.sent = 0
        self._settings = settings
        self._count = count
        self._per_second = per_second
        self._seed = seed
        self._awaited = 0
        self._failures: list[str] = []
        self._enough = threading.Event()
        self._broken = threading.Event()
        self._thread = threading.Thread(target=self._send, name="flow")

    def __enter__(self) -> "Flow":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._awaited = self._count
        self._enough.set()
        if kind is not None:
            self._broken.set()
            self._thread.join()
            return
        self._thread.join(self._count / self._per_second + _LATE_SECONDS)
        late = self._thread.is_alive()
        self._broken.set()
        assert not late, f"{self.sent} of {self._count} events were sent, {len(self.ledger)} acknowledged"
        assert not self._failures, self._failures[:3]
        assert len(self.ledger) == self.sent

    def wait_sent(self, number: int) -> None:
        """Until that many events were handed to the client."""
        self._awaited = number
        while self.sent < number and self._thread.is_alive():
            threading.Event().wait(0.01)

    def _send(self) -> None:
        codec = Codec(RegistryClient(self._settings.schema_registry))
        producer = Producer(
            producer_config(
                self._settings, **{"message.timeout.ms": 0, "queue.buffering.max.messages": 1_000_000, "log_level": 0}
            )
        )
        due = time.monotonic()
        for event in events(self._seed, sys.maxsize, time.time_ns() // 1000):
            if self._broken.is_set() or (self._enough.is_set() and self.sent >= self._count):
                break
            message = to_message(codec, event)
            producer.produce(
                message.topic, message.value, message.key, headers=message.headers, on_delivery=self._on_delivery(event)
            )
            producer.poll(0)
            self.sent += 1
            due += 1 / (self._per_second * (1 if self.sent < self._awaited else _BEYOND))
            if due - time.monotonic() > 0.01:
                self._broken.wait(due - time.monotonic())
        while producer.flush(1) and not self._broken.is_set():
            pass

    def _on_delivery(self, event: Event) -> Callable[[object, object], None]:
        def delivered(error: object, _: object) -> None:
            if error is None:
                self.ledger.append(event)
            else:
                self._failures.append(str(error))

        return delivered
