"""Every facet of OpenLineage 2-0-2 that means something to Leadline lands where docs/openlineage.md says."""

import hashlib
from typing import Any

import pytest

from leadline.adapters.openlineage import check
from leadline.events.records import (
    BoundSpec,
    ColumnEdge,
    ColumnProfile,
    EntityReported,
    JobDeclared,
    JobDependency,
    MetricsReported,
    OpenLineageReceived,
    Reading,
    RunEvent,
    Transformation,
    VersionDescribed,
)
from leadline.track.versions.schema import schema_hash

from .sent import JOB, TABLE, dataset, design, facet, made, of, only, run_event

EIGHT = 1_795_248_000_000_000
"""2026-11-21T08:00:00Z."""

OF_RUNS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "parent",
        {
            "run": {"runId": "p"},
            "job": {"namespace": "a", "name": "dag"},
            "root": {"run": {"runId": "r"}, "job": {"namespace": "b", "name": "top"}},
        },
        {
            "parent_run_id": "p",
            "parent_job_namespace": "a",
            "parent_job_name": "dag",
            "root_run_id": "r",
            "root_job_namespace": "b",
            "root_job_name": "top",
        },
    ),
    (
        "parent",
        {"run": {"runId": "p"}, "job": {"namespace": "a", "name": "dag"}},
        {"parent_run_id": "p", "root_run_id": "", "root_job_name": ""},
    ),
    (
        "nominalTime",
        {"nominalStartTime": "2026-11-21T08:00:00Z", "nominalEndTime": "2026-11-21T10:00:00+02:00"},
        {"nominal_at": EIGHT, "nominal_end_at": EIGHT},
    ),
    (
        "errorMessage",
        {
            "message": "no such table",
            "programmingLanguage": "python",
            "stackTrace": "Traceback (most recent call last):\nKeyError: 1\n\nDuring handling:\nshop.LoadError: no such table",
        },
        {"error_message": "no such table", "error_type": "shop.LoadError"},
    ),
    (
        "errorMessage",
        {
            "message": "failed",
            "programmingLanguage": "JAVA",
            "stackTrace": "org.apache.spark.SparkException: failed\n\tat A.b(C.scala:1)\nCaused by: java.io.IOException: x",
        },
        {"error_type": "org.apache.spark.SparkException"},
    ),
    ("processing_engine", {"version": "3.5.9", "name": "spark"}, {"engine": "spark/3.5.9"}),
    ("processing_engine", {"version": "3.5.9"}, {"engine": "3.5.9"}),
    (
        "externalQuery",
        {"externalQueryId": "q-1", "source": "snowflake"},
        {"tool_ids": {"external_query_id": "q-1", "external_query_source": "snowflake"}},
    ),
    ("extractionError", {"totalTasks": 3, "failedTasks": 1}, {"partial": True}),
    ("extractionError", {"totalTasks": 1, "failedTasks": 0, "errors": [{"errorMessage": "?"}]}, {"partial": True}),
    ("extractionError", {"totalTasks": 3, "failedTasks": 0, "errors": []}, {"partial": False}),
    (
        "environmentVariables",
        {"environmentVariables": [{"name": "STAGE", "value": "prod"}, {"name": "DB_PASSWORD", "value": "hunter2"}]},
        {"parameters": {"env.STAGE": "prod", "env.DB_PASSWORD": "[redacted]"}},
    ),
    (
        "executionParameters",
        {"parameters": [{"key": "depth", "value": 3}, {"key": "x", "value": {"a": 1}}, {"key": "api_key", "value": 123456789}]},
        {"parameters": {"depth": "3", "x": '{"a":1}', "api_key": "[redacted]"}},
    ),
    (
        "jobDependencies",
        {
            "upstream": [{"job": {"namespace": "a", "name": "x"}, "run": {"runId": "1"}, "dependency_type": "DIRECT"}],
            "downstream": [{"job": {"namespace": "a", "name": "y"}, "sequence_trigger_rule": "FINISH_TO_START"}],
            "trigger_rule": "ALL_SUCCESS",
        },
        {
            "dependencies": [
                JobDependency(
                    direction="UPSTREAM", job_namespace="a", job_name="x", run_id="1", type="DIRECT",
                    trigger_rule="ALL_SUCCESS",
                ),
                JobDependency(
                    direction="DOWNSTREAM", job_namespace="a", job_name="y", trigger_rule="FINISH_TO_START, ALL_SUCCESS"
                ),
            ]
        },
    ),
    ("tags", {"tags": [{"key": "team", "value": "growth", "source": "CONFIG"}]}, {"tags": {"team": "growth"}}),
    (
        "airflow",
        {
            "dag": {"dag_id": "d", "owner": "o"},
            "dagRun": {"run_id": "scheduled__1", "run_type": "backfill"},
            "task": {"task_id": "t", "owner": "ana"},
            "taskInstance": {"try_number": 2, "log_url": "http://airflow/log"},
        },
        {
            "tool_ids": {"dag_id": "d", "task_id": "t", "run_id": "scheduled__1"},
            "attempt": 2,
            "tool_url": "http://airflow/log",
            "owner": "ana",
            "mode": "BACKFILL",
        },
    ),
    ("airflowDagRun", {"dag": {"dag_id": "d"}, "dagRun": {"run_id": "m"}}, {"tool_ids": {"dag_id": "d", "run_id": "m"}}),
    (
        "dbt_run",
        {"invocation_id": "i", "project_name": "p"},
        {"tool_ids": {"dbt_invocation_id": "i", "dbt_project": "p"}},
    ),
    (
        "spark_applicationDetails",
        {"applicationId": "local-1", "appName": "app", "userName": "etl", "driverHost": "node-1"},
        {"tool_ids": {"spark_application_id": "local-1", "spark_application": "app"}, "actor": "etl", "host": "node-1"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "said", "fields"), OF_RUNS, ids=[f"{name}-{at}" for at, (name, *_) in enumerate(OF_RUNS)])
