"""JSON lines as events: `{"record": "MetricsReported", ...fields}`, with times as ISO 8601 and NaN as a word.

What may be left out: `producer`; `event_time` (now); `event_id` (derived from the line where it has a time, so that the same
line sent twice is one event; else new).
"""

import functools
import math
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from msgspec import inspect

from leadline.core.clock import Micros, from_datetime, isoformat
from leadline.core.errors import Unreadable, UsageError
from leadline.events.ids import derived_id, new_id
from leadline.events.records import (
    BoundDeclared,
    DecisionRecorded,
    EntityReported,
    Event,
    LogsReported,
    MetricsReported,
    RunEvent,
    VersionDescribed,
)
from leadline.events.times import time_fields
from leadline.events.validate import validate

RECORDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        BoundDeclared,
        DecisionRecorded,
        EntityReported,
        LogsReported,
        MetricsReported,
        RunEvent,
        VersionDescribed,
    )
}
"""What producers may send; everything else is derived."""

_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def read_line(line: bytes, now: Micros, producer: str) -> Event:
    """Raises UsageError that names the field, as a path from `$`, and what to write there."""
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"no JSON: {error}") from error
    if not isinstance(found, dict):
        raise UsageError('not an object; write {"record": "MetricsReported", ...}')
    record = RECORDS.get(str(found.pop("record", "")))
    if record is None:
        raise UsageError(f"$.record must be one of {', '.join(RECORDS)}")
    found.setdefault("producer", producer)
    found.setdefault("event_id", derived_id("line", line.strip()) if "event_time" in found else new_id())
    found.setdefault("event_time", now)
    try:
        event = msgspec.convert(_prepared(found, inspect.type_info(record), "$"), record)
        validate(event)
    except (msgspec.ValidationError, Unreadable) as error:
        raise UsageError(str(error)) from error
    return event


def write_line(event: Event) -> bytes:
    """One line, with its line feed, as `read_line` takes it; what is as it is by default is left out."""
    return msgspec.json.encode({"record": type(event).__name__, **_written(event)}) + b"\n"


def _written(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        times = time_fields(type(value))
        told = {
            name: getattr(value, name) for name, default in _defaults(type(value)).items() if getattr(value, name) != default
        }
        return {name: isoformat(part) if name in times else _written(part) for name, part in told.items()}
    if isinstance(value, list):
        return list(map(_written, value))
    if isinstance(value, dict):
        return {name: _written(part) for name, part in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return next(word for word, number in _NOT_FINITE.items() if repr(number) == repr(value))
    return value


@functools.cache
def _defaults(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """NODEFAULT, which equals nothing, where the field is required."""
    return {
        field.name: field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        for field in msgspec.structs.fields(kind)
    }


def _prepared(value: Any, info: inspect.Type, path: str) -> Any:
    """With numbers where JSON had to use text. Raises UsageError."""
    info = _plain(info)
    if isinstance(info, inspect.FloatType) and isinstance(value, str):
        return _NOT_FINITE.get(value, value)
    if isinstance(info, inspect.StructType) and isinstance(value, dict):
        times, types = time_fields(info.cls), {field.name: field.type for field in info.fields}
        return {
            name: _micros(part, f"{path}.{name}")
            if name in times and isinstance(part, str)
            else _prepared(part, types[name], f"{path}.{name}")
            if name in types
            else part
            for name, part in value.items()
        }
    if isinstance(info, inspect.DictType) and isinstance(value, dict):
        return {name: _prepared(part, info.value_type, f"{path}[{name!r}]") for name, part in value.items()}
    if isinstance(info, inspect.ListType) and isinstance(value, list):
        return [_prepared(part, info.item_type, f"{path}[{index}]") for index, part in enumerate(value)]
    return value


def _micros(text: str, path: str) -> Micros:
    try:
        moment = datetime.fromisoformat(text)
        if len(text) == len("2013-07-01"):
            moment = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        return from_datetime(moment)
    except ValueError as error:
        raise UsageError(f"{error} - at `{path}`") from error


def _plain(info: inspect.Type) -> inspect.Type:
    """Without annotations and None."""
    if isinstance(info, inspect.Metadata):
        return _plain(info.type)
    if isinstance(info, inspect.UnionType):
        return _plain(next(part for part in info.types if not isinstance(part, inspect.NoneType)))
    return info
