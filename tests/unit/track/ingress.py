"""An ingress that answers what a test says, and remembers what it was sent."""

import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import msgspec

from leadline.track.entry import Entry


class Asked(NamedTuple):
    target: str
    headers: dict[str, str]
    entries: list[Entry]


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: dict[str, str] = {}


def taken(asked: Asked) -> Answer:
    return accepted(len(asked.entries))


def accepted(number: int, **refused: str) -> Answer:
    """`refused`: `_INDEX=reason`."""
    named = [{"index": int(index[1:]), "record": "R", "reason": reason, "detail": "d"} for index, reason in refused.items()]
    return Answer(200, msgspec.json.encode({"accepted": number, "refused": named}))


def error(status: int, detail: str = "because", **headers: str) -> Answer:
    body = msgspec.json.encode({"error": "code", "detail": detail})
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


class Ingress:
    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Answer] = taken
        self.connections = 0
        self.closing = False
        """Closes each connection after its answer, without saying so."""
        self.gate = threading.Event()
        """Answers wait for it."""
        self.gate.set()
        self.url = ""

    @property
    def entries(self) -> list[Entry]:
        return [entry for asked in self.asked for entry in asked.entries]


@contextmanager
def ingress(tls: ssl.SSLContext | None = None) -> Iterator[Ingress]:
    one = Ingress()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def setup(self) -> None:
            one.connections += 1
            super().setup()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            entries = msgspec.msgpack.decode(zlib.decompress(body, 31), type=list[Entry])
            asked = Asked(self.path, dict(self.headers.items()), entries)
            one.gate.wait(30)
            answer = one.answer(asked)
            if answer.status == 200:
                one.asked.append(asked)
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = one.closing

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Tests say what they want to say."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever goes away in the middle is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    one.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
    try:
        yield one
    finally:
        one.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()
