"""Whether an entry of a batch may go to Kafka as it is."""

import functools
from collections.abc import Iterator

import msgspec

from leadline.core.errors import Unreadable
from leadline.events.codec import RECORD_HEADER, Codec, Registry
from leadline.events.keys import key_of
from leadline.events.messages import Message
from leadline.events.topics import load_topics
from leadline.events.validate import validate
from leadline.track.entry import MAX_BODY_BYTES, Entry, Stamps, known

from .errors import ApiError

MAX_ENTRIES = 5_000
MAX_HEADER_BYTES = 16 * 1024
_OURS = "leadline-"

_decoder = msgspec.msgpack.Decoder(list[Entry])


class Refused(msgspec.Struct, frozen=True):
    """An entry that is not taken, now or ever."""

    index: int
    record: str
    reason: str
    detail: str


class Ready(msgspec.Struct, frozen=True):
    """An entry that may go to Kafka."""

    index: int
    entry: Entry
    value: bytes

    def message(self) -> Message:
        return Message(self.entry.topic, self.entry.key, self.value, [*self.entry.headers])


def decode(data: bytes) -> list[Entry]:
    """Raises ApiError for what is no batch."""
    try:
        entries = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(400, "not_a_batch", f"the body is no MessagePack array of entries: {error}") from None
    if len(entries) > MAX_ENTRIES:
        raise ApiError(
            413, "too_large", f"the batch has {len(entries):,} entries; {MAX_ENTRIES:,} are taken: send smaller ones"
        )
    unknown = next((entry for entry in entries if not known(entry)), None)
    if unknown is not None:
        detail = f"the schema {unknown.fingerprint[:64]!r} of record {unknown.record[:100]!r} is unknown to this version"
        raise ApiError(409, "unknown_schema", f"{detail}: nothing of the batch was taken; keep it until Leadline is updated")
    return entries


class Checker:
    """May be used by several threads."""

    def __init__(self, registry: Registry) -> None:
        self._stamps = Stamps(registry)
        self._codec = Codec(registry)

    def check(self, entries: list[Entry]) -> Iterator[Ready | Refused]:
        """Each in its turn. Raises Unavailable where the registry is away."""
        for index, entry in enumerate(entries):
            try:
                yield Ready(index, entry, self._value(entry))
            except Unreadable as error:
                yield Refused(index, entry.record, error.reason, str(error))

    def _value(self, entry: Entry) -> bytes:
        _check_outside(entry)
        value = self._stamps.value(entry)
        event = self._codec.decode(value, entry.record)
        validate(event)
        if key_of(event) != entry.key:
            raise Unreadable("wrong_key", f"the key is {entry.key[:200]!r}, the event's is {key_of(event)[:200]!r}")
        return value


def _check_outside(entry: Entry) -> None:
    """What can be said without the body. Raises Unreadable."""
    if _open_topics().get(entry.record) != entry.topic:
        raise Unreadable("wrong_topic", f"a {entry.record} cannot be sent to {entry.topic[:100]!r}")
    if len(entry) > MAX_BODY_BYTES:
        raise Unreadable("too_large", f"{len(entry):,} bytes; {MAX_BODY_BYTES:,} are taken")
    if sum(len(name) + len(value) for name, value in entry.headers) > MAX_HEADER_BYTES:
        raise Unreadable("wrong_header", f"the headers have more than {MAX_HEADER_BYTES:,} bytes")
    ours = [(name.lower(), value) for name, value in entry.headers if name.lower().startswith(_OURS)]
    if ours != [(RECORD_HEADER, entry.record.encode())]:
        raise Unreadable("wrong_header", f"of the headers {_OURS}* exactly {RECORD_HEADER}: {entry.record} is taken")


@functools.cache
def _open_topics() -> dict[str, str]:
    """Record to topic, of those that producers write; what is derived is written by processors alone."""
    return {record: topic.name for topic in load_topics() if "track" in topic.producers for record in topic.records}
