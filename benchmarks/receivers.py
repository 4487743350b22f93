"""What producers report to, on this machine: Kafka with a registry, and MLflow's server; and a network that is slow."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from abc import abstractmethod
from pathlib import Path
from urllib.request import urlopen

from leadline.core.settings import Settings
from leadline.events.kafka import create_topics
from leadline.local.broker import Broker

FOREIGN_TOPIC = "openlineage.events"
"""Of the producers that know nothing of ours."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Receiver:
    """`addresses`: what the producers are told."""

    addresses: dict[str, str]

    @abstractmethod
    def stop(self) -> None:
        """Nothing listens afterwards."""

    @abstractmethod
    def signal(self, number: int) -> None:
        """To what receives values: SIGSTOP freezes it, with its connections open."""


class Kafka(Receiver):
    """`delay_seconds`: of each request on its way to the broker; the registry, asked once, is not delayed."""

    def __init__(self, data: Path, delay_seconds: float = 0.0) -> None:
        port, registry_port = free_port(), free_port()
        reached = delayed(port, delay_seconds) if delay_seconds else port
        self.broker = _Advertised(data, port, free_port(), data / "broker.log")
        self.broker.reached = reached
        self.broker.start()
        _create_topics(self.broker.bootstrap)
        environment = {**os.environ, "KAFKA": self.broker.bootstrap}
        command = [sys.executable, "-m", "leadline.local.registry", "--port", str(registry_port)]
        self.registry = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        self.addresses = {"kafka": f"127.0.0.1:{reached}", "registry": f"http://127.0.0.1:{registry_port}"}
        wait_for_http(f"{self.addresses['registry']}/subjects")

    def stop(self) -> None:
        self.signal(signal.SIGCONT)
        self.registry.terminate()
        self.registry.wait()
        self.broker.stop()

    def signal(self, number: int) -> None:
        if self.broker.pid:
            os.kill(self.broker.pid, number)


def _create_topics(kafka: str) -> None:
    from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

    create_topics(Settings(kafka=kafka))
    admin = AdminClient({"bootstrap.servers": kafka})  # what it does ends with it
    admin.create_topics([NewTopic(FOREIGN_TOPIC, 4, 1)])[FOREIGN_TOPIC].result(30)


class _Advertised(Broker):
    """A client goes to the address that the broker tells it, so the broker has to tell the proxy's."""

    reached = 0

    def _write_config(self, path: Path, log_dirs: Path) -> None:
        super()._write_config(path, log_dirs)
        own, told = (f"advertised.listeners=PLAINTEXT://127.0.0.1:{port}" for port in (self._port, self.reached))
        path.write_text(path.read_text().replace(own, told))


class MlflowServer(Receiver):
    """With SQLite, as `mlflow server` is started on a laptop."""

    def __init__(self, python: Path, data: Path, delay_seconds: float = 0.0) -> None:
        port = free_port()
        command: list[str | Path] = [python, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
        command += ["--backend-store-uri", f"sqlite:///{data}/mlflow.db", "--artifacts-destination", str(data / "artifacts")]
        environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # seven more processes, for other tasks
        with (data / "mlflow.log").open("w") as log:
            self.server = subprocess.Popen(
                command, cwd=data, env=environment, start_new_session=True, stdout=log, stderr=subprocess.STDOUT
            )
        wait_for_http(f"http://127.0.0.1:{port}/health")
        self.addresses = {"mlflow": f"http://127.0.0.1:{delayed(port, delay_seconds) if delay_seconds else port}"}

    def stop(self) -> None:
        self.signal(signal.SIGKILL)
        self.server.wait()

    def signal(self, number: int) -> None:
        if self.server.poll() is None:
            os.killpg(self.server.pid, number)


def wait_for_http(url: str, seconds: float = 240.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            urlopen(url, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def delayed(port: int, seconds: float) -> int:
    """The port of a proxy that holds back for so long what is sent to `port`; answers pass at once. Ends with the process."""
    listening = socket.create_server(("127.0.0.1", 0))

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(65536):
            loop.call_later(delay, writer.write, data)
        loop.call_later(delay, writer.close)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back, to = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(pump(reader, to, seconds), pump(back, writer, 0.0))
        except OSError:
            writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(connected, sock=listening)
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    return int(listening.getsockname()[1])
