"""Halves of surrogate pairs, which JSON can hold and UTF-8 cannot."""

import re
from collections.abc import Mapping
from typing import Any

LONE = re.compile("[\ud800-\udfff]")


def without_surrogates(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """With U+FFFD in their place, in names of fields too; of fields whose names become one, the last by name is kept."""
    return {_mended(name): _mended(document[name]) for name in sorted(document)}


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return LONE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(part) for part in value]
    return without_surrogates(value) if isinstance(value, dict) else value
