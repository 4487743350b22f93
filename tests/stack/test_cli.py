"""The commands that read, against a real store."""

import io as streams
import json
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from leadline.cli import main
from leadline.core.settings import Settings
from leadline.events.records import BoundSpec, ColumnProfile, Event, LogPointer, LogsReported, Reading, VersionDescribed

from .facts import DAY, HOUR, JOBS, MINUTE, NOON, alert, edge, io, log_lines, metrics, owner, put, run_event, running_store

HOSTILE = "[bold]😀\x1b[31m\n'; DROP TABLE x --"

LOG = Path(tempfile.mkdtemp()) / "train.log"

pytestmark = pytest.mark.stack


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with running_store(tmp_path_factory.mktemp("cli")) as settings:
        put(settings, _facts())
        yield settings


def _facts() -> Iterator[Event]:
    yield run_event("score", "0192-aaaa", "START", NOON, inputs=[io("features")], outputs=[io("predictions")], host="worker-7")
    yield run_event("score", "0192-aaaa", "FAIL", NOON + MINUTE, error_message="No such file")
    yield run_event("validate", "0192-bbbb", "START", NOON + HOUR, nominal_at=NOON - DAY)
    yield run_event("hostile", "hostile-1", "START", NOON - DAY, outputs=[io(HOSTILE)])
    yield edge("features", "predictions", "score", NOON)
    yield owner("DATASET", "s3://lake", "predictions", "ml-team", "+49 30 1")
    yield log_lines("score", "0192-aaaa", ("INFO", "start"), ("ERROR", "broke\nin two\x1b[31m"))
    yield run_event("train", "0192-cccc", "START", NOON - DAY, host=socket.gethostname())
    yield LogsReported(
        event_id="pointers",
        event_time=NOON + MINUTE,
        producer="tests/1",
        source="tests",
        job_namespace=JOBS,
        job_name="train",
        run_id="0192-cccc",
        pointers=[
            LogPointer(kind="file", location=str(LOG)),
            LogPointer(kind="file", location="file://worker-7/var/log/train.log"),
            LogPointer(kind="url", location="http://ada:hunter-two@169.254.169.254/latest/meta-data/"),
        ],
    )
    yield alert("aaaa-1", "eeee-1", "opened", NOON)
    for day, limit in enumerate((0.5, 0.6, 0.5)):
        reading, bound = Reading(metric="mean", value=0.1 * day), BoundSpec(bound_id="mean", metric="mean", error_upper=limit)
        yield metrics("predictions", NOON + day * MINUTE, reading, slot=NOON + day * DAY, bounds=[bound])
    for number, version in enumerate(("v1", "v2")):
        yield VersionDescribed(
            event_id=version,
            event_time=NOON + number,
            producer="tests/1",
            kind="DATASET",
            namespace="s3://lake",
            name="predictions",
            version=version,
            rows=1_000 + number,
            size_bytes=2_048,
            columns=[ColumnProfile(name="late", type="double", null_share=0.25, edges=[0.0, 0.5, 1.0], counts=[900, 100])],
        )
    yield metrics("predictions", NOON, Reading(metric="nan", value=float("nan")))


