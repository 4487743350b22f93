"""`leadline up`: one sentence for each thing that may be wrong, and never a loss of what was acknowledged."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from leadline.core.settings import Settings
from leadline.events.kafka import consumer_config, producer_config
from leadline.events.topics import RUNS
from leadline.local import Stack, Stopped

from ..conftest import free_port_base, wait_until

VALUES = [b"%d" % number for number in range(100)]


def write(kafka: str, values: list[bytes], seconds: float = 120) -> None:
    """Returns when all are acknowledged."""
    failed: list[object] = []
    producer = Producer(producer_config(Settings(kafka=kafka)))
    for value in values:
        producer.produce(RUNS, value, partition=0, on_delivery=lambda error, _: failed.append(error) if error else None)
    assert producer.flush(seconds) == 0
    assert failed == []


def read(kafka: str) -> list[bytes | None]:
    consumer = Consumer(consumer_config(Settings(kafka=kafka), "test"))
    try:
        partition = TopicPartition(RUNS, 0, 0)
        _, end = consumer.get_watermark_offsets(partition, timeout=60)
        consumer.assign([partition])
        found: list[bytes | None] = []
        while len(found) < end:
            message = consumer.poll(60)
            assert message is not None
            assert message.error() is None
            found.append(message.value())
        return found
    finally:
        consumer.close()


class Up:
    """`leadline up` as people call it, with Kafka alone."""

    def __init__(self, data: Path, base: int, *wrapper: str, **environment: str) -> None:
        self.data = data
        options = ["--data", str(data), "--port-base", str(base), "--only", "broker"]
        self.process = subprocess.Popen(
            [*wrapper, sys.executable, "-m", "leadline.cli", "up", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **environment},
        )

    def ready(self) -> str:
        """Kafka's address, from the file that the stack writes when it is ready."""
        file = self.data / "addresses.json"
        wait_until(lambda: file.exists() or self.process.poll() is not None, seconds=180, what="the stack to be ready")
        assert self.process.poll() is None, self.ended()
        address = json.loads(file.read_text())["kafka"]
        assert isinstance(address, str)
        return address

    def ended(self) -> tuple[int, str]:
        """Exit code and output."""
        output, _ = self.process.communicate(timeout=180)
        return self.process.returncode, output

    def stop(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        self.process.send_signal(number)
        return self.ended()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped stack's directory with 100 acknowledged messages."""
    directory = tmp_path_factory.mktemp("up") / "data"
    up = Up(directory, free_port_base())
    write(up.ready(), VALUES)
    assert up.stop()[0] == 0
    return directory


@pytest.fixture
def still_there(data: Path) -> Iterator[None]:
    """After the test, a start on the directory finds everything acknowledged."""
    yield
    with Stack(data, free_port_base(), only=["broker"]) as settings:
        assert read(settings.kafka) == VALUES


def last_line(output: str) -> str:
    return output.strip().splitlines()[-1]


def test_ready_and_clean_stop(data: Path) -> None:
    """Addresses when ready, in a table and a file; Ctrl-C and SIGTERM stop everything, exit 0, and the file is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):
        base = free_port_base()
        up = Up(data, base)
        assert up.ready() == f"127.0.0.1:{base}"
        assert read(up.ready()) == VALUES
        code, output = up.stop(number)
        assert code == 0
        assert re.search(rf"Kafka +│ 127.0.0.1:{base}", output)
        assert "broker: stopped" in output
        assert not (data / "addresses.json").exists()
        assert (data / "kafka" / ".kafka_cleanshutdown").exists()


def test_a_second_up_is_told_who_holds_the_directory(data: Path) -> None:
    """One sentence with the process id; the first goes on undisturbed."""
    first = Up(data, free_port_base())
    address = first.ready()
    code, output = Up(data, free_port_base()).ended()
    assert code == 2
    assert output == (
        f"leadline: a stack already runs on {data} (pid {first.process.pid}); "
        "use it, stop it, or choose another directory with --data\n"
    )
    assert read(address) == VALUES
    assert first.stop()[0] == 0


@pytest.mark.usefixtures("still_there")
def test_a_taken_port_is_named(data: Path) -> None:
    """One sentence with the port, who needs it, and --port-base."""
    base = free_port_base()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", base + 1))
        taken.listen()
        code, output = Up(data, base).ended()
    assert code == 2
    assert output.startswith(f"leadline: port {base + 1} (for broker) is taken by another process; stop that one, or choose")
    assert output.count("\n") == 1


@pytest.mark.usefixtures("still_there")
def test_without_network_and_cache(data: Path, tmp_path: Path) -> None:
    """One sentence: connect once. (With the cache no network is needed: all other tests here have only the cache.)"""
    settings = tmp_path / "jgo.conf"
    settings.write_text(f"[repositories]\ncentral = http://127.0.0.1:{free_port_base()}\n")
    environment = {"LEADLINE_CACHE": str(tmp_path / "cache"), "JGO_CONFIG_FILE": str(settings)}
    code, output = Up(data, free_port_base(), **environment).ended()
    assert code == 3
    assert re.search(r"leadline: Kafka's jars .* cannot be downloaded .*: connect to the network", last_line(output))
    assert output.count("\n") == 1


def test_killed_supervisor_leaves_nothing_behind(data: Path) -> None:
    """kill -9 of `leadline up` ends all its processes; the next start is as good as any."""
    base = free_port_base()
    first = Up(data, base)
    first.ready()
    first.stop(signal.SIGKILL)
    second = Up(data, base)
    (data / "addresses.json").unlink(missing_ok=True)
    assert read(second.ready()) == VALUES
    assert second.stop()[0] == 0


def test_a_killed_broker_is_named_and_started_again(data: Path) -> None:
    """By role, how it ended, its last line; and it has everything."""
    said: list[str] = []
    stack = Stack(data, free_port_base(), ["broker"], lambda name, what: said.append(f"{name} {what}"))
    with stack as settings:
        before = stack.pids()["broker"]
        stack.kill("broker")
        wait_until(lambda: stack.pids().get("broker", before) != before, seconds=120, what="another process")
        stack.wait_healthy(180)
        assert read(settings.kafka) == VALUES
    assert any(re.match(r"broker was ended by SIGKILL \(.+\); starting it again in 0.1 s", line) for line in said)


def test_a_stop_while_starting(data: Path) -> None:
    """A stop before it is ready ends what was started, and says so."""
    said: list[str] = []

    def stop_at_once(name: str, what: str) -> None:
        said.append(f"{name} {what}")
        stack.request_stop()

    stack = Stack(data, free_port_base(), ["broker"], stop_at_once)
    with pytest.raises(Stopped, match="stopped while it was starting"):
        stack.start()
    assert said == ["broker starting", "broker stopped"]
    assert stack.pids() == {}


FULL_DISK = """
import sys, threading
from pathlib import Path
from leadline.core.errors import LeadlineError
from leadline.core.settings import Settings
from leadline.local import Stack
from {module} import VALUES, read, write

data, base, filler = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[1]) / "filler"


