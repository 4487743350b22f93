"""How long to wait before a process that ended is started again; pure."""

_FIRST_SECONDS = 0.1
_LONGEST_SECONDS = 30.0
_STABLE_SECONDS = 10.0


class Backoff:
    """Doubles from 0.1 s to 30 s; a process that ran for 10 s starts from the beginning."""

    def __init__(self) -> None:
        self._next = _FIRST_SECONDS

    def after(self, ran_seconds: float) -> float:
        """Seconds to wait after a run of that length."""
        if ran_seconds >= _STABLE_SECONDS:
            self._next = _FIRST_SECONDS
        delay, self._next = self._next, min(self._next * 2, _LONGEST_SECONDS)
        return delay
