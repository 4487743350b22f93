"""Bodies become one container without being decoded."""

import io

import fastavro
from hypothesis import given
from hypothesis import strategies as st

from leadline.clickhouse.framing import Body, container, container_header
from leadline.events.codec import encode_body
from leadline.events.records import DecisionRecorded
from leadline.events.schemas import newest

_decisions = st.builds(
    DecisionRecorded,
    event_id=st.text(),
    event_time=st.integers(0, 7_258_118_399_999_999),
    producer=st.text(),
    kind=st.text(),
    namespace=st.text(),
    name=st.text(),
    action=st.text(),
    actor=st.text(),
    details=st.dictionaries(st.text(), st.text()),
)


@given(st.lists(st.tuples(st.integers(0, 2**31), st.integers(0, 2**52), st.integers(0, 2**50), _decisions), max_size=20))
def test_every_body_comes_back_with_its_coordinates(messages: list[tuple[int, int, int, DecisionRecorded]]) -> None:
    """Any Avro reader sees the fields between partition, offset, time and a guard that equals the offset."""
    header = container_header(newest("DecisionRecorded"))
    block = container(header, [Body(part, offset, at, encode_body(event)) for part, offset, at, event in messages])
    rows = list(fastavro.reader(io.BytesIO(block)))
    assert len(rows) == len(messages)
    for row, (partition, offset, at, event) in zip(rows, messages, strict=True):
        assert isinstance(row, dict)
        assert (row["_partition"], row["_offset"], row["_recorded_at"], row["_guard"]) == (partition, offset, at, offset)
        assert (row["event_id"], row["name"], row["details"]) == (event.event_id, event.name, event.details)
