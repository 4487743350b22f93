"""One way to report a value, measured in a process of its own: `python contenders.py NAME ADDRESSES CALLS LIMIT`.

Runs where its library is installed, which need not have Leadline. After a few calls to warm up it prints `ready` and waits for
a line: by then the receiver is in the state that is measured. Then it makes the calls, one after the other, waits until
everything has arrived, and prints what it saw as JSON. After LIMIT seconds each of the two is given up.
"""

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Contender = tuple[Callable[[int], object], Callable[[float], str]]
"""Reports the value of a number; waits at most so many seconds and says what became of what was reported."""

ALL_ARRIVED = "all arrived"


@contextmanager
def track(addresses: dict[str, str]) -> Iterator[Contender]:
    from leadline import track
    from leadline.core.settings import Settings

    settings = Settings(kafka=addresses["kafka"], schema_registry=addresses["registry"])
    with tempfile.TemporaryDirectory() as spool:
        client = track.Client(settings, spool=spool)
        run = track.Run(client, "bench")
        run.__enter__()

        def finish(seconds: float) -> str:
            run.__exit__(None, None, None)
            if client.flush(seconds):
                return ALL_ARRIVED
            client.close()
            dropped = sum(sum(reasons.values()) for reasons in client.stats().dropped.values())
            return f"kept on disk, {dropped} dropped"

        yield (lambda number: run.metric("auc", number)), finish


@contextmanager
def mlflow(addresses: dict[str, str]) -> Iterator[Contender]:
    import mlflow

    mlflow.set_tracking_uri(addresses["mlflow"])
    mlflow.start_run()
    yield (lambda number: mlflow.log_metric("auc", number, step=number)), lambda _: ALL_ARRIVED


@contextmanager
def openlineage(addresses: dict[str, str]) -> Iterator[Contender]:
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
    from openlineage.client.transport.kafka import KafkaConfig, KafkaTransport
    from openlineage.client.uuid import generate_new_uuid

    transport = KafkaTransport(KafkaConfig(config={"bootstrap.servers": addresses["kafka"]}, topic="openlineage.events"))
    client = OpenLineageClient(transport=transport)
    run, job = Run(runId=str(generate_new_uuid())), Job(namespace="default", name="bench")
    at = "2026-11-26T00:00:00Z"

    def call(_: int) -> None:
        client.emit(RunEvent(eventTime=at, producer="https://example.org", run=run, job=job, eventType=RunState.RUNNING))

    yield call, lambda seconds: ALL_ARRIVED if transport.wait_for_completion(seconds) else "in memory"


@contextmanager
def confluent_kafka(addresses: dict[str, str]) -> Iterator[Contender]:
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": addresses["kafka"], "log_level": 0})

    def call(number: int) -> None:
        producer.produce("openlineage.events", json.dumps({"metric": "auc", "value": number, "time": time.time()}))
        producer.poll(0)

    def finish(seconds: float) -> str:
        left = producer.flush(seconds)
        return f"{left} in memory, lost at exit" if left else ALL_ARRIVED

    yield call, finish


CONTENDERS = {"track": track, "mlflow": mlflow, "openlineage": openlineage, "confluent-kafka": confluent_kafka}


class Measurement:
    """Costs of the calls in microseconds, kept so that a thread can tell of a call that does not return."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.raised = 0
        self.began = time.perf_counter()
        self.call_began: float | None = None

    def run(self, call: Callable[[int], object], calls: int) -> None:
        for number in range(calls):
            self.call_began = time.perf_counter()
            try:
                call(number)
            except Exception:
                self.raised += 1
            self.costs.append((time.perf_counter() - self.call_began) * 1e6)
        self.call_began = None

    def report(self, became: str) -> dict[str, Any]:
        pending = [] if self.call_began is None else [(time.perf_counter() - self.call_began) * 1e6]
        costs = sorted([*self.costs, *pending])
        shares = {name: costs[int(share * (len(costs) - 1))] for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))}
        seconds = time.perf_counter() - self.began
        return {**shares, "calls": len(self.costs), "raised": self.raised, "seconds": seconds, "became": became}


def main(name: str, addresses: str, calls: int, limit: float) -> None:
    with CONTENDERS[name](json.loads(addresses)) as (call, finish):
        for number in range(10):
            call(number)
        print("ready", flush=True)
        sys.stdin.readline()
        measurement = Measurement()

        def give_up() -> None:
            print(json.dumps(measurement.report("given up in the middle of a call")), flush=True)
            os._exit(0)

        clock = threading.Timer(limit, give_up)
        clock.start()
        measurement.run(call, calls)
        clock.cancel()
        print(json.dumps(measurement.report(finish(limit))), flush=True)
        os._exit(0)  # what a library does at exit, such as waiting for ever, is not measured


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
