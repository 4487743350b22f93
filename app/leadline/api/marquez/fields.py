"""Columns of datasets: as the newest schema facet says, else as they were described last."""

from collections.abc import Iterable

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.history.node import NodeRef

from .rows import of_nodes
from .shapes import Facets, Field


class _Column(msgspec.Struct, frozen=True):
    kind: str
    namespace: str
    name: str
    version: str
    column: str
    type: str


class _SchemaField(msgspec.Struct, frozen=True):
    name: str
    type: str | None = None
    description: str | None = None


class _Schema(msgspec.Struct, frozen=True):
    fields: list[_SchemaField] = []


class _FieldTag(msgspec.Struct, frozen=True):
    key: str
    value: str = ""
    field: str = ""


class _Tags(msgspec.Struct, frozen=True):
    tags: list[_FieldTag] = []


def fields_of_facets(facets: Facets) -> list[Field]:
    """Empty where no facet says them, or not as OpenLineage does."""
    try:
        schema = msgspec.json.decode(facets.get("schema", b"{}"), type=_Schema)
        tags = msgspec.json.decode(facets.get("tags", b"{}"), type=_Tags).tags
    except msgspec.ValidationError:
        return []
    return [
        Field(
            name=field.name,
            type=field.type,
            tags=[f"{tag.key}={tag.value}" if tag.value else tag.key for tag in tags if tag.field == field.name],
            description=field.description,
        )
        for field in schema.fields
    ]


def described_last(client: Client, nodes: Iterable[NodeRef]) -> dict[NodeRef, list[Field]]:
    """By column profiles."""
    last = (
        "SELECT kind, namespace, name, max(event_time) FROM leadline.column_profiles WHERE {of} GROUP BY kind, namespace, name"
    )
    rows = of_nodes(
        client,
        _Column,
        nodes,
        lambda of: (
            f"FROM leadline.column_profiles WHERE {of} "
            f"AND (kind, namespace, name, event_time) IN ({last.replace('{of}', of)}) ORDER BY position"
        ),
    )
    return _by_node(rows)


def described(client: Client, of: NodeRef) -> dict[str, list[Field]]:
    """Of every version of one node."""
    rows = of_nodes(
        client,
        _Column,
        [of],
        lambda named: (
            f"FROM leadline.column_profiles WHERE {named} ORDER BY version, position, event_time DESC "
            "LIMIT 1 BY version, position"
        ),
    )
    found: dict[str, list[Field]] = {}
    for row in rows:
        found.setdefault(row.version, []).append(Field(name=row.column, type=row.type or None))
    return found


def _by_node(rows: Iterable[_Column]) -> dict[NodeRef, list[Field]]:
    found: dict[NodeRef, list[Field]] = {}
    for row in rows:
        field = Field(name=row.column, type=row.type or None)
        found.setdefault(NodeRef(row.kind, row.namespace, row.name), []).append(field)
    return found
