"""How far the store has read, for whoever reads it: one row per partition in leadline.watermarks."""

from collections.abc import Iterable
from dataclasses import dataclass

from leadline.core.clock import Micros

from .insert import Inserter

_COLUMNS = ("topic", "partition", "next_offset", "end_offset", "recorded_at", "checked_at")


@dataclass(frozen=True)
class Watermark:
    """`recorded_at`: of the newest message that is in the store; None: none yet."""

    topic: str
    partition: int
    next_offset: int
    end_offset: int
    recorded_at: Micros | None
    checked_at: Micros


def write(store: Inserter, marks: Iterable[Watermark]) -> None:
    """Raises Refused, Unavailable."""
    lines = [_line(mark) for mark in marks]
    if lines:
        store.insert("leadline_internal.watermarks", "".join(lines).encode(), "TabSeparated", _COLUMNS)


def _line(mark: Watermark) -> str:
    recorded_at = "\\N" if mark.recorded_at is None else _time(mark.recorded_at)
    return f"{mark.topic}\t{mark.partition}\t{mark.next_offset}\t{mark.end_offset}\t{recorded_at}\t{_time(mark.checked_at)}\n"


def _time(micros: Micros) -> str:
    return f"{micros // 1_000_000}.{micros % 1_000_000:06}"
