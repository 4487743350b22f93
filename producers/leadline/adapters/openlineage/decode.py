"""Bytes to JSON, within bounds."""

import json
import re

import msgspec

from .fault import Fault, Unusable
from .shape import CONTAINERS

MAX_DEPTH = 64
_PYTHONS_OWN = re.compile(rb"\\\\u[dD][89a-fA-F]|\bNaN\b|\bInfinity\b")
"""What Python's json writes and strict readers refuse."""
_TOO_DEEP = Fault("", f"it is nested deeper than {MAX_DEPTH} levels")


def decode(data: bytes) -> object:
    """Halves of surrogate pairs stay as they are, NaN and Infinity become null.

    Raises Unusable for what is not UTF-8, no JSON, or nested deeper than 64 levels.
    """
    try:
        document = _read(data)
    except RecursionError:
        raise Unusable([_TOO_DEEP]) from None
    except ValueError as error:
        raise Unusable([Fault("", f"it is no JSON in UTF-8: {error}")]) from None
    if _openings(data) > MAX_DEPTH and _is_deep(document):
        raise Unusable([_TOO_DEEP])
    return document


def _read(data: bytes) -> object:
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        if not _PYTHONS_OWN.search(data):
            raise
        return json.loads(data.decode(), parse_constant=lambda _: None)


def _openings(data: bytes) -> int:
    """At least as many as there are levels: what opens as its neighbour closes adds none. Brackets in texts only add to it."""
    return data.count(b"[") + data.count(b"{") - data.count(b"},{") - data.count(b"}, {")


def _is_deep(document: object) -> bool:
    """Level by level."""
    level, depth = [document], 0
    while level:
        depth += 1
        inner = [part.values() if isinstance(part, dict) else part for part in level if isinstance(part, CONTAINERS)]
        level = [value for values in inner for value in values if isinstance(value, CONTAINERS)]
        if depth > MAX_DEPTH:
            return True
    return False
