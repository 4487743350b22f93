"""Lineage of one job, by example: the traps that real producers set."""

import math
from typing import Any

import msgspec
import pytest

from leadline.core.clock import SECOND
from leadline.events.records import ChangeDetected, EdgeObserved, Event, MetricsReported, Reading, RunEvent, Tick
from leadline.lineage.app import ROLE
from leadline.lineage.lost import deadline
from leadline.lineage.state import Job
from leadline.lineage.window import _RUNS
from leadline.worker.state import Entry, StateCodec

from .told import T0, Told, at, io, run_event, tick, whole_run

IN, OUT, OTHER = io("in"), io("out"), io("other")


def run_io(run: str, start: float, end: float, *, kind: str = "COMPLETE", **fields: object) -> list[RunEvent]:
    return whole_run(run, start, end, kind, **{"inputs": [IN], "outputs": [OUT], **fields})


def ids(events: list[Event]) -> list[str]:
    return [event.event_id for event in events]


# States ------------------------------------------------------------------------------------------------------------------


def test_complete_before_start() -> None:
    """A START that comes after its COMPLETE leaves the run completed, and the duration becomes known."""
    start, complete = run_event("START", "r", 0), run_event("COMPLETE", "r", 60)
    told = Told([complete])
    assert told.reading("r", "run.duration_seconds") is None
    told.play(start)
    assert told.reading("r") == 1.0
    assert told.reading("r", "run.duration_seconds") == 60.0


def test_missing_start() -> None:
    """A run of which only COMPLETE is known has an edge, from then on."""
    told = Told([run_event("COMPLETE", "r", 60, inputs=[IN], outputs=[OUT])])
    assert told.intervals() == {("in", "out", 60.0): None}
    assert told.reading("r") == 1.0


def test_running_before_start_and_unknown_kinds_of_event() -> None:
    """RUNNING and OTHER before START add what they carry and end nothing."""
    told = Told(
        [run_event("OTHER", "r", 1, inputs=[IN]), run_event("RUNNING", "r", 2, outputs=[OUT]), run_event("START", "r", 0)]
    )
    assert told.job is not None
    assert told.job.runs[0].ending is None
    assert list(told.edges("RUN")) == [("in", "", "out", "", "r", "0")]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_fail_then_complete_under_one_run_id(order: tuple[int, int]) -> None:
    """A retry that keeps the run id: the later end counts, and both are readings."""
    ends = [run_event("FAIL", "r", 10), run_event("COMPLETE", "r", 20)]
    told = Told([run_event("START", "r", 0), *(ends[index] for index in order)])
    assert told.reading("r") == 1.0
    values = [r.value for e in told.events if isinstance(e, MetricsReported) for r in e.readings if r.metric == "run.succeeded"]
    assert sorted(values) == [0.0, 1.0]


def test_abort_is_neither_success_nor_failure() -> None:
    """Somebody's decision opens no episode and ends none; how long it took is still a reading."""
    told = Told(run_io("r", 0, 5, kind="ABORT"))
    assert told.reading("r") is None
    assert told.reading("r", "run.duration_seconds") == 5.0
    assert told.edges("JOB") == {}


def test_resend_of_a_whole_run() -> None:
    """A run that is sent again gives nothing."""
    run = run_io("r", 0, 5)
    told = Told(run)
    assert told.play(*run, *run) == []


def test_clock_skew_between_start_and_end() -> None:
    """An end before the start, by another machine's clock, gives no negative duration."""
    told = Told(run_io("r", 10, 5))
    assert told.reading("r") == 1.0
    assert told.reading("r", "run.duration_seconds") is None


def test_other_records_are_refused() -> None:
    """What is no RunEvent is an error, hence a dead letter."""
    wrong = MetricsReported(event_id="x", event_time=at(0), producer="t", kind="JOB", namespace="n", name="j")
    with pytest.raises(TypeError, match="MetricsReported"):
        Told([wrong])


# Readings ----------------------------------------------------------------------------------------------------------------


def test_readings_carry_slot_mode_and_run() -> None:
    """A run's readings are about its job at the time of its end, with slot, mode, attempt, and what the run reported."""
    told = Told(
        [
            run_event("START", "r", 0, nominal_at=at(-86400), mode="BACKFILL", attempt=2),
            run_event("FAIL", "r", 30, duration_seconds=29.5, peak_memory_bytes=1024),
        ]
    )
    [report] = [event for event in told.events if isinstance(event, MetricsReported)]
    assert (report.kind, report.namespace, report.name, report.run_id) == ("JOB", "ns", "job", "r")
    assert (report.event_time, report.run_ended_at, report.slot) == (at(30), at(30), at(-86400))
    assert (report.mode, report.attempt, report.job_namespace, report.job_name) == ("BACKFILL", 2, "ns", "job")
    assert sorted((r.metric, r.value, r.unit) for r in report.readings) == [
        ("run.duration_seconds", 29.5, "s"),
        ("run.peak_memory_bytes", 1024.0, "By"),
        ("run.succeeded", 0.0, ""),
    ]


