"""`python -m leadline.local.store --data DIR --port P`: run the store until SIGTERM or SIGINT."""

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from leadline.core.errors import LeadlineError, UsageError
from leadline.core.settings import TOKEN_FILE

from .configuration import MEGABYTE
from .credentials import load_or_create_token
from .engine import Engine
from .server import StoreServer

_INSERTS_MAY_TAKE_SECONDS = 20.0

logger = logging.getLogger("leadline.local.store")


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 after a clean end, 1 where it cannot start or could not end cleanly; the reason goes to stderr."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        return _serve(options)
    except LeadlineError as error:
        logger.error("%s", error)
    except OSError as error:
        logger.error("cannot use %s: %s; make room or mend its rights, or choose another --data", options.data, error.strerror)
    return 1


def _serve(options: argparse.Namespace) -> int:
    data: Path = options.data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    token = load_or_create_token(options.token_file or data / TOKEN_FILE)
    engine = Engine(data, options.memory_mb * MEGABYTE)
    try:
        server = StoreServer((options.host, options.port), engine, token)
    except OSError as error:
        engine.close()
        raise UsageError(f"cannot listen on {options.host}:{options.port}: {error.strerror}; choose another --port") from None
    _stop_on_signals(server)
    logger.info("ClickHouse %s at http://%s:%d", engine.version, options.host, server.server_address[1])
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    if server.drain(_INSERTS_MAY_TAKE_SECONDS):
        engine.close()
        return 0
    logger.error("a statement would not end; the engine was left as a crash would leave it, which loses nothing acknowledged")
    return 1


def _stop_on_signals(server: StoreServer) -> None:
    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m leadline.local.store", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="directory of the store, made where it is missing")
    parser.add_argument("--port", type=int, required=True, help="port of ClickHouse's HTTP protocol; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--token-file", type=Path, help="the writer's token (default: DIR/token); made where it is missing")
    parser.add_argument("--memory-mb", type=int, default=600, help="what the process may take (default: 600)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
