"""What the program's output and end mean for its run."""

import contextlib
import os
import signal
import threading
import time
from collections import deque
from typing import Any

from leadline.core.errors import LeadlineError
from leadline.track import Run
from leadline.track.line_rate import LINES_AT_ONCE, LINES_PER_SECOND

from ..output import safe
from .instructions import MARK, obey
from .lines import Line, Lines, level_of, to_text
from .program import Ended

_NOTICES = 20
_TAIL_LINES = 20
_TAIL_CHARACTERS = 4_000
_MARK = MARK.encode()
_STOPPED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


class Notices:
    """Sentences of ours on standard error, a few of them however much is wrong."""

    def __init__(self) -> None:
        self._left = _NOTICES

    def say(self, sentence: str) -> None:
        self._left -= 1
        if self._left < 0:
            return
        more = "; more of this is not shown" if self._left == 0 else ""
        with contextlib.suppress(OSError):
            os.write(2, f"leadline: {safe(sentence)}{more}\n".encode(errors="replace"))


class Allowance:
    """How many lines the run may still take; a little less than the run itself would, so that ours are what is counted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines = LINES_AT_ONCE * 0.9
        self._filled = time.monotonic()

    def refill(self) -> None:
        with self._lock:
            now = time.monotonic()
            self._lines = min(LINES_AT_ONCE * 0.9, self._lines + (now - self._filled) * LINES_PER_SECOND * 0.9)
            self._filled = now

    def take(self) -> None:
        with self._lock:
            self._lines -= 1

    @property
    def spent(self) -> bool:
        return self._lines < 1


class Output:
    """One stream of the program, as log lines of the run and what they ask for. Belongs to one thread."""

    def __init__(self, run: Run, name: str, level: str, allowance: Allowance, notices: Notices) -> None:
        """`level`: of lines that do not name theirs."""
        self._run = run
        self._name = name
        self._level = level
        self._allowance = allowance
        self._notices = notices
        self._lines = Lines(self._take_lines)
        self._tail: deque[Line] = deque(maxlen=_TAIL_LINES)
        self._cut = 0

    def take(self, chunk: bytes) -> None:
        self._allowance.refill()
        self._lines.feed(chunk)

    def finish(self) -> None:
        self._lines.finish()
        self._say_cut()

    @property
    def tail(self) -> str:
        """Its last lines."""
        return "\n".join(to_text(kept, size) for kept, size in self._tail).strip()[-_TAIL_CHARACTERS:]

    def _take_lines(self, lines: list[Line]) -> None:
        for kept, size in lines:
            if kept.startswith(_MARK) and kept[len(_MARK) :][:1] in (b"", b" ", b"\t", b"\r"):
                self._instruction(to_text(kept, size))
            elif self._allowance.spent:
                self._cut += 1
            elif size:
                self._log(kept, size)
        self._tail.extend(line for line in lines[-_TAIL_LINES:] if not line[0].startswith(_MARK))

    def _log(self, kept: bytes, size: int) -> None:
        self._say_cut()
        self._allowance.take()
        text = to_text(kept, size)
        self._run.log(text, level_of(text, self._level), logger=self._name)

    def _instruction(self, line: str) -> None:
        try:
            obey(self._run, line)
        except (LeadlineError, TypeError) as error:
            sentence = f"{line[:200]!r} is not understood: {error}"
            self._notices.say(sentence)
            self._run.log(sentence, "WARNING", logger=self._name)

    def _say_cut(self) -> None:
        if self._cut:
            self._run.log(
                f"({self._cut:,} lines are not kept: a run keeps {LINES_PER_SECOND:,} a second)", "WARNING", self._name
            )
            self._cut = 0


def outcome(ended: Ended, tail: str) -> tuple[str, dict[str, Any]]:
    """State and further fields of the run's last event."""
    fields: dict[str, Any] = {
        "duration_seconds": ended.seconds,
        "cpu_seconds": ended.cpu_seconds,
        "peak_memory_bytes": ended.peak_memory_bytes,
        "exit_code": -ended.signal if ended.signal else ended.exit_code,
    }
    if ended.exit_code == 0:
        return "COMPLETE", fields
    by_signal = ended.signal or (ended.exit_code - 128 if ended.exit_code - 128 in _STOPPED else 0)
    what = f"killed by {_signal_name(ended.signal)}" if ended.signal else f"exit code {ended.exit_code}"
    fields["error_type"] = "Signal" if ended.signal else "ExitCode"
    fields["error_message"] = f"{what}: {tail}" if tail else what
    return "ABORT" if by_signal in ended.asked and by_signal in _STOPPED else "FAIL", fields


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
