"""`leadline.track.testing`: what a job would have published, typed, without a broker."""

import asyncio
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from leadline import track
from leadline.events.records import MetricsReported, RunEvent
from leadline.track import api, testing
from leadline.track.testing import Captured

captured = testing.captured  # instead of the fixture that reads back the spool

CHURN = track.model("mlflow://prod", "churn", version="7")


def job() -> None:
    """A job as users write them."""
    with track.run("churn.score", namespace="airflow://prod", slot=date(2026, 11, 21), parameters={"k": 3}, owner="ml") as run:
        run.input("s3://lake", "features", version="e1")
        run.input(CHURN)
        run.metric("auc", 0.81, of=CHURN, unit="1").bound(lower=0.85, runbook_url="https://x")
        run.metric("rows", 10, dims={"origin": "JFK"}).bound(lower=5)
        run.metric("rows", 20, dims={"origin": "LGA"}, slot=date(2026, 11, 20))
        run.parameter("seed", 7)
        run.tag("nightly")
        run.log("read 30 rows")
        run.log("few rows", level="WARNING")
        run.decision(CHURN, "PROMOTE", reason="best", actor="ada")
        run.output("s3://lake", "predictions", version="p1")


def test_a_run_says_everything_that_it_was_told(captured: Captured) -> None:
    """State, slot, owner, inputs and outputs with versions, parameters, tags."""
    job()
    run = captured.run("churn.score")
    assert (run.name, run.namespace, run.state, run.owner, run.attempt) == (
        "churn.score",
        "airflow://prod",
        "COMPLETE",
        "ml",
        1,
    )
    assert run.slot == datetime(2026, 11, 21, tzinfo=UTC)
    assert run.input("churn") == CHURN
    assert run.input("features").version == "e1"
    assert [node.name for node in run.inputs()] == ["features", "churn"]
    assert run.output() == track.dataset("s3://lake", "predictions", version="p1")
    assert run.parameters == {"k": "3", "seed": "7"}
    assert run.tags == {"nightly": ""}
    assert (run.error_type, run.error_message, run.parent) == ("", "", None)
    assert [event.event_type for event in run.events] == ["START", "COMPLETE"]


def test_metrics_are_found_by_name_node_dimensions_and_slot(captured: Captured) -> None:
    """Each with its unit, slot and the bounds that judge it, and no other."""
    job()
    run = captured.run("churn.score")
    auc = run.metric("auc")
    assert (auc.value, auc.unit, auc.of, auc.run_id) == (0.81, "1", CHURN, run.run_id)
    assert (auc.bound.error_lower, auc.bound.runbook_url) == (0.85, "https://x")
    jfk, lga = run.metrics("rows")
    assert run.metric("rows", dims={"origin": "JFK"}) == jfk
    assert run.metric("rows", slot=date(2026, 11, 20)) == lga
    assert (jfk.bound.error_lower, lga.bounds) == (5, ())
    assert lga.slot == datetime(2026, 11, 20, tzinfo=UTC)
    assert captured.metric(of=track.model("mlflow://prod", "churn")) == auc
    assert captured.metrics(of=track.model("mlflow://prod", "churn", version="8")) == []


def test_logs_and_decisions_are_found_by_what_they_say(captured: Captured, caplog: pytest.LogCaptureFixture) -> None:
    """Lines of the job's own logging are captured as they would be in production."""
    caplog.set_level("INFO")
    with track.run("other"):
        logging.getLogger("churn").info("better by %.2f", 0.02)
    job()
    run = captured.run("churn.score")
    assert run.log("rows", level="WARNING").message == "few rows"
    assert [line.message for line in run.logs()] == ["read 30 rows", "few rows"]
    assert captured.run("other").log("better by").message == "better by 0.02"
    assert run.decision("PROMOTE", of=CHURN).reason == "best"
    assert captured.decision().run_id == run.run_id
    assert captured.decisions("ROLL_BACK") == []


def test_a_failed_run_has_its_error(captured: Captured) -> None:
    """The job's exception passes on, as it does in production."""
    with pytest.raises(ValueError, match="no rows"), track.run("j"):
        raise ValueError("no rows")
    run = captured.run("j")
    assert (run.state, run.error_type, run.error_message) == ("FAIL", "ValueError", "no rows")
    assert "test_a_failed_run_has_its_error" in run.error_stack


def test_nested_runs_know_each_other(captured: Captured) -> None:
    """Parent and children, by name."""
    with track.run("sweep"):
        for number in range(3):
            with track.run(f"trial-{number}"):
                track.metric("loss", number)
    sweep = captured.run("sweep")
    assert [run.name for run in sweep.children()] == ["trial-0", "trial-1", "trial-2"]
    parent = sweep.child("trial-2").parent
    assert parent is not None and parent.run_id == sweep.run_id
    assert [metric.value for metric in captured.metrics("loss")] == [0, 1, 2]
    assert sweep.metrics() == []


