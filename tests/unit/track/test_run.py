"""Runs: what a job says of itself, from start to end."""

import asyncio
import contextvars
import os
import re
import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from leadline import track
from leadline.core.errors import UsageError
from leadline.events.records import DecisionRecorded, EntityReported, MetricsReported, RunEvent

from .conftest import Captured


def test_a_run_tells_when_it_started_and_how_it_ended(captured: Captured) -> None:
    """START comes before COMPLETE, which has duration and peak memory; both say where and as what it ran."""
    with track.run("churn.score", namespace="airflow://prod", owner="ml", attempt=2) as run:
        pass
    start, end = captured.of(RunEvent)
    assert (start.event_type, end.event_type) == ("START", "COMPLETE")
    assert start.event_time < end.event_time
    assert {start.run_id, end.run_id} == {run.run_id}
    assert (start.job_namespace, start.job_name, start.owner, start.attempt) == ("airflow://prod", "churn.score", "ml", 2)
    assert end.duration_seconds is not None and 0 <= end.duration_seconds < 60
    assert end.peak_memory_bytes is not None and end.peak_memory_bytes > 1_000_000
    assert start.host and start.actor and start.process_id == os.getpid() and start.engine.startswith("python/3")
    assert start.packages["pytest"] == pytest.__version__
    assert start.heartbeat_seconds == 30.0


def test_inputs_outputs_parameters_and_tags_accumulate(captured: Captured) -> None:
    """The union of a run's events has everything that was added, once."""
    with track.run("j", parameters={"k": 3}, tags={"team": "ml"}) as run:
        run.input("s3://lake", "features", version="e1")
        node = run.input(track.model("mlflow://prod", "churn", version="7"))
        run.output("s3://lake", "predictions", kind="DATASET")
        run.parameter("lr", 0.1)
        run.parameters({"layers": [1, 2]}, seed=None)
        run.tag("nightly")
    events = captured.of(RunEvent)
    inputs = [(io.kind, io.namespace, io.name, io.version) for event in events for io in event.inputs]
    assert inputs == [("DATASET", "s3://lake", "features", "e1"), ("MODEL", "mlflow://prod", "churn", "7")]
    assert [io.name for event in events for io in event.outputs] == ["predictions"]
    parameters = {name: value for event in events for name, value in event.parameters.items()}
    assert parameters == {"k": "3", "lr": "0.1", "layers": "[1, 2]", "seed": "null"}
    assert {name for event in events for name in event.tags} == {"team", "nightly"}
    assert node.version == "7"


def test_an_exception_fails_the_run_and_passes_on_untouched(captured: Captured) -> None:
    """FAIL carries type, message and stack; the job sees the very same exception."""
    error = FileNotFoundError("flights.csv is missing")
    with pytest.raises(FileNotFoundError) as caught, track.run("j"):
        raise error
    assert caught.value is error
    end = captured.of(RunEvent)[-1]
    assert (end.event_type, end.error_type, end.error_message) == ("FAIL", "FileNotFoundError", "flights.csv is missing")
    assert "test_run.py" in end.error_stack


@pytest.mark.parametrize(
    ("error", "state"),
    [(SystemExit(0), "COMPLETE"), (SystemExit(None), "COMPLETE"), (SystemExit(3), "FAIL"), (KeyboardInterrupt(), "ABORT")],
)
def test_how_the_process_leaves_decides_the_end(captured: Captured, error: BaseException, state: str) -> None:
    """sys.exit(0) is success, another code a failure, Ctrl-C an abort."""
    with pytest.raises(type(error)), track.run("j"):
        raise error
    assert captured.of(RunEvent)[-1].event_type == state


def test_a_nested_run_knows_parent_and_root(captured: Captured) -> None:
    """The root stays the same however deep runs are nested."""
    with track.run("a", "n") as root, track.run("b", "n") as middle, track.run("c", "n"):
        pass
    starts = {event.job_name: event for event in captured.of(RunEvent) if event.event_type == "START"}
    assert (starts["a"].parent_run_id, starts["a"].root_run_id) == ("", "")
    assert (starts["b"].parent_run_id, starts["b"].root_run_id) == (root.run_id, root.run_id)
    assert (starts["c"].parent_run_id, starts["c"].parent_job_name) == (middle.run_id, "b")
    assert (starts["c"].root_run_id, starts["c"].root_job_name) == (root.run_id, "a")


