"""The link over HTTP: in order, counted by what the server acknowledged, and never in the way."""

import contextlib
import os
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from leadline.core.errors import Unavailable, UsageError
from leadline.events.records import RunEvent
from leadline.track import http_link
from leadline.track.delivery import Delivery
from leadline.track.entry import Entry, to_entry
from leadline.track.http_link import BATCH, BATCH_BYTES, HttpLink
from leadline.track.http_route import Route
from leadline.track.link import Link
from leadline.track.spool import Spool
from leadline.track.stats import Counters

from ...conftest import wait_until
from .ingress import Answer, Asked, Ingress, accepted, error, ingress, taken

TOKEN = "correct-horse"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ingress]:
    monkeypatch.setattr(http_link, "IDLE_SECONDS", 0.2)
    monkeypatch.setattr(http_link, "_left_alone", {})
    with ingress() as one:
        yield one
        one.gate.set()
        wait_until(lambda: not senders(), seconds=10, what="the senders to end")


def senders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "leadline-http"]


def entry(number: int, size: int = 0) -> Entry:
    event = RunEvent(
        event_id=str(number),
        event_time=1,
        producer="test/1",
        run_id="r",
        job_namespace="n",
        job_name="j",
        event_type="RUNNING",
        facets={"x": "y" * size} if size else {},
    )
    return to_entry(event)


ENTRIES = [entry(number) for number in range(2_000)]


class Sending:
    def __init__(self, url: str, token: str = TOKEN) -> None:
        self.counters = Counters()
        self.link = HttpLink(url, token, self.counters)

    def send(self, entries: list[Entry]) -> None:
        for one in entries:
            self.link.send(one)

    def settled(self, seconds: float = 10.0) -> "Sending":
        """Until all is acknowledged or the server is taken for away."""
        deadline = time.monotonic() + seconds
        while len(self.link) and not self.link.failure:
            self.link.poll(0.02)
            assert time.monotonic() < deadline, "nothing was answered"
        return self


def test_everything_arrives_once_and_in_order(server: Ingress) -> None:
    """In batches, over one connection, with the token, compressed; sent counts what was acknowledged."""
    sending = Sending(server.url)
    sending.send(ENTRIES)
    sending.settled()
    assert server.entries == ENTRIES
    assert sending.counters.sent == len(ENTRIES)
    assert (sending.link.failure, sending.counters.dropped) == ("", {})
    assert server.connections == 1
    assert max(len(asked.entries) for asked in server.asked) <= BATCH
    assert {asked.headers["Authorization"] for asked in server.asked} == {f"Bearer {TOKEN}"}
    assert {asked.target for asked in server.asked} == {"/api/v1/events"}


def test_batches_are_bounded_by_bytes(server: Ingress) -> None:
    """About a megabyte, but at least one entry."""
    server.gate.clear()
    sending = Sending(server.url)
    large = [entry(number, 300_000) for number in range(8)] + [entry(9, 3_000_000)]
    sending.send(large)
    server.gate.set()
    sending.settled()
    assert server.entries == large
    assert all(len(asked.entries) == 1 or sum(map(len, asked.entries)) <= BATCH_BYTES for asked in server.asked)


def test_nothing_counts_before_the_answer(server: Ingress) -> None:
    """While the server is silent everything is pending, and is given back when it is recalled."""
    server.gate.clear()
    sending = Sending(server.url)
    sending.send(ENTRIES[:10])
    sending.link.poll(0.05)
    assert (len(sending.link), sending.counters.sent) == (10, 0)
    assert sending.link.recall() == ENTRIES[:10]
    assert len(sending.link) == 0
    server.gate.set()
    sending.send(ENTRIES[10:20])
    sending.settled()
    assert sending.counters.sent == 10
    # The server may be done with the request that was cut off before or after these, or never have had it whole.
    assert [entry for entry in server.entries if entry not in ENTRIES[:10]] == ENTRIES[10:20]


def test_a_recall_does_not_wait_for_the_server(server: Ingress) -> None:
    """The request that hangs is cut off, so that its thread is free."""
    server.gate.clear()
    sending = Sending(server.url)
    sending.send(ENTRIES[:1])
    wait_until(lambda: sending.link._sent_at is not None, seconds=5, what="the request")
    before = time.monotonic()
    sending.link.recall()
    wait_until(lambda: not senders(), seconds=5, what="the sender to end")
    assert time.monotonic() - before < 3


def test_what_is_refused_is_dropped_with_its_reason(server: Ingress) -> None:
    """The others count as sent."""
    server.gate.clear()
    server.answer = lambda asked: taken(asked) if len(asked.entries) == 1 else accepted(4, _0="unknown_state")
    sending = Sending(server.url)
    sending.send(ENTRIES[:1])
    wait_until(lambda: sending.link._sent_at is not None, seconds=5, what="the request")
    sending.send(ENTRIES[1:6])
    server.gate.set()
    sending.settled()
    assert sending.counters.dropped == {"RunEvent": {"unknown_state": 1}}
    assert sending.counters.sent == 5


