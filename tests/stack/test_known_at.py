"""What was known at a time stays what was known then: later events, late ones, merges and a store built anew change nothing."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from clickhouse_connect.driver.client import Client
from confluent_kafka.admin import AdminClient

from leadline.core.clock import HOUR, Micros
from leadline.core.settings import Settings
from leadline.events.ids import derived_id
from leadline.events.kafka import admin_config
from leadline.events.records import ColumnEdge, RunEvent, RunIo
from leadline.events.topics import load_topics
from leadline.history.connection import connect
from leadline.history.edges import Times
from leadline.history.fine_lineage import Point, fine_walk
from leadline.history.lineage import walk
from leadline.history.node import NodeRef
from leadline.history.readings import series
from leadline.local import Stack

from ..conftest import free_port_base, wait_until
from .facts import NOON
from .test_lineage import publish
from .test_openlineage import behind

pytestmark = [pytest.mark.stack, pytest.mark.slow]

ROLES = ("broker", "registry", "store", "sink", "lineage")
JOBS, DATA, ROUNDS, RUNS = 6, 7, 3, 25
SENTINELS = 40
"""Jobs enough for each partition to have some."""


def history(chance: random.Random, number: int) -> Iterator[RunEvent]:
    """Runs of the day, in any order, some twice: each round tells of times before those that were told already, too."""
    events = [event for run in range(RUNS) for event in _run(chance, f"run-{number}-{run}")]
    order = sorted(range(len(events)), key=lambda index: index + chance.random() * 20)
    for index in order:
        yield from [events[index]] * chance.choice((1, 1, 1, 2))


def _run(chance: random.Random, run_id: str) -> list[RunEvent]:
    job, began = f"job-{chance.randrange(JOBS)}", NOON + chance.randrange(24) * HOUR
    sources, targets = (sorted(chance.sample(range(DATA), 2)) for _ in range(2))
    columns = [_column(source, target, chance.randrange(3)) for source in sources for target in targets]
    end = chance.choice(("COMPLETE", "COMPLETE", "COMPLETE", "FAIL"))
    return [
        _event(job, run_id, "START", began, inputs=[_io(one, chance.randrange(4)) for one in sources]),
        _event(job, run_id, end, began + HOUR, outputs=[_io(one, chance.randrange(4)) for one in targets], columns=columns),
    ]


def _event(job: str, run_id: str, kind: str, at: Micros, **fields: Any) -> RunEvent:
    identity = derived_id(job, run_id, kind)
    return RunEvent(
        event_id=identity,
        event_time=at,
        producer="test/1",
        run_id=run_id,
        job_namespace="test",
        job_name=job,
        event_type=kind,
        **fields,
    )


def _io(number: int, version: int) -> RunIo:
    return RunIo(kind="DATASET", namespace="s3://lake", name=f"data-{number}", version=f"v{version}")


def _column(source: int, target: int, field: int) -> ColumnEdge:
    return ColumnEdge(
        source_namespace="s3://lake",
        source_name=f"data-{source}",
        source_field=f"c{field}",
        target_namespace="s3://lake",
        target_name=f"data-{target}",
        target_field="c0",
    )


def tell(settings: Settings, store: Client, chance: random.Random, number: int) -> None:
    """Returns when all that follows from the round is in the store."""
    publish(settings, list(history(chance, number)))
    last = [f"sentinel-{number}-{one}" for one in range(SENTINELS)]
    io = {"inputs": [_io(0, 0)], "outputs": [RunIo(kind="DATASET", namespace="s3://lake", name="sentinels")]}
    publish(settings, [_event(job, job, "COMPLETE", NOON, **io) for job in last])
    seen = (
        "SELECT uniqExact(job_name) FROM leadline.lineage_edges WHERE job_name IN {last:Array(String)} AND granularity = 'JOB'"
    )
    wait_until(lambda: store.query(seen, {"last": last}).result_rows == [(SENTINELS,)], seconds=120, what="the last edges")
    await_sink(settings)


def await_sink(settings: Settings) -> None:
    topics = tuple(topic.name for topic in load_topics() if topic.name in ("leadline.lineage", "leadline.metrics"))
    wait_until(lambda: not behind(settings, "leadline-sink", topics), seconds=120, what="the sink")


class Asked(NamedTuple):
    known_at: Micros
    as_of: Micros | None


def now_known(store: Client) -> Micros:
    sql = "SELECT toUnixTimestamp64Micro(max(recorded_at)) FROM leadline.lineage_revisions"
    return int(store.query(sql).result_rows[0][0])


def answers(store: Client, asked: Asked) -> dict[str, Any]:
    """By edges, columns and versions, up and down, from each of the data; and what was known of each job's readings."""
    times = Times(asked.as_of, asked.known_at)
    found: dict[str, Any] = {}
    for number in range(DATA):
        node = NodeRef("DATASET", "s3://lake", f"data-{number}")
        for direction in ("up", "down"):
            edges = walk(store, node, direction, as_of=asked.as_of, known_at=asked.known_at).edges
            found[f"{node.name} {direction}"] = sorted(map(repr, edges))
            for granularity, part in (("COLUMN", "c0"), ("RUN", "v1")):
                fine = fine_walk(store, Point(node, part), direction, granularity, times=times)  # type: ignore[arg-type]
                found[f"{node.name} {part} {direction}"] = sorted(map(repr, fine.edges))
    for number in range(JOBS):
        job = NodeRef("JOB", "test", f"job-{number}")
        points = series(store, job, "run.succeeded", as_known_at=asked.known_at)
        found[job.name] = sorted((point.time, point.value) for point in points)
    return found


def test_what_was_known_stays_known(tmp_path: Path) -> None:
    """Asked after each of three rounds, after all of them, after merges, and of a store built anew from Kafka."""
    chance, base, known = random.Random(17), free_port_base(), dict[Asked, dict[str, Any]]()
    with Stack(tmp_path, base, only=ROLES) as settings:
        store = connect(settings)
        for number in range(ROUNDS):
            tell(settings, store, chance, number)
            moment = now_known(store)
            for as_of in (None, NOON + 12 * HOUR):
                asked = Asked(moment, as_of)
                known[asked] = answers(store, asked)
        first, *others = [known[asked] for asked in known if asked.as_of is None]
        assert all(first != other for other in others), "each round changes what is known"
        assert sum(map(bool, first.values())) > 0.8 * len(first), "nearly every question has an answer"
        for (table,) in store.query(
            "SELECT name FROM system.tables WHERE name LIKE 'edge%' AND engine LIKE '%Merge%'"
        ).result_rows:
            store.command(f"OPTIMIZE TABLE leadline_internal.{table} FINAL")
        for asked, before in known.items():
            assert answers(store, asked) == before, f"{asked}, after all rounds and merges"
    shutil.rmtree(tmp_path / "store")
    with Stack(tmp_path, base, only=("broker",)) as settings:
        forget_offsets(settings)
    with Stack(tmp_path, base, only=("broker", "registry", "store", "sink")) as settings:
        store = connect(settings)
        await_sink(settings)
        for asked, before in known.items():
            assert answers(store, asked) == before, f"{asked}, of a store built anew"


def forget_offsets(settings: Settings) -> None:
    """So that the sink reads everything again, as docs/store.md says."""
    admin = AdminClient(admin_config(settings))
    admin.delete_consumer_groups(["leadline-sink"])["leadline-sink"].result(30)
