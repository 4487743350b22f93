"""The whole graph at the level of jobs: edges with when they held, what jobs read and write, and whose everything is."""

from collections.abc import Iterator

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from ..edges import Times, edges
from ..fine_lineage import How
from ..lineage import JobUse
from ..node import NodeRef, job
from ..query import MOMENT, fetch, where
from ..told import NOTHING, Told, told_at
from ..watermark import complete_until


class GraphEdge(msgspec.Struct, frozen=True):
    """JOB: `target` was made from `source` by `job`; COLUMN: a field of it, empty: all of it; CONTROL: a job waits for a job.

    `valid_to` and `last_seen` are None where it is asked as of a time: both may be later than that.
    """

    granularity: str
    source: NodeRef
    source_field: str
    target: NodeRef
    target_field: str
    job: NodeRef
    valid_from: Micros
    valid_to: Micros | None
    last_seen: Micros | None
    transformations: tuple[How, ...] = ()


class GraphNode(msgspec.Struct, frozen=True):
    kind: str
    namespace: str
    name: str
    owner: str = ""
    on_call: str = ""
    description: str = ""

    @property
    def ref(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


class Graph(msgspec.Struct, frozen=True):
    """`nodes` are jobs too. `uses` are all that jobs ever read (INPUT) or wrote (OUTPUT) by then."""

    as_of: Micros | None
    known_at: Micros | None
    watermark: Micros | None
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    uses: list[JobUse]


class _Row(msgspec.Struct, frozen=True):
    granularity: str
    source_kind: str
    source_namespace: str
    source_name: str
    source_field: str
    target_kind: str
    target_namespace: str
    target_name: str
    target_field: str
    job_namespace: str
    job_name: str
    valid_from: Micros
    valid_to: Micros | None
    last_seen: Micros
    transformations: list[dict[str, object]]


class _UseRow(msgspec.Struct, frozen=True):
    job_namespace: str
    job_name: str
    kind: str
    namespace: str
    name: str
    direction: str


def whole_graph(client: Client, times: Times) -> Graph:
    watermark = complete_until(client)
    found = [edge for granularity in ("JOB", "COLUMN", "CONTROL") for edge in _edges(client, granularity, times)]
    uses = _uses(client, times)
    ends = {ref for edge in found for ref in (edge.source, edge.target, edge.job)}
    ends |= {ref for use in uses for ref in (use.job, use.node)}
    told = told_at(client, times)
    nodes = [_node(ref, told.get(ref, NOTHING)) for ref in sorted(ends)]
    return Graph(times.as_of, times.known_at, watermark, nodes, found, uses)


def _node(ref: NodeRef, told: Told) -> GraphNode:
    return GraphNode(ref.kind, ref.namespace, ref.name, told.owner, told.on_call, told.description)


def _uses(client: Client, times: Times) -> list[JobUse]:
    known = where(
        f"first_seen <= {MOMENT % 'as_of'}" if times.as_of is not None else "",
        f"recorded_at <= {MOMENT % 'known_at'}" if times.known_at is not None else "",
    )
    rows = fetch(client, _UseRow, f"FROM leadline.job_io {known} ORDER BY ALL", **times.parameters())
    return [
        JobUse(job(row.job_namespace, row.job_name), NodeRef(row.kind, row.namespace, row.name), row.direction) for row in rows
    ]


def _edges(client: Client, granularity: str, times: Times) -> Iterator[GraphEdge]:
    rows = fetch(client, _Row, edges(times, granularity, "", up=False) + " ORDER BY ALL", **times.parameters())
    for row in rows:
        yield GraphEdge(
            row.granularity,
            NodeRef(row.source_kind, row.source_namespace, row.source_name),
            row.source_field,
            NodeRef(row.target_kind, row.target_namespace, row.target_name),
            row.target_field,
            job(row.job_namespace, row.job_name),
            row.valid_from,
            None if times.past else row.valid_to,
            None if times.past else row.last_seen,
            tuple(msgspec.convert(row.transformations, list[How])),
        )
