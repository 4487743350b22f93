"""A Kafka and a registry of a test's own, which it may kill; what arrived is read back as events."""

import os
import subprocess
import sys
from pathlib import Path
from typing import cast

from confluent_kafka import Consumer, TopicPartition

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
        self._reader: Consumer | None = None
        self._read = {(topic, partition): 0 for topic in TOPICS for partition in range(4)}
        self._found: list[tuple[bytes, int, Event]] = []
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
        if self._reader:
            self._reader.close()
        self.registry.stop()
        self.broker.stop()

    def _registry_answers(self) -> bool:
        try:
            return RegistryClient(self.settings.schema_registry).schema(999_999) is None
        except Exception:
            return False

    def messages(self) -> list[tuple[bytes, int, Event]]:
        """Key, partition and event, in the order of each partition; what was read once is kept, since tests ask often."""
        wait_until(self.broker.answers, seconds=60, what="Kafka, which is fenced for a moment where it was frozen")
        reader = self._reader = self._reader or self._begin()
        ends = {place: reader.get_watermark_offsets(TopicPartition(*place), timeout=60)[1] for place in self._read}
        codec = Codec(RegistryClient.of(self.settings))
        while any(self._read[place] < end for place, end in ends.items()):
            message = reader.poll(60)
            assert message is not None, "Kafka answers no more"
            if message.error():  # of a connection that broke; it comes back
                continue
            partition, offset = int(message.partition() or 0), int(message.offset() or 0)
            name = header(cast("list[tuple[str, bytes]]", message.headers()), RECORD_HEADER)
            self._found.append((message.key() or b"", partition, codec.decode(message.value(), name)))
            self._read[str(message.topic()), partition] = offset + 1
        return self._found

    def _begin(self) -> Consumer:
        # A broker answers one connection's requests in turn: none is to wait for a fetch that has nothing to give.
        reader = Consumer(consumer_config(self.settings, "ledger", **{"fetch.wait.max.ms": 10}))
        reader.assign([TopicPartition(*place, 0) for place in self._read])
        return reader

    def of_job(self, job: str) -> list[Event]:
        return [event for _, _, event in self.messages() if getattr(event, "job_name", "") == job]

    def values(self, job: str) -> list[float]:
        """All values that arrived for the job, each event counted once: an event that came twice is the same event."""
        events = {event.event_id: event for event in self.of_job(job) if isinstance(event, MetricsReported)}
        return sorted(reading.value for event in events.values() for reading in event.readings)


def python(script: str, environ: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from leadline import track\n" + script]
    return subprocess.Popen(command, env={**os.environ, **environ}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
