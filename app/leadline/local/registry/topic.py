"""The `_schemas` topic: one partition, compacted, written and read back by this process alone."""

import threading
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from leadline.core.errors import Unavailable
from leadline.core.settings import Settings, shown
from leadline.events.kafka import admin_config, consumer_config, producer_config

from .records import Key, Value, from_bytes, noop_key, to_bytes
from .state import State

TOPIC = "_schemas"
_WRITE_SECONDS = 10.0
_FIND_SECONDS = 60.0
_CLIENT = {"reconnect.backoff.ms": 50, "reconnect.backoff.max.ms": 500, "log_level": 2}
"""Quick to find a broker that is back, and silent meanwhile: whoever asked is told."""


class SchemasTopic:
    """Keeps `state` as the topic says. One writer at a time: the caller holds a lock around write()."""

    def __init__(self, settings: Settings, state: State) -> None:
        self._settings = settings
        self._state = state
        self._next = 0
        self._moved = threading.Condition()
        self._uncertain = True
        self._producer = _new_producer(settings)
        self._reader = threading.Thread(target=self._read, name="schemas-reader", daemon=True)

    def open(self) -> None:
        """Makes the topic where it is missing and reads it to its end. Raises Unavailable."""
        _create(self._settings)
        self._reader.start()
        self._barrier()

    def alive(self) -> bool:
        return self._reader.is_alive()

    def write(self, key: Key, value: Value | None) -> None:
        """Returns when Kafka acknowledged the record and it was read back. Raises Unavailable; then it may still appear."""
        if self._uncertain:
            self._barrier()
        self._append(key, value)

    def _barrier(self) -> None:
        """All that an earlier, failed or foreign write left in the topic is read before anything is decided upon it."""
        self._append(noop_key(), None)
        self._uncertain = False

    def _append(self, key: Key, value: Value | None) -> None:
        done: list[tuple[KafkaError | None, int | None]] = []
        deadline = time.monotonic() + _WRITE_SECONDS
        self._producer.produce(
            TOPIC, key=to_bytes(key), value=to_bytes(value), partition=0, on_delivery=lambda e, m: done.append((e, m.offset()))
        )
        while not done and time.monotonic() < deadline:
            self._producer.poll(0.1)
        if not done or done[0][0] is not None:
            self._forget_writes()
            raise Unavailable(
                f"Kafka at {shown(self._settings.kafka)} did not take the change: {done[0][0] if done else 'no answer'}"
            )
        self._await_read(done[0][1] or 0, deadline)

    def _await_read(self, offset: int, deadline: float) -> None:
        with self._moved:
            if not self._moved.wait_for(lambda: self._next > offset, max(0.0, deadline - time.monotonic())):
                self._uncertain = True
                raise Unavailable(f"the change was not read back from {TOPIC} in time; ask again")

    def _forget_writes(self) -> None:
        """What is still queued must not follow later, behind the back of whoever was told that it failed."""
        self._producer.purge()
        self._producer = _new_producer(self._settings)
        self._uncertain = True

    def _read(self) -> None:
        consumer = Consumer(consumer_config(self._settings, "leadline-registry", **_CLIENT))
        consumer.assign([TopicPartition(TOPIC, 0, 0)])
        while True:
            message = consumer.poll(1.0)
            if message is not None and message.error() is None:
                self._apply(message)

    def _apply(self, message: Message) -> None:
        key, offset = from_bytes(message.key()), message.offset()
        assert offset is not None
        with self._moved:
            if key is not None:
                self._state.apply(key, from_bytes(message.value()))
            self._next = offset + 1
            self._moved.notify_all()


def _create(settings: Settings) -> None:
    admin = AdminClient(admin_config(settings, **_CLIENT))
    try:
        if TOPIC in admin.list_topics(timeout=_FIND_SECONDS).topics:
            return
        replicas = 1 if settings.environment == "local" else 3
        topic = NewTopic(TOPIC, num_partitions=1, replication_factor=replicas, config={"cleanup.policy": "compact"})
        admin.create_topics([topic])[TOPIC].result(timeout=30)
    except KafkaException as error:
        raise Unavailable(f"Kafka at {shown(settings.kafka)} does not answer: {error}") from error


def _new_producer(settings: Settings) -> Producer:
    """One record at a time is in flight and a doubled one says nothing new, so that no producer id has to be waited for."""
    more = {"enable.idempotence": False, "max.in.flight": 1, "linger.ms": 0, "delivery.timeout.ms": int(_WRITE_SECONDS * 1000)}
    return Producer(producer_config(settings, **more, **_CLIENT))
