"""No message grows too large, however much an event says."""

import pytest

from leadline.adapters.openlineage import to_events
from leadline.adapters.openlineage.split import parts_of
from leadline.events.codec import encode_body
from leadline.events.records import JobDeclared, MetricsReported, OpenLineageReceived, RunEvent

from .sent import JOB, TABLE, dataset, design, facet, made, of, only, run_event

LIMIT = 1_000_000


def test_parts_hold_all_in_order() -> None:
    """What is too large for any has one of its own."""
    sizes = [3, 3, 3, 100, 1, 9, 2]
    assert list(parts_of(sizes, lambda size: size, 10)) == [[3, 3, 3], [100], [1, 9], [2]]
    assert list(parts_of([], len, 10)) == []


@pytest.mark.parametrize(("sent", "count"), [("START", 20_000), ("COMPLETE", 100_000)])
def test_very_many_inputs_are_told_in_several_events_of_the_run(sent: str, count: int) -> None:
    """All of them, and none but the last ends the run."""
    inputs = [{"namespace": "s3://lake", "name": f"é/part-{number}"} for number in range(count)]
    found = of(made(run_event(run={"mine": facet(a=1)}, inputs=inputs, outputs=[dataset()], eventType=sent)), RunEvent)
    assert [io.name for event in found for io in event.inputs] == [one["name"] for one in inputs]
    assert [io.name for event in found for io in event.outputs] == [TABLE[1]]
    assert {event.event_type for event in found[:-1]} == {"START" if sent == "START" else "RUNNING"}
    assert (found[-1].event_type, "mine" in found[-1].facets) == (sent, True)
    assert len({event.event_id for event in found}) == len(found) > 1
    assert max(len(encode_body(event)) for event in found) < LIMIT


def _wide(columns: int) -> dict[str, object]:
    source = [{"namespace": TABLE[0], "name": "raw" * 100, "field": "x"}]
    return {"columnLineage": facet(fields={f"c{number}": {"inputFields": source} for number in range(columns)})}


def test_a_hundred_thousand_columns_are_told_in_several_events() -> None:
    """By the length of the names, not only by their number."""
    found = of(made(run_event(outputs=[dataset(facets=_wide(100_000))])), RunEvent)
    assert sorted(edge.target_field for event in found for edge in event.columns) == sorted(
        f"c{number}" for number in range(100_000)
    )
    assert max(len(encode_body(event)) for event in found) < LIMIT


def test_a_declaration_is_whole_but_for_columns_without_end() -> None:
    """A design cannot be split, since each replaces the one before; what it lacks is warned of."""
    job = {"namespace": JOB[0], "name": JOB[1]}
    events = made(design(job=job, outputs=[dataset(facets=_wide(100_000))]))
    declared, warnings = only(events, JobDeclared), only(events, OpenLineageReceived).warnings
    assert len(encode_body(declared)) < 8_000_000
    assert warnings == [f"/outputs: of the columns only the first {len(declared.columns):,} were declared"]
    few = made(design(job=job, outputs=[dataset(facets=_wide(10))]))
    assert (len(only(few, JobDeclared).columns), only(few, OpenLineageReceived).warnings) == (10, [])


def test_many_checks_travel_with_their_bounds() -> None:
    """No reading comes in an event before its bound."""
    checks = [{"assertion": "not_null", "success": True, "column": f"c{number}"} for number in range(10_000)]
    document = run_event(inputs=[dataset(facets={"dataQualityAssertions": facet(assertions=checks)})])
    found = of(to_events(document), MetricsReported)
    for event in found:
        assert [one.dims for one in event.readings] == [one.dims for one in event.bounds]
        assert len(encode_body(event)) < LIMIT
    assert sum(len(event.readings) for event in found) == 10_000
    assert len(found) > 1


def test_a_long_text_is_cut_with_a_mark() -> None:
    """The whole of it is in the event as it came."""
    event = only(made(run_event(run={"errorMessage": facet(message="x" * 200_000, stackTrace="y")})), RunEvent)
    assert event.error_message.endswith("[cut: 200,000 characters, see openlineage_events]")
    assert len(event.error_message) < 66_000
