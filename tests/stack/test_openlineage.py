"""OpenLineage's events by both ways in, on a running stack, until they are rows; the role is killed amid them."""

import http.client
import json
import os
import random
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from clickhouse_connect.driver.client import Client
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from leadline.api.lineage import EXAMPLE
from leadline.core.settings import Settings
from leadline.events.kafka import admin_config, consumer_config, producer_config
from leadline.events.topics import OPENLINEAGE_EVENTS, load_topics
from leadline.history.connection import connect
from leadline.local import Stack

from ..conftest import free_port_base, wait_until
from ..fault.moments import OF_OPENLINEAGE, Moment, Trap

pytestmark = pytest.mark.stack

BODIES = Path(__file__).parents[1] / "unit" / "adapters" / "openlineage" / "bodies"
GROUPS = {
    "leadline-openlineage": (OPENLINEAGE_EVENTS,),
    "leadline-sink": tuple(topic.name for topic in load_topics() if "openlineage" in topic.producers),
}
"""In the order in which events pass them."""
VIEWS = {
    "runs": "SELECT * EXCEPT (recorded_at, last_recorded_at) FROM leadline.runs",
    "run_events": "SELECT * EXCEPT (recorded_at, event_id) FROM leadline.run_events",
    "run_io": "SELECT * EXCEPT (recorded_at) FROM leadline.run_io",
    "nodes": "SELECT * EXCEPT (recorded_at) FROM leadline.nodes",
    "readings": "SELECT * EXCEPT (recorded_at, event_id) FROM leadline.readings",
    "column_profiles": "SELECT * EXCEPT (recorded_at) FROM leadline.column_profiles",
    "facets": "SELECT * EXCEPT (recorded_at) FROM leadline.facets",
    "openlineage_events": "SELECT kind, namespace, name, run_id, event_type, event_time FROM leadline.openlineage_events",
}
MARK = "-again"


