"""Commits what the states' marks say, instead of what Faust takes for done.

Faust 0.15 acknowledges messages that it passes over in a rebalance, and where it has dropped some it does not commit for ever
after (consumer.py, `_new_offset`). The marks know better; the offsets of the group only tell others how far we are.
"""

from collections.abc import Callable, Mapping
from typing import Any


def commit_marks(app: Any, topic: str, next_offsets: Callable[[], Mapping[int, int]]) -> None:
    """Makes the app commit `next_offsets()`, by partition of `topic`. Call it before the app starts."""
    from faust.transport.drivers.aiokafka import Consumer
    from faust.types import TP
    from mode.utils.futures import notify

    class MarkedConsumer(Consumer):
        def ack(self, message: Any) -> bool:
            """Only so that a rebalance does not wait for the message."""
            message.acked = True
            self._unacked_messages.discard(message)
            notify(self._waiting_for_ack)
            return True

        async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
            marks = {TP(topic, partition): offset for partition, offset in next_offsets().items()}
            offsets = {tp: offset for tp, offset in marks.items() if self._should_commit(tp, offset)}
            return bool(offsets) and bool(await self._commit_offsets(offsets))

        async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
            """Nobody asks for gaps."""

    app.transport.Consumer = MarkedConsumer
