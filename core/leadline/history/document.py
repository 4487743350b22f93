"""Answers as JSON, the same on the command line and over HTTP.

Times are ISO 8601 in UTC, bytes are base64, and NaN and infinities the strings "NaN", "Infinity" and "-Infinity", since JSON
has no numbers for them.
"""

import base64
import json
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from leadline.core.clock import from_datetime, isoformat
from leadline.events.times import time_fields

_STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Signs that steer a terminal, among them those that turn the direction of what follows: a name could be shown as another."""


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON that is also safe to print: what steers a terminal is escaped, everything else stays readable."""
    return printable(json.dumps(document(value), ensure_ascii=False, allow_nan=False, indent=indent))


def printable(text: str) -> str:
    """With everything but line breaks that steers a terminal written out, Escape as \\u001b."""
    return _STEERING.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)


def document(value: Any) -> Any:  # noqa: PLR0911 - one line a type
    """The value as what JSON knows: structs become objects and their times ISO 8601."""
    if isinstance(value, msgspec.Struct):
        times = time_fields(type(value))
        return {name: _field(getattr(value, name), name in times) for name in value.__struct_fields__}
    if isinstance(value, float) and not math.isfinite(value):
        return denormal(value)
    if isinstance(value, dict):
        return {str(key): document(part) for key, part in value.items()}
    if isinstance(value, datetime):
        return isoformat(from_datetime(value if value.tzinfo else value.replace(tzinfo=UTC)))
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if value is None or isinstance(value, str | int | float):
        return value
    return [document(part) for part in value] if isinstance(value, Iterable) else str(value)


def denormal(value: float) -> str:
    """NaN or an infinity in words."""
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _field(value: Any, is_time: bool) -> Any:
    return isoformat(value) if is_time and value is not None else document(value)
