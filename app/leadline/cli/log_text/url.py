"""Over HTTP and HTTPS, with the proxies that the environment names, and without any credentials."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Any
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from leadline.core.errors import LeadlineError, Unavailable, UsageError
from leadline.track.redact import without_credentials

from . import address
from .text import CHUNK, Text, head, tail

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 30.0
"""For each step: connecting, and each piece."""
LONGEST = 1024**3
"""Of a text that a server sends only from its beginning: what follows is not read."""


class _Http(http.client.HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _check_peer(self)


class _Https(http.client.HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _check_peer(self)


def _check_peer(connection: http.client.HTTPConnection) -> None:
    """Before anything is asked of it: a name may lead anywhere."""
    try:
        address.check(connection.sock.getpeername()[0])
    except BaseException:
        connection.close()
        raise


class _HttpHandler(request.HTTPHandler):
    def http_open(self, req: request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Http, req)


class _HttpsHandler(request.HTTPSHandler):
    def https_open(self, req: request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Https, req)


class _Redirects(request.HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0917 - as it is called
        self, req: request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> request.Request | None:
        try:
            _check(newurl)
        except UsageError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def read(location: str, last: int) -> Text:
    _check(location)
    shown = without_credentials(location)
    asked = request.Request(
        without_credentials(location),
        headers={"Range": f"bytes=-{last}", "Accept-Encoding": "identity", "User-Agent": "leadline"},
    )
    try:
        answer = _opener().open(asked, timeout=SECONDS)
    except HTTPError as error:
        error.close()
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:  # of something empty there is no last part
            return Text(cut=False, chunks=iter(()))
        reason = "it leads to something that is no web page" if 300 <= error.code < 400 else error.reason
        raise LeadlineError(f"{shown} cannot be read: {error.code} {reason}") from None
    except (OSError, URLError, http.client.HTTPException, ValueError) as error:
        raise Unavailable(f"{shown} cannot be reached: {getattr(error, 'reason', None) or error}") from None
    chunks = _chunks(answer, shown)
    if answer.status == http.client.PARTIAL_CONTENT:
        return Text(not answer.headers.get("Content-Range", "").startswith("bytes 0-"), head(chunks, last))
    return tail(head(chunks, LONGEST), last)


def _opener() -> request.OpenerDirector:
    """Of the handlers that urllib has, without those for files, FTP and data."""
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        _HttpHandler(),
        _HttpsHandler(),
        _Redirects(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _check(location: str) -> None:
    """Raises UsageError."""
    try:
        parts = urlsplit(location)
        host = parts.hostname or ""
    except ValueError as error:
        raise UsageError(f"a log pointer is no URL: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError(f"{without_credentials(location)} is no web page; logs are read from http:// and https:// only")
    address.check(host)


def _chunks(answer: http.client.HTTPResponse, shown: str) -> Iterator[bytes]:
    with answer:
        try:
            while chunk := answer.read(CHUNK):
                yield chunk
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"{shown} broke off: {error}") from None
        if answer.length:  # reading in pieces says nothing of it
            raise Unavailable(f"{shown} broke off: {answer.length:,} bytes were still to come")
