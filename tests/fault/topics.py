"""Reading a whole topic, as it stands."""

from collections.abc import Iterator

from confluent_kafka import Consumer, Message, TopicPartition

from leadline.core.settings import Settings
from leadline.events.codec import CONTROL_HEADER, RECORD_HEADER, Codec
from leadline.events.kafka import consumer_config
from leadline.events.messages import header, recorded_at_ms
from leadline.events.records import Event
from leadline.events.registry import RegistryClient

Recorded = tuple[int, int, int, Event]
"""Partition, offset, recorded_at in microseconds, event."""


def messages(settings: Settings, topic: str) -> Iterator[Message]:
    """Every message that is on the topic now, those of a partition in their order."""
    client = Consumer(consumer_config(settings, "fault-test-reader", **{"fetch.wait.max.ms": 10}))
    try:
        numbers = client.list_topics(topic, timeout=30).topics[topic].partitions
        ends = {number: client.get_watermark_offsets(TopicPartition(topic, number), timeout=30) for number in numbers}
        left = {number: end for number, (low, end) in ends.items() if low < end}
        client.assign([TopicPartition(topic, number, ends[number][0]) for number in left])
        while left:
            message = client.poll(30)
            assert message is not None, f"{topic} has nothing before {left}"
            assert message.error() is None, message.error()
            number, offset = message.partition() or 0, message.offset() or 0
            if offset < ends[number][1]:
                yield message
            if offset + 1 >= ends[number][1]:
                left.pop(number, None)
    finally:
        client.close()


def events(settings: Settings, topic: str) -> Iterator[Recorded]:
    """Of every message on the topic now."""
    codec = Codec(RegistryClient(settings.schema_registry))
    for message in messages(settings, topic):
        headers = message.headers()
        record = header(headers, CONTROL_HEADER) or header(headers, RECORD_HEADER)
        recorded_at = recorded_at_ms(message.timestamp()[1], headers) * 1000
        yield message.partition() or 0, message.offset() or 0, recorded_at, codec.decode(message.value(), record)
