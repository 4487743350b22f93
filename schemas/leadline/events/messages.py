"""An event as a Kafka message, and what a message says about itself."""

from collections.abc import Iterable
from dataclasses import dataclass

from leadline.core.clock import Micros

from .codec import CONTROL_HEADER, RECORD_HEADER, RECORDED_AT_HEADER, Codec
from .ids import derived_id
from .kafka import MAX_MESSAGE_BYTES
from .keys import key_of
from .records import DeadLetter, Event, MessageHeader
from .topics import home_topic

Headers = list[tuple[str, str | bytes | None]]
"""As confluent_kafka takes them; values of ours are bytes."""
AnyHeaders = Iterable[tuple[str, str | bytes | None]] | dict[str, str | bytes | None] | None
"""As confluent_kafka's types say it may give them."""


CUT_HEADER = "leadline-cut"
"""Among the headers of a dead letter that does not hold all: how many bytes the original's value has."""
_OVERHEAD_BYTES = 64 * 1024
_MOST_ELSE_BYTES = 1024 * 1024
_ERROR_LENGTH = 10_000


@dataclass(frozen=True)
class Message:
    """Ready to send: `producer.produce(topic, key=, value=, headers=)`."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers


def to_message(codec: Codec, event: Event, recorded_at_ms: int | None = None) -> Message:
    """The event for its own topic.

    `recorded_at_ms`: for what is derived or replayed, the newest recorded_at of its inputs. Raises Unavailable, ValueError.
    """
    headers: Headers = [(RECORD_HEADER, type(event).__name__.encode())]
    if recorded_at_ms is not None:
        headers.append((RECORDED_AT_HEADER, str(recorded_at_ms).encode()))
    return Message(home_topic(type(event)), key_of(event), codec.encode(event), headers)


def header(headers: AnyHeaders, name: str) -> str:
    """The header's text; empty where it is missing or no UTF-8."""
    for key, value in _pairs(headers):
        if key == name and value is not None:
            return value if isinstance(value, str) else value.decode("utf-8", "replace")
    return ""


def recorded_at_ms(timestamp_ms: int, headers: AnyHeaders) -> int:
    """When the event was known: the header of what was derived or replayed, else the broker's stamp."""
    text = header(headers, RECORDED_AT_HEADER)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else timestamp_ms


def dead_letter(
    *,
    consumer: str,
    topic: str,
    partition: int,
    offset: int,
    timestamp_ms: int,
    key: bytes | None,
    payload: bytes | None,
    headers: AnyHeaders,
    reason: str,
    error: str,
    now: Micros,
    producer: str,
) -> DeadLetter:
    """The same message gives the same id whichever consumer could not read it, so it is listed once.

    Compressed, a message may come through that no dead letter can hold: then this holds as much of its value as fits and says
    so in the header `leadline-cut`; where key and headers alone are too much, no header and only the beginning of the key.
    """
    kept = [MessageHeader(key=name, value=_bytes(value)) for name, value in _pairs(headers)]
    key, payload, cut = key or b"", payload or b"", False
    if _else_bytes(key, kept) > _MOST_ELSE_BYTES:
        key, kept, cut = key[:_OVERHEAD_BYTES], [], True
    room = MAX_MESSAGE_BYTES - _OVERHEAD_BYTES - _else_bytes(key, kept)
    if cut or len(payload) > room:
        kept.append(MessageHeader(key=CUT_HEADER, value=str(len(payload)).encode()))
    return DeadLetter(
        event_id=derived_id("dead-letter", topic, partition, offset),
        event_time=now,
        producer=producer,
        consumer=consumer,
        topic=topic,
        partition=partition,
        offset=offset,
        timestamp=timestamp_ms * 1000,
        reason=reason,
        error=error[:_ERROR_LENGTH],
        key=key,
        payload=payload[:room],
        headers=kept,
    )


def _else_bytes(key: bytes, headers: Iterable[MessageHeader]) -> int:
    """What a dead letter holds besides the value; the key is also that of its message."""
    return 2 * len(key) + sum(len(header.key.encode()) + len(header.value) + 16 for header in headers)


def _pairs(headers: AnyHeaders) -> Iterable[tuple[str, str | bytes | None]]:
    return headers.items() if isinstance(headers, dict) else headers or ()


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""


__all__ = ["CONTROL_HEADER", "RECORD_HEADER", "Message", "dead_letter", "header", "recorded_at_ms", "to_message"]
