"""The producer library against a real Kafka and registry of its own, which it may kill: the ledger equals what arrived."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from leadline import track
from leadline.core.settings import Settings
from leadline.events.kafka import producer_config
from leadline.events.keys import key_of
from leadline.events.records import LogsReported, MetricsReported, RunEvent
from leadline.events.topics import LINEAGE
from leadline.track.segment import spooled

from ..conftest import wait_until
from ..kafka import Kafka, python


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    kafka = Kafka(tmp_path_factory.mktemp("kafka"))
    kafka.start()
    yield kafka
    kafka.stop()


def test_a_run_arrives_in_kafka(kafka: Kafka, tmp_path: Path) -> None:
    """Every event under its topic's key, START before COMPLETE in the partition, and flush says that all is there."""
    client = track.Client(kafka.settings, spool=tmp_path / "spool")
    with track.Run(client, "score", "n", parameters={"k": 1}) as run:
        run.metric("auc", 0.8, of=track.model("mlflow://prod", "churn", version="7")).bound(lower=0.85)
        run.log("line")
        run.input("s3://lake", "features")
    assert client.flush(20) is True
    stats = client.stats()
    client.close()
    assert (stats.queued, stats.spooled, stats.dropped) == (0, 0, {})
    messages = [(key, event) for key, _, event in kafka.messages() if getattr(event, "job_name", "") == "score"]
    assert stats.sent == len(messages) == 4
    assert all(key == key_of(event) for key, event in messages)
    runs = [event for _, event in messages if isinstance(event, RunEvent)]
    assert [event.event_type for event in runs] == ["START", "COMPLETE"]
    (metrics,) = [event for _, event in messages if isinstance(event, MetricsReported)]
    assert metrics.bounds[0].error_lower == 0.85
    (logs,) = [event for _, event in messages if isinstance(event, LogsReported)]
    assert logs.lines[0].message == "line"
    assert not (tmp_path / "spool").exists()


def test_a_killed_broker_costs_nothing(kafka: Kafka, tmp_path: Path) -> None:
    """kill -9 while events flow: they are spooled, sent when it is back, and none is missing."""
    client = track.Client(kafka.settings, spool=tmp_path / "spool")
    with track.Run(client, "killed-broker", "n") as run:
        for number in range(3_000):
            run.metric("n", number)
            if number == 1_000:
                assert client.flush(20) is True
                kafka.broker.kill()
            if number % 100 == 0:
                threading.Event().wait(0.01)
    wait_until(lambda: client.stats().queued == 0, seconds=60, what="the spool to take what Kafka did not")
    assert client.stats().spooled > 0
    kafka.broker.start()
    wait_until(lambda: client.stats().waiting == 0, seconds=60, what="the spool to be sent")
    assert client.flush(20) is True
    client.close()
    assert client.stats().dropped == {}
    assert spooled(tmp_path / "spool") == []
    assert kafka.values("killed-broker") == list(range(3_000))
    runs = [event for event in kafka.of_job("killed-broker") if isinstance(event, RunEvent)]
    assert runs[0].event_type == "START"
    assert runs[-1].event_type == "COMPLETE"


def test_a_killed_job_loses_only_what_it_had_not_spooled(kafka: Kafka, tmp_path: Path) -> None:
    """kill -9 of a process while Kafka is away: the next process sends what is on disk, whole."""
    spool = tmp_path / "spool"
    away = {**kafka.environ, "KAFKA": "127.0.0.1:9", "LEADLINE_SPOOL": str(spool)}
    script = (
        "import itertools\n"
        "with track.run('killed-job', 'n') as run:\n"
        "    for n in itertools.count():\n"
        "        run.metric('n', n)\n"
        "        if n % 100 == 99:\n"
        "            track.flush(); print(n, flush=True)\n"
    )
    job = python(script, away)
    assert job.stdout is not None
    written = 0
    while written < 1_000:
        written = int(job.stdout.readline())
    job.send_signal(signal.SIGKILL)
    job.communicate()
    client = track.Client(kafka.settings, spool=spool)
    assert client.send_spool() is True
    values = kafka.values("killed-job")
    assert values == list(range(len(values)))
    assert len(values) > written
    assert client.stats().sent > 0
    assert spooled(spool) == []


