"""Columns, control flow and jobs by design: when an edge holds, and what ends it."""

from typing import Any

from leadline.core.clock import SECOND
from leadline.events.records import EdgeObserved

from .told import T0, Told, at, column, declared, io, run_event, tick, waits_for, whole_run

COPY: dict[str, Any] = {"inputs": [io("a")], "outputs": [io("b")]}


def test_columns_hold_until_a_run_tells_of_their_target_without_them() -> None:
    """The tool that tells columns of a target tells them all; how a value came over is that of the newest run."""
    told = Told(whole_run("1", 0, 1, columns=[column("a.x", "b.x", "DIRECT/IDENTITY"), column("a.y", "b.y")], **COPY))
    told.play(*whole_run("2", 10, 11, columns=[column("a.x", "b.x", "DIRECT/TRANSFORMATION")], **COPY))
    assert told.columns() == {("a.x", "b.x", 1): (None, ["DIRECT/TRANSFORMATION"]), ("a.y", "b.y", 1): (11, [])}


def test_a_run_that_tells_no_columns_ends_none() -> None:
    """One run whose plan could not be read must not erase what all the others said."""
    told = Told([*whole_run("1", 0, 1, columns=[column("a.x", "b.x")], **COPY), *whole_run("2", 10, 11, **COPY)])
    assert told.columns() == {("a.x", "b.x", 1): (None, [])}


def test_columns_end_with_the_edge_of_their_data() -> None:
    """Where b is not made from a any more, none of its columns is."""
    told = Told(whole_run("1", 0, 1, columns=[column("a.x", "b.x")], **COPY))
    told.play(*whole_run("2", 10, 11, inputs=[io("c")], outputs=[io("b")]))
    assert told.columns() == {("a.x", "b.x", 1): (11, [])}


def test_a_column_implies_its_data() -> None:
    """dbt tells from which columns a model is made, and does not list their tables as inputs."""
    told = Told(whole_run("1", 0, 1, outputs=[io("b")], columns=[column("a.x", "b.x")]))
    assert told.intervals() == {("a", "b", 1): None}
    told.play(*whole_run("2", 10, 11, outputs=[io("b")], columns=[column("c.x", "b.x")]))
    assert told.intervals() == {("a", "b", 1): 11, ("c", "b", 11): None}


def test_two_ways_of_one_column_are_one_edge() -> None:
    """A value that is copied and filtered by is one edge with both transformations, whichever event said which."""
    told = Told([run_event("START", "1", 0, columns=[column("a.x", "b.x", "INDIRECT/FILTER")], **COPY)])
    told.play(run_event("COMPLETE", "1", 1, columns=[column("a.x", "b.x", "DIRECT/IDENTITY")]))
    assert told.columns() == {("a.x", "b.x", 1): (None, ["DIRECT/IDENTITY", "INDIRECT/FILTER"])}


def test_two_ways_that_one_event_tells_apart_are_one_edge() -> None:
    """As some tools do, an edge for each way: none is lost, in whatever order."""
    ways = ["DIRECT/IDENTITY", "INDIRECT/FILTER"]
    for first, second in (ways, ways[::-1]):
        columns = [column("a.x", "b.x", first), column("a.x", "b.x", second)]
        told = Told([run_event("COMPLETE", "1", 1, inputs=[io("a")], outputs=[io("b")], columns=columns)])
        assert {ends: sorted(how) for ends, (_, how) in told.columns().items()} == {("a.x", "b.x", 1.0): ways}


def test_a_filter_reaches_the_whole_target() -> None:
    """An empty target column stands for all of them."""
    told = Told(whole_run("1", 0, 1, columns=[column("a.x", "b.", "INDIRECT/FILTER")], **COPY))
    assert told.columns() == {("a.x", "b.", 1): (None, ["INDIRECT/FILTER"])}


def test_a_failed_run_says_nothing_of_columns() -> None:
    """As of data: it cannot be trusted to be whole."""
    assert Told(whole_run("1", 0, 1, "FAIL", columns=[column("a.x", "b.x")], **COPY)).columns() == {}


