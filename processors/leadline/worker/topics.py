"""What must exist before Faust starts: the topics, the changelog with as many partitions, and the schemas."""

from leadline.core.errors import UsageError
from leadline.core.settings import Settings, shown
from leadline.events.codec import Codec
from leadline.events.kafka import admin_config, create_topics, opened
from leadline.events.records import DeadLetter, Event, Tick
from leadline.events.topics import Topic, home_topic, load_topics

from .role import Role, State

TABLE = "state"


def changelog_name(app_id: str) -> str:
    """As Faust names it."""
    return f"{app_id}-{TABLE}-changelog"


def prepare(settings: Settings, role: Role[State], codec: Codec) -> tuple[int, str]:
    """Creates what is missing. Gives the input topic's partitions and epoch.

    Raises UsageError where a topic has another number of partitions, Unavailable where Kafka or the registry is away.
    """
    topics = load_topics(settings.environment)
    source = next(topic for topic in topics if topic.name == role.topic)
    create_topics(settings, topics=(*topics, _changelog(role.app_id, source)))
    records: tuple[type[Event], ...] = (*role.outputs, DeadLetter)
    for record in records:
        codec.schema_id(record.__name__, home_topic(record))
    codec.schema_id(Tick.__name__, role.topic)
    return source.partitions, _epoch(settings, role.topic)


def _changelog(app_id: str, source: Topic) -> Topic:
    return Topic(
        name=changelog_name(app_id),
        purpose=f"State of {app_id}",
        key="partition and entity",
        records=(),
        control=(),
        producers=(app_id,),
        consumers=(app_id,),
        compacted=True,
        partitions=source.partitions,
        replication=source.replication,
        retention_days=0,
        max_message_bytes=source.max_message_bytes,
    )


def _epoch(settings: Settings, topic: str) -> str:
    """Kafka's id of the topic: another one after the topic was deleted and created anew, when offsets begin at 0 again."""
    from confluent_kafka import TopicCollection
    from confluent_kafka.admin import AdminClient

    admin = opened(AdminClient, admin_config(settings))
    described = admin.describe_topics(TopicCollection([topic]), request_timeout=15)[topic].result()
    if described.topic_id is None:
        raise UsageError(f"the broker at {shown(settings.kafka)} gives no id for {topic}; Kafka 2.8 or newer is needed")
    return str(described.topic_id)