def test_a_child_process_finds_its_parent_in_the_environment(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """`track.environ()` is what a child needs."""
    with track.run("parent", "n") as parent:
        environ = track.environ()
    monkeypatch.setenv("LEADLINE_PARENT_RUN", environ["LEADLINE_PARENT_RUN"])
    with track.run("child", "n"):
        pass
    child = captured.of(RunEvent)[-1]
    assert (child.parent_run_id, child.parent_job_name, child.root_run_id) == (parent.run_id, "parent", parent.run_id)


def test_slot_deadline_and_mode_are_passed_on(captured: Captured) -> None:
    """A date is its midnight in UTC; the deadline is counted from the start."""
    with track.run("j", slot=date(2013, 7, 1), deadline=timedelta(minutes=5), mode="BACKFILL", heartbeat=None):
        track.metric("rows", 1)
        track.metric("rows", 2, slot=datetime(2013, 7, 2, tzinfo=UTC))
    start = captured.of(RunEvent)[0]
    assert start.nominal_at == 1_372_636_800_000_000
    assert start.deadline_at == start.event_time + 300_000_000
    assert start.heartbeat_seconds is None
    readings = captured.of(MetricsReported)
    assert [event.slot for event in readings] == [1_372_636_800_000_000, 1_372_723_200_000_000]
    assert {event.mode for event in readings} == {"BACKFILL"}


def test_a_decorated_function_is_a_run_each_time(captured: Captured) -> None:
    """Result and signature stay; the run is current inside."""

    @track.job("train", "n")
    def train(size: int) -> int:
        run = track.current_run()
        assert run is not None
        run.metric("size", size)
        return size * 2

    assert [train(1), train(size=2)] == [2, 4]
    assert [event.event_type for event in captured.of(RunEvent)] == ["START", "COMPLETE"] * 2
    assert train.__name__ == "train"


def test_decorated_coroutines_that_overlap_keep_their_runs_apart(captured: Captured) -> None:
    """Each coroutine reports to its own run."""

    @track.job("serve", "n")
    async def serve(value: int) -> None:
        await asyncio.sleep(0)
        track.metric("value", value)

    async def both() -> None:
        await asyncio.gather(serve(1), serve(2))

    asyncio.run(both())
    runs = {event.run_id for event in captured.of(RunEvent)}
    assert len(runs) == 2
    assert {event.run_id for event in captured.of(MetricsReported)} == runs


def test_a_thread_of_the_only_run_reports_to_it(captured: Captured) -> None:
    """Threads have no context of their own, yet belong to the process's run."""
    with track.run("j") as run:
        thread = threading.Thread(target=lambda: track.metric("x", 1))
        thread.start()
        thread.join()
    assert captured.of(MetricsReported)[0].run_id == run.run_id


def test_a_long_list_of_inputs_is_split_over_events(captured: Captured) -> None:
    """All of them arrive, none in an event too large, and the end still comes last."""
    with track.run("j") as run:
        for number in range(2_500):
            run.input("s3://lake", f"part-{number}")
    events = captured.of(RunEvent)
    assert len({io.name for event in events for io in event.inputs}) == 2_500
    assert max(len(event.inputs) for event in events) <= 1_000
    assert events[-1].event_type == "COMPLETE"
    assert len({event.event_id for event in events}) == len(events)


def test_a_run_that_never_ended_is_aborted_when_the_process_ends(captured: Captured) -> None:
    """What can be told at exit is told."""
    contextvars.copy_context().run(track.run("j").__enter__)
    end = captured.of(RunEvent)[-1]
    assert (end.event_type, end.error_type) == ("ABORT", "ProcessEnded")


def test_owners_descriptions_and_decisions(captured: Captured) -> None:
    """Each aspect of a node is an event of its own; a decision names who decided."""
    model = track.model("mlflow://prod", "churn", version="7")
    track.owner(model, "ml@example.org", on_call="pager", consumers=["crm", "mail"])
    track.describe(model, "who will leave", tags={"tier": 1})
    with track.run("j") as run:
        run.decision(model, "PROMOTE", reason="best", actor="ada")
    aspects = {event.aspect: event.values for event in captured.of(EntityReported)}
    assert aspects == {
        "ownership": {"owner": "ml@example.org", "on_call": "pager", "consumers": "crm, mail"},
        "documentation": {"description": "who will leave"},
        "tags": {"tier": "1"},
    }
    (decision,) = captured.of(DecisionRecorded)
    assert (decision.action, decision.actor, decision.version, decision.run_id) == ("PROMOTE", "ada", "7", run.run_id)


@pytest.mark.parametrize(
    ("wrong", "fix"),
    [
        (lambda: track.run(""), "name is ''"),
        (lambda: track.run("j", slot=datetime(2013, 7, 1)), "no time zone"),  # noqa: DTZ001 - the mistake itself
        (lambda: track.run("j", mode="live"), "LIVE, BACKFILL, TEST"),
        (lambda: track.run("j", attempt=0), "from 1"),
        (lambda: track.run("j", deadline=timedelta(0)), "above zero"),
        (lambda: track.run("j", parameters=["x"]), "give a mapping"),  # type: ignore[arg-type]
        (lambda: track.node("TABLE", "n", "x"), "JOB, DATASET"),
        (lambda: track.dataset("s3://lake", "\udcff"), "no valid Unicode"),
        (lambda: track.metric("rows", 1), "give of="),
        (lambda: track.metric("rows", 1, of="model"), "track.model("),  # type: ignore[arg-type]
        (lambda: track.owner(track.model("n", "m")), "give owner="),
        (lambda: track.describe(track.model("n", "m")), "give description="),
        (lambda: track.job(print), "parentheses"),  # type: ignore[arg-type]
    ],
)
def test_wrong_use_raises_at_once_and_says_what_to_write(captured: Captured, wrong: object, fix: str) -> None:
    """The mistake is seen where it is made, not in a log of tomorrow."""
    assert callable(wrong)
    with pytest.raises(UsageError, match=re.escape(fix)):
        wrong()
    assert captured.all() == []
