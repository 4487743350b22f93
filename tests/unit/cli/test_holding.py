"""Distributions as they are drawn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.cli.holding import _BARS, WIDTH, distribution


@pytest.mark.parametrize(
    ("edges", "counts", "drawn"),
    [
        ([0.0, 16.0], [5], "████████████████"),
        ([0.0, 8.0, 16.0], [8, 4], "████████▅▅▅▅▅▅▅▅"),
        ([0.0, 1.0, 16.0], [10, 1], "█▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁"),
        ([0.0, 8.0, 8.0, 16.0], [8, 8, 8], "▁▁▁▁▁▁▁▁█▁▁▁▁▁▁▁"),
        ([0.0, 16.0, 16.0], [0, 5], "▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁█"),
        ([3.0, 3.0], [5], ""),
        ([], [], ""),
        ([0.0, 1.0], [], ""),
        ([0.0, 1.0], [0], ""),
    ],
)
def test_drawn(edges: list[float], counts: list[int], drawn: str) -> None:
    """Bins of equal rows are narrow where values are many: density is drawn, not rows."""
    assert distribution(edges, counts) == drawn


@given(st.lists(st.tuples(st.integers(0, 1_000), st.integers(0, 50)), min_size=1, max_size=20))
def test_any_histogram_can_be_drawn(bins: list[tuple[int, int]]) -> None:
    """Nothing, or one bar for each place with the fullest at full height."""
    edges = [0.0]
    for width, _ in bins:
        edges.append(edges[-1] + width)
    drawn = distribution(edges, [count for _, count in bins])
    assert drawn == "" or (len(drawn) == WIDTH and _BARS[-1] in drawn)
