"""Values, and the bounds tied to them."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from leadline import track
from leadline.core.errors import UsageError
from leadline.events.records import MetricsReported
from leadline.track.numbers import to_float

from .conftest import Captured


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        (True, 1.0),
        (0, 0.0),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7.0),
        (np.bool_(True), 1.0),
        (Decimal("0.25"), 0.25),
        (Fraction(1, 4), 0.25),
        (pd.Series([1.5, 2.5]).mean(), 2.0),
        (10**400, math.inf),
        (-(10**400), -math.inf),
        (math.inf, math.inf),
    ],
)
def test_any_number_is_a_value(value: object, expected: float) -> None:
    """Numbers of numpy, pandas and decimal are taken as they are; zero stays zero."""
    assert to_float(value, "m") == expected


@pytest.mark.parametrize("value", [None, math.nan, np.nan, pd.NA, pd.NaT, Decimal("NaN"), Decimal("sNaN")])
def test_a_missing_value_is_nan(value: object) -> None:
    """It violates every bound instead of passing for good."""
    assert math.isnan(to_float(value, "m"))


@pytest.mark.parametrize(
    ("value", "fix"), [("0.81", "float('0.81')"), (1 + 2j, "abs()"), ([1], "mean"), ({}, "mean"), (np.array([1, 2]), "not one")]
)
def test_what_is_no_number_raises_with_the_fix(value: object, fix: str) -> None:
    """Text is not guessed at."""
    with pytest.raises(TypeError) as caught:
        to_float(value, "auc")
    assert fix in str(caught.value)
    assert "auc" in str(caught.value)


def test_readings_of_one_node_and_time_are_one_event_with_their_bounds(captured: Captured) -> None:
    """No reading can overtake its bound, and twenty readings do not cost twenty messages."""
    model = track.model("mlflow://prod", "churn", version="7")
    with track.run("j", "n") as run:
        auc = run.metric("auc", 0.81, of=model)
        run.metric("brier", 0.1, of=model, unit="1")
        run.metric("rows", 5)
        auc.bound(lower=0.85, owner="ml", message="look at features", runbook_url="https://x")
        auc.bound(lower=0.9, severity="warn")
    of_model, of_job = captured.of(MetricsReported)
    assert [(reading.metric, reading.value) for reading in of_model.readings] == [("auc", 0.81), ("brier", 0.1)]
    assert (of_model.kind, of_model.version, of_model.run_id) == ("MODEL", "7", run.run_id)
    (bound,) = of_model.bounds
    assert (bound.bound_id, bound.metric) == ("model:mlflow://prod/churn#auc", "auc")
    assert (bound.error_lower, bound.warn_lower, bound.owner) == (0.85, 0.9, "ml")
    assert (of_job.kind, of_job.namespace, of_job.name) == ("JOB", "n", "j")


def test_the_same_series_twice_is_two_events_in_order(captured: Captured) -> None:
    """Each value keeps its own time."""
    with track.run("j") as run:
        for value in range(5):
            run.metric("loss", value)
    events = captured.of(MetricsReported)
    assert [event.readings[0].value for event in events] == [0, 1, 2, 3, 4]
    assert [event.event_time for event in events] == sorted(event.event_time for event in events)


def test_dimensions_make_series_of_their_own_with_bounds_of_their_own(captured: Captured) -> None:
    """A bound on one dimension does not judge the others."""
    with track.run("j") as run:
        for origin, limit in (("JFK", 10), ("LGA", 20)):
            run.metric("rows", 15, dims={"origin": origin}).bound(lower=limit)
    (event,) = captured.of(MetricsReported)
    assert [reading.dims for reading in event.readings] == [{"origin": "JFK"}, {"origin": "LGA"}]
    assert {bound.bound_id: (bound.dims, bound.error_lower) for bound in event.bounds} == {
        "job:default/j#rows{origin=JFK}": ({"origin": "JFK"}, 10.0),
        "job:default/j#rows{origin=LGA}": ({"origin": "LGA"}, 20.0),
    }


def test_a_bound_declared_late_travels_with_its_reading_again(captured: Captured) -> None:
    """Under the same id, so that it is stored once and judged all the same."""
    with track.run("j") as run:
        reading = run.metric("rows", 1)
        run.metric("other", 1)
        assert track.flush() is False
        reading.bound(lower=5)
    first, second = captured.of(MetricsReported)
    assert (first.event_id, first.event_time) == (second.event_id, second.event_time)
    assert first.readings == second.readings
    assert first.bounds == []
    assert second.bounds[0].error_lower == 5


def test_a_metric_outside_a_run_belongs_to_its_node(captured: Captured) -> None:
    """No run is made up for it."""
    track.metric("rows", None, of=track.dataset("s3://lake", "x")).bound(warn=(1, None), error=(0, 9), on_invalid="warn")
    (event,) = captured.of(MetricsReported)
    assert (event.run_id, event.job_name, event.kind) == ("", "", "DATASET")
    assert math.isnan(event.readings[0].value)
    (bound,) = event.bounds
    assert (bound.warn_lower, bound.warn_upper, bound.error_lower, bound.error_upper) == (1, None, 0, 9)
    assert bound.on_invalid == "warn"


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        ({}, "give lower= or upper="),
        ({"lower": 1, "severity": "fatal"}, "warn, error"),
        ({"lower": 1, "warn": (0, 1)}, "one or the other"),
        ({"warn": 3}, "(lower, upper)"),
        ({"lower": 5, "upper": 1}, "every value would violate it"),
        ({"warn": (1, None), "error": (2, None)}, "warn could never come first"),
        ({"lower": math.nan}, "NaN"),
        ({"lower": 1, "inclusive": "left"}, "inclusive"),
        ({"lower": 1, "on_invalid": "page"}, "on_invalid"),
    ],
)
def test_a_bound_that_means_nothing_is_refused_at_once(captured: Captured, arguments: dict[str, object], fix: str) -> None:
    """The same check as the server's."""
    metric = track.metric("rows", 1, of=track.dataset("n", "x"))
    with pytest.raises(UsageError) as caught:
        metric.bound(**arguments)  # type: ignore[arg-type]
    assert fix in str(caught.value)


def test_two_bounds_of_one_id_must_not_contradict(captured: Captured) -> None:
    """Else the second would silently replace the first."""
    metric = track.metric("rows", 1, of=track.dataset("n", "x")).bound(lower=1)
    with pytest.raises(UsageError, match="bound_id of its own"):
        metric.bound(lower=2)
    metric.bound(lower=2, bound_id="strict")
    assert [bound.bound_id for bound in captured.of(MetricsReported)[0].bounds] == ["dataset:n/x#rows", "strict"]
