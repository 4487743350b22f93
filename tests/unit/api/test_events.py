"""POST /api/v1/events: all good entries go to Kafka as they are, the others are named, and 200 means that Kafka has them."""

import gzip
import threading
from typing import Any

import msgspec
import pytest
from confluent_kafka import KafkaError
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.api.check import MAX_ENTRIES, decode
from leadline.api.errors import ApiError
from leadline.events.codec import Codec
from leadline.events.keys import key_of
from leadline.events.records import AlertState, ChangeDetected, DeadLetter, EdgeObserved, Event
from leadline.events.topics import home_topic
from leadline.track.entry import Entry, fingerprint

from ...conftest import wait_until
from .served import Served, entity, entries, metrics, run_event


def changed(entry: Entry, **fields: Any) -> Entry:
    return msgspec.structs.replace(entry, **fields)


GOOD = entries(run_event())[0]
BROKEN: dict[str, tuple[str, Entry]] = {
    "topic of another record": ("wrong_topic", changed(GOOD, topic="leadline.metrics")),
    "unknown topic": ("wrong_topic", changed(GOOD, topic="leadline.rums")),
    "key of another event": ("wrong_key", changed(GOOD, key=b"[]")),
    "recorded-at": ("wrong_header", changed(GOOD, headers=[*GOOD.headers, ("leadline-recorded-at", b"1")])),
    "control": ("wrong_header", changed(GOOD, headers=[*GOOD.headers, ("Leadline-Control", b"Tick")])),
    "no record header": ("wrong_header", changed(GOOD, headers=[])),
    "header of another record": ("wrong_header", changed(GOOD, headers=[("leadline-record", b"LogsReported")])),
    "large headers": ("wrong_header", changed(GOOD, headers=[*GOOD.headers, ("x", bytes(20_000))])),
    "cut body": ("truncated", changed(GOOD, body=GOOD.body[:-3])),
    "body with more behind it": ("trailing_bytes", changed(GOOD, body=GOOD.body + b"\0")),
    "body of something else": ("not_avro", changed(GOOD, body=b"\x06\xff\xff\xff" + GOOD.body)),
    "no body": ("truncated", changed(GOOD, body=b"")),
    "no name": ("empty_name", entries(run_event(run_id=""))[0]),
    "unknown state": ("unknown_state", entries(run_event(event_type="BEGUN"))[0]),
    "time in seconds of the year 4000": ("time_out_of_range", entries(run_event(event_time=64_000_000_000_000_000))[0]),
    "larger than a topic takes": ("too_large", changed(GOOD, body=bytes(8_100_000))),
}


def test_what_was_sent_is_in_kafka_byte_for_byte(api: Served) -> None:
    """Topic, key and headers as sent, the value as Kafka's own producer would have written it."""
    events = [run_event(), metrics(), entity()]
    answer = api.post(entries(*events))
    assert (answer.status, answer.json) == (200, {"accepted": 3, "refused": []})
    codec = Codec(api.registry)
    assert [tuple(sent) for sent in api.producer.sent] == [
        (home_topic(type(event)), key_of(event), codec.encode(event), [("leadline-record", type(event).__name__.encode())])
        for event in events
    ]


def test_gzip_is_taken(api: Served) -> None:
    """By Content-Encoding."""
    body = gzip.compress(msgspec.msgpack.encode(entries(run_event())))
    assert api.ask(body, {"Content-Encoding": "gzip"}).json == {"accepted": 1, "refused": []}


def test_headers_of_others_travel(api: Served) -> None:
    """A trace id, for example."""
    api.post([changed(GOOD, headers=[*GOOD.headers, ("traceparent", b"00-1-2-01")])])
    assert api.producer.sent[0].headers[-1] == ("traceparent", b"00-1-2-01")


@pytest.mark.parametrize("name", BROKEN)
def test_one_bad_entry_is_named_and_the_good_ones_are_taken(api: Served, name: str) -> None:
    """Its index, record, reason code, and a sentence."""
    reason, entry = BROKEN[name]
    answer = api.post([GOOD, entry, *entries(metrics())])
    assert answer.status == 200
    (refused,) = answer.json["refused"]
    assert answer.json["accepted"] == 2
    assert (refused["index"], refused["record"], refused["reason"]) == (1, "RunEvent", reason)
    assert refused["detail"]
    assert [sent.topic for sent in api.producer.sent] == ["leadline.runs", "leadline.metrics"]


