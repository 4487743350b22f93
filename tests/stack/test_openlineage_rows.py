"""Every row of OpenLineage's mapping, from the event as it comes to the column of the view that people ask."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from leadline.adapters.openlineage import check, decode, to_events
from leadline.core.settings import Settings
from leadline.events.records import Event, RunEvent
from leadline.history.connection import reading
from leadline.lineage.graph import step

from .facts import put, running_store
from .openlineage_documents import Document, data, facet, run_event

pytestmark = pytest.mark.stack
INPUT = {"namespace": "postgres://db:5432", "name": "orders", "field": "amount"}
COLUMNS = facet(
    fields={"total": {"inputFields": [{**INPUT, "transformations": [{"type": "DIRECT", "subtype": "AGGREGATION"}]}]}},
    dataset=[{**INPUT, "field": "day", "transformations": [{"type": "INDIRECT", "subtype": "FILTER"}]}],
)
ASSERTION = {"assertion": "not_null", "success": False, "column": "id", "severity": "error"}
QUALITY = facet(rowCount=10, columnMetrics={"age": {"nullCount": 1, "quantiles": {"0.5": 30}}})
OF_RUN = "leadline.runs WHERE run_id = {run:String}"
OF_NODE = "leadline.nodes WHERE namespace = {namespace:String}"

Row = tuple[str, Document, str, Any]

ROWS: list[Row] = [
    (
        "parent",
        run_event(run={"parent": facet(run={"runId": "p"}, job={"namespace": "af", "name": "dag"})}),
        f"(parent_run_id, parent_job_namespace, parent_job_name) FROM {OF_RUN}",
        ("p", "af", "dag"),
    ),
    (
        "root",
        run_event(
            run={
                "parent": facet(
                    run={"runId": "p"},
                    job={"namespace": "af", "name": "dag"},
                    root={"run": {"runId": "r"}, "job": {"namespace": "af", "name": "top"}},
                )
            }
        ),
        f"(root_run_id, root_job_namespace, root_job_name) FROM {OF_RUN}",
        ("r", "af", "top"),
    ),
    (
        "nominalTime",
        run_event(run={"nominalTime": facet(nominalStartTime="2026-11-20T00:00:00Z", nominalEndTime="2026-11-21T00:00:00Z")}),
        f"(toString(nominal_at), toString(nominal_end_at)) FROM {OF_RUN}",
        ("2026-11-20 00:00:00.000000", "2026-11-21 00:00:00.000000"),
    ),
    (
        "errorMessage",
        run_event(
            eventType="FAIL",
            run={"errorMessage": facet(message="no", programmingLanguage="python", stackTrace="ValueError: n")},
        ),
        f"(state, error_message, error_type, error_stack) FROM {OF_RUN}",
        ("FAIL", "no", "ValueError", "ValueError: n"),
    ),
    (
        "processing_engine",
        run_event(run={"processing_engine": facet(name="spark", version="3.5.9")}),
        f"engine FROM {OF_RUN}",
        "spark/3.5.9",
    ),
    (
        "externalQuery",
        run_event(run={"externalQuery": facet(externalQueryId="q-1", source="snowflake")}),
        f"tool_ids['external_query_id'] FROM {OF_RUN}",
        "q-1",
    ),
    (
        "extractionError",
        run_event(run={"extractionError": facet(totalTasks=2, failedTasks=1, errors=[])}),
        f"partial FROM {OF_RUN}",
        True,
    ),
    (
        "environmentVariables",
        run_event(run={"environmentVariables": facet(environmentVariables=[{"name": "STAGE", "value": "prod"}])}),
        f"parameters['env.STAGE'] FROM {OF_RUN}",
        "prod",
    ),
    (
        "executionParameters",
        run_event(run={"executionParameters": facet(parameters=[{"key": "day", "value": "2026-11-20"}])}),
        f"parameters['day'] FROM {OF_RUN}",
        "2026-11-20",
    ),
    (
        "jobDependencies",
        run_event(run={"jobDependencies": facet(upstream=[{"job": {"namespace": "af", "name": "extract"}}])}),
        "(granularity, source_kind, source_name) FROM leadline.lineage_edges WHERE job_namespace = {job:String}",
        ("CONTROL", "JOB", "extract"),
    ),
    (
        "test",
        run_event(run={"test": facet(tests=[{"name": "fresh", "status": "fail"}])}),
        "(metric, value) FROM leadline.readings WHERE namespace = {job:String} AND metric LIKE 'check.%'",
        ("check.fresh", 0.0),
    ),
    ("tags of a run", run_event(run={"tags": facet(tags=[{"key": "team", "value": "a"}])}), f"tags['team'] FROM {OF_RUN}", "a"),
    (
        "tags of a job",
        run_event(job={"tags": facet(tags=[{"key": "tier", "value": "1"}])}),
        "tags['tier'] FROM leadline.nodes WHERE kind = 'JOB' AND namespace = {job:String}",
        "1",
    ),
    (
        "tags of a dataset",
        run_event(inputs=[data(tags=facet(tags=[{"key": "pii", "value": "yes"}]))]),
        f"tags['pii'] FROM {OF_NODE}",
        "yes",
    ),
    (
        "jobType",
        run_event(job={"jobType": facet(processingType="BATCH", integration="DBT", jobType="MODEL")}),
        f"(processing_type, job_type, tool) FROM {OF_RUN}",
        ("BATCH", "MODEL", "dbt"),
    ),
    (
        "sourceCodeLocation",
        run_event(
            job={"sourceCodeLocation": facet(type="git", url="u", repoUrl="https://x/r", path="a.py", version="a", branch="m")}
        ),
        f"(code_repository, code_commit, code_branch, code_path) FROM {OF_RUN}",
        ("https://x/r", "a", "m", "a.py"),
    ),
    (
        "sourceCode",
        run_event(job={"sourceCode": facet(language="bash", sourceCode="echo hi")}),
        f"length(code_hash) FROM {OF_RUN}",
        64,
    ),
    ("sql", run_event(job={"sql": facet(query="select 1")}), f"length(code_hash) FROM {OF_RUN}", 64),
    (
        "ownership of a job",
        run_event(job={"ownership": facet(owners=[{"name": "team-a"}])}),
        "owner FROM leadline.nodes WHERE kind = 'JOB' AND namespace = {job:String}",
        "team-a",
    ),
    (
        "ownership of a dataset",
        run_event(outputs=[data(ownership=facet(owners=[{"name": "team-b"}]))]),
        f"owner FROM {OF_NODE}",
        "team-b",
    ),
    (
        "documentation of a job",
        run_event(job={"documentation": facet(description="loads")}),
        "description FROM leadline.nodes WHERE kind = 'JOB' AND namespace = {job:String}",
        "loads",
    ),
    (
        "documentation of a dataset",
        run_event(outputs=[data(documentation=facet(description="orders"))]),
        f"description FROM {OF_NODE}",
        "orders",
    ),
    (
        "schema",
        run_event(outputs=[data(schema=facet(fields=[{"name": "id", "type": "int"}]))]),
        "(column, type) FROM leadline.column_profiles WHERE namespace = {namespace:String}",
        ("id", "int"),
    ),
    (
        "schema as a version",
        run_event(outputs=[data(schema=facet(fields=[{"name": "id", "type": "int"}]))]),
        "length(schema_version) FROM leadline.version_details WHERE namespace = {namespace:String}",
        16,
    ),
    (
        "version",
        run_event(outputs=[data(version=facet(datasetVersion="42"))]),
        "(version, run_id) FROM leadline.versions WHERE namespace = {namespace:String}",
        ("42", "{run}"),
    ),
    (
        "columnLineage",
        run_event(inputs=[data()], outputs=[data("totals", columnLineage=COLUMNS)]),
        "groupArray((source_field, target_field, transformations[1].1, transformations[1].2)) FROM (SELECT * FROM "
        "leadline.lineage_edges WHERE granularity = 'COLUMN' AND job_namespace = {job:String} ORDER BY source_field)",
        [("amount", "total", "DIRECT", "AGGREGATION"), ("day", "", "INDIRECT", "FILTER")],
    ),
    (
        "symlinks",
        run_event(inputs=[data(symlinks=facet(identifiers=[{"namespace": "hive", "name": "db.orders", "type": "TABLE"}]))]),
        "(name, of_name, reason) FROM leadline.aliases WHERE namespace = {namespace:String}",
        ("db.orders", "orders", "TABLE"),
    ),
    (
        "lifecycleStateChange",
        run_event(outputs=[data(lifecycleStateChange=facet(lifecycleStateChange="DROP"))]),
        f"lifecycle FROM {OF_NODE}",
        "DROP",
    ),
    (
        "storage and dataSource",
        run_event(outputs=[data(storage=facet(storageLayer="iceberg", fileFormat="parquet"), dataSource=facet(name="pg"))]),
        "(format, attributes['dataSource.name']) FROM leadline.version_details WHERE namespace = {namespace:String}",
        ("parquet", "pg"),
    ),
    (
        "datasetType",
        run_event(outputs=[data(datasetType=facet(datasetType="MODEL"))]),
        "kind FROM leadline.run_io WHERE namespace = {namespace:String}",
        "MODEL",
    ),
    (
        "dataQualityMetrics",
        run_event(inputs=[data(input_dataQualityMetrics=QUALITY)]),
        "groupArray((metric, dims, value)) FROM (SELECT * FROM leadline.readings WHERE namespace = {namespace:String} "
        "ORDER BY metric)",
        [
            ("null_count", {"column": "age"}, 1.0),
            ("quantile", {"column": "age", "quantile": "0.5"}, 30.0),
            ("row_count", {}, 10.0),
        ],
    ),
    (
        "inputStatistics",
        run_event(inputs=[data(input_inputStatistics=facet(rowCount=5))]),
        "(metric, value) FROM leadline.readings WHERE namespace = {namespace:String}",
        ("input.row_count", 5.0),
    ),
    (
        "outputStatistics",
        run_event(outputs=[data(output_outputStatistics=facet(rowCount=6))]),
        "(metric, value) FROM leadline.readings WHERE namespace = {namespace:String}",
        ("output.row_count", 6.0),
    ),
    (
        "dataQualityAssertions",
        run_event(inputs=[data(dataQualityAssertions=facet(assertions=[ASSERTION]))]),
        "(metric, dims, error_lower, state) FROM leadline.bounds WHERE namespace = {namespace:String}",
        ("check.not_null", {"column": "id"}, 1.0, "ACTIVE"),
    ),
    (
        "subset",
        run_event(inputs=[data(input_subset=facet(inputCondition={"type": "location"}))]),
        "JSONExtractString(value, 'inputCondition', 'type') FROM leadline.facets WHERE namespace = {namespace:String} "
        "AND level = 'INPUT'",
        "location",
    ),
    (
        "unknown facet of a run",
        run_event(run={"acme": {"a": [1]}}),
        f"facets['acme'] FROM {OF_RUN}",
        '{"a":[1]}',
    ),
    (
        "unknown facet of a job",
        run_event(job={"acme": {"a": "x"}}),
        "JSONExtractString(value, 'a') FROM leadline.facets WHERE level = 'JOB' AND namespace = {job:String}",
        "x",
    ),
    (
        "unknown facet of a dataset",
        run_event(inputs=[data(acme={"a": "x"})]),
        "JSONExtractString(value, 'a') FROM leadline.facets WHERE level = 'DATASET' AND namespace = {namespace:String}",
        "x",
    ),
]


def _own(number: int, document: Document) -> Document:
    """With a run, a job's namespace and a namespace of data of its own, so that nothing of another row is asked."""
    text = json.dumps(document).replace("01a1fbc6-c379-7626-b419-c280d45bbdc4", f"run-{number}")
    own: Document = json.loads(text.replace("postgres://db:5432", f"pg-{number}").replace('"hive"', f'"pg-{number}"'))
    own["job"]["namespace"] = f"job-{number}"
    return own


def _all_that_follows(document: Document) -> Iterator[Event]:
    """What is published of the event, and what the lineage role makes of it."""
    known = decode(json.dumps(document).encode())
    for event in to_events(known, check(known)):  # type: ignore[arg-type]
        yield event
        if isinstance(event, RunEvent):
            yield from step(None, event, event.event_time)[1]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with running_store(tmp_path_factory.mktemp("rows")) as settings:
        put(settings, (event for number, row in enumerate(ROWS) for event in _all_that_follows(_own(number, row[1]))))
        yield settings


@pytest.fixture(scope="module")
def client(store: Settings) -> Iterator[Client]:
    with reading(store) as client:
        yield client


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[row[0] for row in ROWS])
def test_a_facet_is_where_the_mapping_says(client: Client, number: int) -> None:
    """One row of the mapping: the value that the facet said, in the column that people ask."""
    _, _, question, expected = ROWS[number]
    names = {"run": f"run-{number}", "job": f"job-{number}", "namespace": f"pg-{number}"}
    rows = client.query(f"SELECT {question}", parameters=names).result_rows
    wanted = tuple(names["run"] if part == "{run}" else part for part in expected) if isinstance(expected, tuple) else expected
    assert [row[0] for row in rows] == [wanted]
