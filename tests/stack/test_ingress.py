"""Events over HTTP with a real Kafka, registry and API, each killed in the middle: the ledger equals what arrived."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec
import pytest
from confluent_kafka import Consumer

from leadline import track
from leadline.core.settings import Settings
from leadline.events.kafka import consumer_config
from leadline.events.records import Event, RunEvent
from leadline.events.topics import record_types
from leadline.local.child import Child
from leadline.track.delivery import Delivery
from leadline.track.entry import Entry, to_entry
from leadline.track.http_link import HttpLink
from leadline.track.link import Link
from leadline.track.segment import Segment, spooled
from leadline.track.spool import Spool
from leadline.track.stats import Counters

from ..conftest import free_port_base, wait_until
from ..kafka import TOPICS, Kafka

TOKEN = "correct-horse-battery-staple"


class Api:
    """The role as a process of its own."""

    def __init__(self, kafka: Kafka, data: Path) -> None:
        base = free_port_base()
        self.port, self.health = base + 4, base + 14
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "leadline.cli", "worker", "api", "--health-port", str(self.health)]
        environ = {**kafka.environ, "LEADLINE_LISTEN": f"127.0.0.1:{self.port}", "LEADLINE_TOKEN": TOKEN}
        self.child = Child("api", command, data / "api.log", environ)

    def start(self) -> None:
        self.child.start()
        wait_until(lambda: get(self.health, "/healthz")[0] == 200, seconds=30, what="the API")

    def post(self, body: bytes, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("POST", "/api/v1/events", body, {"Authorization": f"Bearer {TOKEN}", **given})
            answer = connection.getresponse()
            return answer.status, msgspec.json.decode(answer.read())
        finally:
            connection.close()


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    kafka = Kafka(tmp_path_factory.mktemp("kafka"))
    kafka.start()
    yield kafka
    kafka.stop()


@pytest.fixture
def api(kafka: Kafka, tmp_path: Path) -> Iterator[Api]:
    one = Api(kafka, tmp_path)
    one.start()
    yield one
    one.child.stop()


class OverHttp(track.Client):
    """Until LEADLINE_TRANSPORT chooses it."""

    def __init__(self, url: str, spool: Path) -> None:
        self._url = url
        super().__init__(Settings(), spool=spool)

    def _make_delivery(self, meanwhile: Callable[[], bool]) -> Delivery:
        def connect() -> Link:
            return cast("Link", HttpLink(self._url, TOKEN, self.counters))

        return Delivery(connect, Spool(self.spool_folder, 1 << 28), self.counters, self._warn, meanwhile)


class Message(NamedTuple):
    topic: str
    partition: int
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def messages(kafka: Kafka) -> list[Message]:
    """Everything that is in Kafka, in the order of each partition."""
    consumer = Consumer(consumer_config(kafka.settings, f"test-{time.monotonic_ns()}", **{"enable.partition.eof": True}))
    consumer.subscribe(list(TOPICS))
    found, ended = list[Message](), set[tuple[str, int]]()
    while len(ended) < 4 * len(TOPICS):
        message = consumer.poll(10)
        assert message is not None, "Kafka answers no more"
        place = str(message.topic()), int(message.partition() or 0)
        if message.error():
            ended.add(place)
        else:
            headers = cast("list[tuple[str, bytes]]", message.headers())
            found.append(Message(*place, message.key() or b"", message.value() or b"", headers))
    consumer.close()
    return found


def run_event(number: int, job: str) -> RunEvent:
    return RunEvent(
        event_id=f"{job}-{number}",
        event_time=1_700_000_000_000_000 + number,
        producer="test/1",
        run_id="r",
        job_namespace="n",
        job_name=job,
        event_type="RUNNING",
    )


def batch(*events: Event) -> bytes:
    return msgspec.msgpack.encode([to_entry(event) for event in events])


def deliver(link: Link | HttpLink, entries: list[Entry]) -> None:
    for entry in entries:
        link.send(entry)
    wait_until(lambda: link.poll(0.05) or not len(link), seconds=30, what="the acknowledgements")


def in_spool(folder: Path) -> set[str]:
    """Ids of what is left there."""
    found = set()
    for path in spooled(folder):
        segment = Segment.adopt(path)
        assert segment is not None
        found |= {ids(entry.record, entry.body) for entry in segment.entries()}
        segment.release()
    return found


def ids(record: str, body: bytes) -> str:
    """The event's id: the first field of every body, as Avro writes text."""
    assert record_types()[record].__struct_fields__[0] == "event_id"
    length = body[0] >> 1
    assert body[0] < 128
    return body[1 : 1 + length].decode()


