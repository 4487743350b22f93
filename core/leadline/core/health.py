"""`/healthz` and `/metrics` of a role: progress, not process.

A role reports its progress; when it holds work and has made no progress for `stall_after_seconds`, /healthz answers 503.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Progress:
    """Thread-safe: the role writes, the health server and the watchdog read. Seconds are of a monotonic clock."""

    def __init__(self, stall_after_seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._stall_after = stall_after_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._last = monotonic()
        self._lag = 0
        self._details: dict[str, Any] = {}
        self._problems: dict[str, str] = {}

    def advanced(self, lag: int = 0, **details: Any) -> None:
        """Work was done (or there was none to do); `lag` messages are still waiting."""
        with self._lock:
            self._last = self._monotonic()
            self._lag = lag
            self._details.update(details)

    def waiting(self, lag: int) -> None:
        """`lag` messages are waiting and none was done since the last report."""
        with self._lock:
            self._lag = lag

    def problems(self, problems: Mapping[str, str]) -> None:
        """What cannot go on, and why; as long as there is anything, the role is not healthy."""
        with self._lock:
            self._problems = dict(problems)

    def stalled_for(self) -> float:
        """Seconds without progress while work is waiting; 0.0 when nothing waits."""
        with self._lock:
            return self._monotonic() - self._last if self._lag else 0.0

    def healthy(self) -> bool:
        return self.stalled_for() <= self._stall_after and not self._problems

    def report(self) -> dict[str, Any]:
        stalled = self.stalled_for()
        with self._lock:
            return {
                "ok": stalled <= self._stall_after and not self._problems,
                "stalled_seconds": round(stalled, 3),
                "lag": self._lag,
                **({"problems": dict(self._problems)} if self._problems else {}),
                **self._details,
            }


def serve_health(progress: Progress, port: int, host: str = "127.0.0.1") -> ThreadingHTTPServer:
    """Serve on a daemon thread until `.shutdown()`. `port` 0 takes a free one. Raises OSError where the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/healthz":
                report = progress.report()
                self._answer(200 if report["ok"] else 503, "application/json", json.dumps(report).encode())
            elif self.path == "/metrics":
                from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

                self._answer(200, CONTENT_TYPE_LATEST, generate_latest())
            else:
                self._answer(404, "text/plain", b"there are /healthz and /metrics\n")

        def _answer(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Probes come every second; they are not news."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