def test_a_facet_of_a_run_is_in_its_fields(name: str, said: dict[str, Any], fields: dict[str, Any]) -> None:
    """Value for value."""
    event = only(made(run_event(run={name: facet(**said)})), RunEvent)
    assert {field: getattr(event, field) for field in fields} == fields


OF_JOBS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "jobType",
        {"processingType": "streaming", "integration": "FLINK", "jobType": "JOB"},
        {"processing_type": "STREAMING", "job_type": "JOB", "source": "flink"},
    ),
    (
        "sourceCodeLocation",
        {
            "type": "git",
            "url": "https://git.example.com/shop/blob/main/dags/load.py",
            "repoUrl": "https://git.example.com/shop",
            "path": "dags/load.py",
            "version": "abc123",
            "branch": "main",
            "tag": "v1",
        },
        {
            "code_repository": "https://git.example.com/shop",
            "code_path": "dags/load.py",
            "code_commit": "abc123",
            "code_branch": "main",
        },
    ),
    (
        "sourceCodeLocation",
        {"type": "git", "url": "https://git.example.com/x"},
        {"code_repository": "https://git.example.com/x"},
    ),
    (
        "sourceCode",
        {"language": "Python", "sourceCode": "print(1)"},
        {"code_hash": hashlib.sha256(b"python\nprint(1)").hexdigest()},
    ),
    ("sql", {"query": "SELECT 1", "dialect": "duckdb"}, {"code_hash": hashlib.sha256(b"duckdb\nSELECT 1").hexdigest()}),
]


@pytest.mark.parametrize(("name", "said", "fields"), OF_JOBS, ids=[f"{name}-{at}" for at, (name, *_) in enumerate(OF_JOBS)])
def test_a_facet_of_a_job_is_in_the_run_and_in_the_declaration(name: str, said: dict[str, Any], fields: dict[str, Any]) -> None:
    """The same of a job that ran and of one that was only designed."""
    facets = {name: facet(**said)}
    ran = only(made(run_event(job=facets)), RunEvent)
    declared = only(made(design(job={"namespace": JOB[0], "name": JOB[1], "facets": facets})), JobDeclared)
    for event in (ran, declared):
        assert {field: getattr(event, field) for field in fields} == fields


