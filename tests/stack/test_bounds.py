"""The bounds role on a real broker: what it publishes is what the pure function computes from the same log."""

import functools
import itertools
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from leadline.bounds.app import node_of, step
from leadline.bounds.node import Node
from leadline.core.clock import SECOND, system_clock
from leadline.core.settings import Settings
from leadline.events.codec import CONTROL_HEADER, RECORD_HEADER, Codec
from leadline.events.ids import derived_id, new_id
from leadline.events.kafka import consumer_config, producer_config
from leadline.events.messages import Headers, header, recorded_at_ms, to_message
from leadline.events.records import (
    AlertState,
    BoundDeclared,
    BoundSpec,
    DeadLetter,
    Event,
    MetricsReported,
    Reading,
    Transition,
)
from leadline.events.registry import RegistryClient
from leadline.events.topics import ALERT_STATE, BOUNDS, DEAD_LETTERS, METRICS, TRANSITIONS, load_topics
from leadline.local import Stack

from ..conftest import free_port_base

NODES, READINGS = 40, 20
Log = list[tuple[int, int, Event]]
"""Partition, recorded_at in microseconds, event; in the order of each partition."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with Stack(tmp_path_factory.mktemp("bounds"), free_port_base(), only=("broker", "registry")) as settings:
        yield settings


class Worker:
    """One process of the role, as `leadline worker bounds` starts it."""

    def __init__(self, settings: Settings, log: Path) -> None:
        environment = {**os.environ, "KAFKA": settings.kafka, "SCHEMA_REGISTRY": settings.schema_registry}
        self._port = free_port_base()
        command = [sys.executable, "-m", "leadline.cli", "worker", "bounds", "--health-port", str(self._port)]
        with log.open("ab") as out:
            self.process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)

    def partitions(self) -> int:
        """How many it owns now."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/healthz", timeout=5) as answer:
                return len(json.load(answer).get("partitions", ()))
        except OSError:
            return 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def end(self) -> None:
        try:
            self.stop()
        finally:
            self.kill()


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    workers: list[Worker] = []

    def started() -> Worker:
        workers.append(Worker(settings, tmp_path / f"worker-{len(workers)}.log"))
        return workers[-1]

    yield started
    for worker in workers:
        worker.end()


def readings(seed: int, name: str, count: int) -> Iterator[MetricsReported]:
    """Messages of 20 readings over 40 nodes, with bounds next to the first; some readings leave theirs for a while."""
    chance = random.Random(seed)
    now = system_clock()
    base = [[0.95] * READINGS for _ in range(NODES)]
    for number in range(count):
        node, values = number % NODES, base[number % NODES]
        for index in range(READINGS):
            if chance.random() < 0.05:
                values[index] = chance.choice((0.95, 0.85, 0.7, math.nan))
        yield MetricsReported(
            event_id=derived_id(name, seed, number),
            event_time=now + number * 1000 - (chance.random() < 0.1) * SECOND,
            producer="test/1",
            kind="MODEL",
            namespace=f"test://{name}",
            name=f"model-{node}",
            run_id=f"run-{number}",
            readings=[Reading(metric=f"m{index}", value=value) for index, value in enumerate(values)],
            bounds=[spec(index) for index in range(READINGS)] if number < NODES else [],
        )


def spec(index: int, **more: object) -> BoundSpec:
    return BoundSpec(**{"bound_id": f"m{index}", "metric": f"m{index}", "warn_lower": 0.9, "error_lower": 0.8, **more})  # type: ignore[arg-type]


class Publisher:
    def __init__(self, settings: Settings) -> None:
        self._codec = Codec(RegistryClient(settings.schema_registry))
        self._producer = Producer(producer_config(settings))

    def send(self, *events: Event) -> None:
        for event in events:
            message = to_message(self._codec, event)
            self._producer.produce(message.topic, key=message.key, value=message.value, headers=message.headers)
            self._producer.poll(0)

    def raw(self, topic: str, key: bytes, value: bytes, headers: Headers) -> None:
        self._producer.produce(topic, key=key, value=value, headers=headers)

    def flush(self) -> None:
        assert self._producer.flush(30) == 0


