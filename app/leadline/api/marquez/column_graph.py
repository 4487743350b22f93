"""The lineage of columns."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from clickhouse_connect.driver.client import Client
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.errors import LeadlineError, UsageError
from leadline.events.records.event import Micros
from leadline.history.node import NodeRef

from ..queries.parameters import parameters
from .answer import as_json
from .column_edges import ColumnEdge, edges_into, edges_of_job, edges_out_of
from .facets import facets_of
from .fields import described_last, fields_of_facets
from .node_id import Found, field_id, find
from .shapes import Edge, Field, FieldData, GraphNode

MAX_COLUMNS = 5_000

Column = tuple[NodeRef, str]
Inputs = dict[Column, dict[Column, ColumnEdge]]
"""Of each column what it was made from, with the edge."""


class OfColumns(msgspec.Struct, frozen=True, rename="camel"):
    """`depth`: hops from column to column."""

    node_id: str
    depth: Annotated[int, Meta(ge=0, le=100)] = 20
    with_downstream: str = "false"


def column_lineage(client: Client, request: Request) -> Response:
    asked = parameters(request.query_params, OfColumns)
    found = find(client, asked.node_id)
    downstream = asked.with_downstream.lower() == "true"
    if downstream and found.as_of is not None:
        raise UsageError("with a version in nodeId there is no withDownstream")
    inputs, truncated = _walk(client, found, asked.depth, downstream)
    columns = inputs.keys() | {source for made_from in inputs.values() for source in made_from}
    types = _types(client, {node for node, _ in columns})
    return as_json({"graph": column_nodes(inputs, types), "truncated": truncated})


def _walk(client: Client, found: Found, depth: int, downstream: bool) -> tuple[Inputs, str]:
    """With why there may be more; empty: this is all. Raises LeadlineError where nothing is known of its columns."""
    start = _start(client, found)
    inputs: Inputs = {column: {} for column in start}
    truncated = _up(client, inputs, start, depth, found.as_of)
    if downstream:
        truncated = _down(client, inputs, start, depth) or truncated
    return inputs, truncated


def _start(client: Client, found: Found) -> list[Column]:
    ref = found.ref
    if ref.kind == "JOB":
        columns = {(edge.target, edge.target_field) for edge in edges_of_job(client, ref) if edge.target_field}
    else:
        columns = {(ref, field) for field in _columns(client, ref, found.as_of) if found.field in ("", field)}
    if not columns:
        raise LeadlineError(f"nothing is known of {f'column {found.field!r}' if found.field else 'the columns'} of {ref}")
    return sorted(columns)


def _columns(client: Client, ref: NodeRef, as_of: Micros | None) -> set[str]:
    """As they are described, and as edges name them."""
    described = {field.name for field in _fields(client, [ref])[ref]}
    made = {edge.target_field for edge in edges_into(client, [ref], as_of) if edge.target_field}
    return described | made | {edge.source_field for edge in edges_out_of(client, [ref])}


def _up(client: Client, inputs: Inputs, start: list[Column], depth: int, as_of: Micros | None) -> str:
    frontier = start
    for _ in range(depth):
        if not frontier:
            return ""
        of_node: dict[NodeRef, list[ColumnEdge]] = {}
        for edge in edges_into(client, dict.fromkeys(node for node, _ in frontier), as_of):
            of_node.setdefault(edge.target, []).append(edge)
        reached: list[Column] = []
        for node, field in frontier:
            for edge in of_node.get(node, ()):
                if edge.target_field in (field, ""):
                    source = (edge.source, edge.source_field)
                    inputs[node, field].setdefault(source, edge)
                    if source not in inputs:
                        inputs[source] = {}
                        reached.append(source)
        if len(inputs) > MAX_COLUMNS:
            return "nodes"
        frontier = reached
    return "depth" if frontier else ""


def _down(client: Client, inputs: Inputs, start: list[Column], depth: int) -> str:
    """Edges that are about a whole dataset end at no column, so they are not followed."""
    frontier = start
    for _ in range(depth):
        if not frontier:
            return ""
        fields = set(frontier)
        reached: list[Column] = []
        for edge in edges_out_of(client, dict.fromkeys(node for node, _ in frontier)):
            source, target = (edge.source, edge.source_field), (edge.target, edge.target_field)
            if source in fields and edge.target_field:
                if target not in inputs:
                    inputs[target] = {}
                    reached.append(target)
                inputs[target].setdefault(source, edge)
        if len(inputs) > MAX_COLUMNS:
            return "nodes"
        frontier = reached
    return "depth" if frontier else ""


def _fields(client: Client, nodes: list[NodeRef]) -> dict[NodeRef, list[Field]]:
    facets, profiles = facets_of(client, "DATASET", nodes), described_last(client, nodes)
    return {node: fields_of_facets(facets[node]) or profiles.get(node, []) for node in nodes}


def _types(client: Client, nodes: Iterable[NodeRef]) -> dict[Column, str | None]:
    return {(node, field.name): field.type for node, fields in _fields(client, sorted(nodes)).items() for field in fields}


def column_nodes(inputs: Inputs, types: dict[Column, str | None]) -> list[GraphNode]:
    """By nodeId. As in Marquez, edges of both lists begin at the node that they stand in."""
    outputs: dict[Column, set[Column]] = {}
    for column, made_from in inputs.items():
        for source in made_from:
            outputs.setdefault(source, set()).add(column)
    nodes = [
        GraphNode(
            id=_id(column),
            type="DATASET_FIELD",
            data=_data(column, made_from, types.get(column)),
            in_edges=_edges(column, made_from),
            out_edges=_edges(column, outputs.get(column, ())),
        )
        for column, made_from in inputs.items()
    ]
    return sorted(nodes, key=lambda node: node.id)


def _data(column: Column, made_from: dict[Column, ColumnEdge], field_type: str | None) -> FieldData:
    node, field = column
    found = [edge.input_field for edge in made_from.values()]
    return FieldData(
        namespace=node.namespace,
        dataset=node.name,
        field=field,
        field_type=field_type,
        transformation_description=None,
        transformation_type=found[0].transformation_type if found else None,
        input_fields=found,
    )


def _edges(column: Column, others: Iterable[Column]) -> list[Edge]:
    return sorted(Edge(origin=_id(column), destination=_id(other)) for other in others)


def _id(column: Column) -> str:
    node, field = column
    return field_id(node.namespace, node.name, field)
