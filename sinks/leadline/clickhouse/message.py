"""Kafka messages sorted into what can be inserted together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from leadline.core.errors import Unreadable
from leadline.events.codec import CONTROL_HEADER, RECORDED_AT_HEADER, unframe
from leadline.events.topics import check_size, topic_named

from .framing import Body

Message = Any
"""confluent_kafka.Message."""

Partition = tuple[str, int]
"""Topic and partition."""

_MILLISECONDS_DIGITS = 15


@dataclass
class Group:
    """Messages of one topic under one writer schema; `bodies` and `messages` run in parallel."""

    topic: str
    schema_id: int
    bodies: list[Body] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


@dataclass(frozen=True)
class Bad:
    """A message that goes to the dead letters."""

    message: Message
    reason: str
    error: str


@dataclass
class Sorted:
    """One poll's messages. `ends`: the offset after the last message of each partition; `newest_ms`: its recorded_at."""

    groups: dict[tuple[str, int], Group] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)
    ends: dict[Partition, int] = field(default_factory=dict)
    newest_ms: dict[Partition, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)


def sort(messages: Iterable[Message]) -> Sorted:
    """Control records and tombstones are passed over; what is not in the wire format is bad."""
    found = Sorted()
    for message in messages:
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        found.ends[topic, partition] = offset + 1
        recorded_at_ms = message.timestamp()[1]
        found.newest_ms[topic, partition] = recorded_at_ms
        headers = message.headers()
        if headers:
            control, recorded_at_ms = _read_headers(headers, recorded_at_ms)
            if control:
                continue
        value = message.value()
        if value is None and topic_named(topic).compacted:
            continue
        found.totals[topic] = found.totals.get(topic, 0) + 1
        try:
            schema_id, body = _unframed(topic, value)
        except Unreadable as error:
            found.bad.append(Bad(message, error.reason, str(error)))
            continue
        group = found.groups.get((topic, schema_id))
        if group is None:
            group = found.groups[topic, schema_id] = Group(topic, schema_id)
        group.bodies.append(Body(partition, offset, recorded_at_ms, body))
        group.messages.append(message)
    return found


def _unframed(topic: str, value: bytes | None) -> tuple[int, bytes]:
    """Raises Unreadable. What is over the limit is not even tried: it could take more memory than the store has."""
    check_size(topic, value or b"")
    return unframe(value)


def _read_headers(headers: Iterable[tuple[str, bytes | None]], stamped_ms: int) -> tuple[bool, int]:
    """Whether it is a control record, and when it was known: a header may say earlier than the broker, never later."""
    recorded_at_ms = stamped_ms
    for name, value in headers:
        if name == CONTROL_HEADER:
            return True, stamped_ms
        if name == RECORDED_AT_HEADER and value and len(value) <= _MILLISECONDS_DIGITS and value.isdigit():
            recorded_at_ms = min(int(value), stamped_ms)
    return False, recorded_at_ms


def first_offsets(messages: Iterable[Message]) -> dict[Partition, int]:
    """The lowest offset in each partition."""
    first: dict[Partition, int] = {}
    for message in messages:
        partition = (message.topic(), message.partition())
        first[partition] = min(first.get(partition, message.offset()), message.offset())
    return first


def pairs(group: Group) -> Iterator[tuple[Body, Message]]:
    return zip(group.bodies, group.messages, strict=True)
