"""A Kafka and a registry of a test's own, which it may kill; what arrived is read back as events."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

from confluent_kafka import Consumer

from leadline.core.settings import Settings
from leadline.events.codec import RECORD_HEADER, Codec
from leadline.events.kafka import consumer_config, create_topics
from leadline.events.messages import header
from leadline.events.records import Event, MetricsReported
from leadline.events.registry import RegistryClient
from leadline.local.broker import Broker
from leadline.local.child import Child

from .conftest import free_port_base, wait_until

TOPICS = ("leadline.runs", "leadline.metrics", "leadline.logs", "leadline.entities", "leadline.decisions")


class Kafka:
    """A broker and a registry; `events` reads everything that arrived."""

    def __init__(self, data: Path) -> None:
        base = free_port_base()
        self._data = data
        self.broker = Broker(data, base, log=data / "broker.log")
        self.settings = Settings(kafka=f"127.0.0.1:{base}", schema_registry=f"http://127.0.0.1:{base + 2}", data=data)
        command = [sys.executable, "-m", "leadline.local.registry", "--port", str(base + 2)]
        self.registry = Child("registry", command, data / "registry.log", self.environ)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "KAFKA": self.settings.kafka,
            "SCHEMA_REGISTRY": self.settings.schema_registry,
            "LEADLINE_DATA": str(self._data),
        }

    def start(self) -> None:
        self.broker.start()
        self.registry.start()
        create_topics(self.settings)
        wait_until(self._registry_answers, seconds=30, what="the registry")

    def stop(self) -> None:
        self.registry.stop()
        self.broker.stop()

    def _registry_answers(self) -> bool:
        try:
            return RegistryClient(self.settings.schema_registry).schema(999_999) is None
        except Exception:
            return False

    def messages(self) -> list[tuple[bytes, int, Event]]:
        """Key, partition and event, in the order of each partition."""
        codec = Codec(RegistryClient(self.settings.schema_registry))
        consumer = Consumer(consumer_config(self.settings, f"test-{time.monotonic_ns()}", **{"enable.partition.eof": True}))
        consumer.subscribe(list(TOPICS))
        found, ended = [], set[tuple[str, int]]()
        while len(ended) < 4 * len(TOPICS):
            message = consumer.poll(10)
            assert message is not None, "Kafka answers no more"
            place = (str(message.topic()), int(message.partition() or 0))
            if message.error():
                ended.add(place)
                continue
            event = codec.decode(message.value(), header(cast("list[tuple[str, bytes]]", message.headers()), RECORD_HEADER))
            found.append((message.key() or b"", place[1], event))
        consumer.close()
        return found

    def of_job(self, job: str) -> list[Event]:
        return [event for _, _, event in self.messages() if getattr(event, "job_name", "") == job]

    def values(self, job: str) -> list[float]:
        """All values that arrived for the job, each event counted once: an event that came twice is the same event."""
        events = {event.event_id: event for event in self.of_job(job) if isinstance(event, MetricsReported)}
        return sorted(reading.value for event in events.values() for reading in event.readings)


def python(script: str, environ: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from leadline import track\n" + script]
    return subprocess.Popen(command, env={**os.environ, **environ}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
