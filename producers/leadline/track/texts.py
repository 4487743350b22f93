"""Values of any type as texts, for parameters, tags and dimensions."""

import json
from collections.abc import Mapping

from leadline.core.errors import UsageError

from .logs import clean
from .shown import shown

MAX_TEXT = 8_192
_encoder = json.JSONEncoder(ensure_ascii=False, default=str)


def to_text(value: object) -> str:
    """Texts as they are, everything else as JSON where it can be, else by str(). Never raises."""
    if isinstance(value, str):
        return str.__str__(value)  # of a subclass the text alone: its methods may do anything
    try:
        if isinstance(value, bool | int | float | dict | list | tuple) or value is None:
            return _json(value)
        if isinstance(value, bytes | bytearray):
            value = value[:MAX_TEXT]
    except Exception:  # noqa: S110 - whatever the job's own methods raise, str() is tried next
        pass
    try:
        return str.__str__(str(value))
    except Exception as error:
        return f"<{type(value).__name__}: its str() raised {type(error).__name__}>"


def _json(value: object) -> str:
    """As far as it is kept: a list of millions costs no more than its beginning."""
    if not isinstance(value, dict | list | tuple):
        return _encoder.encode(value)
    parts, size = [], 0
    for part in _encoder.iterencode(value):
        parts.append(part)
        size += len(part)
        if size > 2 * MAX_TEXT:
            break
    return "".join(parts)


def to_texts(values: Mapping[str, object], field: str) -> dict[str, str]:
    """Raises UsageError where it is no mapping with texts as keys."""
    if not isinstance(values, Mapping):
        raise UsageError(f"{field} is {shown(values)}; give a mapping, for example {{'name': 'value'}}")
    try:
        items = list(values.items())
    except Exception as error:
        raise UsageError(f"{field} cannot be read: {type(error).__name__}; give a dict") from error
    for name, _ in items:
        if not isinstance(name, str) or not str.__len__(name):
            raise UsageError(f"{field} has the name {shown(name)}; names are texts that are not empty")
    return {clean(str.__str__(name), MAX_TEXT): clean(to_text(value), MAX_TEXT) for name, value in items}
