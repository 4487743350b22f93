"""Settings that every Kafka client of ours shares, and the making of topics."""

from collections.abc import Callable
from typing import Any, TypeVar

from leadline.core.errors import Unavailable, UsageError
from leadline.core.settings import Settings, shown

from .kafka_security import Reason, security, unusable
from .topics import Topic, load_topics

T = TypeVar("T")

MAX_MESSAGE_BYTES = 10_485_760
"""The largest topic limit (dead letters); every client allows it, else it could not even dead-letter what is too large."""

PARTITIONER = "murmur2_random"
"""aiokafka's, Faust's and Java's; librdkafka's own default puts the same key into other partitions."""


def producer_config(settings: Settings, **more: Any) -> dict[str, Any]:
    """For confluent_kafka.Producer: idempotent, acks from all, the one partitioner. Raises UsageError."""
    return {
        **_connection(settings),
        "partitioner": PARTITIONER,
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": 5,
        "compression.type": "lz4",
        "message.max.bytes": MAX_MESSAGE_BYTES,
        **_quiet(settings),
        **more,
    }


def consumer_config(settings: Settings, group: str, **more: Any) -> dict[str, Any]:
    """For confluent_kafka.Consumer: from the beginning, offsets committed by hand. Raises UsageError."""
    return {
        **_connection(settings),
        "group.id": group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "fetch.message.max.bytes": MAX_MESSAGE_BYTES,
        "session.timeout.ms": session_timeout_ms(settings),
        **_quiet(settings),
        **more,
    }


def admin_config(settings: Settings, **more: Any) -> dict[str, Any]:
    """For confluent_kafka.admin.AdminClient. Raises UsageError."""
    return {**_connection(settings), **more}


def _connection(settings: Settings) -> dict[str, Any]:
    return {"bootstrap.servers": settings.require("kafka").kafka, **security(settings)}


def _quiet(settings: Settings) -> dict[str, Any]:
    from .news import News

    return {"error_cb": News(settings), "log_level": 2}


def opened(kind: Callable[..., T], config: dict[str, Any], **more: Any) -> T:
    """The client. Raises UsageError where librdkafka cannot use the settings, such as a key with another password."""
    from confluent_kafka import KafkaException

    try:
        return kind(config, **more)
    except KafkaException as error:
        raise UsageError(unusable(error.args[0])) from error


def session_timeout_ms(settings: Settings) -> int:
    """How fast a killed member is replaced; short locally, patient in production."""
    return 10_000 if settings.environment == "local" else 60_000


def create_topics(
    settings: Settings, progress: Callable[[str], None] = lambda _: None, topics: tuple[Topic, ...] | None = None
) -> list[str]:
    """Creates the topics that are missing (default: all of topics.toml) and returns their names.

    Raises UsageError where a topic exists with another number of partitions, Unavailable where Kafka does not answer.
    """
    from confluent_kafka import KafkaError, KafkaException
    from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

    reason = Reason(settings)
    admin = opened(AdminClient, admin_config(settings, error_cb=reason))
    try:
        existing = admin.list_topics(timeout=15).topics
        wanted = load_topics(settings.environment) if topics is None else topics
        _check_partitions(wanted, {name: len(found.partitions) for name, found in existing.items()})
        missing = [topic for topic in wanted if topic.name not in existing]
        futures = (
            admin.create_topics([NewTopic(t.name, t.partitions, t.replication, config=t.config()) for t in missing])
            if missing
            else {}
        )
        for name, future in futures.items():
            try:
                future.result(timeout=30)
                progress(name)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another role was faster
                    raise
    except KafkaException as error:
        admin.poll(0)
        raise Unavailable(reason.sentence or f"Kafka at {shown(settings.kafka)} does not answer: {error}") from error
    return [topic.name for topic in missing]


def _check_partitions(wanted: tuple[Topic, ...], existing: dict[str, int]) -> None:
    for topic in wanted:
        found = existing.get(topic.name, topic.partitions)
        if found != topic.partitions:
            raise UsageError(
                f"{topic.name} has {found} partitions, {topic.partitions} are needed: keys would change their partition; "
                "create the topic anew or set LEADLINE_ENVIRONMENT to the environment that made it"
            )
