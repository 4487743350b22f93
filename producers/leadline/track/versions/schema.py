"""Columns and their types: Arrow's names for them, and the hash by which two schemas are told apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

MAX_COLUMNS = 1_000
"""Columns of one description; the schema's hash is over all of them."""

_NAMES = {
    "Float64": "double",
    "Float32": "float",
    "Float16": "halffloat",
    "Boolean": "bool",
    "Categorical": "dictionary",
    "Enum": "dictionary",
    "Date": "date32[day]",
    "Time": "time64[us]",
}
"""Narwhals' names where Arrow's are more than the lower case of them (https://arrow.apache.org/docs/python/api/datatypes.html)."""

_ICEBERG = {
    "boolean": "bool",
    "int": "int32",
    "long": "int64",
    "date": "date32[day]",
    "time": "time64[us]",
    "timestamp": "timestamp[us]",
    "timestamptz": "timestamp[us, UTC]",
    "timestamp_ns": "timestamp[ns]",
    "timestamptz_ns": "timestamp[ns, UTC]",
}
"""By https://iceberg.apache.org/spec/#primitive-types."""

_DELTA = {
    "boolean": "bool",
    "byte": "int8",
    "short": "int16",
    "integer": "int32",
    "long": "int64",
    "date": "date32[day]",
    "timestamp": "timestamp[us, UTC]",
    "timestamp_ntz": "timestamp[us]",
}
"""By https://github.com/delta-io/delta/blob/master/PROTOCOL.md#primitive-types."""


def arrow_name(dtype: Any) -> str:
    """Arrow's name of a narwhals type; those of nested types in angle brackets."""
    name = type(dtype).__name__
    if name == "Datetime":
        zone = f", {dtype.time_zone}" if dtype.time_zone else ""
        return f"timestamp[{dtype.time_unit}{zone}]"
    if name == "Duration":
        return f"duration[{dtype.time_unit}]"
    if name in ("List", "Array"):
        return f"list<{arrow_name(_made(dtype.inner))}>"
    if name == "Struct":
        return f"struct<{', '.join(f'{field.name}: {arrow_name(_made(field.dtype))}' for field in dtype.fields)}>"
    return _NAMES.get(name, name.lower())


def iceberg_name(type_: object) -> str:
    """Arrow's name of a primitive type of Iceberg; nested ones and those with parameters stay as they are."""
    text = type_ if isinstance(type_, str) else json.dumps(type_)
    return _ICEBERG.get(text, text)


def delta_name(type_: object) -> str:
    """Arrow's name of a primitive type of Delta; nested ones and those with parameters stay as they are."""
    text = str(getattr(type_, "type", type_))
    return _DELTA.get(text, text)


def schema_hash(columns: Iterable[tuple[str, str]]) -> str:
    """16 hexadecimal digits of the SHA-256 of `[["name","type"],...]` as JSON, in order, which models depend on."""
    text = json.dumps([list(column) for column in columns], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]


def _made(dtype: Any) -> Any:
    """An instance: narwhals gives classes for types without parameters."""
    return dtype() if isinstance(dtype, type) else dtype
