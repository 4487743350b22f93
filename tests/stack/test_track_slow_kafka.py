"""A Kafka that is slow, or gone for a minute, and jobs that are killed while they report: nothing is lost, order stays."""

import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadline import track
from leadline.events.records import MetricsReported, RunEvent
from leadline.track.segment import spooled

from ..conftest import wait_until
from ..throttle import ThrottledKafka
from ..unit.track.conftest import read_segment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThrottledKafka]:
    kafka = ThrottledKafka(tmp_path_factory.mktemp("kafka"))
    kafka.start()
    yield kafka
    kafka.stop()


def check_ends(kafka: ThrottledKafka, job: str) -> None:
    """The job's one run began before it ended."""
    types = [event.event_type for event in kafka.of_job(job) if isinstance(event, RunEvent)]
    assert (types[0], types[-1]) == ("START", "COMPLETE")


def test_a_kafka_that_is_slower_than_the_job(kafka: ThrottledKafka, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What finds no room in the connection goes through the spool, behind what is on its way; the job waits for none of it."""
    events = 40_000
    with kafka.slowly(100_000) as settings, caplog.at_level(logging.WARNING, "leadline.track"):
        client = track.Client(settings, spool=tmp_path / "spool", close_seconds=2.0, queue_bytes=64 * 1024 * 1024)
        slowest = 0.0
        with track.Run(client, "slower", "n") as run:
            for number in range(events):
                before = time.perf_counter()
                run.metric("n", number, track.model("n", f"model-{number}"))
                slowest = max(slowest, time.perf_counter() - before)
            wait_until(lambda: "is slower than what is reported" in caplog.text, seconds=60, what="the connection to be full")
        began = time.monotonic()
        client.close()
        assert time.monotonic() - began < 2.0 + 3.0 + 1.0
    stats = client.stats()
    assert slowest < 0.5
    assert (stats.spooled > 0, stats.dropped) == (True, {})
    assert stats.sent <= len({getattr(event, "event_id", "") for event in kafka.of_job("slower")})
    assert track.Client(kafka.settings, spool=tmp_path / "spool").send_spool() is True
    assert kafka.values("slower") == list(range(events))
    check_ends(kafka, "slower")


REPORTING = """
import sys, threading
from pathlib import Path
from leadline import track
with track.run("back", "n") as run:
    number = 0
    while not Path(sys.argv[1]).exists():
        run.metric("n", number)
        number += 1
        threading.Event().wait(0.02)
print(number, flush=True)
raise SystemExit(7)
"""


def test_a_kafka_that_is_back_after_a_minute(kafka: ThrottledKafka, tmp_path: Path) -> None:
    """The job goes on meanwhile; what it reported lies in the spool, and is sent while it still runs."""
    spool, enough = tmp_path / "spool", tmp_path / "enough"
    environ = {**os.environ, **kafka.environ, "LEADLINE_SPOOL": str(spool)}
    command = [sys.executable, "-c", REPORTING, str(enough)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as job:
        wait_until(lambda: kafka.values("back"), seconds=30, what="the first readings")
        kafka.broker.kill()
        back_at = time.monotonic() + 60
        wait_until(lambda: spooled(spool), seconds=60, what="the spool")
        wait_until(lambda: time.monotonic() >= back_at, seconds=61, what="a minute to pass")
        kafka.broker.start()
        wait_until(lambda: not spooled(spool), seconds=60, what="the spool to be sent")
        enough.touch()
        output, errors = job.communicate(timeout=60)
    assert job.returncode == 7
    assert len(errors.splitlines()) == 1, errors
    assert kafka.values("back") == list(range(int(output)))
    check_ends(kafka, "back")
    assert spooled(spool) == []


KILLED = """
import sys
from leadline import track
track.configure(hold_seconds=0.01)
with track.run(sys.argv[1], "n") as run:
    for number in range(1_000_000):
        run.metric("n", number)
        if number % 50 == 49:
            print(number + 1, track.flush(30), flush=True)
"""


@pytest.mark.parametrize("seed", range(6))
def test_a_job_that_is_killed_at_any_moment(kafka: ThrottledKafka, tmp_path: Path, seed: int) -> None:
    """By SIGKILL, with Kafka up or away: what flush had answered for is in Kafka or in the spool, whole; START comes first."""
    chance, spool, name = random.Random(seed), tmp_path / "spool", f"killed-{seed}"
    environ = {**os.environ, **kafka.environ, "LEADLINE_SPOOL": str(spool)}
    if seed % 2:
        environ["KAFKA"] = "127.0.0.1:9"
    command = [sys.executable, "-c", KILLED, name]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as job:
        assert job.stdout is not None
        first = job.stdout.readline()
        threading.Event().wait(chance.random())
        job.send_signal(signal.SIGKILL)
        lines = [first, *job.stdout]
    told, arrived = lines[-1].split() if lines[-1].endswith("\n") else lines[-2].split()
    assert arrived == str(seed % 2 == 0)
    events = [event for path in spooled(spool) for event in read_segment(path)]
    kept = {reading.value for event in events if isinstance(event, MetricsReported) for reading in event.readings}
    assert set(range(int(told))) <= {*kafka.values(name), *kept}
    assert track.Client(kafka.settings, spool=spool).send_spool() is True
    values = kafka.values(name)
    assert values == list(range(len(values)))
    assert next(event.event_type for event in kafka.of_job(name) if isinstance(event, RunEvent)) == "START"
