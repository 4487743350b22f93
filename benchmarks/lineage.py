"""Lineage, events/s: the pure function alone, and one worker from the topic to acknowledged edges.

python benchmarks/lineage.py                 # the pure function
python benchmarks/lineage.py --worker        # needs KAFKA and SCHEMA_REGISTRY of a stack that is otherwise idle
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from leadline.core.clock import SECOND, system_clock
from leadline.core.settings import Settings, load_settings
from leadline.events.codec import Codec
from leadline.events.ids import derived_id
from leadline.events.kafka import consumer_config, create_topics, producer_config
from leadline.events.messages import to_message
from leadline.events.records import RunEvent, RunIo
from leadline.events.registry import RegistryClient
from leadline.events.topics import RUNS
from leadline.lineage.app import ROLE
from leadline.lineage.graph import step
from leadline.lineage.state import Job

_PACKAGES = {f"package-{index}": "1.0" for index in range(50)}


def runs(count: int, jobs: int, name: str) -> Iterator[RunEvent]:
    """START and COMPLETE of each run, with 50 packages, two inputs and one output."""
    now = system_clock()
    for number in range(count):
        job, at = f"{name}-{number % jobs}", now + number * SECOND
        common: dict[str, Any] = {"run_id": f"run-{number}", "job_namespace": "bench", "job_name": job, "producer": "bench/1"}
        yield RunEvent(
            event_id=derived_id(name, number, "START"),
            event_time=at,
            event_type="START",
            code_commit=f"commit-{number // 1000}",
            packages=_PACKAGES,
            parameters={"day": str(number // jobs)},
            inputs=[_io(f"{job}-features", str(number)), _io("lookup", "1")],
            **common,
        )
        yield RunEvent(
            event_id=derived_id(name, number, "COMPLETE"),
            event_time=at + SECOND // 2,
            event_type="COMPLETE",
            outputs=[_io(f"{job}-out", str(number))],
            **common,
        )


def _io(name: str, version: str) -> RunIo:
    return RunIo(kind="DATASET", namespace="s3://lake", name=name, version=version)


def pure(count: int, jobs: int) -> float:
    events = list(runs(count, jobs, "pure"))
    states: dict[str, Job] = {}
    begin = time.perf_counter()
    for event in events:
        states[event.job_name], _ = step(states.get(event.job_name), event, event.event_time)
    return len(events) / (time.perf_counter() - begin)


def worker(settings: Settings, count: int, jobs: int) -> float:
    """From the first to the last commit of a backlog."""
    create_topics(settings)
    codec, producer = Codec(RegistryClient(settings.schema_registry)), Producer(producer_config(settings))
    for event in runs(count, jobs, f"worker-{time.time_ns()}"):
        message = to_message(codec, event)
        producer.produce(message.topic, key=message.key, value=message.value, headers=message.headers)
        producer.poll(0)
    producer.flush()
    before = _lag(settings)
    process = subprocess.Popen([sys.executable, "-m", "leadline.cli", "worker", "lineage"], env=os.environ)
    try:
        while (lag := _lag(settings)) == before:
            time.sleep(0.02)
        begin, first = time.perf_counter(), lag
        while _lag(settings):
            time.sleep(0.02)
        return first / (time.perf_counter() - begin)
    finally:
        process.terminate()
        process.wait()


def _lag(settings: Settings) -> int:
    consumer = Consumer(consumer_config(settings, ROLE.app_id))
    try:
        lag = 0
        partitions = [TopicPartition(RUNS, number) for number in consumer.list_topics(RUNS, timeout=15).topics[RUNS].partitions]
        for found in consumer.committed(partitions, timeout=15):
            low, end = consumer.get_watermark_offsets(found, timeout=15)
            lag += end - max(found.offset, low)
        return lag
    finally:
        consumer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worker", action="store_true")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    rates = sorted(
        worker(load_settings().require("kafka", "schema_registry"), arguments.runs, arguments.jobs)
        if arguments.worker
        else pure(arguments.runs, arguments.jobs)
        for _ in range(arguments.repeat)
    )
    what = "one worker" if arguments.worker else "pure function"
    print(f"lineage, {what}, events/s: min {rates[0]:,.0f}  median {statistics.median(rates):,.0f}  max {rates[-1]:,.0f}")


if __name__ == "__main__":
    main()
