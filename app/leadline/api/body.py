"""A request's body: never larger than its limit, neither as it comes nor unpacked, and never slower than its time."""

import asyncio
import zlib

from starlette.requests import ClientDisconnect, Request

from .budget import Room
from .errors import ApiError

MAX_BYTES = 10 * 1024 * 1024
"""Unpacked too. The largest event (8 MB) fits."""
MOST_SECONDS = 30.0
_GZIP = 31  # zlib's window bits for a gzip header


async def read(request: Request, room: Room) -> bytes:
    """As it comes; room for it is taken before it is read, or part by part where its size is not said. Raises ApiError."""
    try:
        async with asyncio.timeout(MOST_SECONDS):
            said = request.headers.get("content-length")
            if said is None:
                return await _read_parts(request, room)
            await room.grow(_checked(int(said[:20])))
            return await request.body()  # the server never gives more than was said
    except TimeoutError:
        raise ApiError(408, "too_slow", f"the body did not come within {MOST_SECONDS:.0f} s") from None
    except ClientDisconnect:
        raise ApiError(400, "cut_off", "the connection ended before the body did") from None


async def _read_parts(request: Request, room: Room) -> bytes:
    """What a client packs while it sends, as OpenLineage's for Java does, has no Content-Length."""
    parts = []
    async for part in request.stream():
        _checked(room.size + len(part))
        await room.grow(len(part))
        parts.append(part)
    return b"".join(parts)


def _checked(size: int) -> int:
    if size > MAX_BYTES:
        raise ApiError(413, "too_large", f"the body has {size:,} bytes or more; {MAX_BYTES:,} are taken: send smaller batches")
    return size


def unpack(data: bytes, encoding: str) -> bytes:
    """By Content-Encoding: none or gzip. Raises ApiError; a bomb is unpacked up to the limit and no further."""
    match encoding.strip().lower():
        case "" | "identity":
            return data
        case "gzip":
            return _gunzip(data)
    raise ApiError(415, "unknown_encoding", f"Content-Encoding {encoding[:40]!r} is unknown; there is gzip")


def _gunzip(data: bytes) -> bytes:
    unzip = zlib.decompressobj(_GZIP)
    try:
        unpacked = unzip.decompress(data, MAX_BYTES)
        if unzip.unconsumed_tail and unzip.decompress(unzip.unconsumed_tail, 1):
            raise ApiError(413, "too_large", f"unpacked the body has more than {MAX_BYTES:,} bytes: send smaller batches")
    except zlib.error as error:
        raise ApiError(400, "not_gzip", f"the body is no gzip: {error}") from None
    if not unzip.eof or unzip.unused_data:
        raise ApiError(400, "not_gzip", "the body is not exactly one gzip stream")
    return unpacked
