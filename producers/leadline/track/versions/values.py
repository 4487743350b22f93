"""Any value as a short text, at a cost that does not depend on what it is."""

from __future__ import annotations

import itertools
from typing import Any

from ..texts import to_text
from .description import class_of

MAX_ITEMS = 50
MAX_TEXT = 1_000
_MAX_DEPTH = 3


def to_bounded_text(value: object) -> str:
    """Plain values, lists and mappings as `to_text` has them, cut with a mark; of others the class, with its shape.

    No foreign str() is called: that of a frame or a model may take long, and shows data.
    """
    text = to_text(_plain(value, _MAX_DEPTH))
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]} ... {len(text)} characters"


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        item = getattr(value, "item", None)  # numpy's float64 is a float
        return item() if item is not None else value
    if isinstance(value, list | tuple | set | frozenset) and depth:
        parts = [_plain(part, depth - 1) for part in itertools.islice(value, MAX_ITEMS)]
        return [*parts, f"... {len(value)} items"] if len(value) > MAX_ITEMS else parts
    if isinstance(value, dict) and depth:
        return {str(key): _plain(part, depth - 1) for key, part in itertools.islice(value.items(), MAX_ITEMS)}
    return _of_object(value)


def _of_object(value: Any) -> Any:
    if isinstance(value, type) or callable(value):
        return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value).__qualname__)}"
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and not shape and hasattr(value, "item"):  # a number of numpy's
        return _plain_item(value.item())
    return f"{class_of(value)}{list(shape) if isinstance(shape, tuple) else ''}"


def _plain_item(item: object) -> object:
    return item if isinstance(item, bool | int | float | str) or item is None else class_of(item)
