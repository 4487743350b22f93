"""Long lists in parts, so that no message grows too large."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

ROOM = 300_000
"""Characters in one part: less than 1 MB also where each takes three bytes."""


def parts_of(values: Iterable[T], size: Callable[[T], int], room: int = ROOM) -> Iterator[list[T]]:
    """As many in each as there is room for, at least one."""
    part: list[T] = []
    left = room
    for value in values:
        needed = size(value)
        if needed > left and part:
            yield part
            part, left = [], room
        part.append(value)
        left -= needed
    if part:
        yield part
