"""What Kafka clients say about brokers that are away."""

import pytest
from confluent_kafka import KafkaError

from leadline.core.settings import Settings
from leadline.events.news import News


def test_news_are_told_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    """Twenty attempts a second give one line of each kind in 30 seconds."""
    now = 0.0
    news = News(Settings(kafka="kafka:9092"), lambda: now)
    for number in range(1200):
        now = number / 20
        news(KafkaError(KafkaError._TRANSPORT, "connection refused"))
        news(KafkaError(KafkaError._ALL_BROKERS_DOWN))
    assert len(caplog.messages) == 4
    assert caplog.messages[0] == "Kafka at kafka:9092: connection refused"
