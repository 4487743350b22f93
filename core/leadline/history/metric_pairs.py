"""The values of the same series on two sides, with what lies between them. Pure."""

import math
from collections.abc import Mapping
from typing import Protocol

import msgspec

from .node import NodeRef

Series = tuple[NodeRef, str, tuple[tuple[str, str], ...]]
"""Node, metric and dims."""


class Value(Protocol):
    """A value in its unit."""

    @property
    def value(self) -> float: ...

    @property
    def unit(self) -> str: ...


class MetricPair(msgspec.Struct, frozen=True):
    """The last value of one series on each side, in its unit; None: it was not measured there."""

    node: NodeRef
    metric: str
    dims: dict[str, str]
    first: float | None
    first_unit: str
    second: float | None
    second_unit: str
    difference: float | None
    """Second less first, in the unit; None where only one is known, units differ, or either is not finite."""
    percent: float | None
    """The difference in percent of the size of the first; None also where the first is 0."""

    @property
    def same(self) -> bool:
        return self.first_unit == self.second_unit and _same(self.first, self.second)


def series_of(node: NodeRef, metric: str, dims: Mapping[str, str]) -> Series:
    return node, metric, tuple(sorted(dims.items()))


def metric_pairs(first: Mapping[Series, Value], second: Mapping[Series, Value]) -> list[MetricPair]:
    """Of every series on either side, by node and name."""
    return [_pair(series, first.get(series), second.get(series)) for series in sorted(first.keys() | second.keys())]


def _pair(series: Series, first: Value | None, second: Value | None) -> MetricPair:
    node, metric, dims = series
    difference = percent = None
    if first and second and first.unit == second.unit:
        difference, percent = compared(first.value, second.value)
    return MetricPair(
        node=node,
        metric=metric,
        dims=dict(dims),
        first=first.value if first else None,
        first_unit=first.unit if first else "",
        second=second.value if second else None,
        second_unit=second.unit if second else "",
        difference=difference,
        percent=percent,
    )


def compared(first: float, second: float) -> tuple[float | None, float | None]:
    """(second less first, that in percent of the size of the first); None for what is not finite, or relative to 0."""
    difference = second - first
    if not math.isfinite(difference):
        return None, None
    percent = 100 * difference / abs(first) if first else None
    return difference, percent if percent is not None and math.isfinite(percent) else None


def _same(first: float | None, second: float | None) -> bool:
    if first is None or second is None:
        return first is second
    return first == second or (math.isnan(first) and math.isnan(second))
