"""Secrets out of an event before anything is made of it."""

from collections.abc import Mapping
from typing import Any

from leadline.track.redact import Redactor, without_shapes

from .shape import facet

_redactor = Redactor()
_LISTS = ("environmentVariables", "executionParameters")
"""Facets that hold values under names of their own, which no pattern sees."""
_HINTS = ("pass", "pwd", "secret", "token", "apikey", "_key", "-key", ".key", "auth", "cred", "cookie", "sig", "@", "-----")
"""Without any of them the text is not looked at for names and URLs, which takes as long as all the rest."""


def without_secrets(document: Mapping[str, Any], body: str) -> Mapping[str, Any]:
    """The very same document where `body`, its JSON, holds nothing that looks like one."""
    facets = document["run"].get("facets") if "run" in document else None
    listed = any(facet(facets, name) for name in _LISTS)
    lower = body.lower()
    named = any(hint in lower for hint in _HINTS) and _redactor.text(body) != body
    if not (listed or named or without_shapes(body) != body):
        return document
    cleaned: Mapping[str, Any] = _clean("", document)
    return cleaned


def _clean(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return _redactor.value(name, value)
    if isinstance(value, list):
        return [_clean(name, part) for part in value]
    if not isinstance(value, dict):
        return value
    named = value.get("name") or value.get("key")
    if isinstance(named, str) and isinstance(value.get("value"), str):
        value = {**value, "value": _redactor.value(named, value["value"])}
    return {key: _clean("" if key == "value" else key, part) for key, part in value.items()}
