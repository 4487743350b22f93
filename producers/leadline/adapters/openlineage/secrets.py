"""Secrets out of an event before anything is made of it."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from leadline.track.redact import Redactor, without_credentials

_redactor = Redactor()
_SHORT = 1_000
"""Characters of texts that are remembered: nearly all of an event was in the one before it."""
_TOLD_BESIDE = frozenset({"value", "name"})
_NUMBERS = re.compile(r"[0-9a-f:.TZ+-]*")
"""Times, numbers and UUIDs: no secret has such a shape, only such a name."""


def without_secrets(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The very same document where it holds none. Names of nodes lose their credentials, all else is marked."""
    if _is_clean(document):
        return document
    return {name: _cleaned(name, part, document) for name, part in document.items()}


def _is_clean(document: Mapping[str, Any]) -> bool:
    parts: list[Any] = [document]
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            if not all(_clean("", text) == text for text in part if isinstance(text, str)):
                return False
            parts += [inner for inner in part if isinstance(inner, dict | list)]
            continue
        for name, value in part.items():
            if isinstance(value, str):
                if _clean(_label(name, part) if name in _TOLD_BESIDE else name, value) != value:
                    return False
            elif isinstance(value, dict | list):
                parts.append(value)
            elif name == "value" and _hidden(value, part) is not value:
                return False
    return True


def _cleaned(name: str, value: Any, around: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return _clean(_label(name, around), value)
    if name == "value" and not isinstance(value, dict | list):
        return _hidden(value, around)
    if isinstance(value, list):
        return [_cleaned("", part, {}) for part in value]
    return {key: _cleaned(key, part, value) for key, part in value.items()} if isinstance(value, dict) else value


def _hidden(value: object, around: Mapping[str, Any]) -> object:
    """A number may be a password too; the very same value where it is none."""
    text = _clean(_label("value", around), str(value))
    return value if value is None or text == str(value) else text


def _label(name: str, around: Mapping[str, Any]) -> str:
    """A value in a pair stands under the name beside it; the name of a node is told by its namespace."""
    if name == "value":
        named = around.get("name") or around.get("key")
        return named if isinstance(named, str) else ""
    return "namespace" if name == "name" and "namespace" in around else name


def _clean(label: str, text: str) -> str:
    return _remembered(label, text) if len(text) <= _SHORT else _judged(label, text)


def _judged(label: str, text: str) -> str:
    if label == "namespace":
        return without_credentials(text) if text else text
    if _NUMBERS.fullmatch(text) and _redactor.value(label, "text") == "text":
        return text
    return _redactor.value(label, text)


_remembered = lru_cache(16_384)(_judged)
