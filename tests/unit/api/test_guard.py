"""Who may write, what a web page may not, and one shape for all errors."""

import gzip
import socket
import zlib
from typing import Any

import msgspec
import pytest

from leadline.api import body as bodies
from leadline.api import ingest, intake
from leadline.api.address import Address, load_address
from leadline.api.body import MAX_BYTES
from leadline.core.errors import UsageError

from .served import PATH, TOKEN, Served, entries, run_event, served


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", "Bearer ü"]
)
def test_without_the_token_nothing_is_taken(api: Served, header: str) -> None:
    """401 that says which header is needed; the token is in no answer."""
    answer = api.ask(b"\x90", {"Authorization": header})
    assert (answer.status, answer.error) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert TOKEN.encode() not in answer.data


def test_bearer_in_any_case(api: Served) -> None:
    """As RFC 7235 has it."""
    assert api.ask(b"\x90", {"Authorization": f"bearer {TOKEN}"}).json == {"accepted": 0, "refused": []}


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/openapi.json"])
def test_what_needs_no_token(api: Served, path: str) -> None:
    """Probes and browsers; but no page of another site."""
    assert api.ask(method="GET", path=path, token="").status == 200
    assert api.ask(method="GET", path=path, token="", headers={"Origin": "https://evil.example"}).error == "foreign_origin"
    assert api.ask(method="GET", path=path, token="", headers={"Host": "evil.example"}).error == "foreign_host"


