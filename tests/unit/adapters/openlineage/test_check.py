"""What cannot be used is refused with its place; what real producers leave out or do wrong is taken with a warning."""

from typing import Any

import pytest

from leadline.adapters.openlineage import Fault, Unusable, check, decode
from leadline.events.records import OpenLineageReceived, RunEvent

from .sent import JOB, dataset, design, facet, made, only, run_event


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b'{"a": "\xff"}', "utf-8"),
        (b'{"a": 1} x', "no JSON"),
        (b'{"a": "\\ud8', "no JSON"),
        (b'{"a": 1e999}', "out of range"),
        (b"[" * 65 + b"]" * 65, "deeper than 64"),
        (b'{"a":' * 1_000_000, "deeper than 64"),
    ],
)
def test_bytes_that_are_no_json_are_refused(data: bytes, message: str) -> None:
    """At once, however deep they go."""
    with pytest.raises(Unusable, match=message) as caught:
        decode(data)
    assert [fault.pointer for fault in caught.value.faults] == [""]


def test_brackets_in_texts_are_no_depth() -> None:
    """Only structure counts, and 64 levels are allowed."""
    assert decode(b'["' + b"[{" * 1_000 + b'\\"["]') == ["[{" * 1_000 + '"[']
    assert decode(b"[" * 64 + b"]" * 64) is not None


def test_what_only_python_writes_is_read() -> None:
    """Its json module writes NaN and halves of surrogate pairs, which strict readers refuse."""
    assert decode(b'{"a": NaN, "b": -Infinity, "c": "\\ud83d"}') == {"a": None, "b": None, "c": "\ud83d"}


@pytest.mark.parametrize(
    ("document", "pointers"),
    [
        ([], [""]),
        ("text", [""]),
        (None, [""]),
        (design(), [""]),
        ({}, ["/eventTime", ""]),
        (design(run=None, job=None, dataset=None), [""]),
        (run_event(eventTime=None), ["/eventTime"]),
        (run_event(eventTime=1_795_248_000), ["/eventTime"]),
        (run_event(eventTime="yesterday"), ["/eventTime"]),
        (run_event(eventTime="1969-12-31T23:59:59Z"), ["/eventTime"]),
        (run_event(eventTime="2200-01-01T00:00:00Z"), ["/eventTime"]),
        (run_event(run=None) | {"run": {}}, ["/run/runId"]),
        (run_event() | {"run": []}, ["/run"]),
        (run_event() | {"run": {"runId": 1}, "job": None}, ["/run/runId", "/job"]),
        (run_event() | {"job": {"namespace": "", "name": ["x"]}}, ["/job/namespace", "/job/name"]),
        (run_event() | {"job": {"namespace": "a\0", "name": "\ud800"}}, ["/job/namespace", "/job/name"]),
        (run_event() | {"job": {"namespace": "a", "name": "x" * 8_193}}, ["/job/name"]),
        (run_event() | {"inputs": {}, "outputs": "x"}, ["/inputs", "/outputs"]),
        (run_event(inputs=[dataset(), {"name": "x"}], outputs=["x"]), ["/inputs/1/namespace", "/outputs/0"]),  # type: ignore[list-item]
        (design(dataset={"namespace": "x"}), ["/dataset/name"]),
        (design(job={"namespace": "x"}), ["/job/name"]),
    ],
)
def test_what_cannot_be_used_is_refused_with_every_place(document: object, pointers: list[str]) -> None:
    """Each fault with a sentence that says what to do."""
    with pytest.raises(Unusable) as caught:
        check(document)
    assert [fault.pointer for fault in caught.value.faults] == pointers
    assert all(fault.message.startswith("it ") for fault in caught.value.faults)


def test_a_fault_says_what_is_there_and_what_should_be() -> None:
    """For the person who mends the client."""
    with pytest.raises(Unusable) as caught:
        check(run_event(eventTime="yesterday"))
    sentence = "it is 'yesterday'; it must be a date and time between 1970 and 2200 such as 2026-11-21T08:00:00Z"
    assert caught.value.faults == [Fault("/eventTime", sentence)]
    assert str(caught.value) == f"/eventTime: {sentence}"


def test_faults_are_limited() -> None:
    """A hundred thousand of them help nobody."""
    with pytest.raises(Unusable) as caught:
        check(run_event(inputs=[{}] * 100_000))
    assert len(caught.value.faults) == 100


