"""Transitions become alerts on a real broker, with a real store, in a process that is killed."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, ConsumerGroupState, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from leadline.core.errors import Unavailable
from leadline.core.settings import Settings
from leadline.enrichment.app import GROUP
from leadline.enrichment.enrich import PRODUCER as ENRICHMENT
from leadline.enrichment.enrich import Known
from leadline.enrichment.gather import gather
from leadline.enrichment.historian import Historian
from leadline.enrichment.known import known_of
from leadline.enrichment.readers import Readers
from leadline.events.codec import RECORD_HEADER, RECORDED_AT_HEADER, Codec
from leadline.events.kafka import consumer_config, producer_config
from leadline.events.messages import header, to_message
from leadline.events.records import Alert, DeadLetter, Event, Reading, Transition
from leadline.events.registry import RegistryClient
from leadline.events.topics import ALERTS, DEAD_LETTERS, TRANSITIONS
from leadline.local import Stack
from tests.conftest import free_port_base, wait_until
from tests.unit.enrichment.test_enrich import transition as unit_transition

from .facts import HOUR, JOBS, NOON, alert, change, edge, io, log_lines, metrics, owner, put, run_event

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Kafka, registry and store without roles."""
    servers = Stack(tmp_path_factory.mktemp("enrichment"), free_port_base(), only=("broker", "registry", "store"))
    yield servers
    servers.stop()


@pytest.fixture(scope="module")
def servers(stack: Stack) -> Settings:
    """The store knows a pipeline."""
    settings = stack.start()
    put(settings, _facts(), recorded_at=NOON)
    return settings


def _facts() -> Iterator[Event]:
    yield run_event("ingest", "i-1", "COMPLETE", NOON - 3 * HOUR, outputs=[io("raw")])
    yield run_event("features", "f-1", "COMPLETE", NOON - 2 * HOUR, inputs=[io("raw")], outputs=[io("features")])
    yield run_event("score", "s-1", "COMPLETE", NOON - HOUR, inputs=[io("features")], outputs=[io("predictions")])
    yield run_event(
        "validate", "v-1", "COMPLETE", NOON, inputs=[io("predictions")], host="worker-7", code_commit="0123456789abcdef"
    )
    yield run_event("campaign", "c-1", "COMPLETE", NOON, inputs=[io("predictions")], outputs=[io("letters")])
    yield edge("raw", "features", "features", NOON - 9 * HOUR)
    yield edge("features", "predictions", "score", NOON - 9 * HOUR)
    yield edge("predictions", "letters", "campaign", NOON - 9 * HOUR)
    yield change("features", "code.commit", "aaa", "bbb", NOON - 2 * HOUR)
    yield change("score", "parameter.depth", "3", "4", NOON - HOUR)
    yield change("score", "input_version", "v1", "v2", NOON - HOUR)
    yield change("features", "engine", "too", "old", NOON - 8 * HOUR)
    yield owner("DATASET", "s3://lake", "predictions", "ml-team", "+49 30 1")
    yield owner("DATASET", "s3://lake", "letters", "crm")
    yield alert("upstream-1", "upstream-episode", "opened", NOON - HOUR, name="raw")
    yield log_lines("validate", "v-1", ("INFO", "start"), ("ERROR", "mean too high"))
    yield metrics("predictions", NOON, Reading(metric="mean", value=0.4), run_id="v-1", job_namespace=JOBS, job_name="validate")
    yield metrics("predictions", NOON - 5 * HOUR, Reading(metric="mean", value=0.2), slot=NOON - 24 * HOUR)


def transition(number: int = 1, **changes: Any) -> Transition:
    fields = {
        "event_id": f"t-{number}",
        "series": f"series-{number % 7}",
        "event_time": NOON,
        "kind": "DATASET",
        "namespace": "s3://lake",
        "name": "predictions",
        "metric": "mean",
        "value": 0.4,
        "condition": "error above 0.25",
        "last_good_value": 0.2,
        "last_good_time": NOON - 5 * HOUR,
        "job_namespace": JOBS,
        "job_name": "validate",
        "run_id": "v-1",
        "mode": "LIVE",
    }
    return unit_transition(**{**fields, **changes})


