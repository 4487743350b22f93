"""The topics, as topics.toml describes them."""

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources

from leadline.core.errors import Unreadable
from leadline.core.settings import Environment

from . import records as _records
from .records import Event

OPENLINEAGE_EVENTS = "openlineage.events"
RUNS = "leadline.runs"
METRICS = "leadline.metrics"
LOGS = "leadline.logs"
ENTITIES = "leadline.entities"
BOUNDS = "leadline.bounds"
DECISIONS = "leadline.decisions"
LINEAGE = "leadline.lineage"
CHANGES = "leadline.changes"
TRANSITIONS = "leadline.transitions"
ALERT_STATE = "leadline.alert-state"
ALERTS = "leadline.alerts"
DEAD_LETTERS = "leadline.dead-letters"
_NEVER_TOO_LARGE = 1_000_000


@dataclass(frozen=True)
class Topic:
    """One topic. `records` and `control` are record names; control records are for processors and never stored."""

    name: str
    purpose: str
    key: str
    records: tuple[str, ...]
    control: tuple[str, ...]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    compacted: bool
    partitions: int
    replication: int
    retention_days: int
    max_message_bytes: int

    def config(self) -> dict[str, str]:
        """Kafka's settings for creating the topic."""
        config = {
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": str(self.max_message_bytes),
            "cleanup.policy": "compact" if self.compacted else "delete",
        }
        if not self.compacted:
            config["retention.ms"] = str(self.retention_days * 86_400_000)
        if self.replication >= 3:
            config["min.insync.replicas"] = "2"
        return config


@functools.cache
def load_topics(environment: Environment = "local") -> tuple[Topic, ...]:
    """All topics with the partitions and replicas of that environment."""
    document = tomllib.loads(resources.files(__package__).joinpath("topics.toml").read_text(encoding="utf-8"))
    defaults = document["defaults"]
    return tuple(
        Topic(
            name=entry["name"],
            purpose=entry["purpose"],
            key=entry["key"],
            records=tuple(entry["records"]),
            control=tuple(entry.get("control", ())),
            producers=tuple(entry["producers"]),
            consumers=tuple(entry["consumers"]),
            compacted=entry.get("compacted", False),
            partitions=document["partitions"][environment],
            replication=document["replication"][environment],
            retention_days=defaults["retention_days"],
            max_message_bytes=entry.get("max_message_bytes", defaults["max_message_bytes"]),
        )
        for entry in document["topic"]
    )


def topic_named(name: str) -> Topic:
    """Raises KeyError for a topic that is not in topics.toml."""
    return {topic.name: topic for topic in load_topics()}[name]


@functools.cache
def record_types() -> dict[str, type[Event]]:
    """Record name to type."""
    types = (getattr(_records, name) for name in _records.__all__)
    return {kind.__name__: kind for kind in types if issubclass(kind, Event) and kind is not Event}


@functools.cache
def home_topic(record: type[Event]) -> str:
    """The topic that a record is published to. Raises KeyError for control records, which travel where they are needed."""
    return {name: topic.name for topic in load_topics() for name in topic.records}[record.__name__]


def subject(topic: str, record: str) -> str:
    """The registry's subject: topic and record's full name, since a topic may carry several record types."""
    return f"{topic}-leadline.events.{record}"


def check_size(topic: str, value: bytes) -> None:
    """Raises Unreadable("too_large"): Kafka judges what is compressed, so larger ones come through."""
    if len(value) > _NEVER_TOO_LARGE and len(value) > (limit := topic_named(topic).max_message_bytes):
        raise Unreadable(
            "too_large", f"{len(value):,} bytes, {topic} takes {limit:,}: split its lists over several events of the same run"
        )
