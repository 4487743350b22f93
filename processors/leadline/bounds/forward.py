"""Brings declarations of bounds into the partitions of the readings, so that one log fixes which came first.

Every partition gets every declaration; the evaluator keeps it in its node's record there, and repeating it changes nothing.
A plain consumer with a group of its own: it needs no state, and commits what Kafka has acknowledged in every partition.
"""

import threading
from collections.abc import Sequence
from types import TracebackType

from confluent_kafka import Consumer, Message, Producer
from prometheus_client import Counter, Histogram

from leadline.core.clock import system_clock
from leadline.core.errors import Unreadable
from leadline.core.health import Progress
from leadline.core.settings import Settings
from leadline.events.codec import CONTROL_HEADER, RECORD_HEADER, RECORDED_AT_HEADER, Codec
from leadline.events.kafka import consumer_config, opened, producer_config
from leadline.events.messages import Message as Outgoing
from leadline.events.messages import header
from leadline.events.records import BoundDeclared
from leadline.events.topics import BOUNDS, METRICS, load_topics
from leadline.events.validate import validate
from leadline.worker.exits import FAILED, end_process
from leadline.worker.relay import Relay, committed, known_at_ms

from .transitions import PRODUCER

GROUP = "leadline-bounds-forwarder"
_BATCH = 100
_STALL_AFTER_SECONDS = 60.0

_dead = Counter("leadline_bounds_forwarder_dead_letters", "Declarations of bounds that could not be read")
_seconds = Histogram("leadline_bounds_forwarder_seconds", "From taking a batch of declarations to Kafka's acknowledgement")


class Forwarder:
    """Runs on a thread between `with` and its end. What it cannot send ends the process, before it is committed."""

    def __init__(self, settings: Settings, codec: Codec) -> None:
        self._settings, self._codec = settings, codec
        self._partitions = next(topic.partitions for topic in load_topics(settings.environment) if topic.name == METRICS)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="forwarder", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        relay = self._relay()
        try:
            code = relay.run(lambda batch: self._forward(relay, batch))
        except Exception as error:
            if self._stop.is_set():
                return  # not committed, so the next one reads it again
            end_process(FAILED, f"bounds cannot be forwarded: {type(error).__name__}: {error}")
        finally:
            relay.consumer.close()
        if code:
            end_process(code, "bounds cannot be forwarded")

    def _relay(self) -> Relay:
        return Relay(
            name="bounds",
            made_by=PRODUCER,
            topic=BOUNDS,
            batch=_BATCH,
            consumer=opened(Consumer, consumer_config(self._settings, GROUP, on_commit=committed)),
            producer=opened(Producer, producer_config(self._settings)),
            codec=self._codec,
            progress=Progress(_STALL_AFTER_SECONDS),  # the worker's own is the evaluator's
            clock=system_clock,
            stop=self._stop,
            seconds=_seconds,
            dead=_dead,
        )

    def _forward(self, relay: Relay, batch: Sequence[Message]) -> None:
        for message in batch:
            if message.value() is None:
                continue  # a tombstone: the declaration was deleted long ago
            try:
                _check(relay, message)
            except Unreadable as error:
                relay.bury(message, error)
                continue
            for partition in range(self._partitions):
                relay.send(_declaration(message), partition)


def _check(relay: Relay, message: Message) -> None:
    """Raises Unreadable; Unavailable where we are to stop meanwhile."""
    record = header(message.headers(), RECORD_HEADER)
    event = relay.patiently(lambda: relay.codec.decode(message.value(), record))
    if not isinstance(event, BoundDeclared):
        raise Unreadable("unknown_record", f"{type(event).__name__} does not belong into {BOUNDS}")
    validate(event)


def _declaration(message: Message) -> Outgoing:
    return Outgoing(
        topic=METRICS,
        key=message.key() or b"",
        value=message.value() or b"",
        headers=[(CONTROL_HEADER, b"BoundDeclared"), (RECORDED_AT_HEADER, str(known_at_ms(message)).encode())],
    )
