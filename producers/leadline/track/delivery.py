"""Where each event goes: to Kafka while it works, to the spool while it does not, and from there to Kafka again."""

import itertools
import time
from collections.abc import Callable

from leadline.core.errors import LeadlineError, UsageError

from .entry import Entry, known
from .link import Busy
from .segment import Segment
from .spool import Spool, SpoolFull
from .stats import Counters
from .transport import OnThisMachine, Transport

RETRY_SECONDS = (0.5, 10.0)
"""First and longest pause between attempts to reach Kafka."""
ORPHANS_EVERY_SECONDS = 30.0
SERVE_AFTER_SECONDS = 0.2
BATCH = 500


class Delivery:
    """Belongs to one thread. Nothing here raises: what cannot be kept is counted."""

    def __init__(
        self,
        connect: Callable[[], Transport],
        spool: Spool,
        counters: Counters,
        warn: Callable[[str, str], None],
        meanwhile: Callable[[], bool],
    ) -> None:
        """`warn(kind, sentence)` is told what a person should know.

        `meanwhile` is called while the spool is sent, and says whether there is time for what dead processes left.
        """
        self.spool = spool
        self._connect = connect
        self._counters = counters
        self._warn = warn
        self._meanwhile = meanwhile
        self._link: Transport | None = None
        self._pause = RETRY_SECONDS[0]
        self._retry_at = 0.0
        self._orphans_at = 0.0
        self._clearing = False
        self._resending = False
        self._patient = True

    @property
    def pending(self) -> int:
        """Sent and not yet acknowledged."""
        return len(self._link) if self._link is not None and not self._resending else 0

    def deliver(self, entries: list[Entry], *, vital: bool = False) -> None:
        """Order is kept: while anything waits in the spool, everything that follows waits there too.

        Starts and ends of runs, and what else is `vital`, may use the last tenth of the spool.
        """
        entries = list(entries)
        while entries and self._direct():
            try:
                assert self._link is not None
                self._link.send(entries[0])
                del entries[0]
            except Busy as error:
                self._warn("busy", f"{error}; the rest is kept in {self.spool.folder} meanwhile")
                break
            except LeadlineError as error:
                self._away(str(error))
        for needed, group in itertools.groupby(entries, key=_vital):
            self._to_spool(list(group), vital=needed or vital)

    def tick(self) -> None:
        """Serves acknowledgements; when it is time, tries to send what is spooled."""
        if self._link is not None and not self._resending:
            self._link.poll(0)
            if self._link.failure:
                self._away(self._link.failure)
        self._sync()
        now = time.monotonic()
        if now < self._retry_at or self._clearing:
            return
        if self.spool.waiting or now >= self._orphans_at:
            self.resend(now + 3600)

    def next_tick(self) -> float:
        """The monotonic time at which `tick` has something to do at the latest."""
        return max(self._retry_at, 0.0 if self.spool.waiting else self._orphans_at)

    def settle(self, deadline: float) -> bool:
        """Waits for acknowledgements until the monotonic deadline; True where Kafka has everything, the spool's part too."""
        if self.spool.waiting and time.monotonic() >= self._retry_at:
            self.resend(deadline, orphans=False)
        return self._acknowledged(deadline) and not self.spool.waiting

    def close(self, deadline: float) -> None:
        """What is not acknowledged by the deadline is spooled."""
        self.settle(deadline)
        if self.pending:
            self._away("the process ended before Kafka acknowledged")
        self._sync()
        self.spool.close()

    def resend(self, deadline: float, *, orphans: bool = True) -> bool:
        """Sends the spool: the files of this process, then those of dead ones. False where something is left to send."""
        if not self._reachable():
            return False
        # With nothing of our own in the spool what is reported goes on directly; what dead ones left waits for a quiet moment.
        self._clearing, self._patient = bool(self.spool.waiting), not orphans
        try:
            if not self._acknowledged(deadline if self._clearing else min(deadline, time.monotonic() + SERVE_AFTER_SECONDS)):
                self._orphans_at = time.monotonic() + 1.0
                return False
            self._clearing = self._resending = True
            while (own := self._sealed()) is not None:
                if not self._send_segment(own, deadline):
                    return False
                if self.spool.waiting and not self._meanwhile() and not self._patient:
                    return False
            return not orphans or self._send_orphans(deadline)
        finally:
            resending, self._clearing, self._resending = self._resending, False, False
            if resending and self._link is not None and len(self._link):
                self._link.recall()  # its segment is still there

    def abandon(self) -> None:
        """In a forked child: everything belongs to the parent."""
        if self._link is not None:
            self._link.abandon()
        self.spool.close()

    # -- one way

    def _direct(self) -> bool:
        return not self.spool.waiting and not self._clearing and self._reachable()

    def _reachable(self) -> bool:
        """Whether there is a link, made now where none is and the last attempt was long enough ago."""
        if self._link is None and time.monotonic() >= self._retry_at:
            try:
                self._link = self._connect()
            except Exception as error:
                self._away(str(error), kind="unconfigured" if isinstance(error, UsageError) else "away")
        return self._link is not None and time.monotonic() >= self._retry_at

    def _away(self, reason: str, kind: str = "away") -> None:
        """Takes back what is not acknowledged, spools it, and waits before the next attempt."""
        self._retry_at = time.monotonic() + self._pause
        self._pause = min(self._pause * 2, RETRY_SECONDS[1])
        taken = self._link.recall() if self._link is not None else []
        self._link = None  # settings are read anew: a stack that was started since has other addresses
        if not self._resending:
            ahead = self.spool.waiting > 0  # what did not fit into the connection came later
            for vital, group in itertools.groupby(taken, key=_vital):
                self._to_spool(list(group), vital=vital, ahead=ahead)
        self._warn(kind, f"{reason}; events are kept in {self.spool.folder} and sent when it is back")

    def _sealed(self) -> Segment | None:
        """The oldest file of this process, to which nothing is added any more: what came after would be removed unsent."""
        self.spool.seal()
        return self.spool.oldest()

    def _acknowledged(self, deadline: float) -> bool:
        """What is reported meanwhile waits in the queue at first, so that the spool comes to an end, then is spooled."""
        serve_at = time.monotonic() + SERVE_AFTER_SECONDS
        while self._link is not None and len(self._link):
            self._link.poll(0.02)
            if self._link.failure:
                self._away(self._link.failure)
                return False
            if time.monotonic() >= deadline:
                return False
            if self._clearing and time.monotonic() >= serve_at and not self._meanwhile() and not self._patient:
                return False
        return self._link is not None

    # -- the other way

    def _sync(self) -> None:
        try:
            self.spool.sync()
        except OSError as error:
            self._warn("spool_error", f"{self.spool.folder} may lose events if the machine fails: {error}")

    def _to_spool(self, entries: list[Entry], *, vital: bool, ahead: bool = False) -> None:
        for start in range(0, len(entries), BATCH):
            self._append(entries[start : start + BATCH], vital=vital, ahead=ahead)

    def _append(self, part: list[Entry], *, vital: bool, ahead: bool) -> None:
        try:
            self.spool.append(part, vital=vital, ahead=ahead)
            self._counters.spooled += len(part)
        except SpoolFull as error:
            if len(part) > 1:  # as many as there is room for
                self._append(part[: len(part) // 2], vital=vital, ahead=ahead)
                self._append(part[len(part) // 2 :], vital=vital, ahead=ahead)
            else:
                self._drop(part, "spool_full", error)
        except OSError as error:
            self._drop(part, "spool_error", error)

    def _drop(self, entries: list[Entry], reason: str, error: Exception) -> None:
        for entry in entries:
            self._counters.drop(entry.record, reason, entry.count)
        self._warn(reason, f"events are dropped: {error}")

    def _send_orphans(self, deadline: float) -> bool:
        """One process at a time, else the end of a run in one file could pass its start in another."""
        if isinstance(self._link, OnThisMachine):
            self._orphans_at = time.monotonic() + ORPHANS_EVERY_SECONDS
            return True
        with self.spool.sending() as ours:
            sent = ours and self._send_all(deadline)
        if sent or not ours:
            self._orphans_at = time.monotonic() + ORPHANS_EVERY_SECONDS
        return sent

    def _send_all(self, deadline: float) -> bool:
        for segment in self.spool.orphans():
            if not all(map(known, segment.entries())):
                segment.release()
                self._warn(
                    "newer", f"{segment.path} was written by a newer leadline, which can send it: `leadline emit --spool`"
                )
            elif not self._send_segment(segment, deadline):
                segment.release()
                return False
        return True

    def _send_segment(self, segment: Segment, deadline: float) -> bool:
        try:
            for entry in segment.entries():
                if not self._send_patiently(entry, deadline):
                    return False
        except (LeadlineError, OSError) as error:
            self._away(str(error))
            return False
        if not self._acknowledged(deadline):
            return False
        self._pause = RETRY_SECONDS[0]
        if segment.damaged:
            self._warn("damaged", f"a part of {segment.path} cannot be read; it is kept as {segment.path.stem}.damaged")
        try:
            self.spool.sent(segment)
        except OSError as error:
            self._warn("spool_error", f"{segment.path} was sent but cannot be removed: {error}")
        return True

    def _send_patiently(self, entry: Entry, deadline: float) -> bool:
        """Kafka may be slow: what comes meanwhile is spooled behind. Raises LeadlineError."""
        while self._link is not None:
            try:
                self._link.send(entry)
            except Busy:
                goes_on = self._meanwhile() or self._patient
                if time.monotonic() >= deadline or not goes_on:
                    return False
            else:
                return True
        return False


def _vital(entry: Entry) -> bool:
    return entry.record == "RunEvent"
