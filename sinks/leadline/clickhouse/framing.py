"""Avro bodies as one Avro container, without decoding them.

An Avro record is the concatenation of its fields, and a double is eight little-endian bytes: so a body is wrapped in fields
of ours by putting bytes before and behind it. The guard repeats the offset behind the body: one that is too long or too
short would else silently swallow its neighbours.
"""

import io
import struct
from collections.abc import Iterable
from typing import Any, NamedTuple

import fastavro

from leadline.events.schemas import Schema

GUARD = "_guard"
SYNC = b"leadline-sync-00"
_before = struct.Struct("<ddd").pack
_behind = struct.Struct("<d").pack


class Body(NamedTuple):
    """One message's Avro body and where it came from; recorded_at in milliseconds since 1970."""

    partition: int
    offset: int
    recorded_at_ms: int
    body: bytes


def container_header(schema: Schema) -> bytes:
    """Header of a container whose records are `schema` wrapped in Kafka's coordinates and the guard."""
    wrapped = {
        "type": "record",
        "name": "Framed",
        "fields": [_double("_partition"), _double("_offset"), _double("_recorded_at"), *schema["fields"], _double(GUARD)],
    }
    out = io.BytesIO()
    fastavro.writer(out, fastavro.parse_schema(_lean(wrapped)), [], sync_marker=SYNC)
    return out.getvalue()


def container(header: bytes, bodies: Iterable[Body]) -> bytes:
    """Header, one block, sync marker: what `FORMAT Avro` reads."""
    parts: list[bytes] = []
    for partition, offset, recorded_at_ms, body in bodies:
        parts += (_before(partition, offset, recorded_at_ms), body, _behind(offset))
    block = b"".join(parts)
    return b"".join((header, _long(len(parts) // 3), _long(len(block)), block, SYNC))


def _double(name: str) -> Schema:
    return {"name": name, "type": "double"}


def _lean(schema: Any) -> Any:
    """Without documentation and defaults: the header travels with every block."""
    if isinstance(schema, dict):
        return {key: _lean(value) for key, value in schema.items() if key not in ("doc", "default")}
    return [_lean(part) for part in schema] if isinstance(schema, list) else schema


def _long(number: int) -> bytes:
    """Avro's long of a number that is not negative: zigzag, seven bits a byte, lowest first."""
    number <<= 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