def test_a_run_can_be_looked_at_while_it_goes_on(captured: Captured) -> None:
    """What was asked for stays as it was; a bound that is declared later is seen when asked again, and no reading doubled."""
    with track.run("j") as run:
        rows = run.metric("rows", 1)
        seen = captured.run("j")
        assert (seen.state, seen.metric("rows").bounds) == ("RUNNING", ())
        rows.bound(lower=5)
        assert captured.metric("rows").bound.error_lower == 5
    assert (seen.state, captured.run("j").state) == ("RUNNING", "COMPLETE")
    assert len(captured.of(MetricsReported)) == 2


def test_what_is_said_of_nodes_outside_runs(captured: Captured) -> None:
    """Metrics, owners and descriptions that belong to no run."""
    track.metric("rows", 3, of=track.dataset("s3://lake", "flights"))
    track.owner(CHURN, "nobody")
    track.owner(CHURN, "ml@example.org", consumers=["crm"])
    assert (captured.metric("rows").value, captured.metric("rows").run_id) == (3, "")
    assert captured.aspect(CHURN, "ownership") == {"owner": "ml@example.org", "consumers": "crm"}


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (
            lambda c: c.run("churn.scor"),
            "run 'churn.scor' was not captured; there were:\n"
            "  <run 'churn.score' in 'airflow://prod' COMPLETE: 2 inputs, 1 output, 3 metrics>\n"
            "  <run 'bad' in 'default' FAIL (ValueError: no rows)>",
        ),
        (
            lambda c: c.run(),
            "a run was captured 2 times; say which, or take all:\n"
            "  <run 'churn.score' in 'airflow://prod' COMPLETE: 2 inputs, 1 output, 3 metrics>\n"
            "  <run 'bad' in 'default' FAIL (ValueError: no rows)>",
        ),
        (
            lambda c: c.metric("auc", of=track.model("mlflow://prod", "churn", version="8")),
            "metric 'auc' with of=model:mlflow://prod/churn@8 was not captured; there were:\n"
            "  <metric 'auc' 0.81 1 of model:mlflow://prod/churn@7 at 2026-11-21T00:00:00+00:00>\n"
            "  <metric 'rows' {origin=JFK} 10 of job:airflow://prod/churn.score at 2026-11-21T00:00:00+00:00>\n"
            "  <metric 'rows' {origin=LGA} 20 of job:airflow://prod/churn.score at 2026-11-20T00:00:00+00:00>",
        ),
        (
            lambda c: c.run("churn.score").input("feature"),
            "input 'feature' of <run 'churn.score' in 'airflow://prod' COMPLETE: 2 inputs, 1 output, 3 metrics> "
            "was not captured; there were:\n  dataset:s3://lake/features@e1\n  model:mlflow://prod/churn@7",
        ),
        (
            lambda c: c.run("bad").metric("auc"),
            "metric 'auc' of <run 'bad' in 'default' FAIL (ValueError: no rows)> was not captured, and nothing like it",
        ),
        (
            lambda c: c.run("bad").child(),
            "a run within <run 'bad' in 'default' FAIL (ValueError: no rows)> was not captured; there were:\n"
            "  <run 'churn.score' in 'airflow://prod' COMPLETE: 2 inputs, 1 output, 3 metrics>\n"
            "  <run 'bad' in 'default' FAIL (ValueError: no rows)>",
        ),
        (
            lambda c: c.run("churn.score").log("rows", level="ERROR"),
            "log line 'rows' from ERROR on of <run 'churn.score' in 'airflow://prod' COMPLETE: 2 inputs, 1 output, 3 metrics> "
            "was not captured; there were:\n"
            "  <log line INFO churn.score: read 30 rows>\n  <log line WARNING churn.score: few rows>",
        ),
        (
            lambda c: c.decision("ROLL_BACK"),
            "decision 'ROLL_BACK' was not captured; there were:\n"
            "  <decision 'PROMOTE' on model:mlflow://prod/churn@7 by ada: best>",
        ),
        (lambda c: c.aspect(CHURN, "tags"), "aspect 'tags' of model:mlflow://prod/churn was not captured, and nothing like it"),
        (
            lambda c: c.metric("rows", dims={"origin": "LGA"}).bound,
            "a bound on <metric 'rows' {origin=LGA} 20 of job:airflow://prod/churn.score at 2026-11-20T00:00:00+00:00> "
            "was not captured, and nothing like it",
        ),
    ],
)
def test_what_is_not_found_says_what_there_was(captured: Captured, ask: Callable[[Captured], object], answer: str) -> None:
    """One look at the failing test is enough."""
    job()
    with pytest.raises(ValueError), track.run("bad"):
        raise ValueError("no rows")
    with pytest.raises(AssertionError) as caught:
        ask(captured)
    assert str(caught.value) == answer


