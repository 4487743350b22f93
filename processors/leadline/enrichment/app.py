"""leadline worker enrichment: reads transitions, asks the history, publishes alerts.

At least once: offsets are committed after Kafka has acknowledged the alerts, whose ids are those of the transitions.
An alert late is worse than an alert thin: what the store cannot say in time is listed in `missing`.
"""

import logging
import threading

from confluent_kafka import Consumer, Producer

from leadline.core.clock import system_clock
from leadline.core.health import Progress, serve_health
from leadline.core.logs import setup_logging
from leadline.core.settings import Settings
from leadline.events.codec import Codec
from leadline.events.kafka import consumer_config, opened, producer_config
from leadline.events.registry import RegistryClient
from leadline.worker.stopping import stop_on_signals

from .consumer import Enrichment, committed
from .historian import Historian

GROUP = "leadline-enrichment"
STALL_AFTER_SECONDS = 60.0


def main(settings: Settings, health_host: str, health_port: int) -> int:
    """Runs until SIGTERM or SIGINT; 0 then, else the reason why it could not go on. Raises UsageError."""
    setup_logging()
    settings.require("kafka", "schema_registry", "clickhouse")
    stop = threading.Event()
    stop_on_signals(stop)
    progress = Progress(STALL_AFTER_SECONDS)
    server = serve_health(progress, health_port, health_host)
    consumer = opened(Consumer, consumer_config(settings, GROUP, on_commit=committed))
    historian = Historian(settings, stop)
    try:
        return Enrichment(
            consumer=consumer,
            producer=opened(Producer, producer_config(settings, **{"linger.ms": 0})),
            codec=Codec(RegistryClient.of(settings)),
            historian=historian,
            progress=progress,
            clock=system_clock,
            stop=stop,
        ).run()
    finally:
        consumer.close()
        historian.close()
        server.shutdown()
        logging.shutdown()