# Edges -------------------------------------------------------------------------------------------------------------------


def test_outputs_in_only_some_events() -> None:
    """Inputs at START and outputs at COMPLETE make the run's edges, with versions."""
    told = Told([run_event("START", "r", 0, inputs=[io("in", "1")]), run_event("COMPLETE", "r", 9, outputs=[io("out", "2")])])
    assert told.edges("RUN") == {("in", "1", "out", "2", "r", "0"): (at(0), at(9), None)}


def test_a_version_that_becomes_known_replaces_the_unknown() -> None:
    """The edge without version is retracted when a later event of the run says the version."""
    told = Told([run_event("START", "r", 0, inputs=[IN], outputs=[OUT])])
    told.play(run_event("COMPLETE", "r", 9, inputs=[io("in", "7")], outputs=[OUT]))
    assert list(told.edges("RUN")) == [("in", "7", "out", "", "r", "0")]


def test_an_edge_is_superseded_and_comes_back() -> None:
    """What the newest successful run no longer has ends with that run; coming back is a new interval."""
    told = Told(run_io("1", 0, 5) + run_io("2", 10, 15, outputs=[OTHER]) + run_io("3", 20, 25))
    assert told.intervals() == {("in", "out", 5.0): 15.0, ("in", "other", 15.0): 25.0, ("in", "out", 25.0): None}


@pytest.mark.parametrize("kind", ["FAIL", "ABORT"])
def test_failed_runs_supersede_nothing(kind: str) -> None:
    """A run that failed may have got to half of its work, so that it ends no edge and begins none."""
    told = Told(run_io("1", 0, 5) + run_io("2", 10, 15, kind=kind, outputs=[OTHER]))
    assert told.intervals() == {("in", "out", 5.0): None}


def test_a_late_run_corrects_the_intervals() -> None:
    """A run without the edge, arriving late, splits the interval; one that fails after all joins it again, retracting."""
    told = Told(run_io("1", 0, 5) + run_io("3", 20, 25))
    assert told.intervals() == {("in", "out", 5.0): None}
    told.play(*run_io("2", 10, 15, outputs=[OTHER]))
    assert told.intervals() == {("in", "out", 5.0): 15.0, ("in", "other", 15.0): 25.0, ("in", "out", 25.0): None}
    retracted = [e for e in told.play(run_event("FAIL", "2", 15)) if isinstance(e, EdgeObserved) and e.retracted]
    assert {(e.target_name, e.valid_from) for e in retracted} == {("other", at(15)), ("out", at(25))}
    assert told.intervals() == {("in", "out", 5.0): None}


def test_a_run_that_fails_later_had_succeeded_before() -> None:
    """What held until then did hold: only a failure of the very same time says that it never did."""
    told = Told(run_io("1", 0, 5) + run_io("2", 10, 15, outputs=[OTHER]) + [run_event("FAIL", "2", 18)] + run_io("3", 20, 25))
    assert told.intervals() == {("in", "out", 5.0): 15.0, ("in", "other", 15.0): 25.0, ("in", "out", 25.0): None}


def test_what_is_said_after_the_end_holds_from_then() -> None:
    """A tool that reports an output after COMPLETE adds an edge from that time on, not from before."""
    told = Told([*run_io("1", 0, 5), run_event("RUNNING", "1", 8, outputs=[OTHER])])
    assert told.intervals() == {("in", "out", 5.0): None, ("in", "other", 8.0): None}


def test_empty_inputs_and_outputs_say_nothing() -> None:
    """A tool that reports no inputs and outputs does not end the edges; one that reports only inputs does."""
    told = Told(run_io("1", 0, 5) + whole_run("2", 10, 15))
    assert told.intervals() == {("in", "out", 5.0): None}
    told.play(*whole_run("3", 20, 25, inputs=[IN]))
    assert told.intervals() == {("in", "out", 5.0): 25.0}


