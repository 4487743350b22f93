"""Asks the store for a batch of transitions, with patience that is bounded.

The store lags the processors a little: it is given WAIT_SECONDS to reach the transitions. While it is away it is tried
again for AWAY_SECONDS; after that alerts go out thin at once, until it is back.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from leadline.core.clock import Micros
from leadline.core.errors import LeadlineError, Unavailable
from leadline.core.settings import Settings
from leadline.events.records import Transition
from leadline.history.alert_facts import readings_at
from leadline.history.watermark import complete_until

from .enrich import Known
from .facts import moment_of
from .gather import gather
from .known import find_value, known_of
from .readers import Readers

log = logging.getLogger(__name__)

WAIT_SECONDS = 0.4
AWAY_SECONDS = 5.0
_STEP_SECONDS = 0.03
_RETRY_SECONDS = 0.25

_LATE = "what was reported last: the store had not caught up with this alert"

Asked = tuple[Transition, Micros]
"""A transition, and when it was recorded."""


class Historian:
    """For one thread."""

    def __init__(self, settings: Settings, stop: threading.Event, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._readers = Readers(settings)
        self._stop = stop
        self._monotonic = monotonic
        self._away_since: float | None = None

    def ask(self, asked: Sequence[Asked]) -> list[Known]:
        """What history knows of each, in their order.

        A store that is away or refuses is said in `missing`; raises Unavailable only where it is to stop before the answer.
        """
        if not asked:
            return []
        try:
            watermark, late = self._catch_up(asked)
        except Unavailable as error:
            return self._nothing(error, len(asked))
        found = self._known([transition for transition, _ in asked], watermark)
        return [
            replace(known, missing=[_LATE, *known.missing]) if transition.event_id in late else known
            for known, (transition, _) in zip(found, asked, strict=True)
        ]

    def close(self) -> None:
        self._readers.close()

    def _catch_up(self, asked: Sequence[Asked]) -> tuple[Micros | None, set[str]]:
        """Waits until the store has what the transitions were made from. Raises Unavailable.

        How far it has read then, and the ids of those that it had not reached after WAIT_SECONDS.
        """
        deadline = None
        while True:
            try:
                watermark, late = self._behind(asked)
            except Unavailable:
                if not self._patient():
                    raise
                continue
            self._away_since = None
            deadline = deadline or self._monotonic() + WAIT_SECONDS
            if not late or self._monotonic() > deadline:
                return watermark, late
            if self._stop.wait(_STEP_SECONDS):
                raise Unavailable("stopped while the store was catching up")

    def _behind(self, asked: Sequence[Asked]) -> tuple[Micros | None, set[str]]:
        """Those for which the store has neither all that was known then nor at least their reading. Raises Unavailable."""
        ask = self._readers.ask
        reached = self._readers.begin(lambda: ask(complete_until))
        read = self._readers.begin(lambda: ask(lambda client: readings_at(client, (moment_of(one) for one, _ in asked))))
        try:
            watermark, readings = reached.result(), read.result()
        except Unavailable:
            raise
        except LeadlineError:
            return None, {one.event_id for one, _ in asked}
        newer = [one for one, recorded_at in asked if watermark is None or watermark < recorded_at]
        return watermark, {one.event_id for one in newer if not find_value(readings.get(moment_of(one), []), one.value)}

    def _known(self, transitions: Sequence[Transition], watermark: Micros | None) -> list[Known]:
        """Of what a batch could not be told its halves are asked for: nobody learns less in company than alone."""
        while True:
            try:
                facts = gather(self._readers, transitions)
                self._away_since = None
            except Unavailable as error:
                if not self._patient():
                    return self._nothing(error, len(transitions))
                if len(transitions) == 1:
                    continue
            else:
                if facts.whole or len(transitions) == 1:
                    return [known_of(one, facts, watermark) for one in transitions]
            half = len(transitions) // 2
            return self._known(transitions[:half], watermark) + self._known(transitions[half:], watermark)

    def _nothing(self, error: Unavailable, transitions: int) -> list[Known]:
        """Raises the error where it is to stop: what would be sent thin now the next worker can ask for."""
        if self._stop.is_set():
            raise error
        return [Known(missing=[f"all that the store knows: {error}"])] * transitions

    def _patient(self) -> bool:
        """Waits a little; False once the store has been away for too long."""
        now = self._monotonic()
        if self._away_since is None:
            self._away_since = now
            log.warning("the store is away; alerts wait up to %.0f s for it", AWAY_SECONDS)
        return now - self._away_since < AWAY_SECONDS and not self._stop.wait(_RETRY_SECONDS)
