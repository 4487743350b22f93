"""How many lines of log a run may write."""

import threading

LINES_PER_SECOND = 1_000
LINES_AT_ONCE = 10_000


class LineRate:
    """A token bucket that counts what finds no token. Thread-safe."""

    def __init__(self) -> None:
        self._tokens = float(LINES_AT_ONCE)
        self._refilled = 0.0
        self._cut = 0
        self._lock = threading.Lock()

    def take(self, now: float) -> int | None:
        """None where a line at the monotonic time `now` is one too many; else how many were before it, untold so far."""
        with self._lock:
            if self._refilled:
                self._tokens = min(LINES_AT_ONCE, self._tokens + (now - self._refilled) * LINES_PER_SECOND)
            self._refilled = now
            if self._tokens < 1:
                self._cut += 1
                return None
            self._tokens -= 1
        return self.cut()

    def cut(self) -> int:
        """How many were too many since this was asked last."""
        with self._lock:
            cut, self._cut = self._cut, 0
        return cut