def in_kafka(kafka: Kafka, job: str) -> list[str]:
    """Ids of what arrived for the job, in order."""
    of_job = [message for message in messages(kafka) if f'"{job}"'.encode() in message.key]
    return [ids(message.headers[0][1].decode(), message.value[5:]) for message in of_job]


def test_over_http_and_over_kafka_the_same_bytes_arrive(kafka: Kafka, api: Api, tmp_path: Path) -> None:
    """What a job reports, of every kind: topic, partition, key, value and headers."""
    job = track.Client(Settings(), spool=tmp_path / "spool")
    with track.Run(job, "same-bytes", "n", parameters={"k": "ü"}) as run:
        model = track.model("mlflow://prod", "same-bytes", version="7")
        run.metric("auc", 0.8, of=model).bound(lower=0.85)
        run.log("line")
        run.input("s3://lake", "features")
        run.decision(model, "promote", reason="better")
    job.close()
    (path,) = spooled(tmp_path / "spool")
    segment = Segment.adopt(path)
    assert segment is not None
    entries = list(segment.entries())
    segment.release()
    assert len({entry.topic for entry in entries}) == 4
    before = len(messages(kafka))
    deliver(Link(kafka.settings, Counters()), entries)
    direct = messages(kafka)
    deliver(HttpLink(api.url, TOKEN, Counters()), entries)
    both = messages(kafka)
    assert len(direct) == before + len(entries)
    assert len(both) == before + 2 * len(entries)
    of_job = [message for message in both if b"same-bytes" in message.key]
    assert sorted(of_job) == sorted([m for m in direct if b"same-bytes" in m.key] * 2)


def test_a_run_arrives(kafka: Kafka, api: Api, tmp_path: Path) -> None:
    """START before COMPLETE, and flush says that all is in Kafka."""
    client = OverHttp(api.url, tmp_path / "spool")
    with track.Run(client, "over-http", "n") as run:
        for number in range(1_000):
            run.metric("n", number)
    assert client.flush(20) is True
    assert client.stats().sent == len(set(in_kafka(kafka, "over-http")))
    client.close()
    assert kafka.values("over-http") == list(range(1_000))
    runs = [event.event_type for event in kafka.of_job("over-http") if isinstance(event, RunEvent)]
    assert (runs[0], runs[-1]) == ("START", "COMPLETE")
    assert not (tmp_path / "spool").exists()


def report(client: track.Client, job: str, between: Callable[[], None]) -> None:
    with track.Run(client, job, "n") as run:
        for number in range(3_000):
            run.metric("n", number)
            if number == 1_000:
                assert client.flush(20) is True
            if number == 1_500:
                between()
            if number % 100 == 0:
                threading.Event().wait(0.01)


@pytest.mark.parametrize("victim", ["api", "broker"])
def test_kill_9_in_the_middle(kafka: Kafka, api: Api, tmp_path: Path, victim: str) -> None:
    """What was counted as sent is in Kafka, the rest is in the spool; once all is back, everything is in Kafka."""
    job, spool = f"killed-{victim}", tmp_path / "spool"
    kill, start = (api.child.kill, api.start) if victim == "api" else (kafka.broker.kill, kafka.broker.start)
    client = OverHttp(api.url, spool)
    report(client, job, kill)
    client.close()
    stats = client.stats()
    assert stats.dropped == {}
    left = in_spool(spool)
    assert stats.sent > 0
    assert left
    start()
    arrived = set(in_kafka(kafka, job))
    assert len(arrived | left) == stats.sent + len(left)  # no one is in neither; those in both came twice
    assert len(arrived - left) == stats.sent
    again = OverHttp(api.url, spool)
    wait_until(lambda: again.send_spool(10), seconds=60, what="the spool to be sent")
    assert spooled(spool) == []
    assert set(in_kafka(kafka, job)) == arrived | left
    assert kafka.values(job) == list(range(3_000))
    runs = [event for event in kafka.of_job(job) if isinstance(event, RunEvent)]
    assert (runs[0].event_type, runs[-1].event_type) == ("START", "COMPLETE")


