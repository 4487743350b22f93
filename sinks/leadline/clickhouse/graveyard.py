"""Dead letters: acknowledged by Kafka before the offsets of what they hold are committed."""

from collections import Counter
from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Producer
from prometheus_client import Counter as Metric

from leadline.core.clock import Clock
from leadline.core.errors import Unavailable
from leadline.events.codec import Codec
from leadline.events.messages import dead_letter, to_message

from .message import Bad

CONSUMER = "sink"
_FLUSH_SECONDS = 30.0
_dead_letters = Metric("leadline_sink_dead_letters", "Messages that the sink could not read", ["topic", "reason"])


class Graveyard:
    """One producer, one thread at a time. `version`: name and version of this program."""

    def __init__(self, producer: Producer, codec: Codec, clock: Clock, version: str) -> None:
        self._producer = producer
        self._codec = codec
        self._clock = clock
        self._version = version

    def bury(self, letters: Sequence[Bad]) -> None:
        """Returns when Kafka has them all. Raises Unavailable; to bury them again does no harm: their ids are the same."""
        failed: list[KafkaError] = []
        for letter in letters:
            self._send(letter, failed)
        if letters and self._producer.flush(_FLUSH_SECONDS):
            raise Unavailable("Kafka does not acknowledge dead letters")
        if failed:
            raise Unavailable(f"Kafka did not take a dead letter: {failed[0]}")
        for (topic, reason), count in Counter((letter.message.topic(), letter.reason) for letter in letters).items():
            _dead_letters.labels(topic, reason).inc(count)

    def _send(self, letter: Bad, failed: list[KafkaError]) -> None:
        original = letter.message
        event = dead_letter(
            consumer=CONSUMER,
            topic=original.topic(),
            partition=original.partition(),
            offset=original.offset(),
            timestamp_ms=original.timestamp()[1],
            key=original.key(),
            payload=original.value(),
            headers=original.headers(),
            reason=letter.reason,
            error=letter.error,
            now=self._clock(),
            producer=self._version,
        )
        made = to_message(self._codec, event)

        def acknowledged(error: KafkaError | None, _: object) -> None:
            if error is not None:
                failed.append(error)

        while True:
            try:
                self._producer.produce(
                    made.topic, key=made.key, value=made.value, headers=list(made.headers), on_delivery=acknowledged
                )
                return
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                raise Unavailable(f"Kafka did not take a dead letter: {error}") from error
