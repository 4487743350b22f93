"""Whether a server on loopback answers 200."""

import http.client
from collections.abc import Callable

from .ports import HOST


def http_ok(port: int, path: str, timeout_seconds: float = 2.0) -> Callable[[], bool]:
    """A probe. Not urllib: a proxy in the environment has no business on loopback."""

    def probe() -> bool:
        connection = http.client.HTTPConnection(HOST, port, timeout=timeout_seconds)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return probe
