"""The Faust app with the settings of docs/processors.md; none of them is a matter of taste."""

from pathlib import Path
from typing import Any

from leadline.core.settings import Settings
from leadline.events.kafka import MAX_MESSAGE_BYTES, session_timeout_ms

from .credentials import credentials
from .store import STORE


def make_app(settings: Settings, app_id: str, partitions: int, datadir: Path) -> Any:
    """A faust.App. `datadir` must be this process's alone. Raises UsageError where the settings let nobody in."""
    import faust

    return faust.App(
        app_id,
        broker=[f"kafka://{address}" for address in settings.require("kafka").kafka.split(",")],
        broker_credentials=credentials(settings),
        datadir=datadir,
        autodiscover=False,
        processing_guarantee="at_least_once",
        store=STORE,
        table_standby_replicas=0,
        topic_partitions=partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        web_in_thread=False,
        producer_acks=-1,
        producer_max_request_size=MAX_MESSAGE_BYTES,
        producer_max_batch_size=262_144,
        producer_compression_type="lz4",
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=MAX_MESSAGE_BYTES,
        broker_session_timeout=session_timeout_ms(settings) / 1000,
        broker_heartbeat_interval=3.0,
        broker_request_timeout=90.0,
        broker_rebalance_timeout=60.0,
        broker_max_poll_interval=300.0,
        broker_max_poll_records=500,
        broker_commit_interval=1.0,
        broker_commit_every=1000,
        stream_buffer_maxsize=1024,
        stream_wait_empty=True,
        stream_processing_timeout=60.0,
        stream_recovery_delay=0.0 if settings.environment == "local" else 5.0,
        stream_publish_on_commit=False,
        worker_redirect_stdouts=False,
    )
