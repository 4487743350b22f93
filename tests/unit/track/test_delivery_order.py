"""Whatever Kafka does, and whenever: nothing that was taken is lost, and no end of a run arrives before its START."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.core.errors import Unavailable
from leadline.track import delivery as module
from leadline.track.delivery import Delivery
from leadline.track.entry import Entry, fingerprint
from leadline.track.link import Busy
from leadline.track.spool import Spool
from leadline.track.stats import Counters

MIB = 1024 * 1024


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        self.now += 0.001
        return self.now


class Kafka:
    """What arrived, in order, and how badly it serves: `chance` None, not at all."""

    def __init__(self, chance: random.Random | None, clock: Clock) -> None:
        self.chance = chance
        self.clock = clock
        self.arrived: list[Entry] = []

    def fails(self, share: float) -> bool:
        return self.chance is not None and self.chance.random() < share


class Connection:
    """A transport as confluent-kafka is one: in order, acknowledged late; what it takes back may have arrived."""

    address = "kafka"

    def __init__(self, kafka: Kafka, counters: Counters) -> None:
        if kafka.fails(0.3):
            raise Unavailable("no connection")
        self.failure = ""
        self._kafka = kafka
        self._counters = counters
        self._pending: list[Entry] = []

    def __len__(self) -> int:
        return len(self._pending)

    def send(self, entry: Entry) -> None:
        if self._kafka.fails(0.1):
            raise Busy("slow")
        if self._kafka.fails(0.1):
            raise Unavailable("gone")
        self._pending.append(entry)

    def poll(self, seconds: float) -> None:
        self._kafka.clock.now += seconds
        if self._kafka.fails(0.1):
            self.failure = "gone"
            return
        self._counters.sent += len(taken := self._taken())
        del self._pending[: len(taken)]

    def recall(self) -> list[Entry]:
        self._taken()  # and the acknowledgement never came
        pending, self._pending, self.failure = self._pending, [], ""
        return pending

    def abandon(self) -> None:
        self._pending = []

    def _taken(self) -> list[Entry]:
        chance = self._kafka.chance
        number = chance.randint(0, len(self._pending)) if chance else len(self._pending)
        self._kafka.arrived += self._pending[:number]
        return self._pending[:number]


def reported(chance: random.Random, runs: int) -> list[list[Entry]]:
    """START, something, COMPLETE of each run, the runs among each other, in groups of some."""
    waiting = {f"run-{number}": ["START", "RUNNING", "COMPLETE"] for number in range(runs)}
    entries = []
    while waiting:
        run = chance.choice(list(waiting))
        kind = waiting[run].pop(0)
        entries.append(Entry("leadline.runs", run.encode(), [], "RunEvent", fingerprint("RunEvent"), f"{run} {kind}".encode()))
        if not waiting[run]:
            del waiting[run]
    groups = []
    while entries:
        size = chance.randint(1, 5)
        groups.append(entries[:size])
        del entries[:size]
    return groups


class Process:
    """One process that reports the groups, now and then while it is busy with the spool, as the worker does."""

    def __init__(self, folder: Path, kafka: Kafka, groups: list[list[Entry]], chance: random.Random) -> None:
        self._groups = groups
        self._chance = chance
        self.counters = Counters()
        self._spool = Spool(folder, MIB)
        self.delivery = Delivery(
            lambda: Connection(kafka, self.counters), self._spool, self.counters, lambda *_: None, self._meanwhile
        )

    def _meanwhile(self) -> bool:
        if self._groups and self._chance.random() < 0.5:
            self.delivery.deliver(self._groups.pop(0))
        return self._chance.random() < 0.8

    def work(self, clock: Clock) -> None:
        while self._groups:
            action = self._chance.random()
            if action < 0.5:
                self.delivery.deliver(self._groups.pop(0))
            elif action < 0.8:
                self.delivery.tick()
            elif action < 0.9:
                self.delivery.settle(clock.now + 1)
            clock.now += self._chance.choice((0.0, 0.3, 5.0, 20.0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """As by SIGKILL: what no acknowledgement came for and no file has is gone."""
        self._spool.close()


@contextmanager
def away(chance: random.Random) -> Iterator[tuple[Clock, Kafka]]:
    clock = Clock()
    with patch.object(module, "time", clock):
        yield clock, Kafka(chance, clock)


def send_the_rest(folder: Path, kafka: Kafka, chance: random.Random) -> None:
    kafka.chance = None
    kafka.clock.now += 100
    with Process(folder, kafka, [], chance) as successor:
        assert successor.delivery.resend(kafka.clock.now + 100)


def check_order(kafka: Kafka) -> list[str]:
    words = [entry.body.decode() for entry in kafka.arrived]
    for run in {word.split()[0] for word in words}:
        if f"{run} START" in words and f"{run} COMPLETE" in words:
            assert words.index(f"{run} START") < words.index(f"{run} COMPLETE"), words
    return words


@given(chance=st.randoms(use_true_random=False), runs=st.integers(1, 8))
def test_all_arrives_and_each_start_before_its_end(
    tmp_path_factory: pytest.TempPathFactory, chance: random.Random, runs: int
) -> None:
    """The process ends in its time; once Kafka is well, the next one sends the rest."""
    folder = tmp_path_factory.mktemp("spool")
    groups = reported(chance, runs)
    expected = {entry.body.decode() for group in groups for entry in group}
    with away(chance) as (clock, kafka):
        with Process(folder, kafka, groups, chance) as process:
            process.work(clock)
            process.delivery.close(clock.now + 2)
        assert process.counters.sent <= len(kafka.arrived), "counted as sent and not in Kafka"
        send_the_rest(folder, kafka, chance)
    assert set(check_order(kafka)) == expected
    assert process.counters.dropped == {}


@given(chance=st.randoms(use_true_random=False), runs=st.integers(1, 8))
def test_a_process_that_is_killed_leaves_no_end_before_its_start(
    tmp_path_factory: pytest.TempPathFactory, chance: random.Random, runs: int
) -> None:
    """At any moment, with what follows sent by another process."""
    folder = tmp_path_factory.mktemp("spool")
    groups = reported(chance, runs)
    with away(chance) as (clock, kafka):
        with Process(folder, kafka, groups[: chance.randint(0, len(groups))], chance) as process:
            process.work(clock)
        send_the_rest(folder, kafka, chance)
    check_order(kafka)
