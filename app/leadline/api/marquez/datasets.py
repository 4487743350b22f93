"""Datasets, and whatever else is data to Leadline: models, feature views, deployments, artifacts."""

from collections.abc import Iterable

import msgspec
from clickhouse_connect.driver.client import Client
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.clock import to_datetime
from leadline.events.records.event import Micros
from leadline.history.node import NodeRef
from leadline.history.nodes import Node

from ..queries.parameters import parameters
from .answer import as_json
from .column_edges import ColumnEdge, edges_into
from .facets import facets_of
from .fields import described_last, fields_of_facets
from .node_rows import DATA, known, page_of, tag_names
from .page import Page
from .rows import of_nodes
from .shapes import ColumnLineage, Dataset, Facets, Field, Id


class _Written(msgspec.Struct, frozen=True):
    kind: str
    namespace: str
    name: str
    written_at: Micros


class _Source(msgspec.Struct, frozen=True):
    name: str = ""


class _Lifecycle(msgspec.Struct, frozen=True, rename="camel"):
    lifecycle_state_change: str = ""


class DatasetFacts(msgspec.Struct, frozen=True):
    """What is known of a dataset: `fields` as they were described, `edges` by which its columns are made."""

    facets: Facets
    fields: list[Field]
    edges: list[ColumnEdge]
    written_at: Micros | None


def datasets(client: Client, request: Request) -> Response:
    page = parameters(request.query_params, Page)
    found = page_of(client, DATA, page, request.path_params["namespace"])
    return as_json({"datasets": shaped_datasets(client, found.rows), "totalCount": found.total})


def one_dataset(client: Client, request: Request) -> Response:
    return as_json(shaped_datasets(client, [known_dataset(client, request)])[0])


def known_dataset(client: Client, request: Request) -> Node:
    return known(client, request, DATA, "dataset")


def shaped_datasets(client: Client, nodes: Iterable[Node]) -> list[Dataset]:
    """In the order of the nodes."""
    nodes = list(nodes)
    refs = [node.ref for node in nodes]
    facets, fields, written = facets_of(client, "DATASET", refs), described_last(client, refs), _written(client, refs)
    edges: dict[NodeRef, list[ColumnEdge]] = {}
    for edge in edges_into(client, refs):
        edges.setdefault(edge.target, []).append(edge)
    return [
        dataset_shape(
            node,
            DatasetFacts(facets[node.ref], fields.get(node.ref, []), edges.get(node.ref, []), written.get(node.ref)),
        )
        for node in nodes
    ]


def dataset_shape(node: Node, known: DatasetFacts) -> Dataset:
    state = lifecycle_of(node, known.facets)
    return Dataset(
        id=Id(namespace=node.namespace, name=node.name),
        name=node.name,
        physical_name=node.name,
        created_at=to_datetime(node.first_seen),
        updated_at=to_datetime(node.last_seen),
        namespace=node.namespace,
        source_name=source_of(node, known.facets),
        fields=fields_of_facets(known.facets) or known.fields,
        tags=tag_names(node.tags),
        last_modified_at=None if known.written_at is None else to_datetime(known.written_at),
        last_lifecycle_state=state or None,
        description=node.description or None,
        current_version=node.last_version or None,
        column_lineage=_column_lineage(known.edges),
        facets=known.facets,
        deleted=state == "DROP",
    )


def source_of(node: Node, facets: Facets) -> str:
    """As the facet dataSource says, else the namespace, which by OpenLineage's naming is the source."""
    try:
        return msgspec.json.decode(facets.get("dataSource", b"{}"), type=_Source).name or node.namespace
    except msgspec.ValidationError:
        return node.namespace


def lifecycle_of(node: Node, facets: Facets) -> str:
    """As the facet lifecycleStateChange says, else as it was reported; empty: neither."""
    try:
        facet = msgspec.json.decode(facets.get("lifecycleStateChange", b"{}"), type=_Lifecycle)
    except msgspec.ValidationError:
        return node.lifecycle
    return facet.lifecycle_state_change or node.lifecycle


def _column_lineage(edges: list[ColumnEdge]) -> list[ColumnLineage]:
    by_field: dict[str, list[ColumnEdge]] = {}
    for edge in edges:
        by_field.setdefault(edge.target_field, []).append(edge)
    return [
        ColumnLineage(
            name=field,
            input_fields=[edge.input_field for edge in found],
            transformation_description=None,
            transformation_type=found[0].how or None,
        )
        for field, found in sorted(by_field.items())
        if field
    ]


def _written(client: Client, nodes: list[NodeRef]) -> dict[NodeRef, Micros]:
    rows = of_nodes(
        client,
        _Written,
        nodes,
        lambda of: f"FROM leadline.job_io WHERE {of} AND direction = 'OUTPUT' GROUP BY kind, namespace, name",
        {"written_at": "max(last_seen)"},
    )
    return {NodeRef(row.kind, row.namespace, row.name): row.written_at for row in rows}
