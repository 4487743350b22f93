"""Where the sink is in each partition that it has been given."""

import logging
from collections.abc import Iterable, Mapping

from confluent_kafka import Consumer, KafkaException, TopicPartition

from leadline.core.clock import Micros

from .flush import Outcome, Stop
from .message import Partition
from .watermarks import Watermark

log = logging.getLogger(__name__)

_ASK_SECONDS = 5.0


class Positions:
    """Of one consumer, in its thread."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self._next: dict[Partition, int] = {}
        self._recorded_at: dict[Partition, Micros] = {}
        self.stopped: dict[Partition, Stop] = {}

    def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        """Starts at what was committed; a negative offset: nothing was yet, or Kafka did not say in time."""
        given = list(partitions)
        try:
            given = self._consumer.committed(given, timeout=_ASK_SECONDS)
        except KafkaException as error:
            log.warning("Kafka does not say what was committed, so lag is not known until something is read: %s", error)
        for found in given:
            self._next[found.topic, found.partition] = found.offset

    def revoked(self, partitions: Iterable[TopicPartition]) -> None:
        for gone in partitions:
            for known in (self._next, self._recorded_at, self.stopped):
                known.pop((gone.topic, gone.partition), None)

    def flushed(self, outcome: Outcome) -> dict[Partition, int]:
        """What is to be committed of an outcome: of partitions that are still ours."""
        ours = {partition: done for partition, done in outcome.done.items() if partition in self._next}
        for partition, done in ours.items():
            self._next[partition] = done.offset
            if done.newest_ms is not None:
                self._recorded_at[partition] = done.newest_ms * 1000
        self.stopped.update({partition: stop for partition, stop in outcome.stopped.items() if partition in self._next})
        return {partition: done.offset for partition, done in ours.items()}

    def watermarks(self, now: Micros) -> list[Watermark]:
        """Of all partitions whose end is known."""
        found = []
        for (topic, partition), next_offset in self._next.items():
            first, end = self._ends(topic, partition)
            if end >= 0:
                at = max(next_offset, first)
                found.append(Watermark(topic, partition, at, end, self._recorded_at.get((topic, partition)), now))
        return found

    def _ends(self, topic: str, partition: int) -> tuple[int, int]:
        """First and end offset, as the last fetch said; -1001 where there was none yet."""
        ends: tuple[int, int] | None = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
        return ends or (-1, -1)

    def lag(self) -> int:
        return sum(max(mark.end_offset - mark.next_offset, 0) for mark in self.watermarks(0))


def to_commit(offsets: Mapping[Partition, int]) -> list[TopicPartition]:
    return [TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items() if offset >= 0]
