"""A run's own readings: whether it succeeded, how long it took, how much memory it needed."""

from typing import NamedTuple

from leadline.core.clock import SECOND, Micros

from .state import Ending, Run

SUCCEEDED = "run.succeeded"
DURATION = "run.duration_seconds"
PEAK_MEMORY = "run.peak_memory_bytes"
UNITS = {SUCCEEDED: "", DURATION: "s", PEAK_MEMORY: "By"}

_SUCCESS = {"COMPLETE": 1.0, "FAIL": 0.0, "LOST": 0.0}
"""An ABORT is somebody's decision: neither a success nor a failure, so it opens no episode and ends none."""


class ReadingKey(NamedTuple):
    metric: str
    event_time: Micros
    ended_at: Micros


def readings(run: Run) -> dict[ReadingKey, float]:
    """Of every end that the run had; LOST counts only as long as there is no other."""
    lost_at = max((ending.time for ending in run.endings if ending.type == "LOST"), default=None)
    found: dict[ReadingKey, float] = {}
    latest = -1
    for ending in run.endings:
        if ending.type == "LOST":
            if not run.ended:
                found[ReadingKey(SUCCEEDED, ending.time, ending.time)] = _SUCCESS["LOST"]
            continue
        # What shows that the run was not lost must be newer than the reading that said so.
        at = ending.time if lost_at is None else max(ending.time, lost_at + 1)
        # Of two ends at one time the graver is said last, whichever came first.
        at = latest = max(at, latest + 1)
        found |= {ReadingKey(metric, at, ending.time): value for metric, value in _values(run, ending).items()}
    return found


def duration(run: Run, ending: Ending) -> float | None:
    """Seconds: as reported, else from START to the end; None where neither is known."""
    if ending.duration_seconds is not None:
        return ending.duration_seconds
    if run.started_at is None or ending.time < run.started_at:
        return None
    return (ending.time - run.started_at) / SECOND


def _values(run: Run, ending: Ending) -> dict[str, float]:
    found = {}
    if ending.type in _SUCCESS:
        found[SUCCEEDED] = _SUCCESS[ending.type]
    seconds = duration(run, ending)
    if seconds is not None:
        found[DURATION] = seconds
    if ending.peak_memory_bytes is not None:
        found[PEAK_MEMORY] = float(ending.peak_memory_bytes)
    return found
