"""Rollups equal what the deduplicated readings give, however the sink came by them: the real flusher on the real store."""

import itertools
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from confluent_kafka import Producer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from leadline.clickhouse.flush import Flusher
from leadline.clickhouse.graveyard import Graveyard
from leadline.clickhouse.insert import Inserter
from leadline.clickhouse.message import sort
from leadline.clickhouse.patience import Patience
from leadline.clickhouse.writers import Writers
from leadline.core.clock import DAY, system_clock
from leadline.core.settings import Settings
from leadline.events.codec import Codec
from leadline.events.records import Reading
from leadline.events.topics import METRICS
from leadline.history.connection import connect
from tests.unit.clickhouse.message import FakeMessage
from tests.unit.events.registry_in_memory import MemoryRegistry

from .facts import HOUR, NOON, metrics, running_store

pytestmark = pytest.mark.stack
PARTITIONS = 2
_names, _offsets = itertools.count(), itertools.count()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with running_store(tmp_path_factory.mktemp("rollup")) as found:
        yield found


@pytest.fixture(scope="module")
def client(store: Settings) -> Iterator[Client]:
    found = connect(store)
    yield found
    found.close()


class Clock:
    """Seconds that pass when somebody looks, so that a refresh takes some, and when a step says so."""

    now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


@dataclass
class Sink:
    """Reads a log as the consumer does: takes blocks, flushes them, commits what the outcome says; a crash forgets the rest."""

    store: Settings
    log: list[list[FakeMessage]]
    registry: MemoryRegistry
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.committed = dict.fromkeys(range(PARTITIONS), 0)
        self.crash()

    def crash(self) -> None:
        inserter, producer = Inserter(self.store), Producer({"bootstrap.servers": "127.0.0.1:1", "log_level": 0})
        graveyard = Graveyard(producer, Codec(self.registry), system_clock, "tests/1")
        writers = Writers(self.registry, inserter)
        self.flusher = Flusher(inserter, writers, graveyard, Patience(threading.Event()), monotonic=self.clock)
        self.position = dict(self.committed)

    def flush(self, sizes: tuple[int, ...]) -> None:
        block = []
        for partition, size in enumerate(sizes):
            block += self.log[partition][self.position[partition] : self.position[partition] + size]
            self.position[partition] = min(self.position[partition] + size, len(self.log[partition]))
        outcome = self.flusher.flush(sort(block))
        assert not outcome.stopped
        for (_, partition), done in outcome.done.items():
            self.committed[partition] = done.offset - self.log[partition][0].offset_

    def drain(self) -> None:
        while self.position != self.committed or any(self.position[p] < len(self.log[p]) for p in range(PARTITIONS)):
            self.clock.now += 100
            self.flush((1000,) * PARTITIONS)


_readings = st.builds(
    Reading,
    metric=st.sampled_from(["auc", "rows"]),
    # Quarters add up exactly in any order.
    value=st.one_of(st.integers(-8, 8).map(lambda n: n / 4), st.sampled_from([math.nan, math.inf, -math.inf])),
    dims=st.sampled_from([{}, {"region": "eu"}, {"b": "2", "a": "1"}]),
)
_events = st.builds(
    lambda hour, minute, slot, readings, mode: (hour * HOUR + minute, slot, readings, mode),
    st.integers(0, 30),
    st.integers(0, 3),
    st.one_of(st.none(), st.integers(-30, 2).map(lambda hour: NOON + hour * HOUR)),
    st.lists(_readings, min_size=1, max_size=3),
    st.sampled_from(["LIVE", "LIVE", "BACKFILL", "TEST"]),
)
_steps = st.lists(
    st.tuples(st.tuples(*[st.integers(0, 5)] * PARTITIONS), st.sampled_from(["go on", "go on", "much later", "crash"])),
    max_size=6,
)


def _log(name: str, told: list[Any], order: list[int], registry: MemoryRegistry) -> list[list[FakeMessage]]:
    """The events in that order, dealt to the partitions; the same number twice is the same event sent again."""
    codec = Codec(registry)
    log: list[list[FakeMessage]] = [[] for _ in range(PARTITIONS)]
    first = next(_offsets) * 1000
    for number in order:
        at, slot, readings, mode = told[number]
        event = replace(metrics(name, NOON + at, *readings, slot=slot, mode=mode), event_id=f"{name}/{number}")
        part = log[number % PARTITIONS]
        known_ms = NOON // 1000 + len(part)
        part.append(FakeMessage(codec.encode(event), first + len(part), METRICS, number % PARTITIONS, known_ms))
    return log


# Not shrunk: that takes minutes, and examples are small.
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate])
@given(st.lists(_events, min_size=1, max_size=12), st.data(), _steps)
def test_rollups_equal_the_readings(
    store: Settings, client: Client, told: list[Any], data: st.DataObject, steps: list[tuple[tuple[int, ...], str]]
) -> None:
    """Events sent again at other offsets, in any order, blocks cut anywhere and repeated after crashes: each counts once."""
    name, registry = f"example-{next(_names)}", MemoryRegistry()
    again = data.draw(st.lists(st.integers(0, len(told) - 1), max_size=6))
    order = data.draw(st.permutations([*range(len(told)), *again]))
    sink = Sink(store, _log(name, told, order, registry), registry)
    for sizes, then in steps:
        sink.flush(sizes)
        sink.clock.now += 100 if then == "much later" else 0
        if then == "crash":
            sink.crash()
    sink.drain()
    raw = _raw(client, name)
    assert len(raw) == sum(len(readings) for _, _, readings, _ in told)
    for view, length in (("trends_hourly", HOUR), ("trends_daily", DAY)):
        assert _rollup(client, view, name) == _counted(raw, length)


Counted = dict[tuple[str, str, int], tuple[object, ...]]
"""Metric, dimensions and time to readings, invalid, mean, minimum, maximum, first, last, total."""


def _raw(client: Client, name: str) -> list[tuple[str, str, int, float, str]]:
    rows = client.query(
        "SELECT metric, toString(dims), toUnixTimestamp64Micro(time), value, mode FROM leadline.readings "
        "WHERE name = {name:String}",
        {"name": name},
    )
    return list(map(tuple, rows.result_rows))


def _counted(raw: list[tuple[str, str, int, float, str]], length: int) -> Counted:
    parts: dict[tuple[str, str, int], list[tuple[int, float]]] = {}
    for metric, dims, time, value, mode in raw:
        if mode != "TEST":
            parts.setdefault((metric, dims, time // length * length), []).append((time, value))
    return {key: _summary(part) for key, part in parts.items()}


def _summary(part: list[tuple[int, float]]) -> tuple[object, ...]:
    valid = [(time, value) for time, value in part if math.isfinite(value)]
    values = [value for _, value in valid]
    if not valid:
        return len(part), len(part), None, None, None, None, None, 0.0
    mean, first, last = sum(values) / len(values), min(valid)[1], max(valid)[1]
    return len(part), len(part) - len(valid), mean, min(values), max(values), first, last, sum(values)


def _rollup(client: Client, view: str, name: str) -> Counted:
    rows = client.query(
        "SELECT metric, toString(dims), toUnixTimestamp64Micro(time), readings, invalid, mean, minimum, maximum, first, last, "
        f"total FROM leadline.{view} WHERE name = {{name:String}}",
        {"name": name},
    )
    return {(metric, dims, time): tuple(rest) for metric, dims, time, *rest in rows.result_rows}
