"""Long lists that come again and again, the columns of a table with every run, encoded once.

An Avro record is the concatenation of its fields, so the bytes of one field can be put between those of the fields before and
behind it. Specification: https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
"""

import functools
import io
from typing import Any, NamedTuple

import fastavro
import msgspec

from .records import Event, RunEvent, VersionDescribed
from .schemas import newest, without_logical_types

_FIELD = "columns"
_RECORDS = (RunEvent, VersionDescribed)
_MOST = 1_000
_LONGEST = 32 * 1024
"""Bytes of one list: all that is remembered is less than 64 MB with its keys, mostly far less."""


class _Parts(NamedTuple):
    """Schemas of the fields before the list, of the list, and of those behind it."""

    before: Any
    field: Any
    behind: Any


@functools.cache
def _parts(record: str) -> _Parts:
    schema = without_logical_types(newest(record))
    fields, names = schema["fields"], dict[str, Any]()
    place = next(number for number, field in enumerate(fields) if field["name"] == _FIELD)

    def part(name: str, some: list[Any]) -> Any:
        # In the order in which they are written: a type is defined where it is first named.
        return fastavro.parse_schema({"type": "record", "name": name, "fields": some}, named_schemas=names)

    return _Parts(
        part(f"{record}Before", fields[:place]),
        part(f"{record}Field", fields[place : place + 1]),
        part(f"{record}Behind", fields[place + 1 :]),
    )


class Repeated:
    """Belongs to one thread, as the codec that it is for."""

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}

    def encode(self, event: Event) -> bytes | None:
        """The event's Avro body; None where it has no such list. Raises ValueError as `encode_body`."""
        if not isinstance(event, _RECORDS) or not event.columns:
            return None
        record = type(event).__name__
        parts = _parts(record)
        fields = msgspec.to_builtins(msgspec.structs.replace(event, columns=[]), builtin_types=(bytes,))
        out = io.BytesIO()
        fastavro.schemaless_writer(out, parts.before, fields)
        out.write(self._list(record, parts.field, event.columns))
        fastavro.schemaless_writer(out, parts.behind, fields)
        return out.getvalue()

    def _list(self, record: str, schema: Any, values: Any) -> bytes:
        key = record.encode() + msgspec.msgpack.encode(values)
        known = self._known.get(key)
        if known is None:
            out = io.BytesIO()
            fastavro.schemaless_writer(out, schema, {_FIELD: msgspec.to_builtins(values, builtin_types=(bytes,))})
            known = out.getvalue()
            if len(known) <= _LONGEST:
                if len(self._known) >= _MOST:
                    self._known.clear()
                self._known[key] = known
        return known
