"""The apply rule: what is made known, in which order, and what a crash in between leaves."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from leadline.core.clock import SECOND
from leadline.core.errors import Unavailable
from leadline.events.codec import CONTROL_HEADER, RECORD_HEADER, RECORDED_AT_HEADER, Codec
from leadline.events.keys import job_key
from leadline.events.messages import Headers, Message, header, to_message
from leadline.events.records import DeadLetter, Event, MetricsReported, Reading, RunEvent, Tick
from leadline.events.topics import DEAD_LETTERS, METRICS, RUNS
from leadline.worker.apply import Applier, Incoming, TooManyUnreadable, mark_key, partition_of, table_key
from leadline.worker.role import Role
from leadline.worker.state import StateCodec

from ..events.registry_in_memory import MemoryRegistry


class Count(msgspec.Struct, frozen=True):
    runs: tuple[str, ...] = ()
    due: int | None = None
    average: float = float("nan")


def report(text: str, count: int) -> MetricsReported:
    reading = Reading(metric="count", value=float(count))
    return MetricsReported(event_id=text, event_time=0, producer="t", kind="JOB", namespace="n", name="j", readings=[reading])


def count(state: Count | None, event: Event, recorded_at: int) -> tuple[Count, list[Event]]:
    """Counts runs; five seconds after the last a tick reports the sum."""
    state = state or Count()
    if isinstance(event, Tick):
        return msgspec.structs.replace(state, due=None), [report("sum", len(state.runs))]
    assert isinstance(event, RunEvent)
    if event.run_id == "impossible":
        raise ZeroDivisionError
    if event.run_id in state.runs:
        return state, []
    runs = (*state.runs, event.run_id)
    return Count(runs, recorded_at + 5 * SECOND, state.average), [report(event.run_id, len(runs))]


ROLE = Role(name="count", topic=RUNS, state=Count, step=count, outputs=(MetricsReported,), deadline=lambda state: state.due)


class Log:
    """Kafka, as far as one worker sees it: what was sent and acknowledged, in order."""

    def __init__(self) -> None:
        self.codec = Codec(MemoryRegistry())
        self.table: dict[bytes, bytes] = {}
        self.acknowledged: list[tuple[str, Any]] = []
        self.fail_at: str | None = None

    def applier(self, epoch: str = "e1") -> Applier[Count]:
        return Applier(
            ROLE,
            self.codec,
            self.table,
            epoch=epoch,
            producer="count/1",
            send=lambda message: self._sent("output", message),
            changelog=lambda key, data: self._sent("changelog", (key, data)),
            clock=lambda: 7,
        )

    async def _sent(self, kind: str, what: Any) -> Awaitable[object]:
        async def acknowledge() -> None:
            if kind == self.fail_at:
                raise ConnectionError(kind)
            assert kind == "output" or what[0] not in self.table or self.table[what[0]] != what[1]
            self.acknowledged.append((kind, what))

        return asyncio.ensure_future(acknowledge())

    def outputs(self) -> list[Message]:
        return [what for kind, what in self.acknowledged if kind == "output"]

    def decoded(self) -> list[Event]:
        return [self.codec.decode(message.value, header(message.headers, RECORD_HEADER)) for message in self.outputs()]

    def run(self, run_id: str, offset: int, partition: int = 0, at: int = 1000, known_at: bytes = b"") -> Incoming:
        event = RunEvent(
            event_id=run_id, event_time=0, producer="t", run_id=run_id, job_namespace="n", job_name="j", event_type="START"
        )
        message = to_message(self.codec, event)
        extra: Headers = [(RECORDED_AT_HEADER, known_at)] if known_at else []
        return Incoming(RUNS, partition, offset, at, message.key, message.value, message.headers + extra)

    def tick(self, offset: int, at: int, partition: int = 0) -> Incoming:
        value = self.codec.encode(Tick(event_id="t", event_time=0, producer="t"), RUNS)
        return Incoming(RUNS, partition, offset, at, None, value, [(CONTROL_HEADER, b"Tick")])


def entity(partition: int) -> bytes:
    return table_key(partition, job_key("n", "j"))


def play(applier: Applier[Count], *messages: Incoming) -> list[str]:
    async def work() -> list[str]:
        outcomes = [await applier.apply(message) for message in messages]
        await applier.flush()
        return outcomes

    return asyncio.run(work())


def test_outputs_are_acknowledged_before_the_state_is() -> None:
    """The broker has the outputs before the changelog gets the state and then the mark, and the changelog before the table."""
    log = Log()
    applier = log.applier()
    assert play(applier, log.run("a", 0), log.run("b", 1)) == ["applied", "applied"]
    assert [kind for kind, _ in log.acknowledged] == ["output", "output", "changelog", "changelog"]
    assert [key for _, (key, _) in log.acknowledged[2:]] == [entity(0), mark_key(0)] == list(log.table)


@pytest.mark.parametrize("broken", ["output", "changelog"])
def test_a_crash_before_the_table_repeats_the_same_ids(broken: str) -> None:
    """Where the broker fails, the state stays what it was; the next worker computes and sends the same."""
    log = Log()
    log.fail_at = broken
    with pytest.raises(ConnectionError):
        play(log.applier(), log.run("a", 0))
    assert log.table == {}
    log.fail_at = None
    play(log.applier(), log.run("a", 0))
    assert {event.event_id for event in log.decoded()} == {"a"}


def test_a_replay_after_a_crash_is_skipped_by_its_offset() -> None:
    """What the state has seen is neither computed nor sent again, by another worker either."""
    log = Log()
    play(log.applier(), log.run("a", 0), log.run("b", 1))
    assert play(log.applier(), log.run("a", 0), log.run("b", 1), log.run("c", 2)) == ["skipped", "skipped", "applied"]
    assert [event.event_id for event in log.decoded()] == ["a", "b", "c"]


def test_a_topic_created_anew_begins_at_offset_0_again() -> None:
    """The offsets of the topic's namesake say nothing about it."""
    log = Log()
    play(log.applier("e1"), log.run("a", 5))
    assert play(log.applier("e2"), log.run("b", 0)) == ["applied"]


