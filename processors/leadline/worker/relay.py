"""The loop of what reads Kafka and keeps no state: a batch of messages in, what they mean out, then the offsets.

At least once: offsets are committed after Kafka has acknowledged all that was made of the batch, whose ids are derived, so
that what is read twice is known as the same.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from prometheus_client import Counter, Histogram

from leadline.core.clock import Clock
from leadline.core.errors import Unavailable, Unreadable
from leadline.core.health import Progress
from leadline.core.share import UnreadableShare
from leadline.events.codec import Codec
from leadline.events.messages import Message as Outgoing
from leadline.events.messages import dead_letter, recorded_at_ms, to_message

from .exits import FAILED, UNREADABLE

log = logging.getLogger(__name__)

T = TypeVar("T")

_POLL_SECONDS = 0.5
_RETRY_SECONDS = 0.5


@dataclass
class Relay:
    """Belongs to one thread. `name`: what dead letters call the reader; `made_by`: their producer."""

    name: str
    made_by: str
    topic: str
    batch: int
    consumer: Consumer
    producer: Producer
    codec: Codec
    progress: Progress
    clock: Clock
    stop: threading.Event
    seconds: Histogram
    """From taking a batch to Kafka's acknowledgement."""
    dead: Counter
    unreadable: UnreadableShare = field(default_factory=UnreadableShare)
    failed: list[KafkaError] = field(default_factory=list)
    _bad: int = field(default=0, init=False)
    """Of the batch in hand."""

    def run(self, publish: Callable[[Sequence[Message]], None]) -> int:
        """0 when asked to stop; else why it cannot go on. What was not committed is read again by the next one."""
        try:
            return self._run(publish)
        except Unavailable:
            if not self.stop.is_set():
                raise
            return 0

    def patiently(self, ask: Callable[[], T]) -> T:
        """Waits for what is away, such as the registry. Raises Unavailable where we are to stop meanwhile."""
        while True:
            try:
                return ask()
            except Unavailable as error:
                log.warning("%s", error)
                self.progress.waiting(self._lag() or 1)
                if self.stop.wait(_RETRY_SECONDS):
                    raise

    def send(self, message: Outgoing, partition: int = -1) -> None:
        """Waits while too much waits for Kafka; -1: the key's partition. Raises Unavailable where we are to stop meanwhile."""
        while True:
            try:
                self.producer.produce(
                    message.topic,
                    message.value,
                    message.key,
                    partition,
                    headers=message.headers,
                    on_delivery=self._delivered,
                )
                return
            except BufferError:
                self.producer.poll(_POLL_SECONDS)
                if self.stop.is_set():
                    raise Unavailable("Kafka takes nothing more") from None

    def bury(self, message: Message, error: Unreadable) -> None:
        """To the dead letters; with too many of them the loop ends."""
        log.warning("%s[%s]@%s is unreadable: %s", message.topic(), message.partition(), message.offset(), error)
        self.dead.inc()
        self._bad += 1
        buried = dead_letter(
            consumer=self.name,
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
            producer=self.made_by,
        )
        self.send(self.patiently(lambda: to_message(self.codec, buried, known_at_ms(message))))

    def _run(self, publish: Callable[[Sequence[Message]], None]) -> int:
        self.consumer.subscribe([self.topic])
        while not self.stop.is_set():
            batch = self._take()
            if batch:
                with self.seconds.time():
                    self._bad = 0
                    publish(batch)
                    self.unreadable.saw(self._bad, len(batch))
                    if not self._acknowledged():
                        return FAILED if self.failed else 0
                self._commit(batch)
            if self.unreadable.too_large:
                log.critical(
                    "%s messages of %s cannot be used; look at `leadline dead-letters list`", self.unreadable, self.topic
                )
                return UNREADABLE
            self.progress.advanced(self._lag())
        return 0

    def _take(self) -> list[Message]:
        """The next messages; waits for the first, not for the rest. Raises KafkaException where the client cannot go on."""
        first = self.consumer.poll(_POLL_SECONDS)
        if first is None:
            return []
        return [message for message in (first, *self.consumer.consume(self.batch - 1, timeout=0)) if _good(message)]

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
        """Does not wait: a broker that has gone would hold us for a minute, and the next commit makes up for one that fails."""
        newest = {message.partition() or 0: message.offset() or 0 for message in batch}
        offsets = [TopicPartition(self.topic, partition, offset + 1) for partition, offset in newest.items()]
        try:
            self.consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            log.warning("offsets are not committed yet: %s", error)

    def _lag(self) -> int:
        """Messages that are waiting, as of the last fetch."""
        total = 0
        for position in self.consumer.position(self.consumer.assignment()):
            _, end = self.consumer.get_watermark_offsets(position, cached=True)
            if position.offset >= 0 and end >= 0:
                total += max(0, end - position.offset)
        return total


def _good(message: Message) -> bool:
    """False for news of the client, which goes on by itself. Raises KafkaException where it cannot."""
    error = message.error()
    if error is not None and error.fatal():
        raise KafkaException(error)
    if error is not None:
        log.warning("%s: %s", message.topic(), error)
    return error is None


def known_at_ms(message: Message) -> int:
    """When what the message says was known."""
    return recorded_at_ms(message.timestamp()[1], message.headers())


def committed(error: KafkaError | None, _partitions: list[TopicPartition]) -> None:
    """What the consumer is to call when Kafka has answered a commit."""
    if error is not None:
        log.warning("offsets are not committed yet: %s", error)
