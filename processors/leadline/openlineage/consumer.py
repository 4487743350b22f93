"""A batch of OpenLineage's events in, what they mean out."""

from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import Message
from prometheus_client import Counter

from leadline.core.errors import Unreadable
from leadline.worker.relay import Relay, known_at_ms

from .translate import translate

_events = Counter("leadline_openlineage_events", "OpenLineage's events read")
_messages = Counter("leadline_openlineage_messages", "Messages that were made of them")


@dataclass
class Translation:
    relay: Relay

    def run(self) -> int:
        """0 when asked to stop; else why it cannot go on."""
        return self.relay.run(self._publish)

    def _publish(self, batch: Sequence[Message]) -> None:
        for message in batch:
            try:
                self._translate(message)
            except Unreadable as error:
                self.relay.bury(message, error)
        _events.inc(len(batch))

    def _translate(self, message: Message) -> None:
        """Raises Unreadable before anything is sent; Unavailable where we are to stop meanwhile."""
        known_at = known_at_ms(message)
        made = self.relay.patiently(lambda: translate(self.relay.codec, message.value(), known_at))
        for one in made:
            self.relay.send(one)
        _messages.inc(len(made))
