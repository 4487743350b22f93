"""The API as a process of its own, in front of a store; it needs no Kafka where it is only asked."""

import http.client
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from leadline.core.settings import Settings
from leadline.local.child import Child

from ..conftest import free_port_base, wait_until

TOKEN = "correct-horse-battery-staple"
_NOWHERE = {"KAFKA": "127.0.0.1:9", "SCHEMA_REGISTRY": "http://127.0.0.1:9"}


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> str:
        """The code; asserts the one shape of errors."""
        assert set(self.json) == {"error", "detail"}
        return str(self.json["error"])


class Api:
    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str, given: Mapping[str, str] | Sequence[tuple[str, str]] = (), **headers: str) -> Answer:
        return self.ask("GET", f"{path}?{urlencode(given)}" if given else path, **headers)

    def ask(self, method: str, path: str, *, token: str = TOKEN, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, headers={"Authorization": f"Bearer {token}", **headers})
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read().decode())
        finally:
            connection.close()

    def answers(self) -> bool:
        try:
            return self.get("/").status == 404
        except OSError:
            return False


@contextmanager
def running_api(settings: Settings, folder: Path) -> Iterator[Api]:
    """`folder`: for its log."""
    base = free_port_base()
    command = [sys.executable, "-m", "leadline.cli", "worker", "api", "--health-port", str(base + 14)]
    own = {"LEADLINE_LISTEN": f"127.0.0.1:{base + 4}", "LEADLINE_TOKEN": TOKEN}
    child = Child("api", command, folder / "api.log", {**settings.to_environ(), **_NOWHERE, **own})
    api = Api(base + 4)
    child.start()
    try:
        wait_until(api.answers, seconds=30, what="the API")
        yield api
    finally:
        child.stop()
