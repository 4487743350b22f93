"""Bytes to JSON, within bounds."""

import json
import re

import msgspec

from .fault import Fault, Unusable

MAX_DEPTH = 64
_PYTHONS_OWN = re.compile(rb"\\\\u[dD][89a-fA-F]|\bNaN\b|\bInfinity\b")
"""What Python's json writes and strict readers refuse."""
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]')


def decode(data: bytes) -> object:
    """Halves of surrogate pairs stay as they are, NaN and Infinity become null.

    Raises Unusable for what is not UTF-8, no JSON, or nested deeper than 64 levels.
    """
    if max(data.count(b"["), data.count(b"{")) > MAX_DEPTH and _depth(data) > MAX_DEPTH:
        raise Unusable([Fault("", f"it is nested deeper than {MAX_DEPTH} levels")])
    try:
        return _read(data)
    except (ValueError, RecursionError) as error:
        raise Unusable([Fault("", f"it is no JSON in UTF-8: {error}")]) from None


def _read(data: bytes) -> object:
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        if not _PYTHONS_OWN.search(data):
            raise
        return json.loads(data.decode(), parse_constant=lambda _: None)


def _depth(data: bytes) -> int:
    """The deepest nesting, without building anything."""
    depth = deepest = 0
    for match in _BRACKETS.finditer(data):
        sign = match[0]
        if sign in (b"[", b"{"):
            depth += 1
            if depth > deepest:
                deepest = depth
                if deepest > MAX_DEPTH:
                    break
        elif sign in (b"]", b"}"):
            depth -= 1
    return deepest
