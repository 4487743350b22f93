"""The program: started as a shell starts it, and waited for while signals go through to it."""

import contextlib
import errno
import os
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

_NOT_FOUND = 127
_NOT_EXECUTABLE = 126

_FORWARDED = frozenset(
    {
        signal.SIGHUP,
        signal.SIGINT,
        signal.SIGQUIT,
        signal.SIGTERM,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGWINCH,
    }
)
_RESET = (signal.SIGPIPE, signal.SIGXFSZ)
"""What Python ignores and what a program that it starts would therefore ignore too."""


class Ended(NamedTuple):
    """How the program ended."""

    exit_code: int
    """As shells tell it: 128 + the signal where one killed it."""
    signal: int
    """The one that killed it; 0: none did."""
    asked: frozenset[int]
    """The signals that it was sent through us."""
    seconds: float
    cpu_seconds: float | None
    """With the processes that it waited for; None: it did not begin."""
    peak_memory_bytes: int | None
    """Of its largest process, and no less than what we took when it began: the system counts from the fork."""


def hold_signals() -> set[int]:
    """From here on signals wait for `wait`, and never end us; returns the mask before, for the program."""
    signal.signal(signal.SIGCHLD, lambda *_: None)  # where it is ignored, children leave no exit code behind
    return {int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, _FORWARDED | {signal.SIGCHLD})}


def start(words: Sequence[str], environ: Mapping[str, str], mask: set[int], streams: Mapping[int, int]) -> int:
    """Its process id; `streams`: its descriptors to ours. Raises OSError as exec does.

    All other descriptors that we were given are its own too, as without us.
    """
    actions = [(os.POSIX_SPAWN_DUP2, ours, its) for its, ours in streams.items()]
    options: dict[str, Any] = {"file_actions": actions, "setsigmask": mask, "setsigdef": _RESET}
    try:
        return os.posix_spawnp(words[0], list(words), environ, **options)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
    # A script without an interpreter in its first line: shells run it themselves.
    script = shutil.which(words[0]) or words[0]
    return os.posix_spawn("/bin/sh", ["sh", script, *words[1:]], environ, **options)


def refused(error: OSError) -> Ended:
    """The program could not be started; the exit code is the one by which shells say so."""
    code = _NOT_FOUND if error.errno == errno.ENOENT else _NOT_EXECUTABLE
    return Ended(code, signal=0, asked=frozenset(), seconds=0.0, cpu_seconds=None, peak_memory_bytes=None)


def wait(process: int, began: float) -> Ended:
    """Until the program ends; `began` is the monotonic time of its start. Signals that come meanwhile go to it."""
    asked = set[int]()
    while True:
        number, from_terminal = _next_signal()
        if number == signal.SIGCHLD:
            found, status, usage = os.wait4(process, os.WNOHANG)
            if found:
                return _ended(os.waitstatus_to_exitcode(status), usage, frozenset(asked), time.monotonic() - began)
            continue
        asked.add(number)
        if not from_terminal:
            with contextlib.suppress(PermissionError):  # it changed its user
                os.kill(process, number)


def _next_signal() -> tuple[int, bool]:
    """The signal, and whether a terminal sent it to our whole group, so that the program has it already."""
    signals = _FORWARDED | {signal.SIGCHLD}
    if not hasattr(signal, "sigwaitinfo"):  # macOS does not tell who sent it
        number = int(signal.sigwait(signals))
        return number, number in (signal.SIGINT, signal.SIGQUIT, signal.SIGWINCH) and _in_foreground()
    info = signal.sigwaitinfo(signals)
    # A terminal that hangs up tells only the first process of the session; the others hear when that one ends.
    alone = info.si_signo == signal.SIGHUP and os.getsid(0) == os.getpid()
    return info.si_signo, info.si_code > 0 and not alone


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def _ended(code: int, usage: Any, asked: frozenset[int], seconds: float) -> Ended:
    kilobyte = 1 if os.uname().sysname == "Darwin" else 1024
    return Ended(
        exit_code=code if code >= 0 else 128 - code,
        signal=max(0, -code),
        asked=asked,
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_memory_bytes=usage.ru_maxrss * kilobyte,
    )
