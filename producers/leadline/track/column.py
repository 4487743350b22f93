"""Columns: which of an output's were made from which of an input's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, get_args

import msgspec

from leadline.core.errors import UsageError
from leadline.events.records import ColumnEdge, Transformation

from .choices import chosen
from .nodes import Node, required_text
from .shown import shown

How = Literal["IDENTITY", "TRANSFORMATION", "AGGREGATION", "JOIN", "GROUP_BY", "FILTER", "SORT", "WINDOW", "CONDITIONAL"]
"""OpenLineage's subtypes: the first three give the value itself, the others decide on it or on which rows there are."""
_DIRECT = ("IDENTITY", "TRANSFORMATION", "AGGREGATION")


class Column(msgspec.Struct, frozen=True):
    """A column of a node of whatever version, and how something is made from it; empty: not said."""

    node: Node
    name: str
    how: str
    masking: bool


def column(node: Node, name: str, how: How | Literal[""] = "", *, masking: bool = False) -> Column:
    """A column that another is made from: `track.column(flights, "dep_delay", "TRANSFORMATION")`.

    `masking`: the value cannot be seen in the result, as with a hash. Raises UsageError.
    """
    if not isinstance(node, Node):
        raise UsageError(f"node is {shown(node)}; give what run.input() gave, or track.dataset('s3://lake', 'flights')")
    if not isinstance(masking, bool):
        raise UsageError(f"masking is {shown(masking)}; give True or False")
    if masking and how == "":
        raise UsageError("masking is told with how; give for example how='TRANSFORMATION'")
    return Column(
        msgspec.structs.replace(node, version="", schema_version=""),
        required_text(name, "column"),
        chosen(how, ("", *get_args(How)), "how"),
        masking,
    )


def source_of(edge: ColumnEdge) -> Column:
    """The column that the edge begins with."""
    node = Node(edge.source_kind, edge.source_namespace, edge.source_name)
    how = edge.transformations[0] if edge.transformations else Transformation(type="")
    return Column(node, edge.source_field, how.subtype, how.masking)


Sources = Column | list[Column] | tuple[Column, ...]


def edges(target: Node, columns: Mapping[str, Sources], rows: Sources) -> Iterator[ColumnEdge]:
    """Raises UsageError with the place of what is no column."""
    if not isinstance(columns, Mapping):
        raise UsageError(f"columns is {shown(columns)}; give a mapping such as {{'delay': track.column(flights, 'dep_delay')}}")
    try:
        items = list(columns.items())
    except Exception as error:
        raise UsageError(f"columns cannot be read: {type(error).__name__}; give a dict") from error
    for field, sources in items:
        for source in _sources(sources, f"columns[{shown(field)}]"):
            yield _edge(source, target, required_text(field, "column"))
    for source in _sources(rows, "rows_by"):
        yield _edge(source, target, "")


def _sources(given: Sources, place: str) -> list[Column]:
    if isinstance(given, Column):
        return [given]
    found = given if isinstance(given, list | tuple) else [given]
    for one in found:
        if not isinstance(one, Column):
            raise UsageError(f"{place} is {shown(one)}; give columns such as track.column(flights, 'dep_delay')")
    return list(found)


def _edge(source: Column, target: Node, field: str) -> ColumnEdge:
    """`field` of the target was made from the source; empty: it decided on the target's rows."""
    kind = "DIRECT" if source.how in _DIRECT else "INDIRECT"
    return ColumnEdge(
        source_kind=source.node.kind,
        source_namespace=source.node.namespace,
        source_name=source.node.name,
        source_field=source.name,
        target_kind=target.kind,
        target_namespace=target.namespace,
        target_name=target.name,
        target_field=field,
        transformations=[Transformation(type=kind, subtype=source.how, masking=source.masking)] if source.how else [],
    )
