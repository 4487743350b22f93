"""Trends: drawn with plotille, or as a sparkline; pure."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from leadline.cli.chart import Line, chart, sparkline
from leadline.cli.trend import _dims, legend, lines
from leadline.core.errors import UsageError
from leadline.history.bounds import BoundVersion
from leadline.history.readings import Point

DAY = 86_400_000_000


def point(day: int, value: float) -> Point:
    return Point(day * DAY, day * DAY, day * DAY, value, "LIVE", "", "", "", "", day * DAY)


def bound(since_day: int, until_day: int | None = None, **limits: float) -> BoundVersion:
    texts = dict.fromkeys(("kind", "namespace", "name", "inclusive", "on_invalid", "owner", "message", "runbook_url"), "")
    unset = dict.fromkeys(("warn_lower", "warn_upper", "error_lower", "error_upper"))
    fixed = {"bound_id": "b", "origin": "CODE", "state": "ACTIVE", "version": 1, "metric": "m", "dims": {}, "recorded_at": 0}
    fixed |= {"actor": "", "reason": "", "valid_from": since_day * DAY}
    fixed["valid_to"] = None if until_day is None else until_day * DAY
    return BoundVersion(**{**texts, **unset, **fixed, **limits})  # type: ignore[arg-type]


def draw(values: list[float], limits: list[Line], width: int = 80) -> str:
    times = [day * DAY for day in range(len(values))]
    return chart(times, values, limits, x_label="slot", width=width, height=10, color=False)


def test_chart_fits_and_names_days() -> None:
    """At 80 columns no line is longer, and the axis has the days."""
    drawn = draw([0.1 * day for day in range(30)], [Line("error", [0, 29 * DAY], [1.0, 1.0])])
    assert max(map(len, drawn.splitlines())) <= 80
    assert "70-01-01" in drawn
    assert "(slot)" in drawn


@given(st.lists(st.floats(), min_size=1, max_size=30), st.integers(20, 200))
def test_any_values_can_be_drawn(values: list[float], width: int) -> None:
    """NaN, infinities, one value, equal and huge values draw without an error, as chart and as sparkline."""
    assert draw(values, [Line("warn", [0], [1.0])], width)
    assert len(sparkline(values)) == len(values)


def test_sparkline_shows_low_high_and_invalid() -> None:
    """The lowest is the lowest bar, the highest the full one, NaN an exclamation mark."""
    assert sparkline([0.0, math.nan, 1.0]) == "▁!█"
    assert sparkline([5.0, 5.0]) == "▄▄"
    assert len(sparkline([0.0] * 500)) == 60


def test_bound_is_drawn_only_where_it_held() -> None:
    """A bound set on the third day is no line over the days before."""
    drawn = lines([point(day, 1.0) for day in range(5)], [bound(3, error_lower=0.5, warn_upper=2.0)])
    assert [(line.severity, list(line.times), line.values[0]) for line in drawn] == [
        ("warn", [3 * DAY, 4 * DAY], 2.0),
        ("error", [3 * DAY, 4 * DAY], 0.5),
    ]


def test_bound_that_changed_twice_is_drawn_as_it_was() -> None:
    """Over every point stand the limits of the time at which it was measured, and the legend says which held when."""
    bounds = [bound(0, 2, error_lower=0.5), bound(2, 4, error_lower=0.7), bound(4, error_lower=0.5)]
    points = [point(day, 1.0) for day in range(1, 6)]
    assert [(list(line.times), line.values[0]) for line in lines(points, bounds)] == [
        ([1 * DAY, 2 * DAY], 0.5),
        ([2 * DAY, 3 * DAY, 4 * DAY], 0.7),
        ([4 * DAY, 5 * DAY], 0.5),
    ]
    assert legend(points, bounds) == (
        "5 readings from 1970-01-02 to 1970-01-06, last 1, bounds: error 0.5 until 1970-01-03T00:00:00Z, "
        "error 0.7 from 1970-01-03T00:00:00Z until 1970-01-05T00:00:00Z, error 0.5 from 1970-01-05T00:00:00Z"
    )


def test_bound_over_slots_is_the_one_of_when_they_were_measured() -> None:
    """Slots of last year that are measured today are judged by today's bound."""
    slots = [replace(point(day, 1.0), event_time=(100 + day) * DAY) for day in range(3)]
    assert lines(slots, [bound(0, 50, error_lower=0.5)]) == []
    assert [list(line.times) for line in lines(slots, [bound(101, error_lower=0.5)])] == [[DAY, 2 * DAY]]


def test_dimensions_are_pairs() -> None:
    """KEY=VALUE, where the value may hold anything; else one sentence."""
    assert _dims(("region=eu", "q=a=b", "empty=")) == {"region": "eu", "q": "a=b", "empty": ""}
    with pytest.raises(UsageError, match="KEY=VALUE"):
        _dims(("region",))
