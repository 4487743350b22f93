"""Events as JSON lines in a file, which `leadline emit FILE` sends from where Kafka can be reached."""

import os
import time
from pathlib import Path
from typing import IO

from leadline.core.errors import Unavailable
from leadline.events.codec import decode_body

from .entry import Entry
from .lines import write_line
from .lock import lock
from .stats import Counters
from .transport import OnThisMachine

MAX_BYTES = 1024 * 1024 * 1024
_BATCH_BYTES = 1024 * 1024
_LOCK_SECONDS = 2.0


class FileLink(OnThisMachine):
    """Any number of processes append to one file, whole batches at a time.

    It is opened anew for each batch, so that whoever delivers it may move it away at any time. At `max_bytes` nothing more is
    taken until somebody does; what follows waits in the spool.
    """

    def __init__(self, path: str, counters: Counters, max_bytes: int = MAX_BYTES) -> None:
        self._path = Path(path).expanduser().absolute()
        self._counters = counters
        self._max_bytes = max_bytes
        self._pending: list[tuple[Entry, bytes]] = []
        self._bytes = 0
        self.address = str(self._path)
        self.failure = ""

    def __len__(self) -> int:
        return len(self._pending)

    def send(self, entry: Entry) -> None:
        """Raises Unavailable where the file takes nothing."""
        if self._bytes >= _BATCH_BYTES:
            self.poll(0)
        if self.failure:
            raise Unavailable(self.failure)
        line = write_line(decode_body(entry.body, entry.record))
        self._pending.append((entry, line))
        self._bytes += len(line)

    def poll(self, seconds: float) -> None:
        """Writes what was sent; on disk is acknowledged."""
        if not self._pending:
            return
        try:
            self._append(b"".join(line for _, line in self._pending))
        except OSError as error:
            self.failure = f"{self._path} cannot be written: {error.strerror or error}"
            return
        self._counters.sent += len(self._pending)
        self._forget()

    def recall(self) -> list[Entry]:
        entries = [entry for entry, _ in self._pending]
        self._forget()
        self.failure = ""
        return entries

    def abandon(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._pending, self._bytes = [], 0

    def _append(self, data: bytes) -> None:
        """All of it or nothing. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab+", buffering=0) as file:
            self._lock(file)
            size = file.seek(0, os.SEEK_END)
            if size + len(data) > self._max_bytes:
                raise OSError(f"it holds {size:,} bytes; send it with `leadline emit` and remove it")
            file.seek(max(0, size - 1))
            data = (b"\n" if file.read(1) not in (b"", b"\n") else b"") + data  # a machine that failed left half a line
            try:
                written = 0
                while written < len(data):
                    written += file.write(data[written:]) or 0
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise

    def _lock(self, file: IO[bytes]) -> None:
        deadline = time.monotonic() + _LOCK_SECONDS
        while not lock(file):
            if time.monotonic() > deadline:
                raise OSError("another process holds it")
            time.sleep(0.001)