def login_page(_asked: Asked) -> Answer:
    return Answer(200, b"<html>please log in</html>")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda _: error(401, "give a token"), "answers 401 Unauthorized: give a token"),
        (lambda _: error(409, "the schema 'ab' of record 'RunEvent' is unknown"), "the schema 'ab' of record"),
        (lambda _: error(503, "Kafka is away"), "Kafka is away"),
        (lambda _: Answer(502, b"<html>"), "answers 502 Bad Gateway"),
        (lambda _: Answer(302, b"", {"Location": "http://elsewhere"}), "answers 302 Found"),
        (lambda _: Answer(204, b""), "answers 204"),
        (login_page, "is not Leadline's ingress"),
        (lambda asked: accepted(len(asked.entries) + 1), "speaks of 2 events, sent were 1"),
        (lambda asked: accepted(len(asked.entries) - 1, _7="x"), "speaks of 0 events, sent were 1"),
    ],
)
def test_any_other_answer_keeps_the_events(server: Ingress, answer: Callable[[Asked], Answer], says: str) -> None:
    """They are given back, in order, and the reason is a sentence without the token."""
    server.answer = answer
    sending = Sending(server.url)
    sending.send(ENTRIES[:1])
    sending.settled()
    assert says in sending.link.failure
    assert TOKEN not in sending.link.failure
    assert sending.counters.sent == 0
    assert sending.link.recall() == ENTRIES[:1]
    assert sending.link.failure == ""


def test_a_server_that_is_gone(server: Ingress) -> None:
    """Named with its address; nothing is lost."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        sending = Sending(f"http://127.0.0.1:{nobody.getsockname()[1]}")
        sending.send(ENTRIES[:3])
        sending.settled()
    assert "does not answer" in sending.link.failure
    assert sending.link.recall() == ENTRIES[:3]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_wants_to_be_left_alone_is(server: Ingress, status: int) -> None:
    """For as long as Retry-After says, whoever makes the next link."""
    server.answer = lambda _: error(status, Retry_After="30")
    sending = Sending(server.url)
    sending.send(ENTRIES[:1])
    sending.settled()
    sending.link.recall()
    with pytest.raises(Unavailable, match=r"asked to be left alone for another (29|30)\.\d s"):
        Sending(server.url)
    http_link._left_alone[server.url] = time.monotonic()
    server.answer = taken
    again = Sending(server.url)
    again.send(ENTRIES[:1])
    assert again.settled().counters.sent == 1


def test_a_proxy_with_a_smaller_limit(server: Ingress) -> None:
    """413 makes the batches smaller; a single entry that is still too large is dropped and counted."""
    server.answer = lambda asked: taken(asked) if sum(map(len, asked.entries)) <= 20_000 else error(413)
    sending = Sending(server.url)
    entries = [*ENTRIES[:300], entry(-1, 30_000), *ENTRIES[300:600]]
    sending.send(entries)
    sending.settled(30)
    assert server.entries == ENTRIES[:600]
    assert sending.counters.sent == 600
    assert sending.counters.dropped == {"RunEvent": {"too_large": 1}}


def test_a_connection_that_the_server_closed_is_made_anew(server: Ingress) -> None:
    """It may do so at any time between two requests."""
    server.closing = True
    sending = Sending(server.url)
    for number in range(5):
        sending.send(ENTRIES[number : number + 1])
        sending.settled()
    assert sending.link.failure == ""
    assert server.entries == ENTRIES[:5]
    assert server.connections == 5


def test_memory_is_bounded(server: Ingress, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is acknowledged, sending ends with Unavailable after a while, and the entry is the caller's."""
    monkeypatch.setattr(http_link, "MAX_PENDING", 100)
    monkeypatch.setattr(http_link, "STUCK_SECONDS", 0.2)
    server.gate.clear()
    sending = Sending(server.url)
    with pytest.raises(Unavailable, match="acknowledges nothing"):
        sending.send(ENTRIES)
    assert sending.link.recall() == ENTRIES[:100]


