"""Derives a record's Avro schema from its type. `python -m leadline.events.derive` writes what is new under `avro/`.

A schema that was published is frozen: a change of a record becomes the next version, in a file of its own.
"""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from .records import Event
from .schemas import newest, published
from .topics import load_topics, record_types

NAMESPACE = "leadline.events"
_PRIMITIVES: dict[type, str] = {
    inspect.StrType: "string",
    inspect.IntType: "long",
    inspect.FloatType: "double",
    inspect.BoolType: "boolean",
    inspect.BytesType: "bytes",
    inspect.NoneType: "null",
}


def avro_schema(record: type[msgspec.Struct]) -> dict[str, Any]:
    """The Avro schema of a record. Raises TypeError for a type that has no Avro counterpart here."""
    schema: dict[str, Any] = _record(inspect.type_info(record), set())
    return schema


def _record(info: inspect.Type, seen: set[str]) -> Any:
    assert isinstance(info, inspect.StructType)
    name = info.cls.__name__
    if name in seen:
        return f"{NAMESPACE}.{name}"
    seen.add(name)
    schema: dict[str, Any] = {"type": "record", "name": name, "namespace": NAMESPACE}
    if info.cls.__doc__:
        schema["doc"] = " ".join(info.cls.__doc__.split())
    schema["fields"] = [_field(field, seen) for field in info.fields]
    return schema


def _field(field: inspect.Field, seen: set[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"name": field.name, "type": _type(field.type, seen)}
    description = _description(field.type)
    if description:
        schema["doc"] = description
    if not field.required:
        schema["default"] = _default(field)
    return schema


def _default(field: inspect.Field) -> Any:
    if field.default is not msgspec.NODEFAULT:
        return field.default.decode("latin-1") if isinstance(field.default, bytes) else field.default
    return field.default_factory()


def _description(info: inspect.Type) -> str:
    if isinstance(info, inspect.Metadata):
        found = (info.extra_json_schema or {}).get("description", "")
        return found or _description(info.type)
    return ""


def _type(info: inspect.Type, seen: set[str]) -> Any:
    if isinstance(info, inspect.Metadata):
        return (info.extra or {}).get("avro") or _type(info.type, seen)
    if isinstance(info, inspect.UnionType):
        # Null first, as the defaults of all our optional fields are null.
        return ["null", *(_type(part, seen) for part in info.types if not isinstance(part, inspect.NoneType))]
    if isinstance(info, inspect.ListType):
        return {"type": "array", "items": _type(info.item_type, seen)}
    if isinstance(info, inspect.DictType):
        return {"type": "map", "values": _type(info.value_type, seen)}
    if isinstance(info, inspect.StructType):
        return _record(info, seen)
    if type(info) in _PRIMITIVES:
        return _PRIMITIVES[type(info)]
    raise TypeError(f"{info} has no Avro type here")


def records() -> list[type[Event]]:
    """Every record that travels on a topic of its own or as a control record."""
    return [record_types()[name] for topic in load_topics() for name in (*topic.records, *topic.control)]


def main() -> int:
    folder = Path(__file__).parent / "avro"
    for record in dict.fromkeys(records()):
        schema = avro_schema(record)
        version = len(published(record.__name__))
        if version and newest(record.__name__) == schema:
            continue
        path = folder / f"{record.__name__}.v{version + 1}.avsc"
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")
        sys.stdout.write(f"wrote {path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
