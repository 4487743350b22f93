"""Reads a stretch of the role's topic straight from the broker, outside of the consumer group."""

import logging
import time
from collections.abc import Generator

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from leadline.core.errors import Unavailable
from leadline.core.settings import Settings, shown
from leadline.events.kafka import consumer_config, opened

from .apply import Incoming

log = logging.getLogger(__name__)

_CHUNK = 500
_PATIENCE_SECONDS = 30.0


class LogReader:
    """One thread at a time. Raises Unavailable where Kafka does not answer for 30 s."""

    def __init__(self, settings: Settings, topic: str, group: str) -> None:
        self._topic, self._address = topic, shown(settings.kafka)
        self._consumer = opened(Consumer, consumer_config(settings, group, **{"enable.partition.eof": True}))

    def begin(self, partition: int) -> int:
        """The first offset that is there."""
        try:
            begin, _ = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), timeout=_PATIENCE_SECONDS)
        except KafkaException as error:
            raise self._away(str(error)) from error
        return begin

    def read(self, partition: int, start: int, end: int) -> Generator[list[Incoming]]:
        """The messages in [start, end), some hundreds at a time. Until it ends or is closed nothing else may be read."""
        self._consumer.assign([TopicPartition(self._topic, partition, start)])
        deadline = time.monotonic() + _PATIENCE_SECONDS
        try:
            while start < end:
                found, ended = self._some()
                if not found and not ended and time.monotonic() > deadline:
                    raise self._away(f"no message of {self._topic}[{partition}] from {start} on for {_PATIENCE_SECONDS:.0f} s")
                if found:
                    start, deadline = found[-1].offset + 1, time.monotonic() + _PATIENCE_SECONDS
                    yield [message for message in found if message.offset < end]
                if ended:
                    return
        finally:
            self._consumer.unassign()

    def _some(self) -> tuple[list[Incoming], bool]:
        """What is there, waiting for the first and not for the rest, and whether the partition ends after it."""
        first = self._consumer.poll(1.0)
        given = [] if first is None else [first, *self._consumer.consume(_CHUNK, timeout=0)]
        ended = False
        for error in filter(None, (message.error() for message in given)):
            ended = ended or error.code() == KafkaError._PARTITION_EOF
            if error.code() != KafkaError._PARTITION_EOF:
                log.warning("reading %s: %s", self._topic, error)  # librdkafka goes on trying
        return [_incoming(message) for message in given if message.error() is None], ended

    def close(self) -> None:
        self._consumer.close()

    def _away(self, why: str) -> Unavailable:
        return Unavailable(f"Kafka at {self._address} does not answer: {why}")


def _incoming(message: Message) -> Incoming:
    return Incoming(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1],
        message.key(),
        message.value(),
        list(message.headers() or ()),  # type: ignore[arg-type]
    )
