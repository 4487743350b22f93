"""The little linear algebra that a few series need; numpy would be the heaviest thing that a reader has to install."""

import math
from collections.abc import Sequence

Vector = Sequence[float]
Matrix = Sequence[Sequence[float]]


def cholesky(matrix: Matrix) -> list[list[float]]:
    """The lower triangle L with L·Lᵀ = matrix, which must be symmetric and positive definite."""
    size = len(matrix)
    lower = [[0.0] * size for _ in range(size)]
    for row in range(size):
        for column in range(row + 1):
            rest = matrix[row][column] - sum(lower[row][k] * lower[column][k] for k in range(column))
            lower[row][column] = math.sqrt(rest) if row == column else rest / lower[column][column]
    return lower


def solve_lower(lower: Matrix, vector: Vector) -> list[float]:
    """x with lower·x = vector: whitens by a Cholesky factor."""
    found: list[float] = []
    for row, value in enumerate(vector):
        found.append((value - sum(lower[row][k] * found[k] for k in range(row))) / lower[row][row])
    return found


def norm(vector: Vector) -> float:
    return math.sqrt(sum(value * value for value in vector))
