"""Faults around a job: its result and exit code are as always, and the ledger is whole.

Every value that was reported has arrived in Kafka, lies in the spool, or is in the drop counter.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from leadline import track
from leadline.core.settings import Settings
from leadline.events.records import MetricsReported, RunEvent
from leadline.track.segment import spooled

from ..conftest import wait_until
from ..kafka import Kafka
from ..mounts import tmpfs
from ..throttle import throttled
from ..unit.track.conftest import read_segment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    kafka = Kafka(tmp_path_factory.mktemp("kafka"))
    kafka.start()
    yield kafka
    kafka.stop()


def in_spool(folder: Path, job: str) -> list[float]:
    events = {event.event_id: event for path in spooled(folder) for event in read_segment(path)}
    found = [event for event in events.values() if isinstance(event, MetricsReported) and event.job_name == job]
    return sorted(reading.value for event in found for reading in event.readings if reading.metric == "n")


def check(kafka: Kafka, client: track.Client, job: str, reported: int, folder: Path) -> tuple[int, int, int]:
    """The ledger; how many arrived, are in the spool, were dropped."""
    arrived, kept = kafka.values(job), in_spool(folder, job)
    arrived = [value for value in arrived if value >= 0]
    stats = client.stats()
    dropped = sum(stats.dropped.get("MetricsReported", {}).values())
    assert len(set(arrived) | set(kept)) + dropped == reported
    assert stats.sent <= len({getattr(event, "event_id", "") for event in kafka.of_job(job)}), "counted and not in Kafka"
    return len(arrived), len(kept), dropped


def test_a_kafka_that_hangs(kafka: Kafka, tmp_path: Path) -> None:
    """Frozen by SIGSTOP in the middle: calls stay quick, the end is bounded, the spool has what was not acknowledged."""
    client = track.Client(kafka.settings, spool=tmp_path / "spool", close_seconds=2.0)
    slowest = 0.0
    with track.Run(client, "hangs", "n") as run:
        run.metric("n", 0)
        assert client.flush(20)
        assert kafka.broker.pid
        os.kill(kafka.broker.pid, signal.SIGSTOP)
        try:
            for number in range(1, 2_000):
                before = time.perf_counter()
                run.metric("n", number)
                slowest = max(slowest, time.perf_counter() - before)
        finally:
            began = time.monotonic()
            run.end("COMPLETE")
            client.close()
            ended = time.monotonic() - began
            os.kill(kafka.broker.pid, signal.SIGCONT)
    assert ended < 2.0 + 3.0 + 1.0
    assert slowest < 0.5
    arrived, kept, dropped = check(kafka, client, "hangs", 2_000, tmp_path / "spool")
    assert (arrived >= 1, kept > 0, dropped) == (True, True, 0)
    wait_until(lambda: track.Client(kafka.settings, spool=tmp_path / "spool").send_spool(), seconds=60, what="Kafka")
    assert kafka.values("hangs") == list(range(2_000))


def test_a_registry_that_is_slow(kafka: Kafka, tmp_path: Path) -> None:
    """Some bytes at a time: the job waits for none of it."""
    with throttled(kafka.settings.schema_registry.removeprefix("http://"), 2_000) as address:
        settings = Settings(kafka=kafka.settings.kafka, schema_registry=f"http://{address}")
        client = track.Client(settings, spool=tmp_path / "spool", close_seconds=1.0)
        with track.Run(client, "slow-registry", "n") as run:
            began = time.perf_counter()
            for number in range(1_000):
                run.metric("n", number)
            took = time.perf_counter() - began
        client.close()
    assert took < 2.0
    check(kafka, client, "slow-registry", 1_000, tmp_path / "spool")
    assert track.Client(kafka.settings, spool=tmp_path / "spool").send_spool() is True
    assert kafka.values("slow-registry") == list(range(1_000))


JOB = """
import os, sys, time
from leadline import track
with track.run({name!r}, "n") as run:
    for n in range(3_000):
        run.metric("n", n)
print("result")
track.flush()
print(sum(track.stats().dropped.get("MetricsReported", {{}}).values()), file=sys.stderr)
raise SystemExit(7)
"""


def job(name: str, environ: dict[str, str], before: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", "-c", f'{before} "$0" -c "$1"', sys.executable, JOB.format(name=name)]
    full = {name: value for name, value in {**os.environ, **environ}.items() if value}
    return subprocess.run(command, env=full, capture_output=True, text=True, check=False, timeout=60)


@contextmanager
def quota(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Files of 20 KB at most: a write beyond fails."""
    yield "ulimit -f 40; exec", tmp_path / "spool"