def test_tests_leave_the_job_as_it_is() -> None:
    """A run in mode TEST has edges of its own, but neither ends the job's nor counts as a change."""
    told = Told(run_io("1", 0, 5, code_commit="a") + run_io("2", 10, 15, outputs=[OTHER], mode="TEST", code_commit="b"))
    assert told.intervals() == {("in", "out", 5.0): None}
    assert len(told.edges("RUN")) == 2
    assert told.changes() == {}


def test_self_loop_diamond_and_cycle() -> None:
    """A MERGE into its own source is an edge like any other; so is each side of a diamond or cycle."""
    told = Told(run_io("r", 0, 5, inputs=[IN, OUT], outputs=[IN, OUT]))
    assert {key[:2] for key in told.intervals()} == {("in", "in"), ("in", "out"), ("out", "in"), ("out", "out")}


def test_case_is_kept() -> None:
    """Names that differ only by case are different nodes here: folding is for those who ask."""
    told = Told(run_io("r", 0, 5, inputs=[io("Orders"), io("orders")]))
    assert {key[0] for key in told.intervals()} == {"Orders", "orders"}


def test_ten_thousand_outputs() -> None:
    """A fan-out of 10,000 gives 10,000 edges, and a state that fits into one message."""
    many = [io(f"part-{index:05}") for index in range(10_000)]
    told = Told(run_io("1", 0, 5, outputs=many) + run_io("2", 10, 15, outputs=many))
    assert len(told.intervals()) == 10_000
    assert len(msgspec.msgpack.encode(told.job)) < 8_000_000


# Changes -----------------------------------------------------------------------------------------------------------------


def test_what_changed() -> None:
    """Code, parameters, packages, engine and container, against the run before; already when the run starts."""
    before: dict[str, Any] = {
        "code_commit": "aaa",
        "code_dirty": False,
        "parameters": {"depth": "3", "gone": "x"},
        "packages": {"numpy": "1.26"},
        "engine": "spark/3.4",
        "container": "img:1",
    }
    after: dict[str, Any] = {
        "code_commit": "bbb",
        "code_dirty": True,
        "parameters": {"depth": "4", "new": "y"},
        "packages": {"numpy": "2.0"},
        "engine": "spark/3.5",
        "container": "img:2",
    }
    told = Told(whole_run("1", 0, 5, **before))
    events = told.play(run_event("START", "2", 10, actor="ann", nominal_at=at(0), **after))
    assert told.changes() == {
        ("2", "code.commit"): ("aaa", "bbb"),
        ("2", "code.dirty"): ("false", "true"),
        ("2", "parameter.depth"): ("3", "4"),
        ("2", "parameter.gone"): ("x", ""),
        ("2", "parameter.new"): ("", "y"),
        ("2", "package.numpy"): ("1.26", "2.0"),
        ("2", "engine"): ("spark/3.4", "spark/3.5"),
        ("2", "container"): ("img:1", "img:2"),
    }
    assert {(e.actor, e.slot, e.event_time, e.previous_run_id) for e in events if isinstance(e, ChangeDetected)} == {
        ("ann", at(0), at(10), "1")
    }


def test_names_and_values_are_not_taken_for_each_other() -> None:
    """Whatever signs are in them: what was one parameter is another now."""
    told = Told([*whole_run("1", 0, 5, parameters={"a": "b=c"}), *whole_run("2", 10, 15, parameters={"a=b": "c"})])
    assert told.changes() == {("2", "parameter.a"): ("b=c", ""), ("2", "parameter.a=b"): ("", "c")}


def test_inputs_outputs_versions_and_schemas() -> None:
    """Nodes that came and went, another model, another schema; a dataset's new version is what every run has."""
    told = Told(
        run_io("1", 0, 5, inputs=[io("in", "1", schema="s1"), io("model", "3", "MODEL"), io("old")])
        + run_io("2", 10, 15, inputs=[io("in", "2", schema="s2"), io("model", "4", "MODEL")], outputs=[OUT, OTHER])
    )
    assert told.changes() == {
        ("2", "input"): ("old", ""),
        ("2", "output"): ("", "other"),
        ("2", "input_version"): ("3", "4"),
        ("2", "schema"): ("s1", "s2"),
    }
    subjects = {e.what: e.subject for e in told.events if isinstance(e, ChangeDetected)}
    assert subjects["input_version"] == '["MODEL","s3://lake","model"]'


