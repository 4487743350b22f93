"""Every row of the mapping: where a facet's value lands. One case a row."""

from hashlib import sha256
from typing import Any

import pytest

from leadline.events.records import (
    ColumnEdge,
    ColumnProfile,
    EntityReported,
    JobDependency,
    MetricsReported,
    RunEvent,
    Transformation,
    VersionDescribed,
)

from .sent import Document, data, facet, made, of, run_event


def as_facets(name: str, value: Any) -> dict[str, Any]:
    return {name: value}


PARENT = facet(
    run={"runId": "parent-run"},
    job={"namespace": "af", "name": "dag"},
    root={"run": {"runId": "root-run"}, "job": {"namespace": "af", "name": "root"}},
)
COLUMNS = facet(
    fields={
        "total": {
            "inputFields": [
                {
                    "namespace": "postgres://db:5432",
                    "name": "orders",
                    "field": "amount",
                    "transformations": [{"type": "DIRECT", "subtype": "AGGREGATION", "masking": False}],
                }
            ]
        }
    },
    dataset=[{"namespace": "postgres://db:5432", "name": "orders", "field": "day", "transformations": [{"type": "INDIRECT"}]}],
)


def column(field: str, target: str, **how: Any) -> ColumnEdge:
    return ColumnEdge(
        source_namespace="postgres://db:5432",
        source_name="orders",
        source_field=field,
        target_namespace="postgres://db:5432",
        target_name="totals",
        target_field=target,
        transformations=[Transformation(**how)],
    )


