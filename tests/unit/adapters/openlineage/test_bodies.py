"""What Airflow, dbt, Dagster, Feast and Spark really sent is taken as they meant it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from leadline.adapters.openlineage import check, decode, to_events
from leadline.events.codec import decode_body, encode_body
from leadline.events.records import Event, MetricsReported, OpenLineageReceived, RunEvent
from leadline.events.validate import validate

from .sent import of

BODIES = sorted((Path(__file__).parent / "bodies").glob("*.jsonl"))


def _events(tool: str) -> Iterator[Event]:
    (path,) = (path for path in BODIES if path.name.startswith(tool))
    for line in path.read_bytes().splitlines():
        document = decode(line)
        assert isinstance(document, dict)
        yield from to_events(document, check(document))


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_every_body_is_taken_and_can_be_sent(path: Path) -> None:
    """Each becomes itself and a run, by Leadline's own rules and through Avro unchanged; only Feast is warned of."""
    for line in path.read_bytes().splitlines():
        document = decode(line)
        assert isinstance(document, dict)
        warnings = check(document)
        assert warnings == (["/producer: it is 'feast'; it should be a URI"] if path.stem.startswith("feast") else [])
        events = to_events(document, warnings)
        assert [type(event) for event in events[:2]] == [OpenLineageReceived, RunEvent]
        for event in events:
            validate(event)
            assert decode_body(encode_body(event), type(event).__name__) == event
        assert decode(events[0].body.encode()) == document  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("tool", "edges"),
    [
        ("airflow", set()),
        ("dagster", set()),
        ("dbt", set()),
        (
            "feast",
            {
                ("feast_feature_views_fp", "s", "fv"),
                ("feast_feature_views_fp", "driver", "fv"),
                ("feature_service_fs", "fv", "fs"),
                ("materialize_fp", "fv", "online_store_fv"),
                ("materialize_fp", "s", "online_store_fv"),
                ("materialize_fp", "driver", "online_store_fv"),
            },
        ),
        ("spark", {("olprobe.execute_insert_into_hadoop_fs_relation_command.so_b", "/data/lake/a", "/data/lake/b")}),
    ],
)
def test_the_edges_are_those_that_the_tool_meant(tool: str, edges: set[tuple[str, str, str]]) -> None:
    """Over all events of a run, since outputs may be in only some of them."""
    inputs, outputs = dict[tuple[str, str], set[str]](), dict[tuple[str, str], set[str]]()
    for event in of(_events(tool), RunEvent):
        run = (event.job_name, event.run_id)
        inputs.setdefault(run, set()).update(io.name for io in event.inputs)
        outputs.setdefault(run, set()).update(io.name for io in event.outputs)
    assert {(run[0], source, target) for run in inputs for source in inputs[run] for target in outputs[run]} == edges


@pytest.mark.parametrize(
    ("tool", "columns"),
    [
        ("dbt", {("x.main.raw", "id", "x.main.m1", "id"), ("x.main.raw", "v", "x.main.m1", "v2")}),
        ("spark", {("/data/lake/a", "k", "/data/lake/b", "k2")}),
    ],
)
def test_the_columns_are_those_that_the_tool_meant(tool: str, columns: set[tuple[str, str, str, str]]) -> None:
    """dbt names a table here that it does not name among the inputs."""
    found = [edge for event in of(_events(tool), RunEvent) for edge in event.columns]
    assert {(edge.source_name, edge.source_field, edge.target_name, edge.target_field) for edge in found} == columns


@pytest.mark.parametrize("tool", ["airflow", "dagster", "dbt", "feast", "spark"])
def test_the_source_is_the_tool(tool: str) -> None:
    """By the job's type, else by the producer."""
    assert {event.source for event in _events(tool)} == {tool}


def test_dbt_tests_are_checks_of_the_tables() -> None:
    """One reading and one bound for each, though dbt says them twice in one event."""
    found = of(_events("dbt"), MetricsReported)
    assert [sorted(one.metric for one in event.readings) for event in found] == [["check.not_null", "check.unique"]] * 2
    assert {bound.bound_id for bound in found[0].bounds} == {bound.bound_id for bound in found[1].bounds}


def test_what_spark_wrote_is_measured() -> None:
    """Rows, bytes and files."""
    found = [one for one in of(_events("spark"), MetricsReported) if one.name == "/data/lake/b"]
    assert {one.metric: one.value for event in found for one in event.readings} == {
        "output.row_count": 10,
        "output.bytes": 534,
        "output.file_count": 1,
    }
