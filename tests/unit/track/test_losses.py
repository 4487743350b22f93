"""What was lost is seen where people look: on the run. And what was not sent yet is not forgotten."""

import os
import threading
from importlib import import_module
from pathlib import Path

import pytest

from leadline import track
from leadline.core.settings import Settings
from leadline.events.records import MetricsReported, RunEvent
from leadline.track import worker
from leadline.track.entry import Entry
from leadline.track.segment import Segment, spooled
from leadline.track.spool import Spool

from .conftest import Captured, read_segment


def test_a_run_says_what_was_dropped_during_it(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """By record type and reason, on its job, before its end; a run during which nothing was dropped says nothing."""
    with track.run("whole"):
        pass
    track.flush()  # what is lost until its end is delivered counts
    with track.run("lossy", slot=None, mode="TEST") as run:
        monkeypatch.setitem(vars(import_module("leadline.track.line_rate")), "LINES_PER_SECOND", 0)
        for number in range(10_003):
            run.log(f"line {number}")
    with track.run("after"):
        pass
    events = captured.all()
    (told,) = [event for event in events if isinstance(event, MetricsReported)]
    assert (told.kind, told.name, told.run_id, told.mode) == ("JOB", "lossy", run.run_id, "TEST")
    assert [(r.metric, r.value, r.dims) for r in told.readings] == [
        ("leadline.dropped", 3, {"record": "LogsReported", "reason": "rate_limit"})
    ]
    end = next(
        event for event in events if isinstance(event, RunEvent) and event.run_id == run.run_id and event.duration_seconds
    )
    assert events.index(told) < events.index(end)


def test_a_flush_takes_what_a_young_run_was_just_told(captured: Captured) -> None:
    """Additions are gathered for a second, but not while somebody waits for them."""
    with track.run("j") as run:
        run.parameter("depth", 3)
        run.input("s3://lake", "x")
        track.flush()
        assert sum(len(_peek(path)) for path in spooled(captured.folder)) == 2, "START, and what was added"
    assert [event.event_type for event in captured.of(RunEvent)] == ["START", "RUNNING", "COMPLETE"]


def _peek(path: Path) -> list[Entry]:
    """The entries of a file that is in use."""
    with path.open("rb+", buffering=0) as file:
        return list(Segment(path, file).entries())


def test_what_comes_after_the_end_is_sent_by_itself(captured: Captured) -> None:
    """It adds to the run, whose state stays as it is."""
    with track.run("j") as run:
        pass
    run.parameter("late", 1)
    run.tag("late")
    events = captured.of(RunEvent)
    assert [event.event_type for event in events] == ["START", "COMPLETE", "OTHER", "OTHER"]
    assert (events[2].parameters, events[3].tags) == ({"late": "1"}, {"late": ""})


def test_what_a_forked_child_adds_to_its_parent_s_run_is_sent(captured: Captured) -> None:
    """And what the parent was told before is the parent's to send."""
    with track.run("j") as run:
        run.parameter("parent", 1)
        child = os.fork()
        if not child:
            try:
                run.parameter("child", 2)
                run.input("s3://lake", "x")
                captured.client.close()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
    events = captured.of(RunEvent)
    told = [event for event in events if event.event_type == "RUNNING"]
    assert ({"child": "2"}, 1) in [(event.parameters, len(event.inputs)) for event in told]
    assert sum("parent" in event.parameters for event in events) == 1


def test_a_fork_while_another_thread_is_in_our_calls_leaves_no_lock_behind(captured: Captured) -> None:
    """The child has one thread: a lock that another one held would never be given back."""
    with track.run("j") as run:
        over = threading.Event()

        def report() -> None:
            while not over.is_set():
                run.parameter("k", 1)

        threads = [threading.Thread(target=report) for _ in range(4)]
        for thread in threads:
            thread.start()
        codes = []
        for _ in range(20):
            child = os.fork()
            if not child:
                run.parameter("child", 1)
                run.log("line")
                os._exit(0)
            codes.append(os.waitpid(child, 0)[1])
        over.set()
        for thread in threads:
            thread.join()
    assert codes == [0] * 20


def test_a_job_that_has_all_the_threads_it_may_is_not_held_up(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reporting waits until there is one to be had; nothing is done in the job's own."""
    start = threading.Thread.start

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(worker, "START_AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with track.run("j") as run:
        run.metric("n", 1)
        assert track.flush(0.1) is False
        assert not captured.folder.exists()
        monkeypatch.setattr(threading.Thread, "start", start)
        run.metric("n", 2)
    assert [r.value for event in captured.of(MetricsReported) for r in event.readings] == [1, 2]


def test_files_of_the_spool_sort_as_they_were_written_whatever_the_clock_does(tmp_path: Path) -> None:
    """Whoever sends a dead process's files goes by their names: the end of a run must not come before its start."""
    times = iter([5_000, 4_000, 4_000, 1])
    spool = Spool(tmp_path, 1 << 20, clock=lambda: next(times))
    for number in range(4):
        spool.append([Entry("t", b"k", [], "RunEvent", "f", bytes([number]))])
        spool.seal()
    spool.close()
    found = []
    for segment in Spool(tmp_path, 1 << 20).orphans():
        found += [entry.body[0] for entry in segment.entries()]
        segment.release()
    assert found == [0, 1, 2, 3]


def test_one_process_at_a_time_sends_what_dead_ones_left(tmp_path: Path) -> None:
    """Two that share the files of one would send the end of a run and its start at once."""
    spool = Spool(tmp_path, 1 << 20)
    spool.append([Entry("t", b"k", [], "RunEvent", "f", b"x")])
    with Spool(tmp_path, 1 << 20).sending() as first, Spool(tmp_path, 1 << 20).sending() as second:
        assert (first, second) == (True, False)
    with Spool(tmp_path, 1 << 20).sending() as third:
        assert third
    spool.close()


def test_a_disk_that_is_full_when_a_file_is_begun_leaves_nothing_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each attempt would leave an empty file else, for ever."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space"):
        Spool(tmp_path, 1 << 20).append([Entry("t", b"k", [], "RunEvent", "f", b"x")])
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_told_more_than_an_event_holds_has_its_start(tmp_path: Path) -> None:
    """What is over the bound is counted; the START itself always fits."""
    client = track.Client(Settings(), spool=tmp_path / "spool")
    huge = {f"parameter-{number}": "x" * 8_000 for number in range(2_000)}
    with track.Run(client, "j", parameters=huge, tags=huge):
        pass
    client.close()
    events = [event for path in spooled(tmp_path / "spool") for event in read_segment(path)]
    assert [event.event_type for event in events if isinstance(event, RunEvent)] == ["START", "COMPLETE"]
    dropped = client.stats().dropped["RunEvent"]
    assert dropped["too_many_parameters"] + dropped["too_many_tags"] > 3_000
