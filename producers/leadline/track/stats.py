"""Counters of what became of everything that was reported."""

import threading
from collections import Counter
from typing import NamedTuple


class Stats(NamedTuple):
    """`sent`, `spooled` and `waiting` count events, which may hold many readings or log lines; the others count these."""

    queued: int
    """Reported and still in memory, not yet acknowledged by Kafka."""
    sent: int
    """Acknowledged by Kafka; those that went through the spool are counted here too."""
    spooled: int
    """Written to the disk spool, ever."""
    waiting: int
    """In this process's spool now."""
    dropped: dict[str, dict[str, int]]
    """Record type to reason to number: readings and log lines one by one, of all others the events."""


class Counters:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._dropped: Counter[tuple[str, str]] = Counter()
        self.sent = 0
        self.spooled = 0

    def drop(self, record: str, reason: str, number: int = 1) -> None:
        if number:
            with self._lock:
                self._dropped[record, reason] += number

    def losses(self) -> Counter[tuple[str, str]]:
        """All that was dropped so far, by record type and reason."""
        with self._lock:
            return self._dropped.copy()

    @property
    def dropped(self) -> dict[str, dict[str, int]]:
        with self._lock:
            found: dict[str, dict[str, int]] = {}
            for (record, reason), number in sorted(self._dropped.items()):
                found.setdefault(record, {})[reason] = number
            return found
