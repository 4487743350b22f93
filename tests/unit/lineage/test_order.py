"""Order, repetition and pauses do not matter."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.events.records import JobDeclared, RunEvent

from .told import Told, column, declared, io, run_event, waits_for

NAMES = ("a", "b", "c")
ios = st.lists(
    st.builds(io, st.sampled_from(NAMES), st.sampled_from(("", "1", "2")), st.sampled_from(("DATASET", "MODEL"))), max_size=2
)
columns = st.lists(
    st.builds(
        column,
        st.sampled_from(("a.x", "a.y", "b.x")),
        st.sampled_from(("b.x", "c.x", "c.")),
        st.sampled_from(("DIRECT/IDENTITY", "INDIRECT/FILTER")),
    ),
    max_size=2,
)
declarations = st.builds(
    lambda seconds, inputs, outputs, columns: declared(seconds, inputs=inputs, outputs=outputs, columns=columns),
    st.integers(0, 12),
    ios,
    ios,
    columns,
)
run_events = st.builds(
    lambda kind, run, seconds, commit, source, parameters, inputs, outputs, mode, packages, columns, before, partial: run_event(
        kind,
        f"run-{run}",
        seconds,
        code_commit=commit,
        code_hash=source,
        parameters=parameters,
        inputs=inputs,
        outputs=outputs,
        mode=mode,
        packages=packages,
        columns=columns,
        dependencies=list(map(waits_for, before)),
        partial=partial,
    ),
    st.sampled_from(("START", "RUNNING", "COMPLETE", "COMPLETE", "FAIL", "ABORT", "OTHER")),
    st.integers(0, 3),
    st.integers(0, 12),
    st.sampled_from(("", "abc", "def")),
    st.sampled_from(("", "h1", "h2")),
    st.dictionaries(st.sampled_from(("p", "q")), st.sampled_from(("1", "2")), max_size=2),
    ios,
    ios,
    st.sampled_from(("", "LIVE", "BACKFILL", "TEST")),
    st.dictionaries(st.just("numpy"), st.sampled_from(("1", "2")), max_size=1),
    columns,
    st.lists(st.sampled_from(("one", "two")), max_size=1),
    st.booleans(),
)
events = st.one_of(run_events, run_events, run_events, declarations)


@given(st.lists(events, min_size=1, max_size=12), st.integers())
@settings(max_examples=300, deadline=None)
def test_shuffled_and_doubled_events_give_the_same(history: list[RunEvent | JobDeclared], seed: int) -> None:
    """The same events in any order, some of them twice, give the same edges, changes, states and readings."""
    shuffled = history + history[::2]
    random.Random(seed).shuffle(shuffled)
    assert Told(shuffled).outcome() == Told(history).outcome()


@given(st.lists(events, min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_a_repeat_changes_nothing(history: list[RunEvent | JobDeclared]) -> None:
    """Played a second time, the events give nothing at all, and the state is the very same object."""
    told = Told(history)
    job = told.job
    assert told.play(*history) == []
    assert told.job is job


@given(st.lists(events, min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_a_replay_sends_identical_events(history: list[RunEvent | JobDeclared]) -> None:
    """What is computed twice from the same state is the same to the last byte, ids included, and no id comes twice."""
    first = Told(history).events
    assert Told(history).events == first
    assert len({event.event_id for event in first}) == len(first)
