"""How many bytes of bodies are in memory at once; whoever finds no room waits a moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .errors import busy


class Room:
    """What one body holds of the budget."""

    def __init__(self, budget: "Budget") -> None:
        self._budget = budget
        self.size = 0

    async def grow(self, size: int) -> None:
        """Raises ApiError where there is no room in time."""
        await self._budget.take(size)
        self.size += size


class Budget:
    """Bytes, not requests: so that one who sends a small body slowly is in nobody's way. Belongs to one event loop."""

    def __init__(self, total: int, patience_seconds: float) -> None:
        self._free = total
        self._patience = patience_seconds
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def room(self) -> AsyncIterator[Room]:
        """Empty at first; given back whole."""
        room = Room(self)
        try:
            yield room
        finally:
            async with self._changed:
                self._free += room.size
                self._changed.notify_all()

    async def take(self, size: int) -> None:
        """Raises ApiError where there is no room in time."""
        try:
            async with asyncio.timeout(self._patience), self._changed:
                await self._changed.wait_for(lambda: self._free >= size)
                self._free -= size
        except TimeoutError:
            raise busy("more is being sent than can be taken; send it again in a moment") from None
