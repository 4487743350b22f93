"""A request's body: by length or in chunks, compressed or not, never more than its limit."""

from collections.abc import Iterator, Mapping
from email.message import Message
from io import BytesIO
from typing import IO

import cramjam

_PIECE = 1024 * 1024
_MOST_PACKED = 300  # times that anything worth sending gets smaller
COMPRESSIONS = {"gzip": cramjam.gzip, "lz4": cramjam.lz4, "zstd": cramjam.zstd, "br": cramjam.brotli, "deflate": cramjam.zlib}
"""What both sides can ask for by name; ClickHouse reads files by the same names."""


class BodyError(Exception):
    """The body cannot be taken; `status` is HTTP's number for why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Body:
    """Reads from the connection at most once. Raises BodyError when it is larger than `limit` bytes, or cut off."""

    def __init__(self, source: IO[bytes], *, length: int | None, chunked: bool, compression: str, limit: int) -> None:
        self.compression = compression
        self._limit = limit
        self._pieces = _chunks(source) if chunked else _counted(source, length or 0)
        self.empty = not chunked and not length
        if length is not None and length > limit:
            raise BodyError(413, f"the body has {length} bytes; {limit} are allowed")

    def copy_to(self, file: IO[bytes]) -> None:
        """As it came, still compressed."""
        taken = 0
        for piece in self._pieces:
            taken += len(piece)
            if taken > self._limit:
                raise BodyError(413, f"the body has more than the {self._limit} bytes that are allowed")
            file.write(piece)
        self.empty = True

    def read_all(self) -> bytes:
        """Uncompressed, and not larger than the limit even then."""
        file = BytesIO()
        self.copy_to(file)
        if not self.compression or not file.tell():
            return file.getvalue()
        return self._decompressed(file.getvalue())

    def _decompressed(self, data: bytes) -> bytes:
        buffer = bytearray(min(self._limit, len(data) * _MOST_PACKED + _PIECE))
        try:
            size = COMPRESSIONS[self.compression].decompress_into(data, buffer)
        except cramjam.DecompressionError as error:
            raise BodyError(
                400, f"the body is no {self.compression}, or more than {len(buffer)} bytes when unpacked: {error}"
            ) from None
        return bytes(buffer[:size])


def body_of(headers: Message, parameters: Mapping[str, str], source: IO[bytes], limit: int) -> Body:
    """The body that these headers announce, not yet read. Raises BodyError for kinds that are not taken."""
    length, coding = headers.get("Content-Length"), (headers.get("Transfer-Encoding") or "").lower()
    if coding not in ("", "chunked") or (length is not None and (coding or not length.isdecimal())):
        raise BodyError(400, "a body has either a Content-Length in digits or is chunked")
    compression = (headers.get("Content-Encoding") or "").lower().replace("identity", "")
    if compression and compression not in COMPRESSIONS:
        raise BodyError(415, f"Content-Encoding {compression} is unknown; there are {', '.join(COMPRESSIONS)}")
    if parameters.get("decompress") == "1":
        raise BodyError(415, "decompress=1 (ClickHouse's own framing) is not supported: use Content-Encoding")
    return Body(source, length=int(length) if length else None, chunked=bool(coding), compression=compression, limit=limit)


def _counted(source: IO[bytes], length: int) -> Iterator[bytes]:
    while length:
        piece = source.read(min(length, _PIECE))
        if not piece:
            raise BodyError(400, f"the connection ended {length} bytes before the end of the body")
        length -= len(piece)
        yield piece


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    while size := _chunk_size(source):
        yield from _counted(source, size)
        source.readline(8)
    while source.readline(65_536).strip():
        """Trailers mean nothing here."""


def _chunk_size(source: IO[bytes]) -> int:
    line = source.readline(1_024)
    digits = line.partition(b";")[0].strip()
    if not digits or digits.strip(b"0123456789abcdefABCDEF"):
        raise BodyError(400, f"a chunk of the body begins with {line!r} instead of its size")
    return int(digits, 16)