def reached(settings: Settings, name: str) -> set[int]:
    """Partitions of the readings that a declaration about the node has reached; a repeat there changes nothing."""
    log = read(settings, METRICS)
    return {partition for partition, _, event in log if isinstance(event, BoundDeclared) and event.name == name}


def read(settings: Settings, topic: str) -> Log:
    """Everything that is on the topic now."""
    codec = Codec(RegistryClient(settings.schema_registry))
    consumer = Consumer(consumer_config(settings, "bounds-test", **{"fetch.wait.max.ms": 20}))
    found: Log = []
    try:
        for number in range(next(t.partitions for t in load_topics() if t.name == topic)):
            position, end = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=15)
            consumer.assign([TopicPartition(topic, number, position)])
            while position < end:
                message = consumer.poll(15)
                assert message is not None, f"{topic}[{number}] ends at {position} of {end}"
                assert message.error() is None, message.error()
                headers = cast(Headers, message.headers() or [])
                record = header(headers, CONTROL_HEADER) or header(headers, RECORD_HEADER)
                recorded_at = recorded_at_ms(message.timestamp()[1], headers) * 1000
                found.append((number, recorded_at, codec.decode(message.value(), record)))
                position = cast(int, message.offset()) + 1
    finally:
        consumer.close()
    return found


def expected(log: Log) -> list[Transition]:
    """What the pure function says about the log, transitions and alert states."""
    nodes: dict[tuple[int, bytes], Node] = {}
    records: list[Event] = []
    for partition, recorded_at, event in log:
        key = (partition, node_of(event))
        nodes[key], outputs = step(nodes.get(key), event, recorded_at)
        records += outputs
    return [record for record in records if isinstance(record, Transition)]


def of(namespace: str, log: Log) -> list[Transition]:
    return [event for _, _, event in log if isinstance(event, Transition) and event.namespace == namespace]


def until(done: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None, seconds: float = 50) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not done after {seconds} s"
        meanwhile()
        time.sleep(0.1)


def test_killed_joining_and_leaving_workers_publish_every_transition(settings: Settings, start: Callable[[], Worker]) -> None:
    """20,000 readings while one worker joins, one is killed and started again and one leaves: every transition that must
    exist does, under its own id and with the same content however often it was sent, in the order of its series."""
    publisher, messages = Publisher(settings), iter(readings(7, "killed", 1000))
    load = functools.partial(publish, publisher, messages, 8)
    first = start()
    until(lambda: first.partitions() == 4, load)
    second = start()
    until(lambda: second.partitions() > 0, load)
    publish(publisher, messages, 100)
    first.kill()
    third = start()
    until(lambda: second.partitions() == third.partitions() == 2, load)
    publish(publisher, messages, 100)
    assert second.stop() == 0
    publish(publisher, messages, 1000)
    until(lambda: third.partitions() == 4)

    must = [t for t in expected(read(settings, METRICS)) if t.namespace == "test://killed"]
    transitions = {t.event_id: t for t in must if not isinstance(t, AlertState)}
    assert len(transitions) > 100
    until(lambda: {t.event_id for t in of("test://killed", read(settings, TRANSITIONS))} >= transitions.keys())
    sent = of("test://killed", read(settings, TRANSITIONS))
    assert {t.event_id for t in sent} == transitions.keys()
    assert {repr(t) for t in sent} == {repr(t) for t in transitions.values()}
    assert order(sent) == order(list(transitions.values()))
    assert open_episodes(of("test://killed", read(settings, ALERT_STATE))) == open_episodes(must)