def test_processes_share_a_spool(kafka: Kafka, tmp_path: Path) -> None:
    """Two write at once, one of them is alive while a third sends the other's: everything arrives once it may."""
    spool = tmp_path / "spool"
    away = {**kafka.environ, "KAFKA": "127.0.0.1:9", "LEADLINE_SPOOL": str(spool)}
    script = (
        "with track.run('shared', 'n') as run:\n"
        "    for n in range({0}, {0} + 500): run.metric('n', n)\n"
        "    track.flush(); print('done', flush=True); input()\n"
    )
    jobs = [
        subprocess.Popen(
            [sys.executable, "-c", "from leadline import track\n" + script.format(start)],
            env={**os.environ, **away},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for start in (0, 500)
    ]
    for job in jobs:
        assert job.stdout is not None
        assert job.stdout.readline() == "done\n"
    jobs[0].communicate("\n")
    client = track.Client(kafka.settings, spool=spool)
    assert client.send_spool() is True
    assert kafka.values("shared") == list(range(500))
    assert len(spooled(spool)) == 1, "the file of the job that runs is its own"
    jobs[1].communicate("\n")
    assert client.send_spool() is True
    assert kafka.values("shared") == list(range(1_000))
    assert spooled(spool) == []


def test_a_fork_in_the_middle(kafka: Kafka, tmp_path: Path) -> None:
    """Parent and children each deliver over a connection of their own, and every process ends in time."""
    script = (
        "import os\n"
        "with track.run('forked', 'n') as run:\n"
        "    for n in range(10): run.metric('n', n)\n"
        "    assert track.flush(20)\n"
        "    children = []\n"
        "    for child in range(1, 4):\n"
        "        pid = os.fork()\n"
        "        if not pid:\n"
        "            for n in range(10): run.metric('n', child * 10 + n)\n"
        "            raise SystemExit(0)\n"
        "        children.append(pid)\n"
        "    for n in range(40, 50): run.metric('n', n)\n"
        "    for pid in children: assert os.waitpid(pid, 0)[1] == 0\n"
    )
    with python(script, {**kafka.environ, "LEADLINE_SPOOL": str(tmp_path / "spool")}) as job:
        try:
            _, errors = job.communicate(timeout=30)
        finally:
            job.kill()
    assert (job.returncode, errors) == (0, "")
    assert kafka.values("forked") == list(range(50))
    runs = [event.event_type for event in kafka.of_job("forked") if isinstance(event, RunEvent)]
    assert runs == ["START", "COMPLETE"]


@pytest.mark.parametrize(("number", "state"), [(signal.SIGTERM, "SIGTERM"), (signal.SIGINT, "KeyboardInterrupt")])
def test_a_job_that_is_told_to_end_sends_what_it_has(kafka: Kafka, tmp_path: Path, number: signal.Signals, state: str) -> None:
    """In the middle of reporting: every reading before the signal and the run's end are in Kafka, nothing is left behind."""
    name = f"told-{number.name}"
    script = (
        "import itertools, threading\n"
        f"with track.run({name!r}, 'n', parameters={{'password': 'hunter22'}}) as run:\n"
        "    for n in itertools.count():\n"
        "        run.metric('n', n)\n"
        "        if n == 1_000: print('ready', flush=True)\n"
        "        if n > 1_000: threading.Event().wait(0.001)\n"
    )
    with python(script, {**kafka.environ, "LEADLINE_SPOOL": str(tmp_path / "spool")}) as job:
        try:
            assert job.stdout is not None
            assert job.stdout.readline() == "ready\n"
            job.send_signal(number)
            job.communicate(timeout=60)
        finally:
            job.kill()
    assert job.returncode == -number
    values = kafka.values(name)
    assert values == list(range(len(values)))
    assert len(values) > 1_000
    runs = [event for event in kafka.of_job(name) if isinstance(event, RunEvent)]
    assert (runs[0].event_type, runs[0].parameters) == ("START", {"password": "[redacted]"})
    assert (runs[-1].event_type, runs[-1].error_type) == ("ABORT", state)
    assert spooled(tmp_path / "spool") == []


def test_a_registry_that_is_away_is_waited_for(kafka: Kafka, tmp_path: Path) -> None:
    """The id is stamped when it is sent, so the spool needs no registry."""
    client = track.Client(kafka.settings, spool=tmp_path / "spool")
    kafka.registry.stop()
    with track.Run(client, "no-registry", "n") as run:
        run.metric("n", 1)
    assert client.flush(5) is False
    assert client.stats().waiting == 3
    kafka.registry.start()
    wait_until(lambda: client.stats().waiting == 0, seconds=60, what="the spool to be sent")
    client.close()
    assert kafka.values("no-registry") == [1]


def test_a_damaged_and_a_foreign_file_do_no_harm(kafka: Kafka, tmp_path: Path) -> None:
    """What can be read is sent, what cannot is kept, what is not ours is left alone."""
    spool = tmp_path / "spool"
    client = track.Client(Settings(), spool=spool)
    with track.Run(client, "damaged", "n") as run:
        run.metric("n", 1)
    client.close()
    (path,) = spooled(spool)
    path.write_bytes(path.read_bytes()[:-40] + b"\xff" * 40)
    (spool / "notes.spool").write_text("not ours")
    sender = track.Client(kafka.settings, spool=spool)
    assert sender.send_spool() is True
    assert sorted(type(event).__name__ for event in kafka.of_job("damaged")) == ["MetricsReported", "RunEvent"]
    assert sorted(file.name for file in spool.iterdir()) == [".sending", path.with_suffix(".damaged").name, "notes.spool"]


def test_lines_are_emitted_once_however_often_they_are_sent(kafka: Kafka, tmp_path: Path) -> None:
    """The command ends when Kafka has acknowledged; the same file again gives the same events."""
    lines = tmp_path / "lines.jsonl"
    line = (
        '{"record": "MetricsReported", "kind": "MODEL", "namespace": "n", "name": "m", "job_name": "emitted",'
        ' "event_time": "2026-11-21T08:00:00Z", "readings": [{"metric": "auc", "value": %d}]}\n'
    )
    lines.write_text("".join(line % number for number in range(2_500)))
    command = [sys.executable, "-m", "leadline.cli", "emit", str(lines)]
    for _ in range(2):
        done = subprocess.run(command, env={**os.environ, **kafka.environ}, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "2,500 sent\n", "")
    assert len(kafka.of_job("emitted")) == 5_000
    assert kafka.values("emitted") == list(range(2_500))


def test_every_client_puts_a_key_into_the_same_partition(kafka: Kafka) -> None:
    """confluent-kafka with our settings and aiokafka's default partitioner (which is Faust's and Java's) agree on 200 keys."""
    from aiokafka.partitioner import DefaultPartitioner

    placed: dict[bytes, int] = {}
    producer = Producer(producer_config(kafka.settings))
    keys = [f'["MODEL","mlflow://prod","model ☕ {number}"]'.encode() for number in range(200)]
    for key in keys:
        producer.produce(
            LINEAGE, key=key, value=b"", on_delivery=lambda _, sent: placed.update({sent.key() or b"": sent.partition() or 0})
        )
    producer.flush(30)
    partitions = list(range(4))
    assert placed == {key: DefaultPartitioner()(key, partitions, partitions) for key in keys}
    assert set(placed.values()) == set(partitions)
