"""Order, repetition and pauses do not matter."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.events.records import RunEvent

from .told import Told, io, run_event

NAMES = ("a", "b", "c")
ios = st.lists(
    st.builds(io, st.sampled_from(NAMES), st.sampled_from(("", "1", "2")), st.sampled_from(("DATASET", "MODEL"))), max_size=2
)
events = st.builds(
    lambda kind, run, seconds, commit, source, parameters, inputs, outputs, mode, packages: run_event(
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
)


@given(st.lists(events, min_size=1, max_size=12), st.integers())
@settings(max_examples=300, deadline=None)
def test_shuffled_and_doubled_events_give_the_same(history: list[RunEvent], seed: int) -> None:
    """The same events in any order, some of them twice, give the same edges, changes, states and readings."""
    shuffled = history + history[::2]
    random.Random(seed).shuffle(shuffled)
    assert Told(shuffled).outcome() == Told(history).outcome()


@given(st.lists(events, min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_a_repeat_changes_nothing(history: list[RunEvent]) -> None:
    """Played a second time, the events give nothing at all, and the state is the very same object."""
    told = Told(history)
    job = told.job
    assert told.play(*history) == []
    assert told.job is job


@given(st.lists(events, min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_a_replay_sends_identical_events(history: list[RunEvent]) -> None:
    """What is computed twice from the same state is the same to the last byte, ids included, and no id comes twice."""
    first = Told(history).events
    assert Told(history).events == first
    assert len({event.event_id for event in first}) == len(first)
