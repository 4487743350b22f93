"""The end of roles that are plain consumers."""

import signal
import threading
from types import FrameType

from .exits import end_process

END_WITHIN_SECONDS = 8.0
"""After SIGTERM. Leaving the group of a broker that has frozen takes 5 s, now and then much longer."""


def stop_on_signals(stop: threading.Event) -> None:
    """Sets `stop` at SIGTERM and SIGINT, and ends the process where a server that has frozen holds it longer.

    What was not committed is read again by the next one.
    """

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        reason = f"asked to stop {END_WITHIN_SECONDS:.0f} s ago, and some server does not answer: ending without it"
        timer = threading.Timer(END_WITHIN_SECONDS, end_process, (0, reason))
        timer.daemon = True
        timer.start()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
