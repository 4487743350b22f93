"""The broker: real Kafka, started from locked jars."""

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from leadline.core.errors import LeadlineError, UsageError
from leadline.core.settings import Settings
from leadline.events.kafka import consumer_config, create_topics, producer_config
from leadline.events.topics import RUNS
from leadline.local import Broker

from ..conftest import free_port_base

NAME = "dätä 数 und 🚀 mehr"
"""Data directories have any name."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    one = Broker(tmp_path / NAME, free_port_base(), log=tmp_path / "broker.log")
    yield one
    one.stop()


def settings(broker: Broker) -> Settings:
    return Settings(kafka=broker.bootstrap)


def write(broker: Broker, values: list[bytes]) -> None:
    """Returns when all are acknowledged."""
    create_topics(settings(broker))
    failed: list[object] = []
    producer = Producer(producer_config(settings(broker)))
    for value in values:
        producer.produce(RUNS, value, partition=0, on_delivery=lambda error, _: failed.append(error) if error else None)
    assert producer.flush(120) == 0
    assert failed == []


def read(broker: Broker) -> list[bytes | None]:
    consumer = Consumer(consumer_config(settings(broker), "test"))
    try:
        partition = TopicPartition(RUNS, 0, 0)
        _, end = consumer.get_watermark_offsets(partition, timeout=60)
        consumer.assign([partition])
        found: list[bytes | None] = []
        while len(found) < end:
            message = consumer.poll(60)
            assert message is not None
            assert message.error() is None
            found.append(message.value())
        return found
    finally:
        consumer.close()


@pytest.mark.slow
def test_acknowledged_messages_survive_kill_9_and_a_stop(broker: Broker) -> None:
    """kill -9, and a clean stop: every acknowledged message is there afterwards, the largest allowed one too."""
    values = [b"%d" % number for number in range(500)] + [bytes(8_388_608 - 1024)]
    broker.start()
    write(broker, values)
    broker.kill()
    broker.start()
    assert read(broker) == values
    broker.stop()
    broker.start()
    assert read(broker) == values


def test_an_interrupted_format_heals(broker: Broker, tmp_path: Path) -> None:
    """A directory that was never finished is made anew; stale lock files and a dead scratch directory do not matter."""
    (tmp_path / NAME / "kafka").mkdir(parents=True)
    (tmp_path / NAME / "kafka" / "bootstrap.checkpoint").write_bytes(b"half")
    (tmp_path / NAME / "kafka" / ".lock").touch()
    (tmp_path / NAME / "kafka.formatting").mkdir()
    (tmp_path / NAME / "kafka.formatting" / "meta.properties").write_text("half")
    broker.start()
    assert broker.answers()


def test_a_damaged_directory_is_never_formatted(broker: Broker, tmp_path: Path) -> None:
    """Topics without Kafka's own description: one sentence, and nothing is touched; with it back, all is there."""
    broker.start()
    write(broker, [b"precious"])
    broker.stop()
    (tmp_path / NAME / "kafka" / "meta.properties").rename(tmp_path / "aside")
    fresh = Broker(tmp_path / NAME, int(broker.bootstrap.split(":")[1]), log=tmp_path / "broker.log")
    with pytest.raises(LeadlineError, match=r"holds Kafka's topics but no meta.properties, so it is damaged"):
        fresh.start()
    (tmp_path / "aside").rename(tmp_path / NAME / "kafka" / "meta.properties")
    broker.start()
    assert read(broker) == [b"precious"]


def test_a_second_broker_on_the_same_directory(broker: Broker, tmp_path: Path) -> None:
    """One sentence, and the first goes on."""
    broker.start()
    write(broker, [b"a"])
    second = Broker(tmp_path / NAME, free_port_base() + 40, log=tmp_path / "second.log")
    with pytest.raises(LeadlineError, match=r"another Kafka already runs on .*; stop it first"):
        second.start()
    assert read(broker) == [b"a"]


def test_a_taken_port(broker: Broker) -> None:
    """One sentence with the port; when it is free, the broker starts."""
    host, port = broker.bootstrap.split(":")
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, int(port)))
        taken.listen()
        with pytest.raises(LeadlineError, match=rf"port {port} or \d+ \(for Kafka\) is taken"):
            broker.start()
    broker.start()
    write(broker, [b"a"])
    assert read(broker) == [b"a"]


def test_a_comma_in_the_name_is_refused(tmp_path: Path) -> None:
    """Kafka would make two directories of it."""
    with pytest.raises(UsageError, match="no directory with a comma in its name"):
        Broker(tmp_path / "a,b", free_port_base()).start()


def test_as_a_program(tmp_path: Path) -> None:
    """`python -m leadline.local.broker` runs until SIGTERM and ends cleanly."""
    port = free_port_base()
    command = [sys.executable, "-m", "leadline.local.broker", "--data", str(tmp_path / NAME), "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line == f"Kafka answers at 127.0.0.1:{port}\n":
                break
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    assert (tmp_path / NAME / "kafka" / ".kafka_cleanshutdown").exists()
    shutil.rmtree(tmp_path)
