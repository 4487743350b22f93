"""Records with long lists: put together from parts, byte for byte what the whole would be."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.events import repeated
from leadline.events.codec import decode_body, encode_body
from leadline.events.records import ColumnEdge, ColumnProfile, Event, RunEvent, Transformation, VersionDescribed
from leadline.events.repeated import Repeated

from ..track.test_transports import values_of


@pytest.mark.parametrize("record", [RunEvent, VersionDescribed])
def test_the_parts_are_the_whole(record: type[Event]) -> None:
    """Of any events, whichever came before: the first time, and again from what is remembered."""
    kept = Repeated()

    @given(st.lists(values_of(record), min_size=1, max_size=4))
    def same(events: list[RunEvent | VersionDescribed]) -> None:
        for event in [*events, *reversed(events)]:
            assert kept.encode(event) == (encode_body(event) if event.columns else None)

    same()


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """In number and in length; what is not remembered is right all the same."""
    monkeypatch.setattr(repeated, "_MOST", 3)
    monkeypatch.setattr(repeated, "_LONGEST", 1_000)
    kept = Repeated()
    for number in (1, 2, 3, 4, 5, 1, 500, 500):
        event = described([ColumnProfile(name=f"c{column}", type="long") for column in range(number)])
        assert kept.encode(event) == encode_body(event)
        assert len(kept._known) <= 3
        assert max(map(len, kept._known.values())) <= 1_000


def test_equal_lists_of_other_records_are_not_mixed_up() -> None:
    """The same place in another record is another list, and an event without any is left to the codec."""
    kept = Repeated()
    edge = ColumnEdge(
        source_namespace="n", source_name="a", source_field="x", target_namespace="n", target_name="b", target_field="y",
        transformations=[Transformation(type="DIRECT", subtype="IDENTITY")],
    )  # fmt: skip
    run = RunEvent(
        event_id="1",
        event_time=1,
        producer="p",
        run_id="r",
        job_namespace="n",
        job_name="j",
        event_type="START",
        columns=[edge],
    )
    for event in (run, described([ColumnProfile(name="x", type="long")]), run):
        body = kept.encode(event)
        assert body == encode_body(event)
        assert decode_body(body or b"", type(event).__name__) == event
    assert kept.encode(msgspec.structs.replace(run, columns=[])) is None


def described(columns: list[ColumnProfile]) -> VersionDescribed:
    return VersionDescribed(
        event_id="1", event_time=1, producer="p", kind="DATASET", namespace="n", name="d", version="1", columns=columns
    )
