"""The connection to Leadline's ingress over HTTP, in the place of Link, with everything unacknowledged kept as there."""

import encodings.idna  # noqa: F401 - what looking up a host imports, here and not while the process forks
import threading
import time
from collections import deque

from leadline.core.errors import Unavailable

from .entry import Entry
from .http_post import STEP_SECONDS, Away, Poster, TooLarge
from .http_route import Route
from .link import MAX_PENDING, MAX_PENDING_BYTES
from .stats import Counters

BATCH = 500
BATCH_BYTES = 1024 * 1024
IDLE_SECONDS = 20.0
STUCK_SECONDS = 3.0
"""Then the connection and its thread end; servers and proxies wait longer before they close."""
ANSWER_SECONDS = 2 * STEP_SECONDS
"""A request that takes longer is given up, however the server keeps it alive."""
AT_EXIT_SECONDS = 2.0
"""Of each step where the interpreter starts no threads any more and the request holds the exit up."""

_left_alone: dict[str, float] = {}
"""Address to the monotonic time until which that server asked to be left alone, by whatever link of this process."""


class HttpLink:
    """Belongs to one thread; requests go out in one of its own, one after another, so that order is kept."""

    def __init__(self, url: str, token: str, counters: Counters) -> None:
        """Raises UsageError for what is no address or token, Unavailable while the server wants to be left alone."""
        route = Route(url)
        self.address = route.url
        self.failure = ""
        """Why the server has to be taken for away; empty while it works."""
        if (wait := _left_alone.get(self.address, 0.0) - time.monotonic()) > 0:
            raise Unavailable(f"Leadline at {self.address} asked to be left alone for another {wait:.1f} s")
        self._counters = counters
        self._poster = Poster(route, token)
        self._changed = threading.Condition()
        self._pending: deque[Entry] = deque()
        self._bytes = 0
        self._most = BATCH
        self._sent_at: float | None = None
        self._generation = 0
        self._thread: threading.Thread | None = None
        self._threadless = False

    def __len__(self) -> int:
        return len(self._pending)

    def send(self, entry: Entry) -> None:
        """Raises Unavailable where there is no room."""
        self._make_room()
        with self._changed:
            self._pending.append(entry)
            self._bytes += len(entry)
            self._changed.notify_all()
            start = self._thread is None and not self._threadless
        if start:
            self._start()

    def poll(self, seconds: float) -> None:
        if self._threadless:
            self._carry(AT_EXIT_SECONDS)
            if not self._pending:
                self._poster.close()
            return
        with self._changed:
            if seconds and self._pending and not self.failure:
                self._changed.wait(seconds)
            if self._sent_at is not None and time.monotonic() - self._sent_at > ANSWER_SECONDS:
                self.failure = self.failure or f"Leadline at {self.address} does not end its answer"

    def recall(self) -> list[Entry]:
        """Everything that was not acknowledged, in order; some of it may have arrived all the same."""
        with self._changed:
            entries = list(self._pending)
            self._pending.clear()
            self._bytes, self._sent_at, self.failure = 0, None, ""
            self._generation += 1
        self._poster.abort()
        return entries

    def abandon(self) -> None:
        """In a forked child: the descriptor is closed here and stays open in the parent. No lock is touched."""
        self._poster.close()

    def _make_room(self) -> None:
        deadline = time.monotonic() + STUCK_SECONDS
        while self._bytes >= MAX_PENDING_BYTES or len(self._pending) >= MAX_PENDING:
            if self.failure or time.monotonic() >= deadline:
                raise Unavailable(self.failure or f"Leadline at {self.address} acknowledges nothing")
            before = len(self._pending)
            self.poll(0.05)
            if len(self._pending) < before:
                deadline = time.monotonic() + STUCK_SECONDS

    # -- in its own thread

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="leadline-http", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is shutting down
            self._thread, self._threadless = None, True

    def _work(self) -> None:
        while self._awaited():
            self._carry(STEP_SECONDS)

    def _awaited(self) -> bool:
        """Whether there is something to carry; False, and no thread any more, after a while without."""
        with self._changed:
            if self._changed.wait_for(lambda: self._pending and not self.failure, IDLE_SECONDS):
                return True
            self._poster.close()
            self._thread = None
            return False

    def _carry(self, step_seconds: float) -> None:
        """One request, and what follows from its answer, unless the entries were recalled meanwhile."""
        with self._changed:
            if self.failure or not self._pending:
                return
            batch, generation = self._first(), self._generation
            self._sent_at = time.monotonic()
        failure, refused = "", dict[int, str]()
        try:
            refused = self._poster.post(batch, lambda: generation == self._generation, step_seconds)
        except TooLarge:
            if len(batch) > 1:
                self._most, batch = len(batch) // 2, []
            else:
                refused = {0: "too_large"}
        except Away as error:
            failure, batch = str(error), []
            _left_alone[self.address] = time.monotonic() + error.retry_seconds
        except Exception as error:  # a mistake of ours must not end the thread, with everything waiting for it
            failure, batch = f"sending failed: {type(error).__name__}: {error}", []
        with self._changed:
            if generation == self._generation:
                self._sent_at, self.failure = None, failure
                self._settle(batch, refused)
            self._changed.notify_all()

    def _first(self) -> list[Entry]:
        batch, size = list[Entry](), 0
        for entry in self._pending:
            size += len(entry)
            if len(batch) >= self._most or (batch and size > BATCH_BYTES):
                break
            batch.append(entry)
        return batch

    def _settle(self, batch: list[Entry], refused: dict[int, str]) -> None:
        for index, entry in enumerate(batch):
            self._pending.popleft()
            self._bytes -= len(entry)
            if index in refused:
                self._counters.drop(entry.record, refused[index])
        self._counters.sent += len(batch) - len(refused)
        if batch:
            self._most = min(BATCH, 2 * self._most)
