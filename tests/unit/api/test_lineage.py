"""What OpenLineage's clients send, over HTTP: taken as it is, or refused with the place of the fault."""

import gzip
import threading
from typing import Any

import msgspec
import pytest
from confluent_kafka import KafkaError
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.adapters.openlineage import check
from leadline.api import intake
from leadline.api.lineage import EXAMPLE, MOST_FAULTS
from leadline.api.openlineage import MAX_EVENTS, examine, key_of

from ...conftest import wait_until
from .served import Answered, Served, served

PATHS = ["/api/v1/lineage", "/api/v1/lineage/batch"]


def event(job: str = "churn", **more: Any) -> dict[str, Any]:
    return {**EXAMPLE, "job": {"namespace": "n", "name": job}, **more}


def post(api: Served, body: Any, path: str = PATHS[0], **more: Any) -> Answered:
    return api.ask(body if isinstance(body, bytes) else msgspec.json.encode(body), path=path, **more)


def faults(answer: Answered) -> list[tuple[int, str]]:
    """Index and pointer of each; asserts the shape of the refusal."""
    assert set(answer.json) == {"error", "detail", "accepted", "faults", "example"}
    assert answer.json["example"] == EXAMPLE
    assert all(fault["message"] for fault in answer.json["faults"])
    return [(fault["index"], fault["pointer"]) for fault in answer.json["faults"]]


def test_the_example_is_one() -> None:
    """Nothing to warn of."""
    assert check(EXAMPLE) == []


@pytest.mark.parametrize("path", PATHS)
def test_an_event_is_in_kafka_byte_for_byte(api: Served, path: str) -> None:
    """Spaces, order of keys and unknown fields as they came; under the key that OpenLineage's Kafka transport gives."""
    body = b' {"unknown": "\xc3\xbc", ' + msgspec.json.encode(event())[1:] + b"\n"
    answer = post(api, body, path)
    assert (answer.status, answer.json) == (201, {"accepted": 1})
    assert [tuple(sent) for sent in api.producer.sent] == [("openlineage.events", b"run:n/churn", body, [])]


@pytest.mark.parametrize("path", PATHS)
def test_an_array_is_as_many_messages(api: Served, path: str) -> None:
    """Each as it stands in the array."""
    events = [msgspec.json.encode(event(f"job-{number}")) for number in range(3)]
    answer = post(api, b"[ " + b" ,\n".join(events) + b"]", path)
    assert (answer.status, answer.json) == (201, {"accepted": 3})
    assert [(sent.key, sent.value) for sent in api.producer.sent] == [
        (f"run:n/job-{number}".encode(), body) for number, body in enumerate(events)
    ]


def test_an_empty_array_is_fine(api: Served) -> None:
    """Nothing is in Kafka, as asked."""
    assert post(api, []).json == {"accepted": 0}


def test_gzip_is_taken(api: Served) -> None:
    """As the Python and Java clients pack."""
    answer = post(api, gzip.compress(msgspec.json.encode(event())), headers={"Content-Encoding": "gzip"})
    assert answer.status == 201


def job(name: str) -> dict[str, Any]:
    return {"job": {"namespace": "up", "name": name}, "run": {"runId": "r"}}


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("run:n/j", {"run": {"runId": "r"}}),
        ("run:up/parent", {"run": {"runId": "r", "facets": {"parent": job("parent")}}}),
        ("run:up/root", {"run": {"runId": "r", "facets": {"parent": {**job("parent"), "root": job("root")}}}}),
        ("run:up/parent", {"run": {"runId": "r", "facets": {"parent": {**job("parent"), "root": {"job": {}}}}}}),
        ("run:n/j", {"run": {"runId": "r", "facets": {"parent": {"job": {"namespace": 1, "name": ""}}}}}),
        ("run:n/j", {"run": {"runId": "r", "facets": {"parent": None}}}),
        ("job:n/j", {}),
        ("dataset:s3://lake/t", {"job": None, "dataset": {"namespace": "s3://lake", "name": "t"}}),
    ],
)
def test_keys(key: str, given: dict[str, Any]) -> None:
    """The root job's, else the parent's, else the job's own."""
    found = {"job": {"namespace": "n", "name": "j"}, **given}
    assert key_of({name: value for name, value in found.items() if value is not None}) == key


BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", ""),
    "no JSON": (b"{", ""),
    "no UTF-8": (b'{"job": "\xff"}', ""),
    "deep": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, ""),
    "deep array": (b"[" * 100_000, ""),
    "text": (b'"event"', ""),
    "null": (b"null", ""),
    "no time": (msgspec.json.encode({**EXAMPLE, "eventTime": None}), "/eventTime"),
    "no job's name": (msgspec.json.encode({**EXAMPLE, "job": {"namespace": "n"}}), "/job/name"),
    "no run's id": (msgspec.json.encode(event(run={})), "/run/runId"),
    "inputs of text": (msgspec.json.encode(event(inputs=["t"])), "/inputs/0"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_is_named_with_its_place(api: Served, name: str) -> None:
    """422 with a JSON pointer, a sentence and a good event; nothing is in Kafka, and the API goes on."""
    body, pointer = BAD[name]
    answer = post(api, body)
    assert (answer.status, answer.json["error"], answer.json["accepted"]) == (422, "unusable", 0)
    assert (0, pointer) in faults(answer)
    assert api.producer.sent == []
    assert post(api, event()).status == 201


def test_of_an_array_the_good_ones_are_taken(api: Served) -> None:
    """A client drops the whole request; so the others are in Kafka, and each pointer begins with an index."""
    answer = post(api, [event("a"), {**event("b"), "eventTime": "yesterday"}, event("c"), "x", event("d")])
    assert (answer.status, answer.json["accepted"]) == (422, 3)
    assert faults(answer) == [(1, "/1/eventTime"), (3, "/3")]
    assert answer.json["detail"].startswith("2 of 5 events cannot be used, the others are taken")
    assert [sent.key for sent in api.producer.sent] == [b"run:n/a", b"run:n/c", b"run:n/d"]


def test_many_faults_are_not_all_listed(api: Served) -> None:
    """An answer stays small."""
    answer = post(api, [{}] * (MOST_FAULTS + 20))
    assert len(faults(answer)) == MOST_FAULTS
    assert answer.json["detail"].startswith(f"{MOST_FAULTS + 20} of")


def test_an_event_that_no_topic_takes(api: Served) -> None:
    """413 where size is all that is wrong; the others are taken."""
    large = event("large", unknown="x" * 8_000_000)
    answer = post(api, large)
    assert (answer.status, answer.json["error"]) == (413, "too_large")
    assert faults(answer) == [(0, "")]
    answer = post(api, [event("small"), large])
    assert (answer.status, faults(answer)) == (413, [(1, "/1")])
    assert [sent.key for sent in api.producer.sent] == [b"run:n/small"]
    assert post(api, [large, {}]).status == 422


def test_kafka_finds_an_event_too_large(api: Served) -> None:
    """Its topic may have another limit; the others are in."""
    api.producer.error = lambda sent: KafkaError(KafkaError.MSG_SIZE_TOO_LARGE) if sent.key.endswith(b"b") else None
    answer = post(api, [event("a"), event("b")])
    assert (answer.status, answer.json["accepted"], faults(answer)) == (413, 1, [(1, "/1")])


def test_a_body_or_an_array_that_is_too_large(api: Served) -> None:
    """As for events: the sender of 20 MB reads why."""
    assert post(api, bytes(20_000_000)).error == "too_large"
    assert post(api, [{}] * (MAX_EVENTS + 1)).error == "too_large"
    assert api.producer.sent == []


def test_100_000_inputs(api: Served) -> None:
    """One event of some 5 MB is as good as another."""
    many = [{"namespace": "s3://lake", "name": f"table-{number}"} for number in range(100_000)]
    assert post(api, event(inputs=many)).status == 201


def test_kafka_away(api: Served) -> None:
    """503 with Retry-After, the one kind of answer after which clients try again."""
    api.producer.error = lambda _: KafkaError(KafkaError._MSG_TIMED_OUT)
    answer = post(api, event())
    assert (answer.status, answer.error) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("body", [event(), event(unknown="x" * 50_000)])
def test_no_room(monkeypatch: pytest.MonkeyPatch, body: dict[str, Any]) -> None:
    """503 with Retry-After: after 429 the asynchronous client drops an event."""
    monkeypatch.setattr(intake, "BODIES_BYTES", 0)
    monkeypatch.setattr(intake, "PATIENCE_SECONDS", 0.1)
    with served() as one:
        answer = post(one, body)
    assert (answer.status, answer.error) == (503, "busy")
    assert int(answer.headers["retry-after"]) > 0


def test_the_answer_waits_for_kafka(api: Served) -> None:
    """Nothing is answered while an acknowledgement is missing."""
    api.producer.holding = True
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(post(api, [event("a"), event("b")]).status))
    thread.start()
    wait_until(lambda: len(api.producer) == 2, seconds=10, what="both messages to be produced")
    assert answers == []
    api.producer.holding = False
    thread.join()
    assert answers == [201]


def test_strangers_and_pages_are_refused(api: Served) -> None:
    """As everywhere; the key of OpenLineage's `api_key` is the token."""
    assert post(api, event(), token="wrong").error == "unauthorized"
    assert post(api, event(), headers={"Origin": "https://evil.example"}).error == "foreign_origin"
    assert api.producer.sent == []


@settings(deadline=None)
@given(st.binary(max_size=200) | st.builds(lambda tail: b"[" + msgspec.json.encode(EXAMPLE) + tail, st.binary(max_size=20)))
def test_any_bytes_are_events_or_faults(data: bytes) -> None:
    """Nothing else ever comes out."""
    found = examine(data)
    assert found.ready or found.unusable or data.split() in ([b"[]"], [b"[", b"]"])
