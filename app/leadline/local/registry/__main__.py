"""`python -m leadline.local.registry --port P`, with Kafka's address in KAFKA."""

import argparse
import signal
import sys
import threading

from leadline.core.errors import LeadlineError
from leadline.core.settings import load_settings

from .registry import Registry
from .server import make_server
from .state import State
from .topic import SchemasTopic

_WATCH_SECONDS = 0.5


def main() -> int:
    """Until SIGTERM or SIGINT; 1 where Kafka does not answer at the start or the topic can no longer be read."""
    parser = argparse.ArgumentParser(prog="python -m leadline.local.registry")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    arguments = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        return serve(arguments.host, arguments.port, stop)
    except (LeadlineError, OSError) as error:
        sys.stderr.write(f"leadline registry: {error}\n")
        return 1


def serve(host: str, port: int, stop: threading.Event) -> int:
    """Answers requests only once the whole topic was read. Raises Unavailable, OSError (port taken)."""
    state = State()
    topic = SchemasTopic(load_settings().require("kafka"), state)
    registry = Registry(state, topic)
    topic.open()
    registry.start()
    server = make_server(registry, host, port)
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    while not stop.wait(_WATCH_SECONDS):
        if not topic.alive():
            return 1
    server.shutdown()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
