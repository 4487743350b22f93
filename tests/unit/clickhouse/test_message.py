"""What a poll brought, sorted."""

from leadline.clickhouse.message import sort
from leadline.events.codec import frame

from .message import FakeMessage


def test_messages_are_grouped_by_topic_and_schema() -> None:
    """Control records and tombstones of compacted topics only move the offset; what has no wire format is bad."""
    found = sort(
        [
            FakeMessage(frame(1, b"a"), 10),
            FakeMessage(frame(2, b"b"), 11),
            FakeMessage(frame(1, b"c"), 12, partition_=3),
            FakeMessage(b"{}", 13),
            FakeMessage(None, 14),
            FakeMessage(None, 5, topic_="leadline.entities"),
            FakeMessage(frame(9, b""), 15, headers_=[("leadline-control", b"Tick")]),
        ]
    )
    assert {key: [body.body for body in group.bodies] for key, group in found.groups.items()} == {
        ("leadline.runs", 1): [b"a", b"c"],
        ("leadline.runs", 2): [b"b"],
    }
    assert [(bad.message.offset(), bad.reason) for bad in found.bad] == [(13, "not_avro"), (14, "not_avro")]
    assert found.ends == {("leadline.runs", 0): 16, ("leadline.runs", 3): 13, ("leadline.entities", 0): 6}
    assert found.totals == {"leadline.runs": 5}


def test_recorded_at_is_never_later_than_the_broker_says() -> None:
    """The header of what is derived wins, where it is a number and not from the future."""
    for text, expected in ((b"7", 7), (b"5000", 1_000), (b"soon", 1_000), (b"-3", 1_000), (b"9" * 40, 1_000)):
        found = sort([FakeMessage(frame(1, b""), headers_=[("leadline-recorded-at", text)])])
        assert found.groups["leadline.runs", 1].bodies[0].recorded_at_ms == expected
