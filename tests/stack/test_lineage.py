"""The lineage role on a real broker: two workers, kill -9, and nothing of what the pure function says is missing."""

import os
import random
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from leadline.core.clock import SECOND, system_clock
from leadline.core.settings import Settings
from leadline.events.codec import CONTROL_HEADER, RECORD_HEADER, Codec
from leadline.events.ids import derived_id
from leadline.events.kafka import consumer_config, create_topics, producer_config
from leadline.events.messages import Headers, header, recorded_at_ms, to_message
from leadline.events.records import Event, MetricsReported, RunEvent, RunIo, Tick
from leadline.events.registry import RegistryClient
from leadline.events.topics import CHANGES, LINEAGE, METRICS, RUNS
from leadline.lineage.app import ROLE
from leadline.lineage.graph import step
from leadline.lineage.lost import deadline
from leadline.lineage.state import Job
from leadline.local import Stack

from ..conftest import free_port_base, wait_until

JOBS = 40
DERIVED = (LINEAGE, CHANGES, METRICS)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with Stack(tmp_path_factory.mktemp("lineage"), free_port_base(), only=("broker", "registry")) as settings:
        create_topics(settings)
        wait_until(lambda: has_leaders(settings), seconds=30, what="the topics")
        yield settings


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts workers as `leadline worker lineage` does."""
    environment = {**os.environ, "KAFKA": settings.kafka, "SCHEMA_REGISTRY": settings.schema_registry}
    workers: list[subprocess.Popen[bytes]] = []

    def started() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "leadline.cli", "worker", "lineage"]
        with (tmp_path / f"worker-{len(workers)}.log").open("wb") as out:
            workers.append(subprocess.Popen(command, env=environment, stdout=out, stderr=out))
        return workers[-1]

    yield started
    for worker in workers:  # by SIGTERM they leave the group, and the next test need not wait for its session timeout
        worker.send_signal(signal.SIGCONT)
        worker.terminate()
    for worker in workers:
        worker.wait(timeout=60)


def history(seed: int, runs: int) -> list[RunEvent]:
    """START, RUNNING and an end of each run, in an order as networks give it, some of them twice."""
    chance = random.Random(seed)
    now = system_clock()
    events = []
    for number in range(runs):
        begin = now + number * SECOND
        inputs, outputs = ([_io(side, chance.randrange(3)) for _ in range(2)] for side in ("in", "out"))
        commit = f"commit-{number // (4 * JOBS)}"
        end = chance.choice(("COMPLETE", "COMPLETE", "COMPLETE", "FAIL"))
        events += [
            _event(number, "START", begin, code_commit=commit, inputs=inputs, parameters={"p": str(number // (8 * JOBS))}),
            _event(number, "RUNNING", begin + SECOND // 4),
            _event(number, end, begin + SECOND // 2, outputs=outputs, peak_memory_bytes=number),
        ]
    order = sorted(range(len(events)), key=lambda index: index + chance.random() * 100)
    return [event for index in order for event in [events[index]] * chance.choice((1, 1, 1, 1, 2))]


def _io(side: str, number: int) -> RunIo:
    return RunIo(kind="DATASET", namespace="s3://lake", name=f"{side}-{number}", version="1")


def _event(number: int, kind: str, at: int, **fields: object) -> RunEvent:
    return RunEvent(
        event_id=derived_id(number, kind, at),
        event_time=at,
        producer="test/1",
        run_id=f"run-{number}",
        job_namespace="test",
        job_name=f"job-{number % JOBS}",
        event_type=kind,
        **fields,  # type: ignore[arg-type]
    )


def publish(settings: Settings, events: list[RunEvent]) -> None:
    codec = Codec(RegistryClient(settings.schema_registry))
    producer = Producer(producer_config(settings))
    for event in events:
        message = to_message(codec, event)
        producer.produce(message.topic, key=message.key, value=message.value, headers=message.headers)
        producer.poll(0)
    assert producer.flush(30) == 0


def read(settings: Settings, topic: str) -> list[tuple[int, int, Event]]:
    """Everything on the topic: partition, recorded_at in microseconds, event."""
    codec = Codec(RegistryClient(settings.schema_registry))
    consumer = Consumer(consumer_config(settings, "lineage-test", **{"fetch.wait.max.ms": 20}))
    found = []
    try:
        for number in consumer.list_topics(topic, timeout=15).topics[topic].partitions:
            position, end = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=15)
            consumer.assign([TopicPartition(topic, number, position)])
            while position < end:
                message = consumer.poll(15)
                assert message is not None, f"{topic}[{number}] ends at {position} of {end}"
                assert message.error() is None, message.error()
                headers = cast(Headers, message.headers())
                record = header(headers, CONTROL_HEADER) or header(headers, RECORD_HEADER)
                recorded_at = recorded_at_ms(message.timestamp()[1], headers) * 1000
                found.append((number, recorded_at, codec.decode(message.value(), record)))
                position = cast(int, message.offset()) + 1
    finally:
        consumer.close()
    return found


def length(settings: Settings, topic: str) -> int:
    consumer = Consumer(consumer_config(settings, "lineage-test"))
    try:
        partitions = consumer.list_topics(topic, timeout=15).topics[topic].partitions
        return sum(consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=15)[1] for number in partitions)
    finally:
        consumer.close()


def has_leaders(settings: Settings) -> bool:
    try:
        return all(length(settings, topic) == 0 for topic in (RUNS, *DERIVED))
    except KafkaException:
        return False


def expected(settings: Settings) -> set[str]:
    """Ids of what the pure function says about the log as it lies in the topic, ticks included."""
    jobs: dict[int, dict[tuple[str, str], Job]] = defaultdict(dict)
    ids: set[str] = set()
    for partition, recorded_at, event in read(settings, RUNS):
        if isinstance(event, RunEvent):
            keys = [(event.job_namespace, event.job_name)]
        else:
            assert isinstance(event, Tick)
            keys = [key for key, job in jobs[partition].items() if (deadline(job) or recorded_at + 1) <= recorded_at]
        for key in keys:
            jobs[partition][key], outputs = step(jobs[partition].get(key), event, recorded_at)
            ids |= {output.event_id for output in outputs}
    return ids


def emitted(settings: Settings) -> list[Event]:
    derived = [event for topic in DERIVED for _, _, event in read(settings, topic)]
    return derived + [
        event for _, _, event in read(settings, RUNS) if isinstance(event, RunEvent) and event.source == "leadline"
    ]


def caught_up(settings: Settings) -> bool:
    """Whether the group has committed all of leadline.runs."""
    consumer = Consumer(consumer_config(settings, ROLE.app_id))
    try:
        partitions = [TopicPartition(RUNS, number) for number in consumer.list_topics(RUNS, timeout=15).topics[RUNS].partitions]
        committed = consumer.committed(partitions, timeout=15)
        return all(found.offset >= consumer.get_watermark_offsets(found, timeout=15)[1] for found in committed)
    finally:
        consumer.close()


def commit_all(settings: Settings) -> None:
    consumer = Consumer(consumer_config(settings, ROLE.app_id))
    try:
        partitions = [TopicPartition(RUNS, number) for number in consumer.list_topics(RUNS, timeout=15).topics[RUNS].partitions]
        for found in partitions:
            found.offset = consumer.get_watermark_offsets(found, timeout=15)[1]
        consumer.commit(offsets=partitions, asynchronous=False)
    finally:
        consumer.close()


@pytest.mark.stack
def test_what_was_only_committed_is_processed(settings: Settings, start: Callable[[], subprocess.Popen[bytes]]) -> None:
    """The group's offsets say that all was read, as Faust says of what it passes over: the states know better."""
    publish(settings, history(seed=2, runs=100))
    commit_all(settings)
    must = expected(settings)
    start()
    wait_until(lambda: {event.event_id for event in emitted(settings)} >= must, seconds=60, what="the edges")
    assert {event.event_id for event in emitted(settings)} == must