def test_an_answer_without_end_is_given_up(server: Ingress, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the server keeps the connection alive."""
    monkeypatch.setattr(http_link, "ANSWER_SECONDS", 0.1)
    server.gate.clear()
    sending = Sending(server.url)
    sending.send(ENTRIES[:1])
    sending.settled()
    assert "does not end its answer" in sending.link.failure
    assert sending.link.recall() == ENTRIES[:1]


def test_a_prefix_of_the_address_is_kept(server: Ingress) -> None:
    """Leadline may live under a path of somebody's gateway."""
    sending = Sending(f"{server.url}/team/leadline/")
    sending.send(ENTRIES[:1])
    sending.settled()
    assert server.asked[0].target == "/team/leadline/api/v1/events"


@pytest.mark.parametrize(
    "url", ["", "leadline:80", "ftp://host", "http://", "https://u:secret@host", "http://h/?q", "http://h:x"]
)
def test_what_is_no_address_is_named(url: str) -> None:
    """With an example, and without the password."""
    with pytest.raises(UsageError, match=r"must look like https://leadline.example.com") as raised:
        Route(url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("token", ["", "two words", "line\n", "ümlaut"])
def test_what_is_no_token_is_named(token: str) -> None:
    """It could not stand in a header."""
    with pytest.raises(UsageError, match="set LEADLINE_TOKEN"):
        HttpLink("http://127.0.0.1:1", token, Counters())


# -- proxies


def proxies(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_loopback_knows_no_proxy(server: Ingress, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's proxy is for the world outside."""
    proxies(monkeypatch, http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9")
    sending = Sending(server.url)
    sending.send(ENTRIES[:1])
    assert sending.settled().counters.sent == 1


def test_other_hosts_are_reached_through_the_proxy(server: Ingress, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the whole address, the proxy's user, and the real host's name."""
    proxies(monkeypatch, http_proxy=server.url.replace("http://", "http://ada:p%40ss@"))
    sending = Sending("http://leadline.example.com/x")
    sending.send(ENTRIES[:1])
    assert sending.settled().counters.sent == 1
    (asked,) = server.asked
    assert asked.target == "http://leadline.example.com:80/x/api/v1/events"
    assert asked.headers["Host"] == "leadline.example.com:80"
    assert asked.headers["Proxy-Authorization"] == "Basic YWRhOnBAc3M="


def test_hosts_that_need_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_PROXY, as everywhere."""
    proxies(monkeypatch, https_proxy="http://proxy:3128", no_proxy="example.com")
    assert Route("https://leadline.example.com").connection(1).host == "leadline.example.com"
    assert Route("https://leadline.example.org").connection(1).host == "proxy"


# -- TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of nobody whom the machine trusts; with its key in the same file."""
    path = tmp_path / "certificate.pem"
    names = "subjectAltName=IP:127.0.0.1,DNS:leadline.example.com"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x", "-addext", names]
    subprocess.run([*command, "-keyout", str(path), "-out", str(tmp_path / "only")], check=True, capture_output=True)
    path.write_text(path.read_text() + (tmp_path / "only").read_text())
    return path


@pytest.fixture
def secure(server: Ingress, certificate: Path) -> Iterator[Ingress]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ingress(context) as one:
        yield one


def test_a_server_that_nobody_vouches_for_gets_nothing(secure: Ingress) -> None:
    """Neither token nor events: certificates are verified."""
    sending = Sending(secure.url)
    sending.send(ENTRIES[:1])
    sending.settled()
    assert "certificate verify failed" in sending.link.failure
    assert secure.asked == []


def test_a_certificate_of_ones_own(secure: Ingress, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named by SSL_CERT_FILE, as for every program that uses OpenSSL."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    sending = Sending(secure.url)
    sending.send(ENTRIES)
    assert sending.settled().counters.sent == len(ENTRIES)
    assert secure.connections == 1


class Tunnel(socketserver.ThreadingTCPServer):
    """A proxy that connects whoever asks for whatever host to `port`."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), cast("Any", self.handle))
        self._port = port

    def handle(self, near: socket.socket, _address: Any, _server: Any) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += near.recv(4096)
        self.asked.append(head.decode())
        with socket.create_connection(("127.0.0.1", self._port)) as far:
            near.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=pump, args=(far, near))
            back.start()
            pump(near, far)
            back.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def test_tls_goes_through_a_proxy_unread(secure: Ingress, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By CONNECT: the proxy sees the host and its own user, never the token."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Tunnel(int(secure.url.rpartition(":")[2])) as tunnel:
        thread = threading.Thread(target=tunnel.serve_forever, args=(0.02,))
        thread.start()
        proxies(monkeypatch, https_proxy=f"http://ada:pw@127.0.0.1:{tunnel.server_address[1]}")
        sending = Sending("https://leadline.example.com")
        sending.send(ENTRIES[:100])
        sending.settled()
        wait_until(lambda: not senders(), seconds=10, what="the sender to end")
        tunnel.shutdown()
        thread.join()
    assert (sending.link.failure, sending.counters.sent) == ("", 100)
    (head,) = tunnel.asked
    assert head.startswith("CONNECT leadline.example.com:443 ")
    assert "Proxy-Authorization: Basic YWRhOnB3" in head
    assert TOKEN not in head


# -- in Delivery


class Delivering:
    def __init__(self, url: str, spool: Path) -> None:
        self.counters = Counters()
        self.said: list[str] = []
        self.delivery = Delivery(
            cast("Callable[[], Link]", lambda: HttpLink(url, TOKEN, self.counters)),
            Spool(spool, 1 << 24),
            self.counters,
            lambda _, sentence: self.said.append(sentence),
            lambda: True,
        )

    def tick_until(self, condition: Callable[[], object]) -> None:
        def ticked() -> object:
            self.delivery.tick()
            return condition()

        wait_until(ticked, seconds=20, what="the delivery")


def test_away_means_spooled_and_back_means_sent(server: Ingress, tmp_path: Path) -> None:
    """Nothing is lost, nothing dropped, order is kept."""
    server.answer = lambda _: error(503, "Kafka is away")
    one = Delivering(server.url, tmp_path)
    one.delivery.deliver(ENTRIES[:700])
    one.tick_until(lambda: one.delivery.spool.waiting == 700)
    assert "Kafka is away; events are kept in" in one.said[0]
    server.answer = taken
    one.delivery.deliver(ENTRIES[700:900])
    one.tick_until(lambda: not one.delivery.spool.waiting)
    assert one.delivery.settle(time.monotonic() + 10) is True
    one.delivery.close(time.monotonic() + 5)
    assert server.entries == ENTRIES[:900]
    assert one.counters.sent == 900
    assert one.counters.dropped == {}


def test_a_close_does_not_wait_longer_than_it_may(server: Ingress, tmp_path: Path) -> None:
    """A server that hangs: what it did not acknowledge is in the spool."""
    server.gate.clear()
    one = Delivering(server.url, tmp_path)
    one.delivery.deliver(ENTRIES[:100])
    before = time.monotonic()
    one.delivery.close(before + 0.5)
    assert time.monotonic() - before < 2
    assert one.counters.spooled == 100
    assert one.counters.sent == 0


SCRIPT = """
import os, sys, time
from pathlib import Path
import leadline.track.client as module
from leadline import track
from leadline.track.delivery import Delivery
from leadline.track.http_link import HttpLink
from leadline.track.spool import Spool

def make(self, meanwhile):
    connect = lambda: HttpLink(sys.argv[1], "correct-horse", self.counters)
    return Delivery(connect, Spool(Path(sys.argv[2]), 1 << 24), self.counters, self._warn, meanwhile)

module.Client._make_delivery = make
"""


def run(server: Ingress, spool: Path, script: str, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, *options, "-c", SCRIPT + script, server.url, str(spool)]
    environ = {name: value for name, value in os.environ.items() if name != "LEADLINE_DISABLED"}
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)


def test_a_job_that_ends_at_once(server: Ingress, tmp_path: Path) -> None:
    """Its reports are still in memory then; they arrive all the same."""
    done = run(server, tmp_path, "with track.run('j', 'n') as run: run.metric('auc', 1)\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert [entry.record for entry in server.entries if entry.record == "RunEvent"] == ["RunEvent"] * 2
    assert not list(tmp_path.iterdir())


def test_where_no_thread_starts_any_more(server: Ingress, monkeypatch: pytest.MonkeyPatch) -> None:
    """As at the end of the interpreter: the request is made by whoever waits for it."""

    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "leadline-http":
            raise RuntimeError("can't create new thread at interpreter shutdown")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    sending = Sending(server.url)
    sending.send(ENTRIES[:700])
    assert sending.settled().counters.sent == 700
    assert server.entries == ENTRIES[:700]


def test_a_fork_has_a_connection_of_its_own(server: Ingress, tmp_path: Path) -> None:
    """Parent and child both deliver, over the same address, and both end cleanly, with warnings as errors."""
    script = (
        "with track.run('j', 'n') as run:\n"
        "    run.metric('a', 1); assert track.flush(10)\n"
        "    pid = os.fork()\n"
        "    run.metric('b', 2)\n"
        "    if not pid: assert track.flush(10); raise SystemExit(0)\n"
        "    assert os.waitpid(pid, 0)[1] == 0\n"
    )
    done = run(server, tmp_path, script, "-W", "error")
    assert (done.returncode, done.stderr) == (0, "")
    assert len([entry for entry in server.entries if entry.record == "MetricsReported"]) == 3
    assert server.connections == 2


def test_msgpack_is_what_the_docs_say() -> None:
    """An array of arrays: docs/ingress.md."""
    one = ENTRIES[0]
    plain: Any = msgspec.msgpack.decode(msgspec.msgpack.encode([one]))
    assert plain == [[one.topic, one.key, [[n, v] for n, v in one.headers], one.record, one.fingerprint, one.body, 1]]
