"""From Kafka to the views: every record, once, whatever came how often and in which order."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leadline.clickhouse.shape import columns, from_clickhouse
from leadline.events.records import (
    BoundDeclared,
    BoundSpec,
    ColumnProfile,
    DeadLetter,
    EntityReported,
    Event,
    MetricDefinition,
    MetricsReported,
    Reading,
    RunEvent,
    RunIo,
    Tick,
    VersionDescribed,
)
from leadline.events.schemas import newest
from leadline.events.topics import home_topic, record_types

from .sink_environment import SinkEnvironment, sink_environment

pytestmark = pytest.mark.stack
EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "messages").glob("*/*.json"))
T = 1_795_000_000_000_000


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SinkEnvironment]:
    with sink_environment(tmp_path_factory.mktemp("sink")) as environment, environment.sink():
        yield environment


def _examples() -> list[Event]:
    found = []
    for path in EXAMPLES:
        fields = json.loads(path.read_text())
        found.append(msgspec.convert(fields, record_types()[fields.pop("record")]))
    return found


_VIEWS = {
    "RunEvent": ("run_events", "event_id"),
    "MetricsReported": ("readings", "event_id"),
    "LogsReported": ("logs", "event_id"),
    "DecisionRecorded": ("decisions", "decision_id"),
    "Transition": ("alert_events", "alert_id"),
    "Alert": ("alert_events", "alert_id"),
    "DeadLetter": ("dead_letters", "dead_letter_id"),
    "EntityReported": ("audit", "event_id"),
    "BoundDeclared": ("audit", "event_id"),
    "VersionDescribed": ("version_details", "event_id"),
    "JobDeclared": ("job_declarations", "event_id"),
    "OpenLineageReceived": ("openlineage_events", "event_id"),
}


def test_every_example_arrives_once(env: SinkEnvironment) -> None:
    """Doubled and shuffled, each example message is in its view exactly once."""
    events = [event for event in _examples() if type(event).__name__ != "AlertState"] * 2
    random.Random(7).shuffle(events)
    env.send(*events)
    env.wait_caught_up()
    for event in events:
        if type(event).__name__ in _VIEWS:
            view, column = _VIEWS[type(event).__name__]
            positions = ", position" if view in ("readings", "logs") else ""
            rows = env.client.query(
                f"SELECT {column}{positions} FROM leadline.{view} WHERE {column} = {{id:String}}", {"id": event.event_id}
            ).result_rows
            assert rows and len(rows) == len(set(rows)), f"{event.event_id} in {view}: {rows}"
    assert (env.one("SELECT count() FROM leadline.lineage_edges"), env.one("SELECT count() FROM leadline.changes")) == (2, 1)


def test_what_a_run_tells_without_being_asked(env: SinkEnvironment) -> None:
    """Every new field of a run is in its column, maps united over the run's events, the last word of each key."""
    env.send(
        _run("told-1", "told", "START", T, code_hash="sha256:ab", command="python score.py", working_directory="/jobs",
             packages_hash="cd", tool_url="https://tool/1", tool_ids={"dag_id": "d"}, resource={"cloud.region": "a"},
             traceparent="00-1-2-01"),
        _run("told-2", "told", "FAIL", T + 5, tool_ids={"task_id": "t"}, resource={"cloud.region": "b"}, exit_code=-9,
             cpu_seconds=1.5),
    )  # fmt: skip
    env.wait_caught_up()
    columns = "code_hash, command, working_directory, packages_hash, tool_url, tool_ids, resource, traceparent"
    columns += ", exit_code, cpu_seconds"
    assert env.client.query(f"SELECT {columns} FROM leadline.runs WHERE run_id = 'told'").result_rows == [
        ("sha256:ab", "python score.py", "/jobs", "cd", "https://tool/1", {"dag_id": "d", "task_id": "t"},
         {"cloud.region": "b"}, "00-1-2-01", -9, 1.5)
    ]  # fmt: skip


