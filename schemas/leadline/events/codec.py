"""Events to bytes and back: Avro bodies in Confluent's wire format (0, schema id as four bytes, body).

Format: https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/#wire-format
"""

import functools
import io
import struct
from collections.abc import Callable
from typing import Any, Protocol

import fastavro
import msgspec

from leadline.core.errors import Unreadable

from .records import Event
from .repeated import Repeated
from .schemas import Schema, canonical, newest, without_logical_types
from .topics import home_topic, record_types, subject

RECORD_HEADER = "leadline-record"
CONTROL_HEADER = "leadline-control"
RECORDED_AT_HEADER = "leadline-recorded-at"
"""Milliseconds since 1970 as text: wins over the broker's stamp for what was derived or replayed."""

MAGIC = 0
_prefix = struct.Struct(">bI")
PREFIX_BYTES = _prefix.size


class Registry(Protocol):
    """What the codec asks of a schema registry."""

    def register(self, subject: str, schema: str) -> int:
        """The id of the schema under the subject, registered where it is new. Raises Unavailable, UsageError (refused)."""

    def schema(self, schema_id: int) -> str | None:
        """The schema's text; None where the registry does not know the id. Raises Unavailable."""


@functools.cache
def _parsed(record: str) -> Any:
    return fastavro.parse_schema(without_logical_types(newest(record)))


def encode_body(event: Event) -> bytes:
    """The Avro body by the record's newest schema. Raises ValueError for what Avro cannot hold, such as a lone surrogate."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, _parsed(type(event).__name__), msgspec.to_builtins(event, builtin_types=(bytes,)))
    return out.getvalue()


def decode_body(body: bytes, record: str) -> Event:
    """What `encode_body` wrote. Raises Unreadable."""
    kind = record_types().get(record)
    if kind is None:
        raise Unreadable("unknown_record", f"there is no record {record!r} in this version")
    return _decoded(functools.partial(_read, _parsed(record), None), body, kind)


def frame(schema_id: int, body: bytes) -> bytes:
    return _prefix.pack(MAGIC, schema_id) + body


def unframe(data: bytes | None) -> tuple[int, bytes]:
    """Schema id and body. Raises Unreadable("not_avro")."""
    if not data or len(data) < PREFIX_BYTES or data[0] != MAGIC:
        raise Unreadable("not_avro", f"not in Confluent's wire format: starts with {bytes(data or b'')[:8]!r}")
    return _prefix.unpack_from(data)[1], data[PREFIX_BYTES:]


class Codec:
    """Encodes and decodes with the schema ids of one registry. Ids are asked for once each."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._ids: dict[tuple[str, str], int] = {}
        self._readers: dict[int, Callable[[io.BytesIO], Any]] = {}
        self._repeated = Repeated()

    def schema_id(self, record: str, topic: str) -> int:
        """Raises Unavailable where the registry is away and the id is not known yet."""
        known = self._ids.get((record, topic))
        if known is None:
            known = self._registry.register(subject(topic, record), canonical(newest(record)))
            self._ids[record, topic] = known
        return known

    def encode(self, event: Event, topic: str | None = None) -> bytes:
        """The event for `topic` (default: its own). Raises Unavailable, ValueError."""
        record = type(event)
        body = self._repeated.encode(event) or encode_body(event)
        return frame(self.schema_id(record.__name__, topic or home_topic(record)), body)

    def decode(self, data: bytes | None, record: str) -> Event:
        """The event of the type that the header `leadline-record` (or `-control`) names. Raises Unreadable, Unavailable."""
        kind = record_types().get(record)
        if kind is None:
            raise Unreadable("unknown_record", f"the header names a record {record!r} that this version does not know")
        schema_id, body = unframe(data)
        read = self._readers.get(schema_id)
        if read is None:
            read = self._readers[schema_id] = self._reader(schema_id, record)
        return _decoded(read, body, kind)

    def _reader(self, schema_id: int, record: str) -> Callable[[io.BytesIO], Any]:
        text = self._registry.schema(schema_id)
        if text is None:
            raise Unreadable("unknown_schema", f"the registry has no schema with id {schema_id}")
        schema: Schema = without_logical_types(msgspec.json.decode(text))
        if schema.get("name") != record:
            raise Unreadable("unknown_schema", f"schema {schema_id} is of {schema.get('name')!r}, the header says {record}")
        writer = fastavro.parse_schema(schema)
        reader = None if schema == without_logical_types(newest(record)) else _parsed(record)
        return functools.partial(_read, writer, reader)


def _decoded(read: Callable[[io.BytesIO], Any], body: bytes, kind: type[Event]) -> Event:
    record, stream = kind.__name__, io.BytesIO(body)
    try:
        fields = read(stream)
    except EOFError as error:
        raise Unreadable("truncated", f"the body ends within the record {record}") from error
    except Exception as error:  # fastavro raises what the bytes happen to provoke
        raise Unreadable("not_avro", f"the body is no {record}: {type(error).__name__}: {error}") from error
    if stream.tell() != len(body):
        raise Unreadable("trailing_bytes", f"{len(body) - stream.tell()} bytes follow the record {record}")
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise Unreadable("not_avro", f"the body is no {record}: {error}") from error


def _read(writer: Any, reader: Any, stream: io.BytesIO) -> Any:
    return fastavro.schemaless_reader(stream, writer, reader)