@pytest.mark.stack
def test_a_frozen_worker_harms_nothing(settings: Settings, start: Callable[[], subprocess.Popen[bytes]]) -> None:
    """A worker that stands still until others have its partitions, and then goes on, leaves what follows from the log."""
    events = history(seed=3, runs=600)
    frozen = start()
    seen = length(settings, LINEAGE)
    publish(settings, events[:900])
    wait_until(lambda: length(settings, LINEAGE) > seen, seconds=60, what="the first edges")
    frozen.send_signal(signal.SIGSTOP)
    start()
    publish(settings, events[900:])
    wait_until(lambda: caught_up(settings), seconds=60, what="the second worker")
    frozen.send_signal(signal.SIGCONT)
    publish(settings, history(seed=4, runs=100))
    wait_until(lambda: caught_up(settings), seconds=60, what="the two workers")
    assert {event.event_id for event in emitted(settings)} == expected(settings)


@pytest.mark.stack
def test_two_workers_and_kill_9(settings: Settings, start: Callable[[], subprocess.Popen[bytes]]) -> None:
    """Both workers killed while thousands of events flow: what was sent is exactly what follows from the log."""
    events = history(seed=1, runs=1000)
    first, second = start(), start()
    publish(settings, events[: len(events) // 2])
    wait_until(lambda: length(settings, LINEAGE) > 200, seconds=30, what="the first edges")
    first.kill()
    publish(settings, events[len(events) // 2 :])
    start()
    seen = length(settings, LINEAGE)
    wait_until(lambda: length(settings, LINEAGE) > seen, seconds=30, what="edges after the first kill")
    second.kill()
    wait_until(lambda: caught_up(settings), seconds=60, what="the end of the topic")
    wait_until(
        lambda: {event.event_id for event in emitted(settings)} >= expected(settings), seconds=60, what="all that follows"
    )
    assert {event.event_id for event in emitted(settings)} == expected(settings)


@pytest.mark.stack
def test_lost_and_found(settings: Settings, start: Callable[[], subprocess.Popen[bytes]]) -> None:
    """A run past its deadline is LOST within seconds by a tick in its own partition; its late COMPLETE wins."""
    start()
    now = system_clock()
    begin = _event(10_000, "START", now, deadline_at=now + SECOND)
    publish(settings, [begin])
    wait_until(lambda: readings(settings, begin.run_id) == [0.0], seconds=30, what="the reading of the lost run")
    lost = [event for _, _, event in read(settings, RUNS) if isinstance(event, RunEvent) and event.event_type == "LOST"]
    assert [(event.run_id, event.event_time) for event in lost] == [(begin.run_id, now + SECOND)]
    publish(settings, [_event(10_000, "COMPLETE", now + SECOND // 2)])
    wait_until(lambda: readings(settings, begin.run_id) == [0.0, 1.0], seconds=10, what="the reading of the run that ended")
    ticks = sum(isinstance(event, Tick) for _, _, event in read(settings, RUNS))
    assert ticks < 10, "a quiet stack needs no ticks"


def readings(settings: Settings, run_id: str) -> list[float]:
    """Of run.succeeded, by event_time."""
    found = [event for _, _, event in read(settings, METRICS) if isinstance(event, MetricsReported) and event.run_id == run_id]
    return [
        reading.value
        for event in sorted(found, key=lambda event: event.event_time)
        for reading in event.readings
        if reading.metric == "run.succeeded"
    ]
