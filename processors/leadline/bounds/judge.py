"""One value against one bound: how bad, which limit, how far outside, and the bound in words."""

import math

from leadline.events.records import BoundSpec

OK, WARN, ERROR = 0, 1, 2
SEVERITIES = ("", "warn", "error")
"""Level to the word of the record."""

RUN_FAILED = "leadline/run-failed"
RUN_SUCCEEDED = "run.succeeded"

_INVALID = {"error": ERROR, "warn": WARN, "ignore": None}


def judge(spec: BoundSpec, value: float) -> int | None:
    """The level of a value; None where the bound ignores it (NaN and infinities under on_invalid=ignore)."""
    if not math.isfinite(value):
        return _INVALID[spec.on_invalid]
    if _outside(spec.error_lower, spec.error_upper, spec.inclusive, value):
        return ERROR
    return WARN if _outside(spec.warn_lower, spec.warn_upper, spec.inclusive, value) else OK


def _outside(lower: float | None, upper: float | None, inclusive: str, value: float) -> bool:
    return (lower is not None and _below(value, lower, inclusive)) or (upper is not None and _above(value, upper, inclusive))


def _below(value: float, lower: float, inclusive: str) -> bool:
    return value < lower or (value == lower and inclusive in ("upper", "none"))


def _above(value: float, upper: float, inclusive: str) -> bool:
    return value > upper or (value == upper and inclusive in ("lower", "none"))


def crossed(spec: BoundSpec, value: float, level: int) -> float | None:
    """The limit of that level that the value lies beyond; None for NaN and infinities."""
    if not math.isfinite(value):
        return None
    lower, upper = _limits(spec, level)
    if lower is not None and _below(value, lower, spec.inclusive):
        return lower
    return upper if upper is not None and _above(value, upper, spec.inclusive) else None


def distance(spec: BoundSpec, value: float) -> float:
    """How far outside, in the metric's unit, from the nearest limit of any level; infinite for NaN and infinities."""
    if not math.isfinite(value):
        return math.inf
    lower = spec.error_lower if spec.warn_lower is None else spec.warn_lower
    upper = spec.error_upper if spec.warn_upper is None else spec.warn_upper
    below = 0.0 if lower is None else lower - value
    return max(below, 0.0 if upper is None else value - upper, 0.0)


def _limits(spec: BoundSpec, level: int) -> tuple[float | None, float | None]:
    return (spec.error_lower, spec.error_upper) if level == ERROR else (spec.warn_lower, spec.warn_upper)


def in_words(spec: BoundSpec) -> str:
    """For example "error below 0.85, warn below 0.9"."""
    if spec.bound_id == RUN_FAILED and spec.metric == RUN_SUCCEEDED:
        return "the run failed or was lost"
    return ", ".join(filter(None, (_side_words(spec, ERROR), _side_words(spec, WARN))))


def _side_words(spec: BoundSpec, level: int) -> str:
    lower, upper = _limits(spec, level)
    sides = []
    if lower is not None:
        sides.append(f"{'below' if spec.inclusive in ('both', 'lower') else 'at or below'} {_number(lower)}")
    if upper is not None:
        sides.append(f"{'above' if spec.inclusive in ('both', 'upper') else 'at or above'} {_number(upper)}")
    return f"{SEVERITIES[level]} {' or '.join(sides)}" if sides else ""


def _number(value: float) -> str:
    return f"{value:.12g}"
