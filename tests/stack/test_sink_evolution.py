"""Schemas evolve while messages of several versions lie in one topic."""

import copy
import io
from collections.abc import Iterator
from typing import Any

import fastavro
import pytest

from leadline.events.codec import frame
from leadline.events.records import MetricsReported, Reading, RunEvent, RunIo
from leadline.events.schemas import canonical, newest, published
from leadline.events.topics import subject
from tests.conftest import wait_until

from .sink_environment import SinkEnvironment, sink_environment

pytestmark = pytest.mark.stack
T = 1_795_000_000_000_000


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SinkEnvironment]:
    with sink_environment(tmp_path_factory.mktemp("evolution")) as environment:
        yield environment


def _without(schema: dict[str, Any], *fields: str, nested: str = "") -> dict[str, Any]:
    """An older version: these fields did not exist in the record (or in its nested record) yet."""
    older = copy.deepcopy(schema)
    record = _nested(older, nested) if nested else older
    record["fields"] = [field for field in record["fields"] if field["name"] not in fields]
    return older


def _nested(schema: Any, name: str) -> Any:
    if isinstance(schema, dict):
        if schema.get("type") == "record" and schema.get("name") == name:
            return schema
        return next((found for part in schema.values() if (found := _nested(part, name))), None)
    if isinstance(schema, list):
        return next((found for part in schema if (found := _nested(part, name))), None)
    return None


def _encode(env: SinkEnvironment, topic: str, schema: dict[str, Any], fields: dict[str, Any]) -> bytes:
    schema_id = env.registry.register(subject(topic, schema["name"]), canonical(schema))
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), fields)
    return frame(schema_id, out.getvalue())


def test_two_versions_of_each_nested_record_in_one_topic(env: SinkEnvironment) -> None:
    """Older nested records get the newest defaults, newest ones keep every value, and neither disturbs the other."""
    old_run = _without(_without(newest("RunEvent"), "version", "schema_version", nested="RunIo"), "facets", "attempt")
    old_metrics = _without(
        _without(newest("MetricsReported"), "unit", nested="Reading"), "inclusive", "runbook_url", nested="BoundSpec"
    )
    io_of = {"kind": "DATASET", "namespace": "s3://lake"}
    head = {"event_time": T, "producer": "t/1"}
    run = {"run_id": "r", "job_namespace": "n", "job_name": "j", "event_type": "START"}
    for n in range(20):
        env.send_raw("leadline.runs", _encode(env, "leadline.runs", old_run, {
            "event_id": f"old-{n}", **head, **run, "inputs": [{**io_of, "name": f"old-{n}"}]}))  # fmt: skip
        env.send(RunEvent(event_id=f"new-{n}", **head, **run, inputs=[RunIo(name=f"new-{n}", version="7", **io_of)]))  # type: ignore[arg-type]
        env.send_raw("leadline.metrics", _encode(env, "leadline.metrics", old_metrics, {
            "event_id": f"old-{n}", **head, "kind": "MODEL", "namespace": "n", "name": "old",
            "readings": [{"metric": "a", "value": 1.5, "dims": {"x": "y"}}],
            "bounds": [{"bound_id": "b", "metric": "a", "error_lower": 1.0}]}))  # fmt: skip
        env.send(MetricsReported(event_id=f"new-{n}", event_time=T, producer="t/1", kind="MODEL", namespace="n", name="new",
                                 readings=[Reading(metric="a", value=2.5, unit="s", dims={"x": "z"})]))  # fmt: skip
    with env.sink():
        env.wait_caught_up()
    assert env.one("SELECT count() FROM leadline.dead_letters") == 0
    rows = env.client.query("SELECT name, version FROM leadline.run_io ORDER BY name").result_rows
    assert set(rows) == set([(f"old-{n}", "") for n in range(20)] + [(f"new-{n}", "7") for n in range(20)])
    assert env.client.query(
        "SELECT name, value, unit, dims, count() FROM leadline.readings GROUP BY ALL ORDER BY name"
    ).result_rows == [("new", 2.5, "s", {"x": "z"}, 20), ("old", 1.5, "", {"x": "y"}, 20)]
    assert env.client.query("SELECT inclusive, state, on_invalid, error_lower FROM leadline.bounds").result_rows == [
        ("both", "ACTIVE", "error", 1.0)
    ]


@pytest.mark.parametrize(("record", "topic"), [("RunEvent", "leadline.runs"), ("MetricsReported", "leadline.metrics")])
def test_a_job_that_has_not_been_upgraded(env: SinkEnvironment, record: str, topic: str) -> None:
    """Every published version of a record is read beside the newest."""
    names: dict[str, Any] = {"run_id": "r", "job_namespace": "n", "job_name": "older", "event_type": "START"}
    if record == "MetricsReported":
        names = {"kind": "MODEL", "namespace": "n", "name": "older", "readings": [{"metric": "a", "value": 1.0}]}
    versions = published(record)
    assert len(versions) > 1
    for number, schema in enumerate(versions):
        fields = {"event_id": f"version-{number}", "event_time": T, "producer": "t/1", **names}
        env.send_raw(topic, _encode(env, topic, schema, fields))
    with env.sink():
        env.wait_caught_up(topic)
    view = "run_events" if record == "RunEvent" else "readings"
    found = env.one(f"SELECT uniqExact(event_id) FROM leadline.{view} WHERE startsWith(event_id, 'version-')")
    assert found == len(versions)


def test_a_field_that_the_store_lacks_waits_for_the_migration(env: SinkEnvironment) -> None:
    """Neither dropped nor dead-lettered: the partition waits and says what to run; older schemas go on in other partitions."""
    newer = copy.deepcopy(newest("DecisionRecorded"))
    newer["fields"].append({"name": "ticket", "type": "string", "default": ""})
    fields = {"event_id": "newer", "event_time": T, "producer": "t/1", "kind": "MODEL", "namespace": "n", "name": "m",
              "action": "PROMOTE", "actor": "ada", "ticket": "T-1"}  # fmt: skip
    env.send_raw("leadline.decisions", _encode(env, "leadline.decisions", newer, fields))
    with env.sink():
        wait_until(lambda: b"run `leadline migrate`" in env.log.read_bytes(), seconds=30, what="the sentence in the log")
        assert env.lag("leadline.decisions") == 1
        env.client.command("ALTER TABLE leadline_internal.in_DecisionRecorded ADD COLUMN ticket String")
        env.wait_caught_up("leadline.decisions")
    assert env.one("SELECT count() FROM leadline.dead_letters") == 0
    assert env.one("SELECT count() FROM leadline.decisions WHERE decision_id = 'newer'") == 1


def test_a_nested_field_that_the_store_lacks_waits_too(env: SinkEnvironment) -> None:
    """The path of the field is named, down into nested records."""
    newer = copy.deepcopy(newest("LogsReported"))
    _nested(newer, "LogLine")["fields"].append({"name": "thread", "type": "string", "default": ""})
    fields = {"event_id": "x", "event_time": T, "producer": "t/1", "run_id": "r", "job_namespace": "n", "job_name": "j",
              "lines": [{"time": T, "level": "INFO", "logger": "l", "message": "m", "thread": "main"}]}  # fmt: skip
    env.send_raw("leadline.logs", _encode(env, "leadline.logs", newer, fields))
    with env.sink():
        wait_until(lambda: b"LogsReported.lines.thread" in env.log.read_bytes(), seconds=30, what="the path in the log")
    assert env.lag("leadline.logs") == 1
