"""ClickHouse's HTTP protocol over the engine.

The standard library's threading server: the engine releases the interpreter's lock while it works, so threads are enough,
and an answer costs less to send than the engine takes for its smallest query.
"""

import contextlib
import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any, cast
from urllib.parse import urlsplit
from uuid import uuid4

from .body import Body, BodyError, body_of
from .configuration import MEGABYTE
from .credentials import role_of
from .engine import Answer, Engine, EngineError, Role
from .form import fields_of, is_form
from .reader import Reader
from .request import Question, foreign, is_local, parameters_of, question_of
from .response import PLAIN, answer_headers, encoded, error_headers, error_text
from .status import status_of
from .writer import Writer

logger = logging.getLogger(__name__)

BODY_LIMITS: dict[Role, int] = {"reader": 8 * MEGABYTE, "writer": 1024 * MEGABYTE}
READERS_AT_ONCE = 3
"""More would share two cores and the engine's memory with the inserts; most statements take milliseconds."""
_READER_WAITS_SECONDS = 30.0
_LINGER_SECONDS = 2.0
_AUTHENTICATION_FAILED = 516
_TOO_MANY_QUERIES = 202
_NOT_ENOUGH_SPACE = 243


class StoreServer(ThreadingHTTPServer):
    """Raises OSError where the port is taken."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], engine: Engine, token: str) -> None:
        self.host = address[0]
        self.engine = engine
        self.token = token
        self.reader = Reader(engine)
        self.writer = Writer(engine, self.reader.definitions_changed)
        self.readers = threading.BoundedSemaphore(READERS_AT_ONCE)
        self._closing = False
        self._requests = 0
        self._requests_changed = threading.Condition()
        if ":" in self.host:
            self.address_family = socket.AF_INET6
        super().__init__(address, Handler)

    def read(self, question: Question) -> tuple[Answer, str]:
        """A few at a time: readers must not take the machine from the writer."""
        if not self.readers.acquire(timeout=_READER_WAITS_SECONDS):
            raise EngineError.named(
                _TOO_MANY_QUERIES,
                "TOO_MANY_SIMULTANEOUS_QUERIES",
                f"{READERS_AT_ONCE} readers have been busy for {_READER_WAITS_SECONDS:.0f} s: try again later",
            )
        try:
            return self.reader.answer(question)
        finally:
            self.readers.release()

    @contextlib.contextmanager
    def request(self) -> Iterator[bool]:
        """Around each request; False where the store is about to end and takes no more."""
        with self._requests_changed:
            self._requests += 1
            accepted = not self._closing
        try:
            yield accepted
        finally:
            with self._requests_changed:
                self._requests -= 1
                self._requests_changed.notify_all()

    def drain(self, timeout_seconds: float) -> bool:
        """Take no more, cut SELECTs short, let inserts finish and be answered. False where one did not end in time."""
        with self._requests_changed:
            self._closing = True
        self.engine.cancel_reads()
        with self._requests_changed:
            return self._requests_changed.wait_for(lambda: not self._requests, timeout_seconds)

    def handle_error(self, request: Any, client_address: Any) -> None:
        logger.debug("the connection of %s broke", client_address, exc_info=True)


class Handler(BaseHTTPRequestHandler):
    """One connection of a client, kept alive between its requests."""

    protocol_version = "HTTP/1.1"
    server_version = "ClickHouse"
    sys_version = ""
    timeout = 120  # seconds that a client may be silent
    disable_nagle_algorithm = True
    wbufsize = 65_536

    @property
    def store(self) -> StoreServer:
        return cast("StoreServer", self.server)

    def handle_request(self) -> None:
        self._query_id = ""
        self._body: Body | None = None
        with self.store.request() as accepted:
            if accepted:
                self._answered()
            else:
                self.close_connection = True
                self._refuse(503, "the store is stopping")
            self.wfile.flush()

    do_GET = do_POST = do_HEAD = handle_request  # noqa: N815 - the base class's names

    def _answered(self) -> None:
        try:
            self._route()
        except BodyError as error:
            self._refuse(error.status, str(error))
        except EngineError as error:
            self._fail(error)
        except OSError as error:
            self._fail_to_store(error)

    def _route(self) -> None:
        if reason := foreign(self.headers, self.store.host):
            self._refuse(403, reason)
        elif not is_local(self.client_address[0]):
            self._refuse(403, "this store answers callers on its own machine only")
        elif (path := urlsplit(self.path).path) in ("/ping", "/healthz"):
            self.store.engine.run("SELECT 1", role="reader")
            self._send(200, b"Ok.\n", PLAIN)
        elif path not in ("", "/"):
            self._refuse(404, f"there is no {path}: statements go to /, and there are /ping and /healthz")
        else:
            self._statement()

    def _statement(self) -> None:
        parameters = parameters_of(self.path)
        role = role_of(self.headers, parameters, self.store.token)
        if role is None:
            raise EngineError.named(
                _AUTHENTICATION_FAILED,
                "AUTHENTICATION_FAILED",
                "Authentication failed: password is incorrect, or there is no user with such name. The user is leadline, "
                "and the password stands in the file `token` of the data directory",
            )
        self._query_id = parameters.get("query_id") or str(uuid4())
        self._body = body_of(self.headers, parameters, cast("IO[bytes]", self.rfile), BODY_LIMITS[role])
        if is_form(self.headers):
            parameters |= fields_of(self.headers, self._body.read_all())
        answer, output = self._answer(role, question_of(self.headers, parameters), self._body)
        body, encoding = encoded(answer.body, self.headers, parameters)
        headers = answer_headers(answer, output, self._query_id)
        self._send(200, body, {**headers, "Content-Encoding": encoding} if encoding else headers)

    def _answer(self, role: Role, question: Question, body: Body) -> tuple[Answer, str]:
        if role == "reader":
            text = body.read_all().decode(errors="surrogateescape")
            return self.store.read(replace(question, statement="\n".join(filter(None, (question.statement, text)))))
        if self.command != "POST":  # as a ClickHouse server does: a link must not be able to change anything
            question = replace(question, settings={**question.settings, "readonly": "2"})
        return self.store.writer.answer(question, body)

    def _fail(self, error: EngineError) -> None:
        headers = error_headers(error, self._query_id)
        if error.code == _AUTHENTICATION_FAILED:
            headers["WWW-Authenticate"] = 'Basic realm="ClickHouse server HTTP API"'
        self._send(status_of(error.code), error_text(error, self.store.engine.version), headers)

    def _fail_to_store(self, error: OSError) -> None:
        if isinstance(error, ConnectionError | TimeoutError):
            self.close_connection = True
            return
        logger.error("cannot take a body: %s", error)
        self._fail(EngineError.named(_NOT_ENOUGH_SPACE, "NOT_ENOUGH_SPACE", f"cannot store what was sent: {error.strerror}"))

    def _refuse(self, status: int, reason: str) -> None:
        self._send(status, f"{reason}\n".encode(errors="replace"), PLAIN)

    def _send(self, status: int, body: bytes | memoryview, headers: Mapping[str, str]) -> None:
        unread = self._unread()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, _one_line(value))
        if unread:
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        if unread:
            self._linger()

    def _unread(self) -> bool:
        """True where a part of the request was left, so that the next one cannot be found behind it."""
        if self._body is not None:
            return not self._body.empty
        return self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers

    def _linger(self) -> None:
        """A connection closed over unread data is reset, and the client would never learn why it was refused."""
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_LINGER_SECONDS)
            left = 64 * MEGABYTE
            while left > 0 and (piece := self.connection.recv(MEGABYTE)):
                left -= len(piece)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Statements and addresses may hold what is nobody's business."""


def _one_line(value: str) -> str:
    """Nothing that a caller or a statement says may begin a header of its own."""
    return "".join(character if character.isprintable() and character.isascii() else "?" for character in value)
