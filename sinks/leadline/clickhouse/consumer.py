"""The loop: take messages, flush them in the background, commit what is in the store.

While one flush is under way the next one is gathered; when that is full too, reading waits. A store that stays away pauses
the partitions, and polling goes on, so that the membership of the group stays.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaException, TopicPartition

from leadline.core.clock import Clock
from leadline.core.errors import LeadlineError
from leadline.core.health import Progress

from .flush import Flusher, Outcome
from .insert import Inserter
from .message import Message, sort
from .patience import Stopping
from .position import Positions, to_commit
from .watermarks import write

log = logging.getLogger(__name__)

MAX_MESSAGES = 20_000
MAX_BYTES = 32 * 1024 * 1024
FLUSH_SECONDS = 0.2
_FIRST_SECONDS = 0.2
_REST_SECONDS = 0.01
_PAUSE_AFTER_SECONDS = 5.0
_TRY_AGAIN_SECONDS = 10.0
_REPORT_SECONDS = 1.0
_HEARTBEAT_SECONDS = 10.0


@dataclass(frozen=True)
class Flight:
    """A flush that is under way."""

    future: "Future[Outcome]"
    started: float


class Sink:
    """One consumer. All methods run in one thread; flushes in another, one at a time."""

    def __init__(
        self, consumer: Consumer, flusher: Flusher, store: Inserter, *, progress: Progress, clock: Clock, stop: threading.Event
    ) -> None:
        self._consumer = consumer
        self._flusher = flusher
        self._store = store
        self._progress = progress
        self._clock = clock
        self._stop = stop
        self._positions = Positions(consumer)
        self._buffer: list[Message] = []
        self._bytes = 0
        self._flight: Flight | None = None
        self._flushed_at = 0.0
        self._reported_at = time.monotonic()
        self._retried_at = time.monotonic()
        self._dirty = True
        self._paused = False
        self._background = ThreadPoolExecutor(1, thread_name_prefix="flush")

    def run(self, topics: list[str]) -> None:
        """Until asked to stop. What was not committed is read again. Raises what a flush raises that nobody foresaw."""
        self._consumer.subscribe(topics, on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)
        while not self._stop.is_set():
            self._take()
            self._land()
            if self._due():
                self._take_off()
            self._try_stopped_again()
            self._report()
        self._finish()

    # Taking -----------------------------------------------------------------------------------------------------------

    def _take(self) -> None:
        """Waits for the first message, hardly for the rest: what is alone is visible at once."""
        if self._full:
            self._wait_for_flight()
        elif self._buffer or self._flight:
            self._keep(self._consumer.consume(MAX_MESSAGES - len(self._buffer), timeout=_REST_SECONDS))
        else:
            self._keep(self._consumer.consume(1, timeout=_FIRST_SECONDS))

    @property
    def _full(self) -> bool:
        return len(self._buffer) >= MAX_MESSAGES or self._bytes >= MAX_BYTES

    def _keep(self, messages: list[Message]) -> None:
        for message in messages:
            error = message.error()
            if error is None:
                self._buffer.append(message)
                self._bytes += len(message)
            elif error.fatal():
                raise KafkaException(error)
            else:
                log.warning("Kafka: %s", error)

    def _wait_for_flight(self) -> None:
        """Full, so nothing more is read. A flush that takes long pauses everything and polls on."""
        assert self._flight is not None
        wait([self._flight.future], timeout=_FIRST_SECONDS)
        if self._flight.future.done():
            return
        if not self._paused and time.monotonic() - self._flight.started > _PAUSE_AFTER_SECONDS:
            self._consumer.pause(self._consumer.assignment())
            self._paused = True
        if self._paused:
            late = self._consumer.poll(0)
            self._keep([late] if late is not None else [])

    # Flushing ---------------------------------------------------------------------------------------------------------

    def _due(self) -> bool:
        if self._flight or not (self._buffer or self._flusher.holds):
            return False
        return self._full or time.monotonic() - self._flushed_at >= FLUSH_SECONDS

    def _take_off(self) -> None:
        batch = sort(self._buffer)
        self._buffer, self._bytes = [], 0
        self._flushed_at = time.monotonic()
        self._flight = Flight(self._background.submit(self._flusher.flush, batch), self._flushed_at)

    def _land(self) -> None:
        """Commits a flush that is done. Raises what it raised."""
        if self._flight is None or not self._flight.future.done():
            return
        flight, self._flight = self._flight, None
        outcome = flight.future.result()
        self._commit(self._positions.flushed(outcome))
        for partition, stopped in outcome.stopped.items():
            log.error("%s [%s] stops at offset %s: %s", *partition, stopped.offset, stopped.reason)
        self._hold_stopped()
        if self._paused:
            self._paused = False
            self._consumer.resume([part for part in self._consumer.assignment() if not self._is_stopped(part)])
        self._dirty = True

    def _commit(self, offsets: dict[tuple[str, int], int]) -> None:
        try:
            if offsets:
                self._consumer.commit(offsets=to_commit(offsets), asynchronous=False)
        except KafkaException as error:
            # A rebalance under way, or the broker away: whoever reads them again changes nothing.
            log.warning("offsets were not committed: %s", error)

    # Partitions that cannot go on -------------------------------------------------------------------------------------

    def _is_stopped(self, part: TopicPartition) -> bool:
        return (part.topic, part.partition) in self._positions.stopped

    def _hold_stopped(self) -> None:
        """Pauses stopped partitions and forgets what was read of them beyond the stop."""
        stopped = self._positions.stopped
        self._progress.problems({f"{topic} [{partition}]": stop.reason for (topic, partition), stop in stopped.items()})
        held = [part for part in self._consumer.assignment() if self._is_stopped(part)]
        if held:
            self._consumer.pause(held)
            self._buffer = [kept for kept in self._buffer if (kept.topic(), kept.partition()) not in stopped]
            self._bytes = sum(map(len, self._buffer))

    def _try_stopped_again(self) -> None:
        """A store that lacked a field may have been migrated."""
        if self._flight or not self._positions.stopped or time.monotonic() - self._retried_at < _TRY_AGAIN_SECONDS:
            return
        self._retried_at = time.monotonic()
        for (topic, partition), stop in list(self._positions.stopped.items()):
            if stop.again:
                del self._positions.stopped[topic, partition]
                part = TopicPartition(topic, partition, stop.offset)
                self._consumer.resume([part])
                self._consumer.seek(part)

    # Group and progress -----------------------------------------------------------------------------------------------

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._positions.assigned(partitions)
        self._paused = False
        self._dirty = True

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """What was read of them and not flushed belongs to the next owner; what is in flight only repeats there."""
        gone = {(part.topic, part.partition) for part in partitions}
        self._buffer = [kept for kept in self._buffer if (kept.topic(), kept.partition()) not in gone]
        self._bytes = sum(map(len, self._buffer))
        self._positions.revoked(partitions)

    def _report(self) -> None:
        """Health at every turn, watermarks at most once a second, and now and then where nothing happens."""
        lag = self._positions.lag()
        now = time.monotonic()
        if self._flight:
            self._progress.waiting(max(lag, 1))
        elif not self._buffer:
            self._progress.advanced(lag)
        if self._flight is None and now - self._reported_at >= (_REPORT_SECONDS if self._dirty else _HEARTBEAT_SECONDS):
            self._reported_at, self._dirty = now, False
            marks = self._positions.watermarks(self._clock())
            self._background.submit(_quietly, lambda: write(self._store, marks))

    def _finish(self) -> None:
        """The flush under way may end, if it does not wait for a server."""
        try:
            if self._flight is not None:
                self._flight.future.result()
                self._land()
        except Stopping:
            log.info("ended while a server was away; what is not committed is read again")
        self._background.shutdown()


def _quietly(write_marks: Callable[[], None]) -> None:
    try:
        write_marks()
    except LeadlineError as error:
        log.warning("watermarks were not written: %s", error)
