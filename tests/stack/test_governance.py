"""Governance over a real store: the audit, which versions count, what runs read."""

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from leadline.adapters.openlineage import check, decode, to_events
from leadline.cli import main
from leadline.clickhouse.migrate import migrations
from leadline.clickhouse.store import writing
from leadline.core.settings import Settings
from leadline.events.records import (
    BoundDeclared,
    BoundSpec,
    DecisionRecorded,
    EntityReported,
    Event,
    JobDeclared,
    Reading,
    RunIo,
    VersionDescribed,
)
from leadline.history.audit import audit
from leadline.history.connection import reading
from leadline.history.export.graph import whole_graph
from leadline.history.lineage import NOW
from leadline.history.lineage_report.gather import gather
from leadline.history.lineage_report.markdown import to_markdown
from leadline.history.node import NodeRef
from leadline.history.nodes import search
from leadline.history.told import NOTHING, Told, told_at

from ..conftest import wait_until
from .facts import DAY, HOUR, JOBS, MINUTE, NOON, PRODUCER, io, metrics, put, run_event, running_store
from .governed import governed

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
            "SELECT run_id, version, pinned FROM leadline.run_inputs WHERE has({runs:Array(String)}, run_id) ORDER BY run_id",
            {"runs": list(runs)},
        ).result_rows
    ]


def test_inputs_are_pinned_to_versions(client: Client) -> None:
    """As the run said, else to what was current when it started, else it is said that nobody knows."""
    assert _pins(client, "u-0", "u-1", "u-2", "u-3", "u-4") == [
        ("u-0", "", "UNKNOWN"),
        ("u-1", "v1", "RESOLVED"),
        ("u-2", "v1", "RESOLVED"),
        ("u-3", "other", "SAID"),
        ("u-4", "d1", "RESOLVED"),
    ]


def test_a_late_event_corrects_pins_and_current(store: Settings, client: Client) -> None:
    """In whatever order the events arrive, the answer is that of all of them."""
    put(store, ran("late", "l-1", NOON, writes="late@1"))
    put(store, ran("reader", "r-1", NOON + 6 * HOUR, reads="late"))
    assert _pins(client, "r-1") == [("r-1", "1", "RESOLVED")]
    put(store, ran("late", "l-2", NOON + 3 * HOUR, "FAIL", writes="late@2"), NOON + DAY)
    assert (_pins(client, "r-1"), _current(client, "late")[0][0]) == ([("r-1", "1", "RESOLVED")], "1")
    put(store, [run_event("late", "l-2", "COMPLETE", NOON + 5 * HOUR)], NOON + DAY)
    assert (_pins(client, "r-1"), _current(client, "late")[0][0]) == ([("r-1", "2", "RESOLVED")], "2")


def test_versions_say_job_run_and_time(client: Client) -> None:
    """Who made it: of several runs the first that wrote it."""
    rows = client.query(
        "SELECT version, job_namespace, job_name, run_id, event_time FROM leadline.versions WHERE name = 'again' ORDER BY ALL"
    ).result_rows
    assert [tuple(row) for row in rows] == [
        ("a", JOBS, "back", "b-1", _moment(client, NOON + HOUR)),
        ("b", JOBS, "back", "b-2", _moment(client, NOON + 3 * HOUR)),
    ]


def test_what_was_there_before_the_migration_counts(store: Settings, client: Client) -> None:
    """Its tables are filled from the older ones, to the same answers, also when that is done twice."""
    answers = [f"SELECT * FROM leadline.{view} ORDER BY ALL" for view in ("version_moves", "current_versions", "run_inputs")]
    before = [client.query(question).result_rows for question in answers]
    statements = next(migration for migration in migrations() if migration.number == 11).statements()
    fillings = [statement for statement in statements if statement.startswith("INSERT")]
    with writing(store) as writer:
        for table in ("version_writes", "run_outcomes"):
            writer.command(f"TRUNCATE TABLE leadline_internal.{table}")
        assert client.query(answers[0]).result_rows != before[0]
        for statement in fillings * 2:
            writer.command(statement)
    assert [client.query(question).result_rows for question in answers] == before


