"""An answer that is given before the body was read still reaches the sender, who is busy sending it."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

MOST_BYTES = 32 * 1024 * 1024
MOST_SECONDS = 5.0
_TOO_SLOW = 408  # has had its time

Message = MutableMapping[str, Any]


class Drain:
    """Reads and forgets what is left of the body, within bounds; whoever sends more sees the connection end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Whoever asks first whether to send the body has not begun to.
        upload = _Upload(receive, ended="expect" in Headers(scope=scope))

        async def send_after(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] != _TOO_SLOW:
                await upload.drain()
            await send(message)

        await self._app(scope, upload.receive, send_after)


class _Upload:
    def __init__(self, receive: Receive, *, ended: bool) -> None:
        self._receive = receive
        self._ended = ended

    async def receive(self) -> Message:
        message = await self._receive()
        self._ended = self._ended or not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        left = MOST_BYTES
        try:
            async with asyncio.timeout(MOST_SECONDS):
                while not self._ended and left > 0:
                    left -= len((await self.receive()).get("body", b""))
        except TimeoutError:
            pass