def test_partitions_do_not_mix() -> None:
    """One key in two partitions, as two partitioners give it, is two records, with offsets of their own."""
    log = Log()
    assert play(log.applier(), log.run("a", 9, partition=1), log.run("b", 3, partition=2)) == ["applied", "applied"]
    assert sorted(partition_of(key) for key in log.table) == [1, 1, 2, 2]
    assert partition_of(table_key(300, b"key")) == 300


def test_an_unchanged_state_is_not_written() -> None:
    """A repeat of an event under a new offset sends and writes nothing."""
    log = Log()
    applier = log.applier()
    play(applier, log.run("a", 0))
    before = len(log.acknowledged)
    assert play(applier, log.run("a", 1)) == ["applied"]
    assert [what[0] for _, what in log.acknowledged[before:]] == [mark_key(0)]
    assert applier.next_offset(0) == 2


def test_a_partition_goes_on_from_its_mark() -> None:
    """Whatever is passed counts, readable or not, once it is made known; a topic created anew begins again."""
    log = Log()
    play(log.applier(), log.run("a", 0), bad(1), log.run("b", 0, partition=1))
    assert [log.applier().next_offset(partition) for partition in range(3)] == [2, 1, None]
    assert log.applier("e2").next_offset(0) is None
    log.fail_at = "changelog"
    with pytest.raises(ConnectionError):
        play(log.applier(), log.run("c", 2))
    assert log.applier().next_offset(0) == 2


def test_recorded_at_is_the_newest_of_the_inputs() -> None:
    """Outputs carry it as a header; a replayed input's own header wins over the broker's stamp."""
    log = Log()
    play(log.applier(), log.run("a", 0, at=9000, known_at=b"3000"), log.run("b", 1, at=2000))
    assert [header(message.headers, RECORDED_AT_HEADER) for message in log.outputs()] == ["3000", "3000"]


def test_ticks_look_at_what_is_due_in_their_partition() -> None:
    """At their recorded_at, not before, and not at another partition's entities; also after a recovery."""
    log = Log()
    play(log.applier(), log.run("a", 0, partition=0, at=1000), log.run("b", 0, partition=1, at=1000))
    applier = log.applier()
    applier.recover({0, 1})
    play(applier, log.tick(1, at=5999), log.tick(2, at=6000))
    assert [event.event_id for event in log.decoded()] == ["a", "b", "sum"]
    assert applier.deadlines.partitions_due(10**18) == [1]