@pytest.fixture(scope="module")
def governed_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The pipeline of `governed`, alone, since reports are about everything."""
    with running_store(tmp_path_factory.mktemp("governed")) as settings:
        put(settings, governed())
        yield settings


@pytest.fixture
def leadline(
    governed_store: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs one command as its entry point does: exit code, output and errors."""
    for name, value in governed_store.to_environ().items():
        monkeypatch.setenv(name, value)
    for name in ("KAFKA", "SCHEMA_REGISTRY"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["leadline", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capfd.readouterr()

    return run


Run = Callable[..., tuple[int, str, str]]


def test_the_audit_on_the_command_line(leadline: Run) -> None:
    """Of a node, by a person, since a time; as a table and as JSON; nothing found is exit code 1."""
    code, out, _ = leadline("audit", "churn", "--json")
    actions = sorted(entry["action"] for entry in json.loads(out))
    assert (code, actions) == (0, ["PROMOTE", "ROLL_BACK", "reported", "reported", "reported", "set"])
    out = leadline("audit", "--actor", "ada", "--since", "2026-11-25")[1]
    assert re.search(r"2026-11-26T12:00:00Z +ada +churn +ownership +on_call: \+49 30 1 -> -; owner: ml-team -> later-team", out)
    assert leadline("audit", "--actor", "nobody")[0] == 1


def test_completeness_on_the_command_line(leadline: Run, tmp_path: Path) -> None:
    """Per job what is missing, least complete first; --strict ends with 1; --init writes what the default asks."""
    file = tmp_path / "asked.toml"
    assert leadline("report", "completeness", "--init", "--file", str(file))[0] == 0
    assert leadline("report", "completeness", "--init", "--file", str(file))[0] == 2
    file.write_text(
        'require = ["owner", "code", "inputs", "input_versions", "outputs", "bound"]\nseen_within_days = 100000\n'
        '[[exception]]\njobs = ["*/ingest"]\nwithout = ["inputs"]\nbecause = "from outside"'
    )
    code, out, _ = leadline("report", "completeness", "--file", str(file), "--json")
    lacking = {job["job"]["name"]: [lack["requirement"] for lack in job["missing"]] for job in json.loads(out)["jobs"]}
    assert (code, lacking) == (
        0,
        {
            "features": ["owner", "code", "bound"],
            "score": ["owner", "bound"],
            "ingest": ["owner", "bound"],
            "train": ["owner", "input_versions"],
        },
    )
    assert "input_versions (labels)" in leadline("report", "completeness", "--file", str(file))[1]
    assert leadline("report", "completeness", "--file", str(file), "--strict")[0] == 1
    file.write_text('require = ["outputs"]\nseen_within_days = 100000')
    code, out, _ = leadline("report", "completeness", "--file", str(file), "--strict")
    assert (code, "nothing is missing" in out) == (0, True)


def _exported(leadline: Run, *options: str) -> dict[str, Any]:
    code, out, err = leadline("export", "lineage", *options)
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_lineage_is_exported_as_it_was(leadline: Run) -> None:
    """Edges that held, and owners as they were; what came later is not in it."""
    now, then = _exported(leadline), _exported(leadline, "--as-of", "2026-11-24")
    campaign = [edge for edge in then["edges"] if edge["target"]["name"] == "campaign"]
    assert [edge["valid_from"] for edge in campaign] == ["2026-11-22T12:00:00Z"]
    assert not [edge for edge in now["edges"] if edge["target"]["name"] == "campaign"]
    owners = [[node["owner"] for node in graph["nodes"] if node["name"] == "churn"] for graph in (then, now)]
    assert owners == [["ml-team"], ["later-team"]]
    assert _exported(leadline, "--known-at", "2026-11-21")["edges"] == []
    assert len(_exported(leadline, "--known-at", "2026-11-22")["edges"]) == len(now["edges"])


def test_the_export_is_taken_by_the_ingress(leadline: Run, tmp_path: Path) -> None:
    """As OpenLineage's events, one a line, with the same inputs and outputs."""
    file = tmp_path / "lineage.jsonl"
    assert leadline("export", "lineage", "--format", "openlineage", "--as-of", "2026-11-24", "--output", str(file))[0] == 0
    declared = {}
    for line in file.read_bytes().splitlines():
        document = decode(line)
        assert check(document) == []
        assert isinstance(document, dict)
        for event in to_events(document):
            if isinstance(event, JobDeclared):
                declared[event.job_name] = ([one.name for one in event.inputs], [(one.kind, one.name) for one in event.outputs])
    assert declared == {
        "ingest": (["crm"], [("DATASET", "raw")]),
        "features": (["raw"], [("DATASET", "features")]),
        "train": (["features"], [("MODEL", "churn")]),
        "score": (["churn"], [("DATASET", "predictions")]),
        "mailing": (["predictions"], [("DATASET", "campaign")]),
    }


def test_a_document_for_an_auditor(leadline: Run, tmp_path: Path) -> None:
    """From data to predictions, all as of one time, with what is not known; the same as HTML and as Markdown."""
    code, out, _ = leadline("report", "lineage", "churn", "--as-of", "2026-11-24", "--format", "markdown")
    assert code == 0
    for line in (
        "# Lineage of model churn, version 7",
        "| owner | ml-team |",
        "| code | git@example.org:ml/churn 3f2a9c1 |",
        r"| 1 | DATASET | features | 9f2 | features | f-1 |  |",
        "| features | f-1 | raw | 2026-11-20 | taken: it was current when the run started |",
        r"| train | t-1 | labels |  | not known |",
        "| 3 | DATASET | crm | s3://lake |  |",
        "| score | 3 | 2026-11-21T18:00:00Z | 2026-11-23T18:00:00Z | predictions | p2 |  |",
        "| 1 | DATASET | campaign | s3://lake |  |",
        "| churn | 7 | auc | 0.87 | 2026-11-21T17:00:00Z | warn below 0.9, error below 0.85 | warn | code | 2026-11-21T17",
        "| predictions | mean | error | error above 0.25 | 2026-11-21T12:00:00Z | ml-team |",
        "| 2026-11-21T17:00:00Z | churn | 7 | PROMOTE | eve | better |",
        "| class | sklearn.ensemble.RandomForestClassifier |",
        "| Run i-1 of ingest had changes that were not committed. |",
        "| The code of run f-1 of features is not known. |",
    ):
        assert line in out, line
    assert "ROLL" not in out
    file = tmp_path / "report.html"
    assert leadline("report", "lineage", "churn", "--version", "7", "--output", str(file))[0] == 0
    page = file.read_text()
    assert "ROLL_BACK" in page
    assert "later-team" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


def test_what_cannot_be_reported_is_said(leadline: Run) -> None:
    """A version that nobody had heard of then, a node without one, and a job."""
    assert "nothing is known of version '8'" in leadline("report", "lineage", "churn", "--version", "8")[2]
    assert (
        "nothing is known of version '7'"
        in leadline("report", "lineage", "churn", "--version", "7", "--as-of", "2026-11-21")[2]
    )
    assert "no version of" in leadline("report", "lineage", "labels")[2]
    assert leadline("report", "lineage", '["JOB", "airflow://prod", "train"]')[0] == 2


def test_what_was_told_by_now_is_what_nodes_say(governed_store: Settings) -> None:
    """The same owner, on-call, description, lifecycle and tags, by another way."""
    with reading(governed_store) as client:
        told, known = told_at(client, NOW), search(client)
    assert {node.ref: Told(node.owner, node.on_call, node.description, node.lifecycle, node.tags) for node in known} == {
        node.ref: told.get(node.ref, NOTHING) for node in known
    }


def test_order_and_repetition_change_nothing(governed_store: Settings, tmp_path: Path) -> None:
    """The same document, graph and audit, of the same events in another order, many of them twice."""
    events = [*governed(), *list(governed())[::2]]
    random.Random(7).shuffle(events)
    with running_store(tmp_path) as settings:
        put(settings, events)
        assert _everything(settings) == _everything(governed_store)


def _everything(settings: Settings) -> tuple[object, ...]:
    with reading(settings) as client:
        facts = gather(client, NodeRef("MODEL", "mlflow://prod", "churn"), None, NOON + 3 * DAY)
        said = sorted(audit(client, repeated=True), key=lambda entry: (entry.event_time, entry.event_id))
        return to_markdown(facts), whole_graph(client, NOW), said


def test_bounds_work_on_completeness(stack: Settings, tmp_path: Path) -> None:
    """--publish sends it as metrics of the job; a bound on one of them opens an episode of the job."""
    job_name = f"incomplete-{tmp_path.name}"
    node = f'["JOB", "tests://governance", "{job_name}"]'
    environment = {**os.environ, **stack.to_environ()}

    def leadline(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "leadline.cli", *arguments]
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    program = f"from leadline import track\nwith track.run({job_name!r}, 'tests://governance'): pass"
    subprocess.run([sys.executable, "-c", program], env=environment, cwd=tmp_path, timeout=60, check=True)
    put_bound = ("--node", node, "--metric", "completeness.missing", "--dim", "requirement=owner", "--upper", "0")
    assert leadline("bound", "set", "has-owner", *put_bound).returncode == 0
    wait_until(lambda: leadline("show", node).returncode == 0, seconds=30, what="the job")
    published = leadline("report", "completeness", "--publish")
    assert (published.returncode, "published for" in published.stderr) == (0, True), published.stderr
    wait_until(lambda: "has-owner" in leadline("alerts", "--json").stdout, seconds=30, what="an episode")
    assert "completeness.share" in leadline("show", node).stdout
