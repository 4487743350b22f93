"""The text behind log pointers: bounded, and never from where it must not come. The HTTP servers are real ones."""

import http.server
import ipaddress
import os
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.cli.log_text import KINDS, address, installed, read
from leadline.cli.log_text import url as url_reader
from leadline.cli.log_text.file import on
from leadline.cli.log_text.text import head, lines, tail
from leadline.core.errors import LeadlineError, Unavailable, UsageError

HOST = socket.gethostname()
BODY = b"".join(b"line %d\n" % number for number in range(1_000))


class Handler(http.server.BaseHTTPRequestHandler):
    """What it was asked is kept on the server."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))  # type: ignore[attr-defined]
        name, _, rest = self.path[1:].partition("/")
        getattr(self, f"_{name}")(rest)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for header, value in headers.items():
            self.send_header(header.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _range(self, _: str) -> None:
        last = int(self.headers["Range"].removeprefix("bytes=-"))
        part = BODY[-last:]
        self._answer(206, part, Content_Range=f"bytes {len(BODY) - len(part)}-{len(BODY) - 1}/{len(BODY)}")

    def _whole(self, _: str) -> None:
        self._answer(200, BODY)

    def _greedy(self, _: str) -> None:
        self._answer(206, BODY, Content_Range="bytes 900-999/1000")

    def _empty(self, _: str) -> None:
        self._answer(416)

    def _gone(self, _: str) -> None:
        self._answer(404)

    def _to(self, rest: str) -> None:
        self._answer(302, Location=rest)

    def _loop(self, _: str) -> None:
        self._answer(302, Location="/loop/")

    def _short(self, _: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"half")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    asked: list[tuple[str, dict[str, str]]]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def address_of(server: Server, path: str) -> str:
    return f"http://127.0.0.1:{server.server_port}/{path}"


def whole(kind: str, location: str, last: int = 10_000_000, host: str = "") -> tuple[bool, bytes]:
    text = read(kind, location, last=last, host=host)
    return text.cut, b"".join(text.chunks)


# -- pieces


@given(st.lists(st.binary(max_size=20)), st.integers(1, 60))
def test_the_last_bytes_are_the_last_bytes(chunks: list[bytes], last: int) -> None:
    """However they come."""
    everything = b"".join(chunks)
    cut, kept = tail(chunks, last)
    assert b"".join(kept) == everything[-last:]
    assert cut == (len(everything) > last)
    assert b"".join(head(chunks, last)) == everything[:last]


@given(st.lists(st.binary(max_size=20)))
def test_lines_do_not_depend_on_the_pieces(chunks: list[bytes]) -> None:
    """Nor do signs of several bytes."""
    assert list(lines(chunks)) == list(lines([b"".join(chunks)]))


def test_a_line_without_end_comes_in_pieces() -> None:
    """Memory stays bounded."""
    assert [len(line) for line in lines([b"x" * 30] * 3, longest=50)] == [60, 30]


# -- files


def test_a_file_of_this_host_is_read_from_its_end(tmp_path: Path) -> None:
    """With any name, and as much as was asked for."""
    path = tmp_path / "my job%20.log"
    path.write_bytes(BODY)
    said: list[int] = []
    quoted = str(path).replace("%", "%25").replace(" ", "%20")
    assert whole("file", f"file://{HOST}{quoted}") == (False, BODY)
    assert whole("file", f"file://{HOST}{quoted}", last=9) == (True, BODY[-9:])
    text = read("file", f"file://localhost{quoted}", last=100, progress=said.append)
    assert len(b"".join(text.chunks)) == said[-1] == 100


def test_a_file_of_another_host_is_not_read(tmp_path: Path) -> None:
    """The file of that name here is another one; where no host is named, it is the run's."""
    path = tmp_path / "x.log"
    path.write_text("mine")
    for location, host in ((f"file://worker-7{path}", HOST), (str(path), "worker-7"), (f"file://{path}", "worker-7")):
        with pytest.raises(UsageError, match=re.escape(f"is a file on worker-7, and this is {HOST}; read it there")):
            read("file", location, last=10, host=host)
    with pytest.raises(UsageError, match="a host that nobody named"):
        read("file", str(path), last=10)
    assert whole("file", str(path), host=HOST) == (False, b"mine")
    assert on("h", "file:/a b") == on("h", "/a b") == "file://h/a%20b"


