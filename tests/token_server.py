"""OIDC's token endpoint over HTTPS, as small as a client's use of it: tokens are unsigned, as Kafka takes them by default."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from .certificates import Certificates
from .https import https

CLIENT, SECRET = "reporting", "handshake-77b0"


class _Token(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        wanted = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if self.headers["Authorization"] != wanted:
            self._answer(401, {"error": "invalid_client", "error_description": "no such client"})
            return
        now = int(time.time())
        claims = {"sub": CLIENT, "iat": now, "exp": now + 600}
        token = ".".join((_encoded({"alg": "none"}), _encoded(claims), ""))
        self._answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": 600})

    def _answer(self, status: int, body: dict[str, object]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def _encoded(part: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@contextmanager
def token_server(certificates: Certificates) -> Iterator[str]:
    """Gives the URL of the endpoint."""
    with https(_Token, certificates) as url:
        yield f"{url}/token"
