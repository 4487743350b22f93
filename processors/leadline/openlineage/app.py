"""leadline worker openlineage: reads what OpenLineage's clients sent, publishes what it means.

At least once: offsets are committed after Kafka has acknowledged everything that was made of the events, whose ids are derived
from their content, so that what is read twice is known as the same.
"""

import logging
import threading
from importlib.metadata import version

from confluent_kafka import Consumer, Producer
from prometheus_client import Counter, Histogram

from leadline.core.clock import system_clock
from leadline.core.health import Progress, serve_health
from leadline.core.logs import setup_logging
from leadline.core.settings import Settings
from leadline.events.codec import Codec
from leadline.events.kafka import consumer_config, opened, producer_config
from leadline.events.registry import RegistryClient
from leadline.events.topics import OPENLINEAGE_EVENTS
from leadline.worker.relay import Relay, committed
from leadline.worker.stopping import stop_on_signals

from .consumer import Translation

GROUP = "leadline-openlineage"
STALL_AFTER_SECONDS = 60.0
CONSUMER_SETTINGS = {"queued.max.messages.kbytes": 32 * 1024}
PRODUCER_SETTINGS = {"queue.buffering.max.kbytes": 64 * 1024, "linger.ms": 100}
"""Sizes bound memory, whatever that of events. Each batch is flushed, which does not linger: what lingers is amid one."""
_BATCH = 500

_dead = Counter("leadline_openlineage_dead_letters", "OpenLineage's events that could not be used")
_seconds = Histogram("leadline_openlineage_seconds", "From taking a batch of events to Kafka's acknowledgement")


def main(settings: Settings, health_host: str, health_port: int) -> int:
    """Runs until SIGTERM or SIGINT; 0 then, else the reason why it could not go on. Raises UsageError."""
    setup_logging()
    settings.require("kafka", "schema_registry")
    stop = threading.Event()
    stop_on_signals(stop)
    progress = Progress(STALL_AFTER_SECONDS)
    server = serve_health(progress, health_port, health_host)
    consumer = opened(Consumer, consumer_config(settings, GROUP, on_commit=committed, **CONSUMER_SETTINGS))
    try:
        relay = Relay(
            name="openlineage",
            made_by=f"leadline-openlineage/{version('leadline')}",
            topic=OPENLINEAGE_EVENTS,
            batch=_BATCH,
            consumer=consumer,
            producer=opened(Producer, producer_config(settings, **PRODUCER_SETTINGS)),
            codec=Codec(RegistryClient.of(settings)),
            progress=progress,
            clock=system_clock,
            stop=stop,
            seconds=_seconds,
            dead=_dead,
        )
        return Translation(relay).run()
    finally:
        consumer.close()
        server.shutdown()
        logging.shutdown()