ASPECTS: list[tuple[str, dict[str, Any], str, dict[str, str]]] = [
    ("ownership", {"owners": [{"name": "team:shop"}]}, "ownership", {"owner": "team:shop"}),
    (
        "ownership",
        {"owners": [{"name": "ana", "type": "STEWARD"}, {"name": "bo"}]},
        "ownership",
        {"owner": "ana", "owners": '[{"name":"ana","type":"STEWARD"},{"name":"bo"}]'},
    ),
    ("documentation", {"description": "All orders"}, "documentation", {"description": "All orders"}),
    (
        "documentation",
        {"description": "# Orders", "contentType": "text/markdown"},
        "documentation",
        {"description": "# Orders", "content_type": "text/markdown"},
    ),
    (
        "tags",
        {"tags": [{"key": "pii", "value": "yes"}, {"key": "gold", "value": True}]},
        "tags",
        {"pii": "yes", "gold": "true"},
    ),
    ("ownership", {"_deleted": True}, "ownership", {}),
    ("documentation", {"_deleted": True}, "documentation", {}),
    ("tags", {"_deleted": True}, "tags", {}),
]


@pytest.mark.parametrize(("name", "said", "aspect", "values"), ASPECTS)
@pytest.mark.parametrize("of_job", [True, False])
def test_what_is_said_of_a_node_is_an_aspect_of_it(
    name: str, said: dict[str, Any], aspect: str, values: dict[str, str], *, of_job: bool
) -> None:
    """Of jobs and of data alike; what is deleted is deleted."""
    facets = {name: facet(**said)}
    events = made(run_event(job=facets) if of_job else run_event(inputs=[dataset(facets=facets)]))
    told = only(events, EntityReported)
    assert (told.kind, told.namespace, told.name) == (("JOB", *JOB) if of_job else ("DATASET", *TABLE))
    assert (told.aspect, told.values, told.deleted) == (aspect, values, not values)


def test_the_owner_of_a_job_is_that_of_its_run() -> None:
    """The first one, and rather than the one that a tool's own facet names."""
    airflow = {"airflow": facet(task={"task_id": "t", "owner": "airflow"})}
    event = run_event(run=airflow, job={"ownership": facet(owners=[{"name": "team:shop"}, {"name": "bo"}])})
    assert only(made(event), RunEvent).owner == "team:shop"


def test_the_tag_of_a_column_names_it() -> None:
    """So that columns do not take each other's."""
    tags = facet(tags=[{"key": "pii", "value": "yes", "field": "email"}, {"key": "pii", "value": "no"}])
    assert only(made(design(dataset=dataset(facets={"tags": tags}))), EntityReported).values == {
        "email:pii": "yes",
        "pii": "no",
    }


@pytest.mark.parametrize(
    ("facets", "node", "values"),
    [
        (
            {"symlinks": facet(identifiers=[{"namespace": "hive://h", "name": "d.t", "type": "TABLE"}])},
            ("hive://h", "d.t"),
            {"kind": "DATASET", "namespace": TABLE[0], "name": TABLE[1], "reason": "TABLE"},
        ),
        (
            {"symlinks": facet(identifiers=[{"namespace": "hive://h", "name": "d.t", "type": "TABLE"}], _deleted=True)},
            ("hive://h", "d.t"),
            {},
        ),
    ],
)
def test_a_symlink_is_an_alias_of_the_other_name(facets: dict[str, Any], node: tuple[str, str], values: dict[str, str]) -> None:
    """The other name is the node: it stands for the dataset, until that is taken back."""
    told = only(made(run_event(outputs=[dataset(facets=facets)])), EntityReported)
    assert (told.namespace, told.name, told.aspect, told.values, told.deleted) == (*node, "alias", values, not values)


def test_a_change_of_life_is_told_and_a_rename_is_an_alias_too() -> None:
    """The old name stands for the new one."""
    change = facet(lifecycleStateChange="RENAME", previousIdentifier={"namespace": TABLE[0], "name": "old"})
    events = made(run_event(outputs=[dataset(facets={"lifecycleStateChange": change})]))
    told = {event.aspect: (event.name, event.values) for event in of(events, EntityReported)}
    assert told == {
        "lifecycle": (TABLE[1], {"state": "RENAME"}),
        "alias": ("old", {"kind": "DATASET", "namespace": TABLE[0], "name": TABLE[1], "reason": "RENAME"}),
    }


@pytest.mark.parametrize("state", ["ALTER", "CREATE", "DROP", "OVERWRITE", "TRUNCATE"])
def test_every_change_of_life_is_told(state: str) -> None:
    """As an aspect of the dataset."""
    change = {"lifecycleStateChange": facet(lifecycleStateChange=state)}
    assert only(made(run_event(outputs=[dataset(facets=change)])), EntityReported).values == {"state": state}


