"""Dead letters: whatever could not be read, with its original bytes."""

from typing import Annotated

from msgspec import Meta

from .event import Event, Micros, Part

REASONS = (
    "not_avro",
    "unknown_schema",
    "truncated",
    "trailing_bytes",
    "too_large",
    "time_out_of_range",
    "empty_name",
    "unknown_state",
    "unknown_record",
    "refused",
    "not_json",
    "invalid_event",
)


class MessageHeader(Part, frozen=True, kw_only=True):
    key: str
    value: bytes


class DeadLetter(Event, frozen=True, kw_only=True):
    """event_id is derived from consumer, topic, partition and offset."""

    consumer: Annotated[str, Meta(description="The role that could not read it")]
    topic: str
    partition: int
    offset: int
    timestamp: Annotated[Micros, Meta(description="Kafka's timestamp of the original")]
    reason: Annotated[str, Meta(description="Short code to group by, see docs/dead-letters.md")]
    error: Annotated[str, Meta(description="A sentence for people")]
    key: bytes = b""
    payload: bytes = b""
    headers: list[MessageHeader] = []