def publish(publisher: Publisher, messages: Iterator[MetricsReported], number: int) -> None:
    publisher.send(*itertools.islice(messages, number))
    publisher.flush()


def order(transitions: list[Transition]) -> dict[str, list[str]]:
    """Ids by series, each where it was sent first."""
    found: dict[str, dict[str, None]] = {}
    for transition in transitions:
        found.setdefault(transition.series, {}).setdefault(transition.event_id)
    return {series: list(ids) for series, ids in found.items()}


def open_episodes(records: list[Transition]) -> dict[str, str]:
    newest = {record.series: record for record in records if isinstance(record, AlertState)}
    return {series: state.episode_id for series, state in newest.items() if state.open}


def model(name: str, value: float, **more: Any) -> MetricsReported:
    fields = {"event_id": new_id(), "event_time": system_clock(), "producer": "test/1", "kind": "MODEL", "run_id": "run-1"}
    readings = [Reading(metric="m0", value=value)]
    return MetricsReported(**{**fields, "namespace": "test://operator", "name": name, "readings": readings, **more})


def bound_set(settings: Settings, data: Path, name: str, *options: str) -> None:
    """As an operator types it, without a store to ask."""
    node = json.dumps(["MODEL", "test://operator", name])
    environment = {**os.environ, "KAFKA": settings.kafka, "SCHEMA_REGISTRY": settings.schema_registry, "CLICKHOUSE": ""}
    subprocess.run(
        [
            sys.executable,
            "-m",
            "leadline.cli",
            "bound",
            "set",
            "m0",
            "--node",
            node,
            "--metric",
            "m0",
            "--lower",
            "0.8",
            *options,
        ],
        env={**environment, "LEADLINE_DATA": str(data)},
        check=True,
    )


def steps(settings: Settings, name: str) -> list[str]:
    found = {t.event_id: t for t in of("test://operator", read(settings, TRANSITIONS)) if t.name == name}
    return [f"{t.transition} {t.severity} {t.bound_origin}" for t in found.values()]


def test_an_operators_bound_reaches_the_readings_in_their_log(
    settings: Settings, start: Callable[[], Worker], tmp_path: Path
) -> None:
    """The forwarder brings it into every partition; the evaluator takes it from there, and one that no one can read becomes
    one dead letter and stops nothing."""
    worker, publisher = start(), Publisher(settings)
    name = "churn \u2603\n'; DROP TABLE x"
    publisher.raw(BOUNDS, b"key", b"no avro", [(RECORD_HEADER, b"BoundDeclared")])
    publisher.flush()
    bound_set(settings, tmp_path, name)
    until(lambda: worker.partitions() == 4)
    until(lambda: len(reached(settings, name)) == 4)

    publisher.send(model(name, 0.7))
    publisher.flush()
    until(lambda: steps(settings, name) == ["opened error OPERATOR"])
    bound_set(settings, tmp_path, name, "--pause")
    until(lambda: steps(settings, name) == ["opened error OPERATOR", "closed error OPERATOR"])
    letters = [e for _, _, e in read(settings, DEAD_LETTERS) if isinstance(e, DeadLetter) and e.topic == BOUNDS]
    assert [(letter.reason, letter.payload) for letter in letters] == [("not_avro", b"no avro")]


def test_a_transition_is_known_as_of_its_reading(settings: Settings, start: Callable[[], Worker]) -> None:
    """What is derived carries the time at which Kafka took the reading, so that a rebuild rewrites no history."""
    start()
    publisher = Publisher(settings)
    publisher.send(model("as-of", 0.7, bounds=[spec(0)]))
    publisher.flush()
    until(lambda: steps(settings, "as-of") == ["opened error CODE"])
    taken = [at for _, at, e in read(settings, METRICS) if isinstance(e, MetricsReported) and e.name == "as-of"]
    known = [at for _, at, e in read(settings, TRANSITIONS) if isinstance(e, Transition) and e.name == "as-of"]
    assert known == taken
