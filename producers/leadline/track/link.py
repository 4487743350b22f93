"""The connection to Kafka and the registry: confluent-kafka with everything unacknowledged kept, so that none is lost."""

import functools
import logging
import time
from typing import Any

from confluent_kafka import KafkaError, Producer

from leadline.core.errors import Unavailable
from leadline.core.settings import Settings, shown
from leadline.events.kafka import opened, producer_config
from leadline.events.kafka_security import Reason, lasting
from leadline.events.registry import RegistryClient

from .entry import Entry, Stamps
from .stats import Counters

MAX_PENDING_BYTES = 16 * 1024 * 1024
MAX_PENDING = 20_000
ROOM_SECONDS = 0.2
"""How long one event waits for room in the connection, before it takes the way through the spool."""
SERVED_EVERY = 100
"""Events between two looks at what Kafka answered: each gives the interpreter's lock away, and a busy job returns it late."""
SILENT_SECONDS = 10.0
"""Kafka is away when it acknowledges nothing for so long."""
REGISTRY_SECONDS = 2.0

_quiet = logging.getLogger("leadline.track.kafka")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False  # what concerns the job is said in our own one line


class Busy(Unavailable):
    """Kafka is there and slower than what is reported: the connection holds as much as it may."""


class Link:
    """Belongs to one thread. Callbacks run within `poll`."""

    def __init__(self, settings: Settings, counters: Counters) -> None:
        """Raises UsageError without addresses, or where the settings make no sense. Kafka is not waited for."""
        settings.require("kafka", "schema_registry")
        self.address = shown(settings.kafka)
        self.failure = ""
        """Why Kafka has to be taken for away; empty while it works."""
        self._reason = Reason(settings)
        self._counters = counters
        self._stamps = Stamps(RegistryClient.of(settings, REGISTRY_SECONDS))
        self._pending: dict[int, Entry] = {}
        self._bytes = 0
        self._number = 0
        self._heard_at = 0.0
        self._too_large = KafkaError.MSG_SIZE_TOO_LARGE
        config: dict[str, Any] = {
            "client.id": "leadline.track",
            # Never: a START that expired alone would let the run's end pass it. We take back all that waits, or nothing.
            "message.timeout.ms": 0,
            "queue.buffering.max.kbytes": 4 * MAX_PENDING_BYTES // 1024,
            "reconnect.backoff.max.ms": 2_000,
            "error_cb": self._error,
        }
        self._producer = opened(Producer, producer_config(settings, **config), logger=_quiet)

    def __len__(self) -> int:
        return len(self._pending)

    def send(self, entry: Entry) -> None:
        """Raises Busy where there is no room, Unavailable where Kafka or the registry is away, UsageError where it refuses."""
        value = self._stamps.value(entry)
        self._make_room()
        if not self._pending:
            self._heard_at = time.monotonic()
        number = self._number
        self._number += 1
        self._pending[number] = entry
        self._bytes += len(entry)
        try:
            self._producer.produce(
                entry.topic,
                key=entry.key,
                value=value,
                headers=list(entry.headers),
                on_delivery=functools.partial(self._delivered, number),
            )
        except Exception as error:
            self._forget(number)
            code = getattr(error.args[0] if error.args else None, "code", lambda: None)()
            if code != self._too_large:
                raise Unavailable(f"Kafka at {self.address} takes nothing: {error}") from error
            self._counters.drop(entry.record, "too_large", entry.count)

    def poll(self, seconds: float) -> None:
        self._producer.poll(seconds)
        if self._pending and not self.failure and time.monotonic() - self._heard_at > SILENT_SECONDS:
            silent = f"Kafka at {self.address} has acknowledged nothing for {SILENT_SECONDS:g} s"
            self.failure = self._reason.sentence or silent

    def recall(self) -> list[Entry]:
        """Everything that was not acknowledged, in order; some of it may have arrived all the same."""
        self._producer.poll(0)
        entries, self._pending, self._bytes = list(self._pending.values()), {}, 0
        self._producer.purge()
        self._producer.poll(0)
        self.failure = ""
        return entries

    def abandon(self) -> None:
        """In a forked child: the client's threads are the parent's, so even its destructor would hang for ever."""
        import ctypes

        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._producer))

    def _make_room(self) -> None:
        if self._number % SERVED_EVERY == 0:
            self.poll(0)
        deadline = time.monotonic() + ROOM_SECONDS
        while self._bytes >= MAX_PENDING_BYTES or len(self._pending) >= MAX_PENDING:
            if self.failure:
                raise Unavailable(self.failure)
            if time.monotonic() >= deadline:
                raise Busy(f"Kafka at {self.address} is slower than what is reported")
            self.poll(0.05)

    def _delivered(self, number: int, error: Any, _message: Any) -> None:
        entry = self._pending.get(number)
        if entry is None:  # recalled before
            return
        self._heard_at = time.monotonic()
        if error is None:
            self._reason.sentence = ""
            self._counters.sent += 1
        elif error.code() == self._too_large:
            self._counters.drop(entry.record, "too_large", entry.count)
        else:
            self._fail(error)
            return
        self._forget(number)

    def _forget(self, number: int) -> None:
        self._bytes -= len(self._pending.pop(number))

    def _error(self, error: Any) -> None:
        """With nothing pending it may pass before anybody needs Kafka."""
        self._reason(error)
        if error.fatal() or self._pending or lasting(error):
            self._fail(error)

    def _fail(self, error: Any) -> None:
        """The first one says why; what follows, that all brokers are down and that messages timed out, follows from it."""
        self._reason(error)
        self.failure = self.failure or self._reason.sentence
