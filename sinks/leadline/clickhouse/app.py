"""leadline worker sink: everything on our topics into ClickHouse, and what cannot be read into dead letters."""

import logging
import os
import signal
import threading
from importlib.metadata import version

from confluent_kafka import Consumer, Producer

from leadline.core.clock import system_clock
from leadline.core.errors import UsageError
from leadline.core.health import Progress, serve_health
from leadline.core.logs import setup_logging
from leadline.core.settings import Settings
from leadline.events.codec import Codec
from leadline.events.kafka import consumer_config, opened, producer_config
from leadline.events.registry import RegistryClient
from leadline.events.topics import ALERT_STATE, load_topics

from .consumer import Sink
from .flush import Flusher
from .graveyard import Graveyard
from .insert import Inserter
from .migrate import pending
from .patience import Patience, Stopping
from .store import writing
from .writers import Writers

GROUP = "leadline-sink"
STALL_AFTER_SECONDS = 60.0
_FETCH_KBYTES = 32_768

log = logging.getLogger(__name__)


def main(settings: Settings, health_host: str, health_port: int) -> int:
    """Runs until SIGTERM or SIGINT; 0 then. Raises UsageError (the store is not migrated, a setting makes no sense)."""
    setup_logging()
    settings.require("kafka", "schema_registry", "clickhouse")
    stop = threading.Event()
    _stop_on_signals(stop)
    progress = Progress(STALL_AFTER_SECONDS)
    server = serve_health(progress, health_port, health_host)
    consumer = opened(
        Consumer,
        consumer_config(
            settings,
            GROUP,
            **{"fetch.wait.max.ms": 50, "queued.max.messages.kbytes": _FETCH_KBYTES, "fetch.queue.backoff.ms": 20},
        ),
    )
    try:
        patience = Patience(stop)
        patience.ask(lambda: _require_migrated(settings))
        _sink(settings, consumer, progress, patience, stop).run(topics())
        return 0
    except Stopping:
        return 0
    finally:
        consumer.close()
        server.shutdown()
        logging.shutdown()


def topics() -> list[str]:
    """All that hold records, but the open alerts: they repeat transitions, for those who have no store."""
    return [topic.name for topic in load_topics() if topic.records and topic.name != ALERT_STATE]


def _sink(settings: Settings, consumer: Consumer, progress: Progress, patience: Patience, stop: threading.Event) -> Sink:
    registry = RegistryClient.of(settings)
    store = Inserter(settings)
    graveyard = Graveyard(
        opened(Producer, producer_config(settings)), Codec(registry), system_clock, f"leadline-sink/{version('leadline')}"
    )
    writers = Writers(registry, store, os.environ.get("CLICKHOUSE_CLUSTER", ""))
    flusher = Flusher(store, writers, graveyard, patience, unreadable_limit())
    return Sink(consumer, flusher, store, progress=progress, clock=system_clock, stop=stop)


def unreadable_limit() -> float:
    """LEADLINE_UNREADABLE_SHARE, from 0 to 1 (default 0.5). Raises UsageError."""
    text = os.environ.get("LEADLINE_UNREADABLE_SHARE", "0.5")
    try:
        limit = float(text)
    except ValueError:
        limit = -1.0
    if not 0 <= limit <= 1:
        raise UsageError(f"LEADLINE_UNREADABLE_SHARE is {text!r}; it must be a number from 0 to 1")
    return limit


def _require_migrated(settings: Settings) -> None:
    with writing(settings) as client:
        todo = pending(client)
    if todo:
        raise UsageError(f"the store lacks {len(todo)} migrations, from {todo[0].number:04} on: run `leadline migrate`")


def _stop_on_signals(stop: threading.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
