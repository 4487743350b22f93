"""Lines out of a stream of bytes, as text that a log can hold. Pure."""

import re
from collections.abc import Callable

MAX_LINE = 16_384
"""Bytes of a line that are kept."""

Line = tuple[bytes, int]
"""The first MAX_LINE bytes, and how many there were."""

_STEERING = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_LEVELS = {
    "TRACE": "DEBUG",
    "DEBUG": "DEBUG",
    "INFO": "INFO",
    "NOTICE": "INFO",
    "WARN": "WARNING",
    "WARNING": "WARNING",
    "ERROR": "ERROR",
    "ERR": "ERROR",
    "SEVERE": "ERROR",
    "TRACEBACK": "ERROR",
    "EXCEPTION": "ERROR",
    "FATAL": "CRITICAL",
    "CRITICAL": "CRITICAL",
}
_NAMED = re.compile(rf"\b({'|'.join(_LEVELS)})\b")
_MARKED = re.compile(
    rf"(?:^|[\s\[(=\"])({'|'.join(_LEVELS)})(?=[\]):\"])|^(error|exception|traceback) (?=in |\()", re.IGNORECASE
)


class Lines:
    """Cuts bytes at newlines. `take` is given lines, a stretch of a stream at once, as often as there are some."""

    def __init__(self, take: Callable[[list[Line]], None]) -> None:
        self._take = take
        self._kept = b""
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        first, *others = chunk.split(b"\n")
        self._add(first)
        if others:
            self._end()
            *whole, last = others
            if whole:
                self._take([(line[:MAX_LINE], len(line)) for line in whole])
            self._add(last)

    def finish(self) -> None:
        """Hands on what had no newline behind it."""
        if self._size:
            self._end()

    def _add(self, part: bytes) -> None:
        self._kept += part[: MAX_LINE - len(self._kept)]
        self._size += len(part)

    def _end(self) -> None:
        kept, size, self._kept, self._size = self._kept, self._size, b"", 0
        self._take([(kept, size)])


def to_text(kept: bytes, size: int) -> str:
    """What a terminal would show of the line, without colours; of a binary one only how long it was."""
    if b"\0" in kept:
        return f"({size:,} bytes of binary output)"
    text = kept.decode(errors="replace")
    if text.count("\ufffd") > len(text) // 4:
        return f"({size:,} bytes of binary output)"
    shown = _STEERING.sub("", text).rstrip("\r").rpartition("\r")[2]
    return f"{shown} ... {size - len(kept):,} bytes cut" if size > len(kept) else shown


def level_of(text: str, default: str) -> str:
    """The level that the line itself names near its beginning, in capitals or marked as `[warning]`, `error:`, `level=info`."""
    beginning = text[:120]
    found = _NAMED.search(beginning) or _MARKED.search(beginning)
    return _LEVELS[(found[1] or found[2]).upper()] if found else default
