"""What is held in memory at once is bounded."""

import asyncio
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from leadline.api.body import MAX_BYTES, unpack
from leadline.api.budget import Budget
from leadline.api.errors import ApiError


def gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("size", [0, 1, MAX_BYTES - 1, MAX_BYTES])
def test_up_to_the_limit_everything_is_unpacked(size: int) -> None:
    """Whole."""
    assert unpack(gzip(bytes(size)), "gzip") == bytes(size)


@pytest.mark.parametrize("size", [MAX_BYTES + 1, 10 * MAX_BYTES])
def test_beyond_the_limit_nothing_is(size: int) -> None:
    """And memory never holds more than the limit and a little."""
    bomb = gzip(bytes(size))
    tracemalloc.start()
    with pytest.raises(ApiError) as raised:
        unpack(bomb, "gzip")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert raised.value.status == 413
    assert peak < 3 * MAX_BYTES


@pytest.mark.parametrize("data", [b"", b"x", gzip(b"x")[:-1], gzip(b"x") + b"x", gzip(b"x") * 2])
def test_what_is_not_exactly_one_stream_is_no_gzip(data: bytes) -> None:
    """Cut off, or with something behind it."""
    with pytest.raises(ApiError) as raised:
        unpack(data, "gzip")
    assert (raised.value.status, raised.value.error) == (400, "not_gzip")


@asynccontextmanager
async def taken(budget: Budget, size: int) -> AsyncIterator[None]:
    async with budget.room() as room:
        await room.grow(size)
        yield


def test_whoever_finds_no_room_waits_and_is_then_told_to_come_again() -> None:
    """A small one passes; room that is given back is used."""

    async def play() -> None:
        budget = Budget(100, patience_seconds=0.05)
        async with taken(budget, 90):
            async with taken(budget, 10):
                with pytest.raises(ApiError) as raised:
                    async with taken(budget, 1):
                        pass
            assert (raised.value.status, raised.value.error) == (429, "busy")
            assert raised.value.headers == {"Retry-After": "2"}
        patient = Budget(100, patience_seconds=10)
        order = []

        async def take(name: str, size: int) -> None:
            async with taken(patient, size):
                order.append(name)
                await asyncio.sleep(0)

        async with taken(patient, 100):
            waiting = [asyncio.create_task(take(name, 60)) for name in "ab"]
            await asyncio.sleep(0)
            assert order == []
        await asyncio.gather(*waiting)
        assert sorted(order) == ["a", "b"]

    asyncio.run(play())
