"""One batch at a time to Leadline's ingress over a connection that stays open (docs/ingress.md)."""

import contextlib
import http.client
import re
import socket
import zlib
from collections.abc import Callable

import msgspec

from leadline.core.errors import LeadlineError, Unavailable, UsageError

from .entry import Entry
from .http_route import Route

PATH = "/api/v1/events"
STEP_SECONDS = 10.0
"""Of each step on the network; the server answers within 10 s, whatever it waits for."""
MOST_RETRY_SECONDS = 60.0
_MOST_ANSWER = 16 * 1024 * 1024
_GZIP = 31  # zlib's window bits for a gzip header
_STALE = (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)  # RemoteDisconnected is one of the first
_encoder = msgspec.msgpack.Encoder()


class Away(Unavailable):
    """Nothing of the batch is known to be taken; the server wants to be left alone for `retry_seconds`."""

    def __init__(self, sentence: str, retry_seconds: float = 0.0) -> None:
        super().__init__(sentence)
        self.retry_seconds = retry_seconds


class TooLarge(LeadlineError):
    """The batch is more than the server, or something before it, takes at once."""


class _Refused(msgspec.Struct, frozen=True):
    index: int
    reason: str


class _Answer(msgspec.Struct, frozen=True):
    accepted: int
    refused: list[_Refused]


class _Error(msgspec.Struct, frozen=True):
    detail: str = ""


_answer = msgspec.json.Decoder(_Answer)
_error = msgspec.json.Decoder(_Error)


class Poster:
    """`post` belongs to one thread, `abort` to another."""

    def __init__(self, route: Route, token: str) -> None:
        """Raises UsageError without a token that can stand in a header."""
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            raise UsageError("Leadline's ingress asks for a token: set LEADLINE_TOKEN to the one that you were given")
        self._route = route
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/vnd.msgpack",
            "Content-Encoding": "gzip",
            **route.headers(),
        }
        self._connection: http.client.HTTPConnection | None = None

    def post(self, entries: list[Entry], wanted: Callable[[], bool], step_seconds: float = STEP_SECONDS) -> dict[int, str]:
        """Returns when Kafka has them: index to reason for those that are refused. Raises Away, TooLarge.

        `wanted` False: nobody waits for the answer any more.
        """
        packer = zlib.compressobj(1, wbits=_GZIP)
        body = packer.compress(_encoder.encode(entries)) + packer.flush()
        try:
            response, data = self._ask(body, wanted, step_seconds)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise Away(f"Leadline at {self._route.url} does not answer: {error or type(error).__name__}") from error
        if response.status == 413:
            raise TooLarge(_detail(data))
        if response.status != 200:
            sentence = f"Leadline at {self._route.url} answers {response.status} {response.reason}: {_detail(data)}"
            raise Away(sentence, _seconds(response.headers.get("Retry-After", "")))
        return self._refused(data, len(entries))

    def abort(self) -> None:
        """Ends what `post` waits for, once it is no longer `wanted`."""
        connection = self._connection
        sock = connection.sock if connection is not None else None
        if sock is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not the TLS socket's own, which changes it under the reader

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ask(self, body: bytes, wanted: Callable[[], bool], seconds: float) -> tuple[http.client.HTTPResponse, bytes]:
        used = self._connection is not None and self._connection.sock is not None
        try:
            return self._exchange(body, wanted, seconds)
        except _STALE:
            self.close()
            if not used or not wanted():
                raise
        return self._exchange(body, wanted, seconds)  # the server had closed it, as it may at any time

    def _exchange(self, body: bytes, wanted: Callable[[], bool], seconds: float) -> tuple[http.client.HTTPResponse, bytes]:
        if self._connection is None:
            self._connection = self._route.connection(seconds)
        if self._connection.sock is None:
            self._connection.connect()
        if not wanted():  # asked here, since `abort` finds the socket from now on
            raise ConnectionAbortedError("nobody waits for the answer any more")
        self._connection.request("POST", self._route.target(PATH), body, self._headers)
        response = self._connection.getresponse()
        data = response.read(_MOST_ANSWER)
        if not response.isclosed() and response.read(1):
            self.close()
        return response, data

    def _refused(self, data: bytes, number: int) -> dict[int, str]:
        """Whatever else answers 200, a login page for example, has taken nothing."""
        try:
            answer = _answer.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Away(f"what answers at {self._route.url} is not Leadline's ingress") from None
        refused = {one.index: _reason(one.reason) for one in answer.refused if 0 <= one.index < number}
        if answer.accepted + len(refused) != number:
            raise Away(f"Leadline at {self._route.url} speaks of {answer.accepted + len(refused)} events, sent were {number}")
        return refused


def _reason(text: str) -> str:
    """Counted by: so no more than a word."""
    return text if re.fullmatch(r"[a-z_]{1,40}", text) else "refused"


def _detail(data: bytes) -> str:
    try:
        return _error.decode(data).detail[:500]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "no reason that Leadline would give"


def _seconds(retry_after: str) -> float:
    return min(float(retry_after), MOST_RETRY_SECONDS) if re.fullmatch(r"[0-9]{1,6}", retry_after) else 0.0
