"""leadline worker api: takes events over HTTP and answers when Kafka has them."""

import logging
import os
import signal
import socket

import uvicorn
from confluent_kafka import KafkaError, Producer
from starlette.applications import Starlette

from leadline.core.health import Progress, serve_health
from leadline.core.logs import setup_logging
from leadline.core.settings import TOKEN_FILE, Settings
from leadline.events.kafka import opened, producer_config
from leadline.events.registry import RegistryClient

from .address import load_address
from .check import Checker
from .ingest import Ingest
from .intake import Intake
from .lineage import Lineage
from .outlet import PRODUCER_SETTINGS, Outlet
from .reads import reads_of
from .routes import make_api
from .tokens import load_tokens

STALL_AFTER_SECONDS = 60.0
REGISTRY_SECONDS = 2.0
KEEP_ALIVE_SECONDS = 75
"""Longer than senders and proxies keep a connection that is idle, so that none is closed while they begin to use it."""
MAX_CONNECTIONS = 1_000
END_WITHIN_SECONDS = 8
"""For the requests in work; each is answered within Kafka's own time-out of 5 s."""

log = logging.getLogger(__name__)


def main(settings: Settings, health_host: str, health_port: int) -> int:
    """Runs until SIGTERM or SIGINT; 0 then. Raises UsageError (no token, an address that cannot be listened on)."""
    setup_logging()
    settings.require("kafka", "schema_registry")
    address = load_address(os.environ)
    tokens = load_tokens(settings.token, os.environ, settings.data / TOKEN_FILE if address.loopback else None)
    listening = address.bind()
    progress = Progress(STALL_AFTER_SECONDS)
    outlet = Outlet(opened(Producer, producer_config(settings, **PRODUCER_SETTINGS)), progress, KafkaError.MSG_SIZE_TOO_LARGE)
    checker = Checker(RegistryClient.of(settings, REGISTRY_SECONDS))
    outlet.start()
    health = serve_health(progress, health_port, health_host)
    intake = Intake()
    ingest, lineage = Ingest(intake, checker, outlet), Lineage(intake, outlet)
    api = make_api(ingest, lineage, progress, tokens, loopback=address.loopback, reads=reads_of(settings))
    log.info("listening on %s:%d", *listening.getsockname()[:2])
    try:
        _serve(api, listening)
        return 0
    finally:
        health.shutdown()
        outlet.stop()
        logging.shutdown()


def _serve(api: Starlette, listening: socket.socket) -> None:
    server = uvicorn.Server(
        uvicorn.Config(
            api,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,  # ours, to stderr
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=END_WITHIN_SECONDS,
        )
    )

    def stop(*_: object) -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn has its own meanwhile, and raises the signal again afterwards
        signal.signal(number, stop)
    server.run(sockets=[listening])
