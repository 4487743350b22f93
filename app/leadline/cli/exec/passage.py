"""One stream of the program on its way through us to where ours goes: byte for byte, as soon as it comes."""

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Callable

_CHUNK = 65_536
GRACE_SECONDS = 0.3
"""How long after the program's end others may still write into its stream before we leave it to them."""


class Passage:
    """`target`: our descriptor; `take` is given each chunk once it was passed on; `say` a sentence for a person."""

    def __init__(self, target: int, take: Callable[[bytes], None], say: Callable[[str], None]) -> None:
        self._target = target
        self._take = take
        self._say = say
        self._source, self.inlet = os.pipe()
        self._wake, self._alive = os.pipe()
        self._deadline: float | None = None
        self._owed = 1024 * 1024
        """More than a pipe holds: bytes that may be the program's own when it has ended."""
        self._open = True
        self._thread = threading.Thread(target=self._pump, name=f"leadline-exec-{target}", daemon=True)

    def begin(self) -> None:
        """Once the program has its end of the pipe."""
        os.close(self.inlet)
        self._thread.start()

    def ended(self) -> None:
        """The program has ended; what it wrote still goes through."""
        self._deadline = time.monotonic() + GRACE_SECONDS
        os.close(self._alive)

    def finish(self) -> None:
        """Waits until it has. What others go on writing, `cat` passes on without us."""
        self._thread.join()
        if self._open:
            self._leave_to_cat()

    def _pump(self) -> None:
        while self._open and self._readable():
            chunk = os.read(self._source, _CHUNK)
            self._open = bool(chunk)
            self._pass(chunk)
            if self._deadline is not None:
                self._owed -= len(chunk)
            try:
                self._take(chunk)
            except Exception as error:  # whatever we make of the output, it goes through
                self._say(f"a part of the output is not in the log: {type(error).__name__}: {error}")

    def _readable(self) -> bool:
        """Waits for more, or for the stream's end; False when what the program wrote has been read and the time is over."""
        poll = select.poll()
        poll.register(self._source, select.POLLIN)
        if self._deadline is None:
            poll.register(self._wake, 0)  # hangs up when the program ends
            if any(descriptor == self._source for descriptor, _ in poll.poll()):
                return True
            return self._readable()
        left = max(0.0, self._deadline - time.monotonic())
        return bool(poll.poll(left * 1000)) and (left > 0 or self._owed > 0)

    def _pass(self, chunk: bytes) -> None:
        rest = memoryview(chunk)
        while rest:
            try:
                rest = rest[os.write(self._target, rest) :]
            except BlockingIOError:
                _until_writable(self._target)
            except BrokenPipeError:  # whoever read has gone: the program learns it as it would without us
                os.close(self._source)
                self._open = False
                return
            except OSError as error:
                self._say(f"output is lost: descriptor {self._target} takes nothing: {error.strerror}")
                return

    def _leave_to_cat(self) -> None:
        """A process that the program left behind must neither lose its output nor be killed by writing it."""
        actions = [
            (os.POSIX_SPAWN_DUP2, self._source, 0),
            (os.POSIX_SPAWN_DUP2, self._target, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        with contextlib.suppress(OSError):
            os.posix_spawnp(
                "cat", ["cat"], os.environ, file_actions=actions, setpgroup=0, setsigmask=(), setsigdef=(signal.SIGPIPE,)
            )


def _until_writable(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    poll.poll()
