"""kill -9 of the sink at exact and at random moments: nothing lost, nothing twice, rollups equal to the readings."""

import asyncio
import itertools
import os
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.protocol.group import LeaveGroupRequest
from confluent_kafka.admin import AdminClient

from leadline.clickhouse.app import GROUP
from leadline.events.records import Event, MetricsReported, Reading, RunEvent, RunIo
from tests.conftest import wait_until
from tests.fault.moments import MOMENTS, Moment, Trap

from .sink_environment import SinkEnvironment, sink_environment

pytestmark = [pytest.mark.stack, pytest.mark.fault, pytest.mark.slow]
T = 1_795_000_000_000_000
HOUR = 3_600_000_000
SEED = int(os.environ.get("LEADLINE_SEED", "1"))


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SinkEnvironment]:
    with sink_environment(tmp_path_factory.mktemp("killed")) as environment:
        yield environment


def _metrics(number: int, rng: random.Random) -> MetricsReported:
    values = [
        Reading(metric=f"m{i}", value=rng.choice((rng.random(), float("nan"), 0.0)), dims={"d": str(i % 2)}) for i in range(3)
    ]
    return MetricsReported(
        event_id=f"metrics-{number}", event_time=T + number * HOUR // 500, producer="t/1", kind="DATASET", namespace="n",
        name=f"table-{number % 7}", slot=T - HOUR * (number % 30) if number % 3 else None, readings=values,
        mode="TEST" if number % 50 == 0 else "",
    )  # fmt: skip


def _run(number: int) -> RunEvent:
    return RunEvent(
        event_id=f"run-{number}", event_time=T + number, producer="t/1", run_id=f"r-{number // 2}", job_namespace="n",
        job_name=f"j-{number // 2 % 11}", event_type="COMPLETE" if number % 2 else "START",
        outputs=[RunIo(kind="DATASET", namespace="n", name=f"table-{number % 7}", version=str(number))],
    )  # fmt: skip


def test_ids_in_sql_equal_the_ledger_and_rollups_the_raw_rows(env: SinkEnvironment, tmp_path: Path) -> None:
    """Five kills, three of them at exact moments, a tenth sent twice: the views hold each once, the trends count each once."""
    rng = random.Random(SEED)
    events = [_metrics(n, rng) if n % 2 else _run(n // 2) for n in range(15_000)]
    sent = [event for event in events for _ in range(2 if rng.random() < 0.1 else 1)]
    rng.shuffle(sent)
    moments: list[Moment | None] = [*MOMENTS["sink"], None, None]
    rng.shuffle(moments)
    trap, share = Trap(tmp_path), len(sent) // len(moments) + 1
    for number, moment in enumerate(moments):
        with env.sink(more=trap.environment()) as process, _sending(env, sent[number * share : (number + 1) * share]):
            if moment is None:
                _wait_taken(env, more=rng.randint(1, 500))
                process.kill()
            else:
                assert trap.kill(moment, rng.randint(1, 3), gone=process.poll)["pid"] == process.pid
            process.wait()
        asyncio.run(_leave(env))
    with env.sink():
        env.wait_caught_up()
    _equal_to_the_ledger(env, [event.event_id for event in events])
    _trends_equal_readings(env)


@contextmanager
def _sending(env: SinkEnvironment, events: Sequence[Event]) -> Iterator[None]:
    """All of them at least once, in small parts, and again and again, so that there always is a flush to die in."""
    enough = threading.Event()

    def send() -> None:
        for start in itertools.count(step=200):
            if start >= len(events) and enough.is_set():
                return
            first = start % len(events)
            env.send(*events[first : first + 200])
            enough.wait(0.1)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        enough.set()
        sender.join()


def _wait_taken(env: SinkEnvironment, more: int) -> None:
    taken = "SELECT count() FROM leadline.run_events"
    enough = env.one(taken) + more
    wait_until(lambda: env.one(taken) >= enough, seconds=120, what=f"the sink to take {more} events more; its log: {env.log}")


async def _leave(env: SinkEnvironment) -> None:
    """For the dead, so that the next one need not wait for the end of their session."""
    admin = AdminClient({"bootstrap.servers": env.settings.kafka})
    described = admin.describe_consumer_groups([GROUP], request_timeout=30)[GROUP].result(60)
    client = AIOKafkaClient(bootstrap_servers=env.settings.kafka)
    await client.bootstrap()
    try:
        coordinator = await client.coordinator_lookup(CoordinationType.GROUP, GROUP)
        for member in described.members:
            await client.send(coordinator, LeaveGroupRequest(GROUP, member.member_id))
    finally:
        await client.close()


def _equal_to_the_ledger(env: SinkEnvironment, ids: list[str]) -> None:
    runs = env.client.query("SELECT event_id FROM leadline.run_events").result_columns[0]
    assert sorted(runs) == sorted(identifier for identifier in ids if identifier.startswith("run-"))
    readings = env.client.query("SELECT event_id, position FROM leadline.readings").result_rows
    expected = [(identifier, position) for identifier in ids if identifier.startswith("metrics-") for position in (1, 2, 3)]
    assert sorted(map(tuple, readings)) == sorted(expected)
    assert env.one("SELECT count() FROM leadline.dead_letters") == 0
    assert env.one("SELECT countIf(state != 'COMPLETE') FROM leadline.runs") == 0


_KEYS = "kind, namespace, name, metric, dims"


def _trends_equal_readings(env: SinkEnvironment) -> None:
    """Hour and day, counted from the deduplicated readings in SQL of its own."""
    for view, width in (("trends_hourly", HOUR), ("trends_daily", 24 * HOUR)):
        raw = f"""
            SELECT {_KEYS}, intDiv(toUnixTimestamp64Micro(time), {width}) AS bucket, count() AS readings,
                countIf(NOT isFinite(value)) AS invalid, round(sumIf(value, isFinite(value)), 6) AS total,
                minOrNullIf(value, isFinite(value)) AS low, maxOrNullIf(value, isFinite(value)) AS high
            FROM leadline.readings WHERE mode != 'TEST' GROUP BY ALL"""
        rolled = f"""
            SELECT {_KEYS}, intDiv(toUnixTimestamp64Micro(time), {width}) AS bucket, readings, invalid,
                round(total, 6) AS total, minimum AS low, maximum AS high FROM leadline.{view}"""
        row = f"tuple({_KEYS}, bucket, readings, invalid, total, low, high)::String"
        for left, right in ((raw, rolled), (rolled, raw)):
            assert env.one(f"SELECT count() FROM ({left}) WHERE {row} NOT IN (SELECT {row} FROM ({right}))") == 0, view
        assert env.one(f"SELECT count() FROM leadline.{view}") > 50
