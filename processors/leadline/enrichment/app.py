"""leadline worker enrichment: reads transitions, asks the history, publishes alerts.

At least once: offsets are committed after Kafka has acknowledged the alerts, whose ids are those of the transitions.
An alert late is worse than an alert thin: what the store cannot say in time is listed in `missing`.
"""

import logging
import threading

from confluent_kafka import Consumer, Producer
from prometheus_client import Counter, Histogram

from leadline.core.clock import system_clock
from leadline.core.health import Progress, serve_health
from leadline.core.logs import setup_logging
from leadline.core.settings import Settings
from leadline.events.codec import Codec
from leadline.events.kafka import consumer_config, opened, producer_config
from leadline.events.registry import RegistryClient
from leadline.events.topics import TRANSITIONS
from leadline.worker.relay import Relay, committed
from leadline.worker.stopping import stop_on_signals

from .consumer import Enrichment
from .enrich import PRODUCER
from .historian import Historian

GROUP = "leadline-enrichment"
STALL_AFTER_SECONDS = 60.0
_BATCH = 64

_dead = Counter("leadline_enrichment_dead_letters", "Transitions that could not be read")
_seconds = Histogram("leadline_enrichment_seconds", "From taking a batch of transitions to Kafka's acknowledgement")


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
        relay = Relay(
            name="enrichment",
            made_by=PRODUCER,
            topic=TRANSITIONS,
            batch=_BATCH,
            consumer=consumer,
            producer=opened(Producer, producer_config(settings, **{"linger.ms": 0})),
            codec=Codec(RegistryClient.of(settings)),
            progress=progress,
            clock=system_clock,
            stop=stop,
            seconds=_seconds,
            dead=_dead,
        )
        return Enrichment(relay, historian).run()
    finally:
        consumer.close()
        historian.close()
        server.shutdown()
        logging.shutdown()
