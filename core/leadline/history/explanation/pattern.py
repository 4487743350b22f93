"""How surely a series did something from a row on: stepped, was elsewhere for a while, drifted.

Each is weighed against having done nothing, with its size unknown: the marginal likelihood under a normal prior. That is fair
with one row since as with forty: what can hardly be seen yet counts for little, what should be seen and is not counts against.
"""

import math
from collections.abc import Sequence

SIZE = 2.0
"""Of an effect, a priori, in units of what is usual."""
TOUCHED = 0.5
"""The share of metrics that an effect upstream is seen in."""


class Patterns:
    """Of one table's whitened rows; `weights` say for each column what share of its rows is news."""

    def __init__(self, white: Sequence[Sequence[float]], weights: Sequence[float]) -> None:
        self.count = len(white)
        self._weights = weights
        self._tails = [[0.0] * len(weights)]
        self._ramps = [[0.0] * len(weights)]
        for row in reversed(white):
            self._tails.append([tail + value for tail, value in zip(self._tails[-1], row, strict=True)])
            self._ramps.append([ramp + tail for ramp, tail in zip(self._ramps[-1], self._tails[-1], strict=True)])
        self._tails.reverse()
        self._ramps.reverse()

    def spell(self, first: int, end: int | None = None) -> float:
        """Log odds of other values in the rows [first, end); None: for good."""
        last = self.count if end is None else min(end, self.count)
        size = last - first
        if not 0 < size < self.count:
            return 0.0
        sums = [one - other for one, other in zip(self._tails[first], self._tails[last], strict=True)]
        return self._odds(sums, size, size)

    def drift(self, first: int) -> float:
        """Log odds of a slope from that row to the last."""
        size = self.count - first
        if not 1 < size < self.count:
            return 0.0
        total, squares = (size + 1) / 2, (size + 1) * (2 * size + 1) / 6 / size
        return self._odds([ramp / size for ramp in self._ramps[first]], total, squares)

    def _odds(self, sums: Sequence[float], total: float, squares: float) -> float:
        """Of a shape whose values (largest: 1) sum up to `total`, with their products with the columns."""
        centred = squares - total * total / self.count
        found = 0.0
        for product, tail, weight in zip(sums, self._tails[0], self._weights, strict=True):
            known = centred * weight * SIZE * SIZE
            fit = (product - total / self.count * tail) ** 2 / centred * weight / 2
            found += _either(known / (1 + known) * fit - math.log1p(known) / 2)
        return found


def _either(log_odds: float) -> float:
    """Touched by it, or not."""
    return math.log(1 - TOUCHED + TOUCHED * math.exp(min(log_odds, 500.0)))