def test_a_schema_is_hashed_and_described_with_nested_fields() -> None:
    """With the hash that the library gives to the same columns."""
    address = {"name": "address", "type": "struct", "fields": [{"name": "city", "type": "string"}]}
    schema = facet(fields=[{"name": "id", "type": "int64"}, address, {"name": "untyped"}])
    columns = [("id", "int64"), ("address", "struct"), ("address.city", "string"), ("untyped", "")]
    events = made(run_event(inputs=[dataset(facets={"schema": schema})]))
    assert only(events, RunEvent).inputs[0].schema_version == schema_hash(columns)
    told = only(events, VersionDescribed)
    assert told.schema_version == schema_hash(columns)
    assert told.columns == [ColumnProfile(name=name, type=kind) for name, kind in columns]


def test_the_version_of_a_dataset_is_that_of_the_tool() -> None:
    """In the run and in what is described and measured of it."""
    data = dataset(
        facets={"version": facet(datasetVersion="42"), "schema": facet(fields=[{"name": "a"}])},
        outputFacets={"outputStatistics": facet(rowCount=1)},
    )
    events = made(run_event(outputs=[data]))
    assert only(events, RunEvent).outputs[0].version == "42"
    assert only(events, VersionDescribed).version == only(events, MetricsReported).version == "42"


def test_column_lineage_is_edges_between_columns() -> None:
    """With transformations; what decided on all rows is of the whole target."""
    source = {"namespace": "s3://lake", "name": "raw"}
    how = {"type": "DIRECT", "subtype": "AGGREGATION", "masking": True}
    facets = {
        "columnLineage": facet(
            fields={"total": {"inputFields": [{**source, "field": "amount", "transformations": [how]}]}},
            dataset=[{**source, "field": "day", "transformations": [{"type": "INDIRECT", "subtype": "FILTER"}]}],
        )
    }
    event = only(made(run_event(outputs=[dataset(facets=facets)])), RunEvent)
    common = {"source_namespace": "s3://lake", "source_name": "raw", "target_namespace": TABLE[0], "target_name": TABLE[1]}
    assert event.columns == [
        ColumnEdge(
            **common,
            source_field="amount",
            target_field="total",
            transformations=[Transformation(type="DIRECT", subtype="AGGREGATION", masking=True)],
        ),
        ColumnEdge(
            **common, source_field="day", target_field="", transformations=[Transformation(type="INDIRECT", subtype="FILTER")]
        ),
    ]


def test_columns_know_what_kind_their_data_is() -> None:
    """The facet does not say; the inputs of the same event do."""
    model = {"namespace": "registry", "name": "m", "facets": {"datasetType": facet(datasetType="MODEL")}}
    lineage = facet(fields={"y": {"inputFields": [{"namespace": "registry", "name": "m", "field": "score"}]}})
    event = only(made(run_event(inputs=[model], outputs=[dataset(facets={"columnLineage": lineage})])), RunEvent)
    assert (event.columns[0].source_kind, event.inputs[0].kind) == ("MODEL", "MODEL")


