"""The histogram lets two snapshots be compared later."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.track.versions.statistics import BINS, statistics

FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)


@given(st.lists(FINITE | st.integers(-3, 3).map(float), min_size=1, max_size=400))
def test_shares_below_edges_are_exact(values: list[float]) -> None:
    """The cumulated counts are what the values say, at every edge."""
    found = statistics(np.sort(np.array(values)))
    edges, counts = found["edges"], found["counts"]
    assert len(edges) == len(counts) + 1 >= 2
    for number, edge in enumerate(edges[:-1]):
        assert sum(counts[:number]) == sum(value < edge for value in values)
    assert sum(counts) == len(values)
    assert len(edges) == 2 or all(low < high for low, high in pairwise(edges))


def test_no_bin_but_that_of_a_single_value_holds_much_more_than_its_part() -> None:
    """So the largest difference of two distributions (KS) is known to about one part of twenty, wherever it is."""
    skewed = np.sort(np.exp(np.random.default_rng(1).normal(0, 3, 10_000)))
    counts = statistics(skewed)["counts"]
    assert len(counts) == BINS
    assert max(counts) <= 10_000 / BINS + 1


def test_a_value_that_is_most_of_a_column_has_a_bin_of_its_own() -> None:
    """Zeros of a sparse column are counted as such, not spread over the first bin."""
    found = statistics(np.sort(np.concatenate((np.zeros(6_000), np.arange(1, 4_001)))))
    first = found["edges"][0], found["edges"][1]
    assert first == (0.0, math.nextafter(0.0, 1.0))
    assert found["counts"][0] == 6_000


def test_few_values_have_a_bin_each() -> None:
    """A boolean, a class, a rating."""
    found = statistics(np.array([1.0, 1.0, 2.0, 5.0]))
    assert (found["edges"], found["counts"]) == ([1.0, 1.5, 3.5, 5.0], [2, 1, 1])
    assert statistics(np.array([3.0]))["deviation"] is None
    assert statistics(np.array([])) == {}


@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0])
def test_two_snapshots_can_be_compared_by_their_histograms(shift: float) -> None:
    """KS from the two stored histograms, each with edges of its own, is that of the data to one part of twenty."""
    rng = np.random.default_rng(2)
    before, after = np.sort(rng.normal(0, 1, 5_000)), np.sort(rng.normal(shift, 1, 5_000))
    told = [statistics(values) for values in (before, after)]
    at = np.unique(np.concatenate([snapshot["edges"] for snapshot in told]))
    shares = [np.interp(at, snapshot["edges"], np.cumsum([0, *snapshot["counts"]]) / 5_000) for snapshot in told]
    everywhere = np.concatenate((before, after))
    exact = np.abs(np.searchsorted(before, everywhere, "right") - np.searchsorted(after, everywhere, "right")).max() / 5_000
    assert np.abs(shares[0] - shares[1]).max() == pytest.approx(exact, abs=1 / BINS)
