"""The state of one node: its bounds and their series. Everything about a node is in one partition, so in one record."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from .declared import Declared, InForce, built_in_bounds, in_force
from .series import Series

Dims = tuple[tuple[str, str], ...]
SeriesKey = tuple[str, Dims]
"""Bound id and the reading's dimensions, sorted."""


class Node(msgspec.Struct, frozen=True):
    """`watched` is derived from `bounds`: metric to the bounds on it, paused ones too."""

    kind: str
    namespace: str
    name: str
    bounds: dict[str, Declared]
    series: dict[SeriesKey, Series]
    watched: dict[str, tuple[InForce, ...]]


def new_node(kind: str, namespace: str, name: str) -> Node:
    return restored(kind, namespace, name, {}, {})


def restored(kind: str, namespace: str, name: str, bounds: dict[str, Declared], series: dict[SeriesKey, Series]) -> Node:
    return Node(kind, namespace, name, bounds, series, _watched(kind, bounds))


def with_bound(node: Node, bound_id: str, declared: Declared) -> Node:
    return restored(node.kind, node.namespace, node.name, {**node.bounds, bound_id: declared}, node.series)


def with_series(node: Node, changed: Mapping[SeriesKey, Series]) -> Node:
    return replace(node, series={**node.series, **changed}) if changed else node


def bound_in_force(node: Node, bound_id: str) -> InForce | None:
    return in_force(node.bounds.get(bound_id), built_in=bound_id in built_in_bounds(node.kind))


def _watched(kind: str, bounds: Mapping[str, Declared]) -> dict[str, tuple[InForce, ...]]:
    watched: dict[str, tuple[InForce, ...]] = {}
    built_in = built_in_bounds(kind)
    for bound_id in sorted({*bounds, *built_in}):
        bound = in_force(bounds.get(bound_id), built_in=bound_id in built_in)
        if bound is not None:
            watched[bound.spec.metric] = (*watched.get(bound.spec.metric, ()), bound)
    return watched
