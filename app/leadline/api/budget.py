"""How many bytes of bodies are in memory at once; whoever finds no room waits a moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .errors import busy


class Budget:
    """Bytes, not requests: so that one who sends a small body slowly is in nobody's way. Belongs to one event loop."""

    def __init__(self, total: int, patience_seconds: float) -> None:
        self._free = total
        self._patience = patience_seconds
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def taken(self, size: int) -> AsyncIterator[None]:
        """Raises ApiError where there is no room in time."""
        try:
            async with asyncio.timeout(self._patience), self._changed:
                await self._changed.wait_for(lambda: self._free >= size)
                self._free -= size
        except TimeoutError:
            raise busy("more is being sent than can be taken; send it again in a moment") from None
        try:
            yield
        finally:
            async with self._changed:
                self._free += size
                self._changed.notify_all()