WARNED: list[tuple[dict[str, Any], list[str]]] = [
    (run_event(), []),
    (run_event(producer="feast"), ["/producer"]),
    (run_event(producer=None), ["/producer"]),
    (run_event(schemaURL=None), ["/schemaURL"]),
    (run_event(eventTime="2021-11-03T10:53:52.427343"), ["/eventTime"]),
    (run_event(eventType=None), ["/eventType"]),
    (run_event(eventType="complete"), ["/eventType"]),
    (run_event(eventType="LOST"), ["/eventType"]),
    (run_event() | {"run": {"runId": "scheduled__2026-11-21"}}, ["/run/runId"]),
    (run_event(inputs=None or ()) | {"inputs": None, "outputs": None}, []),
    (run_event(run={"x": {"a": 1}}), ["/run/facets/x"]),
    (run_event(job={"a/b~c": 5}), ["/job/facets/a~1b~0c"]),
    (run_event(outputs=[dataset(outputFacets=[])]), ["/outputs/0/outputFacets"]),
    (run_event(inputs=[dataset(facets={"schema": facet(fields={})})]), ["/inputs/0/facets/schema/fields"]),
    (run_event(job={"ownership": facet(_deleted=True)}), []),
    (run_event() | {"dataset": 5}, []),
    (design(dataset=dataset(facets={"version": facet()}), inputs=5), ["/dataset/facets/version/datasetVersion"]),
    (design(run=None, job={"namespace": "a", "name": "b"}), []),
]


@pytest.mark.parametrize(("document", "pointers"), WARNED)
def test_what_can_be_used_is_taken_with_a_warning(document: dict[str, Any], pointers: list[str]) -> None:
    """And the warnings stay with the event."""
    warnings = check(document)
    assert [warning.partition(": ")[0] for warning in warnings] == pointers
    assert only(made(document), OpenLineageReceived).warnings == warnings


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ("start", "START"),
        ("COMPLETE", "COMPLETE"),
        (None, "OTHER"),
        ("LOST", "OTHER"),
        ("PAUSED", "OTHER"),
        (5, "OTHER"),
        ([], "OTHER"),
    ],
)
def test_the_type_of_an_event_is_one_that_leadline_knows(sent: object, taken: str) -> None:
    """A client cannot say that a run is lost: only its silence does."""
    assert only(made(run_event(eventType=sent)), RunEvent).event_type == taken


@pytest.mark.parametrize(
    ("sent", "micros"),
    [
        ("2026-11-21T08:00:00Z", 1_795_248_000_000_000),
        ("2026-11-21T10:00:00.5+02:00", 1_795_248_000_500_000),
        ("2026-11-21T08:00:00.123456789Z", 1_795_248_000_123_456),
        ("2026-11-21T08:00:00", 1_795_248_000_000_000),
        ("1970-01-01T00:00:00Z", 0),
    ],
)
def test_times_are_microseconds_in_utc(sent: str, micros: int) -> None:
    """Without a zone they are taken as UTC; Java's nanoseconds are cut."""
    assert only(made(run_event(eventTime=sent)), OpenLineageReceived).event_time == micros


def test_warnings_are_limited() -> None:
    """Twenty say enough."""
    assert len(check(run_event(inputs=[dataset(facets={"x": 1})] * 100_000))) == 20


@pytest.mark.parametrize(
    ("document", "source"),
    [
        (run_event(job={"jobType": facet(processingType="BATCH", integration="SPARK")}), "spark"),
        (run_event(producer="https://github.com/OpenLineage/OpenLineage/tree/1.54.0/integration/dbt"), "dbt"),
        (run_event(producer="https://github.com/apache/airflow/tree/providers-openlineage/2.20.3"), "airflow"),
        (run_event(producer="https://github.com/OpenLineage/OpenLineage/tree/1.5/integration/common"), "openlineage"),
        (run_event(producer=None), "openlineage"),
        (design(job={"namespace": "a", "name": "b"}, producer="feast"), "feast"),
        (design(dataset=dataset(), job=None), "openlineage"),
    ],
)
def test_the_source_is_the_tool_that_the_event_is_about(document: dict[str, Any], source: str) -> None:
    """As the job says, else as the producer's address says."""
    assert {event.source for event in made(document)} == {source}


def test_what_came_says_who_sent_it_and_what_follows_says_who_made_it() -> None:
    """So that a fault of the mapping can be told from one of the client."""
    received, ran = made(run_event(job={"ownership": facet(owners=[])}))
    assert received.producer == "https://example.com/tool/1.0"
    assert ran.producer.startswith("leadline-openlineage/")
    assert isinstance(received, OpenLineageReceived)
    assert (received.kind, received.namespace, received.name, received.event_type) == ("RUN", *JOB, "COMPLETE")
