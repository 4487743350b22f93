"""The apply rule: what happens with one message, and in which order it becomes known to others.

1. Skip what the state record has seen already (its offset is not below the message's).
2. Decode; what is unreadable becomes a dead letter.
3. Call the role's pure function.
4. Only `flush` makes it known: outputs acknowledged by the broker, then the state's changelog acknowledged, then the table
   written, then the messages acknowledged in their order. A crash anywhere before the last step computes the same again
   from the older state and sends the same ids.

Beside the states the table holds a mark per partition, written after them: the offset up to which they are complete.
"""

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Generic

from leadline.core.clock import Clock, Micros, system_clock
from leadline.core.errors import Unavailable, Unreadable
from leadline.core.share import UnreadableShare
from leadline.events.codec import Codec, unframe
from leadline.events.kafka import MAX_MESSAGE_BYTES
from leadline.events.messages import (
    CONTROL_HEADER,
    RECORD_HEADER,
    Headers,
    Message,
    dead_letter,
    header,
    recorded_at_ms,
    to_message,
)
from leadline.events.records import Event, Tick
from leadline.events.validate import validate

from .deadlines import Deadlines
from .role import Role, State
from .state import Entry, StateCodec, position

log = logging.getLogger(__name__)

_PARTITION_BYTES = 2
_REGISTRY_ATTEMPTS = 30
_REGISTRY_RETRY_SECONDS = 1.0
_DECODED = 5000
"""So many states are kept decoded."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as Kafka gave it; `timestamp_ms` is the broker's stamp."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def table_key(partition: int, entity: bytes) -> bytes:
    """The partition is part of the key: a scan of the table then knows what is ours, and a producer with another
    partitioner cannot mix the offsets of two partitions in one record."""
    return partition.to_bytes(_PARTITION_BYTES, "big") + entity


def mark_key(partition: int) -> bytes:
    """Of the partition's mark: the key of no entity."""
    return table_key(partition, b"")


def partition_of(key: bytes) -> int:
    return int.from_bytes(key[:_PARTITION_BYTES], "big")


class TooManyUnreadable(Exception):
    """More than half of the last messages; says so in its text."""