def test_figures_need_the_token(api: Served) -> None:
    """On this port, which others reach."""
    assert api.ask(method="GET", path="/metrics", token="").error == "unauthorized"
    assert b"leadline_api_batch_seconds" in api.ask(method="GET", path="/metrics").data


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:8000"])
def test_a_web_page_is_refused(api: Served, origin: str) -> None:
    """Even with the token, and whether the page is on this machine or not."""
    answer = api.post(entries(run_event()), headers={"Origin": origin})
    assert (answer.status, answer.error) == (403, "foreign_origin")
    assert api.producer.sent == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:19094", "127.0.0.1.evil.example", "[", ""])
def test_another_name_for_this_machine_is_refused(api: Served, host: str) -> None:
    """A page's own name that was made to point to 127.0.0.1 is no way around the Origin."""
    answer = api.post(entries(run_event()), headers={"Host": host})
    assert (answer.status, answer.error) == (403, "foreign_host")


@pytest.mark.parametrize("host", ["localhost", "localhost:9", "127.0.0.1", "127.0.0.2:80", "[::1]:80"])
def test_names_of_loopback_are_fine(api: Served, host: str) -> None:
    """Tunnels have other ports."""
    assert api.post([], headers={"Host": host}).status == 200


def test_a_server_for_others_has_any_name() -> None:
    """Behind a proxy it is called as the proxy is."""
    with served(loopback=False) as one:
        assert one.post([], headers={"Host": "leadline.example.com"}).status == 200


REQUESTS: list[tuple[int, str, dict[str, Any]]] = [
    (404, "not_found", {"path": "/api/v1/nothing"}),
    (404, "not_found", {"path": "/", "method": "GET"}),
    (405, "method_not_allowed", {"method": "GET"}),
    (415, "unknown_encoding", {"body": b"x", "headers": {"Content-Encoding": "br"}}),
    (400, "not_gzip", {"body": b"x", "headers": {"Content-Encoding": "gzip"}}),
    (413, "too_large", {"body": bytes(MAX_BYTES + 1)}),
]


@pytest.mark.parametrize(("status", "error", "request_"), REQUESTS, ids=[error for _, error, _ in REQUESTS])
def test_one_shape_for_all_errors(api: Served, status: int, error: str, request_: dict[str, Any]) -> None:
    """A code for programs, a sentence for people."""
    answer = api.ask(**request_)
    assert (answer.status, answer.error) == (status, error)
    assert answer.headers["content-type"] == "application/json"


def parts(*sizes: int) -> bytes:
    """A body of zeros without a length, as HTTP/1.1 has it."""
    return b"".join(b"%x\r\n%s\r\n" % (size, bytes(size)) for size in sizes) + b"0\r\n\r\n"


PARTS = {"Transfer-Encoding": "chunked"}


def test_a_body_of_unknown_length_is_taken_part_by_part(api: Served) -> None:
    """OpenLineage's client for Java sends what it packs without Content-Length; more than the limit is refused all the same."""
    body = gzip.compress(msgspec.msgpack.encode(entries(run_event())))
    sent = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (9, body[:9], len(body) - 9, body[9:])
    assert api.ask(sent, {**PARTS, "Content-Encoding": "gzip"}).json == {"accepted": 1, "refused": []}
    answer = api.ask(parts(MAX_BYTES // 2, MAX_BYTES // 2, 1), PARTS)
    assert (answer.status, answer.error) == (413, "too_large")


def test_parts_that_find_no_room_are_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that did are given back."""
    monkeypatch.setattr(intake, "BODIES_BYTES", 100_000)
    monkeypatch.setattr(intake, "PATIENCE_SECONDS", 0.1)
    with served() as one:
        assert one.ask(parts(60_000, 60_000), PARTS).status == 429
        assert one.ask(bytes(100_000)).status == 400


@pytest.mark.parametrize("token", ["wrong", TOKEN])
def test_a_large_body_reads_its_answer(api: Served, token: str) -> None:
    """The sender of 20 MB learns why, and is not just cut off."""
    answer = api.ask(bytes(20_000_000), token=token)
    assert answer.error == ("too_large" if token == TOKEN else "unauthorized")
    assert api.post(entries(run_event())).status == 200


def test_a_bomb_is_not_unpacked(api: Served) -> None:
    """200 MB in 200 KB: 413, and the next one is served."""
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()
    assert len(bomb) < 250_000
    answer = api.ask(bomb, {"Content-Encoding": "gzip"})
    assert (answer.status, answer.error) == (413, "too_large")
    assert api.post(entries(run_event())).status == 200


def test_slow_senders_are_in_nobodys_way(api: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who never end their body are told so after their time, and meanwhile others are served."""
    monkeypatch.setattr(bodies, "MOST_SECONDS", 1.0)
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 1000\r\n\r\nx"
    slow = [socket.create_connection(("127.0.0.1", api.port), timeout=20) for _ in range(50)]
    try:
        for one in slow:
            one.sendall(head.encode())
        assert api.post(entries(run_event())).status == 200
        assert b"408" in slow[0].recv(1000)
    finally:
        for one in slow:
            one.close()


@pytest.mark.parametrize("full", ["BODIES_BYTES", "CHECKED_AT_ONCE"])
def test_what_finds_no_room_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch, full: str) -> None:
    """429 with Retry-After, after a moment's patience."""
    monkeypatch.setattr(intake, full, 0)
    monkeypatch.setattr(intake, "PATIENCE_SECONDS", 0.1)
    with served() as one:
        answer = one.post(entries(run_event()))
    assert (answer.status, answer.error) == (429, "busy")
    assert int(answer.headers["retry-after"]) > 0
    assert one.producer.sent == []


def test_a_mistake_of_ours_has_the_same_shape(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """500; the log has the traceback, the answer has nothing of it."""
    monkeypatch.setattr(ingest, "decode", lambda _: 1 / 0)
    with served() as one:
        answer = one.post(entries(run_event()))
    assert (answer.status, answer.error) == (500, "internal")
    assert b"division" not in answer.data
    assert "ZeroDivisionError" in caplog.text


def test_addresses_of_the_api() -> None:
    """host:port; whether it is for this machine alone."""
    assert load_address({}) == Address("127.0.0.1", 19094)
    assert load_address({"LEADLINE_LISTEN": "0.0.0.0:80"}) == Address("0.0.0.0", 80)
    assert load_address({"LEADLINE_LISTEN": "[::1]:80"}) == Address("::1", 80)
    assert [Address(host, 1).loopback for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "10.0.0.1")] == [
        *[True] * 3,
        *[False] * 3,
    ]


@pytest.mark.parametrize("text", ["80", "host", "host:", ":80", "host:x", "host:70000"])
def test_an_address_that_is_none_is_named(text: str) -> None:
    """With an example."""
    with pytest.raises(UsageError, match=r"LEADLINE_LISTEN is .*; it must be host:port"):
        load_address({"LEADLINE_LISTEN": text})
