"""structlog's events as log lines: a message and named values. Nothing of structlog is imported."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import TYPE_CHECKING, Any

from leadline.core.clock import system_clock
from leadline.events.records import LogLine

from .logs import LEVELS, MAX_EXCEPTION, MAX_MESSAGE, capture_line, captures, clean
from .texts import to_text

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

_LEVELS = {"exception": "ERROR", "fatal": "CRITICAL", "warn": "WARNING"}
_APART = frozenset({"event", "level", "timestamp", "logger", "logger_name", "exc_info", "exception", "stack", "stack_info"})
"""What is no named value but the message, or has a place of its own in a line."""


def structlog_processor(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor for `structlog.configure(processors=[...])`, before the renderer: sends each event to the current run.

    Where structlog writes to the standard library's loggers, their lines are captured anyway and it does nothing.
    """
    try:
        standard = isinstance(logger, logging.Logger) and captures(logging.getLevelNamesMapping()[level_of(method)])
        if not standard and "_record" not in event:  # that is in the formatter of the standard library's lines
            capture_line("structlog", lambda: to_line(event, method))
    except Exception:  # noqa: S110 - a job's log call never fails because of us
        pass
    return event


def to_line(event: Mapping[str, Any], method: str) -> LogLine:
    return LogLine(
        time=system_clock(),
        level=level_of(str(event.get("level") or method)),
        logger=to_text(event.get("logger") or event.get("logger_name") or ""),
        message=clean(message(event), MAX_MESSAGE),
        exception=clean(exception(event), MAX_EXCEPTION),
    )


def level_of(method: str) -> str:
    name = _LEVELS.get(method, method.upper())
    return name if name in LEVELS else "INFO"


def message(event: Mapping[str, Any]) -> str:
    """For example: 30 rows read path=s3://lake/x seconds=0.2."""
    values = [f"{name}={to_text(value)}" for name, value in event.items() if name not in _APART and not name.startswith("_")]
    return " ".join([to_text(event.get("event", "")), *values])


def exception(event: Mapping[str, Any]) -> str:
    """The stack: of `exc_info` as it came (True, an exception or a triple), or as another processor wrote it before us."""
    error = event.get("exc_info")
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple) and len(error) == 3:
        error = error[1]
    written = "".join(traceback.format_exception(error)) if isinstance(error, BaseException) else ""
    return written or to_text(event.get("exception") or event.get("stack") or "")
