"""Runs a command that never outlives the process that asked for it: `tether.py PARENT_PID COMMAND...`.

Run as a script, with nothing but the standard library, since every process of the stack starts through it. A `preexec_fn`
would save the process, but forks under threads.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.2


def main(parent: int, command: list[str]) -> int:
    """On Linux becomes the command; elsewhere watches over it. 1 where the parent is already gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            return 1
        os.execvp(command[0], command)  # noqa: S606 - the point
    return watch(parent, command)


def watch(parent: int, command: list[str]) -> int:
    """For systems that do not tell a child of its parent's end: ask for it."""
    child = subprocess.Popen(command)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: child.send_signal(received))
    while (code := child.poll()) is None:
        if os.getppid() != parent:
            child.kill()
        time.sleep(_POLL_SECONDS)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
