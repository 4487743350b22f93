"""What Kafka clients have to say about brokers that are away, as log lines of ours.

librdkafka writes to stderr at every attempt, up to twenty times a second and client: nobody could find anything beside that.
"""

import logging
import time
from collections.abc import Callable

from confluent_kafka import KafkaError

log = logging.getLogger(__name__)

_QUIET_SECONDS = 30.0


class News:
    """An `error_cb`. Each kind of news is told at most once in 30 s."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._told: dict[int, float] = {}

    def __call__(self, error: KafkaError) -> None:
        now = self._monotonic()
        if now - self._told.get(error.code(), -_QUIET_SECONDS) >= _QUIET_SECONDS:
            self._told[error.code()] = now
            log.warning("Kafka: %s", error.str())
