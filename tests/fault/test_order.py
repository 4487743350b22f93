"""The same events shuffled, doubled and split over pauses give the same runs, edges, versions and episodes in SQL."""

import random
import time
from collections.abc import Iterable
from functools import partial

import pytest
from confluent_kafka import Producer

from leadline.core.settings import Settings
from leadline.events.codec import Codec
from leadline.events.kafka import producer_config
from leadline.events.messages import to_message
from leadline.events.records import Event
from leadline.events.registry import RegistryClient
from leadline.events.topics import load_topics
from leadline.history.connection import connect

from ..conftest import wait_until
from .flow import events

SEED, COUNT = 7, 1200
IN_ORDER, SHUFFLED = "test://in-order", "test://shuffled"

pytestmark = pytest.mark.stack

QUESTIONS = {
    "runs": "SELECT job_name, run_id, state, started_at, ended_at, code_commit, duration_seconds FROM leadline.runs "
    "WHERE job_namespace = {namespace:String} ORDER BY ALL",
    "run_io": "SELECT job_name, run_id, direction, kind, name, version FROM leadline.run_io "
    "WHERE job_namespace = {namespace:String} ORDER BY ALL",
    "edges": "SELECT granularity, source_name, source_version, target_name, target_version, job_name, run_id, valid_from, "
    "valid_to, last_seen FROM leadline.lineage_edges WHERE job_namespace = {namespace:String} ORDER BY ALL",
    "versions": "SELECT kind, name, version, job_name, run_id, event_time FROM leadline.versions "
    "WHERE namespace = {namespace:String} ORDER BY ALL",
    "changes": "SELECT name, what, before, after, run_id, event_time FROM leadline.changes "
    "WHERE namespace = {namespace:String} ORDER BY ALL",
    "readings": "SELECT kind, name, metric, value, event_time, run_id FROM leadline.readings "
    "WHERE namespace = {namespace:String} ORDER BY ALL",
    "episodes": "SELECT kind, name, metric, state, severity, opened_at, closed_at, peak FROM leadline.episodes "
    "WHERE namespace = {namespace:String} AND state != 'retracted' ORDER BY ALL",
}


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_order_repeats_and_pauses_change_nothing(stack: Settings) -> None:
    """One history is sent in order, the same one shuffled, doubled and in three parts: SQL answers alike."""
    start = time.time_ns() // 1000
    _send(stack, events(SEED, COUNT, start, IN_ORDER))
    chance = random.Random(SEED)
    disorder = [event for event in events(SEED, COUNT, start, SHUFFLED) for _ in range(chance.choice((1, 2)))]
    chance.shuffle(disorder)
    third = len(disorder) // 3
    for part in (disorder[:third], disorder[third : 2 * third], disorder[2 * third :]):
        _send(stack, part)
        _wait_quiet(stack)
    for question, sql in QUESTIONS.items():
        assert _ask(stack, sql, IN_ORDER), f"no {question} at all"
        assert _ask(stack, sql, SHUFFLED) == _ask(stack, sql, IN_ORDER), question


def _ask(settings: Settings, sql: str, namespace: str) -> list[tuple[object, ...]]:
    client = connect(settings)
    try:
        return [tuple(row) for row in client.query(sql, parameters={"namespace": namespace}).result_rows]
    finally:
        client.close()


def _send(settings: Settings, some: Iterable[Event]) -> None:
    codec, producer = Codec(RegistryClient(settings.schema_registry)), Producer(producer_config(settings))
    for event in some:
        message = to_message(codec, event)
        producer.produce(message.topic, message.value, message.key, headers=message.headers)
        producer.poll(0)
    assert producer.flush(30) == 0


def _wait_quiet(settings: Settings) -> None:
    """Until all roles have read all topics, the derived ones last: what comes next finds all before it applied."""
    groups = [("leadline-lineage", ["leadline.runs"]), ("leadline-bounds", ["leadline.metrics"])]
    groups += [("leadline-enrichment", ["leadline.transitions"])]
    groups += [("leadline-sink", [topic.name for topic in load_topics() if "sink" in topic.consumers])]
    for group, topics in groups:
        wait_until(partial(_caught_up, settings, group, topics), seconds=60, what=f"{group} to catch up")


def _caught_up(settings: Settings, group: str, topics: list[str]) -> bool:
    return _lag(settings, group, topics) == 0


def _lag(settings: Settings, group: str, topics: list[str]) -> int:
    from confluent_kafka import Consumer, TopicPartition

    client = Consumer({"bootstrap.servers": settings.kafka, "group.id": group})
    try:
        wanted = [TopicPartition(topic, number) for topic in topics for number in range(4)]
        lag = 0
        for committed in client.committed(wanted, timeout=15):
            _, end = client.get_watermark_offsets(committed, timeout=15)
            lag += end - max(committed.offset, 0)
        return lag
    finally:
        client.close()
