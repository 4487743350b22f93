"""Whole events: real ones, bad ones, any; and the ids by which repeats are known."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.adapters.openlineage import Unusable, check, decode, to_events
from leadline.events.codec import encode_body
from leadline.events.records import EntityReported, JobDeclared, OpenLineageReceived, RunEvent, VersionDescribed
from leadline.events.validate import validate

from .sent import BODIES, Document, data, facet, made, of, run_event, without

REAL = [(path, number) for path in sorted(BODIES.glob("*.jsonl")) for number in range(len(path.read_text().splitlines()))]


@pytest.mark.parametrize(("path", "number"), REAL, ids=[f"{path.stem}-{number}" for path, number in REAL])
def test_what_tools_really_sent(path: Path, number: int) -> None:
    """Taken, with the run, its inputs and its outputs as the tool named them, and verbatim."""
    document = json.loads(path.read_text().splitlines()[number])
    events = made(document)
    received, run = events[0], of(RunEvent, document)
    assert isinstance(received, OpenLineageReceived)
    assert json.loads(received.body) == document
    assert (run.run_id, run.job_name, run.event_type) == (
        document["run"]["runId"],
        document["job"]["name"],
        document["eventType"],
    )
    assert run.source == path.stem.split("-")[0]
    for side in ("inputs", "outputs"):
        named = {(one["namespace"], one["name"]) for one in document[side]}
        assert {(io.namespace, io.name) for io in getattr(run, side)} == named
    assert {event.event_time for event in events} == {run.event_time}
    assert len({event.event_id for event in events}) == len(events)


def test_edges_of_columns_that_dbt_sent() -> None:
    """From the columns of the source to those of the model, as the SQL has them."""
    lines = [json.loads(line) for line in (BODIES / "dbt-duckdb-1.11.jsonl").read_text().splitlines()]
    found = {
        (edge.source_name, edge.source_field, edge.target_name, edge.target_field)
        for line in lines
        for edge in of(RunEvent, line).columns
    }
    assert ("x.main.raw", "id", "x.main.m1", "id") in found
    assert ("x.main.raw", "v", "x.main.m1", "v2") in found


@pytest.mark.parametrize(
    ("document", "warning", "field", "value"),
    [
        (run_event(producer="feast"), "/producer: it is 'feast'", "source", "feast"),
        (without(run_event(), "producer"), "/producer: it is missing", "source", "openlineage"),
        (without(run_event(), "schemaURL"), "/schemaURL: it is missing", "event_type", "COMPLETE"),
        (run_event() | {"run": {"runId": "not-a-uuid"}}, "/run/runId: it is no UUID", "run_id", "not-a-uuid"),
        (run_event(eventTime="2026-11-21T08:00:00.5"), "/eventTime: it has no zone", "event_time", 1_795_248_000_500_000),
        (run_event(eventTime="2026-11-21T08:00:00.123456789Z"), "", "event_time", 1_795_248_000_123_456),
        (without(run_event(), "eventType"), "/eventType: it is missing", "event_type", "OTHER"),
        (run_event(eventType="complete"), "/eventType: it is 'complete'", "event_type", "COMPLETE"),
        (run_event(eventType="PAUSED"), "/eventType: it is 'PAUSED'", "event_type", "OTHER"),
        (run_event(eventType="LOST"), "", "event_type", "OTHER"),
        (run_event(inputs=None, outputs=None), "", "inputs", []),
        (without(run_event(), "inputs", "outputs"), "", "outputs", []),
        (run_event(run={"nominalTime": "yesterday"}), "/run/facets/nominalTime: it is no object", "nominal_at", None),
        (run_event(run={"parent": facet(run=[])}), "", "parent_run_id", ""),
        (run_event(run={"a/b~c": {}}), "/run/facets/a~1b~0c: it should have _producer", "event_type", "COMPLETE"),
    ],
)
def test_what_real_producers_do_is_taken(document: Document, warning: str, field: str, value: object) -> None:
    """With a warning that says where, and the value that it is taken for."""
    received = of(OpenLineageReceived, document)
    assert [said for said in received.warnings if warning and said.startswith(warning)] or not warning
    assert getattr(of(RunEvent, document), field) == value


@pytest.mark.parametrize(
    ("document", "pointers"),
    [
        ([], [""]),
        ("text", [""]),
        ({}, [""]),
        (without(run_event(), "job"), ["/job"]),
        (run_event() | {"run": {}}, ["/run/runId"]),
        (run_event() | {"run": None}, ["/run"]),
        (run_event() | {"job": {"namespace": "", "name": 7}}, ["/job/namespace", "/job/name"]),
        (without(run_event(), "eventTime"), ["/eventTime"]),
        (run_event(eventTime="yesterday"), ["/eventTime"]),
        (run_event(eventTime="2201-01-01T00:00:00Z"), ["/eventTime"]),
        (run_event(eventTime=1_795_248_000), ["/eventTime"]),
        (run_event(inputs={"a": 1}), ["/inputs"]),  # type: ignore[arg-type]
        (run_event(inputs=[data(), 7]), ["/inputs/1"]),  # type: ignore[list-item]
        (run_event(outputs=[{"namespace": "x"}]), ["/outputs/0/name"]),
        ({"eventTime": "2026-11-21T08:00:00Z", "dataset": {"name": "x"}}, ["/dataset/namespace"]),
    ],
)
def test_what_cannot_be_used_says_where(document: Any, pointers: list[str]) -> None:
    """Each fault with a pointer to it, all of them at once."""
    with pytest.raises(Unusable) as refused:
        check(document)
    assert [fault.pointer for fault in refused.value.faults] == pointers


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b'{"a": "\xed\xa0\x80"}', b"[" * 100_000, b'{"a":' * 100 + b"1" + b"}" * 100, b'"\\ud800"'],
    ids=["empty", "cut", "utf-16", "surrogate", "deep", "deep objects", "half a character"],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """In time and memory that its length bounds."""
    with pytest.raises(Unusable):
        check(decode(body))


def test_brackets_in_texts_are_not_depth() -> None:
    """Many objects side by side, and texts that look nested."""
    assert decode(json.dumps([{"a": "[[[[{{{{" * 100}] * 1_000).encode())


def test_a_design_has_no_run() -> None:
    """A JobEvent declares what a job reads and writes; it makes no run."""
    document = without(run_event(inputs=[data("raw")], outputs=[data("clean")]), "run", "eventType")
    declared = of(JobDeclared, document)
    assert ([io.name for io in declared.inputs], [io.name for io in declared.outputs]) == (["raw"], ["clean"])
    assert not any(isinstance(event, RunEvent) for event in made(document))
    assert of(OpenLineageReceived, document).kind == "JOB"


def test_an_event_of_a_dataset_says_what_it_is() -> None:
    """Its schema and its owner, without any job."""
    document: Document = {
        "eventTime": "2026-11-21T08:00:00Z",
        "producer": "https://example.com",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/DatasetEvent",
        "dataset": data(schema=facet(fields=[{"name": "id", "type": "int"}]), ownership=facet(owners=[{"name": "me"}])),
    }
    assert of(VersionDescribed, document).columns[0].name == "id"
    assert of(EntityReported, document).values == {"owner": "me"}
    received = of(OpenLineageReceived, document)
    assert (received.kind, received.name, received.run_id) == ("DATASET", "orders", "")


def test_a_huge_event_is_told_in_parts() -> None:
    """100,000 inputs are in several events of the run, each far below what a topic takes; the end comes last."""
    events = [event for event in made(run_event(inputs=[data(f"n{n}") for n in range(100_000)])) if isinstance(event, RunEvent)]
    assert sum(len(event.inputs) for event in events) == 100_000
    assert max(len(encode_body(event)) for event in events) < 1_000_000
    assert {event.event_type for event in events[:-1]} == {"RUNNING"}
    assert events[-1].event_type == "COMPLETE"


def test_a_large_facet_is_cut_in_the_run_and_whole_in_the_event() -> None:
    """Nothing is lost, and no run drags a megabyte along."""
    document = run_event(run={"acme": facet(text="x" * 1_000_000)})
    assert len(of(RunEvent, document).facets["acme"]) < 64 * 1024
    assert len(of(OpenLineageReceived, document).body) > 1_000_000


@pytest.mark.parametrize(
    "document",
    [
        run_event(run={"environmentVariables": facet(environmentVariables=[{"name": "API_KEY", "value": "hunter2"}])}),
        run_event(run={"executionParameters": facet(parameters=[{"key": "password", "value": "hunter2"}])}),
        run_event(run={"acme": facet(url="https://me:hunter2@db/x")}),
        run_event(run={"acme": facet(token="hunter2")}),
        run_event(inputs=[data(dataSource=facet(name="a", uri="postgres://me:hunter2@db:5432/x"))]),
        run_event(run={"errorMessage": facet(message="cannot log in with password=hunter2")}),
    ],
)
def test_secrets_go_nowhere(document: Document) -> None:
    """Neither into what is made of the event nor into what is kept of it."""
    assert not [event for event in made(document) if b"hunter2" in encode_body(event)]


def test_the_same_event_has_the_same_ids() -> None:
    """However its keys are ordered and spaced; another one has others."""
    document = run_event(inputs=[data(schema=facet(fields=[{"name": "a", "type": "int"}]))], run={"tags": facet(tags=[])})
    shuffled = {key: document[key] for key in random.Random(1).sample(list(document), len(document))}
    first = [event.event_id for event in to_events(decode(json.dumps(document).encode()))]  # type: ignore[arg-type]
    again = [event.event_id for event in to_events(decode(json.dumps(shuffled, indent=2).encode()))]  # type: ignore[arg-type]
    other = [event.event_id for event in to_events(run_event(eventTime="2026-11-21T08:00:01Z"))]
    assert first == again
    assert not set(first) & set(other)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FACETS = (  # noqa: SIM905 - a list would take fifty lines
    "parent nominalTime errorMessage processing_engine externalQuery extractionError environmentVariables executionParameters "
    "jobDependencies test tags jobType sourceCodeLocation sourceCode sql ownership documentation schema version columnLineage "
    "symlinks catalog storage lifecycleStateChange dataQualityMetrics dataQualityAssertions inputStatistics airflow"
).split()
PARTS = (  # noqa: SIM905
    "run job root runId namespace name tags key value owners fields inputFields field transformations type upstream "
    "assertions assertion success tests status columnMetrics quantiles rowCount datasetVersion task dag try_number parameters"
).split()
parts = st.recursive(
    values, lambda inner: st.dictionaries(st.sampled_from(PARTS), inner | st.lists(inner, max_size=2), max_size=4), max_leaves=8
)
facets = st.dictionaries(st.sampled_from(FACETS), parts | values, max_size=4)
names = st.text(min_size=1, max_size=8)
datasets = st.fixed_dictionaries(
    {"namespace": names, "name": names}, optional={"facets": facets, "inputFacets": facets, "outputFacets": facets | values}
)
documents = st.fixed_dictionaries(
    {"eventTime": st.datetimes().map(lambda moment: moment.isoformat()) | values},
    optional={
        "run": st.fixed_dictionaries({"runId": names}, optional={"facets": facets | values}),
        "job": st.fixed_dictionaries({"namespace": names, "name": names}, optional={"facets": facets | values}),
        "dataset": datasets,
        "inputs": st.lists(datasets, max_size=2) | values,
        "outputs": st.lists(datasets, max_size=2),
        "eventType": st.sampled_from(("START", "COMPLETE")) | values,
        "producer": values,
    },
)


@given(documents | values)
@settings(max_examples=300, deadline=None)
def test_anything_is_taken_or_refused(document: Any) -> None:
    """Whatever JSON comes: a refusal with its reasons, or events that are valid and can be encoded."""
    try:
        known = decode(json.dumps(document).encode())
        warnings = check(known)
    except Unusable as refused:
        assert refused.faults
        return
    for event in to_events(known, warnings):  # type: ignore[arg-type]
        validate(event)
        encode_body(event)