RUN_ROWS: list[tuple[str, Document, Document]] = [
    (
        "parent",
        run_event(run={"parent": PARENT}),
        {
            "parent_run_id": "parent-run",
            "parent_job_namespace": "af",
            "parent_job_name": "dag",
            "root_run_id": "root-run",
            "root_job_namespace": "af",
            "root_job_name": "root",
        },
    ),
    (
        "nominalTime",
        run_event(run={"nominalTime": facet(nominalStartTime="2026-11-20T00:00:00Z", nominalEndTime="2026-11-21T00:00:00Z")}),
        {"nominal_at": 1_795_132_800_000_000, "nominal_end_at": 1_795_219_200_000_000},
    ),
    (
        "errorMessage",
        run_event(
            run={
                "errorMessage": facet(
                    message="division by zero",
                    programmingLanguage="python",
                    stackTrace="Traceback (most recent call last):\n  File 'a.py'\nZeroDivisionError: division by zero",
                )
            }
        ),
        {
            "error_message": "division by zero",
            "error_type": "ZeroDivisionError",
            "error_stack": "Traceback (most recent call last):\n  File 'a.py'\nZeroDivisionError: division by zero",
        },
    ),
    (
        "processing_engine",
        run_event(run={"processing_engine": facet(name="spark", version="3.5.9", openlineageAdapterVersion="1.53")}),
        {"engine": "spark/3.5.9"},
    ),
    (
        "externalQuery",
        run_event(run={"externalQuery": facet(externalQueryId="q-1", source="snowflake")}),
        {"tool_ids": {"external_query_id": "q-1", "external_query_source": "snowflake"}},
    ),
    (
        "extractionError",
        run_event(run={"extractionError": facet(totalTasks=2, failedTasks=1, errors=[{"errorMessage": "no plan"}])}),
        {"partial": True},
    ),
    (
        "environmentVariables",
        run_event(
            run={
                "environmentVariables": facet(
                    environmentVariables=[{"name": "STAGE", "value": "prod"}, {"name": "DB_PASSWORD", "value": "hunter2"}]
                )
            }
        ),
        {"parameters": {"env.STAGE": "prod", "env.DB_PASSWORD": "[redacted]"}},
    ),
    (
        "executionParameters",
        run_event(
            run={
                "executionParameters": facet(
                    parameters=[{"key": "day", "value": "2026-11-20"}, {"key": "limits", "value": {"b": 2, "a": 1}}]
                )
            }
        ),
        {"parameters": {"day": "2026-11-20", "limits": '{"a":1,"b":2}'}},
    ),
    (
        "jobDependencies",
        run_event(
            run={
                "jobDependencies": facet(
                    upstream=[
                        {
                            "job": {"namespace": "af", "name": "extract"},
                            "run": {"runId": "r-1"},
                            "dependency_type": "DIRECT_INVOCATION",
                            "status_trigger_rule": "EXECUTE_ON_SUCCESS",
                        }
                    ],
                    downstream=[{"job": {"namespace": "af", "name": "report"}}],
                )
            }
        ),
        {
            "dependencies": [
                JobDependency(
                    direction="UPSTREAM",
                    job_namespace="af",
                    job_name="extract",
                    run_id="r-1",
                    type="DIRECT_INVOCATION",
                    trigger_rule="EXECUTE_ON_SUCCESS",
                ),
                JobDependency(direction="DOWNSTREAM", job_namespace="af", job_name="report"),
            ]
        },
    ),
    (
        "tags of a run",
        run_event(run={"tags": facet(tags=[{"key": "team", "value": "growth", "source": "DAG"}])}),
        {"tags": {"team": "growth"}},
    ),
    (
        "jobType",
        run_event(job={"jobType": facet(processingType="STREAMING", integration="FLINK", jobType="JOB")}),
        {"processing_type": "STREAMING", "job_type": "JOB", "source": "flink"},
    ),
    (
        "sourceCodeLocation",
        run_event(
            job={
                "sourceCodeLocation": facet(
                    type="git",
                    url="https://example.com/r/blob/abc/dags/a.py",
                    repoUrl="https://example.com/r.git",
                    path="dags/a.py",
                    version="abc",
                    branch="main",
                )
            }
        ),
        {"code_repository": "https://example.com/r.git", "code_commit": "abc", "code_branch": "main", "code_path": "dags/a.py"},
    ),
    (
        "sourceCode",
        run_event(job={"sourceCode": facet(language="Bash", sourceCode="echo hi")}),
        {"code_hash": sha256(b"bash\necho hi").hexdigest()},
    ),
    (
        "sql",
        run_event(job={"sql": facet(query="select 1", dialect="duckdb")}),
        {"code_hash": sha256(b"duckdb\nselect 1").hexdigest()},
    ),
    ("owner of a job", run_event(job={"ownership": facet(owners=[{"name": "a", "type": "OWNER"}])}), {"owner": "a"}),
    ("unknown facet", run_event(run={"acme": {"b": 2, "a": [1]}}), {"facets": {"acme": '{"a":[1],"b":2}'}}),
    (
        "airflow",
        run_event(
            run={
                "airflow": facet(
                    dag={"dag_id": "d", "owner": "me"},
                    dagRun={"run_id": "manual__1", "run_type": "backfill"},
                    task={"task_id": "t"},
                    taskInstance={"try_number": 3, "log_url": "http://af/log"},
                )
            }
        ),
        {
            "tool_ids": {"dag_id": "d", "task_id": "t", "run_id": "manual__1"},
            "attempt": 3,
            "tool_url": "http://af/log",
            "owner": "me",
            "mode": "BACKFILL",
        },
    ),
    (
        "columnLineage",
        run_event(outputs=[data("totals", columnLineage=COLUMNS)]),
        {
            "columns": [
                column("amount", "total", type="DIRECT", subtype="AGGREGATION"),
                column("day", "", type="INDIRECT"),
            ]
        },
    ),
]


@pytest.mark.parametrize(("document", "fields"), [row[1:] for row in RUN_ROWS], ids=[row[0] for row in RUN_ROWS])
def test_what_a_run_is_told(document: Document, fields: Document) -> None:
    """A facet of a run or its job is a field of the run."""
    event = of(RunEvent, document)
    assert {name: getattr(event, name) for name in fields} == fields


def test_code_is_told_apart_by_its_hash() -> None:
    """The same query is the same code, another one is not; so is its language."""
    hashes = [
        of(RunEvent, run_event(job={"sql": facet(query=query, dialect=dialect)})).code_hash
        for query, dialect in (("select 1", "duckdb"), ("select 1", "DuckDB"), ("select 2", "duckdb"), ("select 1", "spark"))
    ]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