@contextmanager
def full_disk(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    with tmpfs(tmp_path / "small", "size=32k") as disk:
        yield "exec", disk / "spool"


@contextmanager
def read_only_disk(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    with tmpfs(tmp_path / "read-only", "ro") as disk:
        yield "exec", disk / "spool"


@contextmanager
def no_folder(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    (tmp_path / "file").touch()
    yield "exec", tmp_path / "file"


@contextmanager
def below_a_file(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    (tmp_path / "file").touch()
    yield "exec", tmp_path / "file" / "spool"


@contextmanager
def no_such_device(_: Path) -> Iterator[tuple[str, Path]]:
    yield "exec", Path("/proc/spool")


@pytest.mark.parametrize("fault", [quota, full_disk, read_only_disk, no_folder, below_a_file, no_such_device])
def test_no_kafka_and_no_room_on_disk(
    tmp_path: Path, fault: Callable[[Path], AbstractContextManager[tuple[str, Path]]]
) -> None:
    """Output and exit code are the job's; what is neither sent nor kept is counted, one by one."""
    with fault(tmp_path) as (before, spool):
        environ = {"KAFKA": "127.0.0.1:9", "SCHEMA_REGISTRY": "http://127.0.0.1:9", "LEADLINE_SPOOL": str(spool)}
        done = job("disk", {**environ, "LEADLINE_DATA": str(tmp_path / "data")}, before)
        assert (done.returncode, done.stdout) == (7, "result\n"), done.stderr
        dropped = int(done.stderr.splitlines()[-1])
        assert len(set(in_spool(spool, "disk"))) + dropped == 3_000
        assert dropped > 0
        assert done.stderr.count("\n") == 3, "what is away, what is dropped, and our own figure"


def test_no_home(kafka: Kafka, tmp_path: Path) -> None:
    """As containers have it."""
    done = job("no-home", {**kafka.environ, "HOME": "", "LEADLINE_DATA": ""}, "exec")
    assert (done.returncode, done.stdout, done.stderr) == (7, "result\n", "0\n")
    assert kafka.values("no-home") == list(range(3_000))


def test_an_account_without_a_name(kafka: Kafka) -> None:
    """As a container has it that runs as any number: no entry of its own, no home."""
    stranger = ["unshare", "--user", "--map-user=54321"]
    if subprocess.run([*stranger, "true"], check=False, capture_output=True).returncode:
        pytest.skip("user namespaces are not allowed here")
    done = job("no-name", {**kafka.environ, "HOME": "", "USER": "", "LOGNAME": ""}, f"exec {' '.join(stranger)}")
    assert (done.returncode, done.stdout, done.stderr) == (7, "result\n", "0\n")
    assert kafka.values("no-name") == list(range(3_000))


def test_a_clock_that_jumps_back(kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an hour, in the middle of a run: it ends after it began, and everything arrives."""
    real, jump = time.time_ns, [0]
    monkeypatch.setattr(time, "time_ns", lambda: real() - jump[0])
    client = track.Client(kafka.settings, spool=tmp_path / "spool")
    with track.Run(client, "clock", "n") as run:
        for number in range(1_000):
            run.metric("n", number)
            if number == 500:
                jump[0] = 3_600 * 10**9
    assert client.flush(30)
    client.close()
    assert check(kafka, client, "clock", 1_000, tmp_path / "spool")[0] == 1_000
    runs = [event for event in kafka.of_job("clock") if isinstance(event, RunEvent)]
    assert [event.event_type for event in runs] == ["START", "COMPLETE"]
    assert runs[0].event_time < runs[1].event_time


def test_sigkill_in_the_middle_of_sending_the_spool(kafka: Kafka, tmp_path: Path) -> None:
    """At any moment: what was written stays whole, and the next one sends it; START comes before the end."""
    spool = tmp_path / "spool"
    away = {**kafka.environ, "KAFKA": "127.0.0.1:9", "LEADLINE_SPOOL": str(spool)}
    done = job("killed-sender", away, "exec")
    assert done.returncode == 7
    send = [sys.executable, "-c", "from leadline import track; print(1, flush=True); print(track.Client().send_spool())"]
    for wait in (0.0, 0.05, 0.2):
        with subprocess.Popen(
            send, env={**os.environ, **kafka.environ, "LEADLINE_SPOOL": str(spool)}, stdout=subprocess.PIPE, text=True
        ) as sender:
            assert sender.stdout is not None
            sender.stdout.readline()
            threading.Event().wait(wait)
            sender.kill()
    assert track.Client(kafka.settings, spool=spool).send_spool() is True
    assert kafka.values("killed-sender") == list(range(3_000))
    first = [event for event in kafka.of_job("killed-sender") if isinstance(event, RunEvent)]
    assert (first[0].event_type, first[-1].event_type) == ("START", "COMPLETE")
    assert spooled(spool) == []
