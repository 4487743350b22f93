"""Whether a value was within its bounds. Pure."""

import math
from collections.abc import Iterable

from ..bounds import BoundVersion
from .facts import Measured


def bounds_on(measured: Measured, bounds: Iterable[BoundVersion]) -> list[BoundVersion]:
    """Those of its metric whose dimensions it has."""
    return [one for one in bounds if one.metric == measured.metric and one.dims.items() <= measured.dims.items()]


def verdict(value: float, bound: BoundVersion) -> str:
    """error, warn, or within."""
    if not math.isfinite(value):
        return "within" if bound.on_invalid == "ignore" else bound.on_invalid
    if _outside(value, bound.error_lower, bound.error_upper, bound.inclusive):
        return "error"
    return "warn" if _outside(value, bound.warn_lower, bound.warn_upper, bound.inclusive) else "within"


def limits(bound: BoundVersion) -> str:
    """For example "warn below 0.9, error below 0.85"."""
    sides = (
        ("warn below", bound.warn_lower),
        ("warn above", bound.warn_upper),
        ("error below", bound.error_lower),
        ("error above", bound.error_upper),
    )
    return ", ".join(f"{side} {limit:.6g}" for side, limit in sides if limit is not None)


def _outside(value: float, lower: float | None, upper: float | None, inclusive: str) -> bool:
    below = lower is not None and (value < lower or (value == lower and inclusive not in ("both", "lower")))
    above = upper is not None and (value > upper or (value == upper and inclusive not in ("both", "upper")))
    return below or above
