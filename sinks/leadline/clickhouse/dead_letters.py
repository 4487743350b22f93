"""Dead letters, found in the store and sent again as they were."""

from collections.abc import Iterator, Sequence

import msgspec
from clickhouse_connect.driver.client import Client
from confluent_kafka import KafkaError, KafkaException, Producer

from leadline.core.errors import LeadlineError, Unavailable, UsageError
from leadline.events.codec import RECORDED_AT_HEADER
from leadline.events.messages import CUT_HEADER
from leadline.events.records.event import Micros

_SHORTEST_PREFIX = 4
_PAGE = 200
_FLUSH_SECONDS = 30.0


class DeadLetterRow(msgspec.Struct, frozen=True):
    """One dead letter without its bytes. `timestamp` is Kafka's of the original."""

    dead_letter_id: str
    topic: str
    partition: int
    offset: int
    timestamp: Micros
    consumer: str
    reason: str
    error: str
    bytes: int
    recorded_at: Micros
    cut: bool
    """It holds only the beginning of what it is about: sent again, that would be something else."""


class Original(msgspec.Struct, frozen=True):
    """The message as it was."""

    topic: str
    partition: int
    offset: int
    timestamp: Micros
    key: bytes
    payload: bytes
    headers: list[tuple[str, bytes]]


_ROW = f"""
SELECT dead_letter_id, topic, `partition`, `offset`, toUnixTimestamp64Micro(`timestamp`), consumer, reason, error,
    length(payload), toUnixTimestamp64Micro(recorded_at), toBool(arrayExists(h -> h.1 = '{CUT_HEADER}', headers))
FROM leadline.dead_letters
"""  # noqa: S608 - a constant of ours
_CHOICE = "({reason:String} = '' OR reason = {reason:String}) AND ({topic:String} = '' OR topic = {topic:String})"
_ORIGINAL = """
SELECT topic, `partition`, `offset`, toUnixTimestamp64Micro(`timestamp`), hex(`key`), hex(payload),
    arrayMap(h -> tuple(h.1, hex(h.2)), headers)
FROM leadline.dead_letters
WHERE has({ids:Array(String)}, dead_letter_id)
ORDER BY topic, `partition`, `offset`
"""


def find(client: Client, *, reason: str = "", topic: str = "", limit: int = 0) -> list[DeadLetterRow]:
    """The newest first; `limit` 0: all."""
    order = " ORDER BY recorded_at DESC, topic, `partition`, `offset`" + (" LIMIT {limit:UInt32}" if limit else "")
    parameters = {"reason": reason, "topic": topic, "limit": limit}
    rows = client.query(f"{_ROW} WHERE {_CHOICE}{order}", parameters=parameters).result_rows
    return [DeadLetterRow(*row) for row in rows]


def get(client: Client, text: str) -> DeadLetterRow:
    """The one whose id starts with the text. Raises UsageError (too short, several), LeadlineError (none)."""
    if len(text) < _SHORTEST_PREFIX:
        raise UsageError(f"{text!r} is too short for the start of an id; give at least {_SHORTEST_PREFIX} signs")
    found = client.query(f"{_ROW} WHERE startsWith(dead_letter_id, {{text:String}}) LIMIT 2", parameters={"text": text})
    if not found.result_rows:
        raise LeadlineError(f"no dead letter has an id that starts with {text!r}; `leadline dead-letters list` lists them")
    if len(found.result_rows) > 1:
        raise UsageError(f"several dead letters have an id that starts with {text!r}; give more of it")
    return DeadLetterRow(*found.result_rows[0])


def originals(client: Client, ids: Sequence[str]) -> Iterator[Original]:
    """In the order in which Kafka had them, page by page."""
    for first in range(0, len(ids), _PAGE):
        rows = client.query(_ORIGINAL, parameters={"ids": list(ids[first : first + _PAGE])}).result_rows
        for topic, partition, offset, timestamp, key, payload, headers in rows:
            pairs = [(name, bytes.fromhex(value)) for name, value in headers]
            yield Original(topic, partition, offset, timestamp, bytes.fromhex(key), bytes.fromhex(payload), pairs)


def replay(producer: Producer, messages: Iterator[Original]) -> int:
    """Sends the same bytes to the same topic, known since the original was; returns how many Kafka acknowledged.

    Raises Unavailable; what was sent by then may be sent again, since every event keeps its id.
    """
    failed: list[KafkaError] = []
    sent = 0
    for message in messages:
        _send(producer, message, failed)
        sent += 1
    if producer.flush(_FLUSH_SECONDS):
        raise Unavailable("Kafka does not acknowledge; replay them again once it does")
    if any(error.code() == KafkaError.MSG_SIZE_TOO_LARGE for error in failed):
        raise LeadlineError("Kafka refuses some as too large for their topic: split them, or raise its max.message.bytes")
    if failed:
        raise Unavailable(f"Kafka did not take all of them: {failed[0]}; replay them again")
    return sent


def _send(producer: Producer, message: Original, failed: list[KafkaError]) -> None:
    def acknowledged(error: KafkaError | None, _: object) -> None:
        if error is not None:
            failed.append(error)

    headers: list[tuple[str, bytes]] = list(message.headers)
    if all(name != RECORDED_AT_HEADER for name, _ in headers):
        headers.append((RECORDED_AT_HEADER, str(message.timestamp // 1000).encode()))
    while True:
        try:
            producer.produce(
                message.topic,
                key=message.key or None,
                value=message.payload,
                headers=list(headers),
                on_delivery=acknowledged,
            )
            return
        except BufferError:
            producer.poll(0.1)
        except KafkaException as error:
            raise Unavailable(f"Kafka did not take {message.topic} {message.partition}/{message.offset}: {error}") from error