def test_a_changed_source_is_news_where_the_commit_tells_none() -> None:
    """Without a repository, or changed in the checkout: the hash tells; with a new commit it would say the same twice."""
    told = Told(
        whole_run("1", 0, 5, code_hash="h1", code_commit="a")
        + whole_run("2", 10, 15, code_hash="h2", code_commit="a")
        + whole_run("3", 20, 25, code_hash="h3", code_commit="b")
        + whole_run("4", 30, 35, code_hash="h4")
    )
    assert told.changes() == {
        ("2", "code.hash"): ("h1", "h2"),
        ("3", "code.commit"): ("a", "b"),
        ("4", "code.hash"): ("h3", "h4"),
    }


def test_what_a_run_does_not_say_did_not_change() -> None:
    """A run that knows no commit and no packages changes neither; the next that knows is compared with the last that knew."""
    told = Told(
        whole_run("1", 0, 5, code_commit="a", packages={"numpy": "1"})
        + whole_run("2", 10, 15)
        + whole_run("3", 20, 25, code_commit="b", packages={"numpy": "1"})
    )
    [change] = [event for event in told.events if isinstance(event, ChangeDetected)]
    assert (change.what, change.before, change.after, change.previous_run_id) == ("code.commit", "a", "b", "1")


def test_a_late_run_in_between_takes_the_change_over() -> None:
    """The change belongs to the first run that had it: a late one retracts it from its follower."""
    told = Told(whole_run("1", 0, 5, code_commit="a") + whole_run("3", 20, 25, code_commit="b"))
    assert list(told.changes()) == [("3", "code.commit")]
    told.play(*whole_run("2", 10, 15, code_commit="b"))
    assert told.changes() == {("2", "code.commit"): ("a", "b")}


def test_a_failed_run_has_changes_of_what_it_was_given() -> None:
    """The parameter that broke a run is a change; what it did not get to write is none."""
    told = Told(run_io("1", 0, 5, parameters={"p": "1"}) + run_io("2", 10, 11, kind="FAIL", parameters={"p": "2"}, outputs=[]))
    assert told.changes() == {("2", "parameter.p"): ("1", "2")}


# LOST --------------------------------------------------------------------------------------------------------------------


def lost(events: list[Event]) -> list[RunEvent]:
    return [event for event in events if isinstance(event, RunEvent)]


@pytest.mark.parametrize(
    ("promise", "when"),
    [
        ({"deadline_at": at(100)}, 100.0),
        ({"heartbeat_seconds": 10.0}, 30.0),
        ({"deadline_at": at(100), "heartbeat_seconds": 10.0}, 30.0),
        ({}, 600.0),
    ],
)
def test_lost_after_what_was_promised(promise: dict[str, object], when: float) -> None:
    """Deadline, three heartbeats, or else ten minutes: LOST then, not a moment before, and once."""
    told = Told([run_event("START", "r", 0, **promise)])
    assert told.play(tick(when - 0.001)) == []
    [event] = lost(told.play(tick(when)))
    assert (event.event_type, event.event_time, event.source, event.run_id) == ("LOST", at(when), "leadline", "r")
    assert told.play(tick(when + 1)) == []
    told.play(event)
    assert told.reading("r") == 0.0
    assert told.play(tick(10 * when)) == []


def test_twice_the_longest_run() -> None:
    """A job known to take an hour gets two."""
    told = Told([*whole_run("1", 0, 3600), run_event("START", "2", 4000)])
    assert told.play(tick(4000 + 7199)) == []
    assert [event.event_time for event in lost(told.play(tick(4000 + 7200)))] == [at(4000 + 7200)]


def test_heartbeats_are_counted_by_the_brokers_clock() -> None:
    """A machine whose clock is an hour behind is not lost as long as its heartbeats arrive."""
    told = Told()
    told.play(run_event("START", "r", -3600, heartbeat_seconds=10.0), recorded_at=at(0))
    told.play(run_event("RUNNING", "r", -3580), recorded_at=at(20))
    assert told.play(tick(49)) == []
    assert len(lost(told.play(tick(50)))) == 1


@pytest.mark.parametrize("mode", ["", "BACKFILL", "TEST"])
def test_a_late_complete_beats_lost(mode: str) -> None:
    """Though it happened before the run was given up, its reading comes after the one that said 0."""
    told = Told([run_event("START", "r", 0, deadline_at=at(100), mode=mode, inputs=[IN], outputs=[OUT])])
    [event] = lost(told.play(tick(100)))
    assert event.mode == mode
    told.play(event)
    assert told.reading("r") == 0.0
    told.play(run_event("COMPLETE", "r", 90))
    assert told.reading("r") == 1.0
    last = [e for e in told.events if isinstance(e, MetricsReported)][-1]
    assert (last.event_time, last.run_ended_at) == (at(100) + 1, at(90))