def test_a_broker_that_is_away_is_said_and_waited_for(kafka: Kafka, api: Api) -> None:
    """503 within Kafka's time-out, with the role healthy; it needs no restart afterwards."""
    assert api.post(batch(run_event(0, "away")))[0] == 200
    kafka.broker.kill()
    try:
        before = time.monotonic()
        status, answer = api.post(batch(run_event(1, "away")))
        assert (status, answer["error"]) == (503, "unavailable")
        assert time.monotonic() - before < 10
        assert get(api.health, "/healthz")[0] == 200
    finally:
        kafka.broker.start()
    wait_until(lambda: api.post(batch(run_event(2, "away")))[0] == 200, seconds=60, what="Kafka to take it")
    assert {"away-0", "away-2"} <= set(in_kafka(kafka, "away"))


def test_it_ends_in_time_while_kafka_is_frozen(kafka: Kafka, api: Api) -> None:
    """The request in work is answered 503, and SIGTERM ends the role before anybody would kill it."""
    assert api.post(batch(run_event(0, "frozen")))[0] == 200
    assert kafka.broker.pid is not None
    os.kill(kafka.broker.pid, signal.SIGSTOP)
    try:
        answers: list[int] = []
        sender = threading.Thread(target=lambda: answers.append(api.post(batch(run_event(1, "frozen")))[0]))
        sender.start()
        wait_until(lambda: b'"lag": 1' in get(api.health, "/healthz")[1], seconds=10, what="the event to wait for Kafka")
        before = time.monotonic()
        api.child.request_stop()
        assert api.child.wait() == 0
        assert time.monotonic() - before < 10
        sender.join()
        assert answers == [503]
    finally:
        os.kill(kafka.broker.pid, signal.SIGCONT)


def test_a_large_upload_of_curl_reads_why_it_is_refused(api: Api, tmp_path: Path) -> None:
    """It asks first whether to send the body (Expect: 100-continue)."""
    (tmp_path / "large").write_bytes(bytes(20_000_000))
    command = ["curl", "--silent", "--noproxy", "*", "--data-binary", f"@{tmp_path / 'large'}", f"{api.url}/api/v1/events"]
    for header, error in ((f"Authorization: Bearer {TOKEN}", "too_large"), ("Authorization: Bearer wrong", "unauthorized")):
        done = subprocess.run([*command, "--header", header], capture_output=True, timeout=60, check=False)
        assert (done.returncode, msgspec.json.decode(done.stdout)["error"]) == (0, error)


def test_a_registry_that_is_away(kafka: Kafka, tmp_path: Path) -> None:
    """An API that knows no id yet: 503, nothing in Kafka."""
    kafka.registry.stop()
    one = Api(kafka, tmp_path)
    try:
        one.start()
        status, answer = one.post(batch(run_event(0, "no-registry-http")))
        assert (status, answer["error"]) == (503, "unavailable")
    finally:
        kafka.registry.start()
    wait_until(lambda: one.post(batch(run_event(1, "no-registry-http")))[0] == 200, seconds=30, what="the registry")
    one.child.stop()
    assert in_kafka(kafka, "no-registry-http") == ["no-registry-http-1"]