ENTITY_ROWS: list[tuple[str, Document, tuple[str, str, str], dict[str, str]]] = [
    (
        "ownership of a job",
        run_event(job={"ownership": facet(owners=[{"name": "team:a", "type": "OWNER"}, {"name": "b"}])}),
        ("JOB", "orders.load", "ownership"),
        {"owner": "team:a", "owners": '[["team:a","OWNER"],["b",""]]'},
    ),
    (
        "ownership of a dataset",
        run_event(outputs=[data(ownership=facet(owners=[{"name": "team:a"}]))]),
        ("DATASET", "orders", "ownership"),
        {"owner": "team:a"},
    ),
    (
        "documentation of a job",
        run_event(job={"documentation": facet(description="loads orders", contentType="text/markdown")}),
        ("JOB", "orders.load", "documentation"),
        {"description": "loads orders", "content_type": "text/markdown"},
    ),
    (
        "documentation of a dataset",
        run_event(inputs=[data(documentation=facet(description="orders"))]),
        ("DATASET", "orders", "documentation"),
        {"description": "orders"},
    ),
    (
        "tags of a job",
        run_event(job={"tags": facet(tags=[{"key": "tier", "value": "1"}])}),
        ("JOB", "orders.load", "tags"),
        {"tier": "1"},
    ),
    (
        "tags of a dataset and its column",
        run_event(inputs=[data(tags=facet(tags=[{"key": "pii", "value": "1"}, {"key": "pii", "value": "0", "field": "id"}]))]),
        ("DATASET", "orders", "tags"),
        {"pii": "1", "id:pii": "0"},
    ),
    (
        "symlinks",
        run_event(inputs=[data(symlinks=facet(identifiers=[{"namespace": "hive://h", "name": "db.orders", "type": "TABLE"}]))]),
        ("DATASET", "db.orders", "alias"),
        {"kind": "DATASET", "namespace": "postgres://db:5432", "name": "orders", "reason": "TABLE"},
    ),
    (
        "lifecycleStateChange",
        run_event(outputs=[data(lifecycleStateChange=facet(lifecycleStateChange="TRUNCATE"))]),
        ("DATASET", "orders", "lifecycle"),
        {"state": "TRUNCATE"},
    ),
]


@pytest.mark.parametrize(("document", "about", "values"), [row[1:] for row in ENTITY_ROWS], ids=[row[0] for row in ENTITY_ROWS])
def test_what_is_said_of_nodes(document: Document, about: tuple[str, str, str], values: dict[str, str]) -> None:
    """A facet about a node is an aspect of that node."""
    event = of(EntityReported, document)
    assert ((event.kind, event.name, event.aspect), event.values) == (about, values)
    assert not event.deleted


def test_a_rename_is_another_name_too() -> None:
    """The old name stands for the new one; that it was renamed is its lifecycle."""
    change = facet(lifecycleStateChange="RENAME", previousIdentifier={"namespace": "postgres://db:5432", "name": "old"})
    document = run_event(outputs=[data(lifecycleStateChange=change)])
    alias = of(EntityReported, document, lambda event: event.aspect == "alias")
    assert (alias.name, alias.values["name"], alias.values["reason"]) == ("old", "orders", "RENAME")
    assert of(EntityReported, document, lambda event: event.aspect == "lifecycle").values == {"state": "RENAME"}


def test_what_was_deleted_holds_no_more() -> None:
    """A facet that says so takes back what was said, and has no values."""
    event = of(EntityReported, run_event(job={"ownership": facet(_deleted=True)}))
    assert (event.deleted, event.values) == (True, {})


def described(**facets: Any) -> VersionDescribed:
    return of(VersionDescribed, run_event(outputs=[data(**facets)]))


