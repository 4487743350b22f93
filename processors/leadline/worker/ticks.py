"""Ticks: time, in the same partitions as the events that it is about (bounds.md 5.5).

A tick is sent only into partitions where something is due, so a quiet stack sends none. Its time is the broker's stamp;
this worker's clock only decides when to ask.
"""

import os
from collections.abc import Awaitable, Callable

from leadline.core.clock import SECOND, Clock, Micros, system_clock
from leadline.core.settings import Settings
from leadline.events.codec import CONTROL_HEADER, Codec
from leadline.events.ids import new_id
from leadline.events.messages import Message
from leadline.events.records import Tick

from .deadlines import Deadlines

_UNANSWERED: Micros = 30 * SECOND
"""After that a tick is sent again: the partition may have moved away and back."""


def tick_seconds(settings: Settings) -> float:
    """LEADLINE_TICK_SECONDS; 1 locally, 10 in production."""
    return float(os.environ.get("LEADLINE_TICK_SECONDS") or (1.0 if settings.environment == "local" else 10.0))


class Ticker:
    def __init__(
        self,
        *,
        topic: str,
        codec: Codec,
        deadlines: Deadlines,
        producer: str,
        send: Callable[[Message, int], Awaitable[object]],
        clock: Clock = system_clock,
    ) -> None:
        self._topic, self._codec, self._deadlines, self._producer = topic, codec, deadlines, producer
        self._send, self._clock = send, clock
        self._waiting: dict[int, Micros] = {}

    async def tick(self, owned: set[int]) -> None:
        """One tick into each owned partition that has something due and no tick on its way. Raises what `send` raises."""
        now = self._clock()
        for partition in self._deadlines.partitions_due(now):
            sent = self._waiting.get(partition)
            if partition in owned and (sent is None or now - sent > _UNANSWERED):
                self._waiting[partition] = now
                await self._send(self._message(now), partition)

    def arrived(self, partition: int) -> None:
        self._waiting.pop(partition, None)

    def _message(self, now: Micros) -> Message:
        tick = Tick(event_id=new_id(), event_time=now, producer=self._producer, source="leadline")
        return Message(self._topic, b"", self._codec.encode(tick, self._topic), [(CONTROL_HEADER, b"Tick")])
