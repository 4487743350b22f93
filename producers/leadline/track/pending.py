"""What was added to a run since its last event: inputs, outputs, columns, parameters, tags."""

from __future__ import annotations

import threading
from typing import Any

LISTS = ("inputs", "outputs", "columns")
"""Kept by what they are about, so that what is said twice is told once."""
MAX_PENDING = 10_000
"""Of each."""
MAX_PENDING_CHARACTERS = 2_000_000
"""Of all of them together: an event has 8 MB at most, and a run that begins with too much would have no START."""


class Pending:
    """Thread-safe and bounded."""

    def __init__(self) -> None:
        self.changed = False
        self._values: dict[str, dict[Any, Any]] = {field: {} for field in (*LISTS, "parameters", "tags")}
        self._room = MAX_PENDING_CHARACTERS
        self._lock = threading.Lock()

    def keep(self, field: str, values: dict[Any, Any]) -> int:
        """As many as there is room for; gives the number of those that found none."""
        with self._lock:
            kept, left = self._values[field], len(values)
            for key, value in values.items():
                size = len(key) + len(value) if isinstance(key, str) else 200
                if len(kept) >= MAX_PENDING or size > self._room:
                    break
                kept[key] = value
                self._room -= size
                left -= 1
            self.changed = self.changed or left < len(values)
        return left

    def take(self) -> dict[str, Any]:
        """RunEvent's fields, which are pending no longer."""
        with self._lock:
            taken = {field: values for field, values in self._values.items() if values}
            for field in taken:
                self._values[field] = {}
            self._room = MAX_PENDING_CHARACTERS
            self.changed = False
        return {field: list(values.values()) if field in LISTS else values for field, values in taken.items()}