class Running(NamedTuple):
    stack: Stack
    settings: Settings
    store: Client
    trap: Trap

    def post(self, body: Any) -> tuple[int, Any]:
        """To the API that addresses.json names, with the token of the data directory."""
        url = json.loads((self.settings.data / "addresses.json").read_text())["api"]
        token = (self.settings.data / "token").read_text().strip()
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
        try:
            connection.request("POST", "/api/v1/lineage", msgspec.json.encode(body), {"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            return answer.status, msgspec.json.decode(answer.read())
        finally:
            connection.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.store.query(sql).result_rows]

    def settle(self) -> None:
        """Returns when everything that was sent is in the store."""
        for group in GROUPS:
            self._caught_up(group)

    def _caught_up(self, group: str) -> None:
        wait_until(lambda: not behind(self.settings, group, GROUPS[group]), seconds=60, what=f"{group} to read everything")


def behind(settings: Settings, group: str, topics: tuple[str, ...]) -> int:
    """Messages that the group has not committed."""
    consumer = Consumer(consumer_config(settings, group))
    try:
        places = [TopicPartition(topic, partition) for topic in topics for partition in range(4)]
        waiting = 0
        for place in consumer.committed(places, timeout=15):
            low, end = consumer.get_watermark_offsets(place, timeout=15)
            waiting += end - max(low, place.offset)
        return waiting
    finally:
        consumer.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    names = ("broker", "registry", "store", "sink", "api", "openlineage")
    trap = Trap(tmp_path_factory.mktemp("trap"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in trap.environment().items():
            patch.setenv(name, value)
        stack = Stack(tmp_path_factory.mktemp("openlineage"), free_port_base(), only=names)
        with stack as settings:
            yield Running(stack, settings, connect(settings), trap)


def event(job: str, number: int = 0, **more: Any) -> dict[str, Any]:
    return {**EXAMPLE, "run": {"runId": str(uuid.UUID(int=number))}, "job": {"namespace": "test", "name": job}, **more}


def test_over_http_into_rows(running: Running) -> None:
    """The run, its inputs and outputs with version and owner, the facets and the event itself."""
    by = {"_producer": "https://e.com", "_schemaURL": "https://e.com/f"}
    facet = {**by, "ours": [1, {"two": "ü"}]}
    version, ownership = {**by, "datasetVersion": "v7"}, {**by, "owners": [{"name": "ml-team", "type": "TEAM"}]}
    run = {"runId": str(uuid.UUID(int=7)), "facets": {"our_own": facet}}
    output = {"namespace": "s3://lake", "name": "features/churn", "facets": {"version": version, "ownership": ownership}}
    sent = event("http", run=run, outputs=[output])
    assert running.post(sent) == (201, {"accepted": 1})
    running.settle()
    assert running.rows("SELECT run_id, state, job_namespace FROM leadline.runs WHERE job_name = 'http'") == [
        (run["runId"], "COMPLETE", "test")
    ]
    assert sorted(running.rows("SELECT direction, namespace, name FROM leadline.run_io WHERE job_name = 'http'")) == [
        ("INPUT", "postgres://db.example.com:5432", "shop.public.orders"),
        ("OUTPUT", "s3://lake", "features/churn"),
    ]
    (value,) = running.rows("SELECT value FROM leadline.facets WHERE job_name = 'http' AND facet = 'our_own'")
    assert json.loads(value[0]) == facet
    sql = "SELECT kind, run_id, body, warnings, producer FROM leadline.openlineage_events WHERE name = 'http'"
    ((kind, run_id, body, warnings, producer),) = running.rows(sql)
    assert (kind, run_id, warnings, producer) == ("RUN", run["runId"], [], EXAMPLE["producer"])
    assert json.loads(body) == sent
    data = "namespace = 's3://lake' AND name = 'features/churn'"
    assert running.rows(f"SELECT version, run_id FROM leadline.versions WHERE {data} AND version != ''") == [
        ("v7", run["runId"])
    ]
    assert running.rows(f"SELECT kind, owner FROM leadline.nodes WHERE {data}") == [("DATASET", "ml-team")]


def test_what_is_unusable_is_refused_and_the_rest_is_a_row(running: Running) -> None:
    """422 with the place; of the array, the good one is in the store."""
    status, answer = running.post([event("array"), {**event("array"), "job": {"namespace": "test"}}])
    assert (status, answer["error"], answer["accepted"]) == (422, "unusable", 1)
    assert [fault["pointer"] for fault in answer["faults"]] == ["/1/job/name"]
    running.settle()
    assert running.rows("SELECT count() FROM leadline.runs WHERE job_name = 'array'") == [(1,)]


def test_over_kafka_into_rows_and_dead_letters(running: Running) -> None:
    """What a Kafka transport writes; what cannot be used is kept with its bytes and the reason, and stops nothing."""
    producer = Producer(producer_config(running.settings))
    bad = {
        b"\xff": "not_json",
        b"{": "not_json",
        b"[]": "invalid_event",
        b'{"eventTime": "2026-01-01T00:00:00Z"}': "invalid_event",
    }
    for number, value in enumerate([*bad, msgspec.json.encode(event("kafka"))]):
        producer.produce(OPENLINEAGE_EVENTS, value, f"key-{number}".encode())
    producer.produce(OPENLINEAGE_EVENTS, None, b"no value")
    assert producer.flush(15) == 0
    running.settle()
    assert running.rows("SELECT count() FROM leadline.runs WHERE job_name = 'kafka'") == [(1,)]
    found = running.rows("SELECT hex(payload), reason, consumer, error FROM leadline.dead_letters WHERE payload != ''")
    assert {bytes.fromhex(payload): reason for payload, reason, *_ in found} == bad
    assert {consumer for _, _, consumer, _ in found} == {"openlineage"}
    assert all(error for *_, error in found)
    assert running.rows("SELECT reason FROM leadline.dead_letters WHERE payload = ''") == [("not_json",)]


def bodies() -> list[dict[str, Any]]:
    """As tools really sent them."""
    found = [json.loads(line) for path in sorted(BODIES.iterdir()) for line in path.read_text().splitlines()]
    assert found
    return found


def of_others(body: Any) -> Any:
    """The same said of other jobs, data and runs."""
    if isinstance(body, list):
        return [of_others(one) for one in body]
    if not isinstance(body, dict):
        return body
    return {name: _renamed(name, value) for name, value in body.items()}


def _renamed(name: str, value: Any) -> Any:
    if name in ("namespace", "runId") and isinstance(value, str):
        return value + MARK
    return of_others(value)


def rows_of_view(running: Running, sql: str) -> dict[bool, list[str]]:
    """By whether they are of the others, whose mark is taken off."""
    shown = [repr(row) for row in running.rows(sql)]
    marked = sorted(re.sub(MARK, "", row) for row in shown if MARK in row)
    return {True: marked, False: sorted(row for row in shown if MARK not in row)}


def test_doubled_and_shuffled_deliveries_change_nothing(running: Running) -> None:
    """Whatever the order: what tools sent gives the same rows; sent once more, nothing is added."""
    before = {view: rows_of_view(running, sql)[False] for view, sql in VIEWS.items()}
    for body in bodies():
        assert running.post(body)[0] == 201, body
    running.settle()
    ordered = {view: without(rows_of_view(running, sql)[False], before[view]) for view, sql in VIEWS.items()}
    others = [of_others(body) for body in bodies()] * 2
    random.Random(5).shuffle(others)
    for start in range(0, len(others), 7):
        assert running.post(others[start : start + 7])[0] == 201
    running.settle()
    for view, sql in VIEWS.items():
        assert ordered[view], view
        assert rows_of_view(running, sql)[True] == ordered[view], view


def without(rows: list[str], known: list[str]) -> list[str]:
    return sorted(set(rows) - set(known))


class Flow:
    """Numbered runs of one job over Kafka."""

    def __init__(self, running: Running, job: str) -> None:
        self._running, self._job, self.sent = running, job, 0
        self._producer = Producer(producer_config(running.settings))

    def send(self, number: int) -> None:
        for _ in range(number):
            value = msgspec.json.encode(event(self._job, self.sent))
            self._producer.produce(OPENLINEAGE_EVENTS, value, str(self.sent).encode())
            self.sent += 1
        assert self._producer.flush(15) == 0

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._running.rows(f"{sql} = '{self._job}'")

    def wait(self, share: float) -> None:
        """Until as many of the events are in the store."""
        count = "SELECT count() FROM leadline.openlineage_events WHERE name"
        wait_until(lambda: self.rows(count)[0][0] >= share * self.sent, seconds=60, what="some rows")

    def check(self) -> None:
        """Each is a run once, and an event once."""
        self._running.stack.wait_healthy()
        self._running.settle()
        once = [(self.sent, self.sent)]
        assert self.rows("SELECT count(), uniqExact(run_id) FROM leadline.runs WHERE job_name") == once
        assert self.rows("SELECT count(), uniqExact(event_id) FROM leadline.openlineage_events WHERE name") == once
        assert self.rows("SELECT count(), uniqExact(event_id) FROM leadline.run_events WHERE job_name") == once


@pytest.mark.slow
@pytest.mark.fault
def test_kill_9_loses_and_doubles_nothing(running: Running) -> None:
    """500 events flow while the role is killed three times."""
    flow = Flow(running, "killed")
    for _ in range(3):
        flow.send(130)
        flow.wait(0.4)
        running.stack.kill("openlineage")
    flow.send(110)
    flow.check()


@pytest.mark.fault
@pytest.mark.parametrize("moment", OF_OPENLINEAGE, ids=str)
def test_kill_9_at_an_exact_moment_loses_and_doubles_nothing(running: Running, moment: Moment) -> None:
    """What was made is with the client and not acknowledged; it is acknowledged, and the offsets are not committed."""
    flow = Flow(running, f"killed at {moment.name}")
    with ThreadPoolExecutor(1) as pool:
        killed = pool.submit(running.trap.kill, moment, 3)
        while not killed.done():
            flow.send(20)
        killed.result()
    flow.send(20)
    flow.check()


@pytest.mark.slow
@pytest.mark.fault
def test_two_workers_share_the_topic(running: Running, tmp_path: Path) -> None:
    """Each has a part of the partitions; one dies amid the flow, and the other takes over what it had not committed."""
    settings = running.settings
    environment = {**os.environ, "KAFKA": settings.kafka, "SCHEMA_REGISTRY": settings.schema_registry}
    command = [sys.executable, "-m", "leadline.cli", "worker", "openlineage"]
    with (tmp_path / "second.log").open("wb") as log:
        second = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        wait_until(lambda: shares(settings) == [2, 2], seconds=60, what="both to have two of the four partitions")
        flow = Flow(running, "shared")
        flow.send(200)
        flow.wait(0.3)
        second.kill()
        flow.send(200)
        flow.check()
    finally:
        second.kill()
        second.wait()


def shares(settings: Settings) -> list[int]:
    """Partitions of each member of the group."""
    admin = AdminClient(admin_config(settings))  # it answers as long as it lives
    group = admin.describe_consumer_groups(["leadline-openlineage"])["leadline-openlineage"].result(15)
    return sorted(len(member.assignment.topic_partitions) for member in group.members)
