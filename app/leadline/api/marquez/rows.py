"""Rows about many nodes or runs at once: their names are one bound parameter, in parts that servers take."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.history.lineage import chunks
from leadline.history.node import NodeRef
from leadline.history.query import NODE_SET, Row, fetch, node_set

Source = Callable[[str], str]
"""Gives the query's source for a condition that says which rows."""

PAIRS = "(SELECT arrayJoin(JSONExtract({pairs:String}, 'Array(Tuple(String, String))')))"
"""The parameter `pairs`, made by `pairs`, as what stands after IN."""


def pairs(nodes: Iterable[NodeRef]) -> str:
    """Namespaces and names."""
    return msgspec.json.encode([(node.namespace, node.name) for node in nodes]).decode()


def of_nodes(
    client: Client,
    kind: type[Row],
    nodes: Iterable[NodeRef],
    source: Source,
    select: Mapping[str, str] | None = None,
    **bound: Any,
) -> Iterator[Row]:
    """By the columns kind, namespace and name."""
    for part in chunks(nodes):
        condition = f"(kind, namespace, name) IN {NODE_SET % 'nodes'}"
        yield from fetch(client, kind, source(condition), select, nodes=node_set(part), **bound)


def of_names(
    client: Client,
    kind: type[Row],
    nodes: Iterable[NodeRef],
    source: Source,
    select: Mapping[str, str] | None = None,
    *,
    prefix: str = "",
) -> Iterator[Row]:
    """By the columns namespace and name, with a prefix such as `job_`."""
    for part in chunks(nodes):
        yield from fetch(client, kind, source(f"({prefix}namespace, {prefix}name) IN {PAIRS}"), select, pairs=pairs(part))


def of_runs(
    client: Client,
    kind: type[Row],
    runs: Iterable[tuple[str, str, str]],
    source: Source,
    select: Mapping[str, str] | None = None,
    **bound: Any,
) -> Iterator[Row]:
    """By the columns job_namespace, job_name and run_id."""
    for part in chunks(NodeRef(*run) for run in runs):
        condition = f"(job_namespace, job_name, run_id) IN {NODE_SET % 'runs'}"
        yield from fetch(client, kind, source(condition), select, runs=node_set(part), **bound)
