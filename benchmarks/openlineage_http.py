"""OpenLineage's events a second over HTTP, until Kafka has them: `python -m benchmarks.openlineage_http [--seconds 5]`.

On a broker, a registry and an API of its own. Each connection sends its next request when the one before is answered 201: with
single events, as OpenLineage's clients send them, and with arrays. The sender shares the machine with all of it.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from leadline.core.settings import TOKEN_FILE
from leadline.local import Stack

from .machine import describe
from .openlineage_events import maker

CASES = [(size, connections, array) for size in (4_096, 65_536) for connections, array in ((1, 1), (1, 50), (32, 1), (32, 50))]


class Sender:
    def __init__(self, url: str, token: str, make: Callable[[int], bytes], array: int, numbers: Iterator[int]) -> None:
        self._host, self._port = urlsplit(url).hostname, urlsplit(url).port
        self._head = f"POST /api/v1/lineage HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {token}\r\nContent-Length: "
        self._make, self._array, self._numbers = make, array, numbers

    async def send(self, seconds: float) -> int:
        """Events that were answered for. Raises SystemExit for any other answer than 201."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        end, sent = time.perf_counter() + seconds, 0
        while time.perf_counter() < end:
            body = self._body()
            writer.write(f"{self._head}{len(body)}\r\n\r\n".encode() + body)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            answer = await reader.readexactly(length)
            if not head.startswith(b"HTTP/1.1 201"):
                raise SystemExit(f"{head.decode()}{answer.decode()}")
            sent += self._array
        writer.close()
        return sent

    def _body(self) -> bytes:
        events = [self._make(next(self._numbers)) for _ in range(self._array)]
        return events[0] if self._array == 1 else b"[" + b",".join(events) + b"]"


async def rate(sender: Sender, connections: int, seconds: float) -> float:
    began = time.perf_counter()
    sent = await asyncio.gather(*(sender.send(seconds) for _ in range(connections)))
    return sum(sent) / (time.perf_counter() - began)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--port-base", type=int, default=29_100)
    arguments = parser.parse_args()
    sys.stdout.write(f"{describe()}\n{'events/s':44}  {'min':>9}  {'median':>9}  {'max':>9}\n")
    numbers = count()
    with tempfile.TemporaryDirectory() as data:
        stack = Stack(Path(data), arguments.port_base, only=("broker", "registry", "api"))
        with stack:
            token = (Path(data) / TOKEN_FILE).read_text().strip()
            for size, connections, array in CASES:
                sender = Sender(stack.api, token, maker(size), array, numbers)
                rates = [asyncio.run(rate(sender, connections, arguments.seconds)) for _ in range(arguments.rounds)]
                what = f"{size // 1024} KB, {connections} connections, {array} in a request"
                cells = "  ".join(f"{value:9,.0f}" for value in (min(rates), statistics.median(rates), max(rates)))
                sys.stdout.write(f"{what:44}  {cells}\n")
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
