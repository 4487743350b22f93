"""Which columns were made from which, as a job says it."""

import pytest

from leadline import track
from leadline.core.errors import UsageError
from leadline.events.records import RunEvent
from leadline.track.assemble import MAX_LIST
from leadline.track.testing import Captured, captured

__all__ = ["captured"]

FLIGHTS = track.dataset("s3://lake", "flights", version="v3")
WEATHER = track.dataset("s3://lake", "weather")


def test_columns_are_told_with_the_output(captured: Captured) -> None:
    """One source or several, each with how; what decided on the rows has no column of its own."""
    delay = track.column(FLIGHTS, "dep_delay", "TRANSFORMATION")
    where = track.column(FLIGHTS, "origin", "JOIN")
    with track.run("features") as run:
        run.output(
            "s3://lake",
            "features",
            columns={"delay": delay, "wind": [track.column(WEATHER, "wind_speed", "IDENTITY"), where]},
            rows_by=[track.column(FLIGHTS, "dep_delay", "FILTER")],
        )
    made = captured.run("features").columns("features")
    assert made["delay"] == [delay]
    assert made["wind"] == [track.column(WEATHER, "wind_speed", "IDENTITY"), where]
    assert made[""] == [track.column(FLIGHTS, "dep_delay", "FILTER")]
    assert captured.run().columns("other") == {}
    edges = [edge for event in captured.of(RunEvent) for edge in event.columns]
    assert {(edge.source_name, edge.target_name, edge.target_field) for edge in edges} == {
        ("flights", "features", "delay"),
        ("flights", "features", "wind"),
        ("weather", "features", "wind"),
        ("flights", "features", ""),
    }
    how = {(edge.target_field, one.type, one.subtype) for edge in edges for one in edge.transformations}
    assert how == {
        ("delay", "DIRECT", "TRANSFORMATION"),
        ("wind", "DIRECT", "IDENTITY"),
        ("wind", "INDIRECT", "JOIN"),
        ("", "INDIRECT", "FILTER"),
    }


def test_what_is_said_twice_is_told_once(captured: Captured) -> None:
    """Of a pair of columns the last that was said holds; how may be left out."""
    with track.run("features") as run:
        for how in ("IDENTITY", "AGGREGATION"):
            run.output(WEATHER, columns={"a": track.column(FLIGHTS, "b", how)})
        run.output(WEATHER, columns={"c": track.column(FLIGHTS, "b")})
    made = captured.run().columns()
    assert made == {"a": [track.column(FLIGHTS, "b", "AGGREGATION")], "c": [track.column(FLIGHTS, "b")]}


def test_wide_tables_are_told_in_several_events(captured: Captured) -> None:
    """No event has more than a thousand of them, and none is lost."""
    wide = {f"c{number}": track.column(FLIGHTS, f"c{number}") for number in range(2 * MAX_LIST + 5)}
    with track.run("wide") as run:
        run.output(WEATHER, columns=wide)
    events = captured.of(RunEvent)
    assert max(len(event.columns) for event in events) == MAX_LIST
    assert captured.run().columns() == {name: [source] for name, source in wide.items()}


@pytest.mark.parametrize(
    ("columns", "fix"),
    [
        ({"delay": "dep_delay"}, "columns['delay'] is 'dep_delay'; give columns such as track.column(flights, 'dep_delay')"),
        ({"delay": [FLIGHTS]}, "columns['delay'] is "),
        (["delay"], "give a mapping such as"),
        ({"": track.column(FLIGHTS, "a")}, "column is ''; give a text that is not empty"),
    ],
)
def test_wrong_use_says_what_to_write(captured: Captured, columns: object, fix: str) -> None:
    """At once, and nothing of the call is told."""
    with track.run("features") as run, pytest.raises(UsageError) as raised:
        run.output("s3://lake", "features", columns=columns)  # type: ignore[arg-type]
    assert fix in str(raised.value)
    assert captured.run().outputs() == []


def test_how_is_one_of_openlineages_words() -> None:
    """The message lists them."""
    with pytest.raises(UsageError, match="IDENTITY, TRANSFORMATION, AGGREGATION"):
        track.column(FLIGHTS, "a", "identity")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="how='TRANSFORMATION'"):
        track.column(FLIGHTS, "a", masking=True)
    assert track.column(FLIGHTS, "a", "TRANSFORMATION", masking=True).masking
