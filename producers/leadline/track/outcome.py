"""How a run ended, from the exception that ended it."""

from __future__ import annotations

import os
import traceback
from typing import Any

from .logs import MAX_EXCEPTION, MAX_MESSAGE, clean
from .texts import to_text


def outcome(error: BaseException | None) -> tuple[str, dict[str, Any]]:
    """COMPLETE, FAIL or ABORT, and the fields of RunEvent that say why; None is success."""
    code = _exit_code(error)
    fields: dict[str, Any] = {} if code is None else {"exit_code": code}
    if error is None or code == 0 or isinstance(error, GeneratorExit):
        return "COMPLETE", fields
    cancelled = isinstance(error, KeyboardInterrupt) or type(error).__name__ == "CancelledError"
    return "ABORT" if cancelled else "FAIL", fields | {
        "error_type": type(error).__qualname__,
        "error_message": clean(to_text(error), MAX_MESSAGE),
        "error_stack": clean(_stack(error), MAX_EXCEPTION),
    }


def _exit_code(error: BaseException | None) -> int | None:
    """The process's, where it is already said: as sys.exit gives it to the system."""
    if not isinstance(error, SystemExit):
        return None
    if error.code is None or isinstance(error.code, int):
        return (error.code or 0) & 0xFF if os.name == "posix" else error.code or 0
    return 1


def _stack(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error))
    except Exception as failure:  # of the error's own methods
        return f"<{type(error).__qualname__}: its stack cannot be formatted: {type(failure).__name__}>"