def test_lost_that_comes_after_complete_says_nothing() -> None:
    """A LOST on its way while the COMPLETE arrives leaves the run completed."""
    told = Told([run_event("START", "r", 0, deadline_at=at(100))])
    [event] = lost(told.play(tick(100)))
    told.play(run_event("COMPLETE", "r", 90), event)
    assert told.reading("r") == 1.0


# The window --------------------------------------------------------------------------------------------------------------


def test_the_state_stays_bounded() -> None:
    """After many runs the state holds the window only, and the job's edge is still valid from its first run."""
    told = Told()
    sizes = []
    for index in range(4 * _RUNS):
        told.play(*run_io(f"r{index:04}", index * 10, index * 10 + 5, code_commit="a", parameters={"day": str(index)}))
        sizes.append(len(msgspec.msgpack.encode(told.job)))
    assert told.intervals() == {("in", "out", 5.0): None}
    assert max(sizes[_RUNS * 2 :]) < 1.1 * sizes[_RUNS * 2]
    assert ("r0001", "parameter.day") in told.changes()


def test_runs_older_than_the_window_add_edges_of_their_own_only() -> None:
    """A run that arrives after 64 newer ones changes nothing at job level."""
    told = Told()
    for index in range(_RUNS + 10):
        told.play(*run_io(f"r{index:04}", index * 10, index * 10 + 5, code_commit="a"))
    before = told.intervals()
    told.play(*run_io("late", 5, 6, outputs=[OTHER], code_commit="b"))
    assert told.intervals() == before
    assert told.changes() == {}
    assert ("in", "", "other", "", "late", str(5 * SECOND)) in told.edges("RUN")
    assert told.reading("late") == 1.0


def test_an_open_run_outlives_the_window() -> None:
    """A run that takes longer than 64 others is still known when it ends."""
    told = Told([run_event("START", "long", 0, inputs=[IN], outputs=[OUT])])
    for index in range(2 * _RUNS):
        told.play(*run_io(f"r{index:04}", 1 + index * 10, 1 + index * 10 + 5))
    told.play(run_event("COMPLETE", "long", 5000))
    assert told.reading("long", "run.duration_seconds") == 5000.0


def test_a_start_that_is_sent_again_after_its_run_was_forgotten_is_not_lost() -> None:
    """Nobody is called for a run that ended long ago; one that was open all the time is missed as ever."""
    told = Told(run_io("r0000", 0, 5))
    told.play(run_event("START", "open", 1))
    for number in range(1, 2 * _RUNS):
        told.play(*run_io(f"r{number:04}", number * 10, number * 10 + 5))
    assert told.job is not None
    assert told.job.run("r0000") is None
    told.play(run_event("START", "r0000", 0), recorded_at=at(5_000))
    missed = lost([event for when in range(1_000, 20_000, 100) for event in told.play(tick(when))])
    assert {event.run_id for event in missed} == {"open"}


def test_the_state_survives_its_bytes() -> None:
    """Encoded and decoded it is the same, NaN included."""
    told = Told(run_io("r", 0, 5, packages={"numpy": "1"}))
    told.play(run_event("RUNNING", "s", 9, heartbeat_seconds=1.5))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(told.job), type=Job) == told.job
    nan = msgspec.msgpack.decode(msgspec.msgpack.encode(Reading(metric="m", value=math.nan)), type=Reading)
    assert math.isnan(nan.value)
    assert isinstance(tick(0), Tick)


@pytest.mark.parametrize("seconds", [float("inf"), float("-inf"), float("nan"), -1.0, 1e13, 1e300])
@pytest.mark.parametrize("field", ["heartbeat_seconds", "duration_seconds"])
def test_what_is_no_duration_stops_nothing(field: str, seconds: float) -> None:
    """It says nothing, whichever event comes first: the run is judged as if it had not been said."""
    events = [run_event("START", "r", 0, **{field: seconds}), run_event("COMPLETE", "r", 60, **{field: seconds})]
    for order in (events[:1], events, events[::-1]):
        told = Told(order)
        assert told.job is not None
        expected = Told([run_event(event.event_type, "r", (event.event_time - T0) / SECOND) for event in order])
        assert expected.job is not None
        assert deadline(told.job) == deadline(expected.job)
        assert told.reading("r", "run.duration_seconds") == expected.reading("r", "run.duration_seconds")
        StateCodec(ROLE).encode(Entry("partition", 1, at(1), deadline(told.job), told.job))