def test_a_schema_has_columns_and_a_version_of_its_own() -> None:
    """Nested fields by their whole name; the hash is of names and types, so that a description changes nothing."""
    fields: list[Document] = [
        {"name": "id", "type": "int", "description": "key"},
        {"name": "who", "type": "struct", "fields": [{"name": "age", "type": "int"}]},
    ]
    event = described(schema=facet(fields=fields))
    assert event.columns == [
        ColumnProfile(name="id", type="int"),
        ColumnProfile(name="who", type="struct"),
        ColumnProfile(name="who.age", type="int"),
    ]
    assert len(event.schema_version) == 16
    (output,) = of(RunEvent, run_event(outputs=[data(schema=facet(fields=fields))])).outputs
    assert output.schema_version == event.schema_version
    assert described(schema=facet(fields=[{**fields[0], "description": "x"}, fields[1]])).schema_version == event.schema_version
    assert described(schema=facet(fields=fields[:1])).schema_version != event.schema_version


def test_a_version_is_the_tools_own() -> None:
    """As the facet says it, on the run's output and on what is described of it."""
    document = run_event(outputs=[data(version=facet(datasetVersion="42"), storage=facet(storageLayer="iceberg"))])
    assert of(RunEvent, document).outputs[0].version == "42"
    assert of(VersionDescribed, document).version == "42"


@pytest.mark.parametrize(
    ("facets", "attributes", "format_"),
    [
        (
            {"storage": facet(storageLayer="iceberg", fileFormat="parquet")},
            {"storage.storageLayer": "iceberg", "storage.fileFormat": "parquet"},
            "parquet",
        ),
        (
            {"dataSource": facet(name="pg", uri="postgres://db:5432")},
            {"dataSource.name": "pg", "dataSource.uri": "postgres://db:5432"},
            "",
        ),
        ({"catalog": facet(framework="hive", name="main")}, {"catalog.framework": "hive", "catalog.name": "main"}, ""),
        ({"hierarchy": facet(hierarchy=[{"type": "SCHEMA"}])}, {"hierarchy.hierarchy": '[{"type":"SCHEMA"}]'}, ""),
        ({"datasetType": facet(datasetType="VIEW")}, {"datasetType.datasetType": "VIEW"}, ""),
    ],
    ids=["storage", "dataSource", "catalog", "hierarchy", "datasetType"],
)
def test_where_data_lies(facets: Document, attributes: dict[str, str], format_: str) -> None:
    """What says where and how it is stored is an attribute of its version."""
    event = described(**facets)
    assert (event.attributes, event.format) == (attributes, format_)


@pytest.mark.parametrize(
    ("dataset", "kind"),
    [
        (data(namespace="mlflow://prod"), "MODEL"),
        (data(namespace="feast://shop"), "FEATURE_VIEW"),
        (data(namespace="seldon://c/ns"), "DEPLOYMENT"),
        (data(datasetType=facet(datasetType="MODEL")), "MODEL"),
        (data(datasetType=facet(datasetType="TABLE")), "DATASET"),
    ],
)
def test_models_and_features_are_told_by_namespace_or_type(dataset: Document, kind: str) -> None:
    """By the naming of docs/naming.md, or by the facet that may say so."""
    assert of(RunEvent, run_event(inputs=[dataset])).inputs[0].kind == kind


Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def readings(document: Document) -> Values:
    return {
        (reading.metric, tuple(sorted(reading.dims.items()))): reading.value
        for event in made(document)
        if isinstance(event, MetricsReported)
        for reading in event.readings
    }


QUALITY = facet(
    rowCount=10,
    bytes=2_000,
    fileCount=1,
    columnMetrics={
        "age": {"nullCount": 1, "distinctCount": 9, "sum": 90.5, "count": 9, "min": 1, "max": 80, "quantiles": {"0.5": 30}}
    },
)


@pytest.mark.parametrize("place", ["dataQualityMetrics", "input_dataQualityMetrics"])
def test_quality_metrics_are_readings(place: str) -> None:
    """Of the data, and of each column with its name as dimension."""
    age = ("column", "age")
    assert readings(run_event(inputs=[data(**as_facets(place, QUALITY))])) == {
        ("row_count", ()): 10,
        ("bytes", ()): 2_000,
        ("file_count", ()): 1,
        ("null_count", (age,)): 1,
        ("distinct_count", (age,)): 9,
        ("sum", (age,)): 90.5,
        ("count", (age,)): 9,
        ("min", (age,)): 1,
        ("max", (age,)): 80,
        ("quantile", (age, ("quantile", "0.5"))): 30,
    }


