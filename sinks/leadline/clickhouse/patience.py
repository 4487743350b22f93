"""Waiting for servers that are away."""

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from leadline.core.errors import LeadlineError, Unavailable

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")
_FIRST_SECONDS = 0.1
_LONGEST_SECONDS = 2.0


class Stopping(LeadlineError):
    """We were asked to end while something was away; nothing of it counts as done."""


class Patience:
    """Asks again until it is answered, with back-off, or until `stop` is set."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def ask(self, question: Callable[[], Answer]) -> Answer:
        """Raises Stopping, and what the question raises but Unavailable."""
        delay = _FIRST_SECONDS
        while True:
            try:
                return question()
            except Unavailable as error:
                log.warning("%s; trying again", error)
                if self._stop.wait(delay):
                    raise Stopping(str(error)) from error
                delay = min(2 * delay, _LONGEST_SECONDS)