def test_a_partial_run_adds_and_ends_nothing() -> None:
    """A tool that could not find out everything says what it found."""
    told = Told(whole_run("1", 0, 1, columns=[column("a.x", "b.x")], **COPY))
    told.play(*whole_run("2", 10, 11, inputs=[io("c")], outputs=[io("b")], columns=[column("c.x", "b.x")], partial=True))
    assert told.intervals() == {("a", "b", 1): None, ("c", "b", 11): None}
    assert told.columns() == {("a.x", "b.x", 1): (None, []), ("c.x", "b.x", 11): (None, [])}


def test_control_flow_is_apart_from_data() -> None:
    """Who waits for whom is an edge of its own kind, ended by a run that waits for others, not by one that says nothing."""
    told = Told(whole_run("1", 0, 1, dependencies=[waits_for("extract")], **COPY))
    told.play(*whole_run("2", 10, 11, **COPY), *whole_run("3", 20, 21, dependencies=[waits_for("load")]))
    assert told.controls() == {("extract", "job", 1): 21, ("load", "job", 21): None}
    assert told.intervals() == {("a", "b", 1): None}


def test_a_design_has_edges_without_a_run() -> None:
    """The definition of a job that never ran; the next one replaces it, in whatever order they come."""
    first = declared(0, columns=[column("a.x", "b.x")], **COPY)
    second = declared(10, inputs=[io("c")], outputs=[io("b")])
    for order in ([first, second], [second, first], [first, second, first]):
        told = Told(order)
        assert told.intervals() == {("a", "b", 0): 10, ("c", "b", 10): None}
        assert told.columns() == {("a.x", "b.x", 0): (10, [])}


def test_runs_do_not_end_what_is_designed() -> None:
    """A run shows what it did, the design what the job is for."""
    told = Told([declared(0, **COPY), *whole_run("1", 10, 11, inputs=[io("c")], outputs=[io("b")])])
    assert told.intervals() == {("a", "b", 0): None, ("c", "b", 11): None}
    told.play(declared(20, inputs=[io("c")], outputs=[io("b")]))
    assert told.intervals() == {("a", "b", 0): 20, ("c", "b", 11): None}
    told.play(*whole_run("2", 30, 31, **COPY), declared(40, inputs=[io("d")], outputs=[io("b")]))
    assert told.intervals() == {("a", "b", 0): 20, ("a", "b", 31): None, ("c", "b", 11): 40, ("d", "b", 40): None}


def test_many_designs_are_summed_up() -> None:
    """The state of a job that is declared every minute stays bounded, and its edges keep their beginnings."""
    told = Told(declared(n, inputs=[io("a"), io(str(n % 2))], outputs=[io("b")]) for n in range(100))
    assert told.job is not None
    assert len(told.job.designs) <= 16
    assert told.intervals()[("a", "b", 0)] is None
    assert sum(end is None for end in told.intervals().values()) == 2


def test_columns_of_wide_tables_are_kept_once() -> None:
    """A thousand columns, said again by every run, are in the state once, and on the topic at most once an hour."""
    wide = [column(f"a.{n}", f"b.{n}") for n in range(1_000)]
    told = Told(event for n in range(20) for event in whole_run(str(n), n * 10, n * 10 + 1, columns=wide, **COPY))
    assert told.job is not None
    assert len(told.job.columns) == 1
    assert len(told.columns()) == 1_000
    assert sum(isinstance(event, EdgeObserved) and event.granularity == "COLUMN" for event in told.events) == 1_000
    told.play(*whole_run("later", 7_200, 7_201, columns=wide, **COPY))
    seen = {event.last_seen for event in told.events if isinstance(event, EdgeObserved) and event.granularity == "COLUMN"}
    assert [(moment - T0) // SECOND for moment in sorted(seen)] == [1, 4_000]


def test_a_stream_is_not_lost_for_running_long() -> None:
    """It has no end to be late for; a promised heartbeat that stays away three times tells, as for every run."""
    stream = run_event("START", "1", 0, processing_type="STREAMING")
    told = Told([*whole_run("0", -100, -90), stream])
    assert told.play(tick(10_000_000)) == []
    told = Told([run_event("START", "1", 0, processing_type="STREAMING", heartbeat_seconds=60.0)])
    lost = told.play(tick(181))
    assert [(event.event_time - at(0)) / SECOND for event in lost] == [180]