def test_a_recovery_takes_only_owned_partitions() -> None:
    """Deadlines of partitions that others own are theirs."""
    log = Log()
    play(log.applier(), log.run("a", 0, partition=0), log.run("b", 0, partition=1))
    applier = log.applier()
    applier.recover({1})
    assert applier.deadlines.partitions_due(10**18) == [1]


def bad(offset: int, value: bytes = b"no avro", record: bytes = b"RunEvent") -> Incoming:
    return Incoming(RUNS, 0, offset, 1000, b"key", value, [(RECORD_HEADER, record)])


def test_unreadable_messages_become_dead_letters() -> None:
    """With original bytes and place, the same id whoever reads them; what follows is applied."""
    log = Log()
    cut = log.run("a", 0).value or b""
    outcomes = play(log.applier(), bad(0), bad(1, cut[:-3]), bad(2, cut + b"x"), bad(3, cut, b"Nothing"), log.run("a", 4))
    assert outcomes == ["dead_letter"] * 4 + ["applied"]
    letters = [event for event in log.decoded() if isinstance(event, DeadLetter)]
    assert [letter.reason for letter in letters] == ["not_avro", "truncated", "trailing_bytes", "unknown_record"]
    assert (letters[0].topic, letters[0].partition, letters[0].offset, letters[0].payload) == (RUNS, 0, 0, b"no avro")
    assert [message.topic for message in log.outputs()] == [DEAD_LETTERS] * 4 + [METRICS]


def test_a_fault_of_the_function_blocks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """An event at which the pure function fails is kept as a dead letter; its partition goes on."""
    log = Log()
    assert play(log.applier(), log.run("impossible", 0), log.run("b", 1)) == ["dead_letter", "applied"]
    assert [event.reason for event in log.decoded() if isinstance(event, DeadLetter)] == ["refused"]
    assert "ZeroDivisionError" in caplog.text


def test_a_flood_of_unreadable_messages_stops_the_worker() -> None:
    """A hundred bad ones among 20,000 are buried one by one; when most are bad, the worker stops and says so."""
    log = Log()
    applier = log.applier()
    mixed = [bad(offset) if offset % 3 == 0 else log.run(f"r{offset}", offset) for offset in range(900)]
    assert play(applier, *mixed).count("dead_letter") == 300
    with pytest.raises(TooManyUnreadable, match="messages of leadline"):
        play(applier, *(bad(offset) for offset in range(900, 2000)))


def test_few_messages_prove_nothing() -> None:
    """Ninety-nine bad ones at the beginning of a topic are no flood yet."""
    log = Log()
    assert play(log.applier(), *(bad(offset) for offset in range(99))) == ["dead_letter"] * 99


def test_a_registry_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schema id not seen before is asked for again and again, and the message is neither lost nor buried."""
    log = Log()
    message = log.run("a", 0)
    answers = iter([Unavailable("away"), Unavailable("away"), None])
    decode: Callable[..., Event] = log.codec.decode

    def decode_later(data: bytes | None, record: str) -> Event:
        failure = next(answers)
        if failure:
            raise failure
        return decode(data, record)

    monkeypatch.setattr(log.codec, "decode", decode_later)
    monkeypatch.setattr("leadline.worker.apply._REGISTRY_RETRY_SECONDS", 0)
    assert play(log.applier(), message) == ["applied"]


def test_states_survive_their_bytes() -> None:
    """NaN stays NaN, large states are compressed, and an unknown version is refused with what to do."""
    log = Log()
    play(log.applier(), *(log.run(f"run-{number:06}", number) for number in range(8000)))
    data = log.table[entity(0)]
    entry = StateCodec(ROLE).decode(data)
    assert len(entry.state.runs) == 8000
    assert entry.state.average != entry.state.average
    assert len(data) < 65_536
    with pytest.raises(ValueError, match="has version 9"):
        StateCodec(ROLE).decode(b"\x09" + data[1:])
