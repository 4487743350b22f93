"""SIGTERM ends open runs and hands over what is queued before the process dies of it, where the application lets it die.

Only where the signal has its default: an application's own handler is neither replaced nor called later. Only in the main
thread, which alone may ask for signals. Not as the first process of a container: the kernel spares that one anyway.
"""

from __future__ import annotations

import _thread
import atexit
import contextlib
import functools
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

    from .client import Client

LONGEST_SECONDS = 3.0
"""What a client may need beside its close bound."""


def watch() -> None:
    """Asks for SIGTERM where nobody else has. Costs a microsecond where it is ours already."""
    if sys.platform == "win32" or threading.get_ident() != threading.main_thread().ident:
        return
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL and os.getpid() != 1:
        with contextlib.suppress(ValueError):  # in another interpreter of this process
            signal.signal(signal.SIGTERM, _on_sigterm)


class _Closing:
    """Closes all clients in a thread of its own: the main thread may hold any lock when a signal comes."""

    def __init__(self) -> None:
        from . import forks

        self.process = os.getpid()
        self._clients: list[Client] = forks.clients()
        self._over = _thread.allocate_lock()
        self._over.acquire()

    @property
    def done(self) -> bool:
        return not self._over.locked()

    def begin(self, *, kill: bool) -> None:
        """`kill`: nobody waits, so that the signal is sent again at the end. Raises RuntimeError in a dying interpreter."""
        # Not threading.Thread: to start one takes a lock that the main thread may hold just now.
        _thread.start_new_thread(self._close, (kill,))

    def wait(self) -> None:
        self._over.acquire(timeout=sum(client.close_seconds + LONGEST_SECONDS for client in self._clients))

    def _close(self, kill: bool) -> None:
        try:
            for client in self._clients:
                with contextlib.suppress(Exception):
                    client.end_by_signal("SIGTERM")
        finally:
            self._over.release()
            if kill:
                os.kill(self.process, signal.SIGTERM)


_closing: _Closing | None = None


def _on_sigterm(_number: int, frame: FrameType | None) -> None:
    global _closing
    if signal.getsignal(signal.SIGTERM) is not _on_sigterm:
        return  # a handler that replaced ours calls its predecessor: the default would have been none to call
    if _closing is None or _closing.process != os.getpid():
        _closing = _Closing()
        inside = _inside(frame)
        with contextlib.suppress(RuntimeError):
            _closing.begin(kill=inside)
            if inside:
                return
            _closing.wait()
    elif not _closing.done:
        return  # told twice, as process groups are: the first is at work
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)


def _inside(frame: FrameType | None) -> bool:
    """Whether the main thread was interrupted in a call of ours: it must go on and give its locks back.

    That takes microseconds, in which the job goes on too. A decorated function is the job's own, not ours.
    """
    own, outside = __package__ + ".", __package__ + ".job"
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name.startswith(own) and name != outside:
            return True
        frame = frame.f_back
    return False


@functools.cache
def keep_interrupt() -> None:
    """A process that Ctrl-C ended dies of SIGINT, as it would have. To be asked for before what uses threads at the exit.

    The interpreter notes an uncaught KeyboardInterrupt in a flag that each exec() of a text resets, in any thread; imports
    (named tuples, data classes) do that, and ours come in a thread of our own. An exec() that is interrupted sets it again.
    """
    atexit.register(_interrupt_again)


def _interrupt_again() -> None:
    if getattr(sys, "last_type", None) is KeyboardInterrupt and not hasattr(sys, "ps1"):
        with contextlib.suppress(KeyboardInterrupt):
            exec("raise KeyboardInterrupt")  # noqa: S102
