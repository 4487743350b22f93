"""What lies between two values."""

import math

import pytest

from leadline.history.metric_pairs import compared


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (2.0, 3.0, (1.0, 50.0)),
        (-2.0, -3.0, (-1.0, -50.0)),
        (0.0, 3.0, (3.0, None)),
        (1.0, 1.0, (0.0, 0.0)),
        (math.nan, 1.0, (None, None)),
        (1.0, math.inf, (None, None)),
        (math.inf, math.inf, (None, None)),
        (1e308, -1e308, (None, None)),
        (1e-308, 1e300, (1e300, None)),
    ],
)
def test_compared(first: float, second: float, expected: tuple[float | None, float | None]) -> None:
    """Percent are of the first's size, so their sign is that of the difference; what is not finite is None."""
    assert compared(first, second) == expected
