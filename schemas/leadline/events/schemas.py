"""The published Avro schemas: `avro/<Record>.v<N>.avsc`, frozen once released."""

import functools
import json
import re
from importlib import resources
from typing import Any

Schema = dict[str, Any]


@functools.cache
def _all() -> dict[str, dict[int, Schema]]:
    found: dict[str, dict[int, Schema]] = {}
    for entry in resources.files(__package__).joinpath("avro").iterdir():
        match = re.fullmatch(r"(\w+)\.v(\d+)\.avsc", entry.name)
        if match:
            found.setdefault(match[1], {})[int(match[2])] = json.loads(entry.read_text(encoding="utf-8"))
    return found


def published(record: str) -> list[Schema]:
    """All versions of a record's schema, oldest first; empty where there is none."""
    versions = _all().get(record, {})
    return [versions[number] for number in sorted(versions)]


def newest(record: str) -> Schema:
    """Raises KeyError for a record without a schema."""
    versions = published(record)
    if not versions:
        raise KeyError(f"no Avro schema for a record named {record}")
    return versions[-1]


def canonical(schema: Schema) -> str:
    """The text that is registered and fingerprinted: the same for the same schema, whatever its white space."""
    return json.dumps(schema, separators=(",", ":"), ensure_ascii=False)


def without_logical_types(schema: Any) -> Any:
    """The same binary form, read as plain numbers: times stay microseconds."""
    if isinstance(schema, dict):
        return {key: without_logical_types(value) for key, value in schema.items() if key != "logicalType"}
    if isinstance(schema, list):
        return [without_logical_types(part) for part in schema]
    return schema