@pytest.mark.parametrize(
    ("side", "name", "prefix"), [("inputs", "input_inputStatistics", "input"), ("outputs", "output_outputStatistics", "output")]
)
def test_statistics_of_the_use_are_readings(side: str, name: str, prefix: str) -> None:
    """How much of it this run read or wrote is another thing than how much there is."""
    found = readings(run_event(**as_facets(side, [data(**as_facets(name, facet(rowCount=5, size=100, fileCount=2)))])))
    assert found == {(f"{prefix}.row_count", ()): 5, (f"{prefix}.bytes", ()): 100, (f"{prefix}.file_count", ()): 2}


def test_readings_are_of_their_run_and_its_slot() -> None:
    """So that they can be followed back, and repeated slots be told."""
    nominal = facet(nominalStartTime="2026-11-20T00:00:00Z")
    document = run_event(run={"nominalTime": nominal}, outputs=[data(output_outputStatistics=facet(rowCount=5))])
    event = of(MetricsReported, document)
    assert (event.run_id, event.job_name, event.slot) == (
        "01a1fbc6-c379-7626-b419-c280d45bbdc4",
        "orders.load",
        1_795_132_800_000_000,
    )


ASSERTIONS = [
    {"assertion": "not_null", "success": True, "column": "id"},
    {"assertion": "row_count", "success": False, "severity": "warn", "expected": "> 5", "actual": "3"},
]


def checks(event: MetricsReported) -> list[tuple[str, float, dict[str, str], float | None, float | None]]:
    found = []
    for reading, bound in zip(event.readings, event.bounds, strict=True):
        assert (reading.metric, reading.dims) == (bound.metric, bound.dims)
        found.append((reading.metric, reading.value, reading.dims, bound.warn_lower, bound.error_lower))
    return found


@pytest.mark.parametrize("place", ["dataQualityAssertions", "input_dataQualityAssertions"])
def test_assertions_are_readings_with_a_bound(place: str) -> None:
    """A failed one leaves its bound, with the severity that the tool gave it, and so opens an episode."""
    event = of(MetricsReported, run_event(inputs=[data(**as_facets(place, facet(assertions=ASSERTIONS)))]))
    assert checks(event) == [
        ("check.not_null", 1.0, {"column": "id"}, None, 1.0),
        ("check.row_count", 0.0, {}, 1.0, None),
    ]
    assert event.bounds[1].message == "expected > 5"
    assert event.name == "orders"


def test_tests_of_a_run_are_checks_of_its_job() -> None:
    """Passed or failed; what was skipped says nothing."""
    tests = [
        {"name": "unique_id", "status": "pass", "type": "unique"},
        {"name": "fresh", "status": "fail", "severity": "error"},
        {"name": "later", "status": "skip"},
    ]
    event = of(MetricsReported, run_event(run={"test": facet(tests=tests)}))
    assert (event.kind, event.name) == ("JOB", "orders.load")
    assert checks(event) == [("check.unique_id", 1.0, {}, None, 1.0), ("check.fresh", 0.0, {}, None, 1.0)]


def test_the_verdict_does_not_change_the_bound() -> None:
    """One bound for all runs of a check, whether it passes or fails."""
    verdicts = [facet(assertions=[{**ASSERTIONS[1], "success": passed}]) for passed in (True, False)]
    bounds = [of(MetricsReported, run_event(inputs=[data(dataQualityAssertions=one)])).bounds for one in verdicts]
    assert bounds[0] == bounds[1]


@pytest.mark.parametrize("name", ["lineage", "subset", "input_subset", "output_subset"])
def test_what_has_no_meaning_here_yet_is_kept(name: str) -> None:
    """It is in the event as it came, and makes nothing else."""
    events = made(run_event(outputs=[data(**as_facets(name, facet(entries=[], inputCondition={"a": 1})))]))
    assert [type(event).__name__ for event in events] == ["OpenLineageReceived", "RunEvent"]
    assert '"inputCondition"' in events[0].body  # type: ignore[attr-defined]