_packer = zlib.compressobj(wbits=31)
BOMB = b"".join([*(_packer.compress(bytes(1 << 20)) for _ in range(200)), _packer.flush()])
BAD: dict[str, tuple[int, str, bytes, dict[str, str]]] = {
    "wrong token": (401, "unauthorized", batch(run_event(0, "bad")), {"Authorization": "Bearer wrong"}),
    "page of another site": (403, "foreign_origin", batch(run_event(0, "bad")), {"Origin": "https://evil.example"}),
    "another name": (403, "foreign_host", batch(run_event(0, "bad")), {"Host": "evil.example"}),
    "wrong body": (400, "not_a_batch", b"[{}]", {}),
    "bomb": (413, "too_large", BOMB, {"Content_Encoding": "gzip"}),
    "too large": (413, "too_large", bytes(20_000_000), {}),
    "unknown schema": (
        409,
        "unknown_schema",
        msgspec.msgpack.encode([msgspec.structs.replace(to_entry(run_event(0, "bad")), fingerprint="00" * 32)]),
        {},
    ),
}


def test_bad_requests_harm_nothing(kafka: Kafka, api: Api) -> None:
    """Each gets its error, in one shape; the API stays healthy, small, and takes the next good one."""
    assert api.post(batch(run_event(0, "good")))[0] == 200
    assert api.child.pid is not None
    size = resident(api.child.pid)
    for _ in range(3):
        for name, (status, error, body, headers) in BAD.items():
            answered, answer = api.post(body, **headers)
            assert (answered, answer["error"]) == (status, error), name
            assert set(answer) == {"error", "detail"}
    assert resident(api.child.pid) - size < 150_000_000
    assert api.post(batch(run_event(1, "good")))[0] == 200
    assert in_kafka(kafka, "bad") == []
    assert in_kafka(kafka, "good") == ["good-0", "good-1"]
    status, metrics = get(api.health, "/metrics")
    assert status == 200
    assert b'leadline_api_events_total{outcome="accepted"} 2.0' in metrics


def resident(pid: int) -> int:
    """Bytes."""
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(shown.stdout) * 1024


def test_sigterm_answers_what_is_in_work(kafka: Kafka, api: Api) -> None:
    """Requests that came are answered; exit code 0; what was answered is in Kafka."""
    answers: list[tuple[int, int]] = []

    def send(sender: int) -> None:
        for number in range(sender * 1_000, sender * 1_000 + 1_000):
            try:
                status, _ = api.post(batch(run_event(number, "ended")))
            except (OSError, http.client.HTTPException):
                return
            answers.append((number, status))

    senders = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for sender in senders:
        sender.start()
    wait_until(lambda: len(answers) > 50, seconds=30, what="some answers")
    api.child.request_stop()
    assert api.child.wait() == 0
    for sender in senders:
        sender.join()
    taken = {f"ended-{number}" for number, status in answers if status == 200}
    assert taken <= set(in_kafka(kafka, "ended"))


@pytest.mark.parametrize(
    ("listen", "says"),
    [
        ("0.0.0.0:{port}", "the API has no token, so anybody could write: set LEADLINE_TOKEN"),
        ("127.0.0.1:{port}", "`leadline up` makes one in"),
        ("nonsense", "LEADLINE_LISTEN is 'nonsense'; it must be host:port"),
    ],
)
def test_it_refuses_to_start_and_says_what_to_do(tmp_path: Path, listen: str, says: str) -> None:
    """One sentence, exit code 2."""
    addresses = {"KAFKA": "127.0.0.1:9", "SCHEMA_REGISTRY": "http://127.0.0.1:9", "LEADLINE_DATA": str(tmp_path)}
    environ = {**os.environ, **addresses, "LEADLINE_LISTEN": listen.format(port=free_port_base())}
    environ.pop("LEADLINE_TOKEN", None)
    if listen.startswith("0.0.0.0"):
        (tmp_path / "token").write_text("of the local stack, which does not count here\n")
    command = [sys.executable, "-m", "leadline.cli", "worker", "api"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_signal_while_it_starts_ends_it(kafka: Kafka, tmp_path: Path) -> None:
    """At any moment, with exit code 0."""
    one = Api(kafka, tmp_path)
    for wait in (0.3, 0.8, 1.2, 1.6):
        one.child.start()
        threading.Event().wait(wait)
        assert one.child.pid is not None
        os.kill(one.child.pid, signal.SIGTERM)
        assert one.child.wait() in (0, -signal.SIGTERM)  # before it has a handler
