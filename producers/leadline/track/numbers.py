"""Any library's numbers as floats."""

import math
from typing import Any

from .shown import shown


def to_float(value: object, metric: str) -> float:
    """The value as a float; None and pandas' NA become NaN, which violates every bound.

    Raises TypeError for what is no number, such as text: guessing would hide a mistake of the job.
    """
    if type(value) is float:
        return value
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return math.nan
    convert = getattr(type(value), "__float__", None)
    if convert is None:
        raise TypeError(
            f"the value of metric {metric!r} is {shown(value)} ({type(value).__name__}); give a number, {_fix(value)}"
        )
    try:
        return float(convert(value))
    except OverflowError:  # only integers and their kin overflow
        return _infinity(value, metric)
    except ValueError:  # a signalling NaN of decimal
        return math.nan
    except Exception as error:
        raise TypeError(f"{_of(metric, value)} that is not one number: {shown(error)}") from error


def _infinity(value: Any, metric: str) -> float:
    try:
        return math.inf if value > 0 else -math.inf
    except Exception as error:
        raise TypeError(f"{_of(metric, value)} that is too large for a float and cannot be compared") from error


def _of(metric: str, value: object) -> str:
    return f"the value of metric {metric!r} is a {type(value).__name__}"


def _fix(value: object) -> str:
    if isinstance(value, str | bytes):
        return f"for example float({shown(value)})"
    if isinstance(value, complex):
        return "for example its abs()"
    return "or take one out of it, for example its mean"
