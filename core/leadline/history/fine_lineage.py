"""Lineage below the level of jobs: from column to column, or from version to version through single runs.

Hop by hop as the walk over jobs, and bounded as that one.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from .edges import Times, edges
from .lineage import DEPTH, MAX_NODES, NOW, SECONDS, Direction
from .node import NodeRef, job
from .query import NODE_SET, fetch, node_set
from .watermark import complete_until

Granularity = Literal["COLUMN", "RUN"]
_MAX_EDGES = 20_000
_POINTS = "(SELECT arrayJoin(JSONExtract({points:String}, 'Array(Tuple(String, String, String, String))')))"


class Point(msgspec.Struct, frozen=True, order=True):
    """A column (`part` empty: all columns of the node), or a version (empty: not known)."""

    node: NodeRef
    part: str = ""


class How(msgspec.Struct, frozen=True):
    """How a value came over, in OpenLineage's terms."""

    type: str
    subtype: str
    masking: bool


class FineEdge(msgspec.Struct, frozen=True):
    """`target` was made from `source` by `job`, at version level in the run `run_id`."""

    source: Point
    target: Point
    job: NodeRef
    run_id: str
    valid_from: Micros
    valid_to: Micros | None
    transformations: tuple[How, ...]


class FineLineage(msgspec.Struct, frozen=True):
    """What was found, and how far it can be trusted: as of Lineage."""

    start: Point
    granularity: Granularity
    direction: Direction
    depth: int
    distances: list[tuple[Point, int]]
    """Nearest first, in hops, without the start itself."""
    edges: list[FineEdge]
    as_of: Micros | None
    known_at: Micros | None
    since: Micros | None
    watermark: Micros | None
    truncated: str
    """Why there may be more: depth, nodes or time; empty: this is all."""


def fine_walk(
    client: Client,
    start: Point,
    direction: Direction,
    granularity: Granularity,
    *,
    depth: int = DEPTH,
    times: Times = NOW,
    max_points: int = MAX_NODES,
    seconds: float = SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
) -> FineLineage:
    """What the column or version was made from (up), or what was made from it (down)."""
    deadline = monotonic() + seconds
    up = direction == "up"
    watermark = complete_until(client)
    distances, found = {start: 0}, dict[FineEdge, None]()
    frontier, truncated = [start], ""
    for distance in range(1, depth + 1):
        if not frontier or truncated:
            break
        if monotonic() > deadline:
            truncated = "time"
            break
        rows = _edges(client, frontier, granularity, times, up=up)
        truncated = "nodes" if len(rows) >= _MAX_EDGES else ""
        frontier = []
        for edge in rows:
            far = edge.source if up else edge.target
            if far not in distances:
                if len(distances) > max_points:
                    truncated = "nodes"
                    continue
                distances[far] = distance
                frontier.append(far)
            found[edge] = None
    del distances[start]
    return FineLineage(
        start=start,
        granularity=granularity,
        direction=direction,
        depth=depth,
        distances=sorted(distances.items(), key=lambda one: (one[1], one[0])),
        edges=list(found),
        as_of=times.as_of,
        known_at=times.known_at,
        since=times.since,
        watermark=watermark,
        truncated=truncated or ("depth" if frontier else ""),
    )


class _Row(msgspec.Struct, frozen=True):
    source_kind: str
    source_namespace: str
    source_name: str
    source_part: str
    target_kind: str
    target_namespace: str
    target_name: str
    target_part: str
    job_namespace: str
    job_name: str
    run_id: str
    valid_from: Micros
    valid_to: Micros | None
    transformations: list[dict[str, Any]]


def _edges(client: Client, frontier: Iterable[Point], granularity: Granularity, times: Times, *, up: bool) -> list[FineEdge]:
    part = "field" if granularity == "COLUMN" else "version"
    near = "target" if up else "source"
    node = f"{near}_kind, {near}_namespace, {near}_name"
    points = list(frontier)
    whole = [point.node for point in points if not point.part] if granularity == "COLUMN" else []
    if granularity == "COLUMN":  # what is to or from all columns of a node is to or from each of them
        points += [Point(point.node) for point in points]
    rows = fetch(
        client,
        _Row,
        edges(times, granularity, f"(({node}, {near}_{part}) IN {_POINTS} OR ({node}) IN {NODE_SET % 'whole'})", up=up)
        + f" ORDER BY ALL LIMIT {_MAX_EDGES}",
        {"source_part": f"source_{part}", "target_part": f"target_{part}"},
        points=msgspec.json.encode([(*msgspec.structs.astuple(point.node), point.part) for point in points]).decode(),
        whole=node_set(whole),
        **times.parameters(),
    )
    return [_edge(row, times) for row in rows]


def _edge(row: _Row, times: Times) -> FineEdge:
    return FineEdge(
        Point(NodeRef(row.source_kind, row.source_namespace, row.source_name), row.source_part),
        Point(NodeRef(row.target_kind, row.target_namespace, row.target_name), row.target_part),
        job(row.job_namespace, row.job_name),
        row.run_id,
        row.valid_from,
        None if times.past else row.valid_to,
        tuple(How(**how) for how in row.transformations),
    )
