"""topics.toml says everything about a topic, and says it once."""

from pathlib import Path

import pytest

from leadline.events import topics
from leadline.events.derive import records
from leadline.events.document import reference
from leadline.events.topics import load_topics, record_types, subject


def test_partitions_differ_only_by_environment() -> None:
    """Four partitions locally, twelve in production, the same for every topic: derived topics stay beside their inputs."""
    assert {topic.partitions for topic in load_topics("local")} == {4}
    assert {topic.partitions for topic in load_topics("production")} == {12}


def test_every_record_has_a_home() -> None:
    """Each record of a topic is a known type, and each event type travels somewhere."""
    assert {record.__name__ for record in records()} == set(record_types())


@pytest.mark.parametrize("topic", load_topics("production"), ids=lambda topic: topic.name)
def test_topics_keep_the_brokers_time(topic: topics.Topic) -> None:
    """recorded_at is when Kafka took the event, so every topic stamps on append."""
    config = topic.config()
    assert config["message.timestamp.type"] == "LogAppendTime"
    assert config["min.insync.replicas"] == "2"
    assert config["cleanup.policy"] == ("compact" if topic.compacted else "delete")


def test_subject_names_topic_and_record() -> None:
    """Several records may share a topic, so the subject holds both names."""
    assert subject("leadline.runs", "RunEvent") == "leadline.runs-leadline.events.RunEvent"


def test_the_reference_is_true() -> None:
    """docs/events.md is what the schemas say today; `python -m leadline.events.document > docs/events.md` renews it."""
    assert (Path(__file__).parents[3] / "docs" / "events.md").read_text() == reference()