def test_a_version_is_described_by_the_latest_description(env: SinkEnvironment) -> None:
    """In whatever order they come; columns keep their place; where no version is known each description stays."""
    late = _described(
        "v2", T + 9, rows=3, columns=[ColumnProfile(name="b", null_share=0.0, quantiles={"0.5": 2.0}), ColumnProfile(name="a")]
    )
    env.send(late, _described("v2", T, rows=1, columns=[ColumnProfile(name="old")]), late)
    env.send(_described("", T, rows=7), _described("", T + 1, rows=8))
    env.wait_caught_up()
    details = "SELECT version, rows, columns FROM leadline.version_details WHERE name = 'described' ORDER BY version, rows"
    assert env.client.query(details).result_rows == [("", 7, 0), ("", 8, 0), ("v2", 3, 2)]
    profiles = "SELECT `column`, position, quantiles FROM leadline.column_profiles WHERE name = 'described' ORDER BY position"
    assert env.client.query(profiles).result_rows == [("b", 1, {"0.5": 2.0}), ("a", 2, {})]
    assert env.one("SELECT count() FROM leadline.versions WHERE name = 'described'") == 1
    env.send(_described("v2", T + 99, columns=[ColumnProfile(name="b", type="double"), ColumnProfile(name="a")]))
    env.wait_caught_up()
    assert env.client.query(profiles).result_rows == [("b", 1, {"0.5": 2.0}), ("a", 2, {})], (
        "a look at the schema hid the profile"
    )
    assert env.one("SELECT count() FROM leadline.nodes WHERE name = 'described'") == 1


def test_definitions_of_metrics(env: SinkEnvironment) -> None:
    """Equal ones are one row, a changed formula is a row of its own, and the one said last is current; one without meaning
    makes its message a dead letter."""
    for number, formula in enumerate(("1", "1", "2")):
        definition = MetricDefinition(metric="auc", direction="HIGHER_IS_BETTER", aliases=["AUC"], formula_version=formula)
        env.send(_defined(f"defined-{number}", T + number, definition))
    env.send(_defined("upwards", T, MetricDefinition(metric="auc", direction="UP")))
    env.wait_caught_up()
    asked = "SELECT formula_version, current, aliases FROM leadline.metric_definitions WHERE name = 'defined' ORDER BY ALL"
    assert env.client.query(asked).result_rows == [("1", False, ["AUC"]), ("2", True, ["AUC"])]
    assert env.one("SELECT reason FROM leadline.dead_letters WHERE topic = 'leadline.metrics'") == "unknown_state"
    assert env.one("SELECT count() FROM leadline.readings WHERE event_id = 'upwards'") == 0


def _described(version: str, at: int, **fields: Any) -> VersionDescribed:
    return VersionDescribed(event_id=f"{version}-{at}", event_time=at, producer="t/1", kind="DATASET", namespace="s3://lake",
                            name="described", version=version, **fields)  # fmt: skip


def _defined(event_id: str, at: int, definition: MetricDefinition) -> MetricsReported:
    return MetricsReported(event_id=event_id, event_time=at, producer="t/1", kind="MODEL", namespace="n", name="defined",
                           readings=[Reading(metric="auc", value=0.8)], definitions=[definition])  # fmt: skip


def test_a_dead_letter_keeps_every_byte(env: SinkEnvironment) -> None:
    """Payload, key and headers of a dead letter come back as they were, bytes that are no text included."""
    payload = bytes(range(256))
    env.send(
        DeadLetter(event_id="bytes", event_time=T, producer="t/1", consumer="sink", topic="x", partition=1, offset=2,
                   timestamp=T, reason="not_avro", error="?", key=b"\xff\x00", payload=payload)
    )  # fmt: skip
    env.wait_caught_up()
    found = env.client.query(
        "SELECT hex(payload), hex(key) FROM leadline.dead_letters WHERE dead_letter_id = 'bytes'"
    ).first_row
    assert found == (payload.hex().upper(), "FF00")