def test_what_would_never_reach_kafka_is_told(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that is not valid is as lost as in production, and the failing test says why."""
    with track.run("j") as run, monkeypatch.context() as patch:
        patch.setattr("leadline.track.client.system_clock", lambda: -1)  # a clock that is before 1970
        run.metric("rows", 1)
    assert captured.dropped == {"MetricsReported": {"invalid": 1}}
    with pytest.raises(AssertionError, match=r"(?s)leadline.dropped.*\ndropped: .*invalid.*MetricsReported is not valid"):
        captured.metric("rows")


def test_clients_of_all_kinds_are_captured() -> None:
    """The default one, one that the code configures, one that it makes, one that was made when its module was imported."""
    before, default = track.Client(), api._client
    with testing.capture() as captured:
        with track.run("default"):
            pass
        track.configure(hold_seconds=5, capture_logs=None)
        with track.run("configured"):
            pass
        for name, client in (("before", before), ("made", track.Client(queue_bytes=100_000))):
            with track.Run(client, name):
                pass
        assert {run.name: run.state for run in captured.runs()} == dict.fromkeys(
            ("default", "configured", "before", "made"), "COMPLETE"
        )
    assert before.stats() == (0, 0, 0, 0, {})
    assert api._client is default


def test_events_go_the_way_to_kafka(captured: Captured) -> None:
    """Assembled, validated and encoded by the same code: the same bytes, in the wire format, under key and header."""
    job()
    assert [type(event).__name__ for event in captured.events()] == [
        "RunEvent",
        "DecisionRecorded",
        "MetricsReported",
        "MetricsReported",
        "MetricsReported",
        "LogsReported",
        "RunEvent",
    ]
    start = captured._topics.messages[0]
    assert (start.topic, start.headers) == ("leadline.runs", [("leadline-record", b"RunEvent")])
    assert start.key == b'["JOB","airflow://prod","churn.score"]'
    assert start.value[:5] == b"\0\0\0\0\1"
    assert captured.of(RunEvent)[0].packages["pytest"] == pytest.__version__


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread, file, open run, variable or signal handler, and what others have spooled stays where it is."""
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / "00000000000000000001-1-0.spool").write_bytes(b"leadline spool 1\n")
    monkeypatch.setenv("LEADLINE_SPOOL", str(spool))
    monkeypatch.setenv("KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("SCHEMA_REGISTRY", "http://127.0.0.1:1")
    threads, environment, sigterm = threading.active_count(), dict(os.environ), signal.getsignal(signal.SIGTERM)
    with testing.capture() as captured:
        job()
        track.run("left open").__enter__()
        assert len(captured.runs()) == 2
        assert track.flush()
        assert (track.stats().sent, track.stats().spooled, track.stats().dropped) == (len(captured.events()), 0, {})
        assert threading.active_count() == threads + 1
    assert threading.active_count() == threads
    assert dict(os.environ) == environment
    assert signal.getsignal(signal.SIGTERM) is sigterm
    assert track.current_run() is None
    assert [file.name for file in spool.iterdir()] == ["00000000000000000001-1-0.spool"]
    assert captured.run("left open").state == "ABORT"


def test_captures_within_each_other_take_what_is_theirs() -> None:
    """A capture for a whole module and one of a single test."""
    with testing.capture() as outer:
        with track.run("a"):
            pass
        with testing.capture() as inner, track.run("b"):
            pass
        with track.run("c"):
            pass
        assert [run.name for run in inner.runs()] == ["b"]
        assert [run.name for run in outer.runs()] == ["a", "c"]


def test_where_leadline_is_switched_off_captures_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """LEADLINE_DISABLED=1 is what one sets where tests run; a client that the tested code switches off stays off."""
    monkeypatch.setenv("LEADLINE_DISABLED", "1")
    before = track.Client()
    with testing.capture() as captured:
        for name, client in (("before", before), ("within", track.Client()), ("off", track.Client(disabled=True))):
            with track.Run(client, name):
                pass
        assert [run.name for run in captured.runs()] == ["before", "within"]
    assert before.disabled
    assert os.environ["LEADLINE_DISABLED"] == "1"


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_child_processes_report_nothing(captured: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test never publishes from where nobody can see it."""
    monkeypatch.setenv("LEADLINE_DATA", str(tmp_path / "data"))
    script = "from leadline import track\nwith track.run('child'): pass\nprint(track.stats().queued)"
    with track.run("parent"):
        done = subprocess.run(
            [sys.executable, "-c", script], env=track.environ(), capture_output=True, text=True, check=True, timeout=60
        )
        forked = multiprocessing.get_context("fork").Process(target=job)
        forked.start()
        forked.join(60)
    assert (done.stdout, done.stderr, forked.exitcode) == ("0\n", "", 0)
    assert not (tmp_path / "data").exists()
    assert [run.name for run in captured.runs()] == ["parent"]


def test_every_call_of_a_decorated_function_is_a_run_of_its_own(captured: Captured) -> None:
    """Coroutines that overlap, too."""

    @track.job("serve")
    async def serve(value: int) -> None:
        await asyncio.sleep(0)
        track.metric("value", value)

    async def both() -> None:
        await asyncio.gather(serve(1), serve(2))

    asyncio.run(both())
    assert [run.metric("value").value for run in captured.runs("serve")] == [1, 2]


def test_many_threads_are_captured_whole(captured: Captured) -> None:
    """In one run and over several clients."""
    with track.run("j") as run:
        threads = [threading.Thread(target=lambda t=t: [run.metric("n", t * 50 + n) for n in range(50)]) for t in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(metric.value for metric in captured.run("j").metrics("n")) == list(range(1_000))
