"""A slow way to a server: a proxy that lets some bytes a second through, and a Kafka whose clients are sent to it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from leadline.core.settings import Settings
from leadline.local.broker import Broker

from .kafka import Kafka


@contextmanager
def throttled(target: str, bytes_per_second: int, port: int = 0) -> Iterator[str]:
    """The address of a proxy before the target: what clients send is let through slowly, what they are answered at once."""
    host, target_port = target.split(":")
    server = socket.create_server(("127.0.0.1", port))
    over = threading.Event()

    def pipe(source: socket.socket, sink: socket.socket, rate: float) -> None:
        try:
            while not over.is_set() and (data := source.recv(4_096)):
                sink.sendall(data)
                over.wait(len(data) / rate)
        except OSError:
            pass
        finally:
            source.close()
            sink.close()

    def accept() -> None:
        while not over.is_set():
            try:
                client, _ = server.accept()
                upstream = socket.create_connection((host, int(target_port)))
            except OSError:
                return
            threading.Thread(target=pipe, args=(client, upstream, bytes_per_second), daemon=True).start()
            threading.Thread(target=pipe, args=(upstream, client, 1e9), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}"
    finally:
        over.set()
        server.close()


class _Broker(Broker):
    """With a second listener that names the proxy as its address. Java takes the last line where a property stands twice."""

    def _write_config(self, path: Path, log_dirs: Path) -> None:
        super()._write_config(path, log_dirs)
        ports = range(self._port, self._port + 5)
        with path.open("a", encoding="utf-8") as file:
            file.write(
                "\nlisteners=PLAINTEXT://127.0.0.1:{0},CONTROLLER://127.0.0.1:{1},SLOW://127.0.0.1:{3}\n"
                "advertised.listeners=PLAINTEXT://127.0.0.1:{0},SLOW://127.0.0.1:{4}\n"
                "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SLOW:PLAINTEXT\n"
                "inter.broker.listener.name=PLAINTEXT\n".format(*ports)
            )


class ThrottledKafka(Kafka):
    """`settings` are those of the quick way, by which what arrived is read back."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self._port = int(self.settings.kafka.rpartition(":")[2])
        self.broker = _Broker(data, self._port, log=data / "broker.log")

    @contextmanager
    def slowly(self, bytes_per_second: int) -> Iterator[Settings]:
        """The settings of the slow way, as long as the block lasts."""
        with throttled(f"127.0.0.1:{self._port + 3}", bytes_per_second, self._port + 4) as address:
            yield replace(self.settings, kafka=address)