def test_what_would_never_end_is_no_file(tmp_path: Path) -> None:
    """Pipes, devices and folders; and what is gone says so."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(LeadlineError, match="is no file"):
            read("file", str(path), last=10, host=HOST)
    with pytest.raises(LeadlineError, match="not there any more"):
        read("file", str(tmp_path / "gone"), last=10, host=HOST)


# -- HTTP


@pytest.mark.parametrize("way", ["range/", "whole/"])
def test_a_web_page_is_read_from_its_end(server: Server, way: str) -> None:
    """By range where the server has that, else all of it is passed through."""
    assert whole("url", address_of(server, way), last=17) == (True, BODY[-17:])
    assert whole("url", address_of(server, way)) == (False, BODY)


def test_a_server_that_sends_more_than_it_was_asked_for_is_cut(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that never ends, ends."""
    assert len(whole("url", address_of(server, "greedy/"), last=100)[1]) == 100
    monkeypatch.setattr(url_reader, "LONGEST", 500)
    assert whole("url", address_of(server, "whole/"), last=100) == (True, BODY[400:500])


def test_an_empty_page_is_empty(server: Server) -> None:
    """Though servers call that an error."""
    assert whole("url", address_of(server, "empty/")) == (False, b"")


def test_what_cannot_be_read_is_one_sentence(server: Server) -> None:
    """Gone, away, broken off, in a circle."""
    with pytest.raises(LeadlineError, match="cannot be read: 404 Not Found"):
        read("url", address_of(server, "gone/"), last=10)
    with pytest.raises(LeadlineError, match="cannot be read: 302"):
        read("url", address_of(server, "loop/"), last=10)
    with pytest.raises(Unavailable, match="broke off"):
        whole("url", address_of(server, "short/"))
    with socket.socket() as closed, pytest.raises(Unavailable, match="cannot be reached"):
        closed.bind(("127.0.0.1", 0))
        read("url", f"http://127.0.0.1:{closed.getsockname()[1]}/", last=10)


def test_a_redirect_leads_to_web_pages_only(server: Server, tmp_path: Path) -> None:
    """Not to files, nor anywhere else; another page is followed, with the range."""
    (tmp_path / "secret").write_text("treasure")
    assert whole("url", address_of(server, f"to/{address_of(server, 'range/')}"), last=9) == (True, BODY[-9:])
    for target in (f"file://{tmp_path}/secret", "ftp://127.0.0.1/x", "data:,secret", "http://169.254.169.254/latest/meta-data"):
        with pytest.raises(LeadlineError) as refused:
            read("url", address_of(server, f"to/{target}"), last=10)
        assert "treasure" not in str(refused.value)


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1%25eth0]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[fd00:ec2::254]/",
        "http://100.100.100.200/",
    ],
)
def test_addresses_that_hold_keys_are_refused(location: str) -> None:
    """Before anything is connected."""
    with pytest.raises(UsageError, match="not read"):
        read("url", location, last=10)


def test_a_name_that_leads_to_such_an_address_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The peer counts, whatever the name was said to be: nothing is asked of it."""
    monkeypatch.setattr(address, "_METADATA", (*address._METADATA, ipaddress.ip_address("127.0.0.1")))
    with pytest.raises(UsageError, match="not read"):
        read("url", f"http://localhost:{server.server_port}/range/", last=10)
    assert server.asked == []


def test_credentials_are_neither_used_nor_shown(server: Server) -> None:
    """A pointer with a password in it is not ours to try."""
    port = server.server_port
    whole("url", f"http://ada:pw@127.0.0.1:{port}/range/")
    assert "Authorization" not in server.asked[0][1]
    with pytest.raises(LeadlineError) as failed:
        read("url", f"http://ada:pw@127.0.0.1:{port}/gone/?token=abc", last=10)
    assert "pw" not in str(failed.value) and "abc" not in str(failed.value)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://x/y", "https://", "gopher://x", "http://[", ""])
def test_other_schemes_are_refused(location: str) -> None:
    """Whatever a pointer says that it is."""
    with pytest.raises(UsageError, match=r"http:// and https:// only|no URL"):
        read("url", location, last=10)


# -- clouds


@pytest.mark.parametrize(
    ("kind", "location"),
    [("s3", "s3://bucket"), ("gcs", "gs://bucket"), ("cloudwatch", "arn:aws:logs:eu-west-1:1:log-group:g")],
)
def test_a_pointer_that_is_none_says_what_it_should_be(kind: str, location: str) -> None:
    """Before any client is asked for."""
    with pytest.raises(UsageError, match="names no"):
        read(kind, location, last=10)


def test_a_client_that_is_not_installed_is_named() -> None:
    """Nobody has to have it who has no logs there."""
    with pytest.raises(UsageError, match="install it: pip install boto-of-tomorrow"):
        installed.library("boto_of_tomorrow", "boto-of-tomorrow")


def test_an_unknown_kind_says_what_is_known() -> None:
    """A newer producer may know more."""
    with pytest.raises(UsageError, match=", ".join(KINDS)):
        read("tape", "x", last=10)