class Applier(Generic[State]):
    """Applies messages to the states in `table` (bytes to bytes, see StateCodec).

    `send(message)` queues a message and returns what to await for the broker's acknowledgement; `changelog(key, value)`
    does the same with a state record.
    """

    def __init__(
        self,
        role: Role[State],
        codec: Codec,
        table: MutableMapping[bytes, bytes],
        *,
        epoch: str,
        producer: str,
        send: Callable[[Message], Awaitable[Awaitable[object]]],
        changelog: Callable[[bytes, bytes], Awaitable[Awaitable[object]]],
        clock: Clock = system_clock,
    ) -> None:
        self._role, self._codec, self._table = role, codec, table
        self._epoch, self._producer, self._clock = epoch, producer, clock
        self._send, self._changelog = send, changelog
        self._states = StateCodec(role)
        self._decoded: dict[bytes, tuple[bytes, Entry[State]]] = {}
        self._changed: dict[bytes, Entry[State]] = {}
        self._passed: dict[int, int] = {}
        self._outgoing: list[Message] = []
        self._known_schemas: set[int] = set()
        self._unreadable = UnreadableShare()
        self.deadlines = Deadlines()

    @property
    def pending(self) -> int:
        """How much waits for `flush`."""
        return len(self._outgoing) + len(self._changed)

    def next_offset(self, partition: int) -> int | None:
        """The offset after the partition's mark; None where it has none in this epoch."""
        data = self._table.get(mark_key(partition))
        if data is None:
            return None
        epoch, offset = position(data)
        return offset + 1 if epoch == self._epoch else None

    async def apply(self, message: Incoming) -> str:
        """Returns what became of it: applied, ticked, skipped or dead_letter.

        The messages of a partition must come without a gap. Raises TooManyUnreadable, and Unavailable where the registry has
        not answered for 30 s.
        """
        outcome = await self._outcome(message)
        self._passed[message.partition] = message.offset
        return outcome

    async def _outcome(self, message: Incoming) -> str:
        recorded_at = recorded_at_ms(message.timestamp_ms, message.headers) * 1000
        try:
            event = await self._decode(message)
        except Unreadable as error:
            self._bury(message, error)
            return "dead_letter"
        try:
            outcome = self._apply(message, event, recorded_at)
        except Exception as error:
            # A fault of ours, and the same one at every try: kept for a replay rather than blocking its partition for ever.
            log.exception("%s[%d]@%d cannot be applied", message.topic, message.partition, message.offset)
            self._bury(message, Unreadable("refused", f"{self._role.name} cannot apply it: {type(error).__name__}: {error}"))
            return "dead_letter"
        self._unreadable.saw(0, 1)
        return outcome

    def _apply(self, message: Incoming, event: Event, recorded_at: Micros) -> str:
        if isinstance(event, Tick):
            self._tick(message, event, recorded_at)
            return "ticked"
        key = table_key(message.partition, self._role.entity(event))
        return "applied" if self._step(key, event, message.offset, recorded_at) else "skipped"

    async def flush(self) -> None:
        """Outputs, then states; returns when the broker has all of it. Raises what the producer raises."""
        outgoing, self._outgoing = self._outgoing, []
        await _acknowledged([await self._send(message) for message in outgoing])
        changed, self._changed = self._changed, {}
        passed, self._passed = self._passed, {}
        records = {key: self._states.encode(entry) for key, entry in changed.items()}
        records |= {mark_key(partition): self._states.mark(self._epoch, offset) for partition, offset in passed.items()}
        await _acknowledged([await self._changelog(key, data) for key, data in records.items()])
        for key, data in records.items():
            self._table[key] = data
        self._decoded.update((key, (records[key], entry)) for key, entry in changed.items())

    def recover(self, partitions: set[int]) -> None:
        """After a rebalance: forgets what was computed from states that may be older, and rebuilds the deadlines."""
        self._changed.clear()
        self._passed.clear()
        self._outgoing.clear()
        self._decoded.clear()
        owned = ((key, self._states.deadline(data)) for key, data in self._table.items() if partition_of(key) in partitions)
        self.deadlines.rebuild((partition_of(key), deadline, key) for key, deadline in owned if deadline is not None)

    async def _decode(self, message: Incoming) -> Event:
        control = header(message.headers, CONTROL_HEADER)
        record = control or header(message.headers, RECORD_HEADER)
        schema_id, _ = unframe(message.value)
        if schema_id in self._known_schemas:
            event = self._codec.decode(message.value, record)
        else:
            event = await self._decode_first(message.value, record)
            self._known_schemas.add(schema_id)
        validate(event)
        return event

    async def _decode_first(self, value: bytes | None, record: str) -> Event:
        """In a thread, since the registry is asked over HTTP: the agent's loop also sends and acknowledges."""
        for attempt in range(_REGISTRY_ATTEMPTS):
            try:
                return await asyncio.to_thread(self._codec.decode, value, record)
            except Unavailable as error:
                log.warning("%s (attempt %d of %d)", error, attempt + 1, _REGISTRY_ATTEMPTS)
                await asyncio.sleep(_REGISTRY_RETRY_SECONDS)
        return await asyncio.to_thread(self._codec.decode, value, record)

    def _bury(self, message: Incoming, error: Unreadable) -> None:
        self._unreadable.saw(1, 1)
        if self._unreadable.too_large:
            raise TooManyUnreadable(
                f"{self._unreadable} messages of {message.topic} are unreadable, the last because {error}; the worker stops "
                "rather than bury the topic in dead letters: look at `leadline dead-letters list`, mend the producer or the "
                "registry"
            )
        log.warning("%s[%d]@%d is unreadable (%s): %s", message.topic, message.partition, message.offset, error.reason, error)
        make = functools.partial(
            dead_letter,
            consumer=self._role.name,
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            timestamp_ms=message.timestamp_ms,
            key=message.key,
            headers=message.headers,
            reason=error.reason,
            error=str(error),
            now=self._clock(),
            producer=self._producer,
        )
        at_ms = recorded_at_ms(message.timestamp_ms, message.headers)
        letter = to_message(self._codec, make(payload=message.value), at_ms)
        if len(letter.value) > MAX_MESSAGE_BYTES:
            letter = to_message(self._codec, make(payload=(message.value or b"")[: MAX_MESSAGE_BYTES // 2]), at_ms)
        self._outgoing.append(letter)

    def _tick(self, message: Incoming, tick: Tick, recorded_at: Micros) -> None:
        """Everything of this partition that was recorded before the tick has been processed: what is due now is due."""
        for deadline, key in self.deadlines.pop_due(message.partition, recorded_at):
            entry = self._entry(key)
            if entry is not None and entry.deadline == deadline:
                self._step(key, tick, message.offset, recorded_at)

    def _step(self, key: bytes, event: Event, offset: int, recorded_at: Micros) -> bool:
        """Whether it was applied; False where the state has seen it."""
        before = self._entry(key)
        if before is not None and before.epoch == self._epoch and before.offset >= offset:
            if before.deadline is not None and isinstance(event, Tick):
                self.deadlines.add(partition_of(key), before.deadline, key)
            return False
        state, outputs = self._role.step(before.state if before else None, event, recorded_at)
        newest = max(recorded_at, before.recorded_at) if before else recorded_at
        self._outgoing += [to_message(self._codec, output, newest // 1000) for output in outputs]
        if before is None or state is not before.state:
            deadline = self._role.deadline(state)
            self._changed[key] = Entry(self._epoch, offset, newest, deadline, state)
            if deadline is not None and (before is None or before.deadline != deadline or isinstance(event, Tick)):
                self.deadlines.add(partition_of(key), deadline, key)
        elif before.deadline is not None and isinstance(event, Tick):
            self.deadlines.add(partition_of(key), before.deadline, key)
        return True

    def _entry(self, key: bytes) -> Entry[State] | None:
        waiting = self._changed.get(key)
        if waiting is not None:
            return waiting
        data = self._table.get(key)
        if data is None:
            return None
        if len(self._decoded) > _DECODED:
            self._decoded.clear()
        known = self._decoded.get(key)
        if known is None or known[0] is not data:
            known = self._decoded[key] = (data, self._states.decode(data))
        return known[1]


async def _acknowledged(sent: list[Awaitable[object]]) -> None:
    if sent:
        await asyncio.gather(*sent)