def test_control_records_and_tombstones_are_passed_over(env: SinkEnvironment) -> None:
    """Neither is stored, neither is a dead letter, and their offsets are committed."""
    before = env.one("SELECT count() FROM leadline.dead_letters")
    tick = env.codec.encode(Tick(event_id="tick", event_time=T, producer="t/1"), "leadline.metrics")
    env.send_raw("leadline.metrics", tick, headers=[("leadline-control", b"Tick")])
    env.send_raw("leadline.entities", None)
    env.wait_caught_up()
    assert env.one("SELECT count() FROM leadline.dead_letters") == before


def test_recorded_at_is_the_first_and_may_be_earlier_than_the_broker_says(env: SinkEnvironment) -> None:
    """The header of what was derived wins over the broker's stamp, of several the earliest, and a later one is not believed."""
    event = _metrics("recorded", 1.0)
    env.send(event, recorded_at_ms=1_795_000_000_123)
    env.send(event, recorded_at_ms=1_795_000_000_999)
    env.send(_metrics("future", 1.0), recorded_at_ms=99_999_999_999_999)
    env.wait_caught_up()
    micros = "SELECT toUnixTimestamp64Micro(recorded_at) FROM leadline.readings WHERE event_id = {id:String}"
    assert env.one(micros, id="recorded") == 1_795_000_000_123_000
    assert env.one(micros, id="future") < 4_000_000_000_000_000


@pytest.mark.parametrize(
    ("order", "state"),
    [
        (("START", "LOST", "COMPLETE"), "COMPLETE"),
        (("COMPLETE", "LOST", "START"), "COMPLETE"),
        (("LOST", "START"), "LOST"),
        (("START", "RUNNING"), "RUNNING"),
        (("FAIL", "COMPLETE"), "FAIL"),
    ],
)
def test_state_of_a_run_is_the_greatest_not_the_last(env: SinkEnvironment, order: tuple[str, ...], state: str) -> None:
    """A late COMPLETE beats LOST, a late START loses, whatever the order; of two ends at one time FAIL counts."""
    run = "-".join(order)
    times = {"START": 0, "RUNNING": 1, "LOST": 900, "COMPLETE": 500, "FAIL": 500}
    for kind in order:
        env.send(_run(f"{run}-{kind}", run, kind, T + times[kind]))
    env.wait_caught_up()
    assert env.one("SELECT state FROM leadline.runs WHERE run_id = {run:String}", run=run) == state


def test_events_of_a_run_accumulate(env: SinkEnvironment) -> None:
    """Inputs, outputs and parameters are united, later values win, and a version that comes later replaces the unknown one."""
    lake = {"kind": "DATASET", "namespace": "s3://lake"}
    first = _run("acc-1", "acc", "START", T, owner="ada", parameters={"a": "1", "b": "1"}, inputs=[RunIo(name="in", **lake)])
    second = _run("acc-2", "acc", "COMPLETE", T + 5, parameters={"b": "2"}, inputs=[RunIo(name="in", version="v7", **lake)],
                  outputs=[RunIo(name="out", version="w1", schema_version="s1", **lake)])  # fmt: skip
    env.send(second, first, second)
    env.wait_caught_up()
    assert env.client.query("SELECT owner, parameters FROM leadline.runs WHERE run_id = 'acc'").result_rows == [
        ("ada", {"a": "1", "b": "2"})
    ]
    assert env.client.query(
        "SELECT direction, name, version FROM leadline.run_io WHERE run_id = 'acc' ORDER BY direction"
    ).result_rows == [("INPUT", "in", "v7"), ("OUTPUT", "out", "w1")]
    assert env.client.query(
        "SELECT version, schema_version, job_name, run_id FROM leadline.versions WHERE name = 'out'"
    ).result_rows == [("w1", "s1", "job", "acc")]


def _owned(event_id: str, source: str, time: int, *, deleted: bool = False, **values: str) -> EntityReported:
    return EntityReported(
        event_id=event_id, event_time=time, producer="t/1", source=source, kind="DATASET", namespace="n", name="owned",
        aspect="ownership", values=values, deleted=deleted,
    )  # fmt: skip


