"""A batch of transitions in, as many alerts out."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import Message
from prometheus_client import Counter

from leadline.core.errors import Unreadable
from leadline.events.codec import RECORD_HEADER
from leadline.events.messages import header, to_message
from leadline.events.records import Transition
from leadline.events.topics import TRANSITIONS
from leadline.events.validate import validate
from leadline.worker.relay import Relay, known_at_ms

from .enrich import enrich
from .historian import Historian

_alerts = Counter("leadline_enrichment_alerts", "Alerts published")
_thin = Counter("leadline_enrichment_thin_alerts", "Alerts published with something missing")


@dataclass
class Enrichment:
    relay: Relay
    historian: Historian

    def run(self) -> int:
        """0 when asked to stop; else why it cannot go on."""
        return self.relay.run(self._publish)

    def _publish(self, batch: Sequence[Message]) -> None:
        readable: list[tuple[Transition, int]] = []
        for message in batch:
            try:
                readable.append((self._read(message), known_at_ms(message)))
            except Unreadable as error:
                self.relay.bury(message, error)
        answers = self.historian.ask([(event, known_at * 1000) for event, known_at in readable])
        for (event, known_at), known in zip(readable, answers, strict=True):
            alert = enrich(event, known)
            self.relay.send(self.relay.patiently(functools.partial(to_message, self.relay.codec, alert, known_at)))
            _alerts.inc()
            _thin.inc(bool(known.missing))

    def _read(self, message: Message) -> Transition:
        """Raises Unreadable; Unavailable where we are to stop meanwhile."""
        record = header(message.headers(), RECORD_HEADER)
        event = self.relay.patiently(lambda: self.relay.codec.decode(message.value(), record))
        if type(event) is not Transition:  # an Alert is one too, and does not belong here
            raise Unreadable("unknown_record", f"{type(event).__name__} does not belong on {TRANSITIONS}")
        validate(event)
        return event
