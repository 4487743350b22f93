"""Deadlines, ticks and the share of what is unreadable."""

import asyncio

from leadline.core.clock import SECOND
from leadline.events.codec import Codec
from leadline.events.messages import Message
from leadline.worker.deadlines import Deadlines
from leadline.worker.ticks import Ticker

from ..events.registry_in_memory import MemoryRegistry


def test_the_earliest_comes_first() -> None:
    """Due entries come in order, once, and by partition."""
    deadlines = Deadlines()
    deadlines.rebuild([(0, 30, b"c"), (0, 10, b"a"), (1, 5, b"x")])
    deadlines.add(0, 20, b"b")
    assert deadlines.pop_due(0, 20) == [(10, b"a"), (20, b"b")]
    assert deadlines.pop_due(0, 20) == []
    assert deadlines.partitions_due(29) == [1]


def test_ticks_go_only_where_something_is_due() -> None:
    """A quiet partition gets none, another worker's gets none, and one on its way is not repeated."""
    deadlines = Deadlines()
    deadlines.rebuild([(0, 10, b"a"), (1, 10, b"b"), (2, 10**12, b"c")])
    sent: list[int] = []
    now = [0]

    async def send(message: Message, partition: int) -> None:
        sent.append(partition)

    ticker = Ticker(
        topic="leadline.runs",
        codec=Codec(MemoryRegistry()),
        deadlines=deadlines,
        producer="t/1",
        send=send,
        clock=lambda: now[0],
    )
    asyncio.run(ticker.tick({0, 2}))
    assert sent == []
    now[0] = 10
    asyncio.run(ticker.tick({0, 2}))
    asyncio.run(ticker.tick({0, 2}))
    assert sent == [0]
    ticker.arrived(0)
    asyncio.run(ticker.tick({0, 2}))
    assert sent == [0, 0]
    now[0] = 40 * SECOND
    asyncio.run(ticker.tick({0, 2}))
    assert sent == [0, 0, 0]
