"""The loop: a batch of OpenLineage's events in, what they mean out, then the offsets."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from prometheus_client import Counter, Histogram

from leadline.core.clock import Clock
from leadline.core.errors import Unavailable, Unreadable
from leadline.core.health import Progress
from leadline.core.share import UnreadableShare
from leadline.events.codec import Codec
from leadline.events.messages import Message as Outgoing
from leadline.events.messages import dead_letter, recorded_at_ms, to_message
from leadline.events.topics import OPENLINEAGE_EVENTS

from .translate import translate

log = logging.getLogger(__name__)

CONSUMER = "openlineage"
PRODUCER = f"leadline-openlineage/{version('leadline')}"
CONSUMER_SETTINGS = {"queued.max.messages.kbytes": 32 * 1024}
PRODUCER_SETTINGS = {"queue.buffering.max.kbytes": 64 * 1024, "linger.ms": 100}
"""Sizes bound memory, whatever that of events. Each batch is flushed, which does not linger: what lingers is amid one."""
_BATCH = 500
_POLL_SECONDS = 0.5
_RETRY_SECONDS = 0.5
EXIT_FAILED = 1
EXIT_UNREADABLE = 65

_events = Counter("leadline_openlineage_events", "OpenLineage's events read")
_messages = Counter("leadline_openlineage_messages", "Messages that were made of them")
_dead = Counter("leadline_openlineage_dead_letters", "OpenLineage's events that could not be used")
_seconds = Histogram("leadline_openlineage_seconds", "From taking a batch of events to Kafka's acknowledgement")


@dataclass
class Translation:
    consumer: Consumer
    producer: Producer
    codec: Codec
    progress: Progress
    clock: Clock
    stop: threading.Event
    unreadable: UnreadableShare = field(default_factory=UnreadableShare)
    failed: list[KafkaError] = field(default_factory=list)

    def run(self) -> int:
        """0 when asked to stop; else why it cannot go on. What was not committed is read again by the next one."""
        try:
            return self._run()
        except Unavailable:
            if not self.stop.is_set():
                raise
            return 0

    def _run(self) -> int:
        self.consumer.subscribe([OPENLINEAGE_EVENTS])
        while not self.stop.is_set():
            batch = self._take()
            if batch:
                with _seconds.time():
                    self._publish(batch)
                    if not self._acknowledged():
                        return EXIT_FAILED if self.failed else 0
                self._commit(batch)
            if self.unreadable.too_large:
                log.critical("%s events cannot be used; look at `leadline dead-letters list`", self.unreadable)
                return EXIT_UNREADABLE
            self.progress.advanced(self._lag())
        return 0

    def _take(self) -> list[Message]:
        """The next events; waits for the first, not for the rest."""
        first = self.consumer.poll(_POLL_SECONDS)
        if first is None:
            return []
        batch = [first, *self.consumer.consume(_BATCH - 1, timeout=0)]
        for message in batch:
            error = message.error()
            if error is not None:
                raise KafkaException(error)
        return batch

    def _publish(self, batch: Sequence[Message]) -> None:
        bad = 0
        for message in batch:
            known_at = recorded_at_ms(message.timestamp()[1], message.headers())
            try:
                outgoing = self._translate(message.value(), known_at)
            except Unreadable as error:
                bad += 1
                outgoing = [self._bury(message, error, known_at)]
            for one in outgoing:
                self._send(one)
            _messages.inc(len(outgoing))
        _events.inc(len(batch))
        _dead.inc(bad)
        self.unreadable.saw(bad, len(batch))

    def _translate(self, value: bytes | None, known_at: int) -> list[Outgoing]:
        """Waits for the registry. Raises Unreadable; Unavailable where we are to stop meanwhile."""
        while True:
            try:
                return translate(self.codec, value, known_at)
            except Unavailable as error:
                log.warning("%s", error)
                self.progress.waiting(self._lag() or 1)
                if self.stop.wait(_RETRY_SECONDS):
                    raise

    def _bury(self, message: Message, error: Unreadable, known_at: int) -> Outgoing:
        buried = dead_letter(
            consumer=CONSUMER,
            topic=message.topic() or "",
            partition=message.partition() or 0,
            offset=message.offset() or 0,
            timestamp_ms=message.timestamp()[1],
            key=message.key(),
            payload=message.value(),
            headers=message.headers(),
            reason=error.reason,
            error=str(error),
            now=self.clock(),
            producer=PRODUCER,
        )
        return to_message(self.codec, buried, known_at)

    def _send(self, message: Outgoing) -> None:
        """Waits while too much waits for Kafka. Raises Unavailable where we are to stop meanwhile."""
        while True:
            try:
                self.producer.produce(
                    message.topic, message.value, message.key, headers=message.headers, on_delivery=self._delivered
                )
                return
            except BufferError:
                self.producer.poll(_POLL_SECONDS)
                if self.stop.is_set():
                    raise Unavailable("Kafka takes nothing more") from None

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            log.error("Kafka did not take a message: %s", error)
            self.failed.append(error)

    def _acknowledged(self) -> bool:
        """Waits for Kafka; False where it refused something, or we are to stop before it answered."""
        while self.producer.flush(_POLL_SECONDS) and not self.failed:
            if self.stop.is_set():
                return False
            self.progress.waiting(self._lag() or 1)
        return not self.failed

    def _commit(self, batch: Sequence[Message]) -> None:
        """Does not wait: a commit that fails is made up for by the next, and what is read twice gives the same ids."""
        newest = {message.partition() or 0: message.offset() or 0 for message in batch}
        offsets = [TopicPartition(OPENLINEAGE_EVENTS, partition, offset + 1) for partition, offset in newest.items()]
        try:
            self.consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            log.warning("offsets are not committed yet: %s", error)

    def _lag(self) -> int:
        """Events that are waiting, as of the last fetch."""
        total = 0
        for position in self.consumer.position(self.consumer.assignment()):
            _, end = self.consumer.get_watermark_offsets(position, cached=True)
            if position.offset >= 0 and end >= 0:
                total += max(0, end - position.offset)
        return total


def committed(error: KafkaError | None, _partitions: list[TopicPartition]) -> None:
    """What the consumer is to call when Kafka has answered a commit."""
    if error is not None:
        log.warning("offsets are not committed yet: %s", error)
