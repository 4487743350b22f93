"""An event on its way to Kafka: everything of the message but the schema id, which is stamped when it is sent."""

import functools
import hashlib

import msgspec

from leadline.core.errors import UsageError
from leadline.events.codec import RECORD_HEADER, Registry, encode_body, frame
from leadline.events.keys import key_of
from leadline.events.records import Event, LogsReported, MetricsReported
from leadline.events.schemas import Schema, canonical, newest, published
from leadline.events.topics import home_topic, subject

MAX_BODY_BYTES = 8_000_000
"""Topics take 8 MiB, with key and headers."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    topic: str
    key: bytes
    headers: list[tuple[str, bytes]]
    record: str
    fingerprint: str
    body: bytes
    count: int = 1
    """What is lost with it: readings, log lines, or the one event."""

    def __len__(self) -> int:
        return len(self.body) + len(self.key) + 200


def to_entry(event: Event) -> Entry:
    """Raises ValueError for what Avro cannot hold."""
    record = type(event).__name__
    return Entry(
        topic=home_topic(type(event)),
        key=key_of(event),
        headers=[(RECORD_HEADER, record.encode())],
        record=record,
        fingerprint=fingerprint(record),
        body=encode_body(event),
        count=count(event),
    )


def count(event: Event) -> int:
    """How many things a caller reported with it."""
    match event:
        case MetricsReported():
            return max(1, len(event.readings))
        case LogsReported():
            return max(1, len(event.lines))
    return 1


@functools.cache
def fingerprint(record: str) -> str:
    """Of the record's newest schema."""
    return _digest(newest(record))


def _digest(schema: Schema) -> str:
    return hashlib.sha256(canonical(schema).encode()).hexdigest()


def known(entry: Entry) -> bool:
    """Whether this version has the schema that the entry was written by; a newer version's spool is left to that version."""
    return _schema(entry.record, entry.fingerprint) is not None


@functools.lru_cache(maxsize=256)  # the ingress is asked for what strangers made up
def _schema(record: str, digest: str) -> str | None:
    return next((canonical(schema) for schema in published(record) if _digest(schema) == digest), None)


class Stamps:
    """Schema ids, asked for once each."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._ids: dict[tuple[str, str, str], int] = {}

    def value(self, entry: Entry) -> bytes:
        """The message's value. Raises Unavailable, and UsageError where the registry refuses the schema."""
        identity = (entry.topic, entry.record, entry.fingerprint)
        if identity not in self._ids:
            schema = _schema(entry.record, entry.fingerprint)
            if schema is None:
                raise UsageError(f"a spooled {entry.record} has a schema that this version of leadline does not know")
            self._ids[identity] = self._registry.register(subject(entry.topic, entry.record), schema)
        return frame(self._ids[identity], entry.body)
