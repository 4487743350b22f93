"""Runs that failed, inputs that were late and decisions, as changes of jobs."""

from leadline.core.clock import DAY, HOUR
from leadline.history.explanation import facts
from leadline.history.explanation.happened import happened
from leadline.history.explanation.reach import Reach
from leadline.history.node import NodeRef

CRON, LAKE = "cron://x", "lake://x"
DATA = NodeRef("DATASET", LAKE, "data")


def _run(job: str, day: int, state: str = "COMPLETE", attempt: int = 1) -> facts.Run:
    at = day * DAY + attempt * HOUR
    return facts.Run(f"{job}-{day}-{attempt}", CRON, job, state, at, at + 10, day * DAY, error_message="no answer")


def _io(run: facts.Run, direction: str, version: str) -> facts.RunIo:
    return facts.RunIo(run.run_id, CRON, run.job_name, direction, "DATASET", LAKE, "data", version)


def _happened(runs: list[facts.Run], io: list[facts.RunIo], **more: object) -> list[tuple[str, str, int]]:
    given = facts.Facts(runs=runs, run_io=io, **more)  # type: ignore[arg-type]
    return [(one.what, one.job_name, one.event_time // DAY) for one in happened(given, Reach(runs, io))]


def test_failures_in_a_row_are_one() -> None:
    """Only the first of them, with its error."""
    runs = [_run("make", day, "FAIL" if day in {5, 6, 7} else "COMPLETE") for day in range(10)]
    assert _happened(runs, []) == [("run.failed", "make", 5)]


def test_failure_that_was_made_up_for_is_none() -> None:
    """A later try of the same slot succeeded."""
    assert _happened([_run("make", 5, "FAIL"), _run("make", 5, attempt=2), _run("make", 6)], []) == []


def test_input_that_is_later_than_usual() -> None:
    """The first run that read an older version than runs do; not again while it goes on."""
    makes, reads = [_run("make", day) for day in range(12)], [_run("read", day, attempt=2) for day in range(12)]
    read = [_io(run, "INPUT", f"v{day - 1 if day >= 8 else day}") for day, run in enumerate(reads)]
    made = [_io(run, "OUTPUT", f"v{day}") for day, run in enumerate(makes)]
    assert _happened([*makes, *reads], [*read, *made]) == [("input_late", "read", 8)]


def test_input_is_not_late_where_its_maker_failed() -> None:
    """The failure is what happened."""
    makes = [_run("make", day, "FAIL" if day == 8 else "COMPLETE") for day in range(10)]
    reads = [_run("read", day, attempt=2) for day in range(10)]
    read = [_io(run, "INPUT", f"v{7 if day == 8 else day}") for day, run in enumerate(reads)]
    made = [_io(run, "OUTPUT", f"v{day}") for day, run in enumerate(makes) if day != 8]
    assert _happened([*makes, *reads], [*read, *made]) == [("run.failed", "make", 8)]


def test_decision_is_about_the_job_that_writes_the_node() -> None:
    """Where no job carried it out."""
    make = _run("make", 1)
    decision = facts.Decision(*("DATASET", LAKE, "data"), "FIX", 3 * DAY, actor="sam")
    assert _happened([make], [_io(make, "OUTPUT", "v1")], decisions=[decision]) == [("decision.FIX", "make", 3)]


def test_another_source_is_one_change() -> None:
    """The input that went and the one that came with the same run."""
    gone, new = (
        facts.Change("input", before, after, CRON, "read", "read-4-1", 4 * DAY, f'["DATASET","{LAKE}","{before or after}"]')
        for before, after in (("old", ""), ("", "new"))
    )
    found = happened(facts.Facts(changes=[gone, new]), Reach([], []))
    assert [(one.before, one.after) for one in found] == [("old", "new")]
