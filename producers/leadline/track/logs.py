"""Log lines of the job, tied to the run that wrote them."""

from __future__ import annotations

import contextlib
import functools
import logging
import math
import re
import traceback
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from leadline.core.errors import UsageError
from leadline.events.records import LogLine

from .once import repeated
from .shown import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from .run import Run

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
OWN_LOGGER = "leadline.track"
MAX_MESSAGE = 16_384
MAX_EXCEPTION = 65_536
LONGEST_WORD = 2_048
_SEEN = "_leadline_run"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
"""Of terminals, as renderers put them into messages."""


class Logged(NamedTuple):
    """One line on its way; `cut` lines before it were dropped by the run's limit."""

    run: Run
    line: LogLine
    cut: int


class RunHandler(logging.Handler):
    """Sends every record that it handles to the run that is current. For loggers that do not propagate; others are captured."""

    def emit(self, record: logging.LogRecord) -> None:
        capture(record)

    def write(self, message: Any) -> None:
        """What loguru calls, which prefers streams to handlers: its message has the whole record beside its text."""
        with contextlib.suppress(Exception):
            record = message.record
            if record["level"].no >= self.level and not str(record["name"]).startswith(OWN_LOGGER):
                capture_line("loguru", lambda: _loguru_line(record))


def logs(level: int | str = logging.INFO) -> RunHandler:
    """A handler to add to any logger: `logging.getLogger("churn").addHandler(track.logs())`, or loguru's `logger.add(...)`."""
    return RunHandler(level_name(level) if isinstance(level, str) else checked_level(level))


def capture(record: logging.LogRecord) -> None:
    """Hands the record to the current run, once however many handlers see it. Never raises."""
    from .run import current_run

    with contextlib.suppress(Exception):  # a job's log call never fails because of us
        run = current_run()
        if run is None or getattr(record, _SEEN, None) is run or record.name.startswith(OWN_LOGGER):
            return
        setattr(record, _SEEN, run)
        capture_line("logging", lambda: to_line(record))


def capture_line(door: str, make: Callable[[], LogLine]) -> None:
    """Hands the line to the current run, but for one that came through another door just now."""
    from .run import current_run

    run = current_run()
    if run is not None:
        line = make()
        if not repeated(door, line):
            run.take_line(line)


def captures(level: int) -> bool:
    """Whether the standard library's lines of this level are captured without being told."""
    return level >= _level


_level: float = math.inf


def capture_from(level: int | str | None) -> None:
    """Every record of this level or above that any logger handles is captured during runs; None: none is."""
    global _level
    _level = math.inf if level is None else logging._nameToLevel[level_name(level)]
    if level is not None:
        _pass_by()


@functools.cache
def _pass_by() -> None:
    """Once in a process.

    Not a handler on the root logger: that would turn the job's own logging.basicConfig() into a no-op.
    """
    call_handlers = logging.Logger.callHandlers

    @functools.wraps(call_handlers)
    def capturing(self: logging.Logger, record: logging.LogRecord) -> None:
        if captures(record.levelno):
            capture(record)
        call_handlers(self, record)

    logging.Logger.callHandlers = capturing  # type: ignore[method-assign]


def to_line(record: logging.LogRecord) -> LogLine:
    return LogLine(
        time=int(record.created * 1_000_000),
        level=level_name(record.levelno),
        logger=record.name,
        message=clean(_COLOURS.sub("", _message(record)), MAX_MESSAGE),
        exception=clean(_exception(record), MAX_EXCEPTION),
    )


def _message(record: logging.LogRecord) -> str:
    if _is_event_dict(record):
        from .event_dict import message

        return message(record.msg)
    try:
        text = record.getMessage()
    except Exception:
        text = f"{shown(record.msg)} {shown(record.args)}"
    # What loguru hands on to a handler has the stack in its text too, and says so by this.
    return text.partition("Traceback (most recent call last):")[0].rstrip() if record.exc_text == "\n" else text


def _exception(record: logging.LogRecord) -> str:
    """With those that caused it, and those of a group; then the stack of the call, where that was asked for."""
    if _is_event_dict(record) and not record.exc_info:
        from .event_dict import exception

        return exception(record.msg)
    error = record.exc_info[1] if record.exc_info else None
    written = "".join(traceback.format_exception(error)) if error is not None else record.exc_text
    return "\n".join(filter(None, [written, record.stack_info]))


def _is_event_dict(record: logging.LogRecord) -> TypeGuard[Any]:
    """structlog hands its dictionary on as the message where a formatter of the standard library renders it."""
    return isinstance(record.msg, dict) and hasattr(record, "_name")


def _loguru_line(record: dict[str, Any]) -> LogLine:
    error = record["exception"]
    return LogLine(
        time=int(record["time"].timestamp() * 1_000_000),
        level=level_name(record["level"].no),
        logger=record["name"] or "",
        message=clean(record["message"], MAX_MESSAGE),
        exception=clean("".join(traceback.format_exception(error.value)), MAX_EXCEPTION) if error and error.value else "",
    )


def level_name(level: int | str) -> str:
    """The nearest known level at or below. Raises UsageError for an unknown name."""
    if isinstance(level, str):
        told = str.__str__(level).upper()
        name = {"WARN": "WARNING", "FATAL": "CRITICAL"}.get(told, told)
        if name not in LEVELS:
            raise UsageError(f"level is {shown(level)}; it must be one of {', '.join(LEVELS)}")
        return name
    return LEVELS[max(0, min(checked_level(level) // 10 - 1, 4))]


def checked_level(level: object) -> int:
    """Raises UsageError for what is no number."""
    if not isinstance(level, int):
        raise UsageError(f"level is {shown(level)}; give a number such as logging.INFO, or one of {', '.join(LEVELS)}")
    return level


def clean(text: str, limit: int) -> str:
    """Valid Unicode of some `limit` characters at most; the middle is cut, since a stack's end says most."""
    if len(text) > limit:
        head, tail = _whole_words(text[: limit // 2], text[-(limit // 2) :])
        text = f"{head}\n... {len(text) - len(head) - len(tail)} characters cut ...\n{tail}"
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _whole_words(head: str, tail: str) -> tuple[str, str]:
    """Without the word that was cut: a half of a secret would not be known for one."""
    end = max(head.rfind(" "), head.rfind("\n")) + 1
    start = min((found for blank in " \n" if (found := tail.find(blank)) >= 0), default=LONGEST_WORD)
    return (
        head[:end] if end and len(head) - end < LONGEST_WORD else head,
        tail[start:] if start < LONGEST_WORD else tail,
    )