def ask(settings: Settings, of: Transition) -> Known:
    with closing(Readers(settings)) as readers:
        return known_of(of, gather(readers, [of]), None)


def test_the_store_is_asked_everything(servers: Settings) -> None:
    """Owner, run, last good with its slot, changes in the window, what is broken upstream, who is hit, the log."""
    known = ask(servers, transition())
    assert (known.node.owner, known.node.on_call) == ("ml-team", "+49 30 1")
    assert (known.run.state, known.run.host, known.run.code_commit) == ("COMPLETE", "worker-7", "0123456789abcdef")
    assert known.last_good is not None
    assert known.last_good.slot == NOON - 24 * HOUR
    assert [(found.what, found.job_name, found.distance) for found in known.changes] == [
        ("parameter.depth", "score", 0),
        ("code.commit", "features", 1),
        ("input_version", "score", 0),
    ]
    assert [(found.episode_id, found.distance) for found in known.upstream_open] == [("upstream-episode", 2)]
    assert [(found.name, found.owner) for found in known.downstream if found.kind == "DATASET"] == [("letters", "crm")]
    assert "validate" not in {found.name for found in known.downstream}
    assert known.log_excerpt == ["ERROR root: mean too high"]
    assert known.missing == []


def test_what_is_not_known_is_said(servers: Settings) -> None:
    """A run that the store does not have, and a series that was never good, are listed as missing."""
    known = ask(servers, transition(run_id="nowhere", last_good_value=None))
    assert [what.split(":")[0] for what in known.missing] == ["the run nowhere", "last good"]


def varied(number: int) -> Transition:
    """Transitions that differ in node, job, run, last good value and time."""
    differences: list[dict[str, Any]] = [
        {},
        {"kind": "JOB", "namespace": JOBS, "name": "score", "job_name": "score", "run_id": "s-1"},
        {"name": "raw", "job_name": "", "run_id": ""},
        {"name": "letters", "last_good_value": None, "episode_id": "upstream-episode"},
        {"event_time": NOON - HOUR, "last_good_time": NOON - 9 * HOUR},
        {"run_id": "nowhere", "name": "nothing"},
    ]
    return transition(number, **differences[number % 6])


