"""What columns look like, from both sides: a writer's Avro schema, and the store's own columns."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leadline.events.schemas import Schema

_PRIMITIVES = {
    "string": "String",
    "bytes": "String",
    "int": "Int32",
    "long": "Int64",
    "float": "Float32",
    "double": "Float64",
    "boolean": "Bool",
}
_TIMES = {"timestamp-micros": "DateTime64(6, 'UTC')", "timestamp-millis": "DateTime64(3, 'UTC')"}
_TOKEN = re.compile(r"\w+|`[^`]+`|'[^']*'|[(),]")


@dataclass(frozen=True)
class Shape:
    """A ClickHouse type as a tree: `Array(of)`, `Nullable(of)`, `Map(key, of)`, `Tuple(fields)`, or a scalar's name."""

    name: str
    of: "Shape | None" = None
    key: "Shape | None" = None
    fields: Mapping[str, "Shape"] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.fields:
            return f"Tuple({', '.join(f'`{name}` {shape}' for name, shape in self.fields.items())})"
        if self.key:
            return f"Map({self.key}, {self.of})"
        return f"{self.name}({self.of})" if self.of else self.name


def from_avro(schema: Any, named: dict[str, Shape] | None = None) -> Shape:
    """The column in which ClickHouse's Avro reader takes such a field as it is. Raises ValueError where there is none."""
    named = {} if named is None else named
    if isinstance(schema, list):
        parts = [from_avro(part, named) for part in schema if part != "null"]
        if len(parts) != 1:
            raise ValueError(f"a union of {len(parts)} types has no column")
        # Only scalars can be Nullable everywhere; of the others the reader makes the empty one where it finds null.
        composite = parts[0].fields or parts[0].name in ("Array", "Map")
        return parts[0] if composite or len(parts) == len(schema) else Shape("Nullable", of=parts[0])
    if isinstance(schema, str):
        return named[schema] if schema in named else Shape(_PRIMITIVES[schema])
    if schema.get("logicalType") in _TIMES:
        return Shape(_TIMES[schema["logicalType"]])
    return _composite(schema, named)


def _composite(schema: Schema, named: dict[str, Shape]) -> Shape:
    match schema["type"]:
        case "record":
            shape = Shape("Tuple", fields=columns(schema, named))
            for name in (schema["name"], f"{schema.get('namespace', 'leadline.events')}.{schema['name']}"):
                named[name] = shape
            return shape
        case "array":
            return Shape("Array", of=from_avro(schema["items"], named))
        case "map":
            return Shape("Map", key=Shape("String"), of=from_avro(schema["values"], named))
        case "enum":
            return Shape("String")
        case other:
            return from_avro(other, named)


def columns(record: Schema, named: dict[str, Shape] | None = None) -> dict[str, Shape]:
    """Column name to shape of a record's fields. Raises ValueError, KeyError for what has no column."""
    named = {} if named is None else named
    return {part["name"]: from_avro(part["type"], named) for part in record["fields"]}


def from_clickhouse(text: str) -> Shape:
    """The tree of a type as system.columns writes it."""
    return _parse(_TOKEN.findall(text))


def _parse(tokens: list[str]) -> Shape:
    name = tokens.pop(0)
    if not tokens or tokens[0] != "(":
        return Shape(name)
    tokens.pop(0)
    match name:
        case "Tuple":
            shape = Shape(name, fields=dict(_fields(tokens)))
        case "Map":
            key = _parse(tokens)
            tokens.pop(0)
            shape = Shape(name, key=key, of=_parse(tokens))
        case "Array" | "Nullable" | "LowCardinality":
            shape = Shape(name, of=_parse(tokens))
        case _:
            shape = Shape(f"{name}({_arguments(tokens)})")
    tokens.pop(0)
    return shape


def _fields(tokens: list[str]) -> list[tuple[str, Shape]]:
    found = []
    while True:
        found.append((tokens.pop(0).strip("`"), _parse(tokens)))
        if tokens[0] == ")":
            return found
        tokens.pop(0)


def _arguments(tokens: list[str]) -> str:
    found = []
    while tokens[0] != ")":
        found.append(tokens.pop(0))
    return " ".join(found).replace(" ,", ",")
