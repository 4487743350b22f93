"""Text on its way: pieces of bytes of which never more is kept than was asked for."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

CHUNK = 64 * 1024


class Text(NamedTuple):
    cut: bool
    """Whether there is more before it, that was left out."""
    chunks: Iterator[bytes]


def counted(chunks: Iterable[bytes], progress: Callable[[int], None]) -> Iterator[bytes]:
    done = 0
    for chunk in chunks:
        done += len(chunk)
        progress(done)
        yield chunk


def tail(chunks: Iterable[bytes], last: int) -> Text:
    """Of something that can only be read from its beginning; all of it is read."""
    kept: deque[bytes] = deque()
    size = total = 0
    for chunk in chunks:
        kept.append(chunk)
        size += len(chunk)
        total += len(chunk)
        while size - len(kept[0]) >= last:
            size -= len(kept.popleft())
    if size > last:
        kept[0] = kept[0][size - last :]
    return Text(total > last, iter(kept))


def head(chunks: Iterable[bytes], first: int) -> Iterator[bytes]:
    """No more than the first bytes: a server may send more than it was asked for, and a file may grow meanwhile."""
    left = first
    for chunk in chunks:
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            return


def lines(chunks: Iterable[bytes], longest: int = 1024 * 1024) -> Iterator[str]:
    """Without their ends; what is no UTF-8 is replaced, and a line longer than that comes in pieces."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield _decoded(line)
        if len(rest) > longest:
            yield _decoded(rest)
            rest = b""
    if rest:
        yield _decoded(rest)


def _decoded(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace")