def test_a_batch_learns_what_each_would_alone(servers: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for 24 at once or one by one: the same is known of each."""
    monkeypatch.setattr("leadline.enrichment.gather._WALK_SECONDS", 60.0)  # out of time, the historian asks for halves
    batch = [varied(number) for number in range(24)]
    with closing(Readers(servers)) as readers:
        together = gather(readers, batch)
        alone = [gather(readers, [one]) for one in batch[:6]]
    assert together.whole
    found = [known_of(one, together, None) for one in batch]
    assert found == [known_of(one, facts, None) for one, facts in zip(batch, alone * 4, strict=True)]
    assert len({str(known) for known in found}) == 6


def test_what_is_refused_to_one_is_told_to_the_others(servers: Settings) -> None:
    """A name that no store takes makes its own alert thin, not those of the batch that it came in."""
    batch = [varied(number) for number in range(6)]
    batch[4] = transition(4, name="half of a pair: \ud800")
    with closing(Historian(servers, threading.Event())) as historian:
        found = historian.ask([(one, NOON) for one in batch])
    assert [any("is no text" in what for what in known.missing) for known in found] == [False] * 4 + [True, False]
    assert found[0].node.owner == "ml-team"


def test_a_store_that_has_not_caught_up_is_waited_for_and_said(servers: Settings) -> None:
    """Only of the transition whose reading is not in the store it is said that there may be more."""
    with closing(Historian(servers, threading.Event())) as historian:
        found = historian.ask([(transition(1), NOON), (transition(2, value=0.5), NOON)])
    assert [[what.split(":")[0] for what in known.missing] for known in found] == [[], ["what was reported last"]]


def test_nothing_is_sent_thin_by_a_worker_that_is_to_stop(servers: Settings) -> None:
    """Without a store, and asked to stop, it leaves the transition to the next worker."""
    stop = threading.Event()
    stop.set()
    with closing(Historian(replace(servers, clickhouse="http://127.0.0.1:1"), stop)) as historian, pytest.raises(Unavailable):
        historian.ask([(transition(2, value=0.5), NOON)])


class Worker:
    """The role as a process of its own."""

    def __init__(self, settings: Settings, log: Path, clickhouse: str = "") -> None:
        self._environment = {
            **os.environ,
            "KAFKA": settings.kafka,
            "SCHEMA_REGISTRY": settings.schema_registry,
            "CLICKHOUSE": clickhouse or settings.clickhouse,
            "CLICKHOUSE_USER": settings.clickhouse_user,
            "CLICKHOUSE_PASSWORD": settings.clickhouse_password,
            "LEADLINE_DATA": str(settings.data),
        }
        self._log = log

    def __enter__(self) -> "Worker":
        command = [sys.executable, "-m", "leadline.cli", "worker", "enrichment"]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command, env=self._environment, stderr=log)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(20) == 0

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


def send(settings: Settings, transitions: list[Transition]) -> None:
    producer = Producer(producer_config(settings))
    codec = Codec(RegistryClient(settings.schema_registry))
    for found in transitions:
        message = to_message(codec, found, recorded_at_ms=NOON // 1000)
        producer.produce(message.topic, key=message.key, value=message.value, headers=list(message.headers))
    assert producer.flush(15) == 0


def read(settings: Settings, topic: str) -> list[Message]:
    """All that is on the topic now, its partitions side by side."""
    client = Consumer(consumer_config(settings, "enrichment-test-reader"))
    try:
        total = 0
        for partition in client.list_topics(topic, timeout=15).topics[topic].partitions:
            low, end = client.get_watermark_offsets(TopicPartition(topic, partition), timeout=15)
            client.incremental_assign([TopicPartition(topic, partition, low)])
            total += end - low
        found: list[Message] = []
        while len(found) < total:
            more = client.consume(total - len(found), timeout=15)
            assert more, f"{topic} ended after {len(found)} of {total}"
            found += more
        return found
    finally:
        client.close()


def events(settings: Settings, found: list[Message]) -> list[Event]:
    codec = Codec(RegistryClient(settings.schema_registry))
    return [codec.decode(message.value(), header(message.headers(), RECORD_HEADER)) for message in found]


def alerts(settings: Settings) -> dict[str, Alert]:
    found = events(settings, read(settings, ALERTS))
    return {alert.event_id: alert for alert in found if isinstance(alert, Alert)}


def count(settings: Settings, topic: str) -> int:
    """Messages on the topic."""
    client = Consumer(consumer_config(settings, "enrichment-test-reader"))
    try:
        partitions = client.list_topics(topic, timeout=15).topics[topic].partitions
        ends = [client.get_watermark_offsets(TopicPartition(topic, one), timeout=15) for one in partitions]
        return sum(end - low for low, end in ends)
    finally:
        client.close()


def leads(settings: Settings, topic: str) -> bool:
    """Whether the broker can be asked for the topic; one that was frozen is fenced for a while and leads nothing."""
    try:
        return count(settings, topic) >= 0
    except KafkaException:
        return False


def members(settings: Settings) -> int:
    """Workers that have partitions of the topic; 0 while they are still being shared out."""
    admin = AdminClient({"bootstrap.servers": settings.kafka})  # its answers end with it
    group = admin.describe_consumer_groups([GROUP])[GROUP].result(15)
    return len(group.members) if group.state == ConsumerGroupState.STABLE else 0


def test_alerts_under_the_same_ids(servers: Settings, tmp_path: Path) -> None:
    """The alert has id, key and recorded-at of its transition; what is unreadable is a dead letter and stops nothing."""
    producer = Producer(producer_config(servers))
    producer.produce(TRANSITIONS, key=b"series-1", value=b"rubbish", headers=[(RECORD_HEADER, b"Transition")])
    assert producer.flush(15) == 0
    send(servers, [transition(1), transition(2, transition="resolved", ordinal=2)])
    with Worker(servers, tmp_path / "log"):
        wait_until(lambda: count(servers, ALERTS) == 2, seconds=60, what="two alerts")
    found = alerts(servers)["t-1"]
    assert (found.owner, found.owner_source, found.producer) == ("ml-team", "node", ENRICHMENT)
    assert found.summary.startswith("ERROR opened: mean of dataset predictions (s3://lake) is 0.4, error above 0.25.")
    sent = {(message.key(), header(message.headers(), RECORDED_AT_HEADER)) for message in read(servers, ALERTS)}
    assert sent == {(b"series-1", str(NOON // 1000)), (b"series-2", str(NOON // 1000))}
    dead = [event for event in events(servers, read(servers, DEAD_LETTERS)) if isinstance(event, DeadLetter)]
    assert [(one.consumer, one.reason, one.payload) for one in dead] == [("enrichment", "not_avro", b"rubbish")]


@pytest.mark.slow
def test_kill_9_loses_nothing(servers: Settings, tmp_path: Path) -> None:
    """Two workers share 600 transitions and are both killed amid them; whoever comes next, every transition has its alert."""
    wanted = {f"t-{number}" for number in range(1000, 1600)}
    begin = count(servers, ALERTS)
    first, second = Worker(servers, tmp_path / "log"), Worker(servers, tmp_path / "log")
    with first, second:
        wait_until(lambda: members(servers) == 2, seconds=90, what="two workers that share the topic")
        send(servers, [transition(number, series=f"series-{number}") for number in range(1000, 1600)])
        for worker in (first, second):
            seen = count(servers, ALERTS)
            wait_until(lambda seen=seen: count(servers, ALERTS) > seen + 30, seconds=90, what="some alerts")  # type: ignore[misc]
            worker.kill()
    assert count(servers, ALERTS) - begin < len(wanted), "killed after the work was done"
    with Worker(servers, tmp_path / "log"):
        wait_until(lambda: count(servers, ALERTS) - begin >= len(wanted), seconds=90, what="as many alerts")
        wait_until(lambda: wanted <= set(alerts(servers)), seconds=90, what="all alerts")


def test_a_store_that_is_away_makes_alerts_thin_not_late(servers: Settings, tmp_path: Path) -> None:
    """Without a store the alert comes within seconds, says what is missing, and keeps what the transition knew."""
    begin = count(servers, ALERTS)
    send(servers, [transition(5000, owner="bound-owner")])
    with Worker(servers, tmp_path / "log", clickhouse="http://127.0.0.1:1"):
        wait_until(lambda: count(servers, ALERTS) > begin, seconds=60, what="a thin alert")
    found = alerts(servers)["t-5000"]
    assert (found.owner, found.owner_source) == ("bound-owner", "bound")
    assert found.last_good is not None
    assert "Connection refused" in found.missing[0]


@pytest.mark.parametrize("sign", [signal.SIGSTOP, signal.SIGKILL], ids=["frozen", "gone"])
def test_ends_in_time_without_its_broker(stack: Stack, servers: Settings, tmp_path: Path, sign: signal.Signals) -> None:
    """A broker that is frozen or gone amid the work keeps no worker from ending cleanly within seconds of SIGTERM."""
    broker = stack.pids()["broker"]
    begin = count(servers, ALERTS)
    with Worker(servers, tmp_path / "log") as worker:
        send(servers, [transition(number) for number in range(2000, 3000)])
        wait_until(lambda: count(servers, ALERTS) > begin, seconds=90, what="some alerts")
        os.kill(broker, sign)
        try:
            worker.process.terminate()
            assert worker.process.wait(15) == 0
        finally:
            with suppress(ProcessLookupError):
                os.kill(broker, signal.SIGCONT)
    stack.wait_healthy()
    wait_until(lambda: leads(servers, ALERTS), seconds=60, what="a broker that leads its partitions again")
