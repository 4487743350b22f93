"""A message of OpenLineage's as the messages that it means. Pure, but for the registry behind the codec."""

import logging

from leadline.adapters.openlineage import Unusable, check, decode, to_events
from leadline.core.errors import Unreadable
from leadline.events.codec import Codec
from leadline.events.messages import Message, to_message
from leadline.events.records import Event
from leadline.events.topics import topic_named

log = logging.getLogger(__name__)

_SPARE_BYTES = 128 * 1024
"""What a message may have around key and value, with what compression adds where it finds nothing."""


def translate(codec: Codec, value: bytes | None, recorded_at_ms: int) -> list[Message]:
    """All or nothing: what cannot be sent as a whole is not sent at all. Raises Unreadable, Unavailable."""
    events = _events(value or b"")
    try:
        messages = [to_message(codec, event, recorded_at_ms) for event in events]
    except ValueError as error:
        raise Unreadable("invalid_event", f"it holds what no record can: {error}") from error
    for message in messages:
        _check_size(message)
    return messages


def _events(value: bytes) -> list[Event]:
    try:
        document = decode(value)
    except Unusable as error:
        raise Unreadable("not_json", _said(error)) from error
    try:
        warnings = check(document)
        assert isinstance(document, dict)
        return to_events(document, warnings)
    except Unusable as error:
        raise Unreadable("invalid_event", _said(error)) from error
    except Exception as error:  # a mistake of ours is no reason to let all other events wait
        log.exception("an event that passed its check was not understood")
        raise Unreadable("refused", f"a mistake of Leadline's, replay it when that is mended: {error!r}") from error


def _said(error: Unusable) -> str:
    return "; ".join(f"{fault.pointer or 'the top'}: {fault.message}" for fault in error.faults)


def _check_size(message: Message) -> None:
    size, most = len(message.key) + len(message.value), topic_named(message.topic).max_message_bytes - _SPARE_BYTES
    if size > most:
        detail = f"{size:,} bytes for {message.topic}, {most:,} are taken: split its inputs and outputs over several events"
        raise Unreadable("too_large", detail)