@pytest.fixture
def leadline(store: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs one command as its entry point does, with its output in a pipe, as programs have it."""
    monkeypatch.setenv("CLICKHOUSE", store.clickhouse)
    monkeypatch.setenv("CLICKHOUSE_USER", store.clickhouse_user)
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", store.clickhouse_password)
    monkeypatch.setenv("LEADLINE_DATA", str(store.data / "elsewhere"))
    for name in ("KAFKA", "SCHEMA_REGISTRY"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, stdin: str = "") -> Ended:
        monkeypatch.setattr(sys, "argv", ["leadline", *arguments])
        monkeypatch.setattr(sys, "stdin", streams.TextIOWrapper(streams.BytesIO(stdin.encode()), encoding="utf-8"))
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    return run


def test_runs(leadline: Run) -> None:
    """Filters, a table, JSON with ISO times, and exit code 1 with one sentence where nothing fits."""
    assert [run["job_name"] for run in leadline("runs", "--failed", "--json").json()] == ["score"]
    assert [run["job_name"] for run in leadline("runs", "--running", "--since", "2026-11-21", "--json").json()] == ["validate"]
    assert leadline("runs", "--json").json()[0]["started_at"] == "2026-11-21T13:00:00Z"
    assert "0192-aaaa" in leadline("runs").out
    nothing = leadline("runs", "--job", "nobody", "--json")
    assert (nothing.code, nothing.json(), nothing.err.count("\n")) == (1, [], 1)


def test_run(leadline: Run) -> None:
    """One run by a part of its id: state, host, error, data; several that fit are listed."""
    shown = leadline("run", "0192-a")
    assert shown.code == 0
    for part in ("FAIL", "worker-7", "No such file", "predictions", "input"):
        assert part in shown.out
    assert leadline("run", "0192-a", "--json").json()["run"]["duration_seconds"] == 60.0
    several = leadline("run", "0192-")
    assert several.code == 2
    assert "0192-bbbb" in several.err


def test_logs(leadline: Run) -> None:
    """Lines as text with nothing that steers the terminal, and as JSON lines as they were written."""
    text = leadline("logs", "0192-aaaa").out
    assert "ERROR    root: broke\n    in two\\x1b[31m\n" in text
    assert "\x1b" not in text
    rows = [json.loads(line) for line in leadline("logs", "0192-aaaa", "--level", "error", "--json").out.splitlines()]
    assert [row["message"] for row in rows] == ["broke\nin two\x1b[31m"]
    assert leadline("logs", "0192-bbbb").code == 1


def test_logs_that_stay_elsewhere(leadline: Run) -> None:
    """What can be read is, from its end; what cannot is said, without its password, and the exit code is 1."""
    LOG.write_text("".join(f"line {number} of training\x1b[31m\n" for number in range(1_000)))
    listed = leadline("logs", "0192-cccc")
    assert (listed.code, "line 0" in listed.out) == (0, False)
    assert f"more in file: {LOG}" in listed.out
    fetched = leadline("logs", "0192-cccc", "--fetch")
    assert fetched.code == 1
    assert fetched.out.count(" of training\\x1b[31m\n") == 1_000
    assert "file on worker-7, and this is" in fetched.err
    assert "169.254.169.254 is an address of the machine's own network" in fetched.err
    assert "hunter-two" not in fetched.out + fetched.err
    last = leadline("logs", "0192-cccc", "--fetch", "--tail", "0.001", "--json")
    rows = [json.loads(line) for line in last.out.splitlines()]
    assert "hunter-two" not in last.out
    assert rows[-3]["text"].startswith("line 999 ")
    assert "these are the last 0.001 MB" in last.err


def test_nodes_and_show(leadline: Run) -> None:
    """Search by words; one node with owner, metrics and open alert."""
    assert [node["name"] for node in leadline("nodes", "lake", "predict", "--json").json()] == ["predictions"]
    assert leadline("nodes", "--kind", "model").code == 1
    shown = leadline("show", "predictions")
    for part in ("ml-team", "+49 30 1", "open alerts", "mean", "score"):
        assert part in shown.out
    assert leadline("show", "predictions", "--json").json()["metrics"][1]["last_value"] == "NaN"


def test_show_tells_what_a_version_holds(leadline: Run) -> None:
    """The one that was described last, or the one asked for, with its columns drawn; one that nobody described is an error."""
    shown = leadline("show", "predictions").out
    for part in ("what version v2 holds", "rows  1,001", "size  2,048 bytes", "late", "25.0%", "████████▁▁▁▁▁▁▁▁"):
        assert part in shown
    assert leadline("show", "predictions", "--version", "v1", "--json").json()["holding"]["description"]["rows"] == 1_000
    failed = leadline("show", "predictions", "--version", "v9")
    assert failed.code == 1
    assert "nobody described version 'v9' of" in failed.err


def test_any_name(leadline: Run) -> None:
    """A hostile name is kept in JSON, shown safely in tables, and accepted back as it was printed."""
    found = leadline("nodes", "DROP TABLE", "--json").json()
    assert [node["name"] for node in found] == [HOSTILE]
    table = leadline("nodes", "DROP TABLE").out
    assert "[bold]😀\\x1b[31m\\n'; DROP TABLE x --" in table
    assert "\x1b" not in table
    exact = json.dumps(["DATASET", "s3://lake", HOSTILE])
    assert leadline("show", exact, "--json").json()["node"]["name"] == HOSTILE
    assert leadline("lineage", exact).out.splitlines()[1].split() == ["└╴made", "by", "hostile", JOBS]


def test_lineage(leadline: Run) -> None:
    """A tree for people, the whole answer for programs."""
    assert "└╴made by score airflow://prod\n  └╴dataset features s3://lake" in leadline("lineage", "predictions").out
    answer = leadline("lineage", "features", "--down", "--json").json()
    assert {node["name"] for node in answer["nodes"]} == {"score", "predictions"}
    assert {"as_of", "watermark", "truncated", "unresolved"} <= set(answer)
    assert leadline("lineage", "predictions", "--depth", "0").code == 2


def test_alerts(leadline: Run) -> None:
    """Open episodes, all steps, and JSON lines that follow."""
    assert "eeee-1" in leadline("alerts").out
    assert [step["alert_id"] for step in leadline("alerts", "--all", "--json").json()] == ["aaaa-1"]


def test_as_many_open_alerts_as_asked_for(store: Settings, leadline: Run) -> None:
    """In JSON as in the table; the oldest first."""
    put(store, [alert("aaaa-2", "eeee-2", "opened", NOON + 1)])
    assert [one["episode_id"] for one in leadline("alerts", "--json").json()] == ["eeee-1", "eeee-2"]
    assert [one["episode_id"] for one in leadline("alerts", "--limit", "1", "--json").json()] == ["eeee-1"]
    assert "eeee-2" not in leadline("alerts", "--limit", "1").out
    put(store, [alert("aaaa-3", "eeee-2", "resolved", NOON + 2)])


def test_trend(leadline: Run) -> None:
    """In a pipe a sparkline; as JSON the points with their slots; the bound as it was at each of them."""
    drawn = leadline("trend", "predictions", "mean").out
    assert "▁▅█" in drawn
    assert "bounds: error 0.5 until 2026-11-21T12:01:00Z, error 0.6 from 2026-11-21T12:01:00Z until" in drawn
    answer = leadline("trend", "predictions", "mean", "--json").json()
    assert answer["points"][0]["slot"] == "2026-11-21T12:00:00Z"
    assert [(bound["error_upper"], bound["valid_from"], bound["valid_to"]) for bound in answer["bounds"]] == [
        (0.5, "2026-11-21T12:00:00Z", "2026-11-21T12:01:00Z"),
        (0.6, "2026-11-21T12:01:00Z", "2026-11-21T12:02:00Z"),
        (0.5, "2026-11-21T12:02:00Z", None),
    ]
    assert leadline("trend", "predictions", "nan", "--json").json()["points"][0]["value"] == "NaN"
    assert leadline("trend", "predictions", "nothing").code == 1
    assert leadline("trend", "predictions", "mean", "--dim", "x").code == 2


def test_sql(leadline: Run) -> None:
    """Queries from argument or standard input, as table, JSON or any format; what writes is refused."""
    question = "SELECT job_name, started_at FROM runs WHERE state = 'FAIL'"
    assert "score" in leadline("sql", question).out
    assert leadline("sql", "--json", stdin=question).json() == [{"job_name": "score", "started_at": "2026-11-21T12:00:00Z"}]
    assert leadline("sql", "--format", "CSVWithNames", question).out.splitlines()[0] == '"job_name","started_at"'
    for refused in (
        "DROP VIEW leadline.runs",
        "SELECT * FROM leadline_internal.run_state",
        "SELECT * FROM file('/etc/passwd')",
    ):
        assert leadline("sql", refused).code == 1
    assert leadline("sql").code == 2


def test_doctor(leadline: Run) -> None:
    """With the store alone, Kafka and the registry are named as missing, and the exit code says so."""
    findings = leadline("doctor", "--json")
    assert findings.code == 3
    by_subject = {finding["about"]: finding for finding in findings.json()}
    assert by_subject["store"]["level"] == "ok"
    assert by_subject["Kafka"]["kind"] == "unreachable"
    assert by_subject["dead letters"]["found"] == "none"
    assert "✗ Kafka" in leadline("doctor").out
