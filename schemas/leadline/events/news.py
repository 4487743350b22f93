"""What Kafka clients have to say about brokers that are away, as log lines of ours.

librdkafka writes to stderr at every attempt, up to twenty times a second and client: nobody could find anything beside that.
"""

import logging
import time
from collections.abc import Callable

from confluent_kafka import KafkaError

from leadline.core.settings import Settings

from .kafka_security import explained

log = logging.getLogger(__name__)

_QUIET_SECONDS = 30.0


class News:
    """An `error_cb`. Each kind of news is told at most once in 30 s."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._told: dict[int, float] = {}

    def __call__(self, error: KafkaError) -> None:
        now = self._monotonic()
        if now - self._told.get(error.code(), -_QUIET_SECONDS) >= _QUIET_SECONDS:
            self._told[error.code()] = now
            log.warning("%s", explained(error, self._settings))
