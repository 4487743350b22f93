"""Which columns were made from which."""

from collections.abc import Iterable, Iterator

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros
from leadline.history.lineage import chunks
from leadline.history.node import NodeRef
from leadline.history.query import MOMENT, among, fetch, where

from .shapes import InputField

_NOW = "valid_to IS NULL"
_THEN = f"valid_from <= {MOMENT % 'as_of'} AND (valid_to IS NULL OR valid_to > {MOMENT % 'as_of'})"


class ColumnEdge(msgspec.Struct, frozen=True):
    """Of granularity COLUMN; an empty `target_field` is all columns of the target, as for a filter."""

    source_kind: str
    source_namespace: str
    source_name: str
    source_field: str
    target_kind: str
    target_namespace: str
    target_name: str
    target_field: str
    how: str
    """Its transformations in words, such as IDENTITY; empty: not said."""

    @property
    def source(self) -> NodeRef:
        return NodeRef(self.source_kind, self.source_namespace, self.source_name)

    @property
    def target(self) -> NodeRef:
        return NodeRef(self.target_kind, self.target_namespace, self.target_name)

    @property
    def input_field(self) -> InputField:
        return InputField(
            namespace=self.source_namespace,
            dataset=self.source_name,
            field=self.source_field,
            transformation_description=None,
            transformation_type=self.how or None,
        )


_SELECT = {
    "how": "arrayStringConcat(arrayDistinct(arrayMap("
    "t -> if(tupleElement(t, 'subtype') != '', tupleElement(t, 'subtype'), tupleElement(t, 'type')), transformations)), ',')"
}


def edges_into(client: Client, nodes: Iterable[NodeRef], as_of: Micros | None = None) -> Iterator[ColumnEdge]:
    """Those by which any of these was made; `as_of`: those that were valid then."""
    return _edges(client, "lineage_edges_by_target", "target_", nodes, as_of)


def edges_out_of(client: Client, nodes: Iterable[NodeRef]) -> Iterator[ColumnEdge]:
    """Those by which something was made of any of these."""
    return _edges(client, "lineage_edges", "source_", nodes, None)


def edges_of_job(client: Client, job: NodeRef) -> list[ColumnEdge]:
    condition = where("granularity = 'COLUMN' AND job_namespace = {namespace:String} AND job_name = {name:String}", _NOW)
    source = f"FROM leadline.lineage_edges {condition} ORDER BY ALL"
    return fetch(client, ColumnEdge, source, _SELECT, namespace=job.namespace, name=job.name)


def _edges(client: Client, view: str, prefix: str, nodes: Iterable[NodeRef], as_of: Micros | None) -> Iterator[ColumnEdge]:
    for part in chunks(nodes):
        near, bound = among(part, prefix)
        condition = where("granularity = 'COLUMN'", near, _NOW if as_of is None else _THEN)
        source = f"FROM leadline.{view} {condition} ORDER BY ALL"
        yield from fetch(client, ColumnEdge, source, _SELECT, as_of=as_of, **bound)
