"""Ends the process at once, before Faust could take a half-done event for done."""

import logging
import os
import sys
from typing import NoReturn

FAILED = 1
UNREADABLE = 65
STUCK = 70

log = logging.getLogger(__name__)


def end_process(code: int, reason: str) -> NoReturn:
    """Leaving an agent by an exception acknowledges its event, so what must not be skipped ends the process instead."""
    log.log(logging.CRITICAL if code else logging.WARNING, "%s", reason, exc_info=sys.exc_info()[0] is not None)
    logging.shutdown()
    os._exit(code)