@pytest.mark.parametrize(
    ("name", "said", "attributes", "form"),
    [
        (
            "catalog",
            {"framework": "hive", "type": "hms", "name": "main", "metadataUri": "thrift://h"},
            {"catalog.framework": "hive", "catalog.type": "hms", "catalog.name": "main", "catalog.metadataUri": "thrift://h"},
            "",
        ),
        ("hierarchy", {"levels": ["db", "schema"]}, {"hierarchy.levels": '["db","schema"]'}, ""),
        (
            "storage",
            {"storageLayer": "iceberg", "fileFormat": "parquet"},
            {"storage.layer": "iceberg", "storage.fileFormat": "parquet"},
            "parquet",
        ),
        (
            "dataSource",
            {"name": "db", "uri": "postgres://db"},
            {"dataSource.name": "db", "dataSource.uri": "postgres://db"},
            "",
        ),
        ("datasetType", {"datasetType": "VIEW", "subType": "X"}, {"datasetType": "VIEW", "datasetType.subType": "X"}, ""),
    ],
)
def test_where_a_dataset_lies_is_in_its_description(
    name: str, said: dict[str, Any], attributes: dict[str, str], form: str
) -> None:
    """Under the names of facet and field."""
    told = only(made(design(dataset=dataset(facets={name: facet(**said)}))), VersionDescribed)
    assert (told.attributes, told.format) == (attributes, form)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"namespace": "mlflow://host", "name": "churn"}, "MODEL"),
        ({"namespace": "feast://project", "name": "fv"}, "FEATURE_VIEW"),
        ({"namespace": "seldon://cluster/ns", "name": "d"}, "DEPLOYMENT"),
        ({"namespace": "x", "name": "m", "facets": {"datasetType": facet(datasetType="model")}}, "MODEL"),
        ({"namespace": "x", "name": "m", "facets": {"datasetType": facet(datasetType="FEATURE_VIEW")}}, "FEATURE_VIEW"),
        ({"namespace": "x", "name": "m", "facets": {"datasetType": facet(datasetType="JOB")}}, "DATASET"),
        ({"namespace": "x", "name": "m", "facets": {"datasetType": facet(datasetType="TABLE")}}, "DATASET"),
        ({"namespace": "x", "name": "m"}, "DATASET"),
    ],
)
def test_the_kind_of_a_node_follows_from_namespace_or_type(data: dict[str, Any], kind: str) -> None:
    """Leadline's own schemes first."""
    assert only(made(run_event(inputs=[data])), RunEvent).inputs[0].kind == kind


@pytest.mark.parametrize("place", ["facets", "inputFacets"])
def test_data_quality_is_readings_of_the_dataset(place: str) -> None:
    """Of the whole and of each column."""
    column = {"nullCount": 1, "distinctCount": 2, "sum": 3.5, "count": 4, "min": 0, "max": 9, "quantiles": {"0.5": 2}}
    said = {"dataQualityMetrics": facet(rowCount=10, bytes=20, fileCount=1, columnMetrics={"a": column})}
    told = only(made(run_event(inputs=[dataset(**{place: said})])), MetricsReported)
    values = {(one.metric, *one.dims.values()): (one.value, one.unit) for one in told.readings}
    assert values == {
        ("row_count",): (10, ""),
        ("bytes",): (20, "By"),
        ("file_count",): (1, ""),
        ("null_count", "a"): (1, ""),
        ("distinct_count", "a"): (2, ""),
        ("sum", "a"): (3.5, ""),
        ("count", "a"): (4, ""),
        ("min", "a"): (0, ""),
        ("max", "a"): (9, ""),
        ("quantile", "a", "0.5"): (2, ""),
    }
    assert (told.kind, told.namespace, told.name, told.job_name) == ("DATASET", *TABLE, JOB[1])


@pytest.mark.parametrize("side", ["input", "output"])
def test_statistics_are_readings_of_the_dataset_as_it_was_used(side: str) -> None:
    """Apart from what it holds as a whole."""
    data = dataset(**{f"{side}Facets": {f"{side}Statistics": facet(rowCount=10, size=20, fileCount=1)}})
    told = only(made(run_event(**{f"{side}s": [data]})), MetricsReported)  # type: ignore[arg-type]
    assert told.readings == [
        Reading(metric=f"{side}.row_count", value=10),
        Reading(metric=f"{side}.bytes", value=20, unit="By"),
        Reading(metric=f"{side}.file_count", value=1),
    ]


def test_readings_carry_the_slot_and_how_the_run_came_about() -> None:
    """A backfill must not page anyone."""
    run = {
        "nominalTime": facet(nominalStartTime="2026-11-21T08:00:00Z"),
        "airflow": facet(dagRun={"run_type": "backfill"}, taskInstance={"try_number": 3}),
    }
    data = dataset(outputFacets={"outputStatistics": facet(rowCount=1)})
    told = only(made(run_event(run=run, outputs=[data])), MetricsReported)
    assert (told.slot, told.mode, told.attempt) == (EIGHT, "BACKFILL", 3)


ASSERTION = {"assertion": "not_null", "success": False, "column": "id", "name": "n1", "description": "d", "expected": "0"}


