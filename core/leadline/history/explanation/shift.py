"""Where several series shifted together, and how surely: the likelihood of two means against one, at every position.

The series are standardised and decorrelated by what was usual before (storms move probabilities and outcomes together;
a wrong unit moves one of them alone), far values are pulled in, so that one wild day is no shift, and what repeats itself
from day to day counts for less.
"""

import itertools
import statistics
from collections.abc import Sequence

from .linear import cholesky, norm, solve_lower
from .series import spread

RIDGE = 0.02
"""Added to the diagonal of the correlations: columns that always were equal must not divide by nothing."""
MIN_SIDE = 4
"""Positions on each side of a shift."""


def whitened(rows: Sequence[Sequence[float]], usual: int) -> list[list[float]]:
    """The rows in units of what the first `usual` rows varied, uncorrelated, with far rows pulled in."""
    standard = _standardised(rows, usual)
    size = len(standard[0])
    clipped = [[max(-4.0, min(4.0, value)) for value in row] for row in standard[:usual]]
    covariance = [
        [statistics.fmean(row[a] * row[b] for row in clipped) + (RIDGE if a == b else 0.0) for b in range(size)]
        for a in range(size)
    ]
    factor = cholesky(covariance)
    return [_pulled_in(solve_lower(factor, row)) for row in standard]


def profile(white: Sequence[Sequence[float]], usual: int) -> list[float]:
    """For each row how much better two means explain all rows than one, when the second begins there (log likelihood).

    The rows are whitened; how much they repeat themselves is taken from the first `usual`.
    """
    size, count = len(white[0]), len(white)
    weights = [independence([row[column] for row in white[:usual]]) for column in range(size)]
    totals = [sum(row[column] for row in white) for column in range(size)]
    before = [0.0] * size
    gains = []
    for index, row in enumerate(white):
        enough = min(index, count - index) >= MIN_SIDE
        gains.append(_gain(before, totals, index, count, weights) if enough else 0.0)
        before = [one + value for one, value in zip(before, row, strict=True)]
    return gains


def _gain(before: list[float], totals: list[float], index: int, count: int, weights: list[float]) -> float:
    after = count - index
    scale = index * after / count / 2
    means = ((total - one) / after - one / index for one, total in zip(before, totals, strict=True))
    return scale * sum(weight * mean * mean for weight, mean in zip(weights, means, strict=True))


def _standardised(rows: Sequence[Sequence[float]], usual: int) -> list[list[float]]:
    columns = list(zip(*rows, strict=True))
    middles = [statistics.median(column[:usual]) for column in columns]
    spreads = [spread(column[:usual]) or spread(column) or 1.0 for column in columns]
    return [[(value - middle) / size for value, middle, size in zip(row, middles, spreads, strict=True)] for row in rows]


def _pulled_in(row: list[float]) -> list[float]:
    limit = len(row) ** 0.5 + 2.0
    length = norm(row)
    return row if length <= limit else [value * limit / length for value in row]


def independence(values: Sequence[float]) -> float:
    """What share of its readings a series that repeats itself is worth, by its correlation with the reading before."""
    middle = statistics.fmean(values)
    variance = statistics.fmean((value - middle) ** 2 for value in values)
    if not variance:
        return 1.0
    products = ((a - middle) * (b - middle) for a, b in itertools.pairwise(values))
    correlation = max(0.0, min(0.9, statistics.fmean(products) / variance))
    return (1 - correlation) / (1 + correlation)