def test_owners_of_two_sources_do_not_erase_each_other(env: SinkEnvironment) -> None:
    """One source names the owner, another the on-call; a deletion takes back only what its own source said."""
    env.send(_owned("e2", "b", T + 1, owner="bob", on_call="#b"), _owned("e1", "a", T, owner="ada"))
    env.wait_caught_up()
    query = "SELECT owner, on_call FROM leadline.nodes WHERE name = 'owned'"
    assert env.client.query(query).result_rows == [("bob", "#b")]
    env.send(_owned("e3", "b", T + 2, deleted=True))
    env.wait_caught_up()
    assert env.client.query(query).result_rows == [("ada", "")]


def test_one_bound_id_of_two_nodes_is_two_bounds(env: SinkEnvironment) -> None:
    """What an operator says about a bound of one job neither hides nor changes the bound of that id of another."""
    env.send(_bound("ingest", "PAUSED"), _bound("score", "PAUSED"), _bound("train", "ACTIVE", origin="CODE", version=0))
    env.send(_bound("score", "DELETED", version=2))
    env.wait_caught_up()
    assert env.client.query(
        "SELECT name, origin, state, version, effective FROM leadline.bounds WHERE bound_id = 'leadline/shared' ORDER BY name"
    ).result_rows == [
        ("ingest", "OPERATOR", "PAUSED", 1, True),
        ("score", "OPERATOR", "DELETED", 2, False),
        ("train", "CODE", "ACTIVE", 0, True),
    ]
    assert env.client.query(
        "SELECT name, action, before = '' FROM leadline.audit WHERE subject = 'leadline/shared' ORDER BY name, action DESC"
    ).result_rows == [("ingest", "paused", 1), ("score", "paused", 1), ("score", "deleted", 0), ("train", "set", 1)]


def _bound(name: str, state: str, *, origin: str = "OPERATOR", version: int = 1) -> BoundDeclared:
    return BoundDeclared(
        event_id=f"bound-{name}-{version}", event_time=T + version, producer="t/1", origin=origin, version=version, kind="JOB",
        namespace="n", name=name, spec=BoundSpec(bound_id="leadline/shared", metric="run.succeeded", error_lower=1.0,
        state=state),
    )  # fmt: skip


def test_blocks_over_more_than_a_hundred_months_are_taken(env: SinkEnvironment) -> None:
    """One flush may hold any number of months."""
    month = 31 * 86_400_000_000
    env.send(*(_metrics(f"month-{n}", 1.0, time=n * month, name="months") for n in range(150)))
    env.wait_caught_up()
    assert env.one("SELECT count() FROM leadline.readings WHERE name = 'months'") == 150


def test_inlets_have_the_shape_of_the_newest_schemas(env: SinkEnvironment) -> None:
    """Whoever adds a field to a record is told that the store needs a migration."""
    for record in (record for record in record_types() if record not in ("AlertState", "Tick")):
        rows = env.client.query(
            "SELECT name, type FROM system.columns WHERE database = 'leadline_internal' AND table = {table:String}",
            {"table": f"in_{record}"},
        ).result_rows
        store = {name: from_clickhouse(kind) for name, kind in rows if name not in ("_partition", "_offset", "recorded_at")}
        assert store == columns(newest(record)), record
        assert home_topic(record_types()[record])


def _metrics(event_id: str, value: float, *, time: int = T, name: str = "n") -> MetricsReported:
    return MetricsReported(
        event_id=event_id, event_time=time, producer="t/1", kind="DATASET", namespace="n", name=name,
        readings=[Reading(metric="m", value=value)],
    )  # fmt: skip


def _run(event_id: str, run: str, kind: str, time: int, **more: object) -> RunEvent:
    fields = {"event_id": event_id, "event_time": time, "producer": "t/1", "run_id": run, "job_namespace": "n",
              "job_name": "job", "event_type": kind, **more}  # fmt: skip
    return RunEvent(**fields)  # type: ignore[arg-type]
