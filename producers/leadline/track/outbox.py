"""The bounded queue between the job's threads and the one that delivers."""

import threading
import time
from collections.abc import Callable
from typing import Any

RESERVE = 0.1
"""Share of the bound that only starts and ends of runs may use: they are few, and nothing else can be understood without."""
WAIT_SECONDS = 0.1
"""The longest that a caller ever waits for room; once in vain, nobody waits again before there was room."""


class Outbox:
    """Putting costs a lock and an append. Sizes are estimates in bytes."""

    def __init__(self, max_bytes: int, on_full: Callable[[], None]) -> None:
        self.lock = threading.Lock()
        self._max_bytes = max_bytes
        self._bytes = 0
        self._items: list[Any] = []
        self._room = threading.Event()
        self._jammed = False
        self._on_full = on_full

    def put(self, item: Any, size: int, *, vital: bool = False) -> bool:
        """False where there is no room."""
        if self._append(item, size, vital=vital):
            return True
        self._on_full()
        deadline = time.monotonic() + WAIT_SECONDS
        while not self._jammed and (left := deadline - time.monotonic()) > 0:
            self._room.clear()
            if self._append(item, size, vital=vital):
                return True
            self._room.wait(left)
        self._jammed = True
        return False

    def take(self, number: int) -> list[Any]:
        """The first `number` items, in order."""
        with self.lock:
            items = self._items[:number]
            del self._items[:number]
            self._bytes = self._bytes * len(self._items) // max(1, len(self._items) + len(items))
            self._jammed = False
        self._room.set()
        return items

    def __len__(self) -> int:
        return len(self._items)

    def _append(self, item: Any, size: int, *, vital: bool) -> bool:
        with self.lock:
            if self._bytes + size > self._max_bytes * (1 if vital else 1 - RESERVE):
                return False
            self._items.append(item)
            self._bytes += size
            return True
