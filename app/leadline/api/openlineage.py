"""OpenLineage's bodies: which of a body's events can go to Kafka, and under which key."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from leadline.adapters.openlineage import Unusable, check, decode
from leadline.events.messages import Message
from leadline.events.topics import OPENLINEAGE_EVENTS
from leadline.track.entry import MAX_BODY_BYTES

from .errors import ApiError

MAX_EVENTS = 5_000
_raws = msgspec.json.Decoder(list[msgspec.Raw])


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with an event: where, as a JSON pointer into the whole body, and a sentence that says what to do."""

    index: int
    pointer: str
    message: str


class Place(msgspec.Struct, frozen=True):
    """Of an event in its body: `pointer` is empty where it is the whole body."""

    index: int
    pointer: str

    def too_large(self, detail: str) -> Fault:
        return Fault(self.index, self.pointer, f"too large: {detail}; split its inputs and outputs over several events")


class Examined(NamedTuple):
    """Of all events of a body. `ready` may go to Kafka."""

    ready: list[tuple[Place, Message]]
    unusable: list[Fault]
    too_large: list[Fault]


def examine(data: bytes) -> Examined:
    """The body's one event, or those of its array. Raises ApiError for an array that is too long."""
    found = Examined([], [], [])
    try:
        for place, event in _events(data):
            _examine(place, event, found)
    except (msgspec.DecodeError, RecursionError) as error:
        found.unusable.append(Fault(0, "", f"the body is no JSON array: {error}"))
    return found


def _events(data: bytes) -> Iterator[tuple[Place, bytes]]:
    """Each as it stands in the body: what goes to Kafka is what was sent."""
    if not data.lstrip(b" \t\r\n").startswith(b"["):
        yield Place(0, ""), data
        return
    raws = _raws.decode(data)
    if len(raws) > MAX_EVENTS:
        raise ApiError(413, "too_large", f"the array has {len(raws):,} events; {MAX_EVENTS:,} are taken: send smaller ones")
    for index, raw in enumerate(raws):
        yield Place(index, f"/{index}"), bytes(raw)


def _examine(place: Place, event: bytes, found: Examined) -> None:
    try:
        message = _message(event)
    except Unusable as error:
        found.unusable.extend(Fault(place.index, place.pointer + fault.pointer, fault.message) for fault in error.faults)
        return
    size = len(message.key) + len(event)
    if size > MAX_BODY_BYTES:
        found.too_large.append(place.too_large(f"{size:,} bytes, {MAX_BODY_BYTES:,} are taken"))
    else:
        found.ready.append((place, message))


def _message(event: bytes) -> Message:
    """Raises Unusable."""
    document = decode(event)
    check(document)
    assert isinstance(document, Mapping)
    return Message(OPENLINEAGE_EVENTS, key_of(document).encode("utf-8", "replace"), event, [])


def key_of(event: Mapping[str, Any]) -> str:
    """As OpenLineage's own Kafka transport has it: all runs below one root job are in one partition."""
    if "run" in event:
        return f"run:{_name(_job_above(event) or event['job'])}"
    if "job" in event:
        return f"job:{_name(event['job'])}"
    return f"dataset:{_name(event['dataset'])}"


def _job_above(event: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The root job of the facet `parent`, else its job; None where it names neither."""
    parent = _within(event, "run", "facets", "parent")
    for job in (_within(parent, "root", "job"), _within(parent, "job")):
        if all(isinstance(job.get(name), str) and job[name] for name in ("namespace", "name")):
            return job
    return None


def _within(value: Any, *path: str) -> Mapping[str, Any]:
    """Empty where there is no object."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _name(thing: Mapping[str, Any]) -> str:
    return f"{thing['namespace']}/{thing['name']}"
