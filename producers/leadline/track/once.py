"""One line, one capture: libraries of logging are chained, so that the same line passes several of our doors."""

import threading
import time

from leadline.events.records import LogLine

SECONDS = 1.0
"""How far apart the two may be; they follow each other within one call of the logger."""


class _Last(threading.local):
    door: str = ""
    level: str = ""
    text: str = ""
    at: float = 0.0


_last = _Last()


def repeated(door: str, line: LogLine, now: float | None = None) -> bool:
    """Whether this thread has just brought the line through another door, which it then forgets. `now`: monotonic seconds."""
    now = time.monotonic() if now is None else now
    same = (_last.level, _last.text) == (line.level, line.message)
    other = same and _last.door not in ("", door) and now - _last.at < SECONDS
    _last.door, _last.level, _last.text, _last.at = "" if other else door, line.level, line.message, now
    return other
