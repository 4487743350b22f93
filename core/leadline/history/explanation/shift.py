"""Rows in which what moves together by nature is taken apart, so that what does not stands out.

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
