"""What must hold for every log of readings (bounds.md 5.3)."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import groupby
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.bounds import series as series_module
from leadline.bounds.judge import SEVERITIES, judge
from leadline.bounds.state import dump, load
from leadline.core.clock import SECOND
from leadline.events.records import BoundDeclared, MetricsReported, Transition

from .stream import ENDS, START, Watched, bound, declared, final_episodes, reading

SPEC = bound(warn_lower=0.9, error_lower=0.8)
VALUES = (0.95, 0.85, 0.7, math.nan, math.inf)

values = st.sampled_from(VALUES)
times = st.integers(min_value=0, max_value=590)


@st.composite
def readings(draw: st.DrawFn, retries: bool = True) -> list[MetricsReported]:
    """Readings of two series within the allowed lateness, in order of their keys; some are retries of a slot."""
    drawn = draw(
        st.lists(st.tuples(times, values, st.sampled_from(("", "EV")), st.integers(1, 3), st.integers(0, 5)), max_size=40)
    )
    found = [
        reading(
            seconds,
            value,
            SPEC,
            dims={"carrier": carrier} if carrier else {},
            event_id=f"event-{number:03}",
            attempt=attempt if retries else 1,
            slot=START + slot * SECOND if retries and slot else None,
        )
        for number, (seconds, value, carrier, attempt, slot) in enumerate(drawn)
    ]
    return sorted(found, key=lambda event: (event.event_time, event.attempt, event.event_id))


@st.composite
def logs(draw: st.DrawFn) -> list[MetricsReported | BoundDeclared]:
    """Shuffled readings with changes of the bound between them."""
    log: list[MetricsReported | BoundDeclared] = list(draw(st.permutations(draw(readings()))))
    for version in range(1, draw(st.integers(0, 4)) + 1):
        spec = draw(st.sampled_from((bound(error_lower=0.9), bound(warn_lower=0.75), bound(error_lower=0.8, state="PAUSED"))))
        spec = draw(st.sampled_from((spec, bound(error_lower=0.8, state="DELETED"))))
        at = draw(st.integers(0, len(log)))
        log.insert(at, declared(spec, version, seconds=draw(times)))
    return log


def by_series(transitions: Sequence[Transition]) -> dict[str, list[Transition]]:
    found: dict[str, list[Transition]] = defaultdict(list)
    for transition in transitions:
        found[transition.series].append(transition)
    return found


@settings(deadline=None)
@given(logs())
def test_a_series_has_at_most_one_open_episode(log: list[MetricsReported | BoundDeclared]) -> None:
    """Between an opened and the end of its episode no other one opens, so no two opened follow each other."""
    for transitions in by_series(Watched().feed(*log).transitions).values():
        current = ""
        for transition in transitions:
            if transition.transition == "opened":
                assert current == ""
                current = transition.episode_id
            elif transition.reason != "corrected":
                assert current == transition.episode_id
                current = "" if transition.transition in ENDS else current


@settings(deadline=None)
@given(logs())
def test_every_opening_ends_once_or_is_open(log: list[MetricsReported | BoundDeclared]) -> None:
    """Opened = ended + open now, and the compacted topic knows the same open episodes."""
    watched = Watched().feed(*log)
    counts = Counter(t.transition in ENDS for t in watched.transitions if t.reason != "corrected")
    opened = sum(t.transition == "opened" for t in watched.transitions)
    assert opened == counts[True] + len(watched.open_state)
    still_open = {episode for episode, (_, _, end) in final_episodes(watched.transitions).items() if not end}
    assert still_open == set(watched.open_state.values())


@settings(deadline=None)
@given(logs())
def test_the_same_log_gives_the_same_records(log: list[MetricsReported | BoundDeclared]) -> None:
    """A replay, another worker or a rebuild sends the very same records, and no id twice."""
    first = Watched().feed(*log)
    assert repr(first.records) == repr(Watched().feed(*log).records)
    ids = [transition.event_id for transition in first.transitions]
    assert len(set(ids)) == len(ids)


@settings(deadline=None)
@given(logs(), st.data())
def test_duplicates_change_nothing(log: list[MetricsReported | BoundDeclared], data: st.DataObject) -> None:
    """Whatever is sent again, at once or later, is ignored."""
    doubled = list(log)
    for position in data.draw(st.lists(st.integers(0, max(len(log) - 1, 0)), max_size=10)) if log else ():
        at = data.draw(st.integers(min_value=doubled.index(log[position]) + 1, max_value=len(doubled)))
        doubled.insert(at, log[position])
    assert repr(Watched().feed(*doubled).records) == repr(Watched().feed(*log).records)


@settings(deadline=None)
@given(readings(retries=False), st.data())
def test_order_within_the_allowed_lateness_does_not_matter(log: list[MetricsReported], data: st.DataObject) -> None:
    """However readings are shuffled, the episodes in the end are those of their order in time."""
    shuffled = Watched().feed(*data.draw(st.permutations(log)))
    assert final_episodes(shuffled.transitions) == final_episodes(Watched().feed(*log).transitions)


@settings(deadline=None)
@given(readings(), st.data())
def test_the_order_of_retries_does_not_matter(log: list[MetricsReported], data: st.DataObject) -> None:
    """The same with tries that replace each other; which try of a slot ended an episode depends on which came first."""
    shuffled = Watched().feed(*data.draw(st.permutations(log)))
    found, in_order = (final_episodes(watched.transitions) for watched in (shuffled, Watched().feed(*log)))
    assert {e: (*said, bool(end)) for e, (*said, end) in found.items()} == {
        e: (*said, bool(end)) for e, (*said, end) in in_order.items()
    }


@settings(deadline=None)
@given(logs())
def test_state_survives_a_restart_at_any_moment(log: list[MetricsReported | BoundDeclared]) -> None:
    """Written as bytes and read back after every event, it gives the same records."""
    restarted = Watched()
    for event in log:
        restarted.feed(event)
        restarted.nodes = {key: load(dump(node)) for key, node in restarted.nodes.items()}
    assert repr(restarted.records) == repr(Watched().feed(*log).records)


@settings(deadline=None)
@given(readings())
def test_order_across_series_does_not_matter(log: list[MetricsReported]) -> None:
    """What happens to one series changes nothing of another."""
    declaring = reading(0, 0.95, SPEC, metric="rows")
    first = [event for event in log if event.readings[0].dims]
    second = [event for event in log if not event.readings[0].dims]
    together = by_series(Watched().feed(declaring, *log).transitions)
    apart = by_series(Watched().feed(declaring, *second, *first).transitions)
    assert {s: repr(t) for s, t in together.items()} == {s: repr(t) for s, t in apart.items()}


@settings(deadline=None)
@given(readings(retries=False))
def test_episodes_are_the_stretches_of_violating_readings(log: list[MetricsReported]) -> None:
    """Against the plainest way to say it: each unbroken stretch of readings outside is one episode."""
    expected = []
    for dims in ({}, {"carrier": "EV"}):
        series = [event for event in log if event.readings[0].dims == dims]
        judged = [(judge(SPEC, event.readings[0].value) or 0, event) for event in series]
        stretches = [(outside, list(found)) for outside, found in groupby(judged, key=lambda pair: pair[0] > 0)]
        for number, (outside, stretch) in enumerate(stretches):
            if outside:
                end = stretches[number + 1][1][0][1].event_id if number + 1 < len(stretches) else ""
                expected.append((SEVERITIES[stretch[-1][0]], stretch[0][1].event_time, end))
    assert sorted(final_episodes(Watched().feed(*log).transitions).values()) == sorted(expected)


@settings(deadline=None)
@given(logs(), st.integers(1, 8))
def test_a_full_ring_breaks_no_invariant(log: list[MetricsReported | BoundDeclared], ring: int) -> None:
    """What has left the ring is settled: still one open episode at most, and each opening ends once or is open."""
    with patch.object(series_module, "RING", ring):
        watched = Watched().feed(*log)
    for transitions in by_series(watched.transitions).values():
        current = ""
        for transition in transitions:
            if transition.reason != "corrected":
                assert current == ("" if transition.transition == "opened" else transition.episode_id)
                current = "" if transition.transition in ENDS else transition.episode_id
        assert current == watched.open_state.get(transitions[0].series, "")


@settings(deadline=None)
@given(readings(), st.integers(1, 8))
def test_retries_in_order_count_the_same_in_a_small_ring(log: list[MetricsReported], ring: int) -> None:
    """What is open in the end does not depend on what the ring has forgotten, where no try comes after its successor."""
    log = [event for event in log if event.attempt == 1]
    whole = Watched().feed(*log)
    with patch.object(series_module, "RING", ring):
        assert Watched().feed(*log).steps == whole.steps


def test_a_replaced_reading_does_not_come_back_when_the_ring_is_full() -> None:
    """Nor when the try that replaced it has left the ring before it."""
    second, first = reading(0, 0.9, bound(), slot=START, attempt=2), reading(1, 0.5, slot=START)
    with patch.object(series_module, "RING", 2):
        watched = Watched().feed(second, first, *(reading(n, 0.9) for n in range(2, 12)), reading(20, 0.9), reading(19, 0.9))
    assert watched.steps == []


@settings(deadline=None)
@given(st.lists(values, min_size=65, max_size=300))
def test_the_ring_forgets_nothing_that_is_open(series: list[float]) -> None:
    """More readings than the ring holds give the same transitions as their levels say one after the other."""
    log = [reading(number, value, SPEC, event_id=f"event-{number:03}") for number, value in enumerate(series)]
    level, expected = 0, []
    for value in series:
        now = judge(SPEC, value) or 0
        if now != level:
            name = "opened" if not level else "resolved" if not now else "escalated" if now > level else "deescalated"
            expected.append(f"{name} {SEVERITIES[now or level]}")
        level = now
    assert Watched().feed(*log).steps == expected
