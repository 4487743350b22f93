"""The graph as OpenLineage's JobEvents, one for each job. Pure.

An event says inputs and outputs, so that who reads it takes every output as made from every input. Of a job that was only
partly known the edges may be fewer: `untold` counts what is said too much, and what cannot be said.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

import msgspec

from leadline.core.clock import Micros, isoformat

from ..fine_lineage import How
from ..node import NodeRef
from .graph import Graph, GraphEdge, GraphNode

Document = dict[str, Any]
PRODUCER = f"leadline://export/{version('leadline')}"
_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent"
_FACETS = "https://openlineage.io/spec/facets"


class Untold(msgspec.Struct, frozen=True):
    """`pairs`: taken for edges, though they are none; `columns`, `controls`: edges that are not in the events."""

    pairs: int
    columns: int
    controls: int


class _Job:
    """What one job reads and writes by its edges; where it has none, by its uses, if they are on one side alone."""

    def __init__(self) -> None:
        self.pairs: set[tuple[NodeRef, NodeRef]] = set()
        self.columns: list[GraphEdge] = []
        self.used: dict[str, set[NodeRef]] = {"INPUT": set(), "OUTPUT": set()}

    @property
    def inputs(self) -> list[NodeRef]:
        return sorted({source for source, _ in self.pairs} or self._alone("INPUT", "OUTPUT"))

    @property
    def outputs(self) -> list[NodeRef]:
        return sorted({target for _, target in self.pairs} or self._alone("OUTPUT", "INPUT"))

    def _alone(self, side: str, other: str) -> set[NodeRef]:
        """With uses on both sides and no edge, the edges have ended: to say both would bring them back."""
        return set() if self.used[other] else self.used[side]

    def told_columns(self) -> list[GraphEdge]:
        ends = {*self.outputs}
        return [edge for edge in self.columns if edge.target in ends]


def job_events(graph: Graph, at: Micros) -> Iterator[Document]:
    """In the order of the jobs' names. `at`: the time that the events say."""
    nodes = {node.ref: node for node in graph.nodes}
    for ref, known in sorted(_jobs(graph).items()):
        columns = _by_target(known.told_columns())
        yield {
            "eventTime": isoformat(at),
            "producer": PRODUCER,
            "schemaURL": _SCHEMA,
            "job": {"namespace": ref.namespace, "name": ref.name, "facets": _told(nodes.get(ref), "Job")},
            "inputs": [_dataset(node, nodes.get(node), []) for node in known.inputs],
            "outputs": [_dataset(node, nodes.get(node), columns.get(node, [])) for node in known.outputs],
        }


def untold(graph: Graph) -> Untold:
    jobs = _jobs(graph).values()
    return Untold(
        pairs=sum(len(known.inputs) * len(known.outputs) - len(known.pairs) for known in jobs),
        columns=sum(len(known.columns) - len(known.told_columns()) for known in jobs),
        controls=sum(edge.granularity == "CONTROL" for edge in graph.edges),
    )


def _jobs(graph: Graph) -> dict[NodeRef, _Job]:
    jobs: dict[NodeRef, _Job] = defaultdict(_Job)
    for node in graph.nodes:
        if node.kind == "JOB":
            jobs[node.ref]
    for edge in graph.edges:
        if edge.granularity == "JOB":
            jobs[edge.job].pairs.add((edge.source, edge.target))
        elif edge.granularity == "COLUMN":
            jobs[edge.job].columns.append(edge)
    for use in graph.uses:
        jobs[use.job].used[use.direction].add(use.node)
    return jobs


def _dataset(ref: NodeRef, node: GraphNode | None, columns: list[GraphEdge]) -> Document:
    facets = _told(node, "Dataset")
    if ref.kind != "DATASET":
        facets["datasetType"] = _facet("1-0-0/DatasetTypeDatasetFacet", datasetType=ref.kind)
    if columns:
        facets["columnLineage"] = _column_lineage(columns)
    return {"namespace": ref.namespace, "name": ref.name, "facets": facets}


def _told(node: GraphNode | None, of: str) -> Document:
    facets: Document = {}
    if node is not None and node.owner:
        facets["ownership"] = _facet(f"1-0-1/Ownership{of}Facet", owners=[{"name": node.owner}])
    if node is not None and node.description:
        facets["documentation"] = _facet(f"1-1-0/Documentation{of}Facet", description=node.description)
    return facets


def _column_lineage(edges: list[GraphEdge]) -> Document:
    fields: dict[str, list[Document]] = defaultdict(list)
    for edge in edges:
        fields[edge.target_field].append(_input_field(edge))
    whole = fields.pop("", [])  # what decided on the rows, and so on all columns
    return _facet(
        "1-2-0/ColumnLineageDatasetFacet",
        fields={name: {"inputFields": sources} for name, sources in fields.items()},
        **({"dataset": whole} if whole else {}),
    )


def _input_field(edge: GraphEdge) -> Document:
    found: Document = {"namespace": edge.source.namespace, "name": edge.source.name, "field": edge.source_field}
    if edge.source.kind != "DATASET":
        found["facets"] = {"datasetType": _facet("1-0-0/DatasetTypeDatasetFacet", datasetType=edge.source.kind)}
    if edge.transformations:
        found["transformations"] = [_transformation(how) for how in edge.transformations]
    return found


def _transformation(how: How) -> Document:
    return {"type": how.type, "subtype": how.subtype, "masking": how.masking}


def _by_target(edges: Iterable[GraphEdge]) -> dict[NodeRef, list[GraphEdge]]:
    found: dict[NodeRef, list[GraphEdge]] = defaultdict(list)
    for edge in edges:
        found[edge.target].append(edge)
    return found


def _facet(schema: str, **fields: Any) -> Document:
    return {"_producer": PRODUCER, "_schemaURL": f"{_FACETS}/{schema}.json", **fields}
