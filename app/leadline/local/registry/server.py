"""The registry over HTTP."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from leadline.core.errors import Unavailable

from .errors import RegistryError
from .registry import Registry
from .routes import answer

_CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
_MAX_BODY = 8 * 1024 * 1024


def make_server(registry: Registry, host: str, port: int) -> ThreadingHTTPServer:
    """Listens; `.serve_forever()` answers. Raises OSError where the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet, else each answer waits for a delayed acknowledgement
        timeout = 120

        def _handle(self) -> None:
            try:
                status, body = 200, answer(registry, self.command, self.path, self._body())
            except RegistryError as error:
                status, body = error.status, {"error_code": error.code, "message": str(error)}
            except Unavailable as error:
                status, body = 503, {"error_code": 50001, "message": str(error)}
            data = json.dumps(body, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", _CONTENT_TYPE)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815 - the base class's names

        def _body(self) -> dict[str, Any]:
            """Raises RegistryError. A page in a browser may reach loopback too, so what says it comes from one is refused."""
            data = self._read()
            if self.headers.get("Origin"):
                raise RegistryError(403, "requests of web pages are refused")
            try:
                found = json.loads(data or b"{}")
            except ValueError as error:
                raise RegistryError(400, f"the body is no JSON: {error}") from error
            if not isinstance(found, dict):
                raise RegistryError(400, "the body must be a JSON object")
            return found

        def _read(self) -> bytes:
            length = self.headers.get("Content-Length", "0")
            if not length.isdigit() or int(length) > _MAX_BODY or self.headers.get("Transfer-Encoding"):
                self.close_connection = True
                raise RegistryError(413, f"the body needs a Content-Length of at most {_MAX_BODY} bytes")
            return self.rfile.read(int(length))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Answers are no news; what fails is said to the one who asked."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    return server
