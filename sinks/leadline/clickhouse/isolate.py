"""A refused block: which of its messages are bad? Found by decoding once; only what is left unexplained is bisected."""

import functools
import io
import time
from collections.abc import Callable, Sequence
from typing import Any

import fastavro
import msgspec

from leadline.core.errors import LeadlineError, Unreadable
from leadline.events.schemas import Schema, newest, without_logical_types
from leadline.events.topics import record_types
from leadline.events.validate import validate

from .insert import Refused
from .message import Bad, Group, Message

Insert = Callable[[Group], None]
"""Inserts a group as one block. Raises Refused, Unavailable."""


class Hopeless(LeadlineError):
    """The store refuses so much that looking for single messages would take too long."""


def isolate(group: Group, schema: Schema, insert: Insert, deadline_seconds: float = 60.0) -> list[Bad]:
    """Inserts the good ones and returns the bad. Raises Hopeless after the deadline, Unavailable."""
    until = time.monotonic() + deadline_seconds
    good, bad = _decode(group, schema)
    if good.bodies:
        bad += _insert_or_bisect(good, insert, until)
    return bad


def _decode(group: Group, schema: Schema) -> tuple[Group, list[Bad]]:
    judge = Judge(schema)
    good, bad = Group(group.topic, group.schema_id), []
    for body, message in zip(group.bodies, group.messages, strict=True):
        try:
            judge.check(body.body)
        except Unreadable as error:
            bad.append(Bad(message, error.reason, str(error)))
        else:
            good.bodies.append(body)
            good.messages.append(message)
    return good, bad


class Judge:
    """Decodes bodies of one writer schema, only to say what is wrong with them."""

    def __init__(self, schema: Schema) -> None:
        self._record: str = schema["name"]
        written = without_logical_types(schema)
        current = without_logical_types(newest(self._record))
        self._read: Callable[[Any], Any] = functools.partial(
            fastavro.schemaless_reader,
            writer_schema=fastavro.parse_schema(written),
            reader_schema=None if written == current else fastavro.parse_schema(current),
        )

    def check(self, body: bytes) -> None:
        """Raises Unreadable with the dead letter's reason."""
        stream = io.BytesIO(body)
        try:
            fields = self._read(stream)
        except EOFError:
            raise Unreadable("truncated", f"the body ends within the record {self._record}") from None
        except Exception as error:  # fastavro raises what the bytes happen to provoke
            raise Unreadable("not_avro", f"the body is no {self._record}: {type(error).__name__}: {error}") from error
        if stream.tell() != len(body):
            raise Unreadable("trailing_bytes", f"{len(body) - stream.tell()} bytes follow the record {self._record}")
        try:
            validate(msgspec.convert(fields, record_types()[self._record]))
        except msgspec.ValidationError as error:
            raise Unreadable("not_avro", f"the body is no {self._record}: {error}") from error


def _insert_or_bisect(group: Group, insert: Insert, until: float) -> list[Bad]:
    """Halves what is refused until single messages are left."""
    if time.monotonic() > until:
        raise Hopeless(f"{group.topic}: the store refuses messages that look well; its log says why")
    try:
        insert(group)
        return []
    except Refused as error:
        if len(group.bodies) == 1:
            return [Bad(group.messages[0], error.reason, str(error))]
    middle = len(group.bodies) // 2
    return _insert_or_bisect(_part(group, 0, middle), insert, until) + _insert_or_bisect(
        _part(group, middle, len(group.bodies)), insert, until
    )


def _part(group: Group, first: int, last: int) -> Group:
    messages: Sequence[Message] = group.messages[first:last]
    return Group(group.topic, group.schema_id, group.bodies[first:last], list(messages))