@pytest.mark.parametrize("record", [EdgeObserved, ChangeDetected, AlertState, DeadLetter])
def test_what_is_derived_is_taken_from_nobody(api: Served, record: type[Event]) -> None:
    """A producer cannot forge alerts, edges or dead letters."""
    name = record.__name__
    entry = changed(
        GOOD, topic=home_topic(record), record=name, fingerprint=fingerprint(name), headers=[("leadline-record", name.encode())]
    )
    (refused,) = api.post([entry]).json["refused"]
    assert refused["reason"] == "wrong_topic"
    assert api.producer.sent == []


@pytest.mark.parametrize("newer", [changed(GOOD, fingerprint="ab" * 32), changed(GOOD, record="RunDreamt")])
def test_a_newer_producer_keeps_its_events(api: Served, newer: Entry) -> None:
    """The whole batch is left to the sender, and the schema is named."""
    answer = api.post([GOOD, newer])
    assert (answer.status, answer.error) == (409, "unknown_schema")
    assert newer.fingerprint in answer.json["detail"]
    assert newer.record in answer.json["detail"]
    assert api.producer.sent == []


def test_the_answer_waits_for_kafka(api: Served) -> None:
    """Nothing is answered while an acknowledgement is missing; other requests are not held up."""
    api.producer.holding = True
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(api.post([GOOD]).status))
    thread.start()
    wait_until(lambda: len(api.producer) == 1, seconds=10, what="the message to be produced")
    assert api.ask(b"").status == 400
    assert answers == []
    api.producer.holding = False
    thread.join()
    assert answers == [200]


def test_kafka_away(api: Served) -> None:
    """503 with Retry-After, although some of the batch arrived: the sender sends it again."""
    api.producer.error = lambda sent: KafkaError(KafkaError._MSG_TIMED_OUT) if sent.topic == "leadline.metrics" else None
    answer = api.post(entries(run_event(), metrics()))
    assert (answer.status, answer.error) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0


def test_kafka_finds_a_message_too_large(api: Served) -> None:
    """That one is refused, for ever; the others are in."""
    api.producer.error = lambda sent: KafkaError(KafkaError.MSG_SIZE_TOO_LARGE) if sent.topic == "leadline.metrics" else None
    answer = api.post(entries(run_event(), metrics()))
    assert answer.status == 200
    assert answer.json["accepted"] == 1
    assert (answer.json["refused"][0]["index"], answer.json["refused"][0]["reason"]) == (1, "too_large")


def test_too_much_waits_for_kafka(api: Served) -> None:
    """The client's own memory is bounded: what finds no room there is told to come again."""
    api.producer.full = True
    assert api.post([GOOD]).error == "unavailable"


def test_registry_away(api: Served) -> None:
    """503, and nothing was sent; once it is back, so is the API."""
    api.registry.away = True
    answer = api.post([GOOD])
    assert (answer.status, answer.error) == (503, "unavailable")
    assert "retry-after" in answer.headers
    assert api.producer.sent == []
    api.registry.away = False
    assert api.post([GOOD]).status == 200


def test_too_many_entries(api: Served) -> None:
    """However small they are."""
    assert api.post([GOOD] * (MAX_ENTRIES + 1)).status == 413
    assert api.producer.sent == []


@pytest.mark.parametrize("body", [b"", b"null", b"\x90\x90", b"\xdd\xff\xff\xff\xff", b"[]", b"\x91\xc0", b"\x91\x96\xa1\xff"])
def test_no_batch_is_named_as_such(api: Served, body: bytes) -> None:
    """Also one that claims four thousand million entries."""
    answer = api.ask(body)
    assert (answer.status, answer.error) == (400, "not_a_batch")


@settings(deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=50).map(lambda tail: msgspec.msgpack.encode([GOOD])[:-1] + tail))
def test_any_bytes_are_a_batch_or_an_error_of_ours(data: bytes) -> None:
    """Nothing else ever comes out."""
    try:
        assert isinstance(decode(data), list)
    except ApiError as error:
        assert error.status in (400, 409)


@settings(deadline=None)
@given(cut=st.integers(0, len(GOOD.body)), at=st.integers(0, len(GOOD.body) - 1), flipped=st.integers(0, 255))
def test_any_damage_of_a_body_is_refused_or_valid(api_session: Served, cut: int, at: int, flipped: int) -> None:
    """Whatever the bytes: the entry is taken or refused with a reason, and the API goes on."""
    body = bytearray(GOOD.body)
    body[at] = flipped
    answer = api_session.post([changed(GOOD, body=bytes(body[:cut]))])
    assert answer.status == 200
    assert answer.json["accepted"] + len(answer.json["refused"]) == 1
