"""The API on a port of its own, in front of a producer and a registry in memory."""

import http.client
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
import uvicorn
from confluent_kafka import KafkaError

from leadline.api.address import Address
from leadline.api.check import Checker
from leadline.api.ingest import Ingest
from leadline.api.intake import Intake
from leadline.api.lineage import Lineage
from leadline.api.outlet import Outlet
from leadline.api.routes import make_api
from leadline.api.tokens import Tokens
from leadline.core.errors import Unavailable
from leadline.core.health import Progress
from leadline.events.records import EntityReported, Event, MetricsReported, RunEvent
from leadline.track.entry import Entry, to_entry

from ..events.registry_in_memory import MemoryRegistry

TOKEN = "correct-horse-battery-staple"
PATH = "/api/v1/events"


class Sent(NamedTuple):
    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class MemoryProducer:
    """Acknowledges at the next poll, unless told to hold or to fail."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.holding = False
        self.full = False
        self.error: Callable[[Sent], KafkaError | None] = lambda _: None
        self._waiting = deque[tuple[Sent, Callable[[Any, Any], None]]]()

    def produce(self, topic: str, value: bytes, key: bytes, *, headers: Any, on_delivery: Callable[[Any, Any], None]) -> None:
        if self.full:
            raise BufferError
        self._waiting.append((Sent(topic, key, value, headers), on_delivery))

    def poll(self, timeout: float) -> int:
        threading.Event().wait(0.002)
        served = 0
        while self._waiting and not self.holding:
            sent, on_delivery = self._waiting.popleft()
            error = self.error(sent)
            if error is None:
                self.sent.append(sent)
            on_delivery(error, None)
            served += 1
        return served

    def __len__(self) -> int:
        return len(self._waiting)


class Registry(MemoryRegistry):
    away = False

    def register(self, subject: str, schema: str) -> int:
        if self.away:
            raise Unavailable("no schema registry at http://127.0.0.1:9")
        return super().register(subject, schema)


class Answered(NamedTuple):
    status: int
    headers: dict[str, str]
    data: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.data)

    @property
    def error(self) -> str:
        """The code; asserts the one shape of errors."""
        found = self.json
        assert set(found) == {"error", "detail"}
        assert found["detail"]
        return str(found["error"])


class Served:
    def __init__(self, port: int, producer: MemoryProducer, registry: Registry) -> None:
        self.port = port
        self.producer = producer
        self.registry = registry

    def post(self, entries: list[Entry], **more: Any) -> Answered:
        return self.ask(msgspec.msgpack.encode(entries), **more)

    def ask(
        self,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        method: str = "POST",
        path: str = PATH,
        token: str = TOKEN,
    ) -> Answered:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {token}", **(headers or {})})
            answer = connection.getresponse()
            return Answered(answer.status, {key.lower(): value for key, value in answer.headers.items()}, answer.read())
        finally:
            connection.close()


@contextmanager
def served(*, loopback: bool = True) -> Iterator[Served]:
    producer, registry = MemoryProducer(), Registry()
    progress, intake = Progress(60), Intake()
    outlet = Outlet(producer, progress, KafkaError.MSG_SIZE_TOO_LARGE)
    listening = Address("127.0.0.1", 0).bind()
    ingest = Ingest(intake, Checker(registry), outlet)
    api = make_api(ingest, Lineage(intake, outlet), progress, Tokens([TOKEN]), loopback=loopback)
    server = uvicorn.Server(uvicorn.Config(api, http="h11", ws="none", lifespan="off", log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, args=([listening],))
    outlet.start()
    thread.start()
    try:
        yield Served(listening.getsockname()[1], producer, registry)
    finally:
        producer.holding = False
        server.should_exit = True
        thread.join()
        outlet.stop()
        listening.close()


def run_event(number: int = 0, **more: Any) -> RunEvent:
    fields: dict[str, Any] = {
        "event_id": f"event-{number}",
        "event_time": 1_700_000_000_000_000 + number,
        "producer": "test/1",
        "run_id": "r",
        "job_namespace": "n",
        "job_name": "j",
        "event_type": "START",
    }
    return RunEvent(**{**fields, **more})


def metrics(number: int = 0) -> MetricsReported:
    return MetricsReported(
        event_id=f"m-{number}", event_time=1_700_000_000_000_000, producer="test/1", kind="MODEL", namespace="n", name="m"
    )


def entity() -> EntityReported:
    return EntityReported(
        event_id="e", event_time=1, producer="test/1", kind="MODEL", namespace="n", name="m", aspect="ownership"
    )


def entries(*events: Event) -> list[Entry]:
    return [to_entry(event) for event in events]
