"""Broker, registry and store without any role; tests start the sink themselves, as often as they like."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client
from confluent_kafka import Consumer, Producer, TopicPartition

from leadline.clickhouse.app import GROUP, topics
from leadline.clickhouse.migrate import migrate
from leadline.clickhouse.store import writing
from leadline.core.settings import Settings
from leadline.events.codec import Codec
from leadline.events.kafka import consumer_config, create_topics, producer_config
from leadline.events.messages import to_message
from leadline.events.records import Event
from leadline.events.registry import RegistryClient
from leadline.events.topics import home_topic, topic_named
from leadline.local.probes import http_ok
from tests.conftest import free_port_base, wait_until

from .store_process import free_port


class SinkEnvironment:
    """Sends what tests like, and looks at what came of it."""

    def __init__(self, settings: Settings, client: Client, log: Path) -> None:
        self.settings = settings
        self.client = client
        self.log = log
        self.registry = RegistryClient(settings.schema_registry)
        self.codec = Codec(self.registry)
        self._producer = Producer(producer_config(settings, **{"queue.buffering.max.messages": 1_000_000, "log_level": 0}))

    def send(self, *events: Event, recorded_at_ms: int | None = None) -> None:
        for event in events:
            made = to_message(self.codec, event, recorded_at_ms)
            self._produce(made.topic, made.value, made.key, list(made.headers))
        assert self._producer.flush(120) == 0

    def send_raw(
        self, topic: str, *values: bytes | None, key: bytes = b"k", headers: list[tuple[str, bytes]] | None = None
    ) -> None:
        for value in values:
            self._produce(topic, value, key, headers or [])
        assert self._producer.flush(120) == 0

    def value(self, event: Event) -> bytes:
        return self.codec.encode(event, home_topic(type(event)))

    def _produce(self, topic: str, value: bytes | None, key: bytes, headers: list[Any]) -> None:
        while True:
            try:
                self._producer.produce(topic, value=value, key=key, headers=list(headers))
                return
            except BufferError:
                self._producer.poll(0.1)

    def environ(self) -> dict[str, str]:
        return {
            **os.environ,
            "KAFKA": self.settings.kafka,
            "SCHEMA_REGISTRY": self.settings.schema_registry,
            "CLICKHOUSE": self.settings.clickhouse,
            "CLICKHOUSE_USER": self.settings.clickhouse_user,
            "CLICKHOUSE_PASSWORD": self.settings.clickhouse_password,
        }

    @contextmanager
    def sink(self, health_port: int = 0, more: Mapping[str, str] | None = None) -> Iterator["subprocess.Popen[bytes]"]:
        """The sink as a process; ended with SIGTERM, cleanly, unless the test killed it."""
        port = health_port or free_port()
        command = [sys.executable, "-m", "leadline.cli", "worker", "sink", "--health-port", str(port)]
        with (
            self.log.open("ab") as log,
            subprocess.Popen(command, env={**self.environ(), **(more or {})}, stderr=log) as process,
        ):
            try:
                yield process
            finally:
                if process.poll() is None:
                    self._wait_up(process, port)
                    process.send_signal(signal.SIGTERM)
                    ended = process.wait(120)
                    assert ended == 0, f"the sink ended with {ended} when it was asked to; its log: {self.log}"
                assert process.returncode in (0, -signal.SIGKILL), f"the sink ended by itself; its log: {self.log}"

    def _wait_up(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        """A Python that has only just been started ends with the signal itself, as every program does."""
        answers = http_ok(port, "/metrics")
        wait_until(lambda: answers() or process.poll() is not None, seconds=120, what=f"the sink to be up; its log: {self.log}")

    def cli(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "leadline.cli", *arguments]
        return subprocess.run(command, env=self.environ(), capture_output=True, text=True, timeout=60, check=False)

    def one(self, sql: str, **parameters: Any) -> Any:
        """The first column of the first row."""
        return self.client.query(sql, parameters=parameters).result_rows[0][0]

    def lag(self, *only: str) -> int:
        """Messages of the sink's topics (or of these) that it has not committed."""
        consumer = Consumer(consumer_config(self.settings, GROUP))
        try:
            parts = [
                TopicPartition(topic, number) for topic in only or topics() for number in range(topic_named(topic).partitions)
            ]
            committed = consumer.committed(parts, timeout=10)  # before the ends: else a dead letter in between is overlooked
            ends = {(p.topic, p.partition): consumer.get_watermark_offsets(p, timeout=10)[1] for p in parts}
            return sum(ends[p.topic, p.partition] - max(p.offset, 0) for p in committed)
        finally:
            consumer.close()

    def wait_caught_up(self, *only: str, seconds: float = 120) -> None:
        wait_until(lambda: self.lag(*only) == 0, seconds=seconds, what=f"the sink to catch up; its log: {self.log}")


@contextmanager
def sink_environment(folder: Path) -> Iterator[SinkEnvironment]:
    from leadline.local.stack import SERVERS, Stack

    with Stack(folder, port_base=free_port_base(), only=SERVERS) as settings:
        create_topics(settings)
        with writing(settings) as client:
            migrate(client)
            yield SinkEnvironment(settings, client, folder / "sink-under-test.log")
