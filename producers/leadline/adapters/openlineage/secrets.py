"""Secrets out of an event before anything is made of it."""

import re
from collections.abc import Mapping
from typing import Any

from leadline.track.redact import Redactor, without_credentials

from .shape import CONTAINERS

_redactor = Redactor()
_SHORT = 1_000
"""Characters of texts that are remembered."""
_MOST = 20_000
_harmless: set[tuple[str, str]] = set()
"""What texts stood under, and they: nearly all of an event was in the one before it. Those of `value` are never in it: what
they stand under is beside them."""
_NUMBERS = re.compile(r"[0-9a-f:.TZ+-]*")
"""Times, numbers and UUIDs: no secret has such a shape, only such a name."""


def without_secrets(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The very same document where it holds none. Names of nodes lose their credentials, all else is marked."""
    if _is_clean(document):
        return document
    return {name: _cleaned(name, part, document) for name, part in document.items()}


def _is_clean(document: Mapping[str, Any]) -> bool:
    parts: list[Any] = [document]
    for part in parts:
        if isinstance(part, list):
            parts += [value for value in part if isinstance(value, CONTAINERS)]
            if not all(_is_harmless(("", value)) for value in part if isinstance(value, str)):
                return False
            continue
        for item in part.items():
            name, value = item
            if isinstance(value, str):
                if item not in _harmless and not _is_harmless((_label(name, part), value)):
                    return False
            elif isinstance(value, CONTAINERS):
                parts.append(value)
            elif name == "value" and _hidden(value, part) is not value:
                return False
    return True


def _is_harmless(labelled: tuple[str, str]) -> bool:
    if labelled in _harmless:
        return True
    label, text = labelled
    if _clean(label, text) != text:
        return False
    if len(text) <= _SHORT and label != "value":
        if len(_harmless) >= _MOST:
            _harmless.clear()
        _harmless.add(labelled)
    return True


def _cleaned(name: str, value: Any, around: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return _clean(_label(name, around), value)
    if name == "value" and not isinstance(value, CONTAINERS):
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
    if label == "namespace":
        return without_credentials(text) if text else text
    if _NUMBERS.fullmatch(text) and _redactor.value(label, "text") == "text":
        return text
    return _redactor.value(label, text)