@pytest.mark.parametrize("places", [("facets",), ("inputFacets",), ("facets", "inputFacets")])
def test_an_assertion_is_a_reading_with_its_bound(places: tuple[str, ...]) -> None:
    """In the same event, so that a failed one opens an episode; said twice it counts once."""
    said = {"dataQualityAssertions": facet(assertions=[ASSERTION])}
    told = only(made(run_event(inputs=[dataset(**dict.fromkeys(places, said))])), MetricsReported)
    dims = {"column": "id", "name": "n1"}
    assert told.readings == [Reading(metric="check.not_null", value=0, dims=dims)]
    (bound,) = told.bounds
    assert bound == BoundSpec(
        bound_id=bound.bound_id, metric="check.not_null", dims=dims, error_lower=1, message="d; expected 0"
    )


@pytest.mark.parametrize(
    ("change", "value", "limits"),
    [
        ({"success": True}, 1, (None, 1)),
        ({"severity": "error"}, 0, (None, 1)),
        ({"severity": "WARN"}, 0, (1, None)),
    ],
)
def test_a_lenient_assertion_only_warns(
    change: dict[str, Any], value: float, limits: tuple[float | None, float | None]
) -> None:
    """The bound is there when the assertion passes, too: later it may fail."""
    said = {"dataQualityAssertions": facet(assertions=[ASSERTION | change])}
    told = only(made(run_event(inputs=[dataset(facets=said)])), MetricsReported)
    assert told.readings[0].value == value
    assert (told.bounds[0].warn_lower, told.bounds[0].error_lower) == limits


def test_the_bound_of_an_assertion_stays_the_same_whatever_was_found() -> None:
    """A bound that changes would be judged anew each time."""
    bounds = []
    for actual, success in (("0", True), ("5", False)):
        said = {"dataQualityAssertions": facet(assertions=[ASSERTION | {"actual": actual, "success": success}])}
        bounds.append(only(made(run_event(inputs=[dataset(facets=said)])), MetricsReported).bounds)
    assert bounds[0] == bounds[1]


def test_a_test_of_a_run_is_a_reading_of_its_job() -> None:
    """A skipped one says nothing."""
    tests = [
        {"name": "rows", "status": "pass"},
        {"name": "fresh", "status": "fail", "severity": "warn", "expected": "1 h"},
        {"name": "later", "status": "skip"},
    ]
    told = only(made(run_event(run={"test": facet(tests=tests)})), MetricsReported)
    assert (told.kind, told.namespace, told.name) == ("JOB", *JOB)
    assert [(one.metric, one.value) for one in told.readings] == [("check.rows", 1), ("check.fresh", 0)]
    assert [(one.error_lower, one.warn_lower, one.message) for one in told.bounds] == [(1, None, ""), (None, 1, "expected 1 h")]


@pytest.mark.parametrize("name", ["lineage", "subset", "some_custom"])
def test_what_is_not_mapped_is_kept_verbatim(name: str) -> None:
    """In the event as it came; nothing else comes of it."""
    said = facet(entries=[{"x": 1}])
    event = run_event(inputs=[dataset(facets={name: said}, inputFacets={name: said})], job={name: said})
    events = made(event)
    assert [type(one) for one in events] == [OpenLineageReceived, RunEvent]
    assert only(events, OpenLineageReceived).body.count('"entries":[{"x":1}]') == 3


def test_an_unknown_facet_of_a_run_is_in_it_as_json() -> None:
    """And one that is too large is cut with a mark, still as JSON."""
    run = {"mine": facet(a=[1]), "huge": facet(text="x" * 100_000)}
    facets = only(made(run_event(run=run)), RunEvent).facets
    assert facets["mine"].endswith('"a":[1]}')
    assert facets["huge"].startswith('{"_leadline_cut":"100,')
    assert len(facets["huge"]) < 64 * 1024


@pytest.mark.parametrize(
    ("name", "said"),
    [("schema", {"fields": "x"}), ("ownership", {"owners": {}}), ("parent", {"run": []}), ("dataQualityMetrics", {})],
)
def test_a_facet_of_another_shape_is_warned_of_and_not_read(name: str, said: dict[str, Any]) -> None:
    """The event is taken all the same."""
    event = run_event(run={name: facet(**said)}, inputs=[dataset(facets={name: facet(**said)})])
    assert any(warning.startswith(f"/inputs/0/facets/{name}/") for warning in check(event))
    assert [type(one) for one in made(event)] == [OpenLineageReceived, RunEvent]
