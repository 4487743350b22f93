"""Brings declarations of bounds into the partitions of the readings, so that one log fixes which came first.

Every partition gets every declaration; the evaluator keeps it in its node's record there, and repeating it changes nothing.
A plain consumer with a group of its own: it needs no state, and commits what Kafka has acknowledged in every partition.
"""

import logging
import threading
from types import TracebackType

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from leadline.core.clock import system_clock
from leadline.core.errors import Unavailable, Unreadable
from leadline.core.settings import Settings
from leadline.events.codec import CONTROL_HEADER, RECORD_HEADER, RECORDED_AT_HEADER, Codec
from leadline.events.kafka import consumer_config, opened, producer_config
from leadline.events.messages import Headers, dead_letter, header, recorded_at_ms, to_message
from leadline.events.records import BoundDeclared
from leadline.events.topics import BOUNDS, METRICS, load_topics
from leadline.events.validate import validate
from leadline.worker.exits import FAILED, end_process

from .transitions import PRODUCER

log = logging.getLogger(__name__)

GROUP = "leadline-bounds-forwarder"
_BATCH = 100
_POLL_SECONDS = 0.5


class Forwarder:
    """Runs on a thread between `with` and its end. What it cannot send ends the process, before it is committed."""

    def __init__(self, settings: Settings, codec: Codec) -> None:
        self._settings, self._codec = settings, codec
        self._partitions = next(topic.partitions for topic in load_topics(settings.environment) if topic.name == METRICS)
        self._failed: list[KafkaError] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="forwarder", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        producer = opened(Producer, producer_config(self._settings))
        consumer = opened(Consumer, consumer_config(self._settings, GROUP))
        try:
            consumer.subscribe([BOUNDS])
            while not self._stop.is_set():
                first = consumer.poll(_POLL_SECONDS)
                if first is not None:
                    self._forward([first, *consumer.consume(_BATCH - 1, timeout=0)], consumer, producer)
        except Exception as error:
            if self._stop.is_set():
                return  # not committed, so the next one reads it again
            end_process(FAILED, f"bounds cannot be forwarded: {type(error).__name__}: {error}")
        finally:
            consumer.close()

    def _forward(self, messages: list[Message], consumer: Consumer, producer: Producer) -> None:
        declared = [message for message in messages if _good(message)]
        for message in declared:
            if message.value() is not None:  # else a tombstone: the declaration was deleted long ago
                self._send(message, producer)
        while producer.flush(_POLL_SECONDS):
            if self._stop.is_set():
                return  # not committed, so the next one sends it again
        if self._failed:
            raise KafkaException(self._failed[0])
        if declared:
            _commit(consumer, declared)

    def _send(self, message: Message, producer: Producer) -> None:
        try:
            self._check(message)
        except Unreadable as error:
            log.warning("%s[%s]@%s is unreadable: %s", message.topic(), message.partition(), message.offset(), error)
            self._bury(message, error, producer)
            return
        headers: Headers = [(CONTROL_HEADER, b"BoundDeclared"), (RECORDED_AT_HEADER, str(_recorded_at_ms(message)).encode())]
        for partition in range(self._partitions):
            producer.produce(
                METRICS,
                key=message.key(),
                value=message.value(),
                partition=partition,
                headers=headers,
                on_delivery=self._delivered,
            )

    def _check(self, message: Message) -> None:
        """Raises Unreadable; waits for a registry that is away."""
        while True:
            try:
                event = self._codec.decode(message.value(), header(message.headers(), RECORD_HEADER))
                break
            except Unavailable as error:
                log.warning("%s", error)
                if self._stop.wait(_POLL_SECONDS):
                    raise
        if not isinstance(event, BoundDeclared):
            raise Unreadable("unknown_record", f"{type(event).__name__} does not belong into {BOUNDS}")
        validate(event)

    def _bury(self, message: Message, error: Unreadable, producer: Producer) -> None:
        letter = dead_letter(
            consumer="bounds",
            topic=message.topic() or "",
            partition=message.partition() or 0,
            offset=message.offset() or 0,
            timestamp_ms=message.timestamp()[1],
            key=message.key(),
            payload=message.value(),
            headers=message.headers(),
            reason=error.reason,
            error=str(error),
            now=system_clock(),
            producer=PRODUCER,
        )
        out = to_message(self._codec, letter, _recorded_at_ms(message))
        producer.produce(out.topic, key=out.key, value=out.value, headers=out.headers, on_delivery=self._delivered)

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._failed.append(error)


def _recorded_at_ms(message: Message) -> int:
    return recorded_at_ms(message.timestamp()[1], message.headers())


def _good(message: Message) -> bool:
    """False for news of the client, which goes on by itself. Raises KafkaException where it cannot."""
    error = message.error()
    if error is not None and error.fatal():
        raise KafkaException(error)
    if error is not None:
        log.warning("%s: %s", BOUNDS, error)
    return error is None


def _commit(consumer: Consumer, done: list[Message]) -> None:
    """A commit that fails is made up for by the next; until then what is read twice is sent twice."""
    after = {message.partition() or 0: (message.offset() or 0) + 1 for message in done}
    try:
        consumer.commit(offsets=[TopicPartition(BOUNDS, *one) for one in after.items()], asynchronous=False)
    except KafkaException as error:
        log.warning("offsets are not committed yet: %s", error)
