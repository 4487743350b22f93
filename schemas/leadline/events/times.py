"""Which fields of a struct are times."""

import functools

import msgspec
from msgspec import inspect


@functools.cache
def time_fields(kind: type[msgspec.Struct]) -> frozenset[str]:
    """The fields that are declared as `records.event.Micros`, optional ones too."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return frozenset(field.name for field in info.fields if _is_time(field.type))


def _is_time(info: inspect.Type) -> bool:
    if isinstance(info, inspect.UnionType):
        return any(_is_time(part) for part in info.types)
    if not isinstance(info, inspect.Metadata):
        return False
    avro = (info.extra or {}).get("avro")
    return (isinstance(avro, dict) and avro.get("logicalType") == "timestamp-micros") or _is_time(info.type)
