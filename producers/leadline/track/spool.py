"""What Kafka could not take, on disk: one file per process at a time, in a folder that processes share."""

import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path

from leadline.core.clock import Clock, Micros, system_clock

from .entry import Entry
from .lock import lock
from .segment import Segment, spooled

SEGMENT_BYTES = 4 * 1024 * 1024
SIZED_EVERY_SECONDS = 5.0
LOCK = ".sending"
_STEP = 1_000
"""Between the numbers of two files: room for those that come ahead of one."""


class SpoolFull(Exception):
    """The folder holds as much as it may."""


class Spool:
    """Belongs to one thread. Nothing touches the disk before the first event is spooled."""

    def __init__(self, folder: Path, max_bytes: int, clock: Clock = system_clock) -> None:
        self.folder = folder
        self._clock = clock
        self._named_at: Micros = 0
        self.waiting = 0
        """Entries in the files of this process."""
        self._max_bytes = max_bytes
        self._own: list[tuple[Segment, int]] = []
        self._leading = 0
        """How many of them came ahead of the others last."""
        self._sealed = True
        self._numbers = itertools.count()
        self._others = 0
        self._sized_at = -SIZED_EVERY_SECONDS

    def append(self, entries: list[Entry], *, vital: bool = False, ahead: bool = False) -> None:
        """Raises SpoolFull, OSError. `vital` entries may use the last tenth of the room.

        `ahead`: they come before everything that waits, but behind those that came ahead just before.
        """
        size = sum(map(len, entries))
        if self._size() + size > self._max_bytes * (1.0 if vital else 0.9):
            raise SpoolFull(f"the spool {self.folder} holds {self._size():,} of {self._max_bytes:,} bytes")
        place = self._ahead() if ahead and self._own else self._behind()
        segment, number = self._own[place]
        segment.append(entries)
        self._own[place] = (segment, number + len(entries))
        self.waiting += len(entries)

    def _behind(self) -> int:
        """Where the file is that what comes last goes to."""
        self._leading = 0
        if self._sealed or self._own[-1][0].size >= SEGMENT_BYTES:
            # Later files sort behind, also where the clock was put back: whoever sends them goes by their names.
            self._named_at = max(self._clock(), self._named_at + 1)
            self._own.append((self._create(self._named_at * _STEP), 0))
            self._sealed = False
        return len(self._own) - 1

    def _ahead(self) -> int:
        if not self._leading or self._own[self._leading - 1][0].size >= SEGMENT_BYTES:
            following = int(self._own[self._leading][0].path.name.partition("-")[0])
            self._own.insert(self._leading, (self._create(following - _STEP + 1 + self._leading), 0))
            self._leading += 1
        return self._leading - 1

    def _create(self, number: int) -> Segment:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Segment.create(self.folder, f"{number:020}-{os.getpid()}-{next(self._numbers)}")

    def sync(self) -> None:
        """Safe from the end of the machine, too. Raises OSError."""
        for segment, _ in self._own:
            segment.sync()

    def oldest(self) -> Segment | None:
        """The first file of this process."""
        return self._own[0][0] if self._own else None

    def sent(self, segment: Segment) -> None:
        """Everything in it was acknowledged. Raises OSError."""
        for position, (own, number) in enumerate(self._own):
            if own is segment:
                del self._own[position]
                self._leading = 0
                self.waiting -= number
                break
        self._sized_at = -SIZED_EVERY_SECONDS
        segment.remove()

    def seal(self) -> None:
        """What is spooled from now on goes to a new file, so that those before can be sent and removed."""
        self._sealed = True

    @contextlib.contextmanager
    def sending(self) -> Iterator[bool]:
        """True where this process, and no other, sends what dead ones left behind. Raises nothing."""
        if not spooled(self.folder):
            yield True
            return
        try:
            file = (self.folder / LOCK).open("ab")
        except OSError:  # no folder, or none that we may write to: then nobody's files can be removed either
            yield True
            return
        with file:
            yield lock(file)

    def orphans(self) -> Iterator[Segment]:
        """Files that processes left behind which live no more, oldest first, locked."""
        own = {segment.path for segment, _ in self._own}
        for path in spooled(self.folder):
            if path not in own:
                segment = Segment.adopt(path)
                if segment is not None:
                    yield segment

    def close(self) -> None:
        """Leaves all files to the next process."""
        for segment, _ in self._own:
            segment.release()
        self._own, self._leading, self._sealed, self.waiting = [], 0, True, 0

    def _size(self) -> int:
        """Bytes in the folder; those of other processes are looked at now and then."""
        now = time.monotonic()
        if now - self._sized_at >= SIZED_EVERY_SECONDS:
            self._sized_at = now
            own = {segment.path for segment, _ in self._own}
            self._others = sum(_bytes(path) for path in spooled(self.folder) if path not in own)
        return self._others + sum(segment.size for segment, _ in self._own)


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
