"""The lineage of a node, as Marquez draws it: jobs and datasets with the edges between them."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from clickhouse_connect.driver.client import Client
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.clock import to_datetime
from leadline.core.errors import UsageError
from leadline.history.lineage import Lineage, walk
from leadline.history.node import NodeRef
from leadline.history.nodes import get_nodes

from ..queries.parameters import parameters
from .answer import as_json
from .datasets import shaped_datasets
from .jobs import shaped_jobs
from .node_id import find, node_id, type_of
from .shapes import Dataset, Edge, GraphNode, Job


class OfGraph(msgspec.Struct, frozen=True, rename="camel"):
    """`depth`: hops from dataset to dataset, in both directions."""

    node_id: str
    depth: Annotated[int, Meta(ge=0, le=100)] = 20


def lineage(client: Client, request: Request) -> Response:
    """What it was made from and what was made from it, and beside the graph how far that can be trusted."""
    asked = parameters(request.query_params, OfGraph)
    if type_of(asked.node_id) == "datasetField":
        raise UsageError("nodeId must be of a dataset or job here; that of a column is for column-lineage")
    found = find(client, asked.node_id)
    up = walk(client, found.ref, "up", depth=asked.depth, as_of=found.as_of)
    down = walk(client, found.ref, "down", depth=asked.depth, as_of=found.as_of)
    return as_json(
        {
            "graph": _graph(client, found.ref, [up, down]),
            "asOf": None if found.as_of is None else to_datetime(found.as_of),
            "watermark": None if up.watermark is None else to_datetime(up.watermark),
            "truncated": up.truncated or down.truncated,
            "unresolved": up.unresolved,
        }
    )


def _graph(client: Client, start: NodeRef, walks: list[Lineage]) -> list[GraphNode]:
    arcs = sorted({arc for way in walks for arc in arcs_of(way)})
    refs = {start, *(ref for arc in arcs for ref in arc)}
    nodes = get_nodes(client, sorted(refs))
    jobs, data = ([node for ref, node in sorted(nodes.items()) if (ref.kind == "JOB") == is_job] for is_job in (True, False))
    shapes: dict[str, Job | Dataset] = {}
    shapes |= {node_id(node.ref): job for node, job in zip(jobs, shaped_jobs(client, jobs, latest=1), strict=True)}
    shapes |= {node_id(node.ref): dataset for node, dataset in zip(data, shaped_datasets(client, data), strict=True)}
    edges = [Edge(origin=node_id(origin), destination=node_id(destination)) for origin, destination in arcs]
    return graph_nodes(shapes, edges)


def arcs_of(way: Lineage) -> Iterator[tuple[NodeRef, NodeRef]]:
    """From data to the job that reads it, and from a job to the data that it writes."""
    for edge in way.edges:
        yield edge.source, edge.job
        yield edge.job, edge.target
    for use in way.uses:
        yield (use.node, use.job) if use.direction == "INPUT" else (use.job, use.node)


def graph_nodes(shapes: dict[str, Job | Dataset], edges: list[Edge]) -> list[GraphNode]:
    """By nodeId."""
    into: dict[str, list[Edge]] = {}
    out_of: dict[str, list[Edge]] = {}
    for edge in edges:
        into.setdefault(edge.destination, []).append(edge)
        out_of.setdefault(edge.origin, []).append(edge)
    return [
        GraphNode(
            id=key,
            type="JOB" if isinstance(shape, Job) else "DATASET",
            data=shape,
            in_edges=into.get(key, []),
            out_edges=out_of.get(key, []),
        )
        for key, shape in sorted(shapes.items())
    ]
