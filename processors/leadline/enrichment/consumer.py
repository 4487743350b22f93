"""The loop: a batch of transitions in, as many alerts out, then the offsets."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from prometheus_client import Counter, Histogram

from leadline.core.clock import Clock, Micros
from leadline.core.errors import Unavailable, Unreadable
from leadline.core.health import Progress
from leadline.core.share import UnreadableShare
from leadline.events.codec import RECORD_HEADER, Codec
from leadline.events.messages import dead_letter, header, recorded_at_ms, to_message
from leadline.events.records import Event, Transition
from leadline.events.topics import TRANSITIONS
from leadline.events.validate import validate

from .enrich import PRODUCER, enrich
from .historian import Historian

log = logging.getLogger(__name__)

CONSUMER = "enrichment"
_BATCH = 64
_POLL_SECONDS = 0.5
_RETRY_SECONDS = 0.5
EXIT_FAILED = 1
EXIT_UNREADABLE = 65

_alerts = Counter("leadline_enrichment_alerts", "Alerts published")
_thin = Counter("leadline_enrichment_thin_alerts", "Alerts published with something missing")
_dead = Counter("leadline_enrichment_dead_letters", "Transitions that could not be read")
_seconds = Histogram("leadline_enrichment_seconds", "From taking a batch of transitions to Kafka's acknowledgement")


@dataclass
class Enrichment:
    consumer: Consumer
    producer: Producer
    codec: Codec
    historian: Historian
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
        self.consumer.subscribe([TRANSITIONS])
        while not self.stop.is_set():
            batch = self._take()
            if batch:
                with _seconds.time():
                    self._publish(batch)
                    if not self._acknowledged():
                        return EXIT_FAILED if self.failed else 0
                self._commit(batch)
            if self.unreadable.too_large:
                log.critical("%s transitions are unreadable; look at `leadline dead-letters list`", self.unreadable)
                return EXIT_UNREADABLE
            self.progress.advanced(self._lag())
        return 0

    def _commit(self, batch: Sequence[Message]) -> None:
        """Does not wait: a broker that has gone would hold us for a minute, and a commit that fails is made up for by the next.

        What is read twice until then gives the same alerts.
        """
        try:
            self.consumer.commit(offsets=_after(batch), asynchronous=True)
        except KafkaException as error:
            log.warning("offsets are not committed yet: %s", error)

    def _take(self) -> list[Message]:
        """The next transitions; waits for the first, not for the rest."""
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
        readable: list[tuple[Transition, int]] = []
        for message in batch:
            known_at = recorded_at_ms(message.timestamp()[1], _headers(message))
            event = self._read(message)
            self.unreadable.saw(int(event is None), 1)
            if event is not None:
                readable.append((event, known_at))
        answers = self.historian.ask([(event, known_at * 1000) for event, known_at in readable])
        for (event, known_at), known in zip(readable, answers, strict=True):
            self._send(enrich(event, known), known_at)
            _alerts.inc()
            _thin.inc(bool(known.missing))

    def _read(self, message: Message) -> Transition | None:
        """None for what went to the dead letters."""
        try:
            return self._decode(message)
        except Unreadable as error:
            self._bury(message, error)
            return None

    def _decode(self, message: Message) -> Transition:
        while True:
            try:
                event = self.codec.decode(message.value(), header(_headers(message), RECORD_HEADER))
                break
            except Unavailable as error:
                log.warning("%s", error)
                if self.stop.wait(_RETRY_SECONDS):
                    raise
        if type(event) is not Transition:  # an Alert is one too, and does not belong here
            raise Unreadable("unknown_record", f"{type(event).__name__} does not belong on {TRANSITIONS}")
        validate(event)
        return event

    def _bury(self, message: Message, error: Unreadable) -> None:
        log.warning("dead letter from partition %s at %s: %s", message.partition(), message.offset(), error)
        _dead.inc()
        buried = dead_letter(
            consumer=CONSUMER,
            topic=message.topic() or "",
            partition=message.partition() or 0,
            offset=message.offset() or 0,
            timestamp_ms=message.timestamp()[1],
            key=message.key(),
            payload=message.value(),
            headers=_headers(message),
            reason=error.reason,
            error=str(error),
            now=self.clock(),
            producer=PRODUCER,
        )
        self._send(buried, recorded_at_ms(message.timestamp()[1], _headers(message)))

    def _send(self, event: Event, known_at: Micros) -> None:
        message = to_message(self.codec, event, known_at)
        self.producer.produce(
            message.topic, key=message.key, value=message.value, headers=list(message.headers), on_delivery=self._delivered
        )

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            log.error("Kafka did not take an alert: %s", error)
            self.failed.append(error)

    def _acknowledged(self) -> bool:
        """Waits for Kafka; False where it refused something, or we are to stop before it answered."""
        while self.producer.flush(_POLL_SECONDS) and not self.failed:
            if self.stop.is_set():
                return False
            self.progress.waiting(self._lag() or 1)
        return not self.failed

    def _lag(self) -> int:
        """Transitions that are waiting, as of the last fetch."""
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


def _headers(message: Message) -> list[tuple[str, bytes | None]]:
    headers: Any = message.headers() or []
    return [(key, value.encode() if isinstance(value, str) else value) for key, value in headers]


def _after(batch: Sequence[Message]) -> list[TopicPartition]:
    newest = {message.partition() or 0: message.offset() or 0 for message in batch}
    return [TopicPartition(TRANSITIONS, partition, offset + 1) for partition, offset in newest.items()]
