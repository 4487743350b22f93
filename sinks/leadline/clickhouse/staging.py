"""Staging: one Null table and one materialized view per writer schema, made from the registry's schema at first sight.

The table has exactly the writer's columns, so that ClickHouse reads the bodies as they are; the view turns them into the
shape of the record's inlet. Nested records evolve only here: read into another shape, ClickHouse refuses or empties them.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from leadline.core.errors import LeadlineError
from leadline.events.schemas import Schema, newest

from .framing import GUARD
from .shape import Shape, columns

DATABASE = "leadline_internal"


class StoreLacks(LeadlineError):
    """The writer has a field that the store has no place for: neither dropped nor dead-lettered, the store must be migrated."""


def inlet(record: str) -> str:
    return f"{DATABASE}.in_{record}"


def staging(record: str, schema_id: int, schema: Schema, store: Mapping[str, Shape]) -> tuple[str, list[str]]:
    """The table's name and the SQL that makes it and its view; `store`: the inlet's columns. Raises StoreLacks, ValueError.

    Both shapes are in the name: after a migration there is a new pair, and the old one serves those who still insert into it.
    Dropping a view to make it anew would lose what arrives in between.
    """
    written = columns(schema)
    view = _select(record, schema_id, written, store)
    table = f"{DATABASE}.staging_{record}_{schema_id}_{hashlib.sha256(' '.join(view).encode()).hexdigest()[:8]}"
    framing = "_partition Float64, _offset Float64, _recorded_at Float64"
    body = ", ".join(f"`{name}` {shape}" for name, shape in written.items())
    selected = f"SELECT {', '.join((*_COORDINATES, *view))} FROM {table}"  # noqa: S608 - names of ours
    return table, [
        f"CREATE TABLE IF NOT EXISTS {table} ({framing}, {body}, {GUARD} Float64, "
        f"CONSTRAINT framing CHECK {GUARD} = _offset) ENGINE = Null",
        f"CREATE MATERIALIZED VIEW IF NOT EXISTS {table}_view TO {inlet(record)} AS {selected}",
    ]


_COORDINATES = (
    "toInt32(_partition) AS _partition",
    "toInt64(_offset) AS _offset",
    "toDateTime64(fromUnixTimestamp64Milli(toInt64(_recorded_at), 'UTC'), 6, 'UTC') AS recorded_at",
)


def _select(record: str, schema_id: int, written: Mapping[str, Shape], store: Mapping[str, Shape]) -> list[str]:
    """A column that the writer does not have yet is left out: the inlet has its default."""
    defaults = _defaults(newest(record))
    found = []
    for name, shape in written.items():
        if name not in store:
            raise _lacks(record, schema_id, name)
        try:
            converted = _convert(f"`{name}`", shape, store[name], defaults.get(name))
        except StoreLacks as error:
            raise _lacks(record, schema_id, f"{name}.{error}") from None
        found.append(f"`{name}`" if shape == store[name] else f"CAST({converted}, '{_quoted(store[name])}') AS `{name}`")
    return found


def _lacks(record: str, schema_id: int, path: str) -> StoreLacks:
    return StoreLacks(
        f"the store has no place for {record}.{path} of schema {schema_id}: run `leadline migrate` of the version that has it"
    )


def _convert(value: str, written: Shape, store: Shape, default: Any, depth: int = 0) -> str:
    """The SQL expression that turns the written shape into the store's. Raises StoreLacks with the path within the field."""
    if written == store:
        return value
    if written.fields and store.fields:
        return _convert_record(value, written, store, default if isinstance(default, Mapping) else {}, depth)
    if written.name == store.name == "Array" and written.of and store.of:
        item = f"x{depth}"
        return f"arrayMap({item} -> {_convert(item, written.of, store.of, default, depth + 1)}, {value})"
    if written.name == "Nullable" and store.name != "Nullable":
        return f"ifNull({value}, {_literal(default, store)})"
    return f"CAST({value}, '{_quoted(store)}')"


def _convert_record(value: str, written: Shape, store: Shape, defaults: Mapping[str, Any], depth: int) -> str:
    for name in written.fields:
        if name not in store.fields:
            raise StoreLacks(name)
    parts = []
    for name, shape in store.fields.items():
        if name in written.fields:
            part = f"tupleElement({value}, '{name}')"
            try:
                parts.append(_convert(part, written.fields[name], shape, defaults.get(name), depth))
            except StoreLacks as error:
                raise StoreLacks(f"{name}.{error}") from None
        else:
            parts.append(_literal(defaults.get(name), shape))
    return f"CAST(tuple({', '.join(parts)}), '{_quoted(store)}')"


def _literal(default: Any, shape: Shape) -> str:
    """The default of the record's newest schema; where it has none or an empty one, the type's own."""
    if isinstance(default, bool):
        return f"CAST({int(default)}, '{_quoted(shape)}')"
    if isinstance(default, int | float):
        return f"CAST({default!r}, '{_quoted(shape)}')"
    if isinstance(default, str) and default:
        return f"CAST('{_escaped(default)}', '{_quoted(shape)}')"
    return f"defaultValueOfTypeName('{_quoted(shape)}')"


def _defaults(schema: Any) -> dict[str, Any]:
    """Field name to default; for nested records the defaults of their fields."""
    return {part["name"]: _nested_defaults(part["type"]) or part.get("default") for part in schema["fields"]}


def _nested_defaults(schema: Any) -> dict[str, Any]:
    if isinstance(schema, list):
        return next((found for part in schema if (found := _nested_defaults(part))), {})
    if not isinstance(schema, dict):
        return {}
    if schema["type"] == "record":
        return _defaults(schema)
    return _nested_defaults(schema.get("items")) if schema["type"] == "array" else {}


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _quoted(shape: Shape) -> str:
    return _escaped(str(shape))
