"""A worker as a process: dead letters, exit codes, the watchdog."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from leadline.core.settings import Settings
from leadline.events.codec import RECORD_HEADER, Codec
from leadline.events.kafka import consumer_config, producer_config
from leadline.events.messages import Headers, header, to_message
from leadline.events.records import DeadLetter, RunEvent
from leadline.events.registry import RegistryClient
from leadline.events.topics import DEAD_LETTERS, METRICS, RUNS
from leadline.local import Stack

from ..conftest import free_port_base, wait_until

STUCK = """
import msgspec, sys, time
from leadline.core.settings import load_settings
from leadline.worker import Role, run_worker

class Nothing(msgspec.Struct):
    pass

def step(state, event, recorded_at):
    time.sleep(3600)

sys.exit(run_worker(Role("stuck", "leadline.runs", Nothing, step, ()), load_settings(), "127.0.0.1", 0))
"""
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with Stack(tmp_path_factory.mktemp("worker"), free_port_base(), only=("broker", "registry")) as settings:
        yield settings


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Start]:
    workers: list[subprocess.Popen[bytes]] = []

    def started(*command: str, **more: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "KAFKA": settings.kafka, "SCHEMA_REGISTRY": settings.schema_registry, **more}
        with (tmp_path / "worker.log").open("wb") as out:
            workers.append(subprocess.Popen([sys.executable, *command], env=environment, stdout=out, stderr=out))
        return workers[-1]

    yield started
    for worker in workers:
        worker.kill()
        worker.wait()


def run_event(number: int) -> RunEvent:
    return RunEvent(
        event_id=f"e{number}",
        event_time=1_760_000_000_000_000,
        producer="test/1",
        run_id=f"run-{number}",
        job_namespace="worker",
        job_name="job",
        event_type="COMPLETE",
    )


def publish(settings: Settings, bad: int, good: int) -> None:
    producer = Producer(producer_config(settings))
    codec = Codec(RegistryClient(settings.schema_registry))
    for number in range(bad):
        producer.produce(RUNS, key=b"bad", value=b"no avro %d" % number, headers=[(RECORD_HEADER, b"RunEvent")])
    for number in range(good):
        message = to_message(codec, run_event(number))
        producer.produce(message.topic, key=message.key, value=message.value, headers=message.headers)
    assert producer.flush(30) == 0


def length(settings: Settings, topic: str) -> int:
    consumer = Consumer(consumer_config(settings, "worker-test"))
    try:
        partitions = consumer.list_topics(topic, timeout=15).topics[topic].partitions
        return sum(consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=15)[1] for number in partitions)
    finally:
        consumer.close()


def dead_letters(settings: Settings) -> list[DeadLetter]:
    codec = Codec(RegistryClient(settings.schema_registry))
    consumer = Consumer(consumer_config(settings, "worker-test"))
    partitions = consumer.list_topics(DEAD_LETTERS, timeout=15).topics[DEAD_LETTERS].partitions
    consumer.assign([TopicPartition(DEAD_LETTERS, number, 0) for number in partitions])
    found = []
    try:
        for _ in range(length(settings, DEAD_LETTERS)):
            message = consumer.poll(15)
            assert message is not None
            letter = codec.decode(message.value(), header(cast(Headers, message.headers()), RECORD_HEADER))
            assert isinstance(letter, DeadLetter)
            found.append(letter)
    finally:
        consumer.close()
    return found


@pytest.mark.stack
def test_unreadable_messages_and_a_clean_end(settings: Settings, start: Start) -> None:
    """Bad messages become dead letters with their bytes, the good ones are applied, and SIGTERM ends with code 0."""
    publish(settings, bad=20, good=30)
    worker = start("-m", "leadline.cli", "worker", "lineage")
    wait_until(lambda: length(settings, METRICS) == 30, seconds=60, what="the readings of 30 runs")
    wait_until(lambda: length(settings, DEAD_LETTERS) == 20, seconds=10, what="20 dead letters")
    letters = dead_letters(settings)
    assert {letter.payload for letter in letters} == {b"no avro %d" % number for number in range(20)}
    assert {(letter.consumer, letter.topic, letter.reason, letter.key) for letter in letters} == {
        ("lineage", RUNS, "not_avro", b"bad")
    }
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=30) == 0


@pytest.mark.stack
def test_a_stuck_worker_is_ended(settings: Settings, start: Start, tmp_path: Path) -> None:
    """One that holds partitions with messages waiting and makes no progress ends with code 70 and says so."""
    publish(settings, bad=0, good=1)
    worker = start("-c", STUCK, LEADLINE_STALL_SECONDS="4")
    assert worker.wait(timeout=60) == 70
    assert "no progress" in (tmp_path / "worker.log").read_text()


@pytest.mark.stack
def test_a_flood_of_unreadable_messages_stops_the_worker(settings: Settings, start: Start, tmp_path: Path) -> None:
    """When most of the last messages are bad the worker stops with code 65 rather than bury the topic."""
    publish(settings, bad=2000, good=0)
    worker = start("-m", "leadline.cli", "worker", "lineage")
    assert worker.wait(timeout=60) == 65
    assert "are unreadable" in (tmp_path / "worker.log").read_text()


@pytest.mark.stack
def test_a_worker_ends_without_its_broker(start: Start, tmp_path: Path) -> None:
    """SIGTERM is obeyed within seconds where Kafka no longer answers, with code 0: nothing is lost by it."""
    with Stack(tmp_path / "stack", free_port_base(), only=("broker", "registry")) as settings:
        worker = start("-m", "leadline.cli", "worker", "bounds", KAFKA=settings.kafka, SCHEMA_REGISTRY=settings.schema_registry)
        wait_until(lambda: "goes on from" in (tmp_path / "worker.log").read_text(), seconds=60, what="the worker")
    worker.terminate()
    assert worker.wait(timeout=20) == 0
    assert (tmp_path / "worker.log").read_text().count("Kafka at ") < 10
