"""Governance over a real store: the audit, which versions count, what runs read."""

from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from leadline.core.settings import Settings
from leadline.events.records import (
    BoundDeclared,
    BoundSpec,
    DecisionRecorded,
    EntityReported,
    Event,
    Reading,
    RunIo,
    VersionDescribed,
)
from leadline.history.connection import reading

from .facts import DAY, HOUR, JOBS, MINUTE, NOON, PRODUCER, io, metrics, put, run_event, running_store

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with running_store(tmp_path_factory.mktemp("governance")) as settings:
        put(settings, _said())
        put(settings, _versions())
        yield settings


@pytest.fixture(scope="module")
def client(store: Settings) -> Iterator[Client]:
    with reading(store) as client:
        yield client


def entity(aspect: str, at: int, actor: str, *, deleted: bool = False, **values: str) -> EntityReported:
    return EntityReported(
        event_id=f"{aspect}/{at}",
        event_time=at,
        producer=PRODUCER,
        source="cli",
        kind="MODEL",
        namespace="mlflow://prod",
        name="audited",
        aspect=aspect,
        values=values,
        deleted=deleted,
        actor=actor,
    )


def declared(limit: float, at: int, actor: str, state: str = "ACTIVE", reason: str = "") -> BoundDeclared:
    return BoundDeclared(
        event_id=f"bound/{at}",
        event_time=at,
        producer=PRODUCER,
        source="cli",
        origin="OPERATOR",
        version=at,
        kind="MODEL",
        namespace="mlflow://prod",
        name="audited",
        spec=BoundSpec(bound_id="auc", metric="auc", error_lower=limit, state=state),
        actor=actor,
        reason=reason,
    )


def measured(at: int, limit: float, run_id: str) -> Event:
    bound = BoundSpec(bound_id="auc", metric="auc", error_lower=limit)
    where = {"job_namespace": JOBS, "job_name": "train", "run_id": run_id, "bounds": [bound], "source": "python"}
    return replace(metrics("audited", at, Reading(metric="auc", value=0.9), kind="MODEL", **where), namespace="mlflow://prod")


def _said() -> Iterator[Event]:
    yield entity("ownership", NOON, "ada", owner="ml-team", on_call="+49 30 1")
    yield entity("ownership", NOON + HOUR, "ada", owner="ml-team", on_call="+49 30 1")
    yield entity("ownership", NOON + 2 * HOUR, "bob", owner="data-team", on_call="+49 30 1")
    yield entity("tags", NOON + 3 * HOUR, "ada", pii="no", tier="1")
    yield entity("tags", NOON + 4 * HOUR, "bob", pii="yes", tier="1")
    yield entity("tags", NOON + 5 * HOUR, "eve", deleted=True)
    yield entity("documentation", NOON + 6 * HOUR, "ada", description="Who will leave")
    yield entity("alias", NOON + 7 * HOUR, "ada", kind="MODEL", namespace="mlflow://old", name="audited")
    yield entity("lifecycle", NOON + 8 * HOUR, "ada", state="DEPRECATED")
    yield declared(0.8, NOON + 9 * HOUR, "ada", reason="agreed")
    yield declared(0.7, NOON + 10 * HOUR, "bob")
    yield declared(0.7, NOON + 11 * HOUR, "bob", "DELETED", "noise")
    for number, limit in enumerate((0.8, 0.8, 0.75, 0.75)):
        yield measured(NOON + number * MINUTE, limit, f"t-{number}")
    yield DecisionRecorded(
        event_id="decision",
        event_time=NOON + 12 * HOUR,
        producer=PRODUCER,
        source="cli",
        kind="MODEL",
        namespace="mlflow://prod",
        name="audited",
        version="7",
        action="PROMOTE",
        actor="eve",
        reason="better",
    )


def _audit(client: Client) -> list[tuple[object, ...]]:
    rows = client.query(
        "SELECT intDiv(toUnixTimestamp64Micro(event_time) - {noon:Int64}, 60000000), actor, what, action, subject, fields, "
        "changed FROM leadline.audit WHERE name = 'audited' ORDER BY event_time, what",
        {"noon": NOON},
    ).result_rows
    return [tuple(row) for row in rows]


def test_who_changed_what_and_when(client: Client) -> None:
    """Every word on a bound, owner, on-call, alias, tag, description and lifecycle, every decision, and what it changed."""
    limits = ["bound_id", "error_lower", "inclusive", "metric", "on_invalid", "state"]
    assert _audit(client) == [
        (0, "", "bound", "set", "auc", limits, True),
        (0, "ada", "entity", "reported", "ownership", ["on_call", "owner"], True),
        (2, "", "bound", "set", "auc", ["error_lower"], True),
        (60, "ada", "entity", "reported", "ownership", [], False),
        (120, "bob", "entity", "reported", "ownership", ["owner"], True),
        (180, "ada", "entity", "reported", "tags", ["pii", "tier"], True),
        (240, "bob", "entity", "reported", "tags", ["pii"], True),
        (300, "eve", "entity", "deleted", "tags", ["pii", "tier"], True),
        (360, "ada", "entity", "reported", "documentation", ["description"], True),
        (420, "ada", "entity", "reported", "alias", ["kind", "name", "namespace"], True),
        (480, "ada", "entity", "reported", "lifecycle", ["state"], True),
        (540, "ada", "bound", "set", "auc", limits, True),
        (600, "bob", "bound", "set", "auc", ["error_lower"], True),
        (660, "bob", "bound", "deleted", "auc", ["state"], True),
        (720, "eve", "decision", "PROMOTE", "7", [], True),
    ]


