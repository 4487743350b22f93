"""Where the states live while the worker runs: Faust's store in memory, in which an older record never replaces a newer one.

A worker that was frozen and lost its partitions may still write what it had computed before. Its records then follow newer ones
in the changelog; Faust's own store would take the last.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from faust.stores import STORES
from faust.stores.memory import Store

from .state import position

STORE = "newest://"


class NewestStore(Store[bytes, bytes]):
    logger = logging.getLogger("faust.stores")  # its starts and stops are Faust's news, not ours

    def apply_changelog_batch(self, batch: Iterable[Any], to_key: Callable[[Any], Any], to_value: Callable[[Any], Any]) -> None:
        super().apply_changelog_batch(filter(self._newer, batch), to_key, to_value)

    def _newer(self, event: Any) -> bool:
        known, given = self.data.get(event.key), event.message.value
        if known is None or given is None:
            return True
        (known_epoch, known_offset), (epoch, offset) = position(known), position(given)
        return epoch != known_epoch or offset >= known_offset


STORES.aliases["newest"] = f"{__name__}:{NewestStore.__name__}"
