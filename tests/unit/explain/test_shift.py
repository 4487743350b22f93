"""Where several series shifted together."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.history.explanation.linear import cholesky, solve_lower
from leadline.history.explanation.pattern import Patterns
from leadline.history.explanation.shift import independence, whitened

USUAL = 60
AT = 90


def _storms(seed: int, count: int = 120) -> list[list[float]]:
    """Two series that storms move together, and their difference that they hardly move."""
    chance = random.Random(seed)
    rows = []
    for _ in range(count):
        storm = chance.expovariate(2.0)
        rows.append([storm + chance.gauss(0, 0.05), storm + chance.gauss(0, 0.05), chance.gauss(0, 1)])
    return rows


def _gains(seed: int, shift: float) -> list[float]:
    rows = _storms(seed)
    for row in rows[AT:]:
        row[0] += shift
    return _profile(rows)


def _profile(rows: list[list[float]]) -> list[float]:
    """For each row how surely the series are others from there on."""
    white = whitened(rows, USUAL)
    patterns = Patterns(white, [independence(column[:USUAL]) for column in zip(*white, strict=True)])
    return [patterns.spell(row) for row in range(len(rows))]


def test_subtle_shift_is_found_where_it_is() -> None:
    """A shift of half of what storms do to the series, but apart from what they do, is found to within three rows."""
    found = [gains.index(max(gains)) for gains in (_gains(seed, 0.25) for seed in range(100))]
    assert sum(abs(row - AT) <= 3 for row in found) >= 95


def test_storms_are_no_shift() -> None:
    """Without a shift, nothing gains as much as a subtle shift does."""
    calm, shifted = ([max(_gains(seed, shift)) for seed in range(100)] for shift in (0.0, 0.25))
    assert max(calm) < 15
    assert sum(gain > 15 for gain in shifted) >= 95


def test_one_wild_row_is_no_shift() -> None:
    """A value that is a thousand times what is usual counts as one row, not as a thousand."""
    rows = _storms(1)
    rows[90] = [1e6, -1e6, 1e6]
    assert max(_profile(rows)) < 15


def test_equal_columns_do_no_harm() -> None:
    """Columns that were always equal, or never varied, divide by nothing."""
    rows = [[row[0], row[0], 7.0] for row in _storms(2)]
    assert max(_profile(rows)) < 15


ROWS = st.lists(st.floats(-5, 5), min_size=3, max_size=3)


@given(st.lists(ROWS, min_size=3, max_size=3), ROWS)
def test_cholesky_solves(square: list[list[float]], vector: list[float]) -> None:
    """L times its solution is the vector again."""
    matrix = [
        [sum(a * b for a, b in zip(one, other, strict=True)) + (1.0 if i == j else 0.0) for j, other in enumerate(square)]
        for i, one in enumerate(square)
    ]
    lower = cholesky(matrix)
    solution = solve_lower(lower, vector)
    product = [sum(a * b for a, b in zip(row, solution, strict=True)) for row in lower]
    assert product == pytest.approx(vector, abs=1e-6)