def test_a_bound_in_code_is_audited_with_the_run_that_first_said_it(client: Client) -> None:
    """It has no actor; what changed it is the job's code."""
    rows = client.query(
        "SELECT job_name, run_id, tool, JSONExtractFloat(before, 'error_lower'), JSONExtractFloat(after, 'error_lower') FROM "
        " leadline.audit WHERE name = 'audited' AND what = 'bound' AND origin = 'CODE' ORDER BY event_time"
    ).result_rows
    assert rows == [("train", "t-0", "python", 0.0, 0.8), ("train", "t-2", "python", 0.8, 0.75)]


def ran(
    job: str, run_id: str, at: int, end: str = "COMPLETE", *, reads: str = "", writes: str = "", **fields: object
) -> Iterator[Event]:
    """A run of an hour. `reads` and `writes`: NAME or NAME@VERSION."""
    inputs, outputs = ([_io(text)] if text else [] for text in (reads, writes))
    yield run_event(job, run_id, "START", at, inputs=inputs, **fields)
    if end:
        yield run_event(job, run_id, end, at + HOUR, outputs=outputs)


def _io(text: str) -> RunIo:
    name, _, version = text.partition("@")
    return io(name, version=version)


def _versions() -> Iterator[Event]:
    yield from ran("make", "m-1", NOON, writes="table@v1")
    yield from ran("make", "m-2", NOON + 2 * HOUR, "FAIL", writes="table@v2")
    yield from ran("make", "m-3", NOON + 4 * HOUR, "", writes="table@v3")
    yield from ran("make", "m-4", NOON + 4 * HOUR, writes="table@v4", mode="TEST")
    yield from ran("use", "u-0", NOON, reads="table")
    yield from ran("use", "u-1", NOON + HOUR, reads="table")
    yield from ran("use", "u-2", NOON + 3 * HOUR, reads="table")
    yield from ran("use", "u-3", NOON + 3 * HOUR, reads="table@other")
    yield from ran("back", "b-1", NOON, writes="again@a")
    yield from ran("back", "b-2", NOON + 2 * HOUR, writes="again@b")
    yield from ran("back", "b-3", NOON + 4 * HOUR, writes="again@a")
    yield VersionDescribed(
        event_id="described",
        event_time=NOON,
        producer=PRODUCER,
        kind="DATASET",
        namespace="s3://lake",
        name="drop",
        version="d1",
    )
    yield from ran("use", "u-4", NOON + HOUR, reads="drop")


def _current(client: Client, name: str) -> list[tuple[object, ...]]:
    return [
        tuple(row)
        for row in client.query(
            "SELECT version, job_name, run_id, event_time FROM leadline.current_versions WHERE name = {name:String}",
            {"name": name},
        ).result_rows
    ]


def _moment(client: Client, at: int) -> object:
    return client.query("SELECT fromUnixTimestamp64Micro({at:Int64}, 'UTC')", {"at": at}).result_rows[0][0]


def test_current_moves_only_on_success(client: Client) -> None:
    """Not with a run that failed, is under way, or was a test; back to a version that is written again."""
    assert _current(client, "table") == [("v1", "make", "m-1", _moment(client, NOON + HOUR))]
    assert _current(client, "again") == [("a", "back", "b-3", _moment(client, NOON + 5 * HOUR))]
    assert _current(client, "drop") == [("d1", "", "", _moment(client, NOON))]


def _pins(client: Client, *runs: str) -> list[tuple[object, ...]]:
    return [
        tuple(row)
        for row in client.query(
            "SELECT run_id, version, pinned, made_by_run_id FROM leadline.run_inputs WHERE has({runs:Array(String)}, run_id) "
            "ORDER BY run_id",
            {"runs": list(runs)},
        ).result_rows
    ]


def test_inputs_are_pinned_to_versions(client: Client) -> None:
    """As the run said, else to what was current when it started, else it is said that nobody knows."""
    assert _pins(client, "u-0", "u-1", "u-2", "u-3", "u-4") == [
        ("u-0", "", "UNKNOWN", ""),
        ("u-1", "v1", "RESOLVED", "m-1"),
        ("u-2", "v1", "RESOLVED", "m-1"),
        ("u-3", "other", "SAID", ""),
        ("u-4", "d1", "RESOLVED", ""),
    ]


def test_a_late_event_corrects_pins_and_current(store: Settings, client: Client) -> None:
    """In whatever order the events arrive, the answer is that of all of them."""
    put(store, ran("late", "l-1", NOON, writes="late@1"))
    put(store, ran("reader", "r-1", NOON + 6 * HOUR, reads="late"))
    assert _pins(client, "r-1") == [("r-1", "1", "RESOLVED", "l-1")]
    put(store, ran("late", "l-2", NOON + 3 * HOUR, "FAIL", writes="late@2"), NOON + DAY)
    assert (_pins(client, "r-1"), _current(client, "late")[0][0]) == ([("r-1", "1", "RESOLVED", "l-1")], "1")
    put(store, [run_event("late", "l-2", "COMPLETE", NOON + 5 * HOUR)], NOON + DAY)
    assert (_pins(client, "r-1"), _current(client, "late")[0][0]) == ([("r-1", "2", "RESOLVED", "l-2")], "2")


def test_versions_say_job_run_and_time(client: Client) -> None:
    """Who made it: of several runs the first that wrote it."""
    rows = client.query(
        "SELECT version, job_namespace, job_name, run_id, event_time FROM leadline.versions WHERE name = 'again' ORDER BY ALL"
    ).result_rows
    assert [tuple(row) for row in rows] == [
        ("a", JOBS, "back", "b-1", _moment(client, NOON + HOUR)),
        ("b", JOBS, "back", "b-2", _moment(client, NOON + 3 * HOUR)),
    ]