def fill():
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(1 << 20)):
                pass
        except OSError:
            pass


said = []
died = threading.Event()


def report(name, what):
    said.append(what)
    if "starting it again" in what:
        died.set()


with Stack(data, base, ["broker"]) as settings:
    write(settings.kafka, VALUES)
fill()
try:
    with Stack(data, base, ["broker"]):
        pass
except LeadlineError as error:
    print(error)
filler.unlink()
stack = Stack(data, base, ["broker"], report)
with stack as settings:
    assert read(settings.kafka) == VALUES
    fill()
    try:
        write(settings.kafka, [bytes(1_000_000)] * 40, seconds=5)
    except AssertionError:
        pass
    assert died.wait(180)
    filler.unlink()
    stack.wait_healthy(180)
    assert read(settings.kafka)[: len(VALUES)] == VALUES
print([what for what in said if "starting it again" in what][0])
"""


def test_a_full_disk(tmp_path: Path) -> None:
    """One sentence at the start; while it runs the broker is named and comes back once there is room. Nothing is lost."""
    disk = tmp_path / "disk"
    disk.mkdir()
    unshare = ["unshare", "--user", "--map-root-user", "--mount"] if os.getuid() else ["unshare", "--mount"]
    mount = f"mount -t tmpfs -o size=400m none {disk}"
    if (
        shutil.which("unshare") is None
        or subprocess.run([*unshare, "sh", "-c", mount], check=False, capture_output=True).returncode
    ):
        pytest.skip("a small disk of its own can only be mounted on Linux, where user namespaces are allowed")
    script = tmp_path / "full_disk.py"
    script.write_text(FULL_DISK.format(module=__name__))
    command = f'{mount} && exec "{sys.executable}" {script} {disk} {free_port_base()}'
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [*unshare, "sh", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert done.returncode == 0, done.stderr
    sentence, named = done.stdout.splitlines()
    assert re.match(rf"the disk of {disk} is full: \d+ MB are free, a start needs 256 MB; make room or", sentence)
    assert "ended" in named
