"""Bytes to JSON, within bounds."""

import re

import msgspec

from .fault import Fault, Unusable

MAX_DEPTH = 64
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]')


def decode(data: bytes) -> object:
    """Raises Unusable for what is not UTF-8, no JSON, or nested deeper than 64 levels."""
    if max(data.count(b"["), data.count(b"{")) > MAX_DEPTH and _depth(data) > MAX_DEPTH:
        raise Unusable([Fault("", f"it is nested deeper than {MAX_DEPTH} levels")])
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unusable([Fault("", f"it is no JSON in UTF-8: {error}")]) from None


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
