"""Ends a worker that holds partitions with lag and makes no progress: Faust only logs that (faust.md, rows 4 to 7).

A thread with a client of its own, so that it also sees a stuck event loop. It never joins the group.
"""

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from leadline.core.health import Progress
from leadline.core.settings import Settings
from leadline.events.kafka import consumer_config

from .exits import STUCK, end_process

log = logging.getLogger(__name__)

_LOOK_EVERY_SECONDS = 1.0


def stall_seconds(settings: Settings) -> float:
    """LEADLINE_STALL_SECONDS; 60 locally, 300 in production: longer than a rebalance after a lost member."""
    return float(os.environ.get("LEADLINE_STALL_SECONDS") or (60.0 if settings.environment == "local" else 300.0))


@dataclass
class Position:
    """How far this worker is: written by the agent, read by the watchdog.

    `steps` grows with all work; `next_offsets` are those to read next, of the partitions that are owned.
    """

    steps: int = 0
    next_offsets: dict[int, int] = field(default_factory=dict)


class Watchdog:
    """`owned()` are the partitions held now; while there are none, all of the topic count, and so does the whole group's
    progress: a worker that never gets back into the group is stuck too."""

    def __init__(
        self,
        settings: Settings,
        *,
        topic: str,
        group: str,
        partitions: int,
        progress: Progress,
        position: Position,
        owned: Callable[[], set[int]],
        recovery_left: Callable[[], int],
        stall_after_seconds: float,
    ) -> None:
        self._topic, self._all = topic, set(range(partitions))
        self._progress, self._position = progress, position
        self._owned, self._recovery_left = owned, recovery_left
        self._stall_after = stall_after_seconds
        self._config = consumer_config(settings, group)
        self._last: object = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        from confluent_kafka import Consumer, KafkaException

        client = Consumer(self._config)
        answered = True
        try:
            while not self._stop.wait(_LOOK_EVERY_SECONDS):
                try:
                    self._look(client)
                    answered = True
                except KafkaException as error:
                    if answered:
                        log.warning("the watchdog cannot ask Kafka: %s", error)
                    answered = False
        finally:
            client.close()

    def _look(self, client: object) -> None:
        owned = self._owned()
        held = owned or self._all
        read, lag = self._lag(client, held)
        seen = (self._position.steps, self._recovery_left(), None if owned else read)
        if seen != self._last or lag == 0:
            self._progress.advanced(lag=lag, partitions=sorted(owned))
        else:
            self._progress.waiting(lag)
        self._last = seen
        stalled = self._progress.stalled_for()
        if stalled > self._stall_after:
            end_process(
                STUCK,
                f"no progress for {stalled:.0f} s with {lag} messages waiting in {self._topic} {sorted(held)}: restart me",
            )

    def _lag(self, client: object, held: set[int]) -> tuple[int, int]:
        """How far the partitions are read, summed, and how many messages wait."""
        from confluent_kafka import Consumer, TopicPartition

        assert isinstance(client, Consumer)
        read = lag = 0
        for committed in client.committed([TopicPartition(self._topic, partition) for partition in sorted(held)], timeout=10):
            low, end = client.get_watermark_offsets(committed, timeout=10, cached=False)
            # What Faust committed may never have been processed, so it only counts for partitions that are not ours.
            at = max(low, self._position.next_offsets.get(committed.partition, committed.offset))
            read += at
            lag += max(0, end - at)
        return read, lag
