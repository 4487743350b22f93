"""Kafka and its schema registry as lists in memory: messages go in as the real link would send them, and out decoded."""

import threading
from typing import NamedTuple

from leadline.events.codec import Codec
from leadline.events.messages import header
from leadline.events.records import Event

from ..entry import Entry, Stamps
from ..stats import Counters


class Message(NamedTuple):
    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class Registry:
    """Thread-safe; ids count from 1."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._schemas: list[str] = []

    def register(self, subject: str, schema: str) -> int:
        with self._lock:
            if schema not in self._schemas:
                self._schemas.append(schema)
            return self._schemas.index(schema) + 1

    def schema(self, schema_id: int) -> str | None:
        return self._schemas[schema_id - 1] if 0 < schema_id <= len(self._schemas) else None


class Topics:
    """What was sent to all topics, in order of arrival."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.registry = Registry()
        self._codec = Codec(self.registry)

    def decoded(self, start: int) -> list[Event]:
        """The messages from number `start` on, as a consumer reads them."""
        return [self._codec.decode(m.value, header(list(m.headers), "leadline-record")) for m in self.messages[start:]]


class MemoryLink:
    """Takes everything and acknowledges it at once."""

    def __init__(self, topics: Topics, counters: Counters) -> None:
        self.address = "memory"
        self.failure = ""
        self._topics = topics
        self._counters = counters
        self._stamps = Stamps(topics.registry)

    def __len__(self) -> int:
        return 0

    def send(self, entry: Entry) -> None:
        self._topics.messages.append(Message(entry.topic, entry.key, self._stamps.value(entry), entry.headers))
        self._counters.sent += 1

    def poll(self, seconds: float) -> None:
        pass

    def recall(self) -> list[Entry]:
        return []

    def abandon(self) -> None:
        pass
