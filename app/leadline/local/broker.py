"""Apache Kafka as one KRaft node on loopback: `python -m leadline.local.broker --data DIR --port P`."""

import argparse
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from base64 import urlsafe_b64encode
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from leadline.core.errors import LeadlineError, UsageError
from leadline.events.kafka import MAX_MESSAGE_BYTES

from .child import Child
from .java import find_java
from .kafka_jars import Progress, class_path

_BATCH_OVERHEAD = 64 * 1024
_JVM = (
    "-Xms64m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
)
"""Compiled once, quickly: a broker that starts takes 3.1 s of processor instead of 4.7, and a busy one no more."""
_CONFIG = "server.properties"
_LOCALE = {"LC_ALL": "C.UTF-8"}
"""Java reads file names by the locale."""


class Broker:
    """The broker of one data directory: its state is under `data/kafka`.

    `log`: file for its output (None: this process's own). Started again on the same directory it has all it acknowledged.
    """

    def __init__(self, data: Path, port: int, controller_port: int | None = None, log: Path | None = None) -> None:
        self._home = data / "kafka"
        self._port = port
        self._controller_port = controller_port or port + 1
        self._log = log
        self._child: Child | None = None
        self.bootstrap = f"127.0.0.1:{port}"

    def start(self, timeout_seconds: float = 120.0, progress: Progress = lambda _: None) -> None:
        """Returns when it answers. Raises LeadlineError (Unavailable where downloading failed) with one sentence."""
        self._child = child = self._child or self.prepare(progress)
        child.start()
        deadline = time.monotonic() + timeout_seconds
        while not self.answers():
            if child.exit_code is not None:
                raise LeadlineError(self.explain(child.output()))
            if time.monotonic() > deadline:
                raise LeadlineError(f"Kafka did not answer at {self.bootstrap} within {timeout_seconds:.0f} s; see {self._log}")
            time.sleep(0.05)

    def prepare(self, progress: Progress = lambda _: None) -> Child:
        """The process, not yet started: jars in the cache, directory formatted. Raises LeadlineError."""
        jars = ":".join(str(path) for path in class_path(progress))
        log4j = resources.files(__package__).joinpath("log4j2.properties")
        java = [str(find_java()), *_JVM, f"-Dlog4j2.configurationFile={log4j}", "-cp", jars]
        try:
            self._check_unused()
            self._heal()
            if not (self._home / "meta.properties").exists():
                progress("formatting Kafka's directory")
                self._format(java)
            self._write_config(self._home / _CONFIG, self._home)
        except OSError as error:
            raise LeadlineError(self.explain(str(error))) from error
        return Child("broker", [*java, "kafka.Kafka", str(self._home / _CONFIG)], self._log, _LOCALE, stop_seconds=20.0)

    @property
    def pid(self) -> int | None:
        """None where it does not run."""
        return self._child.pid if self._child else None

    def wait(self) -> int:
        """Until the process ends; its exit code."""
        assert self._child is not None
        return self._child.wait()

    def stop(self) -> None:
        """Flushed and clean; a broker that does not end within 20 s is killed, which loses nothing either."""
        if self._child:
            self._child.stop()

    def kill(self) -> None:
        if self._child:
            self._child.kill()

    def answers(self, timeout_seconds: float = 2.0) -> bool:
        """Whether it serves every partition that it has: only then is nothing refused."""
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        try:
            socket.create_connection(("127.0.0.1", self._port), timeout_seconds).close()
            admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
            return _serves_all(admin, timeout_seconds)
        except (OSError, KafkaException):
            return False

    def explain(self, output: str) -> str:
        """Why the broker ended, as one sentence that says what to do."""
        if "No space left on device" in output:
            return f"Kafka cannot write to {self._home}: the disk is full; make room and start again (what is stored stays)"
        if "Address already in use" in output:
            return (
                f"port {self._port} or {self._controller_port} (for Kafka) is taken; "
                "stop what listens there or choose others with --port-base"
            )
        errors = [line.strip() for line in output.splitlines() if re.search(r"\b(ERROR|FATAL|Exception|Error)\b", line)]
        return f"Kafka did not start on {self._home}: {errors[0] if errors else output.strip()[-300:] or 'it wrote nothing'}"

    def _check_unused(self) -> None:
        """Kafka takes its lock only after it has written to the log of its metadata, so two would damage that."""
        lock = self._home / ".lock"
        if lock.exists():
            with lock.open("r+b") as file:
                try:
                    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise UsageError(f"another Kafka already runs on {self._home}; stop it first") from None

    def _heal(self) -> None:
        """Removes what an interrupted format left behind: never anything that holds a topic."""
        if (self._home / "meta.properties").exists() or not self._home.exists():
            return
        if any(path.is_dir() and re.fullmatch(r".+-\d+", path.name) for path in self._home.iterdir()):
            raise LeadlineError(
                f"{self._home} holds Kafka's topics but no meta.properties, so it is damaged: "
                "put the file back from a copy, or move the directory away to start with an empty one"
            )
        shutil.rmtree(self._home)

    def _format(self, java: list[str]) -> None:
        """Beside its place and renamed, so that the directory is whole or absent."""
        scratch = self._home.with_name("kafka.formatting")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        self._write_config(scratch / _CONFIG, scratch)
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode().replace("-", "a")  # "-x" would be an option
        tool = [*java, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(scratch / _CONFIG)]
        done = subprocess.run(tool, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **_LOCALE})
        if done.returncode != 0:
            raise LeadlineError(self.explain(done.stdout + done.stderr))
        scratch.rename(self._home)

    def _write_config(self, path: Path, log_dirs: Path) -> None:
        template = Template(resources.files(__package__).joinpath("kafka.properties").read_text(encoding="utf-8"))
        text = template.substitute(
            port=self._port,
            controller_port=self._controller_port,
            log_dirs=_escaped(log_dirs),
            max_message_bytes=MAX_MESSAGE_BYTES + _BATCH_OVERHEAD,
        )
        path.write_text(text, encoding="utf-8")


def _escaped(path: Path) -> str:
    """As Java's properties take it, which are Latin-1. Raises UsageError for a comma, at which Kafka cuts, always."""
    if "," in str(path):
        raise UsageError(f"Kafka takes no directory with a comma in its name: {path}; choose another with --data")
    units = str(path).replace("\\", "\\\\").encode("utf-16-be")
    codes = (int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2))
    return "".join(chr(code) if 0x20 <= code < 0x7F else f"\\u{code:04x}" for code in codes)


def _serves_all(admin: Any, timeout_seconds: float) -> bool:
    """Raises KafkaException where it does not. A fenced broker names itself not, one that just started leads not yet."""
    from confluent_kafka import TopicPartition
    from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]

    found = admin.list_topics(timeout=timeout_seconds)
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    partitions = [TopicPartition(name, number) for name, topic in found.topics.items() for number in topic.partitions]
    if partitions:
        ends = admin.list_offsets(dict.fromkeys(partitions, latest), request_timeout=timeout_seconds)
        for end in ends.values():
            end.result(timeout_seconds)
    return bool(found.brokers)


def main() -> int:
    """Runs until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m leadline.local.broker")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True, help="the controller takes the next one")
    arguments = parser.parse_args()
    broker = Broker(arguments.data, arguments.port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        broker.start()
        sys.stderr.write(f"Kafka answers at {broker.bootstrap}\n")
        return broker.wait()
    except LeadlineError as error:
        sys.stderr.write(f"leadline: {error}\n")
        return 1
    finally:
        broker.stop()


if __name__ == "__main__":
    raise SystemExit(main())
