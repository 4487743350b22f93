"""How single readings become events."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from leadline import track
from leadline.core.settings import Settings
from leadline.events.records import MetricsReported
from leadline.track.assemble import Assembler
from leadline.track.metrics import Metric
from leadline.track.nodes import Node

HOLD = 100
CLIENT = track.Client(Settings(), disabled=True)

steps = st.lists(
    st.tuples(st.sampled_from(["auc", "brier", "rows"]), st.sampled_from(["a", "b"]), st.integers(-50, 200)), max_size=60
)


def readings(choices: list[tuple[str, str, int]]) -> list[Metric]:
    time, made = 1_000_000, []
    for number, (name, node, pause) in enumerate(choices):
        time += pause  # sometimes back: clocks jump
        made.append(Metric(CLIENT, None, Node("DATASET", "n", node), name, float(number), "", {}, None, time))
    return made


@given(choices=steps, cut=st.integers(1, 10))
def test_every_reading_is_in_exactly_one_event_of_its_node_near_its_time(choices: list[tuple[str, str, int]], cut: int) -> None:
    """However readings come: none lost, none doubled, no series twice in an event, the order of each series kept."""
    assembler = Assembler(HOLD, threading.Lock())
    made = readings(choices)
    events = [event for start in range(0, len(made), cut) for event in assembler.add([*made[start : start + cut]])]
    events += assembler.due(None)
    assert len(assembler) == 0
    found: dict[tuple[str, str], list[float]] = {}
    for event in events:
        assert isinstance(event, MetricsReported)
        assert len({reading.metric for reading in event.readings}) == len(event.readings) > 0
        for reading in event.readings:
            metric = made[int(reading.value)]
            assert (metric.node.name, metric.name) == (event.name, reading.metric)
            assert 0 <= metric.time - event.event_time < HOLD
            found.setdefault((event.name, reading.metric), []).append(reading.value)
    assert sorted(value for values in found.values() for value in values) == [float(number) for number in range(len(made))]
    assert all(values == sorted(values) for values in found.values())


def test_readings_wait_for_their_bounds_but_not_longer() -> None:
    """The hold is counted from the first reading of the group."""
    assembler = Assembler(HOLD, threading.Lock())
    assembler.add([*readings([("auc", "a", 0), ("rows", "a", 10)])])
    assert assembler.due(1_000_000 + HOLD - 1) == []
    assert len(assembler.due(1_000_000 + HOLD)) == 1
    assembler.add([*readings([("auc", "a", 0)])])
    assert len(assembler.due(999_999)) == 1, "a clock that jumped back holds nothing for ever"
