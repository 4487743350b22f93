"""Deadlines of the entities of each partition, earliest first."""

import heapq
from collections import defaultdict
from collections.abc import Iterable

from leadline.core.clock import Micros


class Deadlines:
    """A heap per partition. Entries that an entity has outgrown stay until they come up: the caller compares."""

    def __init__(self) -> None:
        self._heaps: dict[int, list[tuple[Micros, bytes]]] = defaultdict(list)

    def rebuild(self, entries: Iterable[tuple[int, Micros, bytes]]) -> None:
        """Replaces all by (partition, deadline, key)."""
        self._heaps.clear()
        for partition, deadline, key in entries:
            self._heaps[partition].append((deadline, key))
        for heap in self._heaps.values():
            heapq.heapify(heap)

    def add(self, partition: int, deadline: Micros, key: bytes) -> None:
        heapq.heappush(self._heaps[partition], (deadline, key))

    def pop_due(self, partition: int, now: Micros) -> list[tuple[Micros, bytes]]:
        """The entries of the partition that lie at or before `now`, earliest first."""
        heap = self._heaps[partition]
        due = []
        while heap and heap[0][0] <= now:
            due.append(heapq.heappop(heap))
        return due

    def partitions_due(self, now: Micros) -> list[int]:
        return [partition for partition, heap in self._heaps.items() if heap and heap[0][0] <= now]
