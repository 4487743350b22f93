"""Events of a command's own, sent the way that emit sends: to Kafka, or over HTTP to the API."""

from collections.abc import Iterable
from dataclasses import replace

from leadline.core.errors import LeadlineError, Unavailable
from leadline.core.settings import load_settings
from leadline.events.records import Event
from leadline.track.entry import to_entry
from leadline.track.stats import Counters
from leadline.track.transport import chosen, connect


def send(events: Iterable[Event]) -> int:
    """How many; returns when all are acknowledged. Raises Unavailable, LeadlineError."""
    counters = Counters()
    settings = load_settings()
    if chosen(settings) in ("file", "console"):  # where the jobs of this machine leave theirs
        settings = replace(settings, transport="")
    link = connect(replace(settings, transport=chosen(settings)), counters)
    for event in events:
        link.send(to_entry(event))
    while len(link) and not link.failure:
        link.poll(0.1)
    if link.failure:
        raise Unavailable(f"{counters.sent:,} events were acknowledged, then: {link.failure}; is the stack up?")
    if counters.dropped:
        raise LeadlineError("Kafka refused some of the events as too large for its settings")
    return counters.sent
