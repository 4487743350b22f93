"""The real store as a process of its own, for tests that kill, stop, fill and attack it."""

import http.client
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import clickhouse_connect
from clickhouse_connect.driver.client import Client

_NOTHING: Mapping[str, str] = MappingProxyType({})

SECRET = "the-secret-in-the-file"
_VIEWS = """
CREATE DATABASE leadline;
CREATE DATABASE leadline_internal;
CREATE TABLE leadline_internal.facts (name String, value Float64) ENGINE = MergeTree ORDER BY name;
INSERT INTO leadline_internal.facts VALUES ('a', 1), ('b', 2), ('c', 3);
CREATE VIEW leadline.facts AS SELECT * FROM leadline_internal.facts;
CREATE VIEW leadline.leaky AS SELECT file('{secret}') AS content;
CREATE VIEW leadline_internal.hidden AS SELECT content FROM leadline.leaky;
CREATE VIEW leadline.leaky_too AS SELECT content AS again FROM leadline_internal.hidden;
CREATE FUNCTION leak AS (path) -> file(path)
"""


class StoreProcess:
    """`start` may be called again after the process ended: same directory, same port, same token."""

    def __init__(self, data: Path, *arguments: str) -> None:
        self.data = data
        self.port = free_port()
        self._arguments = arguments

    def start(self) -> "StoreProcess":
        with (self.data.parent / "store.log").open("a") as log:
            self.process = subprocess.Popen(self.command(), stderr=log)
        deadline = time.monotonic() + 30
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.data.parent / "store.log").read_text())
            time.sleep(0.02)
        return self

    def command(self, **changed: object) -> list[str]:
        options = {"data": self.data, "port": self.port, **changed}
        given = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        return [sys.executable, "-m", "leadline.local.store", *given, *self._arguments]

    def answers(self) -> bool:
        try:
            return self.request("GET", "/ping")[0] == 200
        except OSError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self, timeout_seconds: float = 30) -> int:
        self.process.terminate()
        return self.process.wait(timeout_seconds)

    @property
    def token(self) -> str:
        return (self.data / "token").read_text().strip()

    def writer(self, **options: Any) -> Client:
        return self._client(username="leadline", password=self.token, **options)

    def reader(self, **options: Any) -> Client:
        return self._client(**options)

    def _client(self, **options: Any) -> Client:
        return clickhouse_connect.get_client(host="127.0.0.1", port=self.port, autogenerate_session_id=False, **options)

    def authorization(self) -> dict[str, str]:
        return {"Authorization": "Basic " + b64encode(f"leadline:{self.token}".encode()).decode()}

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] = _NOTHING,
        timeout_seconds: float = 60,
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Status, body and headers (names in lower case), with nothing between us and the protocol."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_seconds)
        try:
            connection.request(method, path, body=body, headers=dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()

    def read(
        self, statement: str, parameters: Mapping[str, str] = _NOTHING, headers: Mapping[str, str] = _NOTHING
    ) -> tuple[int, str]:
        """A reader's request, as curl would send it."""
        status, body, _ = self.request(
            "POST", f"/?{urlencode(parameters)}", statement.encode(errors="surrogateescape"), headers
        )
        return status, body.decode(errors="replace")

    def write(self, statement: str) -> tuple[int, str]:
        status, body, _ = self.request("POST", "/", statement.encode(), self.authorization())
        return status, body.decode(errors="replace")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def store_with_views(directory: Path) -> StoreProcess:
    """A running store with public views, some of which reach for `secret.txt` in the directory."""
    (directory / "secret.txt").write_text(SECRET)
    running = StoreProcess(directory / "store").start()
    for statement in _VIEWS.format(secret=directory / "secret.txt").split(";"):
        assert running.write(statement.strip()) == (200, "")
    return running
