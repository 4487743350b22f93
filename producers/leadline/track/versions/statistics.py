"""Numbers of one column to quantiles and a histogram. Pure; arrays are numpy's, finite and sorted."""

from __future__ import annotations

import math
from typing import Any

BINS = 20
PROBABILITIES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def statistics(values: Any) -> dict[str, Any]:
    """ColumnProfile's fields of sorted finite float64 values; empty where there are none.

    Quantiles are interpolated linearly (method 7 of Hyndman and Fan 1996, numpy's default).
    """
    import numpy as np

    if not len(values):
        return {}
    distinct = values[_steps(values)]
    edges = _edges(values, distinct)
    with np.errstate(all="ignore"):
        mean = values.mean()
        return {
            "distinct": len(distinct),
            "minimum": float(values[0]),
            "maximum": float(values[-1]),
            "mean": float(mean),
            "deviation": math.sqrt(float(np.square(values - mean).sum()) / (len(values) - 1)) if len(values) > 1 else None,
            "quantiles": dict(zip(map(str, PROBABILITIES), _quantiles(values).tolist(), strict=True)),
            "edges": edges.tolist(),
            "counts": _counts(values, edges),
        }


def _quantiles(values: Any) -> Any:
    import numpy as np

    places = np.array(PROBABILITIES) * (len(values) - 1)
    below = places.astype(int)
    above = np.minimum(below + 1, len(values) - 1)
    share = places - below
    return values[below] * (1 - share) + values[above] * share


def _steps(values: Any) -> Any:
    """Where a sorted value is another than the one before it."""
    import numpy as np

    steps = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=steps[1:])
    return steps


def _edges(values: Any, distinct: Any) -> Any:
    """Few values have a bin each. Of many, edges are quantiles of this snapshot, so that each bin holds as much as it can.

    A value that fills a bin alone, such as the zeros of a sparse column, has one of its own from it to the next number. So the
    share below any edge is exact, and two snapshots with different edges can be compared (PSI, KS) by these shares.
    """
    import numpy as np

    if len(distinct) == 1:
        return np.array([distinct[0], distinct[0]])
    if len(distinct) <= BINS:
        middle = distinct[:-1] / 2 + distinct[1:] / 2
        between = np.maximum(middle, np.nextafter(distinct[:-1], np.inf))
        edges = np.concatenate((distinct[:1], between, distinct[-1:]))
        return edges[_steps(edges)]
    chosen = values[np.arange(BINS + 1) * (len(values) - 1) // BINS]
    heavy = chosen[1:][chosen[1:] == chosen[:-1]]
    if len(heavy):
        chosen = np.sort(np.concatenate((chosen, np.nextafter(heavy, np.inf))))
        chosen = chosen[_steps(chosen)]
    return chosen[chosen <= values[-1]]


def _counts(values: Any, edges: Any) -> list[int]:
    """Values in [edge, next edge); the last bin is closed."""
    import numpy as np

    below = np.searchsorted(values, edges, side="left")
    below[-1] = len(values)
    counted: list[int] = (below[1:] - below[:-1]).tolist()
    return counted
