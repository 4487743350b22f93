"""When too large a share is unreadable the fault is not in single messages: better stop than bury a topic in dead letters."""

_AT_LEAST = 100
_REMEMBERED = 2000


class UnreadableShare:
    """Of about the last two thousand messages of a topic. `limit`: the share above which it is too large."""

    def __init__(self, limit: float = 0.5) -> None:
        self._limit = limit
        self._bad = 0
        self._total = 0

    def saw(self, bad: int, total: int) -> None:
        """A batch at once, so that where in it the bad ones lie does not matter."""
        while self._total > _REMEMBERED:
            self._bad, self._total = self._bad // 2, self._total // 2
        self._bad += bad
        self._total += total

    @property
    def too_large(self) -> bool:
        return self._total >= _AT_LEAST and self._bad > self._limit * self._total

    def __str__(self) -> str:
        return f"{self._bad} of the last {self._total}"
