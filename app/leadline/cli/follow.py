"""Following alerts: each is shown once, and not before it says whose it is.

An alert becomes visible some time after it was recorded, and at first without owner and causes, which enrichment adds under
the same id. So the last minutes are asked for again and again, and one that is not enriched is held back for a few seconds.
"""

import select
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click

from leadline.core.clock import SECOND, Micros, system_clock
from leadline.core.errors import Unavailable
from leadline.core.settings import Settings
from leadline.history.alerts import AlertEvent, alert_events_recorded_after
from leadline.history.connection import reading

OVERLAP: Micros = 600 * SECOND
"""How long after it was recorded an alert may become visible and is still shown."""
PATIENCE: Micros = 5 * SECOND
"""How long one that is not enriched is held back."""
_POLL_SECONDS = 0.5
_PAGE = 10_000


class Following:
    """Which alerts to show next, and from where to ask on. Pure: times are passed in.

    `since` None: only what is not there at the first look.
    """

    def __init__(self, since: Micros | None, now: Micros) -> None:
        self.after = now - OVERLAP if since is None else since - 1
        self._skip_first = since is None
        self._shown: set[str] = set()
        self._first_seen: dict[str, Micros] = {}

    def take(self, found: Iterable[AlertEvent], now: Micros, *, more: bool = False) -> list[AlertEvent]:
        """Those to show, of what was recorded after `self.after`, oldest first. `more`: the answer was cut off at its end."""
        alerts = list(found)
        self._first_seen = {alert.alert_id: self._first_seen.get(alert.alert_id, now) for alert in alerts}
        self._shown &= self._first_seen.keys()  # what is no longer asked for cannot come again
        fresh = [alert for alert in alerts if alert.alert_id not in self._shown]
        ready = fresh if more or self._skip_first else [alert for alert in fresh if self._ripe(alert, now)]
        self._shown.update(alert.alert_id for alert in ready)
        if alerts:
            held = next((alert.recorded_at for alert in alerts if alert.alert_id not in self._shown), alerts[-1].recorded_at)
            self.after = max(self.after, min(held - 1, alerts[-1].recorded_at - (1 if more else OVERLAP)))
        skipped, self._skip_first = self._skip_first, self._skip_first and more
        return [] if skipped else ready

    def _ripe(self, alert: AlertEvent, now: Micros) -> bool:
        return alert.enriched or now - self._first_seen[alert.alert_id] >= PATIENCE


def follow(settings: Settings, since: Micros | None, show: Callable[[AlertEvent], Any]) -> None:
    """Until Ctrl-C. Raises BrokenPipeError when nobody reads the output any more.

    While the store is away that is said once, and following goes on when it is back; where it does not answer from the
    beginning, raises Unavailable.
    """
    following = Following(since, system_clock())
    answered = away = False
    try:
        while True:
            try:
                for alert in _following(settings, following):
                    answered, away = True, False
                    if alert is not None:
                        show(alert)
            except Unavailable as error:
                if not answered:
                    raise
                if not away:
                    click.echo(f"leadline: {error} Waiting for it.", err=True)
                away = True
                _pause()
    except KeyboardInterrupt:
        return


def _following(settings: Settings, following: Following) -> Iterator[AlertEvent | None]:
    """What is new, again and again; None after each answer. Raises Unavailable."""
    with reading(settings) as client:
        while True:
            found = alert_events_recorded_after(client, following.after, _PAGE)
            yield from following.take(found, system_clock(), more=len(found) == _PAGE)
            yield None
            _pause()


def _pause() -> None:
    """Raises BrokenPipeError where output goes into a pipe that nobody reads: else only the next alert would tell."""
    time.sleep(_POLL_SECONDS)
    if hasattr(select, "poll"):
        looking = select.poll()
        looking.register(sys.stdout.fileno(), 0)
        if any(event & select.POLLERR for _, event in looking.poll(0)):
            raise BrokenPipeError
